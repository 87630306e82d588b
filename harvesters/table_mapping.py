"""Which column means what: a saved mapping, or a guess from the headings (data/tables/table_headings.tsv)."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from catalog_sync.errors import StopEverything
from harvesters.table_reading import MAX_COLUMNS, Sheet

HEADINGS = Path(__file__).resolve().parents[1] / "data" / "tables" / "table_headings.tsv"
HEADING_ROWS = 25  # a title, a stamp and a signature may stand above the headings
MIN_HEADINGS = 2  # known headings that make a row the heading row


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
    rows = [line.split("\t") for line in HEADINGS.read_text(encoding="utf-8").splitlines() if line[:1] not in "#"]
    return {field: tuple(folded(h) for h in headings.split("|")) for field, headings in rows[1:]}


def folded(heading: str) -> str:
    return " ".join(re.sub(r"[^0-9a-zа-я№ ]+", " ", heading.lower().replace("ё", "е")).split())


def field_of(heading: str) -> str:
    """The field a heading names, "" for an unknown one: whole heading first, then its beginning."""
    text = folded(heading)
    if not text:
        return ""
    for field, known in synonyms().items():
        if text in known:
            return field
    return next((f for f, known in synonyms().items() if any(text.startswith(k + " ") for k in known)), "")


def columns_of(sheet: Sheet, saved: str, where: str) -> Columns:
    """The saved mapping («Автор=author; C=title») applied to the sheet, or a guess. Raises StopEverything."""
    pairs = saved_pairs(saved, where)
    row = heading_row(sheet, [heading for heading, _ in pairs])
    width = min(max((len(r) for r in sheet.rows), default=0), MAX_COLUMNS)
    headings = sheet.rows[row] if row >= 0 else tuple(letter_of(i) for i in range(width))
    fields = applied(pairs, headings, width) if pairs else once(map(field_of, headings if row >= 0 else ()))
    if pairs and not any(fields):
        known = "; ".join(h for h in headings if h)
        raise StopEverything(f"{where}: columns: таких столбцов в таблице нет; есть: {known}")
    padded = (*fields, *[""] * (len(headings) - len(fields)))
    return Columns(row, tuple(headings), padded, not pairs)


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
    names = {folded(w) for w in wanted}
    scores = [sum(folded(c) in names or bool(field_of(c)) for c in row if c) for row in sheet.rows[:HEADING_ROWS]]
    best = max(scores, default=0)
    return scores.index(best) if best >= MIN_HEADINGS or (wanted and best) else -1


def applied(pairs: Sequence[tuple[str, str]], headings: Sequence[str], width: int) -> list[str]:
    by_heading = {folded(heading): field for heading, field in pairs}
    by_letter = {letter_index(heading): field for heading, field in pairs if re.fullmatch("[A-Za-z]{1,2}", heading)}
    padded = [*headings, *[""] * (width - len(headings))]
    return [by_heading.get(folded(h)) or by_letter.get(i, "") for i, h in enumerate(padded)]


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
