"""Against a real sshd on loopback, started by the test and ended by its process id."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import paramiko
import pytest

from catalog_sync.errors import SourceUnavailable, StopEverything
from catalog_sync.model import Source
from harvesters import sftp
from harvesters.registry import make
from harvesters.secrets import Secrets
from harvesters.surroundings import Surroundings
from tests.harvesters.conformance import HarvesterConformance, World, built, last_bookmark
from tests.harvesters.conftest import closed_port
from tests.harvesters.hostile import CuttingProxy
from tests.harvesters.samples import export, local_ids
from tests.peers import need, unavailable

SSHD = "/usr/sbin/sshd"  # sshd insists on an absolute path

CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile {folder}/pid
AuthorizedKeysFile {folder}/authorized
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
Subsystem sftp internal-sftp
LogLevel ERROR
"""


@dataclass(frozen=True)
class Sshd:
    port: int
    host_key: str
    client_key: Path
    folder: Path


def make_key(path: Path) -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return " ".join(path.with_suffix(".pub").read_text().split()[:2])


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    need("ssh-keygen")
    if not Path(SSHD).exists():
        unavailable(f"peer program not installed: {SSHD}")
    folder = tmp_path_factory.mktemp("sshd")
    host_key = make_key(folder / "host_key")
    (folder / "authorized").write_text(make_key(folder / "client") + "\n")
    make_key(folder / "stranger")
    port = closed_port()
    (folder / "config").write_text(CONFIG.format(port=port, folder=folder))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # its privilege separation wants it there
    process = subprocess.Popen([SSHD, "-D", "-e", "-f", str(folder / "config")], stderr=subprocess.PIPE)
    try:
        wait_for(port, process)
        yield Sshd(port, host_key, folder / "client", folder)
    finally:
        process.terminate()
        process.wait(10)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    unavailable(f"sshd does not start here: {process.stderr.read(400) if process.stderr else b''!r}")


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    folder = tmp_path / "remote"
    folder.mkdir()
    (folder / "books.mrc").write_bytes(export(range(6)))
    return folder


@pytest.fixture
def source(sshd: Sshd, drop: Path) -> Source:
    settings = {
        "host": "127.0.0.1", "port": str(sshd.port), "login": getpass.getuser(), "key": f"file:{sshd.client_key}",
        "host_key": sshd.host_key, "directory": str(drop),
    }  # fmt: skip
    return Source("school-07", "s7", harvester="sftp", settings=settings)


@pytest.mark.peer
class TestSftp(HarvesterConformance):
    @pytest.fixture
    def world(self, source: Source, drop: Path) -> World:
        (drop / "more.mrc").write_bytes(export(range(6, 9)))
        (drop / "books.mrc.filepart").write_bytes(b"half")
        return World(
            source, [f"RU/SCH/{n}" for n in range(9)], {"port": str(closed_port())},
            lambda: sorted((p.name, p.read_bytes()) for p in drop.iterdir()),
        )  # fmt: skip


@pytest.mark.peer
def test_nothing_new_brings_nothing_and_a_changed_file_comes(source: Source, drop: Path, home: Path) -> None:
    mark = last_bookmark(list(built(source, home).fetch("")))
    assert list(built(source, home).fetch(mark)) == []
    (drop / "books.mrc").write_bytes(export(range(8)))
    assert len(local_ids(built(source, home).fetch(mark))) == 8


@pytest.mark.peer
def test_another_host_key_is_never_given_a_login(sshd: Sshd, source: Source, home: Path) -> None:
    stranger = " ".join((sshd.folder / "stranger.pub").read_text().split()[:2])
    with pytest.raises(SourceUnavailable, match="другой ключ"):
        list(built(source, home, host_key=stranger).fetch(""))


@pytest.mark.peer
def test_known_hosts_is_read_and_a_server_not_in_it_is_refused(
    sshd: Sshd, source: Source, home: Path, tmp_path: Path
) -> None:
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{sshd.port} {sshd.host_key}\n")
    assert list(built(source, home, host_key="", known_hosts=str(known)).fetch(""))
    known.write_text("")
    with pytest.raises(SourceUnavailable, match="не записан"):
        list(built(source, home, host_key="", known_hosts=str(known)).fetch(""))


@pytest.mark.peer
def test_a_wrong_key_is_refused_once(sshd: Sshd, source: Source, home: Path) -> None:
    with pytest.raises(SourceUnavailable, match="не принял имя"):
        list(built(source, home, key=f"file:{sshd.folder / 'stranger'}").fetch(""))


@pytest.mark.peer
def test_a_directory_that_is_not_there_is_named(source: Source, home: Path) -> None:
    with pytest.raises(SourceUnavailable, match=r"school-07.*не найден"):
        list(built(source, home, directory="/nowhere").fetch(""))


@pytest.mark.peer
def test_a_growing_remote_file_is_left_to_grow(source: Source, drop: Path, home: Path) -> None:
    def grow(seconds: float) -> None:
        if seconds:  # a pause of nothing only asks whether to stop
            (drop / "books.mrc").write_bytes(export(range(7)))

    around = Surroundings(home, pause=grow)
    with pytest.raises(SourceUnavailable, match="ещё копируется"):
        list(make(source, Secrets({}), home, around).fetch(""))


@pytest.mark.peer
def test_a_line_that_breaks_in_mid_file_is_taken_up_there(
    sshd: Sshd, source: Source, drop: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How much of what was on its way is lost at the break is the kernel's affair; where reading goes on is ours."""
    began: list[int] = []
    seek = paramiko.SFTPFile.seek

    def watched(file: paramiko.SFTPFile, offset: int, whence: int = 0) -> None:
        began.append(offset)
        seek(file, offset, whence)

    monkeypatch.setattr(paramiko.SFTPFile, "seek", watched)
    monkeypatch.setattr(sftp, "CHUNK", 1 << 14)
    (drop / "books.mrc").write_bytes(export(range(16_000)))
    size = (drop / "books.mrc").stat().st_size
    with CuttingProxy(sshd.port, cut_connection=2, after=size // 2) as proxy:
        files = list(built(source, home, port=str(proxy.port)).fetch(""))
    assert len(local_ids(files)) == 16_000
    assert proxy.connections == 3
    assert began[0] == 0 < began[1] < size


def test_without_a_known_host_key_nothing_is_sent(home: Path) -> None:
    source = Source("s", "l", harvester="sftp", settings={"host": "127.0.0.1", "login": "x"})
    with pytest.raises(StopEverything, match="host_key"):
        built(source, home)


@pytest.mark.parametrize("key", ["garbage", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI", "ssh-ed25519 не-ключ"])
def test_a_garbled_host_key_is_explained(home: Path, key: str) -> None:
    settings = {"host": "127.0.0.1", "port": str(closed_port()), "login": "x", "host_key": key}
    with pytest.raises(StopEverything, match="ssh-ed25519 AAAA"):
        list(built(Source("s", "l", harvester="sftp", settings=settings), home).fetch(""))


def test_a_key_file_others_can_read_is_refused(home: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("-----BEGIN")
    key.chmod(0o644)
    settings = {"host": "127.0.0.1", "login": "x", "host_key": "x", "key": f"file:{key}"}
    with pytest.raises(StopEverything, match="chmod 600"):
        built(Source("s", "l", harvester="sftp", settings=settings), home)
