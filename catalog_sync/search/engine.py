"""The index on disk: one writer, many readers, and what the writer last applied.

The database is the system of record; this index is derived and may be thrown away at any time (`Engine.create`).
"""

from __future__ import annotations

import json
import re
import shutil
import struct
import time
import uuid
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tantivy

from catalog_sync.errors import Refused, StopEverything
from catalog_sync.held_files import patiently
from catalog_sync.search import cards, schema
from catalog_sync.text_ru import dictionary_version

if TYPE_CHECKING:  # read where something is written or searched: to see whether the index is whole needs neither
    from catalog_sync.search.document import Document
    from catalog_sync.search.reader import Reader

HEAP_BYTES = 128_000_000  # of the writer, before it flushes a segment; a district's 40 MB index fits at once
WRITER_THREADS = 1  # our analysis in Python is the limit, more threads only make more segments
FORMAT_FILE = "format.json"
_FILE = re.compile(r"[0-9a-f]{32}\.\w+")
_FOOT = struct.Struct("<II")  # at the end of each file of tantivy's: length of the footer before it, a magic number
SWAP_SECONDS = 2.0  # two renames, on a busy disk


class IndexOutdated(StopEverything):
    """The index is damaged, or was built by another version of the program, its library or the dictionary: rebuild it.
    """


@dataclass(frozen=True, slots=True)
class State:
    """What the last commit knew: the outbox number applied, and the letters headings are made of (for scan)."""

    number: int = 0
    alphabet: str = ""
    federal: str = ""  # digest of the federal list that the textbooks were compared with
    cards: int = 0  # written into the file of cards since it was made
    card_bytes: int = 0  # length of that file

    def dump(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


class Engine:
    """An index in a folder. Opening costs milliseconds; nothing is written before `write`."""

    def __init__(self, path: Path | str) -> None:
        """Open the index in `path`, making an empty one where there is none. Raises IndexOutdated."""
        self.path = Path(path)
        if not _is_there(self.path):
            _make_empty(self.path)
        _check(self.path)

    @classmethod
    def create(cls, path: Path | str) -> Engine:
        """An empty index in `path`, whatever was there before."""
        _make_empty(Path(path), instead=True)
        return cls(path)

    def write(
        self, documents: Iterable[Document], deletions: Iterable[str] = (), number: int = 0, federal: str | None = None
    ) -> int:
        """Put documents in (replacing those of the same cluster), take deletions out, remember `number`; one commit.

        Returns how many documents were put in. Doing the same again changes nothing. A number lower than the one
        remembered is kept as it is (an old batch replayed after a crash); so is
        the federal list where none is given. Raises Refused while another process writes.
        """
        index = _open(self.path)
        before = self.state()
        writer = _writer(index)
        try:
            # A writer killed in the midst of its commit left files behind; one has the name of a file of this commit.
            writer.garbage_collect_files()
            with cards.CardWriter(self.path) as shelf:
                alphabet, fresh = _Alphabet(before.alphabet), not index.searcher().num_docs
                count = _put(writer, shelf, documents, index.schema, alphabet, fresh=fresh)
            for cluster in deletions:
                writer.delete_documents_by_term("id", cluster)
            writer.delete_documents_by_term("meta", schema.STATE)
            listed = before.federal if federal is None else federal
            state = State(max(number, before.number), str(alphabet), listed, before.cards + count, shelf.size)
            writer.add_document(_state_document(state))
            writer.commit()
        except BaseException:
            writer.rollback()
            raise
        finally:
            writer.wait_merging_threads()
        return count

    def state(self) -> State:
        """What the last commit remembered."""
        index = _open(self.path)
        return State(**schema.read_state(index.searcher(), index.schema))

    def last_number(self) -> int:
        """The outbox number applied last; 0 for an empty index."""
        return self.state().number

    def damaged_files(self) -> list[str]:
        """Names of the files whose bytes are not those that were written. Reads every byte of the index."""
        torn = [file.name for file in sorted(self.path.iterdir()) if _FILE.fullmatch(file.name) and _is_torn(file)]
        return torn or ([] if self.reader().has_sound_cards() else [cards.FILE])

    def is_worn(self) -> bool:
        """Whether most of the file of cards is of no use any more: time to build the index anew."""
        written = self.state().cards
        return written > cards.FEWEST_WORN and written > cards.WORN * _open(self.path).searcher().num_docs

    def reader(self) -> Reader:
        """A reader of what is committed; it notices later commits by itself. Make it after forking."""
        from catalog_sync.search.reader import Reader

        return Reader(self.path)


class _Alphabet:
    """The letters seen: a text of known letters, as nearly every one is, is looked through at the speed of a search."""

    def __init__(self, letters: str) -> None:
        self._letters = set(letters)
        self._unknown = _none_of(letters)

    def see(self, text: str) -> None:
        if self._unknown.search(text):
            self._letters.update(text)
            self._unknown = _none_of(str(self))

    def __str__(self) -> str:
        return "".join(sorted(self._letters))


def _none_of(letters: str) -> re.Pattern[str]:
    return re.compile(f"[^{re.escape(letters)}]" if letters else ".")


def _put(
    writer: Any, shelf: cards.CardWriter, documents: Iterable[Document], index_schema: Any, alphabet: _Alphabet,
    *, fresh: bool,
) -> int:  # fmt: skip
    from catalog_sync.search import analysis

    count, seen = 0, set[str]()
    for document in documents:
        count += 1
        if not fresh or document.cluster in seen:
            writer.delete_documents_by_term("id", document.cluster)
        if fresh:
            seen.add(document.cluster)
        fields = analysis.index_fields(document)
        fields["card"] = [shelf.add(document.cluster, document.brief, document.sendable)]
        for text in (*fields["any_x"], " "):
            alphabet.see(text)
        writer.add_document(tantivy.Document.from_dict(fields, index_schema))
    return count


def _state_document(state: State) -> Any:
    """Committed in one act with the documents it speaks of (tantivy-py has no commit payload)."""
    return tantivy.Document(meta=[schema.STATE], payload=[state.dump()])


def _open(path: Path) -> Any:
    try:
        index = tantivy.Index(schema.build(), path=str(path))
    except ValueError as error:
        if "Lockfile" in str(error):  # the only thing that is written for reading
            raise StopEverything(f"{path}: индекс не открыть на запись: проверьте права на папку данных") from error
        raise IndexOutdated(f"{path}: {_damage(error)}; выполните catalog-sync rebuild") from error
    schema.register(index)
    return index


def _damage(error: ValueError) -> str:
    """What tantivy says of a file in twenty lines of its own names, in one."""
    named = _FILE.search(str(error))
    return f"файл индекса {named[0] if named else schema.META_FILE} потерян или повреждён"


def _is_torn(file: Path) -> bool:
    """Whether the checksum in a file's footer is another than that of its bytes. Deletions (.del) have footers too."""
    data = file.read_bytes()
    try:
        length, _ = _FOOT.unpack(data[-_FOOT.size :])
        body = len(data) - _FOOT.size - length
        promised = json.loads(data[body : -_FOOT.size])["crc"]
    except (struct.error, ValueError, KeyError):
        return True
    return bool(zlib.crc32(memoryview(data)[:body]) != promised)


def _writer(index: Any) -> Any:
    try:
        return index.writer(HEAP_BYTES, WRITER_THREADS)
    except ValueError as error:
        if "LockBusy" in str(error):
            raise Refused("поисковый индекс занят: его пишет другой процесс, повторите позже") from error
        raise


def _format() -> dict[str, Any]:
    return {"schema": schema.SCHEMA_VERSION, "library": version("tantivy"), "dictionary": dictionary_version()}


def _is_there(path: Path) -> bool:
    """Whether there is an index; one that is just being put in place of another is waited for."""
    until, there = time.monotonic() + SWAP_SECONDS, path / FORMAT_FILE
    while not there.exists() and path.with_name(f"{path.name}.old").exists() and time.monotonic() < until:
        time.sleep(0.01)
    return there.exists()


def _make_empty(path: Path, *, instead: bool = False) -> None:
    """An empty index, whole at once: several processes may find none and make one. `instead` of what is there."""
    fresh = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}")
    fresh.mkdir(parents=True)
    _open(fresh)
    cards.make_empty(fresh)
    (fresh / FORMAT_FILE).write_text(json.dumps(_format()), encoding="utf-8")
    if path.exists() and (instead or not (path / FORMAT_FILE).exists()):
        patiently(lambda: shutil.rmtree(path))
    try:
        patiently(lambda: fresh.rename(path))
    except OSError:  # another was quicker
        shutil.rmtree(fresh)


def _check(path: Path) -> None:
    try:
        written = json.loads((path / FORMAT_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        text = f"{path}: файл {FORMAT_FILE} потерян или повреждён; выполните catalog-sync rebuild"
        raise IndexOutdated(text) from error
    if not cards.are_whole(path):
        raise IndexOutdated(f"{path}: нет файла карточек {cards.FILE}; выполните catalog-sync rebuild")
    if written != _format():
        raise IndexOutdated(
            f"{path}: индекс построен другой версией ({written}, ожидалась {_format()}); выполните catalog-sync rebuild"
        )
    if not (path / schema.META_FILE).exists():  # opening would make an empty index in its place
        raise IndexOutdated(f"{path}: нет файла {schema.META_FILE}; выполните catalog-sync rebuild")
    try:
        index = _open(path)
        promised = State(**schema.read_state(index.searcher(), index.schema)).card_bytes
    except ValueError as error:  # a file of it is missing or cut short
        raise IndexOutdated(f"{path}: {_damage(error)}; выполните catalog-sync rebuild") from error
    if cards.size(path) < promised:
        raise IndexOutdated(f"{path}: файл карточек {cards.FILE} обрезан; выполните catalog-sync rebuild")
