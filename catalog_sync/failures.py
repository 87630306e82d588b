"""From a failure whose cause is known to one line an operator can act on: on the terminal and in the run's row."""

from __future__ import annotations

import errno
import re
import sqlite3
from collections.abc import Mapping

from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from catalog_sync.errors import CatalogSyncError
from catalog_sync.file_names import readable
from catalog_sync.query import Unsupported

NO_SPACE = "на диске кончилось место: освободите его и повторите; в каталоге ничего не потеряно"
OS_ERRORS: Mapping[int, str] = {
    errno.ENOSPC: NO_SPACE,
    errno.EDQUOT: "исчерпана квота на диске: освободите место и повторите; в каталоге ничего не потеряно",
    errno.EACCES: "нет прав",
    errno.EPERM: "нет прав",
    errno.EROFS: "диск или папка только для чтения",
    errno.ENOENT: "нет такого файла или папки",
    errno.EISDIR: "это папка, а нужен файл",
    errno.ENOTDIR: "это файл, а нужна папка",
    errno.EEXIST: "это файл, а нужна папка",
    errno.ELOOP: "это ссылка, а нужен сам файл",
    errno.ENAMETOOLONG: "имя слишком длинное",
    errno.EHOSTDOWN: "сетевая папка не отвечает",
    errno.ESTALE: "сетевая папка переподключена: повторите",
    errno.ETIMEDOUT: "сетевая папка или сервер не отвечает",
    errno.EADDRINUSE: "порт уже занят другой программой",
    errno.EIO: "диск не читается или не пишется: проверьте его",
}
SQLITE_ERRORS: Mapping[str, str] = {
    "locked": "база занята другим процессом: дождитесь конца сбора и повторите",
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
    if isinstance(error, Unsupported):
        return _unanswered(error)
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


def _unanswered(error: Unsupported) -> str:
    if error.part == "term":
        return f"в запросе нет ни одного слова, которое можно искать: «{error.value}»"
    return f"на такой запрос каталог не отвечает ({error})"


def _system(error: OSError) -> str:
    where = error.filename2 or error.filename
    return f"{readable(str(where))}: {reason(error)}" if where else reason(error)


def reason(error: OSError) -> str:
    """What the system says, in Russian where we know it, without the name of the file."""
    return OS_ERRORS.get(error.errno or 0) or error.strerror or str(error)


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
    if lost := re.match(r"no such (table|column): (\S+)", text):
        what = "таблицы" if lost[1] == "table" else "столбца"
        return f"в базе нет {what} {lost[2]}: восстановите копию (catalog-sync restore ФАЙЛ)"
    return next((known for word, known in SQLITE_ERRORS.items() if word in text.lower()), None)
