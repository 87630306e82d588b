"""People of a description: «Иванов, Иван Иванович», «И. И. Иванов» and «ИВАНОВ И.И.» are one name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from rapidfuzz.distance import OSA

from catalog_sync.model import Agent
from catalog_sync.text import as_cyrillic, fold, sound, words

Name = tuple[str, str]  # surname, initials ("" where only the surname is typed)

_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_PATRONYMIC = re.compile(r".+(?:вич|вна|ична|инична)$")
# A forename cut to more than its first letter: «Дж. Лондон», «Вс. Иванов», «Ив. Франко» (ГОСТ Р 7.0.12 allows both).
INITIAL = r"(?<![^\W\d_])(?:дж|вс|вл|ал|ант|ив|евг|мих|ник|алекс|серг|[^\W\d_])\.[\s-]?"
# «А. де Сент-Экзюпери» is sorted, and typed, under either word: what identifies him is the name behind the particle.
_PARTICLES = frozenset(words("де дю дель ла ле ван фон дер ден да ди de du la le van von der den da di del"))
_PARTICLE = rf"(?:(?:{'|'.join(sorted(_PARTICLES))})\s+)"
_SURNAME = r"[^\W\d_]{2,}(?:-[^\W\d_]+)*"
_DIRECT = re.compile(rf"((?:{INITIAL}){{1,3}})\s*{_PARTICLE}{{0,2}}({_SURNAME})")
_INVERTED = re.compile(rf"({_SURNAME}),?\s+((?:{INITIAL}){{1,3}})(?![^\W\d_]{{2}})")
_NAMED_AFTER = re.compile(rf"\bим(?:\.|ени)\s*(?:{INITIAL}){{1,3}}\s*{_SURNAME}")  # «МГУ им. М. В. Ломоносова»
_INVERTED_FIRST = re.compile(rf"\W*{_PARTICLE}{{0,2}}{_SURNAME},?\s+{INITIAL}")
# What tells father and son apart stands beside the name; nobody types it on every card.
_GENERATIONS = frozenset(words("отец сын старший младший ст мл"))
_OTHERS = re.compile(r"\[?\b(?:и|et|and)\s+(?:др|al|others|другие)\b\.?\]?")
# Who retells a book makes another text of it, as who translates it: «пересказ Б. Заходера», «пер. Н. Демуровой».
_TRANSLATION = re.compile(r"\b(?:пер\b\.?|перев\w*\.?|пересказ\w*|transl\w*\.?)")
_FROM_LANGUAGE = re.compile(r"^\W*(?:с|со|from(?: the)?)\s+[^\W\d_]+\.?\s*")
_NAME_TO_THE_END = re.compile(rf"\W*(?!(?:для|под|на|и|по)\b)([^\W\d_]{{3,}}) ({_SURNAME})\W*")
_COMPILED = re.compile(
    r"\b(?:под (?:общ\w*\.? |науч\w*\.? |общей )?ред\w*|ред\w*\.|(?:авт\w*\.?\s?-\s?)?сост(?:\b|авит\w*)|отв\. ред"
    r"|гл\. ред|edited|ed\.)"
)
_CAPITAL = r"[А-ЯЁA-Z][а-яёa-z]+"
_EDITOR = rf"(?:(?:[А-ЯЁ]\.\s?){{1,2}}{_CAPITAL}|{_CAPITAL}(?:\s(?:[А-ЯЁ]\.\s?){{1,2}})?)"
_EDITED = re.compile(
    rf"(?<=[\w.])[\s,(]+((?:[Пп]од (?:общ\w*\.? |науч\w*\.? )?ред(?:\.|акцией)|(?:[Аа]вт\.-)?[Сс]ост\.):?\s*"
    rf"{_EDITOR}(?:,\s*{_EDITOR})*)\)?"
)
_NOT_AUTHORS = re.compile(
    rf"{_COMPILED.pattern}|\b(?:худож\w*|ил\.|рис\.|пер\.|перев\w*|пересказ\w*|вступ\w*|предисл\w*|коммент\w*"
    r"|послесл\w*|illustrat\w*|transl\w*|рец\w*)"
)
_IN_FULL = re.compile(rf"({_CAPITAL}(?:[ -]{_CAPITAL}){{0,2}}) {_PARTICLE}{{0,2}}({_CAPITAL}(?:-{_CAPITAL})?)")
_ADJECTIVE = re.compile(r"\w{3,}(?:ая|ое|ые|ой)\b")  # «Центральная Районная Библиотека» is nobody
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
    tokens = _without_particles(folded, tokens)
    short = [t for t in tokens if _is_short(t)]
    long = [t for t in tokens if not _is_short(t)]
    if not long:
        return None
    if short:
        surname, initials = (long[-1] if _is_short(tokens[0]) else long[0]), "".join(t[0] for t in short)
    elif len(long) >= 3 and "," not in folded and _PATRONYMIC.match(long[1]):
        surname, initials = long[2], long[0][0] + long[1][0]
    else:
        surname, initials = long[0], "".join(t[0] for t in long[1:3])
        if surname.startswith("о'") and not initials:  # «О'Генри» is «О. Генри»
            surname, initials = surname[2:], "о"
    given = _WORD.findall(fold(expansion))
    if given and len(given) >= len(initials):
        initials = "".join(g[0] for g in given)
    surname = _without_epithet(surname)
    return surname, _in_alphabet_of(surname, initials[:3])


def _without_epithet(surname: str) -> str:
    """«Дюма-отец» is catalogued as «Дюма А.», «Сент-Экзюпери» as «Экзюпери», too."""
    return surname.removeprefix("сент-").removesuffix("-отец").removesuffix("-сын")


def _is_short(word: str) -> bool:
    """An initial; «дж», which writes one English letter, is one everywhere."""
    return len(word) == 1 or word == "дж"


def _without_particles(folded: str, tokens: list[str]) -> list[str]:
    """The words of a heading by which a man is known: «Де Костер Ш.», «Сент-Экзюпери А. де», «Дюма А. (отец)».

    A particle before a comma is the surname: «Ли, Ван».
    """
    kept = [t for t in tokens if t not in _PARTICLES and t not in _GENERATIONS]
    first = tokens[0]
    if len(kept) == len(tokens) or (first in _PARTICLES and folded.startswith(f"{first},")):
        return tokens
    return kept if any(len(t) > 2 for t in kept) else tokens


def _in_alphabet_of(surname: str, initials: str) -> str:
    """«Чернов A. C.», the initials typed in Latin letters that look alike."""
    return initials if surname.isascii() else as_cyrillic(initials)


@lru_cache(maxsize=1 << 13)
def in_statement(text: str) -> tuple[tuple[Name, ...], tuple[Name, ...], tuple[Name, ...], tuple[Name, ...], bool]:
    """(authors, translators, compilers, helpers, whether «[и др.]» follows) of a folded statement (200$f$g, 245$c).

    Who stands behind a word that says so is a translator (or retells), a compiler (or editor), or another helper:
    an artist, the author of a foreword.
    """
    authors: list[Name] = []
    translators: list[Name] = []
    compilers: list[Name] = []
    helpers: list[Name] = []
    for number, piece in enumerate(re.split(r"\s*;\s*|\s\|\s", text)):
        names = persons(piece)
        translation = _TRANSLATION.search(piece)
        if translation:
            translators += _translators(_FROM_LANGUAGE.sub("", piece[translation.end() :]))
            names = persons(piece[: translation.start()])
        role = _NOT_AUTHORS.search(piece)
        if role:
            names = persons(piece[: role.start()])
            (compilers if _COMPILED.match(role[0]) else helpers).extend(persons(piece[role.end() :]))
        if number == 0 or not authors:
            authors += names
    written, translated, compiled, helping = (
        tuple(dict.fromkeys(some)) for some in (authors, translators, compilers, helpers)
    )
    return written, translated, compiled, helping, bool(_OTHERS.search(text))


@lru_cache(maxsize=1 << 13)
def edited_by(title: str) -> tuple[str, str]:
    """A title as typed without the editor or compiler behind it, and the words that name them: «Литература 6 кл. под
    ред. Коровиной В.Я.»."""
    found = _EDITED.search(title) if "ред" in title or "ост." in title else None
    return (title, "") if found is None else (f"{title[: found.start()]} {title[found.end() :]}".strip(), found[1])


def _translators(text: str) -> list[Name]:
    """«Н. Галь» and «Норы Галь»: behind the word that says what they did, a forename in full is believed, too."""
    found = persons(text)
    if not found and (name := _NAME_TO_THE_END.fullmatch(text)):
        found = [(name[2], name[1][0])]
    return found


@lru_cache(maxsize=1 << 13)
def in_full(statement: str) -> tuple[Name, ...]:
    """Authors whose forenames a statement, as typed, gives in full: «Марина Пестрякова, Кирилл Савинов [и др.]».

    Two to four words with capitals and nothing else between commas, before the first role: «Российская академия»
    writes its second word small. With the patronymic last the surname is the first: «Тургенев Иван Сергеевич».
    """
    found: list[Name] = []
    for piece in re.split(r"\s*,\s*|\s*\[", re.split(r"[;/]", statement.lstrip("/ "))[0]):
        name = _IN_FULL.fullmatch(_OTHERS.sub("", piece).strip())
        if name and not _ADJECTIVE.search(name[1]):
            given, surname = _WORD.findall(fold(name[1]).replace("-", " ")), fold(name[2])
            if len(given) == 2 and _PATRONYMIC.match(surname):
                given, surname = [given[1], surname], given[0]
            found.append((_without_epithet(surname), "".join(word[0] for word in given)))
        elif piece.strip():
            break
    return tuple(dict.fromkeys(found))


# «Атанасян», «Данилов, Косулина», «ТУРГЕНЕВ И С»: a statement may name them so; «Учитель» is a house.
NO_ADJECTIVE = r"[^\W\d_]{2,}(?:[ое]в|ин|ын|ко|ян|ук|юк|ич|дзе|швили|[ое]ва|ина|ына)"
_SURNAME_ALONE = re.compile(
    rf"\W*(?:({NO_ADJECTIVE}|[^\W\d_]{{2,}}[сц](?:кий|кая))|({_SURNAME}) ([^\W\d_])(?: ?([^\W\d_]))?(?<! и))"
    r"(?: и др\.?)?\W*"
)


@lru_cache(maxsize=1 << 13)
def _surnames_alone(statement: str) -> list[Name]:
    """Authors of a folded statement that is nothing but surnames, with initials without points or without any."""
    found = [_SURNAME_ALONE.fullmatch(piece) for piece in re.split(r"\s*,\s*|\s+и\s+(?=\w{3})", statement)]
    named = [m for m in found if m]
    if len(named) < len(found):
        return []
    return [(m[1] or m[2], _in_alphabet_of(m[1] or m[2], (m[3] or "") + (m[4] or ""))) for m in named]


def persons(text: str) -> list[Name]:
    """Every «И. О. Фамилия» and «Фамилия И. О.» of a folded text, in order."""
    if "." not in text:
        return []
    if "им" in text:
        text = _NAMED_AFTER.sub(" ", text)
    inverted_first = bool(_INVERTED_FIRST.match(text)) and not _DIRECT.match(text)
    pattern, surname, initials = (_INVERTED, 1, 2) if inverted_first else (_DIRECT, 2, 1)
    found = ((m[surname], "".join(t[0] for t in _WORD.findall(m[initials]))) for m in pattern.finditer(text))
    return [(_without_epithet(name), _in_alphabet_of(name, initials)) for name, initials in found]


@lru_cache(maxsize=1 << 13)
def people(
    agents: tuple[Agent, ...], responsibility: str
) -> tuple[tuple[Name, ...], tuple[Name, ...], tuple[Name, ...], bool]:
    """(authors, translators, compilers, whether others may be unnamed) of headings and statement of one record."""
    statement = fold(responsibility)
    stated, translated, compiled, helping, and_others = in_statement(statement)
    written = [*stated, *in_full(responsibility)] or _surnames_alone(statement)
    authors = distinct(authors_of(agents, others=written) + written)
    translators = distinct(authors_of(agents, "translator") + list(translated))
    others = (*translators, *compiled, *helping)
    if others:  # «В. В. Пасечник, С. В. Суматохин ; под ред. В. В. Пасечника»: who wrote it may have edited it, too
        authors = tuple(a for a in authors if _is_one_of(a, written) or not _is_one_of(a, others))
    compilers = distinct(authors_of(agents, "compiler") + list(compiled))
    # Headings name the first few; who is named by headings alone need not be all.
    return authors, translators, compilers, and_others or (len(authors) > 1 and not written)


def _is_one_of(name: Name, others: Sequence[Name]) -> bool:
    return any(same_name(name, other) for other in others)


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


# «E. E. Katc» was read back from Latin letters; an English W is written У or В («Уильям», «Вильям»), an H Х or Г.
_ONE_LETTER = str.maketrans("эух", "евг")


def _initials_fit(a: str, b: str) -> bool:
    """«И.» fits «И. П.»; a slip may touch one of two initials, never the only one.

    One's first is the other's second: a pen name and the name («М. Горький», «А. М. Горький»), or another way to write
    a foreign forename («Х. К. Андерсен», «Г. Х. Андерсен»).
    """
    if not a or not b:
        return True
    a, b = a.translate(_ONE_LETTER), b.translate(_ONE_LETTER)
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
