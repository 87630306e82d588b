"""Which column means what: a saved mapping, or a guess from the headings (data/tables/table_headings.tsv).

A heading that is not in that table is guessed by its words (table_heading_words.tsv).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from catalog_sync.errors import Refused, StopEverything
from catalog_sync.shipped import TABLES
from harvesters.table_reading import MAX_COLUMNS, Sheet

HEADING_ROWS = 25  # a title, a stamp and a signature may stand above the headings
MIN_HEADINGS = 2  # known headings that make a row the heading row
MOST_WORDS = 6  # a longer cell is a sentence, not a heading
NOT_OURS = "-"  # the row of words that say: nothing of the book is in this column
MOSTLY = 0.9  # of the cells below a heading: a total or a remark may stand among the numbers
DIGIT = re.compile(r"\d")
LETTERS = re.compile("[A-Za-z]{1,2}")
LONG_NUMBER = re.compile(r"\d[\d-]{9,}")  # an ISBN: the row is a book and no headings


@dataclass(frozen=True, slots=True)
class Columns:
    """`fields[i]` is the field of column i, "" where it isn't used. Data starts behind row `heading_row`.

    Where no row looks like headings, `headings` are the letters of the columns.
    """

    heading_row: int  # index into the sheet's rows, -1 where there are no headings
    headings: tuple[str, ...]
    fields: tuple[str, ...]
    guessed: bool


@functools.cache
def synonyms() -> dict[str, tuple[str, ...]]:
    """Field → folded headings, most telling first."""
    rows = table_rows("table_headings.tsv")
    return {field: tuple(folded(h) for h in headings.split("|")) for field, headings in rows}


@functools.cache
def captions() -> dict[str, str]:
    """Field → its name in Russian, for people who choose."""
    return {field: headings.partition("|")[0] for field, headings in table_rows("table_headings.tsv")}


@functools.cache
def word_rules() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """(field, its words) in order of precedence; a word «автор*» is any that begins so."""
    return tuple((field, words_pattern(words)) for field, words in table_rows("table_heading_words.tsv"))


def words_pattern(words: str) -> re.Pattern[str]:
    ends = (re.escape(w.removesuffix("*")) + (r"\w*" if w.endswith("*") else "") for w in words.split("|"))
    return re.compile(rf"\b(?:{'|'.join(ends)})\b")


def table_rows(name: str) -> list[tuple[str, str]]:
    lines = (TABLES / name).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line[:1] not in "#"]
    return [(field, value) for field, value in rows[1:]]


def folded(heading: str) -> str:
    return " ".join(re.sub(r"[^0-9a-zа-я№ ]+", " ", heading.lower().replace("ё", "е")).split())


def field_of(heading: str) -> str:
    """The field a heading names, "" for an unknown one: by the whole of it, its words, its longest beginning."""
    text = folded(heading)
    if not text:
        return ""
    for field, known in synonyms().items():
        if text in known:
            return field
    (_, not_ours), *rules = word_rules()
    if not_ours.search(text):
        return ""
    words = folded(heading.partition("(")[0])
    for field, pattern in rules:
        if len(words.split()) <= MOST_WORDS and pattern.search(words):
            return field
    beginnings = [(len(k), field) for field, known in synonyms().items() for k in known if text.startswith(f"{k} ")]
    return max(beginnings)[1] if beginnings else ""


def columns_of(sheet: Sheet, saved: str, where: str) -> Columns:
    """The saved mapping («Автор=author; C=title») applied to the sheet, or a guess. Raises StopEverything."""
    pairs = saved_pairs(saved, where)
    row = heading_row(sheet, [heading for heading, _ in pairs])
    width = min(max((len(r) for r in sheet.rows), default=0), MAX_COLUMNS)
    letters = tuple(letter_of(i) for i in range(width))
    headings = (*sheet.rows[row], *[""] * (width - len(sheet.rows[row]))) if row >= 0 else letters
    fields = applied(pairs, headings) if pairs else guessed(headings if row >= 0 else ())
    if pairs and not any(fields):
        known = "; ".join(h for h in headings if h)
        raise StopEverything(f"{where}: columns: таких столбцов в таблице нет; есть: {known}")
    padded = (*fields, *[""] * (width - len(fields)))
    return Columns(row, headings, padded, not pairs)


def saved_pairs(saved: str, where: str) -> list[tuple[str, str]]:
    pairs = []
    for part in re.split(r"[;\n]", saved):
        heading, equals, field = part.rpartition("=")
        if not part.strip():
            continue
        if not equals or not heading.strip() or field.strip() not in synonyms():
            raise StopEverything(
                f"{where}: columns: ожидалось «заголовок=поле», пришло «{part.strip()}»; поля: {', '.join(synonyms())}"
            )
        pairs.append((heading.strip(), field.strip()))
    return pairs


def heading_row(sheet: Sheet, wanted: Sequence[str]) -> int:
    """Index of the row with the most known headings among the first rows; -1 where none looks like one."""
    names = {folded(w) for w in wanted if not LETTERS.fullmatch(w)}

    def score(row: Sequence[str]) -> int:
        if any(LONG_NUMBER.fullmatch(cell) for cell in row):
            return 0
        return sum(folded(cell) in names or bool(field_of(cell)) for cell in row if cell)

    scores = [score(row) for row in sheet.rows[:HEADING_ROWS]]
    best = max(scores, default=0)
    return scores.index(best) if best >= (1 if names else MIN_HEADINGS) else contrasting_row(sheet)


def contrasting_row(sheet: Sheet) -> int:
    """Headings nobody has foreseen: words in the row above the first numbers, above a column of numbers; else -1."""
    first = next((i for i, row in enumerate(sheet.rows[: HEADING_ROWS + 1]) if any(c.isdecimal() for c in row)), 0)
    if not first or any(DIGIT.search(cell) for cell in sheet.rows[first - 1]):
        return -1
    for place, heading in enumerate(sheet.rows[first - 1]):
        below = [row[place] for row in sheet.rows[first:] if place < len(row) and row[place]]
        if heading and below and sum(bool(DIGIT.search(cell)) for cell in below) >= MOSTLY * len(below):
            return first - 1
    return -1


def applied(pairs: Sequence[tuple[str, str]], headings: Sequence[str]) -> list[str]:
    by_heading = {folded(heading): field for heading, field in pairs}
    by_letter = {letter_index(heading): field for heading, field in pairs if LETTERS.fullmatch(heading)}
    return [by_heading.get(folded(h)) or by_letter.get(i, "") for i, h in enumerate(headings)]


def as_saved(headings: Sequence[str], fields: Sequence[str], letters: Sequence[str]) -> str:
    """A mapping as it is kept; a column is named by its heading, by its letter where that is none or not the only one.

    Raises Refused for two columns that are to be one field: the second would overwrite the first.
    """
    folds = [folded(heading) for heading in headings]
    pairs: list[tuple[str, str]] = []
    for heading, fold, field, letter in zip(headings, folds, fields, letters, strict=True):
        if field and any(field == other for _, other in pairs):
            raise Refused(f"столбец {letter} «{heading}»: «{captions().get(field, field)}» уже есть в другом столбце")
        if field:
            alone = fold and folds.count(fold) == 1 and ";" not in heading
            pairs.append((heading if alone else letter, field))
    return "; ".join(f"{name}={field}" for name, field in pairs)


def guessed(headings: Sequence[str]) -> list[str]:
    """A field for each heading; «Название, часть, класс» is the title where no other column is."""
    fields = once(map(field_of, headings))
    if headings and "title" not in fields:
        title = next(pattern for field, pattern in word_rules() if field == "title")
        place = next((i for i, heading in enumerate(headings) if title.search(folded(heading))), None)
        if place is not None:
            fields[place] = "title"
    return fields


def letter_of(index: int) -> str:
    """Spreadsheet letter of a column: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def letter_index(letters: str) -> int:
    """Column number of a spreadsheet letter: A is 0, AA is 26."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def once(fields: Iterable[str]) -> list[str]:
    """Guessed fields, each used for its first column only: two columns «Количество» would overwrite each other."""
    used: set[str] = set()
    chosen = []
    for field in fields:
        chosen.append("" if field in used else field)
        used.add(field)
    return chosen
