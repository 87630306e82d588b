"""The statistics endpoint's answer: figures by period × library × class, growth, shares and the way to the rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from catalog_sync.errors import Refused
from catalog_sync.model import Carrier, Category, EKind
from catalog_sync.reports.model import Drill
from catalog_sync.reports.period import Period, steps
from catalog_sync.store import coverage
from catalog_sync.store.coverage import Freshness
from catalog_sync.store.figures import Balance, Cell, Figures, Selection, balances, series
from catalog_sync.store.rollups import DISTRICT

DIMENSIONS = ("library", "category", "carrier", "ekind")
MOST_STEPS = 400  # more periods than days of a year are a mistake or an attack


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. Empty tuples mean everything; `partners` lets libraries outside the school network in."""

    period: Period
    grain: str = ""  # "" = the whole period at once
    by: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    carriers: tuple[str, ...] = ()
    ekinds: tuple[str, ...] = ()
    partners: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the answer. `titles` is None where they can't be added up (several libraries, not one scope)."""

    period: Period
    key: tuple[tuple[str, str], ...]  # (dimension, value)
    copies: Balance
    titles: Balance | None
    share: float | None  # of the copies of the same step at its end
    rows: str  # query of the rows that are the state


@dataclass(frozen=True, slots=True)
class Answer:
    period: Period
    covered: int
    of: int
    missing: tuple[str, ...]
    total: Line
    lines: tuple[Line, ...]


def answer(connection: Connection, question: Question, today: date) -> Answer:
    """Figures as asked. Raises Refused for an unknown library or a grain finer than MOST_STEPS allows."""
    fresh = coverage.freshness(connection)
    chosen = _chosen(fresh, question)
    scopes = _scopes(chosen, fresh, question)
    periods = steps(question.period, question.grain) if question.grain else [question.period]
    if len(periods) > MOST_STEPS:
        raise Refused(f"шаг {question.grain}: {len(periods)} шагов в периоде, ожидалось не больше {MOST_STEPS}")
    selection = Selection(scopes, question.categories, question.carriers, question.ekinds)
    lines: list[Line] = []
    spans = [(step.start, step.end) for step in periods]
    for step, figures in zip(periods, series(connection, selection, spans), strict=True):
        lines += _lines(figures, question, step, scopes)
    whole = balances(connection, selection, question.period.start, question.period.end)
    covered = [one for one in chosen if one.covers(question.period.end, today)]
    missing = tuple(one.library.code for one in chosen if one not in covered)
    total = _line(whole, question, question.period, (), list(_all_cells(whole)), None, scopes)
    return Answer(question.period, len(covered), len(chosen), missing, total, tuple(lines))


def _chosen(fresh: Sequence[Freshness], question: Question) -> list[Freshness]:
    known = {one.library.code: one for one in fresh}
    for code in question.libraries:
        if code not in known:
            raise Refused(f"library: библиотеки {code!r} нет")
    if question.libraries:
        return [known[code] for code in dict.fromkeys(question.libraries)]
    there = [one for one in fresh if one.was_open(question.period.start)]
    return [one for one in there if question.partners or one.library.kind == "school"]


def _scopes(chosen: Sequence[Freshness], fresh: Sequence[Freshness], question: Question) -> tuple[str, ...]:
    """The district's roll-up where all schools are meant and nobody asks for each; else every library of its own."""
    there = [one for one in fresh if one.was_open(question.period.start)]
    schools = {one.library.code for one in there if one.library.kind == "school"}
    codes = [one.library.code for one in chosen]
    if "library" not in question.by and set(codes) == schools:
        return (DISTRICT,)
    return tuple(codes)


def _all_cells(figures: Figures) -> Iterable[Cell]:
    return dict.fromkeys((*figures.copies, *figures.titles))


def _lines(figures: Figures, question: Question, step: Period, scopes: tuple[str, ...]) -> list[Line]:
    groups: dict[tuple[tuple[str, str], ...], list[Cell]] = {}
    for cell in _all_cells(figures):
        key = tuple((name, cell.scope if name == "library" else getattr(cell, name)) for name in question.by)
        groups.setdefault(key, []).append(cell)
    if not question.by and not groups:
        groups[()] = []
    everything = sum(balance.closing for balance in figures.copies.values())
    return [_line(figures, question, step, key, groups[key], everything, scopes) for key in sorted(groups)]


def _line(
    figures: Figures, question: Question, step: Period, key: tuple[tuple[str, str], ...], cells: Sequence[Cell],
    everything: int | None, scopes: tuple[str, ...],
) -> Line:  # fmt: skip
    copies = sum((figures.copies[cell] for cell in cells if cell in figures.copies), Balance())
    one_scope = len(scopes) == 1 or ("library" in question.by and bool(key))
    titles = sum((figures.titles[cell] for cell in cells if cell in figures.titles), Balance()) if one_scope else None
    share = copies.closing / everything if everything else None
    return Line(step, key, copies, titles, share, _rows(question, step, dict(key), scopes))


def _rows(question: Question, step: Period, key: dict[str, str], scopes: tuple[str, ...]) -> str:
    def chosen(name: str, asked: tuple[str, ...]) -> tuple[str, ...]:
        return (key[name],) if name in key else asked

    scope = key.get("library") or ("*" if scopes == (DISTRICT,) else ",".join(scopes))
    return Drill(
        scope, step.start, step.end,
        categories=chosen("category", question.categories), carriers=chosen("carrier", question.carriers),
        ekinds=chosen("ekind", question.ekinds),
    ).query  # fmt: skip


def balance_dict(balance: Balance) -> dict[str, Any]:
    """A balance as plain values, with what follows from it."""
    return {
        "opening": balance.opening,
        "initial": balance.initial,
        "acquired": balance.acquired,
        "withdrawn": balance.withdrawn,
        "expired": balance.expired,
        "closing": balance.closing,
        "growth": None if balance.growth is None else round(balance.growth, 6),
    }


VALUES = {
    "category": tuple(category.value for category in Category),
    "carrier": tuple(carrier.value for carrier in Carrier),
    "ekind": tuple(ekind.value or "none" for ekind in EKind),
}
