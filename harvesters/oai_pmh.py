"""OAI-PMH 2.0 harvester with a loop of its own: it ends whatever the provider does.

The libraries for it follow resumption tokens for ever where they do not advance. Here a list ends at its last page, or
with a sentence that says why it can't be trusted; what is published is never harmed, the next night asks again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from lxml import etree

from catalog_sync.errors import SourceUnavailable
from catalog_sync.model import Dialect, FetchedFile
from harvesters import bookmarks, limits, oai_page, xml_pages
from harvesters.net import Reach, TryAgain, ask, refuse_status
from harvesters.oai_ids import IdBook
from harvesters.oai_page import OaiRecord, Page
from harvesters.options import listed, option
from harvesters.retries import with_retries
from harvesters.secrets import Secret, redact
from harvesters.surroundings import Budget, Surroundings

KIND = "oai_pmh"
PREFERRED = {
    Dialect.RUSMARC: ("rusmarc", "unimarc", "marcxml", "marc21", "marc"),
    Dialect.UNIMARC: ("unimarc", "rusmarc", "marcxml", "marc"),
}
PREFERRED_ELSE = ("marc21", "marcxml", "marc", "usmarc")
LIST_SIZE_TOLERANCE = 0.10  # completeListSize may be an estimate (OAI-PMH 3.5); a tenth less is a list that was cut


@dataclass(frozen=True, slots=True)
class OaiSettings:
    url: str = option("Базовый адрес OAI-PMH", url=True)
    prefix: str = option("Формат (metadataPrefix); пусто – выбрать из предложенных", "")
    sets: str = option("Наборы (setSpec) через запятую; пусто – все записи", "")
    verb: str = option(
        "ListRecords – записи страницами; ListIdentifiers – список, затем каждая запись отдельно (GetRecord)",
        "ListRecords", choices=("ListRecords", "ListIdentifiers"),
    )  # fmt: skip
    granularity: str = option(
        "Точность дат: auto – как объявил сервер, day – дни, seconds – секунды", "auto",
        choices=("auto", "day", "seconds"),
    )  # fmt: skip
    overlap_seconds: float = option("На сколько секунд заходить в прошлый сбор, чтобы не пропустить правки", 300.0)
    full_every_days: int = option("Как часто брать всё, если сервер не помнит удалённые записи (дней)", 7)
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


@dataclass(slots=True)
class Walk:
    """What one harvest knows so far. `seen` holds 8-byte digests of identifiers, not the identifiers: 60 B a record."""

    prefix: str
    since: datetime | None
    seconds: bool
    mark: str = ""
    seen: set[int] = field(default_factory=set)
    pages: int = 0
    complete: bool = True
    warnings: list[str] = field(default_factory=list)

    def is_new(self, record: OaiRecord) -> bool:
        """Whether it was not handed over yet. A record that left one set is told deleted there and may stand in the
        next one: a deletion hides nothing that comes after it, and is none where the record has come."""
        digest = short_digest(record.identifier)
        is_new = digest not in self.seen
        if not record.deleted:
            self.seen.add(digest)
        return is_new


class OaiHarvester:
    """One repository, or some of its sets. The bookmark is the provider's own clock at the start of the harvest."""

    def __init__(
        self, code: str, settings: OaiSettings, complete: bool, surroundings: Surroundings, dialect: Dialect
    ) -> None:
        self._where = code
        self._settings = settings
        self._may_be_full = complete
        self._surroundings = surroundings
        self._preferred = PREFERRED.get(dialect, PREFERRED_ELSE)
        self._reach = Reach(
            code, settings.login, settings.password, settings.token, settings.ca_file, settings.proxy,
            listed(settings.redirect_hosts), read_seconds=settings.read_seconds,
            request_seconds=settings.request_seconds,
        )  # fmt: skip
        self._ids = IdBook(surroundings.home, code)

    def fetch(self, bookmark: str) -> Iterator[FetchedFile]:
        """Pages of changes since `bookmark`, or of everything; raises SourceUnavailable for a list without an end."""
        budget = Budget(self._settings.run_seconds, self._surroundings, self._where)
        walk = self._plan(bookmark, budget)
        sets = listed(self._settings.sets) or ("",)
        for spec in sets:
            for page, is_last in self._list(spec, walk, budget):
                yield from self._files(page, walk, walk.mark if is_last and spec == sets[-1] else "", budget)

    # --- planning ---

    def _plan(self, bookmark: str, budget: Budget) -> Walk:
        who = oai_page.identity(self._ask({"verb": "Identify"}, budget))
        prefix = self._settings.prefix or self._choose_prefix(budget)
        what = f"{self._settings.url} {prefix} {self._settings.sets}"
        mark = bookmarks.read(bookmark, KIND)
        mark = mark if mark.get("what") == what else {}
        server_now = who.response_date or self._surroundings.now() - timedelta(days=1)
        full_on = mark.get("full", "")
        since = oai_page.moment(str(mark.get("until", "")))
        if since and not who.keeps_deletions and self._may_be_full and self._full_is_due(full_on):
            since = None
        # A provider whose clock was set back would answer "nothing" to a date in its own future.
        since = since and min(since, server_now) - timedelta(seconds=self._settings.overlap_seconds)
        full_on = full_on if since else self._surroundings.now().date().isoformat()
        seconds = who.seconds if self._settings.granularity == "auto" else self._settings.granularity == "seconds"
        new = bookmarks.written(KIND, what=what, until=server_now.isoformat(), full=full_on)
        return Walk(prefix, since, seconds, new)

    def _full_is_due(self, full_on: str) -> bool:
        try:
            last = datetime.fromisoformat(full_on).date()
        except (ValueError, TypeError):
            return True
        days = abs((self._surroundings.now().date() - last).days)  # abs: our clock may have been set back
        return days >= self._settings.full_every_days

    def _choose_prefix(self, budget: Budget) -> str:
        offered = oai_page.prefixes(self._ask({"verb": "ListMetadataFormats"}, budget))
        for wish in self._preferred:
            for prefix in offered:
                if wish in prefix.lower():
                    return prefix
        raise SourceUnavailable(
            f"{self._where}: сервер не предлагает MARC (есть: {', '.join(offered) or 'ничего'}); задайте prefix"
        )

    # --- one list ---

    def _list(self, spec: str, walk: Walk, budget: Budget) -> Iterator[tuple[Page, bool]]:
        """Pages of one list with whether each is the last. An expired token starts the list over: records already
        handed over are recognised and left out."""
        for restart in range(limits.MAX_RESTARTS + 1):
            try:
                yield from self._pages(spec, walk, budget)
                return
            except TokenExpired as expired:
                if restart == limits.MAX_RESTARTS:
                    raise SourceUnavailable(f"{self._where}: {expired} (перезапусков: {restart})") from None
                walk.warnings.append(f"{expired}; список начат заново")

    def _pages(self, spec: str, walk: Walk, budget: Budget) -> Iterator[tuple[Page, bool]]:
        tokens: set[str] = set()
        here: set[int] = set()
        barren, claimed, token = 0, None, ""
        while True:
            page = self._next_page(spec, token, walk, budget, is_over=claimed is not None and len(here) >= claimed)
            before = len(here)
            here.update(short_digest(r.identifier) for r in page.records)
            barren = 0 if len(here) > before else barren + 1
            claimed = page.list_size if page.list_size is not None else claimed
            if not page.token:
                self._judge(spec, len(here), claimed, walk)
                yield page, True
                return
            self._refuse_endless(walk, barren, repeated=page.token in tokens)
            tokens.add(page.token)
            token = page.token
            yield page, False

    def _next_page(self, spec: str, token: str, walk: Walk, budget: Budget, *, is_over: bool) -> Page:
        """The page; an empty last one where the list turned out to be over. Raises TokenExpired."""
        walk.pages += 1
        page = oai_page.page(self._ask(self._arguments(spec, token, walk), budget))
        if not page.error or page.error == "noRecordsMatch":
            return page
        if page.error == "badResumptionToken" and token:
            if is_over:
                return Page(None)  # a superfluous token on the last page
            raise TokenExpired(f"сервер больше не принимает метку продолжения ({page.error_text or 'без объяснения'})")
        if page.error == "badArgument" and walk.seconds and walk.since and not token:
            walk.seconds = False  # it promised seconds in Identify and does not take them
            return self._next_page(spec, token, walk, budget, is_over=is_over)
        raise SourceUnavailable(f"{self._where}: сервер OAI-PMH ответил {page.error}: {page.error_text}")

    def _arguments(self, spec: str, token: str, walk: Walk) -> dict[str, str]:
        if token:
            return {"verb": self._settings.verb, "resumptionToken": token}
        arguments = {"verb": self._settings.verb, "metadataPrefix": walk.prefix}
        if spec:
            arguments["set"] = spec
        if walk.since:
            # No `until`: providers disagree on whether it includes its own day, and we want everything up to now.
            form = "%Y-%m-%dT%H:%M:%SZ" if walk.seconds else "%Y-%m-%d"
            arguments["from"] = walk.since.astimezone(UTC).strftime(form)
        return arguments

    def _refuse_endless(self, walk: Walk, barren: int, *, repeated: bool) -> None:
        """Some honest servers repeat one token and move on all the same: only a page with nothing new is a circle."""
        if (repeated and barren) or barren >= limits.MAX_EMPTY_PAGES:
            raise SourceUnavailable(f"{self._where}: список ходит по кругу: метка продолжения не двигается вперёд")
        if walk.pages > limits.MAX_PAGES or len(walk.seen) > self._settings.max_records:
            raise SourceUnavailable(
                f"{self._where}: список не кончается: страниц {walk.pages}, записей {len(walk.seen)}"
            )

    def _judge(self, spec: str, came: int, claimed: int | None, walk: Walk) -> None:
        """A list much shorter than promised was cut; a little shorter may be a wrong estimate: nothing is deleted."""
        claimed = claimed or 0
        if came < claimed * (1 - LIST_SIZE_TOLERANCE):
            raise SourceUnavailable(f"{self._where}: список неполон: обещано записей {claimed}, пришло {came}")
        if came < claimed:
            walk.complete = False
            walk.warnings.append(f"обещано записей {claimed}, пришло {came}: отсутствующие не считаем исчезнувшими")
        if not came and walk.since is None and len(listed(self._settings.sets)) > 1:
            walk.complete = False
            walk.warnings.append(f"набор {spec} пуст: его записи не считаем исчезнувшими")

    # --- handing over ---

    def _files(self, page: Page, walk: Walk, mark: str, budget: Budget) -> Iterator[FetchedFile]:
        fresh = [r for r in page.records if walk.is_new(r)]
        records = [r for r in fresh if not r.deleted]
        if self._settings.verb == "ListIdentifiers":
            records = list(self._each(records, walk, budget))
        whole = [r for r in records if r.marc]
        if len(whole) < len(records):
            walk.complete = False
            walk.warnings.append(f"записей без MARC внутри: {len(records) - len(whole)}")
        self._ids.learn((r.identifier, r.local_id) for r in whole)
        gone = self._ids.local_ids(r.identifier for r in fresh if r.deleted)
        if not (fresh or mark):
            return
        warnings, walk.warnings = tuple(walk.warnings), []
        yield FetchedFile(
            f"page-{walk.pages:05d}.xml", xml_pages.collection([r.marc for r in whole]), "marcxml",
            self._may_be_full and walk.since is None and walk.complete, mark, gone, warnings,
        )  # fmt: skip

    def _each(self, headers: list[OaiRecord], walk: Walk, budget: Budget) -> Iterator[OaiRecord]:
        for header in headers:
            arguments = {"verb": "GetRecord", "identifier": header.identifier, "metadataPrefix": walk.prefix}
            page = oai_page.page(self._ask(arguments, budget))
            if page.error not in ("", "idDoesNotExist", "cannotDisseminateFormat"):
                raise SourceUnavailable(f"{self._where}: GetRecord {header.identifier}: {page.error} {page.error_text}")
            yield page.records[0] if page.records else header

    def _ask(self, arguments: dict[str, str], budget: Budget) -> etree._Element:
        joint = "&" if "?" in self._settings.url else "?"
        query = "&".join(f"{k}={quote(v, safe='')}" for k, v in arguments.items())
        url = f"{self._settings.url}{joint}{query}"

        def once() -> etree._Element:
            with ask(url, self._reach, {"Accept-Encoding": "gzip", "Accept": "text/xml, application/xml"}) as answer:
                refuse_status(answer, self._where, self._surroundings)
                root = xml_pages.parse(answer.body(limits.MAX_PAGE_BYTES), f"{redact(url)}")
            if not oai_page.answers(root, arguments["verb"]):
                # Nothing in it is no end of the list: the rest would be taken for gone.
                raise TryAgain(f"{redact(url)}: ожидался ответ OAI-PMH на {arguments['verb']}, {oai_page.came(root)}")
            return root

        return with_retries(once, budget, self._where)


def short_digest(identifier: str) -> int:
    return int.from_bytes(hashlib.blake2b(identifier.encode(), digest_size=8).digest())


class TokenExpired(Exception):
    """The list has to be started over."""
