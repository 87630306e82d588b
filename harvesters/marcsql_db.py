"""The МАРК-SQL database itself: the only source that knows when each copy came and went (INV and INVOFF).

Read-only in three ways: only SELECT is sent, the session is declared read-only where the server can, and the manual
asks for an account that may only read. Tables: DOC, INV, INVOFF; readers' tables are never touched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from catalog_sync.errors import SourceUnavailable, StopEverything
from catalog_sync.model import FetchedFile
from harvesters import limits
from harvesters.marcsql_reader import Reader
from harvesters.options import option
from harvesters.secrets import Secret, redact
from harvesters.surroundings import Budget, Surroundings

KIND = "marcsql_db"


@dataclass(frozen=True, slots=True)
class MarcSqlSettings:
    url: str = option("Адрес базы без имени и пароля: mssql+pymssql://узел/база, sqlite:////путь", url=True)
    login: str = option("Имя для входа (учётная запись только для чтения)", "")
    password: Secret = option("Пароль: env:ИМЯ или file:/путь", Secret())
    schema: str = option("Схема таблиц; пусто – обычная", "")
    encoding: str = option("Кодировка текста, если база отдаёт байты", "cp1251")
    batch_records: int = option("Сколько записей читать за раз", limits.RECORDS_PER_FILE)
    connect_seconds: float = option("Сколько ждать соединения", limits.CONNECT_SECONDS)
    run_seconds: float = option("Сколько может длиться весь сбор", limits.RUN_SECONDS)
    max_records: int = option("Предел числа записей", limits.MAX_RECORDS)


class MarcSqlHarvester:
    """All records with their copies, in the order of DOC_ID, in one transaction: one moment of the base."""

    def __init__(self, code: str, settings: MarcSqlSettings, complete: bool, surroundings: Surroundings) -> None:
        if not settings.batch_records:
            raise StopEverything(f"{code}: batch_records: ожидалось число больше нуля, пришло 0")
        self._where = code
        self._settings = settings
        self._complete = complete
        self._surroundings = surroundings

    def fetch(self, bookmark: str) -> Iterator[FetchedFile]:
        """Batches of JSON lines. There is no bookmark: the base doesn't say what changed, digests do."""
        budget = Budget(self._settings.run_seconds, self._surroundings, self._where)
        engine = self._engine()
        try:
            yield from self._files(Reader(engine, self._settings.schema, self._settings.encoding), budget)
        except SQLAlchemyError as error:
            said = f"база МАРК-SQL не открылась или не дочиталась; {self._words(error)}"
            raise SourceUnavailable(f"{self._where}: {said}") from None
        finally:
            engine.dispose()

    def _files(self, reader: Reader, budget: Budget) -> Iterator[FetchedFile]:
        came = 0
        for rows in reader.batches(self._settings.batch_records):
            budget.check()
            came += len(rows)
            if came > self._settings.max_records:
                raise SourceUnavailable(f"{self._where}: записей больше предела {self._settings.max_records}")
            yield self._file(rows, came, reader.told())
        if not came:
            yield self._file([], 0, reader.told())

    def _words(self, error: SQLAlchemyError) -> str:
        """The driver's first line, unless it may quote the password."""
        cause = getattr(error, "orig", None) or error
        line = redact((str(cause).splitlines() or [""])[0][:200])
        password = self._settings.password.reveal()
        return "её слов не показать: в них пароль" if password and password in line else f"её слова: «{line}»"

    def _file(self, rows: Sequence[Mapping[str, Any]], came: int, warnings: tuple[str, ...]) -> FetchedFile:
        lines = "".join(json.dumps(r, ensure_ascii=False, separators=(",", ":")) + "\n" for r in rows)
        name = f"doc-{came:07d}.jsonl"
        return FetchedFile(name, lines.encode(), "marcsql-rows", self._complete, "", (), warnings)

    def _engine(self) -> Engine:
        s = self._settings
        try:
            url = make_url(s.url)
            if s.login:
                url = url.set(username=s.login, password=s.password.reveal() or None)
            url, arguments = read_only(url, s.connect_seconds)
            return create_engine(url, connect_args=arguments, poolclass=NullPool)
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise StopEverything(
                f"{self._where}: url: база {redact(s.url)} не открывается: {redact(str(error))}; "
                "для MS SQL Server поставьте catalog-sync[mssql]"
            ) from None


def read_only(url: URL, seconds: float) -> tuple[URL, dict[str, Any]]:
    """URL and connect arguments that ask each kind of server for a session which can't write."""
    backend = url.get_backend_name()
    if backend == "sqlite":
        path = Path(url.database or "").resolve()
        return url.set(database=f"file:{quote(str(path))}").update_query_dict({"mode": "ro", "uri": "true"}), {}
    if backend == "postgresql":
        options = "-c default_transaction_read_only=on -c default_transaction_isolation=repeatable\\ read"
        return url, {"connect_timeout": max(1, int(seconds)), "options": options}
    if backend == "mssql" and url.get_driver_name() == "pymssql":
        return url, {"login_timeout": max(1, int(seconds)), "timeout": int(limits.REQUEST_SECONDS), "read_only": True}
    return url, {}
