"""Books of records that are gone, of copies that another record of the library tells of again: one history, not two.

A base reinstalled numbers its records anew and brings again what it wrote off years ago; an operator makes a second
source for a base, and closes the first. What the former record stands for in the books then leaves them, each line on
its own day, and the other record's lines stand for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any, NamedTuple, Protocol

from msgspec.structs import replace

from catalog_sync.ledger.items import ARRIVALS, BY_HAND, RUN, cell, each_number, merged, sum_known
from catalog_sync.model import EKind, MovementKind, RecordKey, StockMovement

HANDED = "экземпляры теперь под другим номером записи"
_WITHDRAWN = MovementKind.WITHDRAWN
_Rule = Callable[[StockMovement, StockMovement], bool]
_Place = tuple[date, MovementKind, str, str]  # day, column, basis and document of lines


class Books(Protocol):
    """What records describe."""

    def said(self, key: RecordKey) -> Hashable:
        """All a record says of its edition; None where nobody knows."""

    def __call__(self, one: RecordKey, other: RecordKey) -> bool:
        """Whether two records may describe the same book."""


class Taken:
    """Copies of lines, by record: numbered ones, and how many of the others of a place."""

    def __init__(self) -> None:
        self._numbers = set[tuple[RecordKey, bool, str]]()
        self._others = Counter[tuple[RecordKey, _Place]]()

    def add(self, line: StockMovement, number: str, copies: int) -> None:
        if number:
            self._numbers.add((line.record, line.column in ARRIVALS, number))
        else:
            self._others[line.record, _place(line)] += copies

    def split(self, line: StockMovement) -> tuple[StockMovement | None, StockMovement | None]:
        """The part of a line that was taken, and the rest."""
        sign, numbers = (1 if line.copies > 0 else -1), each_number(line)
        some = [number for number in numbers if (line.record, line.column in ARRIVALS, number) in self._numbers]
        count = len(some) or (0 if numbers else min(abs(line.copies), self._others[line.record, _place(line)]))
        if not count:
            return None, line
        self._others[line.record, _place(line)] -= 0 if numbers else count
        others = ", ".join(number for number in numbers if number not in some)
        left = line.copies - sign * count
        part = _of_line(line, sign * count, ", ".join(some))
        return part, _of_line(line, left, others) if left else None


class Handed(NamedTuple):
    """Corrections that hand books over; the copies of records that are gone, and of those told again, they are of; and
    to whom each record that is gone gave most surely."""

    corrections: list[StockMovement]
    taken: Taken
    heirs: Mapping[RecordKey, RecordKey]


class Night(NamedTuple):
    """What is known of the runs of a publication."""

    runs: Mapping[str, int]  # by source, the run that brings or loses its records now
    renewed: Collection[int]  # runs in which much of a base went at once: not copies go then, but their records
    lost_by: Collection[int]  # these and all runs of now: what an earlier one missed of a record had left
    strangers: Collection[RecordKey]  # records that were not there beside the ones that are gone


def inherited(
    told: Iterable[StockMovement], gone: Mapping[RecordKey, Sequence[StockMovement]], books: Books, night: Night
) -> Handed:
    """What records that are gone hand over to others of their library.

    `told`: lines of records that are there. `gone`: all lines of those that are not. A numbered copy is known by its
    number, by its days where both name them, and by what the records describe. Copies without numbers are known by
    their days and by a description that is the same, or where a whole base is told anew at least may be. What was
    written off by an act is no copy that is there, nor one that another act wrote off.
    """
    handing = _Handing(told, books, night)
    formers = [_Former(key, lines, night) for key, lines in gone.items()]
    for former in formers:
        handing.numbers_of(former)
    for rule, is_typed_alike in ((_of_one_day, True), (_of_one_day, False), (_of_which_one_is_undated, True)):
        for former in formers:
            for heir in handing.heirs(former, rule, is_typed_alike):
                handing.groups_of(former, heir, rule)
    return Handed(merged(handing.found), handing.taken, handing.given_to)


@dataclass(slots=True)
class _Lot:
    """Copies that came, or left, on one day; `line` is one of those that say so. One with a number is one copy."""

    line: StockMovement
    copies: int
    number: str = ""


_Pair = tuple[_Lot, _Lot | None, int]  # copies of a record that is gone, those of its heir, and how many they are


class _Copy(NamedTuple):
    """One numbered copy in the books of a record."""

    came: _Lot
    went: _Lot | None


class _Record:
    """A record's books, copy by copy."""

    def __init__(self, key: RecordKey, lines: Sequence[StockMovement]) -> None:
        self.key = key
        lines = [line for line in lines if line.basis != BY_HAND and line.ekind is not EKind.LICENSED]
        self.library = lines[-1].library if lines else ""  # books follow a source to another library
        self.came = _lots([line for line in lines if line.column in ARRIVALS])
        self.went = _lots([line for line in lines if line.column is _WITHDRAWN], -1)

    def numbered(self) -> Iterator[tuple[str, _Copy]]:
        """Copies whose coming the books have under their number."""
        went = {lot.number: lot for lot in self.went if lot.number}
        count = Counter(lot.number for lot in (*self.came, *self.went))
        for lot in self.came:
            if lot.number and count[lot.number] == 1 + (lot.number in went):
                yield lot.number, _Copy(lot, went.get(lot.number))


class _Former(_Record):
    """A record that is gone. What stands of it in the books can be taken off once."""

    def __init__(self, key: RecordKey, lines: Sequence[StockMovement], night: Night) -> None:
        super().__init__(key, lines)
        self._standing = list(_standing(lines))
        self._left = [abs(line.copies) for line in self._standing]
        # Numbers are retyped when records are numbered anew, and else are known.
        had_left = {n for n, copy in self.numbered() if copy.went and copy.went.line.run not in night.renewed}
        self.others_came = [lot for lot in self.came if lot.number not in had_left]
        others = [lot for lot in self.went if lot.number not in had_left]
        self.acts = [lot for lot in others if lot.line.basis != RUN]
        self.is_renewed = any(lot.line.run in night.renewed for lot in others)
        self.lost = [lot for lot in others if lot.line.basis == RUN and lot.line.run in night.lost_by]

    def has(self, line: StockMovement, copies: int) -> bool:
        return sum(self._left[at] for at in self._places(line)) >= copies

    def take(self, line: StockMovement, copies: int) -> Iterator[StockMovement]:
        """What stands for so many copies of a line, in whatever class."""
        for at in self._places(line):
            stood, count = self._standing[at], min(copies, self._left[at])
            if count > 0:
                self._left[at] -= count
                copies -= count
                signed = count if stood.copies > 0 else -count
                yield replace(_of_line(stood, signed), document=line.document)

    def _places(self, line: StockMovement) -> list[int]:
        """Those at the price of the line first."""
        places = [at for at, stood in enumerate(self._standing) if _place(stood)[:3] == _place(line)[:3]]
        return sorted(places, key=lambda at: _price(self._standing[at]) != _price(line))


class _Handing:
    """All that is handed over in one go: whom the copies of each record that is gone belong to now."""

    def __init__(self, told: Iterable[StockMovement], books: Books, night: Night) -> None:
        self.found: list[StockMovement] = []
        self.taken = Taken()
        self.given_to: dict[RecordKey, RecordKey] = {}
        self._books, self._night = books, night
        lines: dict[RecordKey, list[StockMovement]] = {}
        for line in told:
            lines.setdefault(line.record, []).append(line)
        self._with_number: dict[tuple[str, str], list[tuple[_Record, _Copy]]] = {}
        self._of_day: dict[tuple[str, date | None], list[_Record]] = {}
        self._with_words: dict[tuple[str, Hashable], list[_Record]] = {}
        for record in (_Record(key, some) for key, some in lines.items()):
            self._with_words.setdefault((record.library, books.said(record.key)), []).append(record)
            for number, copy in record.numbered():
                self._with_number.setdefault((record.library, number), []).append((record, copy))
            for day in {_day(lot.line) for lot in record.came}:
                self._of_day.setdefault((record.library, day), []).append(record)

    def numbers_of(self, former: _Former) -> None:
        for number, copy in former.numbered():
            for heir, again in self._with_number.get((former.library, number), ()):
                if copy.went and _may_be(copy, again) and self._books(former.key, heir.key):
                    self._hand(former, heir, [(copy.came, again.came, 1), (copy.went, again.went, 1)])
                    break

    def heirs(self, former: _Former, rule: _Rule, is_typed_alike: bool) -> Iterator[_Record]:
        """Records with copies that may be those of one that is gone: of the same words, or perhaps of the same book."""
        lots = [lot for lot in former.others_came if lot.copies and (is_typed_alike or _day(lot.line))]
        if not lots or not (is_typed_alike or former.is_renewed):
            return
        for heir in self._of_words(former) if is_typed_alike else self._with_days(former, lots):
            if rule is not _of_one_day and heir.key not in self._night.strangers:
                continue
            has_like = any(lot.copies and rule(one.line, lot.line) for one in lots for lot in heir.came)
            if has_like and (is_typed_alike or self._books(former.key, heir.key)):
                yield heir

    def _of_words(self, former: _Former) -> Sequence[_Record]:
        """Records of its library that say what it said: looked up, for a base has thousands without a day."""
        said = self._books.said(former.key)
        return () if said is None else self._with_words.get((former.library, said), ())

    def _with_days(self, former: _Former, lots: Sequence[_Lot]) -> Iterator[_Record]:
        """Records of its library with copies of these days."""
        days = dict.fromkeys(_day(lot.line) for lot in lots)
        found = (heir for day in days for heir in self._of_day.get((former.library, day), ()))
        yield from {id(heir): heir for heir in found}.values()

    def groups_of(self, former: _Former, heir: _Record, rule: _Rule) -> None:
        """As many copies as have come and gone in both: without numbers, or with others."""
        came = _matched(former.others_came, heir.came, rule)
        went = _matched(former.acts, heir.went, _of_one_act)
        went += [(lot, None, lot.copies) for lot in former.lost]
        copies = min(_sum(came), _sum(went))
        if copies:
            self._hand(former, heir, [*_first(came, copies), *_first(went, copies)])

    def _hand(self, former: _Former, heir: _Record, pairs: Sequence[_Pair]) -> None:
        if not all(former.has(ours.line, copies) for ours, _, copies in pairs):
            return  # the books know of a change that does not say whose it was
        run = self._night.runs.get(heir.key.source) or self._night.runs.get(former.key.source)
        note = {"kind": MovementKind.CORRECTION, "run": run, "reason": HANDED}
        self.given_to.setdefault(former.key, heir.key)
        for ours, theirs, copies in pairs:
            stood = list(former.take(ours.line, copies))
            self.found += [_off(replace(line, inventory=ours.number), note) for line in stood]
            if theirs and theirs.copies >= copies and theirs.line.column in ARRIVALS and _day(theirs.line) is None:
                # It has come when it came to the former record.
                self.found += _dated(theirs, [replace(line, basis=ours.line.basis) for line in stood], note)
            is_news = ours.line.column is _WITHDRAWN and ours.line.basis == RUN  # the act that wrote them off
            for lot in filter(None, (ours, theirs)):
                lot.copies = max(0, lot.copies - copies)
                if lot is ours or not is_news:
                    self.taken.add(lot.line, lot.number, copies)


def _off(stood: StockMovement, note: Mapping[str, Any]) -> StockMovement:
    return replace(_of_line(stood, -stood.copies, stood.inventory), of=stood.column, **note)


def _dated(lot: _Lot, stood: Iterable[StockMovement], note: Mapping[str, Any]) -> Iterator[StockMovement]:
    """Copies of an undated arrival, on the days on which they stood in another record."""
    for there in stood:
        part = _of_line(lot.line, there.copies, lot.number)
        if _place(there)[:3] != _place(lot.line)[:3]:
            yield _off(part, note)
            yield replace(part, of=there.column, day=there.day, basis=there.basis, **note)


def _may_be(copy: _Copy, again: _Copy) -> bool:
    """Whether the days of two copies with one number let them be one copy; `copy` is of a record that is gone."""
    came, went, there = copy.came.line, copy.went and copy.went.line, again.came.line
    if went and went.basis != RUN:
        if again.went is None:
            return False
        if again.went.line.basis != RUN:
            return _of_one_act(went, again.went.line)
    return _of_one_day(came, there) or _of_which_one_is_undated(came, there)


def _of_one_day(ours: StockMovement, theirs: StockMovement) -> bool:
    return _day(ours) == _day(theirs)


def _of_which_one_is_undated(ours: StockMovement, theirs: StockMovement) -> bool:
    return (_day(ours) is None) != (_day(theirs) is None)


def _of_one_act(ours: StockMovement, theirs: StockMovement) -> bool:
    return ours.day == theirs.day and RUN not in (ours.basis, theirs.basis)


def _matched(ours: Sequence[_Lot], theirs: Sequence[_Lot], may_be: _Rule) -> list[_Pair]:
    """Copies of both that may be the same."""
    left = {id(lot): lot.copies for lot in (*ours, *theirs)}
    found: list[_Pair] = []
    for one, other in product(ours, theirs):
        copies = min(left[id(one)], left[id(other)])
        if copies > 0 and may_be(one.line, other.line):
            left[id(one)] -= copies
            left[id(other)] -= copies
            found.append((one, other, copies))
    return found


def _sum(pairs: Iterable[_Pair]) -> int:
    return sum(copies for *_, copies in pairs)


def _first(pairs: Iterable[_Pair], copies: int) -> list[_Pair]:
    """The first so many copies."""
    found: list[_Pair] = []
    for ours, theirs, count in pairs:
        if copies > 0 and count > 0:
            found.append((ours, theirs, min(count, copies)))
            copies -= count
    return found


def _lots(lines: Iterable[StockMovement], sign: int = 1) -> list[_Lot]:
    """What stands of lines by place, number and price; nothing that cancels out.

    `sign`: of the copies of what stands. Where a number was given or retyped since, what takes it off has no line of
    its own to cancel, and lessens those without numbers.
    """
    lots: dict[tuple[_Place, str, float | None], _Lot] = {}
    lines = list(lines)
    dated = {_place(line)[:2] for line in lines if line.basis != RUN and line.kind is not MovementKind.CORRECTION}
    undated = {_place(line)[:2] for line in lines if line.basis == RUN} - dated  # a mended price names a basis
    for line in lines:
        for number in each_number(line) or [""]:
            lot = lots.setdefault((_place(line), number, _price(line)), _Lot(line, 0, number))
            lot.copies += sign * (line.copies if not number else line.copies // abs(line.copies))
            lot.line = line if sign * line.copies > 0 else lot.line
    less = Counter[_Place]()
    for (place, *_), lot in lots.items():
        less[(*place[:3], "")] += max(0, -lot.copies)
    for (place, *_), lot in sorted(lots.items(), key=lambda pair: pair[0][1] != ""):
        count = min(less[(*place[:3], "")], lot.copies)
        if count > 0:
            less[(*place[:3], "")] -= count
            lot.copies -= count
    for (place, *_), lot in lots.items():
        if place[:2] in undated:
            lot.line = replace(lot.line, basis=RUN)
    return [lot for lot in lots.values() if lot.copies > 0]


def _standing(lines: Iterable[StockMovement]) -> Iterator[StockMovement]:
    """What stands of lines by library, class, place and price; nothing that cancels out."""
    places: dict[tuple[object, ...], list[StockMovement]] = {}
    for line in lines:
        places.setdefault((*cell(line), *_place(line)[:3]), []).append(line)
    for some in places.values():
        prices: dict[float | None, list[StockMovement]] = {}
        for line in some:
            prices.setdefault(_price(line), []).append(line)
        stood = [total for of_price in prices.values() if (total := _total(of_price)).copies]
        if len({line.copies > 0 for line in stood}) == 2:  # some were taken off at a mean price
            stood = [_total(some)]
        yield from (line for line in stood if line.copies)


def _total(lines: Sequence[StockMovement]) -> StockMovement:
    copies = sum(line.copies for line in lines)
    line = next((line for line in lines if line.copies * copies > 0), lines[0])
    return replace(line, kind=line.column, copies=copies, kopecks=sum_known(line.kopecks for line in lines))


def _of_line(line: StockMovement, copies: int, inventory: str = "") -> StockMovement:
    """So many copies, signed, at the price of a line."""
    price = _price(line)
    return replace(line, copies=copies, kopecks=None if price is None else round(price * copies), inventory=inventory)


def _price(line: StockMovement) -> float | None:
    return None if line.kopecks is None else line.kopecks / line.copies


def _place(line: StockMovement) -> _Place:
    """An arrival's basis may change where its date or price is mended; that of an exit says whether there is an act."""
    return line.day, line.column, line.basis if line.column is _WITHDRAWN else "", line.document


def _day(line: StockMovement) -> date | None:
    """The day copies are known to have come on: the day of a run says nothing of it, nor does the day they left on."""
    return None if line.basis == RUN or line.column is MovementKind.INITIAL else line.day
