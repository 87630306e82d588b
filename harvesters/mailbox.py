"""An export sent by e-mail: the attachment of a letter from a permitted sender (IMAP4rev1, RFC 3501).

The folder is opened read-only: no letter is marked, moved or deleted.
"""

from __future__ import annotations

import base64
import contextlib
import email
import email.policy
import imaplib
import re
import ssl
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path

from catalog_sync.errors import SourceUnavailable
from catalog_sync.model import FetchedFile
from harvesters import bookmarks, limits
from harvesters.files import fetched, something_in
from harvesters.net import TryAgain, in_words, shut
from harvesters.options import listed, option
from harvesters.retries import with_retries
from harvesters.secrets import Secret
from harvesters.surroundings import Budget, Surroundings
from harvesters.unpack import MARC_EXTENSIONS

KIND = "mailbox"
MAX_LETTERS = 200  # looked at in one fetch for the newest export, and with changes taken in one fetch
HEADERS = "(BODY.PEEK[HEADER.FIELDS (FROM AUTHENTICATION-RESULTS)] RFC822.SIZE)"
# What email's parser stumbles over in letters of spammers, as Python 3.11 does («From: a:;@b», a thousand brackets).
UNREADABLE_HEADER = (AttributeError, LookupError, TypeError, ValueError, MessageError, RecursionError)
LONGEST_FROM = 1000  # characters: two lines of a header (RFC 5322, 2.1.1); the parser takes minutes for a long one
# Whose domain a check has proved, in the properties of its result (RFC 8601, 2.7); Yandex says «header.i», «smtp.mail».
PROVED = {
    "dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom", "smtp.mail"), "dmarc": ("header.from",),
}  # fmt: skip
BASE64_GROWTH = 1.4  # attachments travel as base64 with line breaks


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    host: str = option("Узел почтового сервера (IMAP)")
    login: str = option("Имя ящика")
    password: Secret = option("Пароль: env:ИМЯ или file:/путь")
    senders: str = option("От кого принимать, через запятую: ivanova@school7.ru или @school7.ru")
    port: int = option("Порт; 0 – обычный для выбранной защиты", 0)
    security: str = option("Защита соединения", "ssl", choices=("ssl", "starttls", "none"))
    ca_file: Path = option("Файл своего центра сертификации (PEM)", Path())
    folder: str = option("Папка ящика", "INBOX")
    authserv: str = option("Свой почтовый сервер, чьей проверке отправителя (DKIM, SPF) верить", "")
    extensions: str = option("Расширения вложений через запятую", ", ".join(MARC_EXTENSIONS))
    read_seconds: float = option("Сколько ждать ответа молчащего сервера", limits.READ_SECONDS)
    run_seconds: float = option("Сколько может длиться весь сбор", limits.RUN_SECONDS)
    max_bytes: int = option("Предел размера вложения в распакованном виде", limits.MAX_FILE_BYTES)


@dataclass(frozen=True, slots=True)
class Letter:
    uid: int
    attachments: tuple[tuple[str, bytes], ...]


class MailboxHarvester:
    """The newest letter with an export for a full source; every new one, oldest first, for an incremental source."""

    def __init__(self, code: str, settings: MailboxSettings, complete: bool, surroundings: Surroundings) -> None:
        self._where = code
        self._settings = settings
        self._complete = complete
        self._surroundings = surroundings

    def fetch(self, bookmark: str) -> Iterator[FetchedFile]:
        return something_in(self._files(bookmark))

    def _files(self, bookmark: str) -> Iterator[FetchedFile]:
        mark = bookmarks.read(bookmark, KIND)
        budget = Budget(self._settings.run_seconds, self._surroundings, self._where)
        validity, letters = with_retries(lambda: self._letters(mark, budget), budget, self._where)
        for letter in letters:
            for number, (name, data) in enumerate(letter.attachments, 1):
                last = number == len(letter.attachments)
                new = bookmarks.written(KIND, uidvalidity=validity, uid=letter.uid) if last else ""
                yield from fetched(name, data, new, self._complete, self._settings.max_bytes)

    def _letters(self, mark: dict[str, object], budget: Budget) -> tuple[str, list[Letter]]:
        with self._session(budget) as imap:
            ok(imap.select(f'"{modified_utf7(self._settings.folder)}"', readonly=True), "папка не открывается")
            validity = str((imap.response("UIDVALIDITY")[1] or [b"?"])[0] or b"?", "ascii", "replace")
            after = mark.get("uid", 0) if mark.get("uidvalidity") == validity else 0
            found: list[Letter] = []
            most = 1 if self._complete else MAX_LETTERS  # the rest of the changes comes next time
            for uid in self._new_uids(imap, after if isinstance(after, int) else 0):
                budget.check()
                attachments = self._attachments(imap, uid)
                if attachments:
                    found.append(Letter(uid, attachments))
                    if len(found) == most:
                        break
        return validity, found

    def _new_uids(self, imap: imaplib.IMAP4, after: int) -> list[int]:
        """The newest ones, newest first, or of changes every one, oldest first: none may be passed over.

        `N:*` names at least the last letter even when it is older than N (RFC 3501, 6.4.8).
        """
        found = b" ".join(flat(ok(imap.uid("SEARCH", f"UID {after + 1}:*"), "поиск не удался")))
        uids = sorted({int(u) for u in found.split() if int(u) > after})
        return uids[: -MAX_LETTERS - 1 : -1] if self._complete else uids

    def _attachments(self, imap: imaplib.IMAP4, uid: int) -> tuple[tuple[str, bytes], ...]:
        head = ok(imap.uid("FETCH", str(uid), HEADERS), "заголовки не читаются")
        if not self._is_permitted(message_in(head)):
            return ()
        size = re.search(rb"RFC822\.SIZE (\d+)", b" ".join(flat(head)))
        if size and int(size[1]) > self._settings.max_bytes * BASE64_GROWTH:
            raise SourceUnavailable(f"{self._where}: письмо {uid} больше предела ({int(size[1])} байт)")
        letter = ok(imap.uid("FETCH", str(uid), "(BODY.PEEK[])"), "письмо не читается")
        ends = tuple(listed(self._settings.extensions))
        try:
            named = [p for p in message_in(letter).walk() if isinstance(p, EmailMessage) and p.get_filename()]
            parts = [(file_name(p), p.get_payload(decode=True)) for p in named]
        except UNREADABLE_HEADER:
            said = f"письмо {uid} набрано не по правилам и не разбирается; пришлите выгрузку новым письмом"
            raise SourceUnavailable(f"{self._where}: {said}") from None
        return tuple((n, d) for n, d in parts if n.lower().endswith(ends) and isinstance(d, bytes))

    def _is_permitted(self, letter: EmailMessage) -> bool:
        """One From address, on the list, and vouched for by our own mail server where the settings ask for it."""
        if any(len(value) > LONGEST_FROM for value in raw(letter, "from")):
            return False
        try:
            senders = [a.lower() for _, a in getaddresses(letter.get_all("From", []))]
        except UNREADABLE_HEADER:  # nobody's letter, and no reason to leave the others unread
            return False
        allowed = [s.lower() for s in listed(self._settings.senders)]
        if len(senders) != 1 or not any(senders[0] == a or (a[0] == "@" and senders[0].endswith(a)) for a in allowed):
            return False
        domain = senders[0].rpartition("@")[2]
        return not self._settings.authserv or vouched(letter, self._settings.authserv, domain)

    @contextlib.contextmanager
    def _session(self, budget: Budget) -> Iterator[imaplib.IMAP4]:
        imap: imaplib.IMAP4 | None = None
        watchdog = threading.Timer(budget.left(), lambda: shut(imap.sock if imap else None))
        watchdog.daemon = True
        try:
            imap = self._connect()
            watchdog.start()
            self._login(imap)
            yield imap
        except (imaplib.IMAP4.error, OSError, EOFError, ValueError, AssertionError) as error:
            cut = isinstance(error, imaplib.IMAP4.abort)  # imaplib's own word for a server that went away
            said = in_words(EOFError() if cut else error, self._settings.read_seconds)
            raise TryAgain(f"{self._settings.host}: {said}") from None
        finally:
            watchdog.cancel()
            if imap is not None:
                shut(imap.sock)
                with contextlib.suppress(OSError, imaplib.IMAP4.error):
                    imap.shutdown()

    def _connect(self) -> imaplib.IMAP4:
        s = self._settings
        context = ssl.create_default_context(cafile=str(s.ca_file) if s.ca_file != Path() else None)
        limit = int(s.max_bytes * BASE64_GROWTH)
        if s.security == "ssl":
            return SecureImap(s.host, s.port or 993, s.read_seconds, limit, context)
        imap = Imap(s.host, s.port or 143, s.read_seconds, limit)
        if s.security == "starttls":
            imap.starttls(context)
        return imap

    def _login(self, imap: imaplib.IMAP4) -> None:
        login, password = self._settings.login, self._settings.password.reveal()
        try:
            if (login + password).isascii():
                imap.login(login, password)
            else:  # LOGIN knows ASCII only; SASL PLAIN is UTF-8 (RFC 4616)
                imap.authenticate("PLAIN", lambda _: f"\0{login}\0{password}".encode())
        except imaplib.IMAP4.error:
            # The server's words may quote the command, and with it the password.
            raise SourceUnavailable(f"{self._where}: {self._settings.host} не принял имя или пароль") from None


class Bounded:
    """A server that announces a literal of gigabytes is refused before a byte of it is read."""

    limit = 0

    def refuse(self, size: int) -> None:
        if size > self.limit:
            raise SourceUnavailable(f"почтовый сервер обещает {size} байт, предел {self.limit}")


class Imap(Bounded, imaplib.IMAP4):
    def __init__(self, host: str, port: int, seconds: float, limit: int) -> None:
        self.limit = limit
        super().__init__(host, port, seconds)

    def read(self, size: int) -> bytes:
        self.refuse(size)
        return super().read(size)


class SecureImap(Bounded, imaplib.IMAP4_SSL):
    def __init__(self, host: str, port: int, seconds: float, limit: int, context: ssl.SSLContext) -> None:
        self.limit = limit
        super().__init__(host, port, ssl_context=context, timeout=seconds)

    def read(self, size: int) -> bytes:
        self.refuse(size)
        return super().read(size)


def ok(answer: tuple[str, Sequence[object]], complaint: str) -> Sequence[object]:
    kind, data = answer
    if kind != "OK":
        raise SourceUnavailable(f"почтовый сервер: {complaint} ({kind})")
    return data


def flat(data: Sequence[object]) -> list[bytes]:
    """imaplib mixes tuples (line, literal) and bare lines."""
    parts: list[object] = []
    for item in data:
        parts += item if isinstance(item, tuple) else [item]
    return [p for p in parts if isinstance(p, bytes)]


def message_in(data: Sequence[object]) -> EmailMessage:
    literal = next((item[1] for item in data if isinstance(item, tuple)), b"")
    message = email.message_from_bytes(literal, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def raw(letter: EmailMessage, name: str) -> list[str]:
    """Values of a header as they came, taken apart by nobody."""
    return [str(value) for given, value in letter.raw_items() if given.lower() == name]


def vouched(letter: EmailMessage, authserv: str, domain: str) -> bool:
    """Whether the topmost Authentication-Results of our own server says that the letter comes from this domain.

    Anybody's own domain passes dkim and spf under any From: only a pass of the sender's domain, or of the one above it,
    speaks for the sender (as RFC 7489, 3.1, aligns them).
    """
    for header in raw(letter, "authentication-results"):
        name, *results = without_comments(header).lower().split(";")
        if name.split()[:1] == [authserv.lower()]:
            proved = {whose for result in results for whose in domains_passed(result)}
            return any(whose and f".{domain}".endswith(f".{whose}") for whose in proved)
    return False


def domains_passed(result: str) -> list[str]:
    """The domains one result of a check has proved."""
    method, _, rest = result.strip().partition("=")
    if not re.match(r"\s*pass\b", rest):
        return []
    said = re.findall(r"([a-z]+\.[a-z]+)\s*=\s*(\S+)", rest)
    return [value.rpartition("@")[2].strip(".") for name, value in said if name in PROVED.get(method.strip(), ())]


def without_comments(header: str) -> str:
    """A header without «(comments)» and with «_» for every quoted string: both may say what a stranger wrote."""
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for sign in header:
        if escaped:
            escaped = False
        elif sign == "\\" and (depth or quoted):
            escaped = True
        elif quoted:
            quoted = sign != '"'
        elif depth or sign == "(":
            depth += (sign == "(") - (sign == ")")
        else:
            quoted = sign == '"'
            kept.append("_" if quoted else sign)
    return "".join(kept)


def file_name(part: EmailMessage) -> str:
    """The attachment's own name without a path; raw CP1251 or UTF-8 in a header (against RFC 2047) is understood."""
    name = part.get_filename() or ""
    if "\ufffd" in name:
        raw = " ".join(str(v) for k, v in part.raw_items() if k.lower() == "content-disposition")
        found = re.search(r'filename="?([^";]+)', raw)
        name = unmarked(found[1].encode("utf-8", "surrogateescape")) if found else name
    return re.split(r"[\\/]", name)[-1]


def unmarked(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1251", "replace")


def modified_utf7(name: str) -> str:
    """Folder names on the wire («Выгрузки»): RFC 3501, 5.1.3."""

    def coded(found: re.Match[str]) -> str:
        text = base64.b64encode(found[0].encode("utf-16-be")).decode("ascii").rstrip("=").replace("/", ",")
        return f"&{text}-"

    return re.sub(r"[^\x20-\x7e]+", coded, name.replace("&", "&-")).replace("\\", "\\\\").replace('"', '\\"')
