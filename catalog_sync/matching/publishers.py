"""Publishers: «АО "Издательство "Просвещение"», «М.: Просвещ., 2015» and «Изд-во Просвещение» are one house."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from rapidfuzz.distance import OSA

from catalog_sync.marc.imprint import is_city
from catalog_sync.tables import rows
from catalog_sync.text import fold, lookalike_as_cyrillic

# Words that say what a company is, not which one. Longest first, so that «издательский центр» goes whole.
_LEGAL = re.compile(
    r"(?<!\w)(?:открытое |закрытое |публичное )?(?:акционерное общество|общество с ограниченной ответственностью)(?!\w)"
    r"|(?<!\w)(?:ооо|оао|зао|пао|ао|нп|ано|чп|ип|тоо|гуп|фгуп|мп|ltd|llc|inc|гос(?:ударственное)?\.?)(?![\w-])\.?"
    r"|(?<!\w)(?:гуманит\w*\.?|учеб\w*\.?|книжн?\w*\.?|кн\.?)\s(?=изд|центр|дом)"
    r"|(?<!\w)изд(?:\.|ат\w*\.?|-во|-ва|-кий)?[ -]?(?:во\b|ва\b)?\s?(?:центр\w*|дом\w*|группа|фирма"
    r"|компания|союз|полигр\w*)?(?![\w])\.?"
    r"|(?<!\w)(?:ид|иц|иоц|тид|гиц|кф|нпо|publishing house|publishers?|publ\.?|press(?= ?$)|books(?= ?$))(?![\w-])"
    r"|(?<!\w)(?:центр|дом|торг\w*)\s(?=\")"
    r"|(?<!\w)тип(?:огр(?:афия)?)?(?:\.|(?!\w))(?:\s?г\.)?"  # «Тип. г. Заозерска», «Заозерская типография»
)
_CITY = re.compile(
    r"^\W*(?:г\.?\s)?(?:м|моск|москва|moscow|спб|с\.-?\s?петербург|санкт-петербург|л|ленинград"
    r"|екатеринбург|н\. ?новгород|киев"
    r"|нижний новгород|ростов(?:-на-дону| н/д)|волгоград|самара|обнинск|казань|минск|новосибирск"
    r"|смоленск|ярославль)\]?\.?\s*[:,]\s*"
)
_YEAR_TAIL = re.compile(r"[,;]?\s*\(?(?:19|20)\d\d\s?г?\.?\)?\s*$")
_BETWEEN = re.compile(r"\s*[:;/]\s*|,\s+|\s&\s|\.\s*:\s*")
_MARKS = re.compile(r"[\"'\[\]().©?]+")  # «?», where the code page of an old system had no «»
_COMPANY_WORDS = ("изд-во", "издательство", "ооо", "ао", "иоц", "центр", "издат")
MIN_ABBREVIATED = 5  # letters of a name cut short: «мол гв» is five, fewer fit too many names
MIN_SLIP_LENGTH = 5  # four letters and fewer forgive no slip: «Вече», «Мир»
_NOT_NAMED = re.compile(r"^(?:б\. ?и\.?|s\. ?n\.?|s\.?n|без издателя|\W*)$")


@cache
def _houses() -> dict[str, tuple[str, bool]]:
    """Folded alias → (house, whether it is only the name of a holding)."""
    found: dict[str, tuple[str, bool]] = {}
    for row in rows("publishers.tsv"):
        for alias in row["aliases"].split(";"):
            name = _bare(alias)
            found.setdefault(name, (row["id"] or name, bool(row["holding"])))
    return found


@cache
def _shown_names() -> dict[str, str]:
    """House → the first of its aliases, as people know it."""
    return {row["id"]: row["aliases"].split(";")[0].strip() for row in rows("publishers.tsv") if row["id"]}


def house_name(house: str) -> str:
    """A house's name for people: «Просвещение» for `prosveshchenie`, an unknown one as it was typed."""
    name = _shown_names().get(house, house)
    return name[:1].upper() + name[1:]


def _bare(name: str) -> str:
    name = re.sub(r"\([^)]*\)?", " ", name)  # «Учитель (Волгоград)»
    name = re.sub(r"\s*-\s*", "-", _MARKS.sub(" ", name)).replace(",", " ").replace("/", " ").replace("+", " плюс ")
    return " ".join(name.split()).strip(" -")


@lru_cache(maxsize=1 << 13)
def houses(typed: str) -> tuple[str, ...]:
    """Ids of the publishing houses in one 210$c / 260$b as typed, sorted; unknown ones by their bare folded name.

    A holding's name says nothing: «Азбука, Азбука-Аттикус» is «Азбука», and «Азбука-Аттикус» may be «Махаон».
    """
    text = _YEAR_TAIL.sub("", _CITY.sub("", fold(lookalike_as_cyrillic(typed) if _is_russian(typed) else typed)))
    if _NOT_NAMED.match(text):
        return ()
    whole = _bare(_LEGAL.sub(" ", text))
    known = _houses().get(whole)
    names = [whole] if known else [_bare(_LEGAL.sub(" ", part)) for part in _BETWEEN.split(text)]
    found = [_house(name) for name in names if len(name) > 1]
    return tuple(sorted({house for house, holding in found if not holding}))


@lru_cache(maxsize=1 << 12)
def _house(name: str) -> tuple[str, bool]:
    """The house of a bare name: as listed, else the only listed one within a slip of the keyboard, else the name."""
    if known := _houses().get(name):
        return known
    abbreviated = {house for alias, house in _houses().items() if _abbreviates(name, alias)}
    if len(abbreviated) == 1:
        return abbreviated.pop()
    first, _, last = name.rpartition(" ")
    if last in _houses() and len(last) >= MIN_SLIP_LENGTH and any(OSA.distance(first, w) <= 2 for w in _COMPANY_WORDS):
        return _houses()[last]
    if len(name) < MIN_SLIP_LENGTH:
        return name, False
    allowed = 1 if len(name) < 10 else 2
    near = {
        house
        for alias, house in _houses().items()
        if len(alias) >= MIN_SLIP_LENGTH and OSA.distance(name, alias, score_cutoff=allowed) <= allowed
    }
    return near.pop() if len(near) == 1 else (name, False)


def _abbreviates(name: str, alias: str) -> bool:
    """«мнемоз» and «прос-ние» are «мнемозина» and «просвещение»: of a listed name one word cut short is enough."""
    if len(name) >= MIN_ABBREVIATED and " " not in name and " " not in alias:
        return _cut_short(name, alias)
    return abbreviates(name.split(), alias.split())


def abbreviates(one: list[str], other: list[str]) -> bool:
    """«мол гв» and «молодая гвардия», «дет литература» and «детская лит-ра»: word by word one is the other cut short.

    Two words at least, two letters of each (ГОСТ Р 7.0.12, 4.3), five in all. Symmetric.
    """
    return (
        len(one) == len(other) >= 2
        and sum(min(len(a), len(b)) for a, b in zip(one, other, strict=True)) >= MIN_ABBREVIATED
        and all(a == b or _cut_short(*sorted((a, b), key=len)) for a, b in zip(one, other, strict=True))
    )


def _cut_short(short: str, full: str) -> bool:
    if "-" in short and short[-1] != "-":
        return full.startswith(short.split("-")[0]) and full.endswith(short.split("-")[-1])
    return len(short) >= 2 and full.startswith(short)


def _is_russian(typed: str) -> bool:
    """Whether Latin letters in a name may be Russian twins: short all-capital words («ACT», «BAKO»)."""
    return bool(re.search(r"[а-яА-Я]", typed)) or (len(typed) <= 6 and typed.isupper())


def all_houses(typed: tuple[str, ...]) -> tuple[str, ...]:
    """Houses of every publisher a record names."""
    if len(typed) == 1:
        return houses(typed[0])
    return tuple(sorted({house for text in typed for house in houses(text)}))


def houses_of(publishers: tuple[str, ...], places: tuple[str, ...]) -> tuple[str, ...]:
    """Houses a record names; where it names none, the one in the place of the city: «Дрофа, 2014» in one subfield."""
    if publishers or len(places) != 1 or is_city(places[0]):
        return all_houses(publishers)
    return tuple([house for house in houses(places[0]) if house in known_ids()])


@cache
def known_ids() -> frozenset[str]:
    return frozenset(house for house, _ in _houses().values())
