"""Class, part, level, carrier and edition number, found wherever in the description they were typed.

Each reader takes a folded text, gives what it found, and the text with the found words replaced by BREAK, so that
what is left is the bare title. Segments of the description (title, subtitle, parts …) are divided by EDGE.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from catalog_sync.matching.numerals import CARDINAL, ORDINAL, ROMAN, SUFFIX, number

EDGE = "\x01"  # not among what \s matches, unlike the separators of ISO 2709
BREAK = " | "
Grade = tuple[int, int]
Part = tuple[str, int]
Spans = dict[str, tuple[int, int]]  # label of part → (first, last)

# --- Class (grade) ---------------------------------------------------------------------------------------------------

_N = rf"(?:\d{{1,2}}{SUFFIX}|{ROMAN}{SUFFIX}|з(?=\s?-?\s?(?:й\s)?кл))"
_BEFORE = r"(?<![\w.,№-])"
_CLASS = r"(?:классн\w*|класс\w*|к{1,2}л{1,2}(?![^\W\d_])\.?|klass\w*|kl\.)"
CLASS_FIRST = re.compile(rf"\s*{_CLASS}")
_AND = r"\s*(?:-|,|;|/|\?(?=\d)|\.\.(?=\w)|\bи\b|\bпо\b)\s*"
_GRADE = re.compile(
    rf"(?:\b(?:для|в|за)\s+)?(?<![\w№])({_N})(?:{_AND}({_N}))?(?:{_AND}({_N}))?(?:{_AND}({_N}))?\s*-?\s*{_CLASS}"
)
_GRADE_WORD = re.compile(rf"(?:\b(?:для|в|за)\s+)?\b({ORDINAL})(?:\s*(?:-|и)\s*({ORDINAL}))?\s+класс\w*")
_GRADE_AFTER = re.compile(
    r"\b(?:класс(?:ы|а|ов)?|кл\.?)\s*[:№-]?\s*(\d{1,2})(?:\s*-\s*(\d{1,2}))?(?!\s*-?\s*(?:\d|[еяй]\b"
    r"|ч\b|част|кл|том|кн|изд))"
)
_ENGLISH_GRADE = re.compile(r"\b(?:grade|form)\s+(\d{1,2})\b")
MAX_GRADE = 12  # evening schools have a twelfth class

# --- Part, volume, issue ---------------------------------------------------------------------------------------------

_LABELS = (
    ("ч", r"ч(?:аст(?:ь|и|ей|ях|ью)|\.|(?![^\W\d_]))|parts?(?![^\W\d_])|pt\.?"),
    (
        "т",
        r"т(?:ом(?:а|е|ов|ах|у)?(?![^\W\d_])|\.|(?=\s*[\divxіх]))|t\.(?=\s*(?:\d|[ivx]{2}))|vol(?:umes?)?\b\.?"
        r"|v\.(?=\s*[\divx])",
    ),
    ("к", r"кн(?:иг(?:а|и|е|ах)(?![^\W\d_])|\.|(?=\s*[\divxіх]))|book(?=\s+(?:\d|[ivx]+\b|one|two|three))|bk\.?"),
    ("в", r"вып(?:уск(?:а|и)?(?![^\W\d_])|\.|(?=\s*\d))|issue\b"),
    ("н", r"№|no\.|nr\.|n[orº°]?\.?(?=\s*\d)"),  # «N 5» where the keyboard, or the code page, had no №
)
_LABEL = "|".join(f"(?P<l{i}>{pattern})" for i, (_, pattern) in enumerate(_LABELS))
_PLAIN_LABEL = "|".join(pattern for _, pattern in _LABELS)
_ENGLISH_NUMBER = r"one|two|three|four|five|six"
_VALUE = rf"(?:\d{{1,4}}|{ROMAN}(?![^\W\d_])|{ORDINAL}|{_ENGLISH_NUMBER})"
_TOTAL = re.compile(
    rf"\b(?:комплект\w*\s+)?(?:[вb]|из|in)\s+(\d{{1,2}}|{CARDINAL}|{_ENGLISH_NUMBER})\s?-?\s?(?:х|ти|и|м)?\s*"
    r"(ч(?:аст\w*|\.)?|т(?:ом\w*|\.)?|кн(?:иг\w*|\.)?|вып(?:уск\w*|\.)?|parts|v(?:ols?|olumes)?\.?)(?![^\W\d_])\.?"
    r"(?:\s*[(\[]\s*комплект\w*\s*[)\]])?"
)
_NUMBERED = re.compile(
    rf"(?<![^\W])\[?(?:{_LABEL})(?:\s*\]?\s*:?\s*|-(?=\d))(?:(?:№|no?(?=\s*\d))\s*)?\[?\s*(?P<n>{_VALUE}){SUFFIX}\]?"
    rf"(?:\s*(?P<join>-|,|\bи\b|/)\s*(?P<m>\d{{1,3}}|{ROMAN}|{ORDINAL})(?![\w]|\s*-?\s*{_CLASS}))?(?![^\W])"
)
_REVERSED = re.compile(
    rf"(?<![\w.№-])(?P<n>\d{{1,2}}|{ROMAN}|{ORDINAL}){SUFFIX}\s*(?P<label>часть|ч\.|полугодие|том|книга"
    rf"|кн\.|выпуск)(?![^\W\d_])"
)
_OF_ISSUE = re.compile(r"(?<![^\W\d_])к № ?\d{1,3}")
_NUMBERED_NOTEBOOK = re.compile(
    rf"((?:тет(?:радь|р)?\w*|пропис[ьи]|р ?/ ?т|workbook))\.?\s*(?:№\s*(\d{{1,2}})|(\d)(?=\s*(?:$"
    rf"|[{EDGE}|:;/.)\]](?!\s*{_CLASS}))))"
)
_REVERSED_LABELS = {"часть": "ч", "ч.": "ч", "полугодие": "ч", "том": "т", "книга": "к", "кн.": "к", "выпуск": "в"}
_BARE = re.compile(rf"[\[(]?\s*({_VALUE}){SUFFIX}\s*[\])]?\.?")
_ANY_LABEL = re.compile(
    rf"[^\W\d_]{{3,}}\.?\s+(?P<n>\d{{1,3}}|{ROMAN}){SUFFIX}\W*"
    rf"|(?P<m>\d{{1,3}}|{ROMAN}){SUFFIX}(?:[\s-]+[^\W\d_]{{2,}}){{1,2}}\W*"
)
_TOTAL_EXTENT = re.compile(r"^\W*(\d{1,2})\s*(?:т\b|тома|томов|кн\b|книг|ч\b|част(?!ь)|вып\b|v\b|vols?\b)")

# --- Level -----------------------------------------------------------------------------------------------------------

_BASE = r"баз(?:ов\w*)?\.?"
_ADVANCED = r"(?:угл(?:уб\w*)?|проф(?:ил\w*)?)\.?"
_LEVEL = re.compile(
    rf"\(?\b(?:(?P<both>{_BASE}\s*(?:и|,|/|-)\s*{_ADVANCED})|(?P<base>{_BASE})|(?P<advanced>{_ADVANCED}))"
    r"\s*(?:уров\w*|ур\b\.?|обуч\w*|изуч\w*|курс\w*|подгот\w*)(?:\s+(?:изуч|обуч|подгот)\w*)?\)?"
    rf"|\bуров\w*\s*:?\s*(?P<after>{_BASE}(?!\w)|{_ADVANCED}(?!\w))"
)

# --- Carrier, large print, Braille -----------------------------------------------------------------------------------

_WITH = r"(?:\b(?:с|со|и|вкл|прил|содерж)\.?\s+|\+\s*|\bприл\w*\.?\s*:?\s*(?!к\s))"
_IN_BRACKETS = r"(?:\s*[(\[][^()\[\]\x01|]{0,30}?(?:cd|dvd|mp3|диск|электрон|rom|флеш)[^()\[\]\x01|]{0,30}[)\]])?"
_ACCOMPANIED = re.compile(
    rf"{_WITH}(?:\d{{1,2}}\s*)?(?:[а-я]+\w*\.?\s+){{0,2}}?(?:электрон\w*\.?|эл\.|аудио\w*|мультимедийн\w+|cd|dvd|диск\w*"
    rf"|компакт-диск\w*|mp3)"
    r"(?:[\s-]*(?:прил\w*\.?|носител\w*|диск\w*|rom|cd|dvd|курс\w*|опт\w*\.?"
    r"|учебник\w*))*(?:\s+на\s+(?:cd|dvd|электрон\w*|диск\w*)[\w -]*)?" + _IN_BRACKETS
)
# A disc has no pages: beside «160 с.» these words in the title area can only mean what lies in the book's pocket.
_DISC_WORDS = re.compile(
    r"[(\[]?(?<!\w)(?:cd|dvd|mp3|(?:компакт-?\s?)?диск\w*)(?:-?\s?(?:rom|диск\w*|audio))?(?!\w)[)\]]?"
)
_FORMS = (
    (
        "braille",
        r"(?:рельефно-точечн\w+ )?(?:шрифт\w* )?(?:по )?брайл\w*|рельефно-точечн\w*(?: шрифт\w*)?"
        r"|для (?:слепых|незрячих)\w*(?: \w+)?|braille",
    ),
    (
        "large",
        r"(?:изд\w*\.? )?(?:укрупн\w+|крупн\w+) (?:шрифт\w*|печать\w*)|крупнопечатн\w*(?: изд\w*\.?)?"
        r"|для слабовид\w+(?: (?:обуч|уча|дет)\w*)?|large print",
    ),
    (
        "audio",
        r"аудио\w*(?:[ -](?:книга|курс|прилож\w*|диск\w*|запись))?|звукозапис\w*|звуковая запись"
        r"|фонохрестомат\w*|устная речь : аудио|mp3|sound recording|\(?cd-audio\)?|грампластинк\w*",
    ),
    ("video", r"видео(?:запись|фильм\w*|диск\w*|кассет\w*|урок\w*)|videorecording|двухмерное движущееся[ \w]*"),
    (
        "electronic",
        r"(?:текст|изображение)?\s*:?\s*электронн\w+(?= *[\]\x01|:/.,;)]| *$)(?! *шрифт)"
        r"|эл(?:ектрон\w*)?\.? ?(?:(?:текст|граф|граф|звук)\w*\.? ?(?:и \w+\.? )?(?:дан\w*\.?"
        r"|док\w*\.?|рес\w*\.?)|дан\w*\.?)|эл(?:ектрон\w*)?\.? ?(?:рес(?:урс\w*|\.)?|изд(?:ан\w*|\.)?"
        r"|форм\w* (?:учеб\w*\.?(?: ?пособ\w*\.?)?|изд\w*)|верс\w*|учеб\w*\.?(?: ?пособ\w*)?"
        r"|прил(?:ож\w*|\.)?|книга|копия|дан\w*\.?|опт\w*\.? (?:диск\w*)?)|эфу\b|e-?book\b|pdf\b"
        r"|epub\b|интерактивн\w+ (?:учебник|прилож|пособ)\w*|мультимедийн\w+ (?:учебник|прилож|пособ"
        r"|диск)\w*|(?:cd|dvd|компакт)(?:-rom|-диск\w*| диск\w*|-?rom)?\b|electronic resource"
        r"|сетев\w+ (?:ресурс|изд)\w*|(?<=\[)мультимедиа(?=\])|^мультимедиа$",  # ГОСТ 7.1-2003, 5.2.3
    ),
    ("micro", r"микро(?:форм|фиш|фильм)\w*"),
    ("print", r"\[?текст\]?\s*:\s*непосредств\w*|\[текст\]|непосредственн\w+|печатн\w+ изд\w*|печатная форма"),
)
_FORM = re.compile("|".join(rf"(?P<{name}>[\[(]?(?:{pattern})[\])]?)" for name, pattern in _FORMS))
_FORM_HINT = re.compile(
    r"брайл|рельеф|слеп|незряч|шрифт|слабовид|аудио|звук|фоно|mp3|видео|эл|эфу|book|pdf|epub|мультим"
    r"|cd|dvd|диск|resource|sound|микро|print|интеракт|сетев|грампл|текст|непоср|печатн|движ"
)

# --- Edition ---------------------------------------------------------------------------------------------------------

# «учебное издание, 4 класс», «издание 2 ч.»: the number is that of the class or part. «Изд. 1, ч. 2» has two.
_PART_FOLLOWS = r",\s*(?:ч|т|кн)[а-я]*\.?\s?\d"
_PARTED = rf"[,-]?\s*(?:{_CLASS}|ч(?:аст\w*|\.)|т(?:ом\w*|\.)|кн(?:иг\w*|\.))"
_EDITION = re.compile(
    rf"(?:(?<!\w)(?P<n>\d{{1,2}}|{ORDINAL}|{ROMAN}){SUFFIX}\s*(?:,?\s*(?:стер|испр|перер|доп|дораб|обнов|юбил"
    rf"|и\b)\w*\.?,?\s*){{0,3}}изд(?!-)(?:ани[ея]|\.|\b)"
    rf"|\bизд(?:ание|\.)?,?\s*(?:№\s*)?(?P<m>\d{{1,2}}|{ORDINAL}|{ROMAN}(?!\w))(?!\d){SUFFIX}(?:(?={_PART_FOLLOWS})|(?!\s*{_PARTED}))"
    r"|(?<!\w)(?P<e>\d{1,2})(?:st|nd|rd|th|d)?\.? (?:rev\w*\.? )?ed(?:ition|n)?\b\.?"
    r"|\b(?P<w>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)\s+(?:[a-z]+\s+)?ed(?:ition)?\b\.?)"
)
_BARE_EDITION = re.compile(r"\W*(\d{1,2})\s?-?\s?(?:ое|е)(?=\W|$)(?!\s*(?:полуг|т\b|ч\b|кн\b))")
_EDITION_HINT = re.compile(r"изд|\bed")
_STEREO = re.compile(r"стер\w*\.?|без изм\w*\.?")
_REVISED = re.compile(
    r"перераб\w*\.?|исправл\w*\.?|испр\.?|дораб\w*\.?|дополн\w*\.?|доп\.?\b|обновл\w*|rev(?:ised)?\b"
    r"|enl(?:arged)?\b|corr"
)
_EDITION_TAIL = re.compile(r"(?:[\s,.;]|\bи\b|стер\w*|перераб\w*|испр\w*|доп\w*|дораб\w*|обновл\w*|без\s+изм\w*)*")


_GRADES = (_GRADE, _GRADE_WORD, _GRADE_AFTER, _ENGLISH_GRADE)  # in this order


def may_say_grade(text: str) -> bool:
    return "кл" in text or "klass" in text or "grade" in text or "form" in text


@lru_cache(maxsize=1 << 13)
def grades_in(text: str) -> tuple[int, Grade] | None:
    """The class a text names: number of the pattern that finds it, and the class."""
    for n, pattern in enumerate(_GRADES):
        for found in pattern.finditer(text):
            values = [3 if g.startswith("з") else number(g) for g in found.groups() if g]
            if values and all(1 <= v <= MAX_GRADE for v in values):
                return n, (min(values), max(values))
    return None


@lru_cache(maxsize=1 << 13)
def without_grade(text: str, pattern: int) -> str:
    return _GRADES[pattern].sub(BREAK, text)


def take_grade(text: str) -> tuple[Grade | None, str]:
    """Class or range of classes: «5 кл.», «для 5-го класса», «X–XI классы», «пятый класс», «кл. 5»."""
    found = grades_in(text) if may_say_grade(text) else None
    return (found[1], without_grade(text, found[0])) if found else (None, text)


@lru_cache(maxsize=1 << 13)
def take_total(text: str) -> tuple[int, bool, str]:
    """«в 2 ч.», «в трёх томах»: how many parts the set has, 0 where it isn't said; and whether the record says that it
    describes them all («комплект в 3 частях»)."""
    found = _TOTAL.search(text)
    if found is None:
        return 0, False, text
    return number(found[1]), "комплект" in found[0], _TOTAL.sub(BREAK, text)


def take_parts(text: str) -> tuple[Spans, str]:
    """Designations of part by kind of label (ч, т, к = книга, в = выпуск, н = №), each a range (first, last)."""
    read, rest = segment_parts(text, before_class=False)
    found: Spans = {}
    for spans in read:
        for label, first, last in spans:
            found.setdefault(label, (first, last))
    return found, rest


_Found = tuple[tuple[str, int, int], ...]
_COUNT = re.compile(r"\d{1,2}\s?(?:ч|кн)\.")  # «2 ч.»: the second, or how many there are


@lru_cache(maxsize=1 << 13)
def segment_parts(text: str, before_class: bool) -> tuple[tuple[_Found, _Found, _Found, _Found] | tuple[()], str]:
    """(label, first, last) of parts in a text by the pattern that finds them, the surest first; and the text without.

    `before_class`: another segment follows that begins with «класс»: «тетрадь 5», «класса».
    """
    notebooks: list[tuple[str, int, int]] = []
    numbers: list[tuple[str, int, int]] = []
    turned_round: list[tuple[str, int, int]] = []
    counts: list[tuple[str, int, int]] = []

    def remember(found: list[tuple[str, int, int]], label: str, first: int, last: int) -> str:
        if first == 0:
            return ""
        found.append((label, first, max(first, last)))
        return BREAK

    def numbered(match: re.Match[str]) -> str:
        label = next(mark for i, (mark, _) in enumerate(_LABELS) if match[f"l{i}"])
        joined = number(match["m"]) if match["m"] else 0
        return remember(numbers, label, number(match["n"]), joined) or match[0]

    def turned(match: re.Match[str]) -> str:
        found = counts if _COUNT.fullmatch(match[0]) else turned_round
        return remember(found, _REVERSED_LABELS[match["label"]], number(match["n"]), 0) or match[0]

    def notebook(match: re.Match[str]) -> str:
        return match[1] + (remember(notebooks, "н", number(match[2] or match[3]), 0) or "")

    if "тет" in text or "проп" in text or "/" in text or "workbook" in text:
        following = f"{EDGE}класс" if before_class else ""
        text = _NUMBERED_NOTEBOOK.sub(notebook, text + following).removesuffix(following)
    if "к №" in text:  # «Прил. к № 3» is not the issue
        text = _OF_ISSUE.sub(BREAK, text)
    text = _REVERSED.sub(turned, _NUMBERED.sub(numbered, text))
    if notebooks or numbers or turned_round or counts:
        return (tuple(notebooks), tuple(numbers), tuple(turned_round), tuple(counts)), text
    return (), text


@lru_cache(maxsize=1 << 12)
def bare_part(text: str) -> int:
    """The number where a part's designation is nothing but a number («2», «II», «вторая»), else 0."""
    found = _BARE.fullmatch(text.strip())
    return number(found[1]) if found else 0


@lru_cache(maxsize=1 << 12)
def part_of_any_label(text: str) -> int:
    """The number in a part's own subfield whatever word stands beside it: «Tomulus II.», «1 нче кисәк», «Раздел 3»; 0
    where it is a class, or no number."""
    found = None if may_say_grade(text) and grades_in(text) else _ANY_LABEL.fullmatch(text.strip())
    return number(found["n"] or found["m"]) if found else 0


@lru_cache(maxsize=1 << 13)
def parts_in_extent(extent: str) -> int:
    """«2 т.», «3 кн.» in the extent: the record describes the whole set."""
    found = _TOTAL_EXTENT.match(extent)
    return int(found[1]) if found else 0


def may_say_level(text: str) -> bool:
    return "уров" in text or " ур" in text or "углуб" in text or "проф" in text


@lru_cache(maxsize=1 << 13)
def segment_level(text: str) -> tuple[str, str]:
    """Level and the rest, for a text that `may_say_level` or stands beside one."""
    found = _LEVEL.search(text)
    if found is None:
        return "", text
    kind = found.lastgroup or ""
    if kind == "after":
        kind = "base" if found["after"].startswith("баз") else "advanced"
    return kind, _LEVEL.sub(BREAK, text)


def take_level(text: str) -> tuple[str, str]:
    """base | advanced | both | "": «баз. уровень», «углублённый», «профильный» (the same since 2012's standard)."""
    return segment_level(text) if may_say_level(text) else ("", text)


def take_form(text: str, *, paged: bool = False) -> tuple[str, str]:
    """Carrier and form: electronic | audio | video | large | braille | micro | print, "" where nothing says it.

    What only goes along with the book («с электронным приложением», «+ CD») is not its carrier; nor is a bare word
    for a disc where the extent is `paged`.
    """
    forms, rest = segment_forms(text, paged)
    return first_form([forms]), rest


def first_form(read: Iterable[frozenset[str]]) -> str:
    """Of all forms named, the one that goes before the others."""
    forms = frozenset().union(*read)
    return next((name for name, _ in _FORMS if name in forms), "") if forms else ""


@lru_cache(maxsize=1 << 13)
def segment_forms(text: str, paged: bool) -> tuple[frozenset[str], str]:
    """All forms one segment names: no pattern reaches over EDGE, and few segments name any in words of their own."""
    if not _FORM_HINT.search(text):
        return frozenset(), text
    text = _ACCOMPANIED.sub(BREAK, text)
    if paged:
        text = _DISC_WORDS.sub(BREAK, text)
    forms = frozenset(found.lastgroup or "" for found in _FORM.finditer(text))
    return forms, _FORM.sub(BREAK, text) if forms else text


@lru_cache(maxsize=1 << 13)
def take_edition(text: str) -> tuple[int, str, str]:
    """Number of the edition and what was done to it (stereo | revised | ""): «изд. 2-е, стер.» in either order."""
    if not _EDITION_HINT.search(text):
        return 0, "", text
    found = _EDITION.search(text)
    if found is None:
        return 0, "", text
    value = next(number(v) for v in found.groups() if v)
    tail = _EDITION_TAIL.match(text, found.end())
    end = tail.end() if tail else found.end()
    return value, revision(found[0] + text[found.end() : end]), text[: found.start()] + BREAK + text[end:]


@lru_cache(maxsize=1 << 12)
def bare_edition(area: str) -> int:
    """The number in an edition area that leaves «изд.» out, as that is where it stands: «8-е», «2-е, стер.»; else 0."""
    found = _BARE_EDITION.match(area)
    return int(found[1]) if found else 0


@lru_cache(maxsize=1 << 12)
def revision(text: str) -> str:
    """What the edition statement says was done to the text: stereo | revised | ""."""
    if _REVISED.search(text):
        return "revised"
    return "stereo" if _STEREO.search(text) else ""
