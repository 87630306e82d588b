"""Russian words for search: splitting, lemmas, transliteration, the keyboard-layout slip.

The other half of text folding (ISBD marks, names, ISBN) is catalog_sync/text.py. What is here runs on both sides of the
search: the index and the query see the same words, or nothing is found.
"""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from pymorphy3_dicts_ru import get_path

from catalog_sync.remembering import LONGEST
from catalog_sync.text import fold as text_fold
from catalog_sync.text import read_romanised

ANALYSIS_VERSION = 2  # grows when any function here answers differently: the index must then be rebuilt
MAX_LEMMAS = 3  # all lemmas of a surname's form fit; the fourth and later are noise (измерено: 99,5 % recall with 3)
MAX_WORD = 60  # a longer run of letters is junk (base64, a URL): tantivy refuses terms of 64 KiB

_WORD = re.compile(r"[^\W_]+")
_CYRILLIC = re.compile(r"[а-яё]")


# --- Splitting -------------------------------------------------------------------------------------------------------


# Of such a text, as nearly every abstract is, folding only lowers the letters, and signs part words whatever they are.
_BEYOND_RUSSIAN = re.compile(r"[^\t\n\r !-@\[-`{-~А-Яа-яЁё«»–—]")


def words(text: str) -> tuple[str, ...]:
    """Words of a text as search sees them: folded by catalog_sync.text (ё = е, homoglyphs repaired), signs dropped."""
    return _remembered(text) if len(text) <= LONGEST else _words(text)


def _words(text: str) -> tuple[str, ...]:
    folded = text_fold(text) if _BEYOND_RUSSIAN.search(text) else text.lower().replace("ё", "е")
    return tuple([w[:MAX_WORD] for w in _WORD.findall(folded)])


_remembered = lru_cache(maxsize=1 << 14)(_words)  # publishers, places, subtitles and series repeat by the thousand


def fold(text: str) -> str:
    """The words of a text joined by one space: the form in which headings are compared as wholes."""
    return " ".join(words(text))


# --- Lemmas ----------------------------------------------------------------------------------------------------------


@cache
def _analyzer() -> Any:
    """pymorphy3 is imported here: it costs 0.1 s and 20 MB, which commands that never search need not pay."""
    import pymorphy3

    return pymorphy3.MorphAnalyzer(path=get_path(), lang="ru")  # named, or all installed packages are asked for one


@cache
def dictionary_version() -> str:
    """Version of the dictionary behind `lemmas`: an index built with another one must be rebuilt.

    Read from the file where the dictionary says it of itself: an index is opened much oftener than words are analysed.
    """
    said = json.loads((Path(get_path()) / "meta.json").read_text(encoding="utf-8"))
    return f"{ANALYSIS_VERSION}/{dict(said)['source_revision']}"


@lru_cache(maxsize=1 << 17)
def lemmas(word: str) -> tuple[str, ...]:
    """Dictionary forms of a folded word, likeliest first, at most MAX_LEMMAS: «пушкина» → («пушкин», «пушкино»).

    All of them, on both sides: the best parse alone finds 92 % of surnames in other cases, all of them find 100 %.
    """
    if word.isascii() or not _CYRILLIC.search(word):
        return (word,)
    found = dict.fromkeys(fold(p.normal_form) for p in _analyzer().parse(word))
    return tuple(found)[:MAX_LEMMAS] or (word,)


def asked_lemmas(word: str) -> tuple[str, ...]:
    """Lemmas of a word in a query, and the word itself: the index may hold a form the dictionary misreads."""
    return tuple(dict.fromkeys((*lemmas(word), word)))


_BY_ENDING = (  # ending of a surname → what replaces it in other cases (Правила русской орфографии: склонение фамилий)
    (("ский", "цкий", "гий", "хий", "кий"), 2, "ого ому им ом ая ой ую"),
    (("ый", "ой", "ий"), 2, "ого ому ым им ом ем его ему ая ой ую"),
    (("ов", "ев", "ин", "ын"), 0, "а у ым ом е ой"),
    (("а",), 1, "ы и е у ой ей"),
    (("я",), 1, "и е ю ей"),
    (("ь", "й"), 1, "я ю ем е и"),
    (tuple("бвгдзклмнпрстфх"), 0, "а у ом е"),
    (tuple("жшчщц"), 0, "а у ем ом е"),
)


@lru_cache(maxsize=1 << 14)
def surname_forms(surname: str) -> tuple[str, ...]:
    """Forms of a folded surname that its lemmas do not lead to: the dictionary takes «Верн» for «верный».

    () for most surnames, for those that are not declined and for words of other alphabets.
    """
    for endings, cut, replacements in _BY_ENDING:
        if surname.endswith(endings):
            forms = (surname, *(surname[: len(surname) - cut] + r for r in replacements.split()))
            return tuple(f for f in forms if not set(asked_lemmas(f)) & set(lemmas(surname)))
    return ()


def is_known(word: str) -> bool:
    """Whether the dictionary has the word (guesses by suffix do not count)."""
    return bool(_analyzer().word_is_known(word))


@lru_cache(maxsize=1 << 14)
def forename(word: str) -> str:
    """The nominative of a folded word that may be a forename («льва» → «лев»), "" for any other word."""
    return next((fold(p.normal_form) for p in _analyzer().parse(word) if "Name" in p.tag), "")


@lru_cache(maxsize=1 << 14)
def is_patronymic(word: str) -> bool:
    return any("Patr" in p.tag for p in _analyzer().parse(word))


# --- Transliteration -------------------------------------------------------------------------------------------------

_TO_LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "й": "i", "к": "k",
    "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "h",
    "ц": "c", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": "", "ы": "i", "ь": "", "э": "e", "ю": "iu", "я": "ia", "ё": "e",
    "і": "i", "ї": "i", "є": "e", "ґ": "g",
}  # fmt: skip
# Ways of writing one sound in Latin (ГОСТ 7.79, BGN, passports, everyday habits), longest first, to one skeleton.
_SKELETON = (
    ("shch", "sh"), ("sch", "sh"), ("tch", "ch"), ("tsch", "ch"), ("kh", "h"), ("ts", "c"), ("tz", "c"),
    ("cz", "c"), ("ck", "k"), ("ph", "f"), ("th", "t"), ("x", "ks"), ("w", "v"), ("q", "k"), ("ya", "ia"), ("ja", "ia"),
    ("yu", "iu"), ("ju", "iu"), ("yo", "e"), ("jo", "e"), ("ye", "e"), ("je", "e"), ("io", "e"), ("ie", "e"),
    ("y", "i"), ("j", "i"), ("zhiu", "zhu"), ("shiu", "shu"), ("chiu", "chu"), ("ii", "i"),
)  # fmt: skip
_DOUBLED = re.compile(r"(.)\1+")


@lru_cache(maxsize=1 << 14)
def skeleton(word: str) -> str:
    """What is left of a word when its spelling in Latin letters no longer matters: Достоевский = dostoyevsky.

    Both scripts come to the same skeleton: Cyrillic is written in Latin first, then variants of one sound are joined.
    """
    latin = "".join(_TO_LATIN.get(c, c) for c in word.lower()).replace("'", "")
    for written, sound in _SKELETON:
        latin = latin.replace(written, sound)
    return _DOUBLED.sub(r"\1", latin)


_SHORTEST_INFLECTED = 5  # letters: a shorter English word is some form of a Russian one too often («new»: «нев»)
_SHORT_Y = re.compile(r"(?<=[aeiou])y(?![aeiou])")  # «tsvetaevoy», «voyna»


@lru_cache(maxsize=1 << 14)
def romanised_skeletons(word: str) -> tuple[str, ...]:
    """Skeletons of a word typed in Latin letters, whatever case it is in: «pushkina» → («pushkina», «pushkin», …)."""
    found = [skeleton(word)]
    if len(word) >= _SHORTEST_INFLECTED:
        found += map(skeleton, lemmas(read_romanised(_SHORT_Y.sub("й", word))))
    return tuple(dict.fromkeys(found))


# --- The keyboard-layout slip ----------------------------------------------------------------------------------------

_EN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_RU = "йцукенгшщзхъфывапролджэячсмитьбюё"
_EN_TO_RU = str.maketrans(_EN + '{}:"<>~', _RU + "хъжэбюё")
_RU_TO_EN = str.maketrans(_RU, _EN)


def as_if_russian_layout(text: str) -> str:
    """What these keys write on a Russian keyboard (ЙЦУКЕН): «vfntvfnbrf» → «математика»."""
    return text.lower().translate(_EN_TO_RU)


def as_if_latin_layout(text: str) -> str:
    """What these keys write on a Latin keyboard (QWERTY): «руддщ» → «hello»."""
    return text.lower().replace("ё", "`").translate(_RU_TO_EN)
