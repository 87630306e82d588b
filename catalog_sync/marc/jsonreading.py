"""MARC-in-JSON, and rows of a МАРК-SQL database carried as JSON lines.

A row is {"doc_id", "rectype", "biblevel", "item", "inv": [...], "invoff": [...]}: `item` is DOC.ITEM, fields ended by
0x1E, the first three characters are the tag, subfields begin with 0x1F, there is no directory.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from catalog_sync.errors import BadRecord, shown
from catalog_sync.marc import encodings
from catalog_sync.model import MarcField, MarcRecord, Subfield

_ID_IN_ITEM = re.compile(r"(?:^|\x1e)\s*001(?:[^\x1e\x1f]{0,2}\x1f[0a])?([^\x1e\x1f]+)")
_NEXT_RECORD = re.compile(r'(?:\n|[,\[}]\s*)(\{\s*"(?:leader|fields|doc_id|rectype|biblevel|item)"\s*:)')
_DECODER = json.JSONDecoder()


def records(data: bytes) -> Iterator[tuple[int, bytes, bytes, str, str, bool]]:
    """(offset, piece, record, local id, fault, deleted) for every JSON object of a list, of lines, or alone."""
    text = data.decode(encodings.of_text(data), "replace").lstrip("\ufeff")
    at, size = 0, len(text)
    while at < size:
        if text[at] in " \t\r\n[],\ufeff":
            at += 1
            continue
        start = at
        try:
            value, at = _DECODER.raw_decode(text, at)
            piece = text[start:at].encode()
            fault = "" if isinstance(value, dict) else f"ожидался объект JSON, пришло {text[start : start + 40]!r}"
            yield start, piece, piece, "" if fault else _whole(_local_id(value)), fault, False
        except (ValueError, RecursionError):
            following = _NEXT_RECORD.search(text, start + 1)
            at = following.start(1) if following else size
            piece = text[start:at].encode()
            yield start, piece, piece, "", f"ожидался объект JSON, пришло {text[start : start + 40]!r}", False


def _local_id(value: dict[str, Any]) -> str:
    if "item" in value:
        typed = _ID_IN_ITEM.search(str(value["item"]))  # the number an ISO 2709 export of the same base gives
        return (typed[1] if typed else str(value.get("doc_id") or "")).strip()
    fields = value.get("fields")
    for field in fields if isinstance(fields, list) else ():
        if isinstance(field, dict) and isinstance(field.get("001"), str):
            return str(field["001"]).strip()
    return ""


def from_json(data: bytes) -> MarcRecord:
    """Read one object of either kind. Raises BadRecord."""
    try:
        value = json.loads(data)
        if b"\\u" in data:
            value = _without_halves(value)
        if "item" in value:
            return from_row(value)
        fields = tuple(_field(tag, content) for entry in value["fields"] for tag, content in entry.items())
        if not fields:
            raise ValueError("no fields")
        return MarcRecord(str(value.get("leader", "")).ljust(24), fields)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
        raise BadRecord(f"ожидалась запись MARC-in-JSON, пришло {shown(data[:60])}") from e


def _without_halves(value: Any) -> Any:
    """Escaped halves of surrogate pairs and NULs are no text: they become U+FFFD or go, as no store takes them."""
    text = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return json.loads(text.replace("\\u0000", ""))


def _whole(text: str) -> str:
    """The same of one value."""
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _composed(text: str) -> str:
    """Accents with their letters, as every text here has them."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _field(tag: str, content: Any) -> MarcField:
    if isinstance(content, str):
        return MarcField(tag, data=content)
    typed = [pair for s in content.get("subfields") or () for pair in s.items()]
    subfields = tuple(Subfield(code, _composed(str(value))) for code, value in typed)
    return MarcField(tag, str(content.get("ind1", " ")) + str(content.get("ind2", " ")), subfields)


# Columns of INV and INVOFF of a МАРК-SQL database as subfields, so that a row reads like any field.
_COLUMNS = {
    "inv_id": "i",
    "t090e": "e",
    "t090f": "f",
    "t090h": "h",
    "t090w": "w",
    "t876c": "c",
    "t876p": "p",
    "t990t": "t",
    "t990n": "n",
    "cnt": "j",
    "regdate": "d",
    "invmode": "m",
    "offdate": "o",
    "notes": "r",
    "wroffact": "a",
}


def from_row(row: dict[str, Any]) -> MarcRecord:
    """A row of DOC. Its rows of INV and INVOFF follow as fields "INV" and "OFF", a subfield a column."""
    leader = f"00000n{row.get('rectype') or 'a'}{row.get('biblevel') or 'm'}  2200000   4500"
    fields = [_row_field(text) for text in str(row["item"]).split("\x1e") if text[:3].strip()]
    for tag, name in (("INV", "inv"), ("OFF", "invoff")):
        fields += [_inventory(tag, item) for item in row.get(name) or ()]
    if not fields:
        raise ValueError("no fields")
    return MarcRecord(leader, tuple(fields))


def _row_field(text: str) -> MarcField:
    tag, rest = text[:3], text[3:]
    head, *parts = rest.split("\x1f")
    if not parts:
        rest = rest.strip()
        return MarcField(tag, data=rest) if tag < "010" else MarcField(tag, "  ", (Subfield("a", _composed(rest)),))
    return MarcField(tag, head[:2].ljust(2), tuple(Subfield(p[0], _composed(p[1:])) for p in parts if p))


def _inventory(tag: str, item: dict[str, Any]) -> MarcField:
    columns = ((_COLUMNS.get(str(name).lower()), value) for name, value in item.items())
    return MarcField(tag, "  ", tuple(Subfield(c, str(v).strip()) for c, v in columns if c and v is not None))
