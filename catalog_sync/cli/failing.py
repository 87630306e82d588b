"""From any failure to one line an operator can act on. What nobody expected is kept whole in a file."""

from __future__ import annotations

import difflib
import re
import traceback
from datetime import datetime
from pathlib import Path

import click

from catalog_sync.failures import sentence

__all__ = ["keep", "sentence", "usage"]

# What click says of a mistyped command → what we say.
USAGE: tuple[tuple[str, str], ...] = (
    (r"No such command '(.+?)'\.(?:.*)", r"нет команды «\1»"),
    (r"No such option: (\S+)\.?", r"нет ключа \1"),
    (r"No such option '(.+?)'\.(?:.*)", r"нет ключа \1"),
    (r"Did you mean (?:one of: )?(.+?)\?", r"; может быть, \1?"),
    (r"\(Possible options: (.+?)\)", r"; может быть, \1?"),
    (r"Missing argument '(.+?)'\.", r"не указано: \1"),
    (r"Missing option '(.+?)'\.(?: Choose from:)?", r"не указан ключ \1"),
    (r"Missing command\.", "не указана команда"),
    (r"Got unexpected extra arguments? \((.+)\)", r"лишнее: \1"),
    (r"Option '(.+?)' requires an argument\.", r"у ключа \1 нет значения"),
    (r"Invalid value for '(.+?)':", r"\1:"),
    (r"(.+) is not in the range (.+)\.", r"\1 не входит в границы \2"),
    (r"(.+) is not (?:one of )?('.+)\.", r"\1 — нет такого, есть: \2"),
    (r"('.*?') is not a valid (?:integer|int)( range)?\.", r"нужно целое число, а указано \1"),
    (r"('.*?') is not a valid float( range)?\.", r"нужно число, а указано \1"),
    (r"Directory '(.+)' does not exist\.", r"нет папки «\1»"),
    (r"(?:File|Path) '(.+)' does not exist\.", r"нет файла «\1»"),
    (r"(?:File|Path) '(.+)' is a directory\.", r"«\1» — папка, а нужен файл"),
    (r"(?:Directory|Path) '(.+)' is a file\.", r"«\1» — файл, а нужна папка"),
    (r"(?:File|Directory|Path) '(.+)' is not readable\.", r"нет прав читать «\1»"),
    (r"(?:File|Directory|Path) '(.+)' is not writable\.", r"нет прав писать в «\1»"),
    (r"'(.+)' does not match the formats? (.+)\.", r"нужна дата ГГГГ-ММ-ДД, а указано «\1»"),
)


def usage(error: click.ClickException) -> str:
    """A mistyped command in one line, with the place where help is."""
    text = error.format_message().replace("\n", " ")
    for pattern, said in USAGE:
        text = re.sub(pattern, said, text)
    text = text.replace("...", "")
    context = getattr(error, "ctx", None)
    if context and isinstance(context.command, click.Group) and (mistyped := re.match("нет команды «(.+)»", text)):
        close = difflib.get_close_matches(mistyped[1], context.command.list_commands(context), n=1)
        text = f"нет команды «{mistyped[1]}»" + (f"; может быть, {close[0]}?" if close else "")
    path = context.command_path if context else "catalog-sync"
    return f"{' '.join(text.split()).replace(' ;', ';')} (подсказка: {path} --help)"


def keep(error: BaseException, home: Path, now: datetime) -> str:
    """Write the whole of an unexpected failure into HOME/logs; returns the line that says where it is."""
    short = f"{type(error).__name__}: {error}".splitlines()[0]
    try:
        folder = home / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"error-{now:%Y%m%d-%H%M%S}.txt"
        path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    except OSError:
        return f"ошибка программы: {short}"
    return f"ошибка программы: {short}; подробности в {path} — пришлите этот файл разработчикам"

