"""Lines of textbooks (УМК) typed as a sentence of the title: they are told as the series they are, not as its words."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from catalog_sync.matching.discriminators import BREAK
from catalog_sync.tables import rows

_NAMED = r"умк\s*:?\s*\"(?P<quoted>[^\"|]{3,40})\""


@cache
def _pattern() -> re.Pattern[str]:
    names = "|".join(re.escape(row["name"]) for row in sorted(rows("lines.tsv"), key=lambda row: -len(row["name"])))
    alone = rf"(?:^|(?<=[.|:;(\[\"]))\s*(?:умк\s*)?\"?(?P<name>{names})\"?(?:\.\.\.)?(?=\s*(?:$|[.|:;,)\]\"]))"
    return re.compile(rf"[(\[]?\s*(?:{_NAMED}|{alone})\s*\.?[)\]]?")


@lru_cache(maxsize=1 << 13)
def take_lines(text: str) -> tuple[tuple[str, ...], str]:
    """Lines a folded text names as sentences of their own, and the text without."""
    found: list[str] = []

    def take(match: re.Match[str]) -> str:
        found.append((match["name"] or match["quoted"]).strip(" ."))
        return BREAK

    rest = _pattern().sub(take, text)
    return tuple(found), rest
