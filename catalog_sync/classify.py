"""Fund category, carrier, kind of e-edition and age mark (rows of form ОО-2), each with its reason in Russian.

The reasons are shown to librarians beside every figure, so they name the field that decided, not the code path.
Facets for readers (kind of document, class, school subject …) are in catalog_sync.facets.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from catalog_sync.facets import (
    DocumentFacets,
    facets,
    genre_words,
    is_about_method,
    is_named_after_lesson,
    kind_words,
    school_grades,
)  # fmt: skip
from catalog_sync.model import BibRecord, Carrier, CarrierSigns, Category, Classified, EKind
from catalog_sync.text import fold

__all__ = ["AGE_MARKS", "DocumentFacets", "classify", "facets"]

AGE_MARKS = ("0+", "6+", "12+", "16+", "18+")  # 436-ФЗ, статья 6

Found = tuple[Category, str] | None


def classify(bib: BibRecord, *, base: str = "", override: Category | None = None) -> Classified:
    """Decide what a record is counted as. `base` is the name of the source's base («Учебники», «Книги»).

    `override` is a librarian's decision and wins. Never raises: what nothing speaks for is OTHER, printed, unmarked.
    """
    category, category_reason = _category(bib, base, override)
    carrier, carrier_reason = carrier_of(bib)
    ekind, ekind_reason = _ekind(bib, carrier)
    return Classified(category, category_reason, carrier, carrier_reason, ekind, ekind_reason, age_mark(bib))


# --- Category: rows 02–05 of form ОО-2, 2.6 --------------------------------------------------------------------------


def _category(bib: BibRecord, base: str, override: Category | None) -> tuple[Category, str]:
    if override is not None:
        return override, "решение библиотекаря"
    rules: tuple[Callable[[BibRecord], Found], ...] = (
        lambda b: _by_base(b, base), _by_form_code, _by_words, _by_fiction, _by_title_words, _by_bbk_form, _by_udc,
        _by_genre, _by_lesson,
    )  # fmt: skip
    for rule in rules:
        found = rule(bib)
        if found is not None:
            return found
    return Category.OTHER, "признаков учебной, художественной или справочной литературы нет"


_STUDY_AID_IN_TEXTBOOKS = frozenset({
    "учебное пособие", "рабочая тетрадь", "практикум", "хрестоматия", "сборник задач", "атлас", "контурные карты",
    "контрольные материалы", "прописи",
})  # fmt: skip


def _by_base(bib: BibRecord, base: str) -> Found:
    if "учебник" not in fold(base):
        return None
    kind, words = kind_words(bib, "title", "subtitle", "genres", "edition")
    if kind in _STUDY_AID_IN_TEXTBOOKS:
        return Category.STUDY_AID, f"база «{base}», в описании «{words}»"
    return Category.TEXTBOOK, f"база «{base}»"


_RUSMARC_FORMS = {"e": "словарь", "f": "энциклопедия", "g": "справочное издание"}  # 105$a/4–7
_MARC21_FORMS = {"d": "словарь", "e": "энциклопедия", "f": "справочник"}  # 008/24–27


def _by_form_code(bib: BibRecord) -> Found:
    codes = bib.coded_form.lower()
    if bib.dialect.is_unimarc_family:
        if "j" in codes:
            return Category.TEXTBOOK, "код формы 105$a: j (учебник)"
        field, forms = "105$a", _RUSMARC_FORMS
    else:
        field, forms = "008/24–27", _MARC21_FORMS
    for code in codes:
        if code in forms:
            return Category.REFERENCE, f"код формы {field}: {code} ({forms[code]})"
    return None


_BY_KIND = {"учебник": Category.TEXTBOOK, "атлас": Category.REFERENCE, "словарь": Category.REFERENCE,
            "энциклопедия": Category.REFERENCE, "справочник": Category.REFERENCE}  # fmt: skip


def _by_words(bib: BibRecord) -> Found:
    return _from_words(bib, "сведениях, относящихся к заглавию,", "subtitle", "genres")


def _by_title_words(bib: BibRecord) -> Found:
    """The title alone is weaker («Учебник жизни» is a novel): asked only when ББК does not say fiction."""
    return _from_words(bib, "заглавии", "title", "parts")


def _from_words(bib: BibRecord, where: str, *fields: str) -> Found:
    kind, words = kind_words(bib, *fields)
    if not kind:
        return None
    if is_about_method(kind):
        return Category.OTHER, f"методическое издание: в {where} «{words}»"
    return _BY_KIND.get(kind, Category.STUDY_AID), f"слова в {where} «{words}»"


_FICTION_BBK = re.compile(r"^(84|ш6|ш5\(|ш9)", re.IGNORECASE)  # средние/школьные таблицы; большие таблицы РГБ
_FICTION_105 = frozenset("abdfg")  # 105$a/11: романы, драма, юмор, рассказы, стихи; z ставят и нехудожественным
_FICTION_008 = frozenset("1cdfhjmp")  # 008/33


def _by_fiction(bib: BibRecord) -> Found:
    # ББК typed into the field of УДК is common (675 instead of 686).
    for index in (*bib.bbk, *bib.udc):
        if _FICTION_BBK.match(index.strip()):
            return Category.FICTION, f"ББК {index.strip()}"
    unimarc = bib.dialect.is_unimarc_family
    code = bib.literary_form.strip().lower()[:1]
    if code and code in (_FICTION_105 if unimarc else _FICTION_008):
        return Category.FICTION, f"код художественной литературы {'105$a/11' if unimarc else '008/33'}: {code}"
    return None


_BBK_SCHOOL = re.compile(r"я72")
_BBK_STUDY = re.compile(r"я7")
_BBK_REFERENCE = re.compile(r"я2")


def _by_bbk_form(bib: BibRecord) -> Found:
    for index in bib.bbk:
        text = index.lower()
        if _BBK_SCHOOL.search(text):
            return Category.TEXTBOOK, f"ББК {index} (учебник для школы)"
        if _BBK_REFERENCE.search(text):
            return Category.REFERENCE, f"ББК {index} (справочное издание)"
    return None


_UDC_TEXTBOOK = re.compile(r"^373\.167\.1")
_UDC_FICTION = re.compile(r"^82(?:1\.[\d.]+)?(?:\([\d.]+\))?-(?:1|2|3|9[13])")


def _by_udc(bib: BibRecord) -> Found:
    for index in bib.udc:
        text = index.strip()
        if _UDC_TEXTBOOK.match(text):
            return Category.TEXTBOOK, f"УДК {text} (учебник для школы)"
        if _UDC_FICTION.match(text):
            return Category.FICTION, f"УДК {text}"
    for index in bib.bbk:  # -я7 without 2: учебная литература, для школы ли, скажет класс
        if _BBK_STUDY.search(index.lower()):
            if school_grades(bib):
                return Category.TEXTBOOK, f"ББК {index} (учебное издание), класс указан"
            return Category.STUDY_AID, f"ББК {index} (учебное издание)"
    return None


def _by_genre(bib: BibRecord) -> Found:
    words = genre_words(bib)
    return (Category.FICTION, f"жанр «{words}»") if words else None


def _by_lesson(bib: BibRecord) -> Found:
    """«Математика. 5 класс» and nothing else: in school libraries that is how textbooks are typed."""
    if is_named_after_lesson(bib):
        return Category.TEXTBOOK, "заглавие – школьный предмет, класс указан, иной вид издания не назван"
    return None


# --- Carrier: rows 06–09 ---------------------------------------------------------------------------------------------

# 182$a of RUSMARC; 337$b and 007/00 of MARC 21 (both lists are read from one place of the record).
_MEDIA_UNIMARC = {"b": Carrier.ELECTRONIC, "c": Carrier.MICROFORM, "a": Carrier.AUDIOVISUAL, "g": Carrier.AUDIOVISUAL,
                  "e": Carrier.AUDIOVISUAL}  # fmt: skip
_MEDIA_MARC21 = {"c": Carrier.ELECTRONIC, "h": Carrier.MICROFORM, "s": Carrier.AUDIOVISUAL, "v": Carrier.AUDIOVISUAL,
                 "g": Carrier.AUDIOVISUAL, "m": Carrier.AUDIOVISUAL}  # fmt: skip
_FORM_UNIMARC = {"s": Carrier.ELECTRONIC, "t": Carrier.MICROFORM, "g": Carrier.MICROFORM}  # 106$a
_FORM_MARC21 = {"o": Carrier.ELECTRONIC, "q": Carrier.ELECTRONIC, "s": Carrier.ELECTRONIC, "a": Carrier.MICROFORM,
                "b": Carrier.MICROFORM, "c": Carrier.MICROFORM}  # 008/23  # fmt: skip
_LEADER = {"g": Carrier.AUDIOVISUAL, "i": Carrier.AUDIOVISUAL, "j": Carrier.AUDIOVISUAL}

_E_WORDS = re.compile(
    r"электрон\w*\W*(ресурс|издани|текст|данн|опт|диск)|\bэлектронн\w+$|\bcd-?rom|\bdvd-?rom|компакт-?диск"
    r"|\bcd\b|\bдискет|онлайн|online"
)
_AV_WORDS = re.compile(
    r"аудио|видео|звукозапис|грампластин|диафильм|диапозитив|слайд|фонограмм|кинофильм|магнитн\w* лент"
)
_MICRO_WORDS = re.compile(r"микрофиш|микрофильм|микроформ|микрокарт")
# An extent in pages is a book, whatever disc is glued in («128 с. + 1 CD-ROM» is printed).
_PAGES = re.compile(r"(?<!\d)\d+\s*(с|стр|л|p|s|стб|кол)\b")


def carrier_of(bib: BibRecord) -> tuple[Carrier, str]:
    """The carrier a record is counted on, and what said so."""
    return _carrier(bib.carrier, bib.extent, bib.dialect.is_unimarc_family)


@lru_cache(maxsize=1 << 13)
def _carrier(typed: CarrierSigns, extent: str, unimarc: bool) -> tuple[Carrier, str]:
    signs = [s for s in _carrier_signs(typed, extent, unimarc) if s is not None]
    # Exactly one, so that row 01 of ОО-2 is 06 + 07 + 08 + 09: electronic first, then audiovisual, then microform.
    for carrier in (Carrier.ELECTRONIC, Carrier.AUDIOVISUAL, Carrier.MICROFORM):
        for found, reason in signs:
            if found is carrier:
                return found, reason
    return Carrier.PRINT, "признаков другого носителя нет"


def _carrier_signs(signs: CarrierSigns, extent: str, unimarc: bool) -> list[tuple[Carrier, str] | None]:
    media_field, form_field = ("182$a", "106$a") if unimarc else ("337$b или 007", "008/23")
    gmd_field = "200$b" if unimarc else "245$h"
    return [
        _coded(signs.media, _MEDIA_UNIMARC if unimarc else _MEDIA_MARC21, media_field),
        _coded(signs.form, _FORM_UNIMARC if unimarc else _FORM_MARC21, form_field),
        _coded(signs.leader_type, _LEADER | {"l" if unimarc else "m": Carrier.ELECTRONIC}, "маркер, поз. 6"),
        _worded(signs.gmd, gmd_field),
        _worded(signs.access, "средство доступа"),
        None if _PAGES.search(fold(signs.physical or extent)) else _worded(signs.physical or extent, "объём"),
    ]


def _coded(code: str, table: dict[str, Carrier], field: str) -> tuple[Carrier, str] | None:
    found = table.get(code.strip()[:1].lower())
    return None if found is None else (found, f"{field}: {code.strip()}")


def _worded(text: str, field: str) -> tuple[Carrier, str] | None:
    folded = fold(text.partition("+")[0])
    for pattern, carrier in ((_E_WORDS, Carrier.ELECTRONIC), (_AV_WORDS, Carrier.AUDIOVISUAL),
                             (_MICRO_WORDS, Carrier.MICROFORM)):  # fmt: skip
        if pattern.search(folded):
            return carrier, f"{field}: «{text.strip(' []')}»"
    return None


# --- Kind of an electronic edition (item 5.4 of the roadmap) ---------------------------------------------------------

_DISC = re.compile(r"диск|disc|disk|\bcd\b|cd-?rom|dvd|дискет|флеш|флэш")
_LICENSED = re.compile(r"зарегистрир|подписк|договор|лиценз|авторизованн|по паролю|абонемент")


def _ekind(bib: BibRecord, carrier: Carrier) -> tuple[EKind, str]:
    if carrier is not Carrier.ELECTRONIC:
        return EKind.NONE, ""
    physical = " ".join((bib.carrier.physical, bib.extent))
    if _DISC.search(fold(physical)):
        return EKind.PHYSICAL, f"съёмный носитель: «{physical.strip()}»"
    links = [link for link in bib.links if link.of_work]
    if not links:
        return EKind.PHYSICAL, "ссылки нет: съёмный носитель"
    url = links[0].url
    if not url.lower().startswith(("http://", "https://")):
        return EKind.LOCAL, f"файл в хранилище: {url}"
    for note in (*(link.note for link in links), *bib.notes):
        if _LICENSED.search(fold(note)):
            return EKind.LICENSED, f"доступ ограничен: «{note}»"
    return EKind.OPEN_LINK, f"открытая внешняя ссылка: {url}"


# --- Age mark (436-ФЗ) -----------------------------------------------------------------------------------------------

_AGE = re.compile(r"(?<![\d.,])(0|6|12|16|18)\s?\+(?!\s?\d)")


def age_mark(bib: BibRecord) -> str:
    """«12+» where the record says so; "" where it does not: a missing mark is unknown, never 0+."""
    # 200$e / 245$b, then 333 or 521, then notes («Ограничения по возрасту - 12+»): the first that speaks.
    for text in (bib.age_mark, bib.subtitle, bib.title, bib.audience, *bib.notes):
        if "+" in text and (found := _AGE.search(text)):
            return f"{found[1]}+"
    return ""
