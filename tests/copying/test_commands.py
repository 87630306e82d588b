"""`catalog-sync lookup` and `catalog-sync convert`, as an operator types them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from catalog_sync.cli.root import load_commands, root
from catalog_sync.errors import Refused
from catalog_sync.marc.reading import marc_record, read_export
from catalog_sync.marc.writing import to_iso2709
from catalog_sync.model import Dialect, MarcField, MarcRecord, Source, SourceRecord, Subfield

TARGETS = """
[[target]]
code = "rgb"
name = "РГБ"
url = "{url}"

[[target]]
code = "down"
name = "Выключенный"
protocol = "z3950"
host = "127.0.0.1"
port = 9
"""


@pytest.fixture
def config(sru_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CATALOG_SYNC_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    made = tmp_path / "catalog-sync.toml"
    made.write_text(TARGETS.format(url=sru_url), encoding="utf-8")
    return made


def run(*arguments: str | Path) -> Result:
    load_commands()
    return CliRunner().invoke(root, [str(a) for a in arguments])


def test_lookup_lists_what_each_catalogue_found_and_who_did_not_answer(config: Path) -> None:
    done = run("--config", config, "lookup", "--title", "алгебра")
    assert done.exit_code == 0
    assert "РГБ: найдено 3, взято 3" in done.output
    assert "1. Макарычев" in done.output
    assert "Выключенный" in done.output


def test_lookup_answers_in_json_and_exits_nonzero_where_nobody_answered(config: Path) -> None:
    done = run("--config", config, "lookup", "--title", "алгебра", "--target", "rgb", "--json")
    answer = json.loads(done.output)
    assert [t["code"] for t in answer["targets"]] == ["rgb"]
    assert len(answer["offers"]) == 3
    assert run("--config", config, "lookup", "1", "--target", "down").exit_code == 1


def test_lookup_takes_an_offer_home_in_the_schools_own_format(config: Path, tmp_path: Path) -> None:
    output = tmp_path / "home.mrc"
    done = run("--config", config, "lookup", "--title", "алгебра", "--target", "rgb", "--take", "1", "--output", output)
    assert done.exit_code == 0
    found = next(iter(read_export(output.read_bytes(), Source("s", "l", dialect=Dialect.MARCSQL, encoding="cp1251"))))
    assert isinstance(found, SourceRecord)
    title = marc_record(found).first("245")
    assert title is not None
    assert title.first("a") == "Алгебра"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("lookup",), "нечего искать"), (("lookup", "1", "--target", "nosuch"), "нет внешнего каталога"),
        (("lookup", "--title", "алгебра", "--target", "rgb", "--take", "99", "--output", "x"), "предложения № 99"),
        (("lookup", "--title", "алгебра", "--target", "rgb", "--take", "1"), "--output"),
    ],
)
def test_lookup_says_what_it_needs(config: Path, arguments: tuple[str, ...], said: str) -> None:
    done = run("--config", config, *arguments)
    assert isinstance(done.exception, Refused)
    assert said in str(done.exception)


def test_convert_writes_the_other_dialect_and_counts_what_did_not_fit(tmp_path: Path) -> None:
    fields = (
        MarcField("001", data="77"), MarcField("200", "1 ", (Subfield("a", "Алгебра"), Subfield("z", "rus"))),
        MarcField("210", "  ", (Subfield("a", "Москва"),)),
    )
    source = tmp_path / "in.mrc"
    source.write_bytes(to_iso2709(MarcRecord("00000nam  2200000   450 ", fields)) + b"rubbish\x1d")
    output = tmp_path / "out.xml"
    done = run("convert", source, "--from", "rusmarc", "--to", "marc21", "--format", "marcxml", "--output", output)
    assert "переведено записей: 1" in done.output
    assert "200$z × 1" in done.output
    assert "пропущена" in done.output
    assert done.exit_code == 1
    assert '<datafield tag="245"' in output.read_text("utf-8")
    found = next(iter(read_export(output.read_bytes(), Source("s", "l", dialect=Dialect.MARC21))))
    assert isinstance(found, SourceRecord)
    assert marc_record(found).control("001") == "77"


def test_convert_opens_what_is_packed(tmp_path: Path) -> None:
    record = to_iso2709(MarcRecord("00000nam  2200000   450 ", (MarcField("001", data="77"),)))
    source, output = tmp_path / "in.mrc.gz", tmp_path / "out.mrc"
    source.write_bytes(gzip.compress(record))
    done = run("convert", source, "--from", "rusmarc", "--to", "marc21", "--output", output)
    assert (done.exit_code, "переведено записей: 1" in done.output) == (0, True)


def test_convert_names_the_first_of_many_pieces_it_passes_over(tmp_path: Path) -> None:
    source, output = tmp_path / "in.mrc", tmp_path / "out.mrc"
    source.write_bytes(b"rubbish\x1d" * 500)
    done = run("convert", source, "--from", "rusmarc", "--to", "marc21", "--output", output)
    assert done.exit_code == 1
    assert done.output.count("пропущена: ") == 20
    assert "и ещё пропущено: 480" in done.output


@pytest.mark.parametrize(("data", "said"), [(b"", "in.mrc: файл пуст"), (b"%PDF-1.4", "документ PDF")])
def test_convert_refuses_what_is_no_export_and_writes_nothing(tmp_path: Path, data: bytes, said: str) -> None:
    source, output = tmp_path / "in.mrc", tmp_path / "out.mrc"
    source.write_bytes(data)
    done = run("convert", source, "--from", "rusmarc", "--to", "marc21", "--output", output)
    assert isinstance(done.exception, Refused)
    assert said in str(done.exception)
    assert not output.exists()


def test_convert_writes_no_file_of_nothing_and_no_encoding_that_breaks_records(tmp_path: Path) -> None:
    page, made = tmp_path / "page.mrc", tmp_path / "out.mrc"
    page.write_bytes(b"rubbish\x1d" * 3)
    made.write_bytes(b"the former one")
    for words in ((), ("--encoding", "utf-16"), ("--format", "marcxml", "--encoding", "cp1251")):
        ended = run("convert", page, "--from", "rusmarc", "--to", "marc21", "--output", made, *words)
        assert ended.exit_code
    assert made.read_bytes() == b"the former one"
