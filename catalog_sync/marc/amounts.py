"""How many copies a source says there are."""

from __future__ import annotations

import re

LONGEST = 5  # digits: a longer number is a barcode, an inventory number or a price in the wrong place
_NUMBER = re.compile(r"\d+")


def amount(typed: str) -> int | None:
    """The first number typed; None where there is none, or one that can't count copies."""
    found = _NUMBER.search(typed)
    digits = found.group().lstrip("0") if found else ""
    if not found or len(digits) > LONGEST:
        return None
    return int(digits or "0")
