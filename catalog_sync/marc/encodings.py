"""Which letters the bytes mean: one decision per file, checked on every record.

Order of evidence: valid UTF-8 with high bytes; escape sequences (MARC-8); what the source's settings say; letter
statistics among CP1251, CP866 and KOI8-R; 100$a/26–29 only where those can't tell (it was right on 69 % of real
records, and a blank leader/09 means nothing); else CP1251.
"""

from __future__ import annotations

import re
from codecs import lookup, utf_8_decode
from collections import Counter
from itertools import islice
from math import log

MARC8 = "marc-8"
FALLBACK = "cp1251"
_MARKS = "«»№—–…“”’°§\xa0"
_SAMPLE = 384 << 10  # bytes: about a thousand records
_PIECE = 64 << 10  # bytes decoded at a time
_RUNS = 50_000  # words that are not ASCII: about a thousand records, too
CYRILLIC = ("cp1251", "cp866", "koi8-r")

# Letters of Russian running text per thousand (National Corpus of the Russian language, rounded).
_PER_MILLE = {
    letter: share
    for share, letters in (
        (109, "о"), (85, "е"), (80, "а"), (74, "и"), (67, "н"), (63, "т"), (55, "с"), (47, "р"), (45, "в"), (44, "л"),
        (35, "к"), (32, "м"), (30, "д"), (28, "п"), (26, "у"), (20, "я"), (19, "ы"), (17, "ьг"), (16, "зб"), (14, "ч"),
        (12, "й"), (10, "х"), (9, "ж"), (7, "ш"), (6, "ю"), (5, "ц"), (4, "щ"), (3, "эф"), (1, "ъё"),
    )
    for letter in letters
}  # fmt: skip
_LETTERS = {letter: log(share / 1000) for letter, share in _PER_MILLE.items()}
_NOT_A_LETTER = log(0.0005)  # pseudographics, „ and the like: seen, but rarely
_PUNCTUATION = log(0.01)  # « » № — … of the codec
# How words of catalogue records are written; the wrong codec of the KOI family swaps the case of every letter.
_LOWER, _CAPITAL, _UPPER, _MIXED = log(0.75), log(0.2), log(0.05), log(0.0005)
_MARGIN_PER_BYTE = 0.25  # below this difference of mean log-likelihood statistics can't tell
_STRANGER_MARGIN = 0.75  # for one record to differ from its file: with 0.25 two of 24,000 right ones did


_ASCII = bytes(range(128))
_ENOUGH = 16  # high bytes of a record: with fewer the file's encoding stands
_WHOLE_PER_BROKEN = 8  # letters that are valid UTF-8 for each that is not, in a record that is meant to be
_SMALL = {
    codec: bytes(
        b
        for b in range(128, 256)
        if bytes([b]).decode(codec, "replace").lower() in _PER_MILLE and bytes([b]).decode(codec, "replace").islower()
    )
    for codec in CYRILLIC
}
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
# 100$a/26–29 (UNIMARC): graphic character sets; 50 = Unicode, 89 = Windows-1251, 79 = CP866, 99 = KOI8-R.
_UNIMARC_SETS = {"50": "utf-8", "89": "cp1251", "79": "cp866", "99": "koi8-r"}


def is_utf8(data: bytes) -> bool:
    at, size, seen = 0, len(data), memoryview(data)
    try:
        while at < size:  # the text of a whole export would take memory, and with it five times as long
            at += utf_8_decode(seen[at : at + _PIECE], "strict", at + _PIECE >= size)[1]
    except UnicodeDecodeError:
        return False
    return True


def looks_cyrillic(data: bytes) -> bool:
    """Whether the high bytes come in runs as the letters of a Cyrillic word do; accents of Latin text stand alone."""
    runs = [len(run) for run in _HIGH_RUN.findall(data)]
    return sum(n for n in runs if n > 2) * 2 > sum(runs)


def likelihoods(data: bytes) -> dict[str, float]:
    """Mean log-likelihood per high byte for each Cyrillic codec (0 is certain, lower is worse); {} without any."""
    runs = Counter(_HIGH_RUN.findall(data))
    total = sum(len(run) * n for run, n in runs.items())
    if not total:
        return {}
    return {c: sum(_likelihood(run.decode(c, "replace")) * n for run, n in runs.items()) / total for c in CYRILLIC}


def _likelihood(run: str) -> float:
    """Of a run of non-ASCII characters: a word, mostly."""
    if run.islower():
        case = _LOWER
    elif run.isupper():
        case = _UPPER if len(run) > 1 else _CAPITAL
    else:
        case = _CAPITAL if run.istitle() else _MIXED
    return case + sum(_LETTERS.get(c) or (_PUNCTUATION if c in _MARKS else _NOT_A_LETTER) for c in run.lower())


def guess(data: bytes, configured: str = "") -> tuple[str, str]:
    """The encoding of some records together, and why (a word for the run's log). Pure ASCII counts as UTF-8."""
    if data.isascii():
        return (MARC8, "последовательности ESC") if b"\x1b" in data else ("utf-8", "только латиница")
    if is_utf8(data):
        return "utf-8", "байты складываются в UTF-8"
    if has_escapes(data):
        return MARC8, "последовательности ESC"
    if configured and configured != "utf-8":
        return configured, "задана в настройках"
    if not looks_cyrillic(data):
        return MARC8, "знаки ударений"
    return by_statistics(data)


def by_statistics(data: bytes) -> tuple[str, str]:
    scores = likelihoods(data)
    ranked = sorted(scores, key=lambda c: -scores[c])
    if not ranked:
        return FALLBACK, "судить не по чему"
    if scores[ranked[0]] - scores[ranked[1]] >= _MARGIN_PER_BYTE:
        return ranked[0], "по частоте букв"
    declared = declared_by_100(data)
    if declared in ranked[:2]:
        return declared, "указана в 100$a"
    return ranked[0], "по частоте букв, неуверенно"


def of_file(data: bytes, configured: str = "") -> tuple[str, str]:
    """The encoding most records of a file are in, and why; a long file is judged by its start, middle and end."""
    if len(data) > _SAMPLE:
        third, middle = _SAMPLE // 3, len(data) // 2
        data = data[:third] + data[middle : middle + third] + data[-third:]
    return guess(_of_most(data), configured)


def _of_most(sample: bytes) -> bytes:
    """The records that decide: without the UTF-8 ones where they are the smaller part, and the other way round."""
    if sample.isascii() or is_utf8(sample):
        return sample
    high = [r for r in sample.split(b"\x1d") if not r.isascii()]
    unicode = [r for r in high if is_utf8(r)]
    if len(unicode) * 2 > len(high):
        return b"\x1d".join(unicode)
    return b"\x1d".join(r for r in high if not is_utf8(r))


def known(name: str) -> str:
    """A codec's own name for what settings call it («windows-1251» is cp1251). Raises LookupError."""
    return MARC8 if name.lower().replace("-", "") == "marc8" else lookup(name).name


def of_record(data: bytes, of_file: str, configured: str = "") -> str:
    """The encoding of one record of a file: the file's, unless the record's bytes say otherwise."""
    if is_utf8(data):
        return "utf-8"
    if of_file == "utf-8":
        if _is_broken_utf8(data):
            return "utf-8"
        found, _ = guess(data, "" if configured == "utf-8" else configured)
        return found
    if configured or not _is_doubtful(data, of_file):
        return of_file
    scores = likelihoods(data)
    best = max(scores, key=lambda c: scores[c])
    return best if scores[best] - scores.get(of_file, -100.0) >= _STRANGER_MARGIN else of_file


def of_text(data: bytes, declared: str = "utf-8") -> str:
    """The encoding of XML or JSON: the declared one, unless the bytes say otherwise. Programs write «UTF-8» or
    «windows-1251» from a template whatever follows."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if is_utf8(data):
        return "utf-8"
    declared = "utf-8" if declared == "ascii" else declared
    if declared != "utf-8" and declared not in CYRILLIC:
        return declared
    telling = islice(_HIGH_RUN.finditer(data), _RUNS)  # the English books of a file may come first, and tell nothing
    found = of_record(b" ".join([run[0] for run in telling]), declared)
    return declared if found == MARC8 else found


def _is_broken_utf8(data: bytes) -> bool:
    """UTF-8 but for a byte or two that were lost on the way: one letter is then unreadable, not the whole record.

    Of text in a one-byte code hardly a letter in a hundred is valid UTF-8 by chance.
    """
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = sum(not c.isascii() for c in text) - broken
    return whole >= _WHOLE_PER_BROKEN * broken


def _is_doubtful(data: bytes, codec: str) -> bool:
    """Whether most high bytes aren't the small letters they should be: cheap, for every record of a file."""
    high = data.translate(None, _ASCII)
    if len(high) < _ENOUGH:
        return False
    if codec not in _SMALL:
        return codec == MARC8 and not has_escapes(data) and looks_cyrillic(data)
    return len(high.translate(None, _SMALL[codec])) * 2 > len(high)


def has_escapes(data: bytes) -> bool:
    """MARC-8 escape sequences (MARC 21 Specifications, part 2): ESC and one of the designators."""
    return re.search(rb"\x1b[()$,\-gbps]", data) is not None


def declared_by_100(data: bytes) -> str:
    """What 100$a/26–29 of a UNIMARC record claims, as a codec name; "" where it says nothing we know."""
    found = re.search(rb"\x1e  \x1fa[0-9 ]{8}[a-z ].{17}([0-9 ]{4})", data)
    if not found:
        return ""
    sets = found.group(1).decode("ascii")
    return _UNIMARC_SETS.get(sets[:2], "") or _UNIMARC_SETS.get(sets[2:], "")
