"""Bare titles: what is left when class, part, kind and the like are taken out, and how two of them compare."""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz.distance import OSA

from catalog_sync.matching.discriminators import BREAK, EDGE
from catalog_sync.matching.names import INITIAL, NO_ADJECTIVE, Name
from catalog_sync.matching.subjects import GENRES, SHORTENED, SUBJECT_NAMES, whole_subjects
from catalog_sync.text import sound, words

_TOKEN = re.compile(r"[^\W_]+\.?")
_DROPPED = frozenset(
    words(
        "для по в во на и из к с со у о об от the a an of and учащихся обучающихся общеобразоват"
        " общеобразовательных фгос умк"
        " новый новая класс класса текст изд издание др"
    )
)
_NEVER_CUT_AT = frozenset("аеиоуыэюяйьъ")
_LEADING_NAME = re.compile(  # «Математика, ч. 1» names a part, not an author
    rf"^\W*(?:([^\W\d_]{{2,}}(?:-[^\W\d_]+)*),?\s+(?![чт]\.\s?(?:\d|[ivx]+\b))(?:{INITIAL}){{1,2}}"
    rf"|(?:{INITIAL}){{1,2}}([^\W\d_]{{2,}}(?:-[^\W\d_]+)*))[\s,.:]*(?:и\sдр\.?)?\s*"
)
_TRAILING_NAME = re.compile(
    rf"(?<![^\W\d_])\(?([^\W\d_]{{3,}}(?:-[^\W\d_]+)*),?\s+((?:{INITIAL}){{2}})\)?,?(?:\s*и\sдр\.?)?"
    r"(?=\)?[\s,;.]*(?:\||$)|\s+[^\W\d_]{3,},?\s[^\W\d_]\.)"
)
_LETTERS = re.compile(r"[^\W\d_]{2}")
_SURNAME_BEFORE = re.compile(r"\W*([^\W\d_]{4,}(?:-[^\W\d_]+)*)\.?\s+([^\W\d_]{3,}\.?)")
_NAME_IN_FULL = re.compile(r"\W*([^\W\d_]{3,}),?\s+([^\W\d_]{3,})(?:\s+([^\W\d_]{3,}))?\s*[.:]\s+(?=\w)")
# ГОСТ Р 7.0.100, 5.2.2.3: the alternative title follows the proper one after a comma, «или» and often another comma.
_ALTERNATIVE = re.compile(r"(?<=\w),\s*или\b[,:]?\s+([^.|:/]*)")
_ORDINAL = re.compile(r"(\d)-(?:й|я|е|го|ый|ая|ое)(?![а-я])")  # «Биология-7-й»
_SHORTENED = re.compile(rf"(?<![\w-])({'|'.join(SHORTENED)})(?!\w|-(?!\d))")  # «ИЗО-6»
_GENRE_SENTENCE = re.compile(r"(?:[.!?]|\|)\s+((?:[^\W\d_]+\s+){0,2}([^\W\d_]+))[\s.|]*$")
_ENDINGS = re.compile(
    r"(?:иями|ями|ами|ыми|ими|ого|его|ому|ему|ией|иям|иях|ием|ов|ев|ей|ий|ый|ой|ая|яя|ое|ее|ую|юю|ам"
    r"|ям|ах|ях|ом|ем|ым|им|ия|ии"
    r"|ию|ие|ью|ье|ья|а|я|о|е|и|ы|у|ю|ь|й)$"
)


@lru_cache(maxsize=1 << 13)
def bare_title(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(words, numbers) of a folded text; service words are dropped, an abbreviation keeps its point.

    A point after a vowel, й, ь or ъ ends a sentence: no Russian abbreviation ends so (ГОСТ Р 7.0.12, 5.2).
    """
    kept: list[str] = []
    numbers: list[str] = []
    text = _ORDINAL.sub(r"\1", whole_subjects(text))
    for token in _TOKEN.findall(_in_full(text) if _SHORTENED.search(text) else text):
        bare = token.rstrip(".")
        if bare.isdigit():
            numbers.append(bare.lstrip("0") or "0")
        elif bare not in _DROPPED and not bare.startswith("общеобраз"):
            kept.append(bare if bare[-1] in _NEVER_CUT_AT else token)
    return tuple(kept), tuple(numbers)


def _in_full(text: str) -> str:
    """«ОБЖ» as «основы безопасности жизнедеятельности», once where both were typed."""

    def full(match: re.Match[str]) -> str:
        said = SHORTENED[match[1]]
        return "" if said in text else said

    return _SHORTENED.sub(full, text)


def leading_author(text: str, authors: tuple[Name, ...]) -> str:
    """The end of the text after the names typed before the title."""
    return leading_names(text, authors)[0]


@lru_cache(maxsize=1 << 13)
def leading_names(text: str, authors: tuple[Name, ...]) -> tuple[str, tuple[Name, ...]]:
    """The text without «Громов С. В.» typed before the title (МАРК-SQL habit), and the names so typed.

    The first name must be one of the authors, or, where the record names none, look like one; a team follows it
    after commas. A forename in full is only believed of a known author.
    """
    rest, found = text, list[Name]()
    while name := _LEADING_NAME.match(rest):
        surname = name[1] or name[2]
        if name.end() >= len(rest.split(EDGE)[0]) or not (found or not authors or _known_surname(surname, authors)):
            break
        found.append((surname, _initials(name[0].replace(surname, "", 1))))
        rest = rest[name.end() :]
        if "," not in name[0][name[0].rindex(".") :]:
            break
    if not authors and not found and (bare := _SURNAME_BEFORE.match(text)) and _is_stranger(bare[1], bare[2]):
        return text[bare.start(2) :], ((bare[1], ""),)
    return (rest, tuple(found)) if found else (_without_known_name(text, authors), ())


@lru_cache(maxsize=1 << 15)
def trailing_names(text: str, authors: tuple[Name, ...]) -> tuple[str, tuple[Name, ...]]:
    """The text without names typed behind the title, as lists of textbooks do: «Математика | Виленкин Н. Я.».

    Surname and initials in a record that names no author; a known author's surname alone, where nothing stands beside
    it, too. A name that is all there is stays: it is the title.
    """
    found: list[Name] = []

    def take(match: re.Match[str]) -> str:
        stranger = bool(authors) and not found and not _known_surname(match[1], authors)
        if stranger or not _LETTERS.search(text[: match.start()]):
            return match[0]
        found.append((match[1], _initials(match[2])))
        return " | "

    rest = _TRAILING_NAME.sub(take, text) if "." in text else text
    if authors and "|" in rest:
        pieces = [piece for piece in rest.split("|") if not _known_alone(piece, authors)]
        rest = "|".join(pieces) if any(map(_LETTERS.search, pieces)) else rest
    return rest, tuple(found)


def _known_alone(piece: str, authors: tuple[Name, ...]) -> bool:
    surname = piece.strip(" .,;()")
    return bool(surname) and any(surname == a[0] for a in authors)


def _initials(typed: str) -> str:
    return "".join(initial[0] for initial in re.findall(INITIAL, typed))[:3]


def _known_surname(surname: str, authors: tuple[Name, ...]) -> bool:
    return any(surname == a[0] or OSA.distance(surname, a[0], score_cutoff=1) <= 1 for a in authors)


def _without_known_name(text: str, authors: tuple[Name, ...]) -> str:
    """«Толстой Лев Николаевич. Детство», «Лев Толстой. Детство»: surname and each initial must be the author's. The
    surname alone goes before a school subject: «Бунеев Русский язык»."""
    bare = _SURNAME_BEFORE.match(text)
    if bare and _begins_subject(bare[2]) and any(bare[1] == a[0] for a in authors):
        return text[bare.start(2) :]
    found = _NAME_IN_FULL.match(text.split(EDGE)[0])
    if not found:
        return text
    typed = [w for w in found.groups() if w]
    orders = ((typed[0], typed[1:]), (typed[-1], typed[:-1]))
    known = any(
        surname == a[0]
        and a[1]
        and (given := "".join(w[0] for w in others))
        and given[: len(a[1])] == a[1][: len(given)]
        for surname, others in orders
        for a in authors
    )
    return text[found.end() :] if known else text


def _is_stranger(word: str, following: str) -> bool:
    """«Виленкин Математика», «Макарычев. Алгебра» in a record that names no author: a Russian surname before a school
    subject, «Органическая химия» being none. Before any other title it may be the hero: «Рудин. Дворянское гнездо»."""
    return bool(re.fullmatch(NO_ADJECTIVE, word)) and following not in GENRES and _begins_subject(following)


@lru_cache(maxsize=1 << 10)
def _begins_subject(word: str) -> bool:
    """«русский», «окруж.», «лит»: whether a word, perhaps cut short, begins the name of a school subject."""
    firsts = (name[0] for name in SUBJECT_NAMES)
    return any(same_word(word, first) or (len(word) > 2 and first.startswith(word.rstrip("."))) for first in firsts)


def take_alternative(title: str) -> tuple[str, str]:
    """(alternative title, the rest) of a folded title: «Хоббит, или Туда и обратно» is catalogued with and without."""
    found = _ALTERNATIVE.search(title)
    return (found[1], title[: found.start()] + BREAK + title[found.end() :]) if found else ("", title)


def take_genre(title: str) -> tuple[str, str]:
    """(genre, the rest) where the last sentence of a title says only what it is: «Хоббит. Сказочная повесть»."""
    found = _GENRE_SENTENCE.search(title)
    if found is None or found[2] not in GENRES or not any(c.isalpha() for c in title[: found.start()]):
        return "", title
    return found[1], title[: found.start()]


# --- Comparing -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 13)
def stem(word: str) -> str:
    """A word without its Russian case ending («физике» = «физика»): for comparing typed words, not grammar."""
    word = word.rstrip(".")
    return word if len(word) < 5 or not "а" <= word[-1] <= "я" else _ENDINGS.sub("", word) if len(word) > 4 else word


@lru_cache(maxsize=1 << 13)
def same_word(a: str, b: str) -> bool:
    """Equal up to case ending or in sound (one was read back from Latin letters), or one abbreviates the other with its
    point."""
    one, other = stem(a), stem(b)
    if one == other or sound(one) == sound(other):
        return True
    if (a.endswith(".") and b.startswith(a[:-1])) or (b.endswith(".") and a.startswith(b[:-1])):
        return True
    short, long = sorted((a, b), key=len)
    contracted = re.fullmatch(r"([^\W\d_]+)-([^\W\d_]+)", short)
    return bool(contracted and long.startswith(contracted[1]) and long.endswith(contracted[2]))


def likeness(a: tuple[str, ...], b: tuple[str, ...]) -> float:
    """How alike two bare titles are: 1 equal, 0.95 equal up to endings and abbreviations, 0.9 up to a slip of the
    keyboard, 0.85 in another order, 0.8 one continues the other, 0.75 one lies within the other, 0.7 two slips in one
    word («оновы» and «оснновы»), 0 different. Symmetric."""
    if a == b:
        return 1.0
    if not a or not b:
        return 0.0
    alike = _alike_from_the_start(a, b) if same_word(a[0], b[0]) else 0.0
    if alike >= 0.95:
        return alike
    if len(a) != len(b):
        if _space_misplaced(a, b):
            return 0.9
        short, long = (a, b) if len(a) < len(b) else (b, a)
        return alike or (0.75 if _all_within(short, long) else 0.0)
    unlike = _unlike(a, b)
    if len(unlike) <= 2 and all(_word_slip(x, y, len(a)) for x, y in unlike):
        return 0.9  # one slip a word, two in all
    if alike:
        return alike
    if _all_within(a, b) and _all_within(b, a):
        return 0.85
    return 0.7 if len(unlike) == 1 and len(a) >= 3 and _both_mistyped(*unlike[0]) else 0.0


def _unlike(a: tuple[str, ...], b: tuple[str, ...]) -> list[tuple[str, str]]:
    """The words of two titles of one length that differ in their places; three are enough to tell."""
    unlike: list[tuple[str, str]] = []
    for two in zip(a, b, strict=True):
        if not same_word(*two):
            unlike.append(two)
            if len(unlike) == 3:
                break
    return unlike


def _alike_from_the_start(a: tuple[str, ...], b: tuple[str, ...]) -> float:
    """What two titles come to that begin with the same word: nearly all pairs don't, and are spared this."""
    if len(a) == len(b):
        if [w.rstrip(".") for w in a] == [w.rstrip(".") for w in b]:
            return 1.0
        if all(map(same_word, a, b)):
            return 0.95
    if _cut_off(a, b):
        return 0.85
    return 0.8 if len(a) != len(b) and all(map(same_word, a, b)) else 0.0


def _all_within(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Whether every word of one title is among the other's, in any order, slips allowed («Spotlight» in «Английский
    язык. Spotlight»). A single short word proves nothing."""
    if len(short) == 1 and len(short[0]) < 5:
        return False
    left = list(long)
    for word in short:
        for twin in left:
            if _akin(word, twin):
                left.remove(twin)
                break
        else:
            return False
    return True


@lru_cache(maxsize=1 << 14)
def _akin(a: str, b: str) -> bool:
    """The same word, or one slip of the keyboard away from it."""
    return same_word(a, b) or _word_slip(a, b, 2)


def _both_mistyped(a: str, b: str) -> bool:
    """One word of five letters and more in which two letters differ: each hand made a slip of its own. In a title of
    three words and more, enough not to forbid, too little to join by itself."""
    x, y = a.rstrip("."), b.rstrip(".")
    return min(len(x), len(y)) >= 5 and x[0] == y[0] and OSA.distance(x, y, score_cutoff=2) <= 2


def _cut_off(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether one title is the other cut off by a field of limited length, in the middle of a word."""
    if min(len(a), len(b)) < 3:
        return False
    short, long = sorted((a, b), key=lambda t: (len(" ".join(t)), t))
    at = len(short) - 1
    if len(" ".join(short)) < 20 or len(long) < len(short):
        return False
    return long[at].startswith(short[at].rstrip(".")) and all(map(same_word, short[:at], long[:at]))


def _space_misplaced(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether a space too many or too few, and one slip of the keyboard, is all that parts two titles."""
    # One slip leaves the first letter as it was, or the last one.
    if abs(len(a) - len(b)) != 1 or (a[0][0] != b[0][0] and _last_letter(a) != _last_letter(b)):
        return False
    left, right = letters(a), letters(b)
    return min(len(left), len(right)) >= 8 and OSA.distance(left, right, score_cutoff=1) <= 1


def letters(title: tuple[str, ...]) -> str:
    """The words of a title without what stands between and behind them."""
    return "".join(title).replace(".", "")


def _last_letter(title: tuple[str, ...]) -> str:
    return title[-1].rstrip(".")[-1:]


def are_near(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether two titles can be alike by 0.85 and more: as many words, or letters, or begun with the same word."""
    if not a or not b:
        return False
    apart = abs(len(a) - len(b))
    return not apart or same_word(a[0], b[0]) or (apart == 1 and abs(len(letters(a)) - len(letters(b))) <= 1)


@lru_cache(maxsize=1 << 13)
def same_sound(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether one title is the other in Latin letters («Pravo» and «Право»)."""
    left, right = sound(letters(a)), sound(letters(b))
    length = max(len(left), len(right))
    return length >= 4 and OSA.distance(left, right, score_cutoff=length // 8) <= length // 8


@lru_cache(maxsize=1 << 13)
def _word_slip(a: str, b: str, words: int) -> bool:
    """One letter off (two from ten letters on) in a title of so many words.

    A changed letter makes another word of a short one («ЕГЭ», «ОГЭ»), unless three words vouch for each other.
    """
    a, b = a.rstrip("."), b.rstrip(".")
    if _letter_lost(stem(a), stem(b)):
        return True
    short, long = sorted((a, b), key=len)
    if len(long) >= 10:
        return OSA.distance(a, b, score_cutoff=2) <= 2
    if OSA.distance(a, b, score_cutoff=1) > 1:
        return False
    changed = len(short) == len(long) and sorted(short) != sorted(long)
    needed = 5 if words == 1 or (changed and words < 3) else 4 if changed else 3
    return len(long) >= needed


def _letter_lost(a: str, b: str) -> bool:
    """«геогрфия» and «географии», «алегбра» and «алгебре»: a letter too few, or two that changed places, in another
    case of the word; the stem must be a long one."""
    misplaced = len(a) == len(b) and sorted(a) == sorted(b)
    one_off = misplaced or abs(len(a) - len(b)) == 1
    return one_off and min(len(a), len(b)) >= 6 and OSA.distance(a, b, score_cutoff=1) <= 1


def title_key(title: tuple[str, ...]) -> str:
    """Three letters of the first three words, by sound: equal in spite of endings, abbreviations, romanisation.

    A single letter is a preposition or the «г.» of a year; «яз.» is the one school subject cut to two letters.
    """
    words = [word for word in title if len(word.rstrip(".")) > 1] or title
    return " ".join(sound("язы" if word == "яз." else word[:3].rstrip(".")) for word in words[:3])


# --- Romanised descriptions ------------------------------------------------------------------------------------------

_ROMANISED_HINT = re.compile(
    r"\b(?:kl(?=\.|\b)|klass\w*|ucheb\w*|tetr\w*|chast\w*|ch\.|tom(?= [\divx])|(?<=\d-[ijy] )tom|izd\w*"
    r"|posobi\w*|metod\w*|urov\w*|dlya|dlia|zvukoz\w*"
    r"|sochineni\w*|rasskaz\w*|povest\w*|elektronn\w+|elektron\.|sbornik\w*|variant(?:ov|y|akh?)\b|zada(?:ch\w*|ni\w+)"
    r"|\w{2,}(?:iya|iia|(?:yk|y)h|yj|skij|skoe|skaya)\b|\w*shh)"  # «geografiya», «tipovyh»: no English word ends so
)
_ENGLISH_HINT = re.compile(r"\b(?:the|of|and|for|in|from|with|english)\b")


def is_romanised(text: str) -> bool:
    """Whether a folded title area is Russian in Latin letters: all Latin, with a Russian word or ending in it."""
    return text.isascii() and bool(_ROMANISED_HINT.search(text))


def is_english(text: str) -> bool:
    """Whether a folded text in Latin letters has a common English word."""
    return bool(_ENGLISH_HINT.search(text))
