"""What the extent of a description says: pages, size, and that it is a disc and no book."""

from __future__ import annotations

import re
from functools import lru_cache

from catalog_sync.matching.discriminators import Spans, parts_in_extent, take_parts
from catalog_sync.text import fold

_PAGES_MARK = re.compile(r"(?<![^\W\d_])(?:с(?:тр)?(?![^\W\d_])|p(?:p|ages|\.)?(?![^\W\d_]))")
_PAGED = re.compile(r"\W*(?:[ivxlc]+[\W_]+)?\d[\d\s,\[\]]*(?:с(?:тр\w*)?|p(?:p|ages)?)(?![^\W\d_])")
# ГОСТ 7.1-2003, 5.5: of a volume described apart its number stands before its extent, «Ч. 2. – 126 с.».
_PART_BEFORE = re.compile(
    r"\W*(?:(?:ч|часть|т|том|кн|книга|вып|выпуск)\.?\s?(?:\d{1,3}|[ivx]{1,4})(?:-\d{1,3})?"
    r"|\d{1,2}(?:-я)? часть)(?!\w)[\s.,-]*"
)
_INTEGER = re.compile(r"\d{1,4}")
_SIZE = re.compile(r"(\d{1,2})(?:\s?[xх×]\s?\d+)?\s*(?:см|cm)")
_DISC = re.compile(r"^\W*\d+ (?:(sound|audio|аудио|зв\w*|грампл|mp3)|электрон|эл\.|cd|dvd|компакт|опт)")


@lru_cache(maxsize=1 << 13)
def pages(typed: str) -> int:
    """Pages of the main numbering: «104, [1] с.» → 104, «xii, 284 p.» → 284; 0 for «2 т.» and unknown."""
    extent = fold(typed)
    if parts_in_extent(extent):
        return 0
    extent = _PART_BEFORE.sub("", extent, count=1) if _PART_BEFORE.match(extent) else extent
    extent = re.split("[:;]", extent.replace("[", " ["))[0]
    mark = _PAGES_MARK.search(extent)
    before = re.sub(r"\[[^\]]*\]?", " ", extent[: mark.start()] if mark else extent)
    found = [int(n) for n in _INTEGER.findall(before)] or [int(n) for n in _INTEGER.findall(extent[:30])]
    return max(found, default=0)


@lru_cache(maxsize=1 << 13)
def part_before(typed: str) -> Spans:
    """The part an extent begins with: «Ч. 2. – 126 с.»."""
    found = _PART_BEFORE.match(fold(typed))
    return take_parts(found[0])[0] if found else {}


@lru_cache(maxsize=1 << 13)
def is_paged(extent: str) -> bool:
    """«XII, 160 с.», not «1 CD (160 с.)» nor «1 электрон. опт. диск»."""
    return bool(_PAGED.match(fold(extent)))


@lru_cache(maxsize=1 << 13)
def size(text: str) -> int:
    """Height of the book in centimetres, 0 where it isn't said."""
    found = _SIZE.search(text)
    return int(found[1]) if found else 0


@lru_cache(maxsize=1 << 13)
def disc(extent: str) -> str:
    """audio | electronic: «1 зв. диск», «1 электрон. опт. диск», where the extent says that it is no book; else ""."""
    carried = _DISC.search(fold(extent))
    return ("audio" if carried[1] else "electronic") if carried else ""
