"""MARC-8 → Unicode (MARC 21 Specifications for Record Structure, Character Sets: MARC-8), with pymarc's tables.

pymarc's own converter writes to standard error and loses what it can't map; here it stays visible as U+FFFD.
"""

from __future__ import annotations

import unicodedata
from functools import cache

from catalog_sync.remembering import remembering

_BASIC_LATIN, _ANSEL, _EAST_ASIAN = 0x42, 0x45, 0x31
_SHORT_ESCAPES = {0x73: _BASIC_LATIN, 0x67: 0x67, 0x62: 0x62, 0x70: 0x70}  # ESC s g b p
_ESC = 0x1B
_TO_G0, _TO_G1 = b"(,", b")-"


@cache
def _tables() -> tuple[dict[int, dict[int, tuple[int, int]]], dict[int, int]]:
    """Letters by set and code, each with whether it is an accent; and those of no set. Read where there is MARC-8."""
    from pymarc.marc8_mapping import CODESETS, ODD_MAP

    return CODESETS, ODD_MAP


def to_unicode(data: bytes) -> str:
    """Text of a run of subfields; character sets fall back to the default at every delimiter."""
    if data.isascii() and _ESC not in data:
        return data.decode("ascii")
    parts = [_run(field) for field in data.split(b"\x1e")]
    return "\x1e".join(parts)


def _run(field: bytes) -> str:
    if field.isascii() and _ESC not in field:
        return field.decode("ascii")
    return "\x1f".join([_subfield(s) for s in field.split(b"\x1f")])


@remembering  # walked letter by letter: what is typed again is read once
def _subfield(data: bytes) -> str:
    sets = [_BASIC_LATIN, _ANSEL]
    text: list[str] = []
    accents: list[str] = []  # MARC-8 writes them before their letter, Unicode after it
    at, size = 0, len(data)
    while at < size:
        if data[at] == _ESC and (skip := _escape(data, at, sets)):
            at += skip
            continue
        width = 3 if data[at] < 0x80 and data[at] > 0x20 and sets[0] == _EAST_ASIAN else 1
        letter, combining = _letter(int.from_bytes(data[at : at + width]), width, sets)
        at += width
        if combining:
            accents.append(letter)
        else:
            text.append(letter)
            text += accents
            accents.clear()
    return unicodedata.normalize("NFC", "".join(text + accents))


def _escape(data: bytes, at: int, sets: list[int]) -> int:
    """Designate a set as the escape sequence at `at` says; its length, 0 where it isn't one."""
    following = data[at + 1 : at + 4]
    if not following:
        return 0
    if following[0] in _SHORT_ESCAPES:
        sets[0] = _SHORT_ESCAPES[following[0]]
        return 2
    skip = 1 if following[:1] == b"$" else 0
    bank = 1 if following[skip : skip + 1] and following[skip] in _TO_G1 else 0
    if following[skip : skip + 1] and following[skip] in _TO_G0 + _TO_G1:
        skip += 1
    elif not skip:
        return 0
    if len(following) <= skip or following[skip] not in _tables()[0]:
        return 0
    sets[bank] = following[skip]
    return skip + 2


def _letter(code: int, width: int, sets: list[int]) -> tuple[str, bool]:
    if width == 1 and code <= 0x20:
        return chr(code), False
    codesets, odd = _tables()
    letters = codesets[sets[1] if width == 1 and code > 0x7F else sets[0]]
    # A set may stand in either half of the table; of each set pymarc has the codes of one.
    found = letters.get(code) or (letters.get(code ^ 0x80) if width == 1 else None)
    if found:
        return chr(found[0]), bool(found[1])
    return (chr(odd[code]) if code in odd else "\ufffd"), False
