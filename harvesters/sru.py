"""SRU 1.1, 1.2 (Library of Congress) and 2.0 (OASIS searchRetrieve): a whole answer, page by page."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from lxml import etree

from catalog_sync.errors import SourceUnavailable, StopEverything
from catalog_sync.model import FetchedFile
from harvesters import bookmarks, limits, xml_pages
from harvesters.net import Reach, TryAgain, ask, refuse_status
from harvesters.options import listed, option
from harvesters.retries import with_retries
from harvesters.secrets import Secret, redact
from harvesters.surroundings import Budget, Surroundings
from harvesters.xml_pages import all_text, child, children, local, text_of

KIND = "sru"
MARC_SCHEMAS = ("marcxml", "info:srw/schema/1/marcxml-v1.1", "info:srw/schema/1/unimarcxml-v0.1")
OVERLAP = timedelta(days=1)  # SRU servers index dates by day, in a time zone of their own


@dataclass(frozen=True, slots=True)
class SruSettings:
    url: str = option("Базовый адрес SRU (с именем базы)", url=True)
    version: str = option("Версия протокола", "1.2", choices=("1.1", "1.2", "2.0"))
    query: str = option("Запрос CQL; {since} заменяется датой прошлого сбора", "cql.allRecords=1")
    first_query: str = option("Запрос CQL первого сбора, если в query есть {since}", "cql.allRecords=1")
    schema: str = option("Схема записей (recordSchema)", MARC_SCHEMAS[0])
    page_records: int = option("Сколько записей просить за раз", 50)
    login: str = option("Имя для входа", "")
    password: Secret = option("Пароль: env:ИМЯ или file:/путь", Secret())
    token: Secret = option("Токен (Bearer): env:ИМЯ или file:/путь", Secret())
    ca_file: Path = option("Файл своего центра сертификации (PEM)", Path())
    proxy: str = option("Прокси-сервер: http://узел:порт", "", url=True)
    redirect_hosts: str = option("Другие узлы, куда серверу можно перенаправлять", "")
    read_seconds: float = option("Сколько ждать ответа молчащего сервера", limits.READ_SECONDS)
    request_seconds: float = option("Сколько может длиться один ответ", limits.REQUEST_SECONDS)
    run_seconds: float = option("Сколько может длиться весь сбор", limits.RUN_SECONDS)
    max_records: int = option("Предел числа записей", limits.MAX_RECORDS)


@dataclass(frozen=True, slots=True)
class Page:
    """One searchRetrieve answer. `records` are MARCXML; `bad` counts entries that hold none."""

    total: int
    records: tuple[bytes, ...] = ()
    bad: int = 0
    diagnostics: tuple[str, ...] = ()

    @property
    def came(self) -> int:
        return len(self.records) + self.bad


@dataclass(slots=True)
class Walk:
    total: int = -1
    came: int = 0
    complete: bool = True
    warnings: list[str] = field(default_factory=list)
    digests: set[bytes] = field(default_factory=set)


class SruHarvester:
    """Everything one CQL query finds. SRU knows no deletions: a full harvest shows what is gone."""

    def __init__(self, code: str, settings: SruSettings, complete: bool, surroundings: Surroundings) -> None:
        if not settings.page_records:
            raise StopEverything(f"{code}: page_records: ожидалось число больше нуля, пришло 0")
        self._where = code
        self._settings = settings
        self._surroundings = surroundings
        self._since_supported = "{since}" in settings.query
        self._complete = complete
        self._reach = Reach(
            code, settings.login, settings.password, settings.token, settings.ca_file, settings.proxy,
            listed(settings.redirect_hosts), read_seconds=settings.read_seconds,
            request_seconds=settings.request_seconds,
        )  # fmt: skip

    def fetch(self, bookmark: str) -> Iterator[FetchedFile]:
        """Pages in order; the last carries the bookmark. Raises SourceUnavailable when pages repeat or stop short."""
        budget = Budget(self._settings.run_seconds, self._surroundings, self._where)
        since = str(bookmarks.read(bookmark, KIND).get("day", "")) if self._since_supported else ""
        query = self._settings.query.replace("{since}", since) if since else self._whole_query()
        walk = Walk(complete=self._complete and not since)
        mark = bookmarks.written(KIND, day=(self._surroundings.now() - OVERLAP).date().isoformat())
        while True:
            page = self._page(query, walk.came + 1, budget)
            self._judge(page, walk)
            last = walk.came >= walk.total
            warnings, walk.warnings = tuple(walk.warnings), []
            yield FetchedFile(
                f"records-{walk.came - page.came + 1:07d}.xml", xml_pages.collection(list(page.records)), "marcxml",
                walk.complete, mark if last else "", (), warnings,
            )  # fmt: skip
            if last:
                return

    def _whole_query(self) -> str:
        return self._settings.first_query if self._since_supported else self._settings.query

    def _judge(self, page: Page, walk: Walk) -> None:
        """Count the page in; raises SourceUnavailable where going on would be pointless or endless."""
        if walk.total >= 0 and page.total != walk.total:
            walk.complete = False
            walk.warnings.append(f"число найденных записей изменилось во время сбора: {walk.total} → {page.total}")
        promised, walk.total = walk.total, page.total
        walk.came += page.came
        digest = hashlib.sha256(b"".join(page.records)).digest()
        if page.records and digest in walk.digests:
            raise SourceUnavailable(f"{self._where}: сервер SRU повторяет одну и ту же страницу")
        walk.digests.add(digest)
        if page.bad:
            walk.complete = False
            walk.warnings.append(f"записей без MARC внутри: {page.bad}")
        if not page.came and walk.came != page.total:  # fewer than came already is a fault, not the end
            said = "; ".join(page.diagnostics) or "без объяснения"
            found = max(promised, page.total)
            raise SourceUnavailable(f"{self._where}: найдено {found}, а отдано только {walk.came} ({said})")
        if walk.came > self._settings.max_records:
            raise SourceUnavailable(f"{self._where}: записей больше предела {self._settings.max_records}")

    def _page(self, query: str, start: int, budget: Budget) -> Page:
        url = self._address(query, start)

        def once() -> Page:
            with ask(url, self._reach, {"Accept-Encoding": "gzip", "Accept": "application/xml, text/xml"}) as answer:
                refuse_status(answer, self._where, self._surroundings)
                return read_page(xml_pages.parse(answer.body(limits.MAX_PAGE_BYTES), redact(url)))

        page = with_retries(once, budget, self._where)
        if page.diagnostics and not page.came and start == 1:
            raise SourceUnavailable(f"{self._where}: сервер SRU ответил: {'; '.join(page.diagnostics)}")
        return page

    def _address(self, query: str, start: int) -> str:
        s = self._settings
        arguments = {"query": query, "startRecord": str(start), "maximumRecords": str(s.page_records)}
        if s.version == "2.0":
            # 2.0 has neither operation nor recordPacking: recordXMLEscaping took the latter's place (OASIS, part 3).
            arguments |= {"queryType": "cql", "recordXMLEscaping": "xml"}
        else:
            arguments = {"version": s.version, "operation": "searchRetrieve", **arguments, "recordPacking": "xml"}
        arguments["recordSchema"] = s.schema
        joint = "&" if "?" in s.url else "?"
        return s.url + joint + "&".join(f"{k}={quote(v, safe='')}" for k, v in arguments.items())


def read_page(root: etree._Element) -> Page:
    """Read a searchRetrieveResponse of any version. Raises TryAgain where it is something else."""
    if local(root) not in ("searchRetrieveResponse", "explainResponse"):
        raise TryAgain(f"ожидался searchRetrieveResponse, пришёл {local(root)}")
    total = text_of(root, "numberOfRecords")
    found = [marc_of(r) for r in children(child(root, "records"), "record")]
    return Page(
        total=int(total) if total.isdigit() else 0,
        records=tuple(m for m in found if m),
        bad=sum(not m for m in found),
        diagnostics=tuple(diagnostic(d) for d in children(child(root, "diagnostics"))),
    )


def marc_of(record: etree._Element) -> bytes:
    """MARCXML of one entry, b"" where it holds something else (a surrogate diagnostic, another schema)."""
    data = child(record, "recordData")
    inner = child(data)
    if inner is None and data is not None and all_text(data).startswith("<"):
        # recordPacking=string, whatever we asked for: the record is text.
        inner = xml_pages.parse(all_text(data).encode(), "recordData")
    if inner is None:
        return b""
    marc = next((e for e in inner.iter() if isinstance(e.tag, str) and local(e) == "record"), None)
    return xml_pages.serialised(marc) if marc is not None and len(marc) else b""


def diagnostic(element: etree._Element) -> str:
    number = text_of(element, "uri").rpartition("/")[2]
    parts = [number, text_of(element, "message"), text_of(element, "details")]
    return " ".join(p for p in parts if p)[:200]
