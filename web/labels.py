"""Words for codes: kinds, carriers, languages, subjects of the facets. Marked here, translated where they are shown."""

from __future__ import annotations

import re

from catalog_sync.facets import bbk_tree
from catalog_sync.model import Dialect
from catalog_sync.query import Sort, Unsupported
from catalog_sync.runlog import STATES
from web.i18n import N_, _

# Kinds of data/tables/document_kinds.tsv: values are the reader's own words, translated where they are shown.
KINDS = (
    N_("учебник"), N_("учебное пособие"), N_("рабочая тетрадь"), N_("художественная литература"), N_("хрестоматия"),
    N_("сборник задач"), N_("практикум"), N_("контрольные материалы"), N_("прописи"), N_("атлас"),
    N_("контурные карты"), N_("словарь"), N_("справочник"), N_("энциклопедия"), N_("методическое пособие"),
    N_("другое издание"),
)  # fmt: skip
CATEGORIES = {
    "textbook": N_("учебник"),
    "study_aid": N_("учебное пособие"),
    "fiction": N_("художественная литература"),
    "reference": N_("справочное издание"),
    "other": N_("другое издание"),
}
CARRIERS = {
    "print": N_("печатное издание"),
    "audiovisual": N_("аудио и видео"),
    "microform": N_("микроформа"),
    "electronic": N_("электронное издание"),
}
# Values of the facet «access» (catalog_sync.search.document).
ACCESS = {
    "print": N_("Печатное, в библиотеке"),
    "disc": N_("Электронное, на диске"),
    "open": N_("Электронное, открытый доступ"),
    "licensed": N_("Электронное, по договору"),
    "local": N_("Электронное, файл в библиотеке"),
    "audiovisual": N_("Аудио и видео"),
    "microform": N_("Микроформа"),
    "fpu": N_("Только учебники из ФПУ"),
}
EKINDS = {
    "physical": N_("на диске"),
    "local": N_("файл в библиотеке"),
    "licensed": N_("по подписке"),
    "open_link": N_("открытый доступ"),
}
# Languages a school library really has, for the advanced form and for English pages; others are shown as they are.
TONGUES = (
    N_("русский"), N_("английский"), N_("немецкий"), N_("французский"), N_("испанский"), N_("итальянский"),
    N_("китайский"), N_("украинский"), N_("белорусский"), N_("татарский"), N_("башкирский"), N_("чувашский"),
    N_("казахский"), N_("латинский"), N_("церковнославянский"), N_("несколько языков"),
)  # fmt: skip
SCHOOL_SUBJECTS = (
    N_("Литературное чтение"), N_("Русский язык"), N_("Родной язык"), N_("Английский язык"), N_("Немецкий язык"),
    N_("Французский язык"), N_("Испанский язык"), N_("Китайский язык"), N_("Обучение грамоте"), N_("Алгебра"),
    N_("Геометрия"), N_("Вероятность и статистика"), N_("Математика"), N_("Информатика"), N_("Физика"),
    N_("Астрономия"), N_("Химия"), N_("Биология"), N_("Окружающий мир"), N_("Естествознание"), N_("Экология"),
    N_("География"), N_("История"), N_("Обществознание"), N_("Право"), N_("Экономика"), N_("Литература"),
    N_("Основы религиозных культур и светской этики"), N_("Мировая художественная культура"),
    N_("Изобразительное искусство"), N_("Музыка"), N_("Технология"), N_("Черчение"), N_("Физическая культура"),
    N_("Основы безопасности и защиты Родины"), N_("Краеведение"),
)  # fmt: skip
LIBRARY_KINDS = {"school": N_("школьная библиотека"), "partner": N_("библиотека-партнёр"), "museum": N_("музей")}
SORTS = {
    Sort.RELEVANCE: N_("по соответствию"),
    Sort.YEAR_DOWN: N_("сначала новые издания"),
    Sort.YEAR_UP: N_("сначала старые издания"),
    Sort.TITLE: N_("по заглавию"),
    Sort.AUTHOR: N_("по автору"),
    Sort.NEWEST: N_("по дате поступления"),
}
FACETS = {
    "kind": N_("Вид издания"),
    "grade": N_("Класс"),
    "school_subject": N_("Школьный предмет"),
    "library": N_("Библиотека"),
    "access": N_("Как получить"),
    "language": N_("Язык"),
    "author": N_("Автор"),
    "publisher": N_("Издательство"),
    "bbk": N_("Раздел ББК"),
    "age": N_("Возраст"),
}
FIELD_WORDS = {
    "t_title": N_("Заглавие"),
    "t_author": N_("Автор"),
    "t_subject": N_("Тема или ключевое слово"),
    "t_series": N_("Серия"),
    "t_publisher": N_("Издательство"),
    "t_place": N_("Место издания"),
    "t_isbn": N_("ISBN или ISSN"),
    "t_bbk": N_("Индекс ББК"),
    "t_udc": N_("Индекс УДК"),
    "t_call": N_("Шифр хранения"),
    "t_contents": N_("Содержание"),
    "t_note": N_("Примечания"),
}
ROLES = {
    "librarian": N_("библиотекарь"),
    "methodologist": N_("методист"),
    "administrator": N_("администратор"),
}
HARVESTERS = {
    "manual": N_("Вручную: файл приносят на страницу «Загрузить выгрузку»"),
    "files": N_("Папка обмена: файлы MARC"),
    "table": N_("Папка обмена: Excel, LibreOffice или CSV"),
    "http": N_("Файл по адресу HTTP(S)"),
    "sftp": N_("Каталог на сервере SFTP"),
    "mailbox": N_("Вложения в почтовом ящике (IMAP)"),
    "oai_pmh": "OAI-PMH",
    "sru": "SRU 1.1, 1.2, 2.0",
    "marcsql_db": N_("База МАРК-SQL"),
    "z3950": "Z39.50",
}
DIALECTS = {dialect.value: dialect.label for dialect in Dialect}
RUN_STATES = {state.value: name for state, name in STATES.items()}  # as the commands say them
ORDERS = {
    "harvest": N_("собрать источник"),
    "reread": N_("прочесть заново"),
    "pause": N_("приостановить источник"),
    "resume": N_("возобновить источник"),
    "approve": N_("опубликовать сеанс"),
    "reject": N_("отклонить сеанс"),
    "rollback": N_("отменить сеанс"),
    "import": N_("загрузить выгрузку"),
    "test": N_("проверить источник"),
    "close": N_("закрыть источник"),
}
BASES = {
    "open_licence": N_("открытая лицензия"),
    "public_domain": N_("общественное достояние"),
    "contract": N_("договор"),
    "premises": N_("только в помещении библиотеки"),
    "external": N_("внешняя ссылка"),
}
RESOURCE_KINDS = {
    "site": N_("сайт"),
    "library": N_("электронная библиотека"),
    "database": N_("база данных"),
    "platform": N_("учебная платформа"),
    "edition": N_("электронное издание"),
    "lesson": N_("урок или тренажёр"),
}
ICONS = {
    "учебник": "textbook", "учебное пособие": "textbook", "рабочая тетрадь": "workbook", "прописи": "workbook",
    "сборник задач": "workbook", "практикум": "workbook", "контрольные материалы": "workbook",
    "художественная литература": "fiction", "хрестоматия": "fiction", "словарь": "reference",
    "справочник": "reference", "энциклопедия": "reference", "атлас": "map", "контурные карты": "map",
    "методическое пособие": "teacher",
}  # fmt: skip


def word(table: dict[str, str], code: str) -> str:
    """The reader's word for a code; an unknown code is shown as it is."""
    return _(table[code]) if code in table else code


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def dialled(phone: str) -> str:
    """A telephone number for `tel:` (RFC 3966): «8 (4832) 12-34-56, доб. 5» → «84832123456», the first number only."""
    first = re.split(r"[,;/]|доб|\bи\b", phone)[0]
    return ("+" if first.strip().startswith("+") else "") + re.sub(r"\D", "", first)


def age_word(mark: str) -> str:
    """«12+», or the honest word where the record says nothing (unknown is not 0+)."""
    number = mark.rstrip("+")
    return f"{number}+" if number.isdigit() else _("знак не указан")


def kind_icon(kind: str, carrier: str) -> str:
    if carrier == "electronic":
        return "electronic"
    if carrier == "audiovisual":
        return "media"
    return ICONS.get(kind, "book")


def facet_word(facet: str, value: str) -> str:
    """How a facet's value reads."""
    if facet in ("kind", "language", "school_subject"):
        return capital(_(value))
    if facet == "category":
        return capital(word(CATEGORIES, value))
    if facet == "carrier":
        return capital(word(CARRIERS, value))
    if facet == "access":
        return word(ACCESS, value)
    if facet == "grade":
        return _("%(grade)s класс", grade=value)
    if facet == "age":
        return age_word(value)
    if facet == "bbk":
        return f"{value} {bbk_name(value)}".strip()
    return value


def bbk_name(index: str) -> str:
    """Name of a division of the school tables; "" where it is deeper than the tree."""
    return next((name for found, _parent, name in bbk_tree() if found == index), "")


def unanswered(error: Unsupported) -> str:
    """Why the catalogue does not answer, in the reader's words where it is the reader's typing."""
    if error.part == "term":
        return _("В запросе нет ни одного слова, которое можно искать: «%(typed)s».", typed=error.value)
    return str(error)
