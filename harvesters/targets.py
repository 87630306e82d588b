"""Foreign catalogues asked for a record to copy: Z39.50 and SRU, all at once, none longer than it may take.

    answers = ask_all(settings.targets, question(isbn="978-5-09-071001-5"), Secrets.of_process(), seconds=10)
    found = offers([c for a in answers for c in a.candidates], catalogue)

A target that is slow, down or answers nonsense costs its own answer only, and says why.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from urllib.parse import quote

from catalog_sync.errors import BadRecord, CatalogSyncError, SourceUnavailable
from catalog_sync.marc.reading import marc_record, read_export, to_bib
from catalog_sync.model import ExternalTarget, Source, SourceRecord
from catalog_sync.offers import Candidate
from catalog_sync.protocol.apdu import Authentication
from catalog_sync.protocol.cql_of import INDEXES, cql_of
from catalog_sync.protocol.oids import SYNTAX_NAMES
from catalog_sync.query import Access, Query, Unsupported
from harvesters import xml_pages
from harvesters.net import Reach, TryAgain, ask
from harvesters.options import option, parse
from harvesters.secrets import Secret, Secrets
from harvesters.sru import read_page
from harvesters.z3950_client import Target, Z3950Client

SECONDS = 10.0  # a librarian waits this long, not longer
RECORDS = 10  # of one target
MAX_BYTES = 8 << 20  # of one SRU answer
PARALLEL = 16


@dataclass(frozen=True, slots=True)
class SruTarget:
    url: str = option("Базовый адрес SRU (с именем базы)", url=True)
    version: str = option("Версия протокола", "1.2", choices=("1.1", "1.2", "2.0"))
    schema: str = option("Схема записей (recordSchema)", "marcxml")
    isbn_index: str = option("Имя указателя ISBN у этого сервера", "bath.isbn")
    title_index: str = option("Имя указателя заглавий", "dc.title")
    author_index: str = option("Имя указателя авторов", "dc.creator")
    login: str = option("Имя для входа", "")
    password: Secret = option("Пароль: env:ИМЯ или file:/путь", Secret())


@dataclass(frozen=True, slots=True)
class Z3950Target:
    host: str = option("Адрес сервера")
    port: int = option("Порт", 210)
    databases: str = option("Базы через запятую", "Default")
    syntax: str = option("Формат записей", "usmarc", choices=tuple(s for s in SYNTAX_NAMES if s != "sutrs"))
    query_charset: str = option("Кодировка запросов без согласования", "utf-8")
    record_charset: str = option("Кодировка записей без согласования; пусто — определяется по записям", "")
    negotiate: str = option("Какую кодировку предложить серверу; пусто — никакую", "")
    login: str = option("Имя для входа", "")
    group: str = option("Группа для входа", "")
    password: Secret = option("Пароль: env:ИМЯ или file:/путь", Secret())


@dataclass(frozen=True, slots=True)
class TargetAnswer:
    """What one target said: its candidates and how many it has in all, or `error`, a sentence for the librarian."""

    target: str
    name: str
    candidates: tuple[Candidate, ...] = ()
    total: int = 0
    error: str = ""
    seconds: float = 0.0
    unreadable: int = field(default=0)  # records that came but could not be read


def check(targets: Iterable[ExternalTarget], secrets: Secrets) -> None:
    """Raises StopEverything where the settings of a target are wrong: at start, not when a librarian asks."""
    for target in targets:
        _settings(target, secrets)


def ask_all(
    targets: Sequence[ExternalTarget], query: Query, secrets: Secrets, *, seconds: float = SECONDS, limit: int = RECORDS
) -> list[TargetAnswer]:
    """Answers in the order of `targets`, at the latest after `seconds`; who did not answer by then is told so.

    Never raises for a target's fault. A straggler's thread ends by the time limits of its own connection.
    """
    asked = [t for t in targets if t.active]
    if not asked:
        return []
    pool = ThreadPoolExecutor(min(len(asked), PARALLEL), thread_name_prefix="target")
    futures = {t.code: pool.submit(ask_one, t, query, secrets, seconds=seconds, limit=limit) for t in asked}
    wait(futures.values(), timeout=seconds)
    pool.shutdown(wait=False, cancel_futures=True)
    return [_answer(t, futures[t.code], seconds) for t in asked]


def _answer(target: ExternalTarget, future: Future[TargetAnswer], seconds: float) -> TargetAnswer:
    name = target.name or target.code
    if not future.done() or future.cancelled():
        return TargetAnswer(target.code, name, error=f"{name}: не ответил за {seconds:.0f} с", seconds=seconds)
    return future.result()


def ask_one(
    target: ExternalTarget, query: Query, secrets: Secrets, *, seconds: float = SECONDS, limit: int = RECORDS
) -> TargetAnswer:
    """One target's answer; its faults are in `error`."""
    began = time.monotonic()
    name = target.name or target.code
    try:
        total, pieces = _fetch(target, query, secrets, seconds, limit)
        found, unreadable = _read(target, pieces)
        return TargetAnswer(target.code, name, found, total, "", time.monotonic() - began, unreadable)
    except Unsupported as error:
        said = f"{name}: такой вопрос этому каталогу задать нельзя ({error})"
    except UnicodeEncodeError as error:
        said = f"{name}: в кодировке {error.encoding} нет буквы {error.object[error.start:error.end]!r}"
    except (CatalogSyncError, TryAgain, OSError, TimeoutError) as error:
        said = str(error) or type(error).__name__
        said = said if said.startswith(name) else f"{name}: {said}"
    return TargetAnswer(target.code, name, error=said, seconds=time.monotonic() - began)


def _settings(target: ExternalTarget, secrets: Secrets) -> SruTarget | Z3950Target:
    where = f"внешний каталог {target.code}"
    if target.protocol == "sru":
        return parse(SruTarget, target.settings, secrets, where)
    return parse(Z3950Target, target.settings, secrets, where)


def _fetch(
    target: ExternalTarget, query: Query, secrets: Secrets, seconds: float, limit: int
) -> tuple[int, list[tuple[bytes, str]]]:
    """How many there are, and (bytes, charset) of the first `limit`."""
    settings = _settings(target, secrets)
    if isinstance(settings, SruTarget):
        return _ask_sru(target, settings, query, seconds, limit)
    return _ask_z3950(settings, query, seconds, limit)


def _ask_sru(
    target: ExternalTarget, settings: SruTarget, query: Query, seconds: float, limit: int
) -> tuple[int, list[tuple[bytes, str]]]:
    names = {Access.ISBN: settings.isbn_index, Access.TITLE: settings.title_index, Access.AUTHOR: settings.author_index}
    arguments = {"query": cql_of(query, {**INDEXES, **names}), "maximumRecords": str(limit), "startRecord": "1",
                 "recordSchema": settings.schema}
    if settings.version != "2.0":
        arguments = {"version": settings.version, "operation": "searchRetrieve", **arguments}
    joint = "&" if "?" in settings.url else "?"
    url = settings.url + joint + "&".join(f"{k}={quote(v, safe='')}" for k, v in arguments.items())
    reach = Reach(target.name or target.code, settings.login, settings.password, connect_seconds=seconds,
                  read_seconds=seconds, request_seconds=seconds)
    with ask(url, reach, {"Accept": "text/xml, application/xml"}) as answer:
        if answer.status != 200:
            raise SourceUnavailable(f"сервер ответил кодом {answer.status}")
        page = read_page(xml_pages.parse(answer.body(MAX_BYTES), reach.where))
    if page.diagnostics and not page.records:
        raise SourceUnavailable(f"диагностика {page.diagnostics[0]}")
    return page.total, [(data, "utf-8") for data in page.records[:limit]]


def _ask_z3950(settings: Z3950Target, query: Query, seconds: float, limit: int) -> tuple[int, list[tuple[bytes, str]]]:
    login = None
    if settings.login:
        login = Authentication(user=settings.login, group=settings.group, password=settings.password.reveal())
    target = Target(
        settings.host, settings.port, tuple(d.strip() for d in settings.databases.split(",")),
        SYNTAX_NAMES[settings.syntax], query_charset=settings.query_charset, record_charset=settings.record_charset,
        negotiate=settings.negotiate, authentication=login, connect_seconds=seconds, answer_seconds=seconds,
    )
    with Z3950Client(target) as client:
        total = client.search(client.rpn(query))
        records = client.present(1, min(total, limit)) if total else []
    return total, [(r.data, r.charset) for r in records if r.data and r.diagnostic is None]


def _read(target: ExternalTarget, pieces: Sequence[tuple[bytes, str]]) -> tuple[tuple[Candidate, ...], int]:
    """Candidates of what came; records that can't be read are counted, not fatal."""
    found: list[Candidate] = []
    unreadable = 0
    for data, charset in pieces:
        source = Source(target.code, "", dialect=target.dialect, encoding=target.encoding or charset)
        try:
            record = next(iter(read_export(data, source)), None)
            if not isinstance(record, SourceRecord):
                raise BadRecord("не запись MARC")
            found.append(Candidate(target.code, target.name or target.code, record.dialect, marc_record(record),
                                   to_bib(record)))
        except BadRecord:
            unreadable += 1
    return tuple(found), unreadable
