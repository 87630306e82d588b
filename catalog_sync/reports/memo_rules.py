"""What the аналитическая справка notices: one rule, one function, with the schools it concerns and whom to advise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from catalog_sync.reports import replenishment, russian
from catalog_sync.reports.facts import ALL, ELECTRONIC, FICTION, OTHER, Facts, Kinds
from catalog_sync.reports.replenishment import Extras
from catalog_sync.reports.russian import LICENCE, SCHOOL, TITLE, counted, genitive, percent, within
from catalog_sync.store.figures import Balance
from catalog_sync.store.licences import Licence
from catalog_sync.store.provision import Line

NOTABLE_GROWTH = 0.05  # growth worth naming a school for: smaller is within the error of an annual stocktaking
GOOD_COMPLETENESS = 0.8  # below this share of dated copies, movement by period says little
MUCH_OTHER = 0.2  # a fifth of the stock without a category: the rows of ОО-2 mean little
WARN_DAYS = 90  # a contract is prolonged by municipal procurement in about a quarter
ANSWER_DAYS = 30


@dataclass(frozen=True, slots=True)
class Background:
    """What the memo needs beside the figures of its period."""

    year_before: Facts  # of the same days
    extras: Extras
    records: int
    editions: int
    licences: Sequence[Licence]
    organisation: str = ""
    basis: str = replenishment.BASIS
    provision: tuple[float, int, int] | None = None  # share, missing copies, schools that stated their needs
    needs: Sequence[Line] = ()  # the same, book by book


@dataclass(frozen=True, slots=True)
class Findings:
    good: tuple[str, ...]
    bad: tuple[str, ...]
    advice: tuple[tuple[str, tuple[str, ...]], ...]  # addressee → what to do


DEPARTMENT, METHODISTS, HEADS, LIBRARIANS = (
    "Отделу образования", "Районному методическому кабинету", "Руководителям общеобразовательных организаций",
    "Педагогам-библиотекарям",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Notes:
    """What the rules see, and what they note."""

    facts: Facts
    background: Background
    codes: Sequence[str]
    good: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)
    advice: dict[str, list[str]] = field(default_factory=dict)

    def advise(self, who: str, what: str) -> None:
        self.advice.setdefault(who, []).append(what)

    def where(self, kinds: Kinds, rule: Callable[[Balance], bool]) -> list[str]:
        """Codes of the schools whose balance the rule notices."""
        return [code for code in self.codes if rule(self.facts.copies(code, kinds))]

    def named(self, chosen: Sequence[str]) -> str:
        name = {one.library.code: one.library.name for one in self.facts.schools}
        rest = " (см. приложение)" if len(chosen) > russian.NAMED else ""
        return russian.named([name[code] for code in chosen], SCHOOL) + rest

    @property
    def due(self) -> str:
        return russian.day(self.facts.today + timedelta(ANSWER_DAYS))


def findings(facts: Facts, background: Background, codes: Sequence[str]) -> Findings:
    """What the rules notice, each with the schools it concerns, and what to do; none of a school that is closed."""
    closed = {one.library.code for one in facts.schools if one.closed and one.closed <= facts.as_of}
    notes = _Notes(facts, background, [code for code in codes if code not in closed])
    for rule in (_electronic_grew, _fiction_came, _nothing_came, _no_electronic, _fiction_shrinks, _no_data, _undated,
                 _contracts_end, _much_other):  # fmt: skip
        rule(notes)
    order = (DEPARTMENT, METHODISTS, HEADS, LIBRARIANS)
    advice = tuple((who, tuple(notes.advice[who])) for who in order if who in notes.advice)
    return Findings(tuple(notes.good), tuple(notes.bad), advice)


def _electronic_grew(notes: _Notes) -> None:
    grew = notes.where(ELECTRONIC, lambda balance: (balance.growth or 0) >= NOTABLE_GROWTH)
    if grew:
        notes.good.append(f"Фонд электронных изданий вырос на {percent(NOTABLE_GROWTH)} и более "
                          f"{within(len(grew), SCHOOL)}: {notes.named(grew)}.")  # fmt: skip


def _fiction_came(notes: _Notes) -> None:
    bought = notes.where(FICTION, lambda balance: balance.acquired > 0)
    if bought:
        share = percent(len(bought) / len(notes.codes))
        notes.good.append(f"Художественная литература поступила {within(len(bought), SCHOOL)} ({share}).")


def _nothing_came(notes: _Notes) -> None:
    none = notes.where(ALL, lambda balance: balance.acquired == 0)
    if none:
        notes.bad.append(f"Поступлений за период не было {within(len(none), SCHOOL)}: {notes.named(none)}.")
        notes.advise(HEADS, f"проверить, внесены ли поступления в программу учёта ({notes.named(none)}), и "
                     f"предусмотреть пополнение фонда — до {notes.due};")  # fmt: skip


def _no_electronic(notes: _Notes) -> None:
    none = notes.where(ELECTRONIC, lambda balance: balance.closing == 0)
    if none:
        notes.bad.append(f"Электронных изданий в фонде нет {within(len(none), SCHOOL)}: {notes.named(none)}.")
        whom = genitive(len(none), SCHOOL)
        notes.advise(METHODISTS, f"подобрать электронные издания для {whom}, где их нет, — до {notes.due};")


def _fiction_shrinks(notes: _Notes) -> None:
    lost = notes.where(FICTION, lambda balance: balance.left > balance.acquired)
    if lost:
        notes.bad.append(f"Художественной литературы выбыло больше, чем поступило, {within(len(lost), SCHOOL)}: "
                         f"{notes.named(lost)}.")  # fmt: skip
        notes.advise(HEADS, f"предусмотреть приобретение художественной литературы ({notes.named(lost)}) — "
                     f"до {notes.due};")  # fmt: skip


def _no_data(notes: _Notes) -> None:
    missing = notes.facts.coverage().missing
    if missing:
        names = russian.named(missing, SCHOOL)
        rest = ", все – в разделе 3" if len(missing) > russian.NAMED else ""
        notes.bad.append(f"Нет свежих данных {within(len(missing), SCHOOL)}: {names}{rest}.")
        notes.advise(HEADS, f"обеспечить выгрузку каталога ({names}{rest}) — до {notes.due};")


def _undated(notes: _Notes) -> None:
    dated = notes.background.extras.dated
    undated = [code for code in notes.codes if dated.get(code, 1.0) < GOOD_COMPLETENESS]
    if undated:
        notes.bad.append(f"Менее {percent(GOOD_COMPLETENESS)} экземпляров имеют дату регистрации "
                         f"{within(len(undated), SCHOOL)}: {notes.named(undated)}.")  # fmt: skip
        notes.advise(LIBRARIANS, f"внести даты регистрации экземпляров ({notes.named(undated)}) — до {notes.due};")


def _contracts_end(notes: _Notes) -> None:
    today = notes.facts.today
    ending = _ending(notes.background.licences, today)
    if ending:
        titles = sum(one.titles for one in ending)
        verb = russian.agree(len(ending), "заканчивается", "заканчиваются")
        notes.bad.append(f"До {russian.day(today + timedelta(WARN_DAYS))} {verb} {counted(len(ending), LICENCE)}"
                         + (f" на {counted(titles, TITLE)}." if titles else "."))  # fmt: skip
        notes.advise(DEPARTMENT, f"решить вопрос о продлении: {', '.join(_contract(one) for one in ending)};")


def _much_other(notes: _Notes) -> None:
    everything, other = notes.facts.copies(notes.codes), notes.facts.copies(notes.codes, OTHER)
    if everything.closing and other.closing / everything.closing > MUCH_OTHER:
        notes.bad.append(f"Категория не определена у {percent(other.closing / everything.closing)} фонда: строки 02–05 "
                         "формы ОО-2 неполны.")  # fmt: skip
        notes.advise(LIBRARIANS, f"указать вид издания в записях категории «прочее» — до {notes.due};")


def _ending(licences: Sequence[Licence], today: date) -> list[Licence]:
    last = today + timedelta(WARN_DAYS)
    return [one for one in licences if one.closed is None and today <= one.ends <= last]


def _contract(one: Licence) -> str:
    return f"«{one.name}» (до {russian.short_day(one.ends)})"
