"""What the program does otherwise on Windows, tried by imitating what Windows answers."""

from __future__ import annotations

import errno
import mimetypes
import os
import socket
import stat
import sys
from pathlib import Path

import pytest
from flask import Flask

from catalog_sync import failures, system
from catalog_sync.cli import of_console, serving
from catalog_sync.settings import Settings, Web
from catalog_sync.store import leases, processes
from harvesters.secrets import read_closed_file
from web.app import set_up_pages


class Kernel:
    """kernel32.dll of a machine with three processes: 4 is at work, 8 has ended and is kept, 12 is a stranger's."""

    error = 0

    def __init__(self) -> None:
        self.open: list[int] = []

    def OpenProcess(self, rights: int, inherited: bool, number: int) -> int | None:  # noqa: N802
        assert (rights, inherited) == (0x00100000, False)
        self.error = {4: 0, 8: 0, 12: 5}.get(number, 87)
        if self.error:
            return None
        self.open.append(number)
        return number

    def WaitForSingleObject(self, handle: int, milliseconds: int) -> int:  # noqa: N802
        assert milliseconds == 0
        return 0x102 if handle == 4 else 0

    def CloseHandle(self, handle: int) -> None:  # noqa: N802
        self.open.remove(handle)


@pytest.mark.parametrize(("number", "ended"), [(4, False), (8, True), (12, False), (16, True)])
def test_windows_is_asked_whether_a_process_is_there(number: int, ended: bool) -> None:
    kernel = Kernel()
    assert processes.has_ended_on_windows(kernel, lambda: kernel.error, number) is ended
    assert kernel.open == []


def test_a_claim_of_a_process_that_ended_is_dead_and_ours_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "has_ended", lambda number: number == 8)
    assert leases.has_died(f"{leases.machine()}:8:abc")
    assert not leases.has_died(f"{leases.machine()}:4")
    assert not leases.has_died("another-machine:8")
    assert not leases.has_died("nobody")
    assert not processes.has_ended(os.getpid())


@pytest.mark.parametrize(
    ("number", "winerror", "told"),
    [
        (errno.EACCES, 32, "файл открыт в другой программе: закройте его там и повторите"),
        (errno.ENOENT, 53, "сетевая папка не найдена: проверьте её адрес и включён ли тот компьютер"),
        (errno.EINVAL, 64, "сетевая папка не отвечает"),
        (errno.ENOSPC, 112, failures.NO_SPACE),
        (errno.EINVAL, 1, "Неверная функция"),  # as Windows says it
    ],
)
def test_what_windows_calls_a_failure_is_told(number: int, winerror: int, told: str) -> None:
    error = OSError(number, "Неверная функция", "C:\\otchet.xlsx")
    error.winerror = winerror  # type: ignore[attr-defined]
    assert failures.sentence(error) == f"C:\\otchet.xlsx: {told}"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_secret_is_read_as_notepad_and_powershell_write_it(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "secret"
    file.write_bytes("пароль\r\n".encode(encoding))
    file.chmod(0o600)
    assert read_closed_file(file, "password") == "пароль"


def test_what_is_piped_leaves_in_the_code_page_of_the_console() -> None:
    assert of_console(stat.S_IFIFO, 866) == "cp866"
    assert of_console(stat.S_IFREG, 866) is None
    assert of_console(stat.S_IFCHR, 866) is None
    assert of_console(stat.S_IFIFO, 0) is None


def test_a_nameless_user_of_windows_is_the_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(sys.modules, "pwd", None)
    assert system.operator() == "оператор"


@pytest.mark.parametrize(
    ("name", "kind"), [("site.css", "text/css"), ("site.js", "text/javascript"), ("icons.svg", "image/svg+xml")]
)
def test_style_and_script_are_told_as_such_whatever_the_registry_says(
    name: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt = mimetypes.MimeTypes()
    spoilt.add_type("text/plain", Path(name).suffix)
    monkeypatch.setattr(mimetypes, "_db", spoilt)
    app = Flask("web.app")
    set_up_pages(app)
    assert app.test_client().get(f"/static/{name}").mimetype == kind


def test_a_site_open_to_every_address_is_found_at_this_machine_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows connects to no «0.0.0.0»; Linux does."""
    connect = socket.create_connection

    def like_windows(address: tuple[str, int], **options: float) -> socket.socket:
        assert address[0] != "0.0.0.0"
        return connect(address, **options)

    monkeypatch.setattr(socket, "create_connection", like_windows)
    with socket.create_server(("0.0.0.0", 0)) as listener:
        port = listener.getsockname()[1]
        assert serving._answers("0.0.0.0", port)
    settings = Settings(Path(), web=Web(host="0.0.0.0", port=port))
    assert serving._places(settings)["web"] == f"каталог: http://127.0.0.1:{port}"
