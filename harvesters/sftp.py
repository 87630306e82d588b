"""An export in a directory of an SFTP server whose host key we know beforehand."""

from __future__ import annotations

import contextlib
import io
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from catalog_sync.errors import SourceUnavailable, StopEverything
from catalog_sync.marc import fingerprint
from catalog_sync.model import FetchedFile
from harvesters import bookmarks, drops, limits
from harvesters.drops import Seen, Taken
from harvesters.files import fetched, something_in
from harvesters.later import later
from harvesters.net import TryAgain, in_words
from harvesters.options import listed, option
from harvesters.retries import with_retries
from harvesters.secrets import Secret
from harvesters.surroundings import Budget, Surroundings
from harvesters.unpack import MARC_EXTENSIONS

if TYPE_CHECKING:
    import paramiko
else:
    paramiko = later("paramiko")

KIND = "sftp"
CHUNK = 256 * 1024
MAX_ASKED_AHEAD = 32  # read requests on their way at once: a megabyte


@dataclass(frozen=True, slots=True)
class SftpSettings:
    host: str = option("Узел SFTP-сервера")
    login: str = option("Имя для входа")
    port: int = option("Порт", 22)
    password: Secret = option("Пароль: env:ИМЯ или file:/путь", Secret())
    key: Secret = option("Закрытый ключ: file:/путь", Secret())
    key_password: Secret = option("Пароль к закрытому ключу: env:ИМЯ или file:/путь", Secret())
    host_key: str = option("Открытый ключ сервера одной строкой («ssh-ed25519 AAAA…»)", "")
    known_hosts: Path = option("Файл known_hosts с ключом сервера, если он не задан в host_key", Path())
    directory: str = option("Каталог с выгрузкой", ".")
    take: str = option(
        "Что считать выгрузкой: parts – все файлы каталога, newest – только самый новый", "parts",
        choices=("parts", "newest"),
    )  # fmt: skip
    extensions: str = option("Расширения файлов через запятую", ", ".join(MARC_EXTENSIONS))
    settle_seconds: float = option("Сколько секунд файл не должен меняться, чтобы считаться дописанным", 5.0)
    read_seconds: float = option("Сколько ждать ответа молчащего сервера", limits.READ_SECONDS)
    run_seconds: float = option("Сколько может длиться весь сбор", limits.RUN_SECONDS)
    max_bytes: int = option("Предел размера файла в распакованном виде", limits.MAX_FILE_BYTES)


class SftpHarvester:
    """Reads files of one directory. Nothing is written, moved or deleted on the server."""

    def __init__(self, code: str, settings: SftpSettings, complete: bool, surroundings: Surroundings) -> None:
        self._where = code
        self._settings = settings
        self._complete = complete
        self._surroundings = surroundings
        if not settings.host_key and settings.known_hosts == Path():
            raise StopEverything(f"{code}: задайте host_key или known_hosts: незнакомому серверу пароль не отправляем")

    def fetch(self, bookmark: str) -> Iterator[FetchedFile]:
        """Parts of the export, in order; nothing where the directory holds what the last published run read."""
        return something_in(self._files(bookmark))

    def _files(self, bookmark: str) -> Iterator[FetchedFile]:
        budget = Budget(self._settings.run_seconds, self._surroundings, self._where)
        taken = drops.remembered(bookmarks.read(bookmark, KIND))
        present = with_retries(lambda: self._settled(taken, budget), budget, self._where)
        export = drops.export_of(present, taken, complete=self._complete, take=self._settings.take)
        kept = [Taken(s.name, s.size, s.modified, "") for s in present if s not in export]
        for number, seen in enumerate(export, 1):
            data = self._read(seen, budget)
            kept.append(Taken(seen.name, seen.size, seen.modified, fingerprint.of_file(data)))
            mark = bookmarks.written(KIND, taken=drops.as_rows(kept)) if number == len(export) else ""
            yield from fetched(seen.name, data, mark, self._complete, self._settings.max_bytes, kept[-1].digest)

    def _settled(self, taken: list[Taken], budget: Budget) -> list[Seen]:
        with self._session(budget) as sftp:
            before = self._wanted(sftp)
            if all(any(t.is_of(s) for t in taken) for s in before):
                return before
            budget.pause(self._settings.settle_seconds)
            after = self._wanted(sftp)
        if growing := drops.still_growing(before, after):
            raise SourceUnavailable(f"{self._where}: файл {growing[0].name} ещё копируется, подождём")
        return after

    def _wanted(self, sftp: paramiko.SFTPClient) -> list[Seen]:
        entries = sftp.listdir_attr(self._settings.directory)
        found = [
            Seen(e.filename, e.st_size or 0, float(e.st_mtime or 0)) for e in entries if stat.S_ISREG(e.st_mode or 0)
        ]
        return drops.wanted(found, listed(self._settings.extensions))

    def _read(self, seen: Seen, budget: Budget) -> bytes:
        """The file's bytes; after a broken line the next attempt goes on where the last one stopped."""
        if seen.size > self._settings.max_bytes:
            limit = limits.spelled(self._settings.max_bytes)
            raise SourceUnavailable(f"{self._where}: файл {seen.name} больше {limit}")
        data = bytearray()
        with_retries(lambda: self._read_rest(seen, data, budget), budget, self._where)
        return bytes(data)

    def _read_rest(self, seen: Seen, data: bytearray, budget: Budget) -> None:
        with (
            self._session(budget) as sftp,
            sftp.open(f"{self._settings.directory.rstrip('/')}/{seen.name}", "rb") as file,
        ):
            now = file.stat()
            if (now.st_size, float(now.st_mtime or 0)) != (seen.size, seen.modified):
                raise SourceUnavailable(f"{self._where}: файл {seen.name} изменился, пока его читали")
            file.seek(len(data))
            _ask_ahead(file, seen.size)
            while len(data) < seen.size and (chunk := file.read(CHUNK)):
                data += chunk
                budget.check()
        if len(data) != seen.size:
            raise TryAgain(f"{seen.name}: обещано {seen.size} байт, пришло {len(data)}")

    @contextlib.contextmanager
    def _session(self, budget: Budget) -> Iterator[paramiko.SFTPClient]:
        client = paramiko.SSHClient()
        watchdog = threading.Timer(budget.left(), client.close)
        watchdog.daemon = True
        watchdog.start()
        try:
            self._connect(client)
            sftp = client.open_sftp()
            channel = sftp.get_channel()
            if channel is not None:
                channel.settimeout(self._settings.read_seconds)
            yield sftp
        except (paramiko.SSHException, OSError, EOFError) as error:
            self._explain(error)
        finally:
            watchdog.cancel()
            client.close()

    def _connect(self, client: paramiko.SSHClient) -> None:
        s = self._settings
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        if s.host_key:
            self._trust(client)
        else:
            client.load_host_keys(str(s.known_hosts))
        client.connect(
            s.host, s.port, s.login, s.password.reveal() or None, self._private_key(), allow_agent=False,
            look_for_keys=False, timeout=limits.CONNECT_SECONDS, banner_timeout=limits.CONNECT_SECONDS,
            auth_timeout=s.read_seconds, channel_timeout=s.read_seconds,
        )  # fmt: skip

    def _trust(self, client: paramiko.SSHClient) -> None:
        s = self._settings
        name = s.host if s.port == 22 else f"[{s.host}]:{s.port}"
        entry = None
        # Base64 that is none, or of something that is no key.
        with contextlib.suppress(paramiko.hostkeys.InvalidHostKey, paramiko.SSHException, ValueError):
            entry = paramiko.hostkeys.HostKeyEntry.from_line(f"{name} {s.host_key}")
        if entry is None or entry.key is None:
            raise StopEverything(f"{self._where}: host_key: ожидалось «ssh-ed25519 AAAA…», пришло «{s.host_key[:40]}»")
        client.get_host_keys().add(name, entry.key.get_name(), entry.key)

    def _private_key(self) -> paramiko.PKey | None:
        if not self._settings.key:
            return None
        for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
            with contextlib.suppress(paramiko.SSHException, ValueError):
                password = self._settings.key_password.reveal() or None
                return kind.from_private_key(io.StringIO(self._settings.key.reveal()), password)
        raise StopEverything(f"{self._where}: key: закрытый ключ (Ed25519, ECDSA, RSA) не читается или пароль не тот")

    def _explain(self, error: Exception) -> NoReturn:
        """What went wrong, in words; wrong keys and passwords are not tried again (servers lock accounts)."""
        place = f"{self._settings.host}:{self._settings.port}"
        if isinstance(error, paramiko.BadHostKeyException):
            raise SourceUnavailable(f"{self._where}: у {place} другой ключ, чем записан: сервер сменили или подменили")
        if isinstance(error, paramiko.AuthenticationException):
            raise SourceUnavailable(f"{self._where}: {place} не принял имя или пароль/ключ")
        if isinstance(error, paramiko.SSHException) and "not found in known_hosts" in str(error):
            raise SourceUnavailable(f"{self._where}: ключ сервера {place} не записан: внесите его в host_key")
        if isinstance(error, FileNotFoundError | PermissionError):
            raise SourceUnavailable(f"{self._where}: на {place} каталог или файл не найден или закрыт")
        if isinstance(error, paramiko.ssh_exception.NoValidConnectionsError):
            error = next(iter(error.errors.values()))  # one for every address of the host
        raise TryAgain(f"{place}: {in_words(error, self._settings.read_seconds)}") from None


def _ask_ahead(file: paramiko.SFTPFile, size: int) -> None:
    """Without it every 32 KB wait for the line's delay: 0.6 MB/s at 50 ms.

    A line that breaks is heard of by whoever reads; the thread that asks ahead would print a traceback besides.
    """
    ask = file._prefetch_thread  # type: ignore[attr-defined]

    def until_it_breaks(*arguments: object) -> None:
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            ask(*arguments)

    file._prefetch_thread = until_it_breaks  # type: ignore[attr-defined]
    file.prefetch(size, MAX_ASKED_AHEAD)
