"""МАРК-SQL's field 990: how many copies came, are there and left, where no item stands behind them.

ИУ = учёт by inventory number, УК = by card, без инвентарных номеров (how textbooks are kept).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from msgspec.structs import replace

from catalog_sync.marc.amounts import amount
from catalog_sync.marc.dates import day_of
from catalog_sync.model import Holdings, Item, MarcField

_DATED = re.compile(r"(\d{4}-\d\d?-\d\d?|\d\d?[./]\d\d?[./]\d{2,4}|(?<!\d)\d{8}(?!\d))\s*(?:[(\[:–-]\s*(\d+))?")


def counted(holdings: Holdings, like: Sequence[Item], field: MarcField) -> Holdings:
    """Holdings completed by a 990: copies present that no item of the record stands for become groups.

    `like` gives sigla and call number where the record has a shelf mark without inventory number.
    """
    said = {s.code: s.value for s in reversed(field.subfields)}  # of repeated subfields the first
    by_number, by_card = _number(said, "v"), _number(said, "k")
    received, gone = _sum(said, "ew"), _number(said, "z")
    there = holdings.copies
    if by_number is None and by_card is None:
        came = received if received is not None else _number(said, "j")
        by_card = None if came is None else max(0, came - (gone or 0) - there)
    groups = []
    if (unlisted := (by_number or 0) - there) > 0:
        groups.append(_group(like, unlisted, True, said.get("t", "")))
    if by_card:
        groups.append(_group(like, by_card, False, said.get("h", "")))
    dated = _with_days(list(holdings.items), groups, field)
    sigla, call = holdings.sigla, holdings.call_number
    if like:
        sigla, call = sigla or like[0].sigla, call or like[0].call_number
    return Holdings(tuple(dated), received, gone, sigla, call, f"{holdings.basis}+990" if holdings.items else "990")


def _number(said: dict[str, str], code: str) -> int | None:
    return amount(said.get(code, ""))


def _sum(said: dict[str, str], codes: str) -> int | None:
    numbers = [n for c in codes if (n := _number(said, c)) is not None]
    return sum(numbers) if numbers else None


def _group(like: Sequence[Item], copies: int, individual: bool, ksu: str) -> Item:
    sigla, call = (like[0].sigla, like[0].call_number) if like else ("", "")
    return Item(sigla=sigla, call_number=call, copies=copies, individual=individual, ksu_number=ksu.strip())


def _with_days(items: list[Item], groups: list[Item], field: MarcField) -> list[Item]:
    """990$f gives the days of arrival: one for all, one for each item, or one with its count in brackets."""
    arrivals = list(_arrivals(field))
    if not arrivals:
        return items + groups
    if len({day for day, _ in arrivals}) == 1:
        return [_dated(item, arrivals[0][0]) for item in items + groups]
    if len(arrivals) == len(items) and not groups:
        return [_dated(item, day) for item, (day, _) in zip(items, arrivals, strict=True)]
    if len(groups) == 1 and not items and sum(n for _, n in arrivals) == groups[0].copies:
        return [replace(groups[0], copies=n, registered=d) for d, n in arrivals]
    return items + groups


def _dated(item: Item, day: date) -> Item:
    return item if item.registered else replace(item, registered=day)


def _arrivals(field: MarcField) -> Iterator[tuple[date, int]]:
    for typed in field.all("f"):
        for found in _DATED.finditer(typed):
            if day := day_of(found[1]):
                yield day, amount(found[2] or "") or 0
