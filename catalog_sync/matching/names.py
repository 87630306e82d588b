"""People of a description: «Иванов, Иван Иванович», «И. И. Иванов» and «ИВАНОВ И.И.» are one name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from rapidfuzz.distance import OSA

from catalog_sync.model import Agent
from catalog_sync.text import as_cyrillic, fold, sound

Name = tuple[str, str]  # surname, initials ("" where only the surname is typed)

_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_PATRONYMIC = re.compile(r".+(?:вич|вна|ична|инична)$")
_DIRECT = re.compile(r"((?:[^\W\d_]\.[\s-]?){1,3})\s*([^\W\d_]{2,}(?:-[^\W\d_]+)*)")
_INVERTED = re.compile(r"([^\W\d_]{2,}(?:-[^\W\d_]+)*),?\s+((?:[^\W\d_]\.[\s-]?){1,3})(?![^\W\d_]{2})")
_OTHERS = re.compile(r"\[?\b(?:и|et|and)\s+(?:др|al|others|другие)\b\.?\]?")
_TRANSLATION = re.compile(r"\b(?:пер\b\.?|перев\w*\.?|transl\w*\.?)")
_FROM_LANGUAGE = re.compile(r"^\W*(?:с|со|from(?: the)?)\s+[^\W\d_]+\.?\s*")
_NOT_AUTHORS = re.compile(
    r"\b(?:под (?:общ\w*\.? |науч\w*\.? |общей )?ред\w*|ред\w*\.|сост\b|составит\w*|худож\w*|ил\."
    r"|рис\.|пер\.|перев\w*|отв\. ред|гл\. ред|вступ\w*|предисл\w*|коммент\w*"
    r"|послесл\w*|edited|ed\.|illustrat\w*|transl\w*|рец\w*)"
)
_CAPITAL = r"[А-ЯЁA-Z][а-яёa-z]+"
_IN_FULL = re.compile(rf"({_CAPITAL}(?: [А-ЯЁ][а-яё]+(?:вич|вна|ична))?) ({_CAPITAL}(?:-{_CAPITAL})?)")
_AUTHOR_ROLES = {"", "070", "aut", "автор", "авт", "авт.", "cre"}
_TRANSLATOR_ROLES = {"730", "trl", "пер", "пер.", "переводчик", "перев."}
_COMPILER_ROLES = {"220", "com", "сост", "сост.", "340", "edt", "ред", "ред.", "205"}


_ROLES = {"author": _AUTHOR_ROLES, "translator": _TRANSLATOR_ROLES, "compiler": _COMPILER_ROLES}


@lru_cache(maxsize=1 << 13)
def heading(typed: str, expansion: str = "") -> Name | None:
    """A name from a heading (700, 100): surname first, or initials first where the hand typed it so."""
    folded = fold(typed)
    tokens = _WORD.findall(folded)
    if not tokens:
        return None
    short = [t for t in tokens if len(t) == 1]
    long = [t for t in tokens if len(t) > 1]
    if not long:
        return None
    if short:
        surname, initials = (long[-1] if len(tokens[0]) == 1 else long[0]), "".join(short)
    elif len(long) >= 3 and "," not in folded and _PATRONYMIC.match(long[1]):
        surname, initials = long[2], long[0][0] + long[1][0]
    else:
        surname, initials = long[0], "".join(t[0] for t in long[1:3])
    given = _WORD.findall(fold(expansion))
    if given and len(given) >= len(initials):
        initials = "".join(g[0] for g in given)
    return surname, _in_alphabet_of(surname, initials[:3])


def _in_alphabet_of(surname: str, initials: str) -> str:
    """«Чернов A. C.», the initials typed in Latin letters that look alike."""
    return initials if surname.isascii() else as_cyrillic(initials)


@lru_cache(maxsize=1 << 13)
def in_statement(text: str) -> tuple[tuple[Name, ...], tuple[Name, ...], tuple[Name, ...], bool]:
    """(authors, translators, helpers, whether «[и др.]» follows) of a folded statement (200$f$g, 245$c).

    Helpers are artists, editors, authors of forewords: who stands behind a word that says so.
    """
    authors: list[Name] = []
    translators: list[Name] = []
    helpers: list[Name] = []
    for number, piece in enumerate(re.split(r"\s*;\s*|\s\|\s", text)):
        names = persons(piece)
        translation = _TRANSLATION.search(piece)
        if translation:
            translators += persons(_FROM_LANGUAGE.sub("", piece[translation.end() :]))
            names = persons(piece[: translation.start()])
        role = _NOT_AUTHORS.search(piece)
        if role:
            names = persons(piece[: role.start()])
            helpers += persons(piece[role.end() :])
        if number == 0 or not authors:
            authors += names
    written, translated, helping = (tuple(dict.fromkeys(some)) for some in (authors, translators, helpers))
    return written, translated, helping, bool(_OTHERS.search(text))


@lru_cache(maxsize=1 << 13)
def in_full(statement: str) -> tuple[Name, ...]:
    """Authors whose forenames a statement, as typed, gives in full: «Марина Пестрякова, Кирилл Савинов [и др.]».

    Two or three words with capitals and nothing else between commas, before the first role: «Российская академия»
    writes its second word small.
    """
    found: list[Name] = []
    for piece in re.split(r"\s*,\s*|\s*\[", re.split(r"[;/]", statement.lstrip("/ "))[0]):
        name = _IN_FULL.fullmatch(_OTHERS.sub("", piece).strip())
        if name:
            given = fold(name[1]).split()
            found.append((fold(name[2]), "".join(word[0] for word in given)))
        elif piece.strip():
            break
    return tuple(dict.fromkeys(found))


def persons(text: str) -> list[Name]:
    """Every «И. О. Фамилия» and «Фамилия И. О.» of a folded text, in order."""
    if "." not in text:
        return []
    inverted_first = bool(re.match(r"\W*[^\W\d_]{2,}(?:-[^\W\d_]+)*,?\s+[^\W\d_]\.", text)) and not _DIRECT.match(text)
    pattern, surname, initials = (_INVERTED, 1, 2) if inverted_first else (_DIRECT, 2, 1)
    found = ((m[surname], re.sub(r"\W", "", m[initials])[:3]) for m in pattern.finditer(text))
    return [(name, _in_alphabet_of(name, initials)) for name, initials in found]


@lru_cache(maxsize=1 << 13)
def people(
    agents: tuple[Agent, ...], responsibility: str
) -> tuple[tuple[Name, ...], tuple[Name, ...], tuple[Name, ...], bool]:
    """(authors, translators, compilers, whether others may be unnamed) of headings and statement of one record."""
    statement = fold(responsibility)
    stated, translated, helping, and_others = in_statement(statement)
    written = [*stated, *in_full(responsibility)]
    authors = distinct(authors_of(agents, others=written) + written)
    translators = distinct(authors_of(agents, "translator") + list(translated))
    others = (*translators, *helping)
    if others:
        authors = tuple(a for a in authors if not any(same_name(a, other) for other in others))
    # Headings name the first few; who is named by headings alone need not be all.
    return authors, translators, tuple(authors_of(agents, "compiler")), and_others or (len(authors) > 1 and not written)


def distinct(found: list[Name]) -> tuple[Name, ...]:
    """Names without repetition; of two that can be one person the fuller stays, in a fixed order after the first."""
    kept: list[Name] = []
    for name in found:
        twin = next((k for k in kept if same_name(k, name)), None)
        if twin is None:
            kept.append(name)
        elif len(name[1]) > len(twin[1]):
            kept[kept.index(twin)] = name
    return tuple(kept)


def authors_of(agents: tuple[Agent, ...], role: str = "author", others: Sequence[Name] = ()) -> list[Name]:
    """Names of the persons in one role, the main heading first.

    `others`: authors the statement names. Where no heading stands, an added entry without a role is an author only if
    it is one of them: beside «Джек Лондон» in the statement «Волжина Н. А.» is a translator whose role was forgotten.
    """
    if not agents:
        return []
    roles = _ROLES[role]
    chosen = [a for a in agents if a.kind == "person" and (fold(a.role) in roles or (a.main and role == "author"))]
    if len(chosen) > 1:
        chosen.sort(key=lambda a: not a.main)
    found = [name for name in dict.fromkeys(heading(a.name, a.expansion) for a in chosen) if name]
    if others and found and not any(a.main for a in agents):
        return [name for name in found if any(same_name(name, other) for other in others)]
    return found


@lru_cache(maxsize=1 << 13)
def same_name(a: Name, b: Name) -> bool:
    """Whether two typed names can be one person: compatible initials, surname up to a slip or a case ending."""
    same_surname = a[0] == b[0] or sound(a[0]) == sound(b[0]) or _surname_slip(a[0], b[0])
    if same_surname and _initials_fit(a[1], b[1]):
        return True
    if "-" in a[0] or "-" in b[0]:
        return _half_of(a, b) or _half_of(b, a)
    # «Лев Толстой» in a heading reads as surname Лев: the other way round it must fit letter by letter.
    return len(a[1]) == 1 and bool(b[1]) and a[0][0] == b[1][0] and b[0][0] == a[1]


def _half_of(double: Name, other: Name) -> bool:
    """«Сетон-Томпсон, Э.» and «Томпсон Э. С.»: of a double surname one half is typed, the other became an initial."""
    halves = double[0].split("-")
    for half in halves:
        if half == other[0] or _surname_slip(half, other[0]):
            rest = [h[0] for h in halves if h is not half and h] + list(double[1][:1])
            return len(rest) > 1 and all(letter in other[1] for letter in rest)
    return False


def _initials_fit(a: str, b: str) -> bool:
    """«И.» fits «И. П.»; a slip may touch one of two initials, never the only one.

    One's first is the other's second: a pen name and the name («М. Горький», «А. М. Горький»), or another way to write
    a foreign forename («Х. К. Андерсен», «Г. Х. Андерсен»).
    """
    if not a or not b:
        return True
    a, b = a.replace("э", "е"), b.replace("э", "е")  # «E. E. Katc» was read back from Latin letters
    if a.startswith(b) or b.startswith(a) or a[0] in b[1:] or b[0] in a[1:]:
        return True
    return len(a) == len(b) >= 2 and sum(x != y for x, y in zip(a, b, strict=True)) == 1


_GENITIVE = {"ий": ("ого", "его", "ия"), "ый": ("ого",), "ой": ("ого",), "ая": ("ой",), "яя": ("ей",), "а": ("ой", "ы")}


def _in_genitive(nominative: str, typed: str) -> bool:
    """«Чуковский» and «пер. Чуковского», «Иванова» and «пер. Ивановой»."""
    return any(
        nominative.endswith(ending) and typed in [nominative[: -len(ending)] + genitive for genitive in genitives]
        for ending, genitives in _GENITIVE.items()
    )


def _surname_slip(a: str, b: str) -> bool:
    """One slip in six letters or more, or the genitive of «перевод Б. Пастернака»."""
    short, long = sorted((a, b), key=len)
    if len(short) < 3 or len(long) - len(short) > 3:
        return False
    if long.startswith(short) and long[len(short) :] in ("а", "у", "ым", "ой", "ого", "ом", "я"):
        return True
    if any(_in_genitive(*two) for two in ((a, b), (b, a))):
        return True
    return OSA.distance(a, b, score_cutoff=2) <= (1 if len(long) < 9 else 2) and len(long) >= 5
