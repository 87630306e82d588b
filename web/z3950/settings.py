"""Settings of the Z39.50 server. Judgements about limits stand here together, each with its reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from catalog_sync.errors import StopEverything
from catalog_sync.protocol.charset import CODECS, UnknownCharset, canonical
from catalog_sync.protocol.framing import MAX_PDU
from catalog_sync.search import sendable

if TYPE_CHECKING:
    from catalog_sync.settings import Settings

UNION_DATABASE = sendable.DATABASE


@dataclass(frozen=True, slots=True)
class Charsets:
    """What a database speaks while nothing is negotiated: charset of the queries and of the records."""

    queries: str = "utf-8"
    records: str = "utf-8"

    def __post_init__(self) -> None:
        for name in (self.queries, self.records):
            try:
                canonical(name)
            except UnknownCharset as error:
                known = ", ".join(CODECS)
                raise StopEverything(f"[z3950]: кодировки {name!r} нет, возможны {known}") from error


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may ask. Times in seconds."""

    pdu_bytes: int = MAX_PDU
    message_bytes: int = 4 << 20  # our own ceiling for one answer
    pdu_seconds: float = 10.0  # to introduce oneself, and to finish a PDU: a slow drip would hold a thread for ever
    idle_seconds: float = 300.0
    send_seconds: float = 30.0  # a client that doesn't read its answer
    result_sets: int = 20
    scan_terms: int = 200  # a scan for 2^31−1 terms killed an established server
    records_per_present: int = 1000
    connections: int = 256
    connections_per_address: int = 32
    failed_logins: int = 3  # per connection


Authenticate = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """`databases` names charsets by database (a library's code or `Default`); the others get `charsets`.

    `authenticate(user, password)` None means open access. `metrics_file` is written every few seconds in Prometheus'
    text format, for the web process to serve; `access_log` gets a line of JSON per request.
    """

    host: str = "127.0.0.1"
    port: int = 9999
    name: str = "catalog-sync"
    agency: str = "catalog-sync"
    charsets: Charsets = Charsets()
    databases: Mapping[str, Charsets] = field(default_factory=dict)
    authenticate: Authenticate | None = None
    limits: Limits = Limits()
    workers: int = 1  # processes; more than one where the system can fork
    worker: str = ""  # which of them this is: a label of its metrics
    supervisor: int = 0  # process id of who started it; 0 = nobody
    cache_bytes: int = 64 << 20
    metrics_file: Path | None = None
    access_log: Path | None = None


def from_settings(settings: Settings) -> ServerSettings:
    """The server's settings from the district's. Raises StopEverything for an unknown charset or a bad secret."""
    ours = settings.z3950
    return ServerSettings(
        host=ours.host,
        port=ours.port,
        charsets=Charsets(ours.query_charset, ours.record_charset),
        databases=_by_database(ours.charsets),
        authenticate=_password_check(ours.password),
        workers=ours.workers,
        metrics_file=settings.home / "z3950.prom",
        access_log=settings.home / "logs" / "z3950-access.log",
    )


def _by_database(text: str) -> dict[str, Charsets]:
    """`CODE=windows-1251` or `CODE=windows-1251/koi8-r` (queries/records), several by commas."""
    found = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        code, equals, names = part.partition("=")
        queries, _, records = names.partition("/")
        if not (code.strip() and equals and queries.strip()):
            raise StopEverything(f"[z3950] charsets: ожидалось БАЗА=КОДИРОВКА, а стоит «{part}»")
        found[code.strip()] = Charsets(queries.strip(), (records or queries).strip())
    return found


def _password_check(reference: str) -> Authenticate | None:
    """One password for every partner library; the user's name is for them, we keep no accounts of readers."""
    if not reference:
        return None
    from hmac import compare_digest

    from harvesters.secrets import Secrets

    secret = Secrets.of_process().resolve(reference, "z3950.password").reveal().encode()
    return lambda user, password: compare_digest(password.encode("utf-8", "surrogateescape"), secret)
