"""From a failure whose cause is known to one line an operator can act on: on the terminal and in the run's row."""

from __future__ import annotations

import errno
import logging
import os
import re
import sqlite3
from collections.abc import Mapping

from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from catalog_sync.errors import CatalogSyncError
from catalog_sync.file_names import readable
from catalog_sync.query import Unsupported

NO_SPACE = "на диске кончилось место: освободите его и повторите; в каталоге ничего не потеряно"
# Windows says «no rights» of a file that another program has open, too (to whoever asks C's library, and `open` does).
HELD = "файл открыт в другой программе: закройте его там и повторите"
FAR_AWAY = "сетевая папка не отвечает"
OS_ERRORS: Mapping[int, str] = {
    errno.ENOSPC: NO_SPACE,
    errno.EDQUOT: "исчерпана квота на диске: освободите место и повторите; в каталоге ничего не потеряно",
    errno.EACCES: f"нет прав, или {HELD}" if os.name == "nt" else "нет прав",
    errno.EPERM: "нет прав",
    errno.EROFS: "диск или папка только для чтения",
    errno.ENOENT: "нет такого файла или папки",
    errno.EISDIR: "это папка, а нужен файл",
    errno.ENOTDIR: "это файл, а нужна папка",
    errno.EEXIST: "это файл, а нужна папка",
    errno.ELOOP: "это ссылка, а нужен сам файл",
    errno.ENAMETOOLONG: "имя слишком длинное",
    errno.EHOSTDOWN: FAR_AWAY,
    errno.ESTALE: "сетевая папка переподключена: повторите",
    errno.ETIMEDOUT: "сетевая папка или сервер не отвечает",
    errno.EADDRINUSE: "порт уже занят другой программой",
    errno.EIO: "диск не читается или не пишется: проверьте его",
}
# What the system itself calls a failure on Windows, where Python's number for it says less.
WINDOWS_ERRORS: Mapping[int, str] = {
    15: "нет такого диска",
    21: "диск не готов: вставьте его",
    32: HELD,
    33: HELD,
    39: NO_SPACE,
    53: "сетевая папка не найдена: проверьте её адрес и включён ли тот компьютер",
    59: FAR_AWAY,
    64: FAR_AWAY,
    67: "сетевая папка не найдена: проверьте её адрес",
    121: FAR_AWAY,
    123: 'имени с такими знаками не бывает (< > : " | ? *)',
    206: "имя слишком длинное",
    1224: HELD,
    1326: "сетевая папка не пускает: проверьте имя и пароль",
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
# SQLSTATE of PostgreSQL, or the beginning of a class of them; the longest that fits is taken.
POSTGRES_ERRORS: Mapping[str, str] = {
    "08": "сервер базы данных не отвечает",
    "25006": "база данных открыта только для чтения: снимите default_transaction_read_only или укажите главный сервер",
    "25P03": "сервер базы данных прервал работу: idle_in_transaction_session_timeout мал, поставьте 0",
    "28": "сервер базы данных не пускает: проверьте имя и пароль в [store] url и в ~/.pgpass",
    "3D000": "на сервере нет такой базы данных: создайте её (createdb) или исправьте [store] url",
    "40": "базу данных одновременно менял другой процесс: повторите",
    "42501": "в базе данных не хватает прав: сделайте своего пользователя её владельцем",
    "42703": "в базе данных нет столбца: восстановите копию (catalog-sync restore ФАЙЛ) в пустую базу",
    "42P01": "в базе данных нет таблицы: восстановите копию (catalog-sync restore ФАЙЛ) в пустую базу",
    "53100": f"сервер базы данных: {NO_SPACE}",
    "53200": "серверу базы данных не хватило памяти: повторите позже",
    "53300": "сервер базы данных не даёт больше соединений: повторите позже или увеличьте max_connections",
    "55P03": "база занята другим процессом: дождитесь конца сбора и повторите",
    "57014": "сервер базы данных прервал запрос: statement_timeout мал, поставьте 0",
    "57P": "сервер базы данных остановлен или перезапускается: повторите позже",
    "58": "сервер базы данных не читает или не пишет свой диск: проверьте место и сам диск",
    "XX00": "база данных на сервере повреждена: восстановите копию (catalog-sync restore ФАЙЛ) в пустую базу",
}
# Who is not let in is told no SQLSTATE but words, in the language of the server.
REFUSALS: tuple[tuple[str, str], ...] = (
    ("password authentication failed|no password supplied|no pg_hba.conf entry|role .* does not exist", "28"),
    ("не прошёл проверку подлинности|в pg_hba.conf нет записи|роль .* не существует", "28"),
    ("database .* does not exist|база данных .* не существует", "3D000"),
    ("too many connections|too many clients|connection slots are reserved|слишком много", "53300"),
    ("is starting up|is shutting down|in recovery mode|запускается|останавливается|в режиме восстановления", "57P"),
    ("connection|соединени|resolve host", "08"),
)


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
        return f"не установлен пакет {error.name}: повторите установку (make setup; в Windows – команды из руководства)"
    if isinstance(error, MemoryError):
        return "не хватило памяти: закройте другие программы или загрузите выгрузку частями (--incremental)"
    return None


def is_busy(error: DBAPIError) -> bool:
    """Whether somebody else is writing, and the same is worth trying again in a minute."""
    state = getattr(error.orig, "sqlstate", None) or ""
    return "locked" in str(error.orig) if isinstance(error.orig, sqlite3.Error) else state.startswith(("55P03", "40"))


def note(log: logging.Logger, what: str, error: BaseException) -> None:
    """A line of the log where the cause is known: what is tried again every minute would fill it with stacks."""
    known = sentence(error)
    log.error("%s: %s", what, known or error, exc_info=None if known else error)


def _unanswered(error: Unsupported) -> str:
    if error.part == "term":
        return f"в запросе нет ни одного слова, которое можно искать: «{error.value}»"
    return f"на такой запрос каталог не отвечает ({error})"


def _system(error: OSError) -> str:
    where = error.filename2 or error.filename
    return f"{readable(str(where))}: {reason(error)}" if where else reason(error)


def reason(error: OSError) -> str:
    """What the system says, in Russian where we know it, without the name of the file."""
    windows = WINDOWS_ERRORS.get(getattr(error, "winerror", None) or 0)
    return windows or OS_ERRORS.get(error.errno or 0) or error.strerror or str(error)


def _database(error: DBAPIError) -> str | None:
    text = str(error.orig).strip()
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite(text)
    state = getattr(error.orig, "sqlstate", None) or _refusal(text)
    known = max((start for start in POSTGRES_ERRORS if state.startswith(start)), key=len, default="")
    if not known and error.connection_invalidated:
        known = "08"
    return f"{POSTGRES_ERRORS[known]} ({text.splitlines()[0]})" if known else None


def _refusal(text: str) -> str:
    return next((state for words, state in REFUSALS if re.search(words, text, re.IGNORECASE)), "")


def _sqlite(text: str) -> str | None:
    if lost := re.match(r"no such (table|column): (\S+)", text):
        what = "таблицы" if lost[1] == "table" else "столбца"
        return f"в базе нет {what} {lost[2]}: восстановите копию (catalog-sync restore ФАЙЛ)"
    return next((known for word, known in SQLITE_ERRORS.items() if word in text.lower()), None)
