"""Kind of a school book by the words of its title: textbook, workbook, teacher's book … (data/tables/kinds.tsv)."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from catalog_sync.matching.discriminators import BREAK
from catalog_sync.tables import rows
from catalog_sync.text import fold

_WHOM = r"(?:уч-ся|учащ\w*\.?|обуч\w*\.?|учен\w*\.?|школьник\w*|студент\w*|абитур\w*|воспит\w*|учит\w*\.?|педаг\w*\.?)"
_ADJECTIVE = (
    r"(?:(?:сред\w*|нач\w*|осн\w*|полн\w*|общ\w*|общеобраз\w*|образоват\w*|спец\w*|коррекц\w*|нац\w*"
    r"|рос\w*|муницип\w*)\.?\s*(?:и\s)?)"
)
_SCHOOLS = r"(?:учр(?:еж\w*)?|организ\w*|орг(?:-ций)?|шк(?:олы?)?|завед\w*|учеб\. ?завед\w*|гимназ\w*|лице\w*)\.?"
# «учебник для учащихся общеобразоват. учреждений»: whom it is for, which isn't what it is. «Школа», «Гимназисты» and
# «Начальная школа» are titles: a bare noun says nothing of the kind.
_FOR_SCHOOLS = re.compile(
    rf"(?:\bдля\s+(?:{_WHOM}\s*)?{_ADJECTIVE}{{0,4}}|{_WHOM}\s*{_ADJECTIVE}{{0,4}}|\b{_ADJECTIVE}{{1,4}}){_SCHOOLS}"
    rf"(?![\w-])(?!\s*возр)|\bдля\s+{_WHOM}(?![\w-])"
)
_OF_TEXTBOOK = re.compile(r"\b(?:к|по)\s+(?:нов\w*\s)?(?:учебн?и?к?\w*|уч\.|учеб\.|умк)(?:-[а-я]+)?\.?[^|\x01:/;]*")
# The same as typed, with what follows up to the next mark; a name begins with a capital. What stands in quotes is the
# name of a book or of a line, and who edited the textbook is left out by every second hand.
_SERVES = re.compile(
    r"\b[КкПп]о?\s(?:нов\w*\s)?(?:учебн?и?к?\w*|уч\.|учеб\.|УМК|умк)(?:-[а-я]+)?\.?"
    r"((?:[^|:/;()\[\].]|(?<=\b[А-ЯЁ])\.|\.(?=\s?[а-яё]))*)"
)
_NO_AUTHORS = re.compile(r"[\"«„“][^\"»“”]*(?:[\"»“”]|$)|\bпод ред.*|[А-ЯЁ]\w+ (?:России|[XХ]{2}I? века)")
_SERVED = re.compile(
    r"(?:[А-ЯЁ]\.\s?){1,2}([А-ЯЁ][а-яё]{2,}(?:-[А-ЯЁ][а-яё]+)?)|([А-ЯЁ][а-яё]{2,})(?=\s[А-ЯЁ]\.|\s*(?:$|,|и\s))"
)
_QUOTED = re.compile(r'"([^"]{3,})"')
_ITEM = re.compile(r"\s*\|\s*")
_COMPANION_HINT = re.compile(r"\b(?:к|по) (?:нов\w* )?(?:уч|умк)")
_SCHOOL_HINT = re.compile(r"учр|орг|шк|завед|гимн|лице|для ")


@lru_cache(maxsize=1 << 13)
def served(title: str) -> tuple[str, ...]:
    """Surnames, folded, of the authors of the textbook that a title as typed says it goes with: «Контрольные работы. К
    учебнику Н. Я. Виленкина и др.»."""
    found = _SERVES.search(title) if "уч" in title or "умк" in title.lower() else None
    if found is None:
        return ()
    names = _SERVED.findall(_NO_AUTHORS.sub(" ", found[1]).strip())
    return tuple(sorted({fold(one or other) for one, other in names}))


@cache
def _pattern() -> tuple[re.Pattern[str], dict[str, tuple[str, str]]]:
    kinds: dict[str, tuple[str, str]] = {}
    groups = []
    for number, row in enumerate(rows("kinds.tsv")):
        name = f"k{number}"
        kinds[name] = (row["kind"], row["use"])
        groups.append(rf"(?P<{name}>{row['pattern']})(?!\w)")
    return re.compile(rf"(?<![\w-])(?:{'|'.join(groups)})"), kinds


@lru_cache(maxsize=1 << 13)  # «учебник для общеобразоват. учреждений» is typed thousands of times
def take_kind(text: str) -> tuple[str, str]:
    """Kind of book and the text without the words that said so. "" where only generic words or none were typed.

    The first specific word decides: «рабочая тетрадь к учебнику» is a workbook, «атлас с контурными картами» an atlas.
    """
    quoted = ""
    if _COMPANION_HINT.search(text):
        found = _OF_TEXTBOOK.search(text)
        quoted = "".join(_QUOTED.findall(found[0])[:1]) if found else ""
        text = _OF_TEXTBOOK.sub(BREAK, text)
    pattern, kinds = _pattern()
    first = ""

    def take(found: re.Match[str]) -> str:
        nonlocal first
        kind, use = kinds[found.lastgroup or ""]
        if use != "generic":
            first = first or kind
        return found[0] if use == "keep" else BREAK

    text = pattern.sub(take, text)
    if _SCHOOL_HINT.search(text):
        text = _FOR_SCHOOLS.sub(BREAK, text)
    if quoted and not any(c.isalpha() for c in text):  # «Рабочая тетрадь к учебнику … «Алгебра»»: of what else?
        text = quoted
    return first, text
