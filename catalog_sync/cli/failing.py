"""From any failure to one line an operator can act on. What nobody expected is kept whole in a file."""

from __future__ import annotations

import difflib
import errno
import re
import sqlite3
import traceback
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from catalog_sync.errors import CatalogSyncError
from catalog_sync.store.database import BUSY_SECONDS

NO_SPACE = "на диске кончилось место: освободите его и повторите; каталог остался прежним"
OS_ERRORS: Mapping[int, str] = {
    errno.ENOSPC: NO_SPACE,
    errno.EDQUOT: "исчерпана квота на диске: освободите место и повторите; каталог остался прежним",
    errno.EACCES: "нет прав",
    errno.EPERM: "нет прав",
    errno.EROFS: "диск или папка только для чтения",
    errno.ENOENT: "нет такого файла или папки",
    errno.EISDIR: "это папка, а нужен файл",
    errno.ENOTDIR: "это файл, а нужна папка",
    errno.EADDRINUSE: "порт уже занят другой программой",
    errno.EIO: "диск не читается или не пишется: проверьте его",
}
SQLITE_ERRORS: Mapping[str, str] = {
    "locked": f"база занята другим процессом дольше {BUSY_SECONDS} с: дождитесь конца сбора и повторите",
    "disk is full": NO_SPACE,
    "readonly": "база открыта только для чтения: проверьте права на папку данных",
    "unable to open": "база не открывается: проверьте, что папка данных есть и в неё можно писать",
    "disk i/o error": "диск с базой не читается или не пишется: проверьте место и сам диск",
    "malformed": "файл базы повреждён: восстановите копию (catalog-sync restore ФАЙЛ)",
    "not a database": "файл базы повреждён или это не база каталога: восстановите копию (catalog-sync restore ФАЙЛ)",
}


def sentence(error: BaseException) -> str | None:
    """One line for a failure whose cause is known; None for what is a fault of the program itself."""
    if isinstance(error, CatalogSyncError):
        return str(error)
    if isinstance(error, DBAPIError):
        return _database(error)
    if isinstance(error, ArgumentError | NoSuchModuleError):
        return "[store] url: ожидалось sqlite:///ФАЙЛ или postgresql+psycopg://ИМЯ@УЗЕЛ/БАЗА, а стоит другое"
    if isinstance(error, sqlite3.Error):
        return _sqlite(str(error))
    if isinstance(error, OSError):
        return _system(error)
    if isinstance(error, ModuleNotFoundError):
        return f"не установлен пакет {error.name}: повторите установку (make setup)"
    if isinstance(error, MemoryError):
        return "не хватило памяти: закройте другие программы или загрузите выгрузку частями (--incremental)"
    return None


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
    (r"(.+) is not one of (.+)\.", r"\1 — нет такого, есть: \2"),
    (r"('.*?') is not a valid (?:integer|int)( range)?\.", r"нужно целое число, а указано \1"),
    (r"('.*?') is not a valid float( range)?\.", r"нужно число, а указано \1"),
    (r"(?:File|Path) '(.+)' does not exist\.", r"нет файла «\1»"),
    (r"(?:File|Path) '(.+)' is a directory\.", r"«\1» — папка, а нужен файл"),
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
        close = difflib.get_close_matches(mistyped[1], context.command.commands, n=1)
        text = f"нет команды «{mistyped[1]}»" + (f"; может быть, {close[0]}?" if close else "")
    path = context.command_path if context else "catalog-sync"
    return f"{' '.join(text.split()).replace(' ;', ';')} (подсказка: {path} --help)"


def _system(error: OSError) -> str:
    reason = OS_ERRORS.get(error.errno or 0) or error.strerror or str(error)
    where = error.filename2 or error.filename
    return f"{where}: {reason}" if where else reason


def _database(error: DBAPIError) -> str | None:
    text = str(error.orig).strip()
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite(text)
    if error.connection_invalidated or "connection" in text.lower():
        return f"сервер базы данных не отвечает: {text.splitlines()[0]}"
    if "No space left" in text:
        return f"сервер базы данных: {NO_SPACE}"
    return None


def _sqlite(text: str) -> str | None:
    return next((known for word, known in SQLITE_ERRORS.items() if word in text.lower()), None)


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

