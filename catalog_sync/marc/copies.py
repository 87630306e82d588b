"""Records typed alike: schools copy them from each other, and a copy differs in its number, its day and its holdings.

A record is cut in two: a digest of all that is said of the edition, and the fields that are its own. What `to_bib`
reads from the first is the same for all copies; what it reads from the second is read here.
"""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from itertools import compress
from typing import NamedTuple

from catalog_sync.marc.decoding import read_fields, tags_of
from catalog_sync.marc.framing import ENTRY_LENGTH, FIELD_END, LEADER_LENGTH
from catalog_sync.marc.holdings import holdings_of, profiles
from catalog_sync.marc.parts import Fields
from catalog_sync.model import Holdings, MarcRecord, SourceRecord

_DAY = "005"
# Number and day, whose number it is, other numbers, who made the record: no dialect reads them for the edition.
_OF_THE_RECORD = frozenset({"001", "003", _DAY, "035", "040", "801"})
_SAID_TOO = frozenset({"090"})  # МАРК-SQL: ББК and author mark stand beside the shelf mark
_ENCODINGS = frozenset({"utf-8", "cp1251", "cp866", "koi8-r"})  # in these a field's bytes mean the same wherever it is


class Cut(NamedTuple):
    """A record in two: the digest of what is said of the edition, and all its fields as they came."""

    said: bytes
    tags: list[str]
    texts: list[bytes]

    def own(self, record: SourceRecord, profile: str) -> tuple[Holdings, str] | None:
        """What `to_bib` reads of the record's own: its holdings and its day. None where a letter can't be read."""
        own = _own_tags() | _SAID_TOO
        is_own = [tag in own for tag in self.tags]
        texts = b"\x1e".join(compress(self.texts, is_own))
        found = read_fields(list(compress(self.tags, is_own)), texts, record.encoding)
        if found is None:
            return None
        fields = Fields.of(MarcRecord("", tuple(found)))
        return holdings_of(fields, profile, record.dialect), fields.control(_DAY).strip()


def cut(record: SourceRecord) -> Cut | None:
    """None where the record isn't ISO 2709 without a fault: such a one is read as a whole."""
    data = record.data
    if record.encoding not in _ENCODINGS or b"%05d" % len(data) != data[:5] or b"\0" in data:
        return None
    base = int(data[12:17]) if data[12:17].isdigit() else 0
    entries, rest = divmod(base - LEADER_LENGTH - 1, ENTRY_LENGTH)
    if entries <= 0 or rest or base >= len(data) or data[base - 1] != FIELD_END or data[-2:] != b"\x1e\x1d":
        return None
    directory, texts = data[LEADER_LENGTH : base - 1], data[base:-2].split(b"\x1e")
    tags, is_true = tags_of(directory)
    if len(tags) != len(texts) or not is_true:
        return None
    own = _own_tags()
    is_said = [tag not in own for tag in tags]
    head = f"{record.dialect.value} {record.encoding} {''.join(compress(tags, is_said))} ".encode()
    said = b"\x1e".join((head, data[5:12], data[17:LEADER_LENGTH], *compress(texts, is_said)))
    return Cut(blake2b(said, digest_size=16).digest(), tags, texts)


@cache
def _own_tags() -> frozenset[str]:
    """Tags that say nothing of the edition in any dialect."""
    rules = [rule for profile in profiles().values() for rule in profile.rules]
    shelves = {tag for rule in rules for tag in (*rule.tags, rule.also, rule.beside, rule.counters)} - {""}
    return frozenset({*_OF_THE_RECORD, *shelves} - _SAID_TOO)
