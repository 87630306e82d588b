"""catalog-sync.toml as people write it: in which encoding, and what is wrong with which line, in Russian."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from catalog_sync.errors import StopEverything

UTF_16 = (b"\xff\xfe", b"\xfe\xff")
SAVE_AS = "сохраните его в UTF-8 (Блокнот: «Сохранить как», «Кодировка»)"
BACKSLASH = "обратную косую черту в пути пишут дважды или берут путь в одинарные кавычки: 'C:\\папка'"
# What tomllib says → what to do about it. The first that fits is taken.
FAULTS: tuple[tuple[str, str], ...] = (
    (r"Cannot (overwrite|declare|mutate)|Duplicate", "записано дважды"),
    (r"hex value|Unescaped", BACKSLASH),
    (r"Expected ']|Unclosed", "скобка не закрыта"),
    (r"Unterminated string|Expected \"'|Illegal character", "кавычка не закрыта"),
    (r"Expected '='", "ожидалось имя = значение, а знака «=» нет"),
    (r"Invalid value", 'слова пишут в прямых кавычках: имя = "значение"'),
    (r"Expected newline", "после значения стоит лишнее; слова пишут в прямых кавычках, дробь – через точку"),
    (r"Invalid statement|Invalid initial", "ожидалось имя = значение или [раздел], имена – латиницей"),
)
PLACE = re.compile(r"at line (\d+)")
SHOWN = 60  # characters of the line that is wrong


def read(path: Path) -> dict[str, Any]:
    """The tables of the file; the mark that Notepad puts in front is no part of it. Raises StopEverything."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise StopEverything(f"{path}: нет такого файла настроек") from None
    if data.startswith(UTF_16):
        raise StopEverything(f"{path}: файл записан в UTF-16; {SAVE_AS}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise StopEverything(f"{path} строка {line}: файл не в UTF-8; {SAVE_AS}") from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StopEverything(f"{path} {_fault(text, str(error))}") from error


def _fault(text: str, said: str) -> str:
    lines = text.splitlines() or [""]
    found = PLACE.search(said)
    number = int(found[1]) if found else max((n for n, line in enumerate(lines, 1) if line.strip()), default=1)
    shown = lines[number - 1].strip()[:SHOWN] if number <= len(lines) else ""
    why = next((told for pattern, told in FAULTS if re.search(pattern, said)), said)
    return f"строка {number} («{shown}»): {why}"
