"""The index on disk: one writer, readers that notice, and what survives a crash."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec.structs import replace

from catalog_sync.errors import Refused, StopEverything
from catalog_sync.query import Everything, Term
from catalog_sync.search.document import Document
from catalog_sync.search.engine import FORMAT_FILE, Engine, IndexOutdated
from tests.search.shelf import documents, found


def test_an_empty_index_answers_and_remembers_nothing(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "index")
    assert engine.last_number() == 0
    assert engine.reader().search(Everything(), facets=("kind",)).total == 0
    assert engine.reader().suggest("мате") == []


def test_writing_twice_is_writing_once(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    for _ in range(3):
        assert engine.write(documents(), [], 7) == 7
    reader = engine.reader()
    assert reader.size() == 7
    assert found(reader, Term("математика")) == {"1", "4"}
    assert [t.count for t in reader.scan(Term("").access, "математика", 0, 1)] == [2]


def test_the_same_cluster_twice_in_one_batch_leaves_the_later_one(tmp_path: Path) -> None:
    first, second = documents()[:2]
    engine = Engine(tmp_path)
    engine.write([first, replace(second, cluster=first.cluster)])
    assert engine.reader().size() == 1
    assert engine.reader().search(Term("онегин")).clusters == (first.cluster,)


def test_a_changed_document_replaces_the_old_one(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.write(documents())
    reader = engine.reader()
    assert found(reader, Term("онегин")) == {"2"}
    engine.write([replace(documents()[1], titles=("Руслан и Людмила",))], ["c3"], 9)
    assert found(reader, Term("онегин")) == set()
    assert found(reader, Term("людмиле")) == {"2"}
    assert found(reader, Everything()) == {"1", "2", "4", "5", "6", "7"}
    assert engine.last_number() == 9


def test_an_older_batch_replayed_does_not_move_the_number_back(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.write(documents(), [], 50)
    engine.write(documents()[:1], [], 40)
    assert engine.last_number() == 50


def test_a_batch_that_fails_leaves_nothing(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.write(documents()[:2], [], 1)

    def broken() -> object:
        yield documents()[2]
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        engine.write(broken(), ["c1"], 2)  # type: ignore[arg-type]
    assert engine.last_number() == 1
    assert found(engine.reader(), Everything()) == {"1", "2"}
    engine.write(documents()[2:3], [], 2)
    assert engine.last_number() == 2


def test_only_one_process_writes(tmp_path: Path) -> None:
    engine = Engine(tmp_path)

    def while_writing() -> object:
        with pytest.raises(Refused, match="занят"):
            Engine(tmp_path).write(documents()[:1])
        yield documents()[1]

    engine.write(while_writing())  # type: ignore[arg-type]
    assert found(engine.reader(), Everything()) == {"2"}


def test_a_reader_goes_over_to_a_rebuilt_index(tmp_path: Path) -> None:
    index, fresh = tmp_path / "index", tmp_path / "index.new"
    Engine(index).write(documents()[:3])
    reader = Engine(index).reader()
    assert reader.size() == 3
    Engine.create(fresh).write(documents())
    index.rename(tmp_path / "index.old")
    assert reader.size() == 3  # between the two renames the old one still answers
    fresh.rename(index)
    shutil.rmtree(tmp_path / "index.old")
    assert reader.size() == 7


def test_an_index_of_another_version_asks_for_a_rebuild(tmp_path: Path) -> None:
    Engine(tmp_path)
    form = json.loads((tmp_path / FORMAT_FILE).read_text())
    (tmp_path / FORMAT_FILE).write_text(json.dumps(form | {"dictionary": "0/0"}))
    with pytest.raises(IndexOutdated, match="catalog-sync rebuild"):
        Engine(tmp_path)
    (tmp_path / FORMAT_FILE).write_text("{")
    with pytest.raises(IndexOutdated):
        Engine(tmp_path)
    assert Engine.create(tmp_path).last_number() == 0


@pytest.mark.parametrize("name", ["*.store", "*.term", "meta.json", "cards.bin"])
@pytest.mark.parametrize("damage", ["cut short", "gone"])
def test_a_damaged_index_asks_for_a_rebuild(tmp_path: Path, name: str, damage: str) -> None:
    Engine(tmp_path).write(documents())
    (file,) = tmp_path.glob(name)
    whole = file.read_bytes()
    file.unlink()
    if damage == "cut short":
        file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(IndexOutdated, match="catalog-sync rebuild"):
        Engine(tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [{"year": -5}, {"year": "2019"}, {"copies": 1.5}, {"grades": (12,)}, {"category": "роман"}, {"cluster": ""},
     {"carrier": "paper"}, {"age": -1}],
    ids=str,
)  # fmt: skip
def test_a_document_the_index_could_not_hold_is_refused_at_once(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        replace(documents()[0], **wrong)  # type: ignore[arg-type]


def test_a_document_has_no_unknown_fields() -> None:
    with pytest.raises(TypeError):
        Document("c1", colour="red")  # type: ignore[call-arg]


def test_hostile_text_is_only_text(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    junk = ("\x00\x01\ufffd", "а" * 70_000, "{{7*7}} <script>", "\ud7ff́é", "№ § ...", " ")
    engine.write([replace(documents()[0], titles=junk, notes=junk, bbk=junk, isbns=junk, authors=junk)])
    assert engine.reader().search(Term("script"), facets=("author", "bbk", "publisher")).total == 1


WRITER = """
import sys
from pathlib import Path
from catalog_sync.search.engine import Engine
from tests.search.shelf import documents
engine = Engine(Path(sys.argv[1]))
for number in range(1, 10_000):
    engine.write(documents()[: number % 7 + 1], [], number)
    print(number, flush=True)
"""


@pytest.mark.slow
def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    acknowledged = 0
    for pause in (0.15, 0.3, 0.45, 0.2, 0.35):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True,
                                  env={**os.environ, "PYTHONPATH": os.getcwd()})  # fmt: skip
        time.sleep(0.6 + pause)
        os.kill(writer.pid, signal.SIGKILL)
        told = [int(line) for line in (writer.communicate()[0] or "").split()]
        acknowledged = max([acknowledged, *told])
        engine = Engine(tmp_path)
        assert engine.last_number() >= acknowledged or not told
        assert engine.reader().size() <= 7
        engine.write(documents(), [], acknowledged + 1)
        assert engine.reader().size() == 7


def test_what_a_writer_left_that_was_killed_in_its_commit_stands_in_the_way_of_none(tmp_path: Path) -> None:
    """The file of deletions was written, the list of files was not: the next commit makes one of the same name."""
    index = tmp_path / "index"
    Engine(index).write(documents())
    known = (index / "meta.json").read_bytes()
    Engine(index).write(documents()[:2], [], 1)
    (index / "meta.json").write_bytes(known)
    assert list(index.glob("*.del"))
    assert Engine(index).write(documents()[:2], [], 1) == 2
    assert (Engine(index).last_number(), Engine(index).reader().size()) == (1, 7)


def test_a_reader_that_comes_while_the_index_is_replaced_waits_and_makes_no_empty_one(tmp_path: Path) -> None:
    index, old, fresh = tmp_path / "index", tmp_path / "index.old", tmp_path / "index.new"
    Engine(old).write(documents()[:1])
    Engine(fresh).write(documents())

    def finish() -> None:
        time.sleep(0.2)
        fresh.rename(index)
        shutil.rmtree(old)

    with ThreadPoolExecutor() as pool:
        done = pool.submit(finish)
        assert Engine(index).reader().size() == 7
        done.result()


def test_many_that_find_no_index_make_one_together(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        sizes = list(pool.map(lambda _: Engine(tmp_path / "index").reader().size(), range(8)))
    assert sizes == [0] * 8
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_an_index_nobody_may_write_beside_is_not_taken_for_a_damaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(tmp_path / "index")

    def refuse(*_: object, **__: object) -> None:
        raise ValueError("Failed to acquire Lockfile: IoError(Os { code: 30, kind: ReadOnlyFilesystem })")

    monkeypatch.setattr("catalog_sync.search.engine.tantivy.Index", refuse)
    with pytest.raises(StopEverything, match="проверьте права на папку данных") as refused:
        engine.last_number()
    assert not isinstance(refused.value, IndexOutdated)
