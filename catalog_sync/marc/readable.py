"""A record's text without characters that no reader can see, and the article that sorting passes over.

ISO 6630 puts what is not sorted between two control characters: U+0098 and U+009C, or as UNIMARC and Italian systems
write them U+0088 and U+0089; MARC-8 has them at 0x88 and 0x89 (MARC 21 Specifications, Character Sets).
"""

from __future__ import annotations

import re

from catalog_sync.marc.encodings import MARC8
from catalog_sync.model import MarcField, MarcRecord, SourceRecord, Subfield

_TITLES = ("200", "245")
_IN_BYTES = re.compile(rb"\xc2[\x80-\x9f]")  # a control character in UTF-8
_CONTROL = re.compile("[\x80-\x9f]")
_MARKED = re.compile("\\s*[\x88\x98]([^\x89\x9c]*)[\x89\x9c](\\s*)")


def has_unseen(record: SourceRecord) -> bool:
    """Whether some text of a record may hold such characters; cheap, asked of every record."""
    data = record.data
    if data[:1] in (b"<", b"{"):
        return _IN_BYTES.search(data) is not None or b"&#" in data or b"\\u00" in data
    if record.encoding == "utf-8":
        return not data.isascii() and _IN_BYTES.search(data) is not None
    return record.encoding == MARC8 and (b"\x88" in data or b"\x89" in data)


def readable(record: MarcRecord) -> tuple[MarcRecord, str]:
    """The record without them, and the article of its title with the blank behind it: «The », «L'», or ""."""
    title = next((f.first("a") for f in record.fields if f.tag in _TITLES), "")
    marked = _MARKED.match(title)
    return MarcRecord(record.leader, tuple(map(_seen, record.fields))), "".join(marked.groups()) if marked else ""


def _seen(field: MarcField) -> MarcField:
    if field.data is not None or not any(_CONTROL.search(s.value) for s in field.subfields):
        return field
    kept = tuple(Subfield(s.code, _CONTROL.sub("", s.value)) for s in field.subfields)
    return MarcField(field.tag, field.indicators, kept)
