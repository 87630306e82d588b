"""What a record says about a feature, as the person who decides reads it."""

from __future__ import annotations

from collections.abc import Callable

from catalog_sync.matching.features import Features
from catalog_sync.matching.publishers import house_name

_FORMS = {
    "electronic": "электронный ресурс",
    "audio": "аудио",
    "video": "видео",
    "large": "крупный шрифт",
    "braille": "шрифт Брайля",
    "micro": "микроформа",
    "print": "печать",
}
_LABELS = {"ч": "ч. ", "т": "т. ", "к": "кн. ", "в": "вып. ", "н": "№ ", "": ""}
_LEVELS = {"base": "базовый", "advanced": "углублённый", "both": "базовый и углублённый"}
KIND_NAMES = {
    "textbook": "учебник",
    "workbook": "рабочая тетрадь",
    "copybook": "прописи",
    "trainer": "тренажёр",
    "method": "методическое пособие",
    "lessons": "поурочные разработки",
    "teacher": "книга для учителя",
    "didactic": "дидактические материалы",
    "tests": "проверочные работы, тесты",
    "labs": "лабораторные работы",
    "problems": "сборник задач",
    "atlas": "атлас",
    "contour": "контурные карты",
    "reader": "хрестоматия",
    "program": "программа",
    "reference": "справочник",
    "dictionary": "словарь",
    "encyclopedia": "энциклопедия",
    "album": "альбом",
}


def shown(f: Features, feature: str) -> str:
    """The value of one feature in Russian; "" where the record says nothing."""
    reader = _READERS.get(feature)
    return reader(f) if reader else ""


def _names(names: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(
        " ".join((surname.title(), "".join(f"{i.upper()}." for i in initials))).strip() for surname, initials in names
    )


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}–{last}"


def _part(f: Features) -> str:
    if f.is_set:
        return f"комплект из {f.parts_total}" if f.parts_total else "комплект"
    return ", ".join(_LABELS[label] + _span(first, last) for label, first, last in f.parts)


_READERS: dict[str, Callable[[Features], str]] = {
    "isbn": lambda f: ", ".join(f.isbns + tuple(f"{i} (общ.)" for i in f.shared_isbns)),
    "title": lambda f: " ".join(f.title + f.numbers),
    "subtitle": lambda f: " ".join(f.subtitle + f.subtitle_numbers),
    "author": lambda f: _names(f.authors) + (" (возможно, и другие)" if f.and_others else ""),
    "compiler": lambda f: _names(f.compilers or f.authors),
    "translator": lambda f: _names(f.translators),
    "year": lambda f: ", ".join(map(str, f.years)),
    "publisher": lambda f: ", ".join(map(house_name, f.houses)),
    "pages": lambda f: f"{f.pages} с." if f.pages else "",
    "size": lambda f: f"{f.size} см" if f.size else "",
    "edition": lambda f: f"{f.edition}-е изд." if f.edition else "",
    "revision": lambda f: {"stereo": "стер.", "revised": "перераб."}.get(f.revision, ""),
    "grade": lambda f: f"{_span(*f.grade)} кл." if f.grade else "",
    "part": _part,
    "kind": lambda f: KIND_NAMES.get(f.kind, f.kind),
    "form": lambda f: _FORMS.get(f.form, "не указана"),
    "level": lambda f: _LEVELS.get(f.level, ""),
    "numbers": lambda f: ", ".join(f.numbers + f.subtitle_numbers),
    "serves": lambda f: "к учебнику: " + ", ".join(name.title() for name in f.serves) if f.serves else "",
    "series": lambda f: ", ".join(f.series),
    "issn": lambda f: ", ".join(f.issns),
    "analytic": lambda f: "часть издания" if f.analytic else "отдельное издание",
}
