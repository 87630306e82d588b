"""Fields of a description and what matching sees of it, in the words of cataloguers: for `catalog-sync explain`."""

from __future__ import annotations

from catalog_sync.model import Carrier, Category, MovementKind

FIELDS = {
    "title": "заглавие", "article": "артикль", "parallel_titles": "параллельное заглавие",
    "other_titles": "другие заглавия", "subtitle": "сведения к заглавию",
    "parts": "часть", "responsibility": "ответственность", "edition": "сведения об издании", "places": "место",
    "publishers": "издательство", "year_text": "год", "year_coded": "год (код)", "extent": "объём",
    "illustrations": "иллюстрации", "size": "размер", "accompanying": "приложение", "series": "серия",
    "isbns": "ISBN", "issns": "ISSN", "price": "цена", "agents": "лица и организации", "subjects": "темы",
    "keywords": "ключевые слова", "genres": "жанр", "udc": "УДК", "bbk": "ББК", "author_mark": "авторский знак",
    "languages": "язык", "original_languages": "язык оригинала", "country": "страна", "notes": "примечания",
    "contents": "содержание", "abstract": "аннотация", "audience": "кому", "age_mark": "возраст",
    "coded_form": "форма (код)", "literary_form": "литературная форма (код)", "carrier": "признаки носителя",
    "links": "ссылки", "hosts": "издание, часть которого описана", "changed": "дата правки",
    "warnings": "замечания",
}  # fmt: skip
FEATURES = {
    "title": "слова заглавия", "subtitle": "слова подзаголовка", "numbers": "числа в заглавии",
    "subtitle_numbers": "числа в подзаголовке", "alternative": "второе заглавие", "host": "слова общего заглавия",
    "authors": "авторы", "and_others": "и другие", "compilers": "составители", "translators": "переводчики",
    "kind": "вид издания", "form": "форма", "grade": "класс", "parts": "часть", "parts_total": "всего частей",
    "is_set": "комплект целиком", "level": "уровень", "houses": "издательство", "years": "год",
    "edition": "номер издания", "revision": "переработка", "pages": "страниц", "size": "размер", "isbns": "ISBN",
    "shared_isbns": "ISBN комплекта", "issns": "ISSN", "languages": "язык", "series": "серия",
    "analytic": "часть издания", "serial": "продолжающееся", "monograph": "латинское описание",
    "serves": "к какому учебнику",
}  # fmt: skip
CATEGORIES = {
    Category.TEXTBOOK: "учебник", Category.STUDY_AID: "учебное пособие", Category.FICTION: "художественная литература",
    Category.REFERENCE: "справочное издание", Category.OTHER: "прочее",
}  # fmt: skip
CARRIERS = {
    Carrier.PRINT: "печать", Carrier.AUDIOVISUAL: "аудио и видео", Carrier.MICROFORM: "микроформа",
    Carrier.ELECTRONIC: "электронное издание",
}  # fmt: skip

MOVEMENTS = {
    MovementKind.INITIAL: "первичное отражение", MovementKind.ACQUIRED: "поступило",
    MovementKind.WITHDRAWN: "выбыло", MovementKind.EXPIRED: "истекла лицензия",
    MovementKind.CORRECTION: "исправление",
}  # fmt: skip


def plain(value: object) -> str:
    """A feature as a person writes it: («дубровин», «иа») is «дубровин иа», several values stand behind commas."""
    if isinstance(value, tuple):
        return (", " if any(isinstance(one, tuple) for one in value) else " ").join(map(plain, value))
    return "да" if value is True else str(value)


FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(text: str) -> str:
    """A text for a cell of a table: one that begins with = or @ must not become a formula in Excel (CSV injection)."""
    return f"'{text}" if text.startswith(FORMULA) else text


def printable(text: str) -> str:
    """A line for a terminal: what a record says must not move the cursor or set a colour there."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "·" for c in text)
