"""The only place where text is folded: matching, search and classification all see what this module gives.

Folding is for comparison alone; kept bytes and displayed texts are never touched.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# --- Folding ---------------------------------------------------------------------------------------------------------

# Letters that look alike on a Russian and a Latin keyboard. A word that mixes both alphabets was mistyped or scanned.
_LATIN_LOOKALIKES = "aceopxykmthbiABCEHKMOPTXYI"
_CYRILLIC_LOOKALIKES = "асеорхукмтнвіАВСЕНКМОРТХУІ"
_TO_CYRILLIC = str.maketrans(_LATIN_LOOKALIKES, _CYRILLIC_LOOKALIKES)
_TO_LATIN = str.maketrans(_CYRILLIC_LOOKALIKES, _LATIN_LOOKALIKES)

_LATIN = re.compile(r"[A-Za-z]")
_CYRILLIC = re.compile(r"[А-Яа-яЁёІі]")
_WORD = re.compile(r"[^\W_]+")
# From the beginning of a run of letters only, and not far ahead: a field of 100,000 letters without a blank would
# otherwise be looked through from each of them.
_MIXED_WORD = re.compile(r"(?<![^\W\d_])(?=[^\W_]{0,200}?[A-Za-z])(?=[^\W_]{0,200}?[А-Яа-яЁёІі])[^\W\d_]+")
_ROMAN = re.compile(r"[IVXivx]{1,6}")
_SPACES = re.compile(r"\s+")
_TOKEN = re.compile(r"№|[^\W_]+")

# Quotes of every shape become one; dashes of every length become a hyphen; ё is е, й stays.
_SIGNS: dict[int, str | None] = {}
_SIGNS |= {ord(c): '"' for c in "«»„“”‟‹›〈〉《》″"} | {ord(c): "'" for c in "‘’‚‛′`ʼ"}
_SIGNS |= {ord(c): "-" for c in "‐‑‒–—―−"} | {ord("ё"): "е", 0xAD: None, 0x301: None, 0x300: None}
_INVISIBLE = dict.fromkeys((8203, 8204, 8205, 65279, 152, 156))  # 98/9C: non-sorting marks, ISO 6630


def _repair_word(match: re.Match[str]) -> str:
    word = match[0]
    latin = word.translate(_TO_LATIN)
    if latin.isascii() and _ROMAN.fullmatch(latin):
        return latin  # «ХI» typed half in Russian is still a Roman numeral
    cyrillic = word.translate(_TO_CYRILLIC)
    if not _LATIN.search(cyrillic):
        return cyrillic
    return latin if not _CYRILLIC.search(latin) else word


def _repair_lone_letter(match: re.Match[str]) -> str:
    return match[0].translate(_TO_CYRILLIC)


_LONE_LATIN_LETTER = re.compile(r"(?<![^\W_])[AaBCcEeHKkMOoPpTyY](?![^\W_])(?=[\s,:;]|$)")
_LONE_LATIN_WORD = re.compile(r"(?<![^\W\d_])[AaBCcEeHKMOoPpTXxYy]{1,12}(?![^\W\d_])")


def repair_homoglyphs(text: str) -> str:
    """Put words typed half in Latin, half in Cyrillic into one alphabet («Aлгебра», «ACT» beside Cyrillic words).

    A word is Cyrillic if all its Latin letters have a Cyrillic twin, else Latin by the same rule, else left alone.
    A lone letter between Russian words («рассказы o зверях») is Russian. Roman numerals stay Latin. Idempotent.
    """
    if not (_LATIN.search(text) and _CYRILLIC.search(text)):
        return text
    return _LONE_LATIN_LETTER.sub(_repair_lone_letter, _MIXED_WORD.sub(_repair_word, text))


def as_cyrillic(text: str) -> str:
    """Every letter that has a Russian twin as that twin: for what can only be Russian, as initials beside «Чернов»."""
    return text.translate(_TO_CYRILLIC)


def has_homoglyphs(text: str) -> bool:
    """Whether some word mixes alphabets so that it can be repaired (a fault worth telling the school)."""
    return _MIXED_WORD.sub(_repair_word, text) != text


@lru_cache(maxsize=1 << 13)
def fold(text: str) -> str:
    """Text as comparisons see it: NFKC (but «№» kept), lower case, ё→е, one alphabet per word, one kind of quote.

    Symmetric and idempotent: `fold(fold(x)) == fold(x)`.
    """
    if not text.isascii():
        text = "№".join(unicodedata.normalize("NFKC", part) for part in text.split("№"))
        text = _strip_latin_accents(text.translate(_INVISIBLE).lower()).replace("№", " № ").translate(_SIGNS)
        text = repair_homoglyphs(_SPACES.sub(" ", text))
    else:
        text = text.lower().replace("`", "'")
    return _SPACES.sub(" ", text).strip()


_BEYOND_PLAIN = re.compile(r"[^\x00-\x7fа-я]")


def _strip_latin_accents(text: str) -> str:
    """«Hélène» is «Helene»; Russian й is a letter of its own and stays."""
    if not _BEYOND_PLAIN.search(text):
        return text
    parts = []
    for char in text:
        if "à" <= char <= "ỿ" and not "а" <= char <= "ӿ":
            char = "".join(c for c in unicodedata.normalize("NFD", char) if not unicodedata.combining(c))
        parts.append(char)
    return "".join(c for c in parts if not "\u0300" <= c <= "\u036f" or c == "\u0306")


def words(text: str) -> tuple[str, ...]:
    """Folded words and numbers of a text, in order; «№» is a word of its own, punctuation is dropped."""
    return tuple(_TOKEN.findall(fold(text)))


@lru_cache(maxsize=1 << 13)
def skeleton(text: str) -> str:
    """Folded words joined by single spaces: equal for texts that differ in punctuation, case and quotes alone."""
    return " ".join(words(text))


_MISTYPED_YEAR = re.compile(r"(?<!\w)(?!\d{4})(?=\w{0,2}\d\w{0,2}\d)[12lIІ][\dOoОоЗзlIІ]{3}(?!\w)")
_DIGIT_LOOKALIKES = str.maketrans("OoОоЗзlIІ", "000033111")


def repair_year(text: str) -> str:
    """Four figures of which some are letters that look like them («2О19», «199З») as the year they are meant for."""
    return _MISTYPED_YEAR.sub(lambda m: m[0].translate(_DIGIT_LOOKALIKES), text)


def lookalike_as_cyrillic(text: str) -> str:
    """Read a short all-Latin word made of twins as Cyrillic («ACT» → «аст»): for names of publishers only."""
    return _LONE_LATIN_WORD.sub(_repair_lone_letter, text)


# --- Russian in Latin letters ----------------------------------------------------------------------------------------

_DIGRAPHS = (
    ("shch", "щ"), ("shh", "щ"), ("sch", "щ"), ("zh", "ж"), ("kh", "х"), ("ts", "ц"), ("ch", "ч"), ("sh", "ш"),
    ("yu", "ю"), ("iu", "ю"), ("ju", "ю"), ("ya", "я"), ("ia", "я"), ("ja", "я"), ("yo", "е"), ("jo", "е"),
    ("iy", "ий"), ("yy", "ый"),
)  # fmt: skip
_LETTERS = str.maketrans("abvgdezijklmnoprstufycwhxq'", "абвгдезийклмнопрстуфыцвхкк" + "ь")
_YE = re.compile(r"(?<![bcdfghklmnprstvxz])ye")
# Words that begin with э, for which Latin letters have no sign of their own («elektronnoe»).
_INITIAL_E = re.compile(r"\be(?=lektr|k[oslz]|n(?:ts|c)iklop|nerg|po(?:s|kh|h)|ste[tk]|ti[kc]|tno|volyu|kran|kvat)")
_SHORT_I = re.compile(r"(?<=[аеиоуыэюя])и(?![а-я])")


_ABBREVIATIONS = {"ege": "егэ", "oge": "огэ", "efu": "эфу"}
_ABBREVIATED = re.compile(rf"\b(?:{'|'.join(_ABBREVIATIONS)})\b")
# What stays in Latin letters in a Russian text, too: Roman numbers («ix» is «их») and carriers.
_LATIN_ALWAYS = re.compile(r"\b(?:(?:cd|dvd)(?:-rom)?|mp3|pdf|(?!ix\b)(?=[ivx]{2,6}\b)x{0,3}(?:ix|iv|v?i{0,3}))\b")


@lru_cache(maxsize=1 << 13)
def read_romanised(text: str) -> str:
    """A folded Russian text typed in Latin letters, read back («uchebnik dlya 5 klassa»); loose, for matching only."""
    text = _LATIN_ALWAYS.sub(lambda m: m[0].upper(), text)  # the letters below are small ones
    text = _YE.sub("е", _INITIAL_E.sub("э", _ABBREVIATED.sub(lambda m: _ABBREVIATIONS[m[0]], text)))
    for latin, russian in _DIGRAPHS:
        text = text.replace(latin, russian)
    return _SHORT_I.sub("й", text.translate(_LETTERS)).lower()


_LATIN_WORD = re.compile(r"[A-Za-z']+")


def romanised_as_typed(text: str) -> str:
    """A Russian text typed in Latin letters, read back with its capitals: «Yu. A. Sokol'skij» is a name by them."""

    def read(found: re.Match[str]) -> str:
        russian = read_romanised(found[0].lower())
        return russian.capitalize() if found[0][0].isupper() else russian

    plain = _strip_latin_accents(text)
    return text if _CYRILLIC.search(plain) else _LATIN_WORD.sub(read, plain)


_SOUNDS = str.maketrans({
    **dict(zip("абвгдезийклмнопрстуфхцыэі", "abvgdeziiklmnoprstufhciei", strict=True)),
    "ж": "zh", "ч": "ch", "ш": "sh", "щ": "sh", "ю": "u", "я": "a", "ь": None, "ъ": None, "ё": "e",
})  # fmt: skip
_ONE_SOUND = (
    ("shch", "sh"), ("shh", "sh"), ("sch", "sh"), ("kh", "h"), ("ts", "c"), ("yu", "u"), ("ju", "u"), ("iu", "u"),
    ("ya", "a"), ("ja", "a"), ("ia", "a"), ("yo", "e"), ("ye", "e"), ("x", "h"), ("y", "i"), ("j", "i"), ("w", "v"),
    ("q", "k"), ("'", ""), ("ii", "i"),
)  # fmt: skip


@lru_cache(maxsize=1 << 13)
def sound(text: str) -> str:
    """A folded text as it roughly sounds, in Latin letters: equal for Russian and any of its usual romanisations."""
    text = text.translate(_SOUNDS)
    for written, heard in _ONE_SOUND:
        text = text.replace(written, heard)
    return text


_WORD_AND_NUMBER = re.compile(r"(\D*)(\d{0,18})")


def in_order(text: str) -> list[tuple[str, int]]:
    """Sort key of names and codes: numbers in them are compared as numbers, «Школа № 2» before «Школа № 10»."""
    return [(word.casefold(), int(number or 0)) for word, number in _WORD_AND_NUMBER.findall(text)]
