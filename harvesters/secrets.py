"""Secrets: named in settings, kept in the environment or in a closed file, shown nowhere.

A setting says `env:NAME` or `file:/path`; the value itself never enters settings, database, logs, reprs or pickles.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from catalog_sync.errors import StopEverything
from catalog_sync.failures import reason

HIDDEN = "•••"
MAX_SECRET_BYTES = 64 * 1024  # a private key is 2–3 KB: anything bigger isn't a secret but a mistake
OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO
SECRET_PARAMETERS = re.compile(r"(?i)([?&;](?:[\w-]*(?:password|passwd|token|secret|api_?key)|key|sig)=)[^&#;\s]+")
USER_INFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^/@\s]+@")


class Secret:
    """A value that hides itself: str(), repr(), formatting and pickling never show it."""

    __slots__ = ("_value",)

    def __init__(self, value: str = "") -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return HIDDEN if self._value else "—"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never written down")


class Secrets:
    """Resolves references. `environment` is read by the caller at the edge (`os.environ`) and passed in."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def __repr__(self) -> str:
        return "Secrets(•••)"

    @classmethod
    def of_process(cls) -> Secrets:
        return cls(os.environ)

    def resolve(self, reference: str, setting: str = "secret") -> Secret:
        """The secret behind `env:NAME` or `file:/path`; raises StopEverything, never quoting what it found."""
        kind, _, where = reference.strip().partition(":")
        if not reference.strip():
            return Secret()
        if kind == "env" and where:
            return self._from_environment(where, setting)
        if kind == "file" and where:
            return Secret(read_closed_file(Path(where), setting))
        raise StopEverything(
            f"{setting}: ожидалась ссылка env:ИМЯ или file:/путь, а стоит само значение (не показано). "
            "Перенесите секрет в переменную окружения или в закрытый файл"
        )

    def _from_environment(self, name: str, setting: str) -> Secret:
        if not self._environment.get(name):
            raise StopEverything(f"{setting}: переменная окружения {name} не задана или пуста")
        return Secret(self._environment[name])


def read_closed_file(path: Path, setting: str) -> str:
    """Text of a file only its owner can read (mode 0600 or 0400), without the final line break."""
    try:
        with path.open("rb") as file:
            refuse_open_mode(os.fstat(file.fileno()), path, setting)
            data = file.read(MAX_SECRET_BYTES + 1)
    except OSError as error:
        raise StopEverything(f"{setting}: файл {path} не читается: {reason(error)}") from None
    if len(data) > MAX_SECRET_BYTES:
        raise StopEverything(f"{setting}: файл {path} больше {MAX_SECRET_BYTES} байт, это не секрет")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # as PowerShell's `echo … > file` writes
        return data.decode("utf-16", "replace").rstrip("\r\n")
    return data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape").rstrip("\r\n")


def refuse_open_mode(status: os.stat_result, path: Path, setting: str) -> None:
    """Windows keeps rights elsewhere (ACL): only POSIX modes are checked."""
    if not stat.S_ISREG(status.st_mode):
        raise StopEverything(f"{setting}: {path} – не обычный файл")
    if os.name == "posix" and status.st_mode & OPEN_TO_OTHERS:
        mode = stat.S_IMODE(status.st_mode)
        raise StopEverything(f"{setting}: файл {path} открыт другим (права {mode:04o}); сделайте chmod 600 {path}")


def redact(text: str) -> str:
    """Text with credentials in URLs and secret-looking query parameters hidden."""
    return SECRET_PARAMETERS.sub(rf"\g<1>{HIDDEN}", USER_INFO.sub(rf"\g<1>{HIDDEN}@", text))


def refuse_credentials(url: str, setting: str) -> str:
    """The URL itself, or StopEverything where a password sits in it: settings live in the database."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise StopEverything(f"{setting}: адрес не разбирается: {redact(url)}") from None
    if parts.password is not None or SECRET_PARAMETERS.search(url):
        raise StopEverything(
            f"{setting}: в адресе {redact(url)} стоит пароль; уберите его и задайте login и password = env:… или file:…"
        )
    return url


class NamedSecrets(Secrets):
    """Takes a reference for good without the environment holding it: the night's process has another one than we."""

    def _from_environment(self, name: str, setting: str) -> Secret:
        return Secret("•")
