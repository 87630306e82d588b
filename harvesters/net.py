"""HTTP as harvesters need it: bounded in time, size and redirects; an interrupted or lying answer is noticed.

The standard library's client is used directly because the socket must be in our hands: a server that drips one byte
per second keeps every read timeout happy, only a watchdog that shuts the socket ends it.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import http.client
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from catalog_sync import failures
from catalog_sync.errors import SourceUnavailable
from harvesters import limits
from harvesters.secrets import Secret, redact
from harvesters.surroundings import Surroundings

CHUNK = 64 * 1024
USER_AGENT = "catalog-sync-harvester/1 (school library union catalogue)"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})  # worth asking again
GZIP_OR_ZLIB = 47  # zlib's wbits: accept either header
CERTIFICATE_FAULTS = {  # by X509_V_ERR of OpenSSL
    9: "сертификат сервера ещё не действует: проверьте часы",
    10: "срок сертификата сервера истёк",
    18: "сертификат сервера подписан им самим: впишите его в ca_file",
    19: "сертификат сервера подписан неизвестным центром: впишите сертификат центра в ca_file",
    20: "сертификат сервера подписан неизвестным центром: впишите сертификат центра в ca_file",
    21: "сертификат сервера подписан неизвестным центром: впишите сертификат центра в ca_file",
    62: "сертификат сервера выдан другому узлу",
}
NETWORK_FAULTS = {
    errno.EHOSTUNREACH: "до узла нет дороги",
    errno.ENETUNREACH: "сети нет",
    errno.EPIPE: "соединение оборвано",
}
UNWISE = "/%:=&?~+!$,;'@()*[]"  # characters left alone in a typed address
FAILURES = (OSError, http.client.HTTPException, zlib.error, ValueError)  # ValueError: reading a socket shut under us


@dataclass(frozen=True, slots=True)
class Reach:
    """How a server is reached. `redirect_hosts`: other hosts it may send us to; credentials never follow."""

    where: str
    login: str = ""
    password: Secret = field(default_factory=Secret)
    token: Secret = field(default_factory=Secret)
    ca_file: Path = Path()
    proxy: str = ""
    redirect_hosts: tuple[str, ...] = ()
    connect_seconds: float = limits.CONNECT_SECONDS
    read_seconds: float = limits.READ_SECONDS
    request_seconds: float = limits.REQUEST_SECONDS

    def authorization(self) -> dict[str, str]:
        if self.token:
            return {"Authorization": f"Bearer {self.token.reveal()}".encode().decode("latin-1")}
        if self.login:
            pair = f"{self.login}:{self.password.reveal()}".encode()
            return {"Authorization": "Basic " + base64.b64encode(pair).decode("ascii")}
        return {}


class TryAgain(Exception):
    """One attempt failed in a way that may pass. `after`: seconds the server asks for; `got`: bytes that did arrive."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(redact(message))
        self.after = after


class Answer:
    """An open answer: `status`, lower-case `headers`, and `chunks()` of the body, which checks its own length."""

    def __init__(self, response: http.client.HTTPResponse, url: str, over: Callable[[], bool]) -> None:
        self._response = response
        self._over = over
        self.url = url
        self.status = response.status
        self.headers: Mapping[str, str] = {k.lower(): v for k, v in response.getheaders()}

    def chunks(self) -> Iterator[bytes]:
        """The body as sent (still packed). Raises TryAgain where fewer bytes came than Content-Length promised.

        Python takes a line cut inside the headers for their end: no body and no length is a cut, not an empty file.
        """
        came = 0
        while chunk := self._response.read1(CHUNK):
            came += len(chunk)
            yield chunk
        if self._over():
            raise TimeoutError
        if not came and "content-length" not in self.headers and "transfer-encoding" not in self.headers:
            raise TryAgain("соединение оборвано: пришёл пустой ответ без объявленной длины")
        if self._response.length:
            promised = self.headers.get("content-length", "?")
            raise TryAgain(f"соединение оборвано: обещано {promised} байт, не хватает {self._response.length}")

    def body(self, limit: int) -> bytes:
        """The whole body unpacked, at most `limit` bytes; more raises SourceUnavailable (a gzip bomb, a runaway)."""
        collected = bytearray()
        for chunk in unpacked(self.chunks(), self.headers.get("content-encoding", ""), limit):
            collected += chunk
            if len(collected) > limit:
                raise SourceUnavailable(f"{redact(self.url)}: ответ больше {limits.spelled(limit)}")
        return bytes(collected)


def unpacked(chunks: Iterator[bytes], encoding: str, limit: int) -> Iterator[bytes]:
    """Undo Content-Encoding gzip or deflate in portions that never exceed `limit` at once."""
    if encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        yield from chunks
        return
    inflate = zlib.decompressobj(GZIP_OR_ZLIB)
    for chunk in chunks:
        rest = chunk
        while rest:
            if inflate.eof:  # a gzip may have several members, one behind the other (RFC 1952, 2.2)
                inflate = zlib.decompressobj(GZIP_OR_ZLIB)
            yield inflate.decompress(rest, min(limit, CHUNK * 16))
            rest = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
    if not inflate.eof:
        raise TryAgain("сжатый ответ оборван")


@contextlib.contextmanager
def ask(url: str, reach: Reach, headers: Mapping[str, str]) -> Iterator[Answer]:
    """Send GET, following permitted redirects. Raises TryAgain (may pass) or SourceUnavailable (won't by itself)."""
    home = urlsplit(url).hostname
    for _ in range(limits.MAX_REDIRECTS + 1):
        own = reach.authorization() if urlsplit(url).hostname == home else {}
        with asked_once(url, reach, {**own, **headers}) as answer:
            if answer.status not in REDIRECTS:
                yield answer
                return
            url = redirected(url, answer.headers.get("location", ""), reach)
    raise SourceUnavailable(f"{reach.where}: больше {limits.MAX_REDIRECTS} перенаправлений, последнее на {redact(url)}")


def redirected(url: str, location: str, reach: Reach) -> str:
    """Where we are sent, if we may go there: same host or a permitted one, never from https to http."""
    target = urljoin(url, location)
    before, after = urlsplit(url), urlsplit(target)
    same_host = (before.hostname, before.port) == (after.hostname, after.port) or (
        before.hostname == after.hostname and after.scheme == "https" and after.port is None
    )
    if after.scheme not in ("http", "https") or not (same_host or after.hostname in reach.redirect_hosts):
        raise SourceUnavailable(
            f"{reach.where}: сервер перенаправляет на {redact(target)}; если так и надо, впишите узел в redirect_hosts"
        )
    if before.scheme == "https" and after.scheme == "http":
        raise SourceUnavailable(f"{reach.where}: перенаправление с https на незащищённый {redact(target)}")
    return target


@contextlib.contextmanager
def asked_once(url: str, reach: Reach, headers: Mapping[str, str]) -> Iterator[Answer]:
    parts = split_url(url, reach.where)
    own = {"User-Agent": USER_AGENT, "Connection": "close", "Accept-Encoding": "identity"}
    connection = connection_to(parts, reach)
    held: list[socket.socket] = []  # http.client forgets the socket once the answer says "close"
    overdue = threading.Event()

    def end_it() -> None:
        overdue.set()  # before the socket: whoever wakes up must know why
        shut(held[0] if held else connection.sock)

    watchdog = threading.Timer(reach.request_seconds, end_it)
    watchdog.daemon = True
    watchdog.start()
    try:
        connection.connect()
        held.append(connection.sock)
        connection.sock.settimeout(reach.read_seconds)
        connection.request("GET", target_of(parts, reach), headers={**own, **headers})
        yield Answer(connection.getresponse(), url, overdue.is_set)
    except FAILURES as error:
        raise TryAgain(f"{redact(url)}: {reason(error, reach, overdue.is_set())}") from None
    finally:
        watchdog.cancel()
        connection.close()


def shut(sock: socket.socket | None) -> None:
    """Wake up whoever reads from the socket: shutdown, unlike close, ends a blocked recv."""
    with contextlib.suppress(OSError):
        if sock is not None:
            socket.socket.shutdown(sock, socket.SHUT_RDWR)


def reason(error: BaseException, reach: Reach, over: bool) -> str:
    if over:
        return f"ответ не уложился в {reach.request_seconds:.0f} с"
    return in_words(error, reach.read_seconds)


def in_words(error: BaseException, read_seconds: float) -> str:
    """Why a connection failed, for somebody who has never seen an exception; the same words for every protocol."""
    if isinstance(error, TimeoutError):
        return f"сервер молчит дольше {read_seconds:.0f} с"
    if isinstance(error, ssl.SSLCertVerificationError):
        return CERTIFICATE_FAULTS.get(error.verify_code, f"сертификат сервера не принят (код {error.verify_code})")
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return "соединение оборвано"
    if isinstance(error, ssl.SSLError):
        return "сервер не говорит на HTTPS или его шифрование устарело"
    if isinstance(error, socket.gaierror):
        return "имя узла не найдено"
    if isinstance(error, ConnectionRefusedError):
        return "соединение отвергнуто: сервер не запущен"
    if isinstance(error, http.client.IncompleteRead | http.client.RemoteDisconnected | ConnectionError | EOFError):
        return "соединение оборвано"
    if isinstance(error, http.client.HTTPException):
        return "ответ не по протоколу HTTP"
    if isinstance(error, zlib.error):
        return "ответ сжат с ошибкой"
    if isinstance(error, OSError) and error.errno:
        return NETWORK_FAULTS.get(error.errno) or failures.reason(error)
    return f"{type(error).__name__}: {error}"


def split_url(url: str, where: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise SourceUnavailable(f"{where}: адрес не разбирается: {redact(url)}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SourceUnavailable(f"{where}: ожидался адрес http(s)://…, пришёл {redact(url)}")
    return parts


def ascii_host(parts: SplitResult) -> str:
    """Host for the wire: «школа7.рф» becomes punycode."""
    host = parts.hostname or ""
    try:
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        raise SourceUnavailable(f"имя узла не по правилам: {host}") from None


def connection_to(parts: SplitResult, reach: Reach) -> http.client.HTTPConnection:
    host, secure = ascii_host(parts), parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    via = urlsplit(reach.proxy) if reach.proxy else None
    to_host, to_port = (via.hostname or "", via.port or 3128) if via else (host, port)
    if not secure:
        return http.client.HTTPConnection(to_host, to_port, timeout=reach.connect_seconds)
    context = ssl.create_default_context(cafile=str(reach.ca_file) if reach.ca_file != Path() else None)
    connection = http.client.HTTPSConnection(to_host, to_port, timeout=reach.connect_seconds, context=context)
    if via:
        connection.set_tunnel(host, port)
    return connection


def target_of(parts: SplitResult, reach: Reach) -> str:
    """Path and query for the request line; a proxy for plain http wants the whole address."""
    path = quote(parts.path or "/", safe=UNWISE) + (f"?{quote(parts.query, safe=UNWISE)}" if parts.query else "")
    if reach.proxy and parts.scheme == "http":
        return f"http://{ascii_host(parts)}:{parts.port or 80}{path}"
    return path


def retry_after(answer: Answer, surroundings: Surroundings) -> float | None:
    """Seconds of a Retry-After header, given as a number or an HTTP date (RFC 9110, 10.2.3); None without one."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isdigit():
        return float(text)
    with contextlib.suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(text) - surroundings.now()).total_seconds())
    return None


def refuse_status(answer: Answer, where: str, surroundings: Surroundings) -> None:
    """Raise for an error status: TryAgain where a server is busy, SourceUnavailable where asking again is useless."""
    if answer.status in BUSY:
        raise TryAgain(f"{redact(answer.url)}: сервер ответил {answer.status}", retry_after(answer, surroundings))
    if answer.status >= 400:
        advice = {401: " (проверьте логин и пароль)", 403: " (доступ закрыт)", 404: " (по этому адресу ничего нет)"}
        raise SourceUnavailable(
            f"{where}: {redact(answer.url)}: сервер ответил {answer.status}{advice.get(answer.status, '')}"
        )
