"""Everything a Z39.50 target finds for one question, fetched in chunks. The protocol knows no deletions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TypeVar

from catalog_sync.errors import SourceUnavailable, StopEverything
from catalog_sync.model import FetchedFile
from catalog_sync.protocol.apdu import Authentication
from catalog_sync.protocol.charset import UnknownCharset, canonical, codec
from catalog_sync.protocol.oids import SYNTAX_NAMES, Syntax
from catalog_sync.protocol.pqf import PqfError
from harvesters import bookmarks, limits, xml_pages
from harvesters.net import TryAgain
from harvesters.options import listed, option
from harvesters.retries import with_retries
from harvesters.secrets import Secret
from harvesters.surroundings import Budget, Surroundings
from harvesters.z3950_client import FetchedRecord, Target, TargetRefused, Z3950Client

KIND = "z3950"
OVERLAP = timedelta(days=1)  # targets index dates by day, in a time zone of their own
T = TypeVar("T")
TEMPORARY = frozenset({2, 31, 32, 109, 1018, 1019, 1020})  # diagnostics that may pass: system error, resources
TOO_LARGE = 16  # the record fits into no chunk, but may come alone
EVERYTHING = '@attr 1=_ALLRECORDS @attr 2=103 ""'


@dataclass(frozen=True, slots=True)
class Z3950Settings:
    host: str = option("Адрес сервера")
    port: int = option("Порт", 210)
    databases: str = option("Базы через запятую", "Default")
    query: str = option("Запрос PQF; {since} заменяется датой прошлого сбора, {slice} — числом среза", EVERYTHING)
    first_query: str = option("Запрос PQF первого сбора, если в query есть {since}", EVERYTHING)
    since_format: str = option("Вид даты {since}", "%Y%m%d")
    slice_from: int = option("Первый срез для {slice}: серверы не отдают больше своего предела за раз", 0)
    slice_to: int = option("Последний срез для {slice}", 0)
    syntax: str = option("Формат записей", "rusmarc", choices=tuple(s for s in SYNTAX_NAMES if s != "sutrs"))
    elements: str = option("Набор элементов", "F")
    query_charset: str = option("Кодировка запросов без согласования", "utf-8")
    record_charset: str = option("Кодировка записей без согласования; пусто — определяется по записям", "")
    negotiate: str = option("Какую кодировку предложить серверу (utf-8, windows-1251, koi8-r); пусто — никакую", "")
    login: str = option("Имя для входа", "")
    group: str = option("Группа для входа", "")
    password: Secret = option("Пароль: env:ИМЯ или file:/путь", Secret())
    open_token: Secret = option("Вход одной строкой (open): env:ИМЯ или file:/путь", Secret())
    page_records: int = option("Сколько записей просить за раз", 50)
    answer_seconds: float = option("Сколько ждать одного ответа", limits.READ_SECONDS)
    run_seconds: float = option("Сколько может длиться весь сбор", limits.RUN_SECONDS)
    max_records: int = option("Предел числа записей", limits.MAX_RECORDS)


class Z3950Harvester:
    """A full harvest shows what is gone; one with {since} brings only what the target says is newer."""

    def __init__(self, code: str, settings: Z3950Settings, complete: bool, surroundings: Surroundings) -> None:
        if not settings.page_records:
            raise StopEverything(f"{code}: page_records: ожидалось число больше нуля, пришло 0")
        self._where = code
        self._settings = settings
        self._complete = complete
        self._surroundings = surroundings
        self._target = target_of(settings, code)

    def fetch(self, bookmark: str) -> Iterator[FetchedFile]:
        """Chunks in order; the last carries the bookmark. Raises SourceUnavailable when the target stops short."""
        budget = Budget(self._settings.run_seconds, self._surroundings, self._where)
        by_date = "{since}" in self._settings.query
        since = str(bookmarks.read(bookmark, KIND).get("since", "")) if by_date else ""
        mark = bookmarks.written(KIND, since=self._day()) if by_date else bookmarks.written(KIND)
        questions = list(self._questions(since))
        whole = self._complete and not since
        for number, question in enumerate(questions, 1):
            walk = _Walk(self._target, question, self._where, self._settings, budget)
            for file, last in walk.files(f"{number:04d}-" if len(questions) > 1 else "", whole):
                final = last and number == len(questions)
                yield replace(file, bookmark=mark) if final else file

    def _day(self) -> str:
        return (self._surroundings.now() - OVERLAP).strftime(self._settings.since_format)

    def _questions(self, since: str) -> Iterator[str]:
        settings = self._settings
        by_date = "{since}" in settings.query
        query = settings.query.replace("{since}", since) if since or not by_date else settings.first_query
        if "{slice}" not in query:
            yield query
            return
        for number in range(settings.slice_from, settings.slice_to + 1):
            yield query.replace("{slice}", str(number))


def target_of(settings: Z3950Settings, where: str) -> Target:
    """The target of a source's settings. Raises StopEverything for charsets that don't exist."""
    for name in (settings.query_charset, settings.record_charset, settings.negotiate):
        try:
            canonical(name or "utf-8")
        except UnknownCharset as error:
            raise StopEverything(f"{where}: {error}") from error
    return Target(
        settings.host, settings.port, listed(settings.databases), Syntax(SYNTAX_NAMES[settings.syntax]),
        settings.elements, settings.query_charset, settings.record_charset, settings.negotiate,
        authentication=_authentication(settings), connect_seconds=limits.CONNECT_SECONDS,
        answer_seconds=settings.answer_seconds,
    )  # fmt: skip


def _authentication(settings: Z3950Settings) -> Authentication | None:
    if settings.open_token:
        return Authentication(open=settings.open_token.reveal())
    if settings.login or settings.password:
        return Authentication(settings.login, settings.password.reveal(), settings.group)
    return None


class _Walk:
    """One question, from its first record to its last, over as many associations as the network needs."""

    def __init__(self, target: Target, question: str, where: str, settings: Z3950Settings, budget: Budget) -> None:
        self._target = target
        self._question = question
        self._where = where
        self._settings = settings
        self._budget = budget
        self._client: Z3950Client | None = None
        self._total = -1
        self._warnings: list[str] = []

    def files(self, prefix: str, whole: bool) -> Iterator[tuple[FetchedFile, bool]]:
        """Files, each with whether it is the last."""
        try:
            self._retried(self._opened)
            start = 1
            while True:
                came = self._retried(partial(self._chunk, start)) if start <= self._total else []
                last = start + len(came) > self._total
                yield self._file(came, f"{prefix}{start:07d}", whole), last
                if last:
                    return
                start += len(came)
        finally:
            self._hang_up()

    # --- asking ------------------------------------------------------------------------------------------------------

    def _retried(self, attempt: Callable[[Z3950Client], T]) -> T:
        """`attempt` with an open association; a broken one is opened again, a refusal is final."""

        def once() -> T:
            try:
                return attempt(self._opened_client())
            except TargetRefused as error:
                if error.diagnostic.condition in TEMPORARY:
                    self._hang_up()
                    raise TryAgain(str(error)) from error
                raise SourceUnavailable(f"{self._where}: {error}") from error
            except SourceUnavailable as error:
                self._hang_up()
                raise TryAgain(str(error)) from error

        return with_retries(once, self._budget, self._where)

    def _opened_client(self) -> Z3950Client:
        """An association with the question asked; a second one must find what the first found."""
        if self._client is None:
            client = Z3950Client(self._target)
            client.open()
            self._client = client
            self._ask(client)
        return self._client

    def _ask(self, client: Z3950Client) -> None:
        try:
            found = client.search(client.pqf(self._question))
        except (PqfError, UnicodeEncodeError) as error:
            raise StopEverything(f"{self._where}: запрос «{self._question}»: {error}") from error
        if found > self._settings.max_records:
            raise StopEverything(f"{self._where}: найдено {found}, предел {self._settings.max_records}")
        if self._total not in (-1, found):
            self._warnings.append(f"число найденных записей изменилось во время сбора: {self._total} → {found}")
        self._total = found

    @staticmethod
    def _opened(client: Z3950Client) -> None:
        """Nothing more: opening asks the question."""

    def _chunk(self, start: int, client: Z3950Client) -> list[FetchedRecord]:
        count = min(self._settings.page_records, self._total - start + 1)
        came = client.present(start, count)
        if not came:
            raise SourceUnavailable(f"{self._where}: найдено {self._total}, а отдано только {start - 1}")
        return [self._alone(client, start + at, record) for at, record in enumerate(came[:count])]

    @staticmethod
    def _alone(client: Z3950Client, position: int, record: FetchedRecord) -> FetchedRecord:
        """A record that was too large for its chunk is asked for by itself (Z39.50-2003, 3.3.3)."""
        if record.diagnostic is None or record.diagnostic.condition != TOO_LARGE:
            return record
        return next(iter(client.present(position, 1)), record)

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    # --- handing over ------------------------------------------------------------------------------------------------

    def _file(self, records: list[FetchedRecord], name: str, whole: bool) -> FetchedFile:
        """One chunk as a file. Diagnostics in the place of records make the harvest incomplete."""
        good = [record for record in records if self._is_good(record)]
        faults = [self._fault(record) for record in records if not self._is_good(record)]
        warnings = (*self._warnings, *faults)
        self._warnings.clear()
        complete = whole and not warnings
        if self._target.syntax is Syntax.XML:
            data = xml_pages.collection([record.data for record in good])
            return FetchedFile(f"records-{name}.xml", data, "marcxml", complete, "", (), warnings)
        data = b"".join(record.data for record in good)
        told = next((record.charset for record in good if record.charset), "")
        encoding = codec(told) if told else ""
        return FetchedFile(f"records-{name}.mrc", data, "iso2709", complete, "", (), warnings, encoding)

    def _is_good(self, record: FetchedRecord) -> bool:
        return record.diagnostic is None and record.syntax == self._target.syntax

    @staticmethod
    def _fault(record: FetchedRecord) -> str:
        if record.diagnostic is None:
            return f"запись пришла в другом формате: {record.syntax}"
        return f"вместо записи диагностика {record.diagnostic.condition} {record.diagnostic.info}".rstrip()
