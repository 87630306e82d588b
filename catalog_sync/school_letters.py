"""The letter to one school: what could not be read, what is there twice, what can be mended, with record numbers.

Deciding what is a fault belongs to matching.faults; here it is collected, grouped and said in Russian.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from catalog_sync.errors import BadRecord
from catalog_sync.marc.reading import marc_record, to_bib
from catalog_sync.matching.faults import Fault, faults
from catalog_sync.model import BibRecord, HarvestRun, Library, RecordKey, RunState, SetAside, Source, SourceRecord
from catalog_sync.reports.russian import RECORD, Word, agree, counted, day, short_day, within
from catalog_sync.settings import District
from catalog_sync.store import records, registry, runs
from catalog_sync.store import tables as t
from catalog_sync.store.database import chunks
from catalog_sync.text import repair_homoglyphs

LIMIT = 10  # examples of one kind: a letter is read to its end, a list of three hundred is not
TITLE_WIDTH = 70  # characters of a title: enough to recognise the book on the shelf list
PIECE = Word("кусок файла", "куска файла", "кусков файла", "куска файла", "куске файла", "кусках файла")
EDITION = Word("издание", "издания", "изданий", "издания", "издании", "изданиях")


@dataclass(frozen=True, slots=True)
class Kind:
    """A group of faults in the letter: its heading, and what to do about all of them."""

    heading: str
    what_to_do: str


KINDS: dict[str, Kind] = {
    "isbn-check": Kind(
        "Не сходится контрольная цифра ISBN",
        "Сверьте номер с книгой. По неверному ISBN книга не найдётся и не сойдётся с такой же в других школах.",
    ),
    "isbn-length": Kind("В ISBN не то число цифр", "В ISBN 10 или 13 цифр. Сверьте номер с книгой."),
    "isbn-price": Kind("В поле ISBN стоит цена", "Перенесите цену; если на книге есть ISBN, впишите его."),
    "homoglyphs": Kind(
        "Латинские буквы среди русских",
        "На вид такие буквы не отличить, но поиск в вашей программе такое слово не найдёт. Наберите слово заново "
        "в русской раскладке.",
    ),
    "title-missing": Kind("Нет заглавия", "Перенесите заглавие с титульного листа."),
    "grade-in-title": Kind(
        "Класс указан только в заглавии",
        "Перенесите класс из заглавия в сведения, относящиеся к заглавию: тогда в заглавии останется название книги.",
    ),
    "part-in-title": Kind("Номер части указан в заглавии", "Перенесите номер части из заглавия в его подполе."),
    "year-missing": Kind("Не указан год издания", "Год стоит на титульном листе или в выходных данных в конце книги."),
    "year-letter": Kind("В годе издания буква вместо цифры", "Наберите год цифрами: вместо буквы О – ноль."),
    "year-range": Kind("Такого года издания быть не может", "Сверьте год с книгой."),
    "year-differs": Kind("В двух местах записи разные годы", "Сверьте год с книгой и поправьте неверный."),
}
# How the reason of a set-aside piece begins → heading, what is counted, what to do.
LEFT_OUT = {
    "": (
        "Не удалось прочесть",
        PIECE,
        "Этих книг нет в сводном каталоге. Откройте запись в своей программе, сохраните её заново и выгрузите; "
        "если не помогло, пришлите файл методисту.",
    ),
    "повтор": (
        "Запись выгружена ещё раз",
        RECORD,
        "Книга в каталоге есть, вторая такая же запись не учтена. Если она есть и в вашей программе, удалите лишнюю.",
    ),
    "ожидалась библиографическая запись": (
        "Это не описание книги",
        RECORD,
        "Авторитетные и служебные записи в каталог не идут: исправлять их не нужно, и выгружать тоже.",
    ),
}
# Words of a warning → what to do; the first that fit.
NOTICED = {
    "001": "Каждой записи нужен свой постоянный номер: по нему каталог узнаёт её в следующей выгрузке.",
    "запись в формате": "Запись прочитана по правилам своего формата. Похоже, её скопировали из другого каталога, "
    "не переводя: переведите её в формат своей программы.",
    "": "Запись прочитана, но программа выгрузила её с ошибкой. Сохраните запись заново; если таких много, "
    "сообщите методисту.",
}
OTHER = Kind("Другие ошибки", "Сверьте с книгой.")


@dataclass(frozen=True, slots=True)
class Remark:
    """One record to mend: its number in the school's own system, what book it is, what is wrong."""

    number: str
    book: str
    detail: str


@dataclass(frozen=True, slots=True)
class Section:
    """One kind of remark; `records` may be more than the remarks shown."""

    heading: str
    what_to_do: str
    remarks: tuple[Remark, ...]


@dataclass(slots=True)
class Findings:
    """What a pass over the school's records brought."""

    records: int = 0
    books: dict[int, str] = field(default_factory=dict)
    by_kind: dict[str, list[Remark]] = field(default_factory=lambda: defaultdict(list))
    by_warning: dict[str, list[Remark]] = field(default_factory=lambda: defaultdict(list))


def letter(connection: Connection, source: str, *, today: date, district: District, limit: int = LIMIT) -> str:
    """The letter about one source, as plain text. Refused where there is no such source."""
    about = registry.get_source(connection, source)
    library = registry.find_library(connection, about.library) or Library(about.library, about.library)
    last = next(iter(runs.latest(connection, source=source, limit=1)), None)
    found = _look_through(connection, about, today)
    number = registry.published_run(connection, source)
    zone = ZoneInfo(district.time_zone)
    sections = [
        *_left_out(runs.set_aside(connection, number) if number else []),
        *_repeated(connection, about, found),
        *_numbers(found),
        *_mendable(found),
    ]
    published = runs.find(connection, number) if number else None
    lines = [*_head(about, library, district, today), *_opening(found, published, last, sections, zone)]
    for place, section in enumerate(sections, start=1):
        lines += ["", *_section(place, section, limit)]
    return "\n".join([*lines, "", *_farewell(district)])


# --- collecting -------------------------------------------------------------------------------------------------------


def _look_through(connection: Connection, source: Source, today: date) -> Findings:
    found = Findings()
    live = select(t.record.c.id).where(t.record.c.source == source.code, t.record.c.deleted.is_(False))
    for some in chunks(list(connection.execute(live.order_by(t.record.c.id)).scalars())):
        for id_, record in records.load(connection, some):
            found.records += 1
            try:
                bib = to_bib(record, source.holdings_profile)
            except BadRecord:
                continue  # it was readable when it was published; `check` speaks of it
            found.books[id_] = _book(bib)
            for fault in faults(bib, today.year):
                found.by_kind[fault.kind].append(Remark(bib.key.local_id, found.books[id_], _detail(fault)))
            for warning in bib.warnings:
                found.by_warning[_general(warning)].append(Remark(_typed_number(record), found.books[id_], warning))
    return found


def _typed_number(record: SourceRecord) -> str:
    """The number as the school knows it: a missing or repeated 001 was replaced by one of ours."""
    return marc_record(record).control("001").strip() or "без номера"


def _book(bib: BibRecord) -> str:
    """«Математика. Ч. 1», 2019: what a librarian recognises a book by."""
    parts = " ".join(f"{part.number} {part.title}".strip() for part in bib.parts)
    title = ". ".join(filter(None, (bib.title.rstrip(" .:/"), parts))) or "без заглавия"
    if len(title) > TITLE_WIDTH:
        title = title[: TITLE_WIDTH - 1].rstrip() + "…"
    return ", ".join(filter(None, (f"«{title}»", bib.year_text.strip(" .,[]"))))


def _detail(fault: Fault) -> str:
    if fault.kind == "homoglyphs":
        return f"поле {fault.field}: {_latin(fault.found)}"
    known = KINDS.get(fault.kind)
    text = f"поле {fault.field}: «{fault.found}»" if fault.found else f"поле {fault.field}"
    text += f", перенести в {fault.target}" if fault.target else ""
    # What is the same for every record of the group is said once, above them.
    return text if known and fault.kind not in ("isbn-length",) else f"{text} — {fault.advice}"


def _latin(text: str) -> str:
    """«слово «Мaтематика», латинская a — 2-я буква»: the eye can't see which letter it is."""
    told = []
    for typed in text.split():
        right = repair_homoglyphs(typed)
        places = [n for n, (a, b) in enumerate(zip(typed, right, strict=False), start=1) if a != b]
        if places:
            letters = ", ".join(f"{typed[n - 1]} ({n}-я)" for n in places)
            told.append(f"в слове «{typed.strip(',.;:()«»')}» не русские буквы: {letters}")
    return "; ".join(told) or f"«{text}»"


def _general(warning: str) -> str:
    """The kind of a warning: its words before the particulars."""
    return warning.partition(":")[0]


def _repeated(connection: Connection, source: Source, found: Findings) -> Iterator[Section]:
    """Editions described more than once in this base, and editions that another base of the same library has too."""
    inside, beside = [], []
    for members in _duplicates(connection, source):
        own = [m for m in members if m.key.source == source.code]
        for place, member in enumerate(own):
            book = found.books.get(member.id, "")
            if len(own) > 1 and place == 0:
                others = ", ".join(_numbered(m) for m in own[1:])
                inside.append(Remark(_numbered(member), book, f"то же издание: {others}"))
        strangers = [m for m in members if m.key.source != source.code]
        if strangers and own:
            there = ", ".join(f"{m.key.source}: {_numbered(m)}" for m in strangers)
            beside.append(Remark(_numbered(own[0]), found.books.get(own[0].id, ""), f"есть и в другой базе — {there}"))
    if inside:
        yield Section(
            f"Одно издание описано дважды или чаще: {counted(len(inside), EDITION)}",
            "Сверьте с книгами. Если это одно издание, перенесите экземпляры на одну запись, а лишнюю удалите. "
            "Если издания разные, допишите, чем они различаются: часть, класс, год.",
            tuple(inside),
        )
    if beside:
        yield Section(
            f"Одно издание в двух базах вашей библиотеки: {counted(len(beside), EDITION)}",
            "Если в обеих базах одни и те же экземпляры, они посчитаны дважды. Оставьте их в одной базе.",
            tuple(beside),
        )


@dataclass(frozen=True, slots=True)
class _Member:
    id: int
    key: RecordKey
    copies: int


def _numbered(member: _Member) -> str:
    return f"{member.key.local_id} (экз. {member.copies})"


def _duplicates(connection: Connection, source: Source) -> list[list[_Member]]:
    """Clusters with two records of this library or more, one of them of this source; by their first record."""
    of_library = select(t.source.c.code).where(t.source.c.library == source.library)
    several = (
        select(t.member.c.cluster)
        .join_from(t.member, t.record, t.record.c.id == t.member.c.record)
        .where(t.record.c.source.in_(of_library))
        .group_by(t.member.c.cluster)
        .having(func.count() > 1)
    )
    rows = connection.execute(
        select(t.member.c.cluster, t.record.c.id, t.record.c.source, t.record.c.local_id, t.holding.c.copies)
        .join_from(t.member, t.record, t.record.c.id == t.member.c.record)
        .outerjoin(t.holding, t.holding.c.record == t.record.c.id)
        .where(t.member.c.cluster.in_(several), t.record.c.source.in_(of_library))
        .order_by(t.record.c.source, t.record.c.local_id)
    )
    found: Mapping[str, list[_Member]] = defaultdict(list)
    for row in rows:
        found[row.cluster].append(_Member(row.id, RecordKey(row.source, row.local_id), row.copies or 0))
    return [members for members in found.values() if any(m.key.source == source.code for m in members)]


def _left_out(pieces: Sequence[SetAside]) -> Iterator[Section]:
    """What of the file is not in the catalogue: torn pieces, second copies, records that describe no book."""
    files = {piece.file for piece in pieces}
    groups: dict[str, list[Remark]] = defaultdict(list)
    for piece in pieces:
        where = f"{piece.number}-я в файле" + (f" {piece.file}" if len(files) > 1 else "")
        # «school-13:RU/77: …»: that it is of this school needs no saying.
        reason = piece.reason.partition(": ")[2] if piece.reason.startswith(f"{piece.source}:") else piece.reason
        groups[_why_left_out(reason)].append(Remark(where, "", reason))
    for why, (heading, what, what_to_do) in LEFT_OUT.items():
        if why in groups:
            yield Section(f"{heading}: {counted(len(groups[why]), what)}", what_to_do, tuple(groups[why]))


def _why_left_out(reason: str) -> str:
    return next((why for why in LEFT_OUT if why and reason.startswith(why)), "")


def _numbers(found: Findings) -> Iterator[Section]:
    """Warnings of reading: numbers missing or repeated, other encodings and formats, lengths that lie."""
    for warning, remarks in sorted(found.by_warning.items()):
        yield Section(
            f"{warning[:1].upper()}{warning[1:]}: {counted(len(remarks), RECORD)}",
            next(said for words, said in NOTICED.items() if words in warning),
            tuple(remarks),
        )


def _mendable(found: Findings) -> Iterator[Section]:
    order = [*KINDS, *sorted(set(found.by_kind) - set(KINDS))]
    for kind in order:
        remarks = found.by_kind.get(kind)
        if remarks:
            told = KINDS.get(kind, OTHER)
            count = len({remark.number for remark in remarks})
            yield Section(f"{told.heading}: {within(count, RECORD)}", told.what_to_do, tuple(remarks))


# --- writing ----------------------------------------------------------------------------------------------------------


def _head(source: Source, library: Library, district: District, today: date) -> list[str]:
    base = source.name if source.name and source.name != library.name else ""
    to = [f"Кому: {library.name}" + (f", {library.settlement}" if library.settlement else "")]
    if library.email:
        to.append(f"Почта: {library.email}")
    about = f"О чём: записи источника {source.code}" + (f" ({base})" if base else "")
    return [*filter(None, (district.organisation, district.name)), "", *to, about, f"Дата: {day(today)}", ""]


def _opening(
    found: Findings, published: HarvestRun | None, last: HarvestRun | None, sections: Sequence[Section], zone: tzinfo
) -> list[str]:
    lines = ["Здравствуйте!", ""]
    if last and last.state is RunState.HELD:
        came = short_day(last.started.astimezone(zone).date())
        lines += [
            f"Ваша последняя выгрузка ({came}) не опубликована: {last.message}. "
            "Проверьте, вся ли база выгружена, и выгрузите её ещё раз.",
            "",
        ]
    if published is None:
        return [*lines, "Выгрузок вашей библиотеки в каталоге пока нет: пришлите первую, и мы её проверим."]
    seen = f"{agree(found.records, 'Просмотрена', 'Просмотрено')} {counted(found.records, RECORD)}"
    lines.append(f"{seen}, выгрузка от {short_day(published.started.astimezone(zone).date())}.")
    if not sections:
        return [*lines, "Замечаний нет. Спасибо за аккуратную работу!"]
    lines += [
        "Ниже то, что стоит поправить в вашей программе. Исправления попадут в сводный каталог и в отчёты сами, "
        "со следующей выгрузкой.",
        "Номер записи — это поле 001; по нему запись можно найти в вашей программе.",
    ]
    return lines


def _section(place: int, section: Section, limit: int) -> list[str]:
    lines = [f"{place}. {section.heading}", f"   {section.what_to_do}"]
    for remark in section.remarks[:limit]:
        which = ", ".join(filter(None, (remark.number, remark.book)))
        said = remark.detail.lower() in section.heading.lower()
        lines.append(f"   – {which}" + ("" if said else f": {remark.detail}"))
    if len(section.remarks) > limit:
        lines.append(f"   … и ещё {len(section.remarks) - limit}")
    return lines


def _farewell(district: District) -> list[str]:
    ask = f"Вопросы можно задать письмом: {district.email}." if district.email else ""
    return [line for line in (ask, "Письмо составлено программой сводного каталога по вашей выгрузке.") if line]

