"""What the dialects have in common: fields by tag, ISBNs, names, age marks, punctuation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

from catalog_sync.model import Host, Isbn, MarcField, MarcRecord, PartName
from catalog_sync.remembering import remembering
from catalog_sync.text import skeleton

_DASH = r"[-\s‐‑–—−]{0,2}"  # as typed between the parts of an ISBN
_ISBN = re.compile(rf"(?<!\d)(?:97[89]{_DASH})?\d(?:{_DASH}\d){{8}}{_DASH}[\dXxХх](?!\d)")
_NO_DIGIT = re.compile(r"[^\dX]")
_LONGEST_ISBN = 100  # characters: a longer text is not kept in memory
_BBK = re.compile(r"\s*(?:[А-Я]\d|\d\d?(?:\.|\D|$))")
_INDEX_NAMES = {"ббк": "ббк", "bbk": "ббк", "удк": "удк", "udc": "удк"}
_INDEX_NAME = re.compile(r"(?i)\s*(ббк|bbk|удк|udc)(?![^\W\d_])[\s:.№]*")
_NOT_ISBN = re.compile(r"(?i)^\s*isbn[\s:-]*")
_AGE = re.compile(r"(?<![\d.,–-])(0|6|12|16|18)\s?\+(?!\s?\d)")
_OF_AGE = re.compile(r"(?i)возраст|информацион|436|огранич|знак")
# General designations of ГОСТ 7.1-2003, appendix Б, also with one of its «: электронный» behind them.
_GMD = re.compile(
    r"(?i)\s*(\[\s*(?:[тt][еe][кk][сc][тt]|электронн\w+\s+ресурс\w*|изоматериал|карты?|ноты|звукозапись|видеозапись|"
    r"шрифт\s+брайля|мультимедиа|комплект|кинофильм|микроформа|рукопись)(?:\s*:[\w -]{1,60})?\.?\s*\])"
)
_NUMERAL = re.compile("[IVXLCІХ]{1,8}")  # of a ruler; the last two typed in Russian letters
_ONLY_AGE = re.compile(r"[\s(\[]*(?:0|6|12|16|18)\s?\+[\s)\].]*")
_DESIGNATION = re.compile(
    r"(?i)^\[?(?:(?:вып|т|ч|кн|том|часть|книга|выпуск|№|n|no|сб|тетр|тетрадь|раздел|разд)\b\.?\s*)"
    r"(?:\d+|[ivxlc]+)\b[\s\W\d]*$"
)
_IN_BRACKETS = re.compile(r"[\[(]\s*(?:0|6|12|16|18)\s?\+\s*[\])]")
_ASIDE = re.compile(r"(?i)облож|оглавл|содержан|титул|cover|contents|thumbnail")
_TELLING = 6  # characters of a designation by which a longer one is known
_SHORT = 12  # characters: a dependent title as long as this says something itself
_IMAGE = re.compile(r"(?i)\.(?:jpe?g|png|gif|bmp|webp)(?:\?|$)")
_ISBD_TAIL = re.compile(r"(?:\s+[:;/=,+.]|\s*[;=]|(?<=\S)[:/,])\.?\s*$")
_OPENING = re.compile(r"^\s*[:;/=](?:\s+|$)")
# No abbreviation ends on a vowel, й, ь or a digit (ГОСТ Р 7.0.12): a point after one ends the area.
_FULL_STOP = re.compile(r"(?<=[аеёийоуыэюяъьaeiouy\d)\]»\"])(?<!\.\.)\.$")
_ENDED = re.compile(r"(?:[^\W\d_]{5}|[A-Za-z]{4}|[\d)\]»\"аеёийоуыэюяь])\.$")
_DESIGNATION_IN_GMD = re.compile(r"^(\[[^\]]+\])\s*:\s*(.+)$")


class Fields(dict[str, list[MarcField]]):
    """Fields of one record by tag, each list in the record's order."""

    @classmethod
    def of(cls, record: MarcRecord) -> Fields:
        fields = cls()
        for field in record.fields:
            found = fields.get(field.tag)
            if found is None:
                fields[field.tag] = [field]
            else:
                found.append(field)
        return fields

    def every(self, tags: str) -> list[MarcField]:
        """Fields of several tags ("700 701 702"), tag by tag."""
        return [f for tag in _split(tags) if tag in self for f in self[tag]]

    def one(self, tag: str) -> MarcField | None:
        found = self.get(tag)
        return found[0] if found else None

    def texts(self, tags: str, codes: str = "a") -> tuple[str, ...]:
        """Values of the subfields, trimmed, without empty and repeated ones."""
        found = self.get(tags) if len(tags) == 3 else self.every(tags)
        if not found:
            return ()
        values = [v for f in found for s in f.subfields if s.code in codes and (v := s.value.strip())]
        return tuple(dict.fromkeys(values)) if len(values) > 1 else tuple(values)

    def text(self, tag: str, codes: str = "a") -> str:
        found = self.get(tag)
        if found:
            for subfield in found[0].subfields:
                if subfield.code in codes:
                    return subfield.value.strip()
        return ""

    def control(self, tag: str) -> str:
        found = self.get(tag)
        if not found:
            return ""
        return found[0].data if found[0].data is not None else found[0].first("0a")


@cache
def _split(tags: str) -> tuple[str, ...]:
    return tuple(tags.split())


def distinct(values: Iterable[str]) -> tuple[str, ...]:
    found = [v for v in values if v]
    return tuple(dict.fromkeys(found)) if len(found) > 1 else tuple(found)


def trimmed(text: str) -> str:
    """Without the ISBD mark that belongs to the next area (USMARC habit: «Заглавие :», «Автор /»).

    A final point is kept: it may be an abbreviation.
    """
    text = text.strip()
    if not text or (text[-1].isalnum() and text[0] not in ":;/="):
        return text
    return _without_marks(text)


@remembering
def _without_marks(text: str) -> str:
    return _ISBD_TAIL.sub("", _OPENING.sub("", text)).strip()


def named(text: str) -> str:
    """A title or part title: without ISBD marks and without the point that ends the area after a whole word."""
    text = trimmed(text)
    return _FULL_STOP.sub("", text) if text[-1:] == "." else text


def without_full_stop(heading: str) -> str:
    """A heading without the point MARC 21 ends it with: «Магадан, г.», «Черчилль, У.» and «т. п.» end on their own."""
    return heading[:-1] if _ENDED.search(heading) else heading


def split_title(text: str) -> tuple[str, str, str]:
    """Title, subtitle, responsibility where all were typed into one subfield with ISBD marks (ГОСТ Р 7.0.100, 5.2)."""
    if " / " not in text and " : " not in text:
        return named(text), "", ""
    head, _, responsibility = text.partition(" / ")
    title, _, subtitle = head.partition(" : ")
    if title[-1:].isdigit() and subtitle[:1].isdigit():  # «Счёт 2 : 1» is a title
        title, subtitle = head, ""
    return named(title), trimmed(subtitle), trimmed(responsibility)


def split_gmd(text: str) -> tuple[str, str]:
    """«[Текст] : учебное издание» typed into the material designation → designation and subtitle."""
    text = text.strip()
    found = _DESIGNATION_IN_GMD.match(text) if text[:1] == "[" else None
    return (found[1], trimmed(found[2])) if found else (trimmed(text), "")


def other_than(proper: str, fields: Sequence[MarcField], parts: str) -> tuple[str, ...]:
    """Titles the work is also known by, with their parts («Библия. Новый Завет»), without the one it is described
    under. `parts`: the codes a part is in."""
    if not fields:
        return ()
    known = skeleton(proper)
    typed = [". ".join([named(v) for v in (f.first("a").partition(" / ")[0], *f.all(parts))])
             for f in fields if f.first("a")]  # fmt: skip
    return distinct([title for title in typed if skeleton(title) not in ("", known)])


def series_title(field: MarcField, parts: str) -> str:
    """Title of a series and of its parts («Библиотека школьника. Классика»), without the responsibility typed into it.

    `parts`: the codes a part is in.
    """
    title, more = trimmed(field.first("a").partition(" / ")[0]), field.all(parts)
    return ". ".join([said for value in (title, *more) if (said := trimmed(value))]) if more else title


def proper_and_more(text: str) -> str:
    """The title of a set as typed into a link, without the statement of responsibility and the material."""
    return trimmed((without_gmd(text)[0] if "[" in text else text).partition(" / ")[0])


def without_gmd(text: str) -> tuple[str, str]:
    """«Алгебра [Текст] : учебник» → «Алгебра : учебник» and «[Текст]»: ГОСТ 7.1-2003 put the material behind the title,
    and many hands typed it there."""
    found = _GMD.search(text)
    if found is None:
        return text, ""
    before, behind = text[: found.start()], text[found.end() :]
    space = " " if behind[:1] in (":", "/") else ""  # «Отцы и дети [Текст]: роман»
    return f"{before}{space}{behind}".strip(), found[1]


def gmd_in(field: MarcField, codes: str) -> str:
    """The designation of the material in the first subfield that has one."""
    for subfield in field.subfields:
        if "[" in subfield.value and subfield.code in codes and (gmd := without_gmd(subfield.value)[1]):
            return gmd
    return ""


def volume_of(proper: str, hosts: tuple[Host, ...], *, dependent: bool = False) -> tuple[str, PartName] | None:
    """Title of the set and designation of the volume, where the record's own title is only «Вып. 13», «Ч. 2» or what
    the link to the set says of its place («за 1906 г.»).

    `dependent`: RUSMARC 200, first indicator 0, says that the title isn't significant. None for any other title.
    """
    if not hosts:
        return None
    number, _, name = proper.partition(" ; ")
    says_nothing = _DESIGNATION.match(number) or any(_is_volume(proper, h.volume) for h in hosts if h.volume)
    if not says_nothing and not (dependent and len(proper) < _SHORT):
        return None
    title = next((h.title for h in hosts if h.title and h.tag != "463"), "")
    return (named(title), PartName(named(number), name)) if title else None


def _is_volume(proper: str, volume: str) -> bool:
    """Whether a title is the volume's designation itself: «за 1906 год» beside «за 1906 г.». A title without a number
    says something, though the link repeats it."""
    typed, linked = skeleton(proper), skeleton(volume)
    if not any(map(str.isdigit, linked)):
        return False
    return typed == linked or (len(linked) >= _TELLING and typed.startswith(linked))


def balanced(text: str) -> str:
    """Without a bracket whose partner stands in another subfield: «1795]»."""
    return text if text.count("[") == text.count("]") else text.replace("[", "").replace("]", "")


@remembering
def bare(text: str) -> str:
    """Without square brackets around the whole, and without the point that ends an area («2014.», «[Москва]»)."""
    text = trimmed(text)
    if text.startswith("[") and text.endswith("]") and text.count("[") == 1:
        text = text[1:-1]
    return balanced(text).strip()


def isbns_in(typed: str, *, erroneous: bool = False, of_host: bool = False, qualifier: str = "") -> tuple[Isbn, ...]:
    """Every ISBN in a text (ISO 2108), wherever it was typed; the text itself, unread, where there is none."""
    typed = typed.strip()
    if not typed:
        return ()
    read = _known_isbns if len(typed) + len(qualifier) <= _LONGEST_ISBN else _isbns
    return read(typed, erroneous, of_host, qualifier)


def _isbns(typed: str, erroneous: bool, of_host: bool, qualifier: str) -> tuple[Isbn, ...]:
    found = [_read(m, typed, erroneous, of_host, qualifier) for m in _ISBN.finditer(typed)]
    return tuple(found) or (Isbn(typed, "", qualifier, True, of_host, erroneous),)


_known_isbns = lru_cache(maxsize=1 << 13)(_isbns)  # schools have the same books


def _read(match: re.Match[str], typed: str, erroneous: bool, of_host: bool, qualifier: str) -> Isbn:
    digits = _NO_DIGIT.sub("", match.group().upper().replace("Х", "X"))
    normal = isbn13(digits)
    rest = (_NOT_ISBN.sub("", typed[: match.start()]) + " " + typed[match.end() :]).strip(" ;,.:")
    rest = "" if len(rest) > 9 and _ISBN.search(rest) else rest
    return Isbn(match.group(), normal, qualifier or rest, erroneous or not normal, of_host, erroneous)


def isbn13(digits: str) -> str:
    """13 digits of a valid ISBN-13 or ISBN-10, else "" (check digits: ISO 2108, annex A)."""
    if len(digits) == 13 and digits.isdigit():
        return digits if (sum(map(int, digits[::2])) + 3 * sum(map(int, digits[1::2]))) % 10 == 0 else ""
    if len(digits) != 10 or not digits[:9].isdigit():
        return ""
    total = sum(int(d) * (10 - i) for i, d in enumerate(digits[:9])) + (10 if digits[9] == "X" else int(digits[9]))
    if total % 11:
        return ""
    body = "978" + digits[:9]
    return body + str(-sum(int(d) * (1, 3)[i % 2] for i, d in enumerate(body)) % 10)


def age_mark_in(texts: Iterable[str]) -> str:
    """«12+» (ФЗ № 436, знак информационной продукции) in any of the texts; "" = unknown, which isn't 0+."""
    for text in texts:
        if "+" in text and (found := _AGE.search(text)):
            return f"{found.group(1)}+"
    return ""


def age_mark_of(title: str, subtitle: str, audience: Iterable[str], notes: Iterable[str]) -> str:
    """The age mark wherever it was typed: in a note only where the note speaks of age, in a title only in brackets."""
    said = [t for t in notes if "+" in t and (_ONLY_AGE.fullmatch(t) or _OF_AGE.search(t))]
    in_title = _IN_BRACKETS.findall(title) if "+" in title else ()
    return age_mark_in((*audience, subtitle, *in_title, *said))


def leads_to_work(url: str, note: str) -> bool:
    """Whether a link is to the work itself, not to a picture of its cover or its table of contents."""
    return not (_ASIDE.search(note) or _IMAGE.search(url))


def indexes_in(typed: Iterable[str]) -> list[tuple[str, str]]:
    """Indexes of a classification, each with the name typed before it («ббк», «удк») or ""."""
    found = []
    for value in typed:
        for piece in value.split(";") if ";" in value else (value,):
            name = _INDEX_NAME.match(piece)
            index = piece[name.end() :].strip() if name else piece.strip()
            if index:
                found.append((_INDEX_NAMES[name[1].lower()] if name else "", index))
    return found


def looks_bbk(index: str) -> bool:
    """Whether a class index without a scheme has a shape of ББК: «22.1я7», «84(2)», «Ч426.21»."""
    return bool(_BBK.match(index))


def person_name(field: MarcField) -> str:
    """The heading of a person: «Пушкин, А. С.» of $a $b, or «Екатерина II» with the numeral of a ruler ($d)."""
    surname, initials = field.first("a").strip().rstrip(","), field.first("b").strip().strip(",").strip()
    numeral = field.first("d").strip(" .,")
    if _NUMERAL.fullmatch(numeral):
        return " ".join([part for part in (surname, initials, numeral) if part])
    if not initials:
        return surname
    return f"{surname} {initials}" if "," in surname else f"{surname}, {initials}"
