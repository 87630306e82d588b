"""An export published at a web address: asked for only if it changed, resumed where the line broke, checked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from catalog_sync.errors import SourceUnavailable
from catalog_sync.model import FetchedFile
from harvesters import bookmarks, limits
from harvesters.contents import contents, not_marc
from harvesters.files import fetched, something_in
from harvesters.net import Answer, Reach, TryAgain, ask, refuse_status
from harvesters.options import listed, option
from harvesters.retries import with_retries
from harvesters.secrets import Secret, redact
from harvesters.surroundings import Budget, Surroundings
from harvesters.unpack import cut_warning

KIND = "http"
CONTENT_RANGE = re.compile(r"bytes\s+(\d+)-(\d+)/(\d+|\*)")
DIGEST_LENGTHS = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}  # hex digits → algorithm


@dataclass(frozen=True, slots=True)
class HttpSettings:
    url: str = option("Адрес файла выгрузки", url=True)
    login: str = option("Имя для входа", "")
    password: Secret = option("Пароль: env:ИМЯ или file:/путь", Secret())
    token: Secret = option("Токен (Bearer): env:ИМЯ или file:/путь", Secret())
    checksum_url: str = option("Адрес файла с контрольной суммой (md5, sha1, sha256, sha512)", "", url=True)
    ca_file: Path = option("Файл своего центра сертификации (PEM)", Path())
    proxy: str = option("Прокси-сервер: http://узел:порт", "", url=True)
    redirect_hosts: str = option("Другие узлы, куда серверу можно перенаправлять", "")
    read_seconds: float = option("Сколько ждать ответа молчащего сервера", limits.READ_SECONDS)
    run_seconds: float = option("Сколько может длиться весь сбор", limits.RUN_SECONDS)
    max_bytes: int = option("Предел размера файла", limits.MAX_FILE_BYTES)


@dataclass
class Download:
    """What has arrived so far, and what the server called it (a validator makes resuming safe: RFC 9110, 13.1.5)."""

    data: bytearray = field(default_factory=bytearray)
    etag: str = ""
    modified: str = ""
    unchanged: bool = False

    def resume_headers(self) -> dict[str, str]:
        validator = self.etag if self.etag and not self.etag.startswith("W/") else self.modified
        if not self.data or not validator:
            self.data.clear()
            return {}
        return {"Range": f"bytes={len(self.data)}-", "If-Range": validator}


class HttpHarvester:
    """One file at one address."""

    def __init__(self, code: str, settings: HttpSettings, complete: bool, surroundings: Surroundings) -> None:
        self._where = code
        self._settings = settings
        self._complete = complete
        self._surroundings = surroundings
        self._reach = Reach(
            code, settings.login, settings.password, settings.token, settings.ca_file, settings.proxy,
            listed(settings.redirect_hosts), read_seconds=settings.read_seconds, request_seconds=settings.run_seconds,
        )  # fmt: skip

    def fetch(self, bookmark: str) -> Iterator[FetchedFile]:
        """The file, or nothing where it is what the last published run had."""
        mark = bookmarks.read(bookmark, KIND)
        mark = mark if mark.get("url") == self._settings.url else {}
        budget = Budget(self._settings.run_seconds, self._surroundings, self._where)
        download = Download()
        with_retries(lambda: self._continue(download, mark, budget), budget, self._where)
        if download.unchanged:
            return
        data = bytes(download.data)
        digest = hashlib.sha256(data).hexdigest()
        if digest == mark.get("sha256"):
            return  # the server knows no If-None-Match, or touched the file without changing it
        self._verify(data, budget)
        new = bookmarks.written(
            KIND, url=self._settings.url, etag=download.etag, modified=download.modified, sha256=digest
        )
        yield from something_in(fetched(self._name(), data, new, self._complete, self._settings.max_bytes))

    def _name(self) -> str:
        return unquote(urlsplit(self._settings.url).path.rpartition("/")[2]) or self._where

    def _continue(self, download: Download, mark: dict[str, str], budget: Budget) -> None:
        """Download the file or the rest of it. Raises TryAgain, keeping what arrived."""
        headers = download.resume_headers() or conditional(mark)
        with ask(self._settings.url, self._reach, headers) as answer:
            if answer.status == 304:
                download.unchanged = True
                return
            if answer.status == 416:
                download.data.clear()
                raise TryAgain("сервер не может продолжить с этого места, начинаем заново")
            refuse_status(answer, self._where, self._surroundings)
            refuse_page(answer, self._where)
            self._place(answer, download)
            for chunk in answer.chunks():
                budget.check()
                download.data += chunk
                if len(download.data) > self._settings.max_bytes:
                    raise SourceUnavailable(f"{self._where}: файл больше {limits.spelled(self._settings.max_bytes)}")
        self._refuse_cut(download)

    def _place(self, answer: Answer, download: Download) -> None:
        """Make sure that what follows belongs right behind what we have."""
        if answer.status == 206 and download.data:
            found = CONTENT_RANGE.match(answer.headers.get("content-range", ""))
            if not found or int(found[1]) != len(download.data):
                download.data.clear()
                raise TryAgain("сервер продолжил не с того места, начинаем заново")
            return
        download.data.clear()
        download.etag = answer.headers.get("etag", "")
        download.modified = answer.headers.get("last-modified", "")

    def _refuse_cut(self, download: Download) -> None:
        """A Content-Length smaller than the file, or none at all, hides a cut: only the content can tell."""
        data = bytes(download.data)
        for part in contents(self._name(), data, self._settings.max_bytes, not_marc).parts:
            if warning := cut_warning(part.name, part.data, part.format):
                download.data.clear()
                raise TryAgain(warning)

    def _verify(self, data: bytes, budget: Budget) -> None:
        if not self._settings.checksum_url:
            return
        text = with_retries(self._checksum_text, budget, self._where)
        expected = checksum_in(text, self._name())
        algorithm = DIGEST_LENGTHS.get(len(expected))
        if algorithm is None:
            raise SourceUnavailable(f"{self._where}: в {redact(self._settings.checksum_url)} нет контрольной суммы")
        came = hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()
        if came != expected:
            raise SourceUnavailable(f"{self._where}: контрольная сумма {algorithm}: ожидалась {expected}, вышла {came}")

    def _checksum_text(self) -> str:
        with ask(self._settings.checksum_url, self._reach, {}) as answer:
            refuse_status(answer, self._where, self._surroundings)
            return answer.body(limits.MEGABYTE).decode("utf-8", "replace")


def conditional(mark: dict[str, str]) -> dict[str, str]:
    pairs = {"If-None-Match": mark.get("etag", ""), "If-Modified-Since": mark.get("modified", "")}
    return {k: v for k, v in pairs.items() if v}


def refuse_page(answer: Answer, where: str) -> None:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml"):
        raise SourceUnavailable(
            f"{where}: {redact(answer.url)}: ожидался MARC, пришла веб-страница ({kind}): "
            "возможно, нужен вход или файл переехал"
        )


def checksum_in(text: str, name: str) -> str:
    """The hex digest for `name` in a SHA256SUMS-like file, or the only one there; "" where there is none."""
    found = re.findall(r"(?im)^\W*([0-9a-f]{32,128})\b[ \t*]*(\S*)", text)
    of_file = [digest for digest, of in found if of.rpartition("/")[2] == name]
    chosen = of_file or ([found[0][0]] if len(found) == 1 else [])
    return chosen[0].lower() if chosen else ""
