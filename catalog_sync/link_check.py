"""The nightly check of electronic resources: does each address still answer?

Addresses are typed by people, so requests are bounded in time, number and redirects, and go to public addresses only:
a name is resolved once, every address it has is looked at, and the connection is made to exactly that address (a second
look-up could answer differently). Only the head of the answer is read.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from catalog_sync.store import eresources
from catalog_sync.store.database import reading, writing
from catalog_sync.store.eresources import EResource
from catalog_sync.system import System

SECONDS = 10.0  # one connection, one answer
REDIRECTS = 5
AT_ONCE = 4
NIGHT = range(1, 6)  # hours of the district's clock
FRESH = timedelta(hours=20)  # checked last night
STALE = timedelta(hours=44)  # a computer that is off at night checks by day
MOVED = (301, 302, 303, 307, 308)
# Somebody is there, but not for a robot: readers open it with a browser or a login.
ANSWERS = (401, 403, 405, 406, 429)
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # an IPv4 address in its last four bytes (RFC 6052, 2.1)
AGENT = "catalog-sync-link-check/1 (school library catalogue)"
AS_TYPED = "/%:=&?~+!$,;'@()*[]"
log = logging.getLogger(__name__)
_busy = threading.Lock()
IsPublic = Callable[[str], bool]


class Broken(Exception):
    """Why an address can't be opened: a sentence for the librarian."""


def start_due(system: System) -> threading.Thread | None:
    """Check what is due in a thread of its own; None where nothing is due or a check is still going on."""
    with reading(system.engine) as connection:
        found = due(eresources.every(connection, active_only=True), system.now(), system)
    if not found or not _busy.acquire(blocking=False):
        return None
    thread = threading.Thread(target=_run, args=(system, found), name="link-check", daemon=True)
    thread.start()
    return thread


def due(resources: Sequence[EResource], now: datetime, system: System) -> list[EResource]:
    """New ones at once, the others at night, or by day where two nights were missed. Premises are not ours to reach."""
    night = now.astimezone(system.settings.time_zone).hour in NIGHT
    age = FRESH if night else STALE
    return [r for r in resources if r.basis != "premises" and (r.checked is None or now - r.checked > age)]


def _run(system: System, resources: Sequence[EResource]) -> None:
    try:
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="link") as pool:
            for resource, fault in zip(resources, pool.map(lambda r: fault_of(r.url), resources), strict=True):
                with writing(system.engine) as connection:
                    eresources.note_check(connection, resource.code, fault, system.now())
    except Exception:
        log.exception("проверка ссылок не удалась")
    finally:
        _busy.release()


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet's: not loopback, private, link-local, multicast or reserved."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour
        if found in NAT64:
            inside = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inside is not None and not is_public(str(inside)):
            return False
    return found.is_global and not found.is_multicast


def fault_of(url: str, public: IsPublic = is_public, seconds: float = SECONDS) -> str:
    """ "" where the address answers, else why not. Never raises for what a server does."""
    try:
        for _ in range(REDIRECTS + 1):
            status, location = _ask(url, public, seconds)
            if status not in MOVED:
                return _said(status)
            url = urljoin(url, location)
        return f"больше {REDIRECTS} перенаправлений"
    except Broken as error:
        return str(error)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return _reason(error)


def _said(status: int) -> str:
    if status < 400 or status in ANSWERS:
        return ""
    return f"сервер ответил {status}" + (": по этому адресу ничего нет" if status in (404, 410) else "")


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"не ответил за {SECONDS:.0f} с"
    if isinstance(error, ssl.SSLError):
        return "сертификат или шифрование не в порядке"
    if isinstance(error, ConnectionRefusedError):
        return "соединение отвергнуто"
    return f"соединение не удалось ({type(error).__name__})"


def _ask(url: str, public: IsPublic, seconds: float) -> tuple[int, str]:
    """Status and Location of one GET; the body is not read. Raises Broken."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Broken("адрес не http(s)")
    host = parts.hostname.encode("idna").decode("ascii") if not parts.hostname.isascii() else parts.hostname
    port = parts.port or (443 if parts.scheme == "https" else 80)
    connection = _connected(parts, host, port, _resolved(host, port, public), seconds)
    # A server that drips a byte a second keeps every timeout of the socket happy.
    watchdog = threading.Timer(seconds, lambda: _shut(connection.sock))
    watchdog.daemon = True
    watchdog.start()
    try:
        connection.request("GET", _target(parts), headers={"User-Agent": AGENT, "Accept": "*/*", "Connection": "close"})
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Location", "")
    finally:
        watchdog.cancel()
        connection.close()


def _target(parts: SplitResult) -> str:
    """Path and query for the request line; letters that were typed in Cyrillic are encoded."""
    query = f"?{quote(parts.query, safe=AS_TYPED)}" if parts.query else ""
    return quote(parts.path or "/", safe=AS_TYPED) + query


def _resolved(host: str, port: int, public: IsPublic) -> str:
    """The address to connect to. One private address among several is enough to refuse the name."""
    try:
        found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (socket.gaierror, UnicodeError) as error:
        raise Broken("имя узла не найдено") from error
    if not found or not all(map(public, found)):
        raise Broken("адрес внутренней сети: проверьте его вручную")
    return found[0]


def _connected(parts: SplitResult, host: str, port: int, address: str, seconds: float) -> http.client.HTTPConnection:
    """A connection to exactly this address, whose certificate must be the named host's."""
    sock = socket.create_connection((address, port), timeout=seconds)
    connection = http.client.HTTPConnection(host, port, timeout=seconds)
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(host, port, timeout=seconds)
        try:
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=host)
        except (OSError, ValueError):
            sock.close()
            raise
    connection.sock = sock
    return connection


def _shut(sock: socket.socket | None) -> None:
    with contextlib.suppress(OSError):
        if sock is not None:
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
