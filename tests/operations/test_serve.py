"""serve: three parts, alive on their ports, started again when one dies, gone quickly when told to."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalog_sync import logs
from catalog_sync.cli import parts, serving
from catalog_sync.cli.parts import Part
from catalog_sync.errors import Refused
from catalog_sync.store import leases
from catalog_sync.store.database import open_engine, reading
from catalog_sync.system import utc_now

PATIENCE_SECONDS = 60.0  # on a busy machine a part takes 5 s to come up
STOP_SECONDS = 60.0


def until(what: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.1)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True


# --- one part ---------------------------------------------------------------------------------------------------------

CHILD = "import subprocess, sys, time; c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "


@pytest.fixture
def part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Part]:
    """A part that starts a worker of its own and writes its number down."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(parts, "FIRST_PAUSE_SECONDS", 0.1)
    code = CHILD + "print(c.pid, file=open('worker', 'w'), flush=True); time.sleep(60)"
    made = Part("web", [sys.executable, "-c", code], dict(os.environ))
    yield made
    made.ask_to_stop()
    made.finish(time.monotonic() + 5)


def worker(folder: Path) -> int:
    until(lambda: (folder / "worker").exists() and (folder / "worker").read_text().strip())
    return int((folder / "worker").read_text())


def is_running(pid: int) -> bool:
    """Not counting a zombie, which nobody of ours has to bury."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc to look for processes in")


@needs_proc
def test_a_killed_part_comes_back_and_its_workers_do_not_stay(part: Part, tmp_path: Path) -> None:
    first, old_worker = part.process, worker(tmp_path)
    assert first is not None
    (tmp_path / "worker").unlink()
    first.kill()
    until(lambda: part.look_after() or (part.process is not None and part.process is not first))
    until(lambda: not is_running(old_worker))
    assert is_running(worker(tmp_path))


@needs_proc
def test_a_part_that_will_not_listen_is_ended_with_its_workers(part: Part, tmp_path: Path) -> None:
    pid = worker(tmp_path)
    assert part.process is not None
    part.finish(time.monotonic())
    assert part.process.poll() is not None
    until(lambda: not is_running(pid))


def test_a_part_that_keeps_dying_is_started_ever_more_rarely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    now = [1000.0]
    monkeypatch.setattr(parts.time, "monotonic", lambda: now[0])
    dying = Part("web", [sys.executable, "-c", "raise SystemExit(1)"], dict(os.environ))
    pauses = []
    for _ in range(7):
        assert dying.process is not None
        dying.process.wait()
        dying.look_after()
        assert dying.process is None
        pauses.append(dying._next_start - now[0])
        now[0] = dying._next_start
        dying.look_after()
    assert pauses == [2, 4, 8, 16, 32, 60, 60]
    dying.finish(0)


@pytest.mark.skipif(sys.platform == "win32", reason="a folder one stands in is kept there")
def test_a_part_starts_where_its_starter_stands_and_may_not_go_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root calls the service's user from its own folder; that one is gone is the same for whoever goes there."""
    folder = tmp_path / "root"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    part = Part("web", [sys.executable, "-c", ""], dict(os.environ))
    assert part.process is not None
    assert part.process.wait(PATIENCE_SECONDS) == 0
    part.finish(0)


def test_a_taken_port_is_told_before_anything_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(Refused, match=rf"127\.0\.0\.1:{port}.*Каталог уже запущен"):
            serving._refuse_taken("web", "127.0.0.1", port)
    serving._refuse_taken("web", "127.0.0.1", port)


def test_a_grown_log_is_put_aside_and_five_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    for number in range(8):
        path.write_bytes(b"%d" % number + b"." * logs.LARGEST_BYTES)
        logs.put_aside(path)
    kept = sorted(p.name for p in tmp_path.iterdir())
    assert kept == [f"web.log.{n}" for n in range(1, 6)]
    assert (tmp_path / "web.log.1").read_bytes()[:1] == b"7"
    path.write_text("small")
    logs.put_aside(path)
    assert path.read_text() == "small"


# --- where no signal asks a process to end (Windows) ---

UNSIGNALLED = "import os, sys, time; from catalog_sync.cli import parts; parts.BY_SIGNALS = False\n"
LISTENER = f"""{UNSIGNALLED}
try:
    parts.stop_with_starter()
    print(os.getpid(), file=open('worker', 'w'), flush=True)
    while True:
        time.sleep(0.05)
except KeyboardInterrupt:
    open('ended', 'w').close()
"""
STARTER = f"""{UNSIGNALLED}
part = parts.Part('jobs', [sys.executable, '-c', {LISTENER!r}], dict(os.environ))
time.sleep(60)
"""
# No fork, no groups, workers begun anew, and `terminate` ends a process in the midst of its work.
LIKE_WINDOWS = """
import multiprocessing, multiprocessing.process, os, subprocess
del os.fork, os.killpg
subprocess.Popen.terminate = subprocess.Popen.kill
multiprocessing.process.BaseProcess.terminate = multiprocessing.process.BaseProcess.kill
multiprocessing.set_start_method("spawn")
"""


def test_a_part_that_signals_do_not_reach_finishes_when_its_input_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(parts, "BY_SIGNALS", False)
    part = Part("jobs", [sys.executable, "-c", LISTENER], {**os.environ, parts.AS_A_PART: "1"})
    assert part.process is not None
    worker(tmp_path)
    part.ask_to_stop()
    assert part.process.wait(STOP_SECONDS) == 0
    part.finish(time.monotonic())
    assert (tmp_path / "ended").exists()


@needs_proc
def test_such_a_part_does_not_outlive_who_started_it(tmp_path: Path) -> None:
    environment = {**os.environ, parts.AS_A_PART: "1"}
    starter = subprocess.Popen([sys.executable, "-c", STARTER], env=environment, cwd=tmp_path)
    try:
        pid = worker(tmp_path)
    finally:
        starter.kill()
        starter.wait()
    until(lambda: (tmp_path / "ended").exists())
    until(lambda: not is_running(pid))


@pytest.mark.slow
@needs_proc
@pytest.mark.skipif(shutil.which("ps") is None, reason="no ps to find the parts with")
@pytest.mark.parametrize("how", ["interrupt", "kill"])
def test_without_signals_nothing_of_the_catalogue_goes_on_and_holds_its_ports(tmp_path: Path, how: str) -> None:
    home, web, z3950 = tmp_path / "home", free_port(), free_port()
    home.mkdir()
    (home / "catalog-sync.toml").write_text(f"[web]\nport = {web}\nworkers = 1\n[z3950]\nport = {z3950}\n")
    (tmp_path / "sitecustomize.py").write_text(LIKE_WINDOWS)
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    environment = {**os.environ, "CATALOG_SYNC_HOME": str(home), "PYTHONPATH": path}
    command = [sys.executable, "-m", "catalog_sync", "serve"]
    with (tmp_path / "out").open("wb") as out:
        server = subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=out, stdout=out)
    try:
        until(lambda: answers(web) and answers(z3950) and jobs_lead(home))
        with urllib.request.urlopen(f"http://127.0.0.1:{web}/health", timeout=20) as page:
            assert json.load(page)["status"] == "ok"
        site = part_pid(server.pid, "web")
        workers = children(site)
        assert workers
        os.kill(site, signal.SIGKILL)
        until(lambda: not any(map(is_running, workers)))
        until(lambda: part_pid(server.pid, "web") not in (0, site) and answers(web))
        server.send_signal(signal.SIGINT if how == "interrupt" else signal.SIGKILL)
        assert server.wait(STOP_SECONDS) == (0 if how == "interrupt" else -signal.SIGKILL)
        until(lambda: not answers(web) and not answers(z3950))
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()
    assert "Traceback" not in (tmp_path / "out").read_text()


# --- all three --------------------------------------------------------------------------------------------------------


def jobs_lead(home: Path) -> str:
    engine = open_engine(f"sqlite:///{home / 'catalog.sqlite'}")
    with reading(engine) as connection:
        holder = leases.holder_of(connection, "jobs", utc_now())
    engine.dispose()
    return holder


def children(parent: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True)
    return [int(number) for number in found.stdout.split()]


def part_pids(parent: int, name: str) -> list[int]:
    words = ["ps", "-o", "pid=,args=", "--ppid", str(parent)]
    found = subprocess.run(words, capture_output=True, text=True)
    lines = [line.split(None, 1) for line in found.stdout.splitlines() if line.rstrip().endswith(f"serve {name}")]
    return [int(number) for number, _ in lines]


def part_pid(parent: int, name: str) -> int:
    return next(iter(part_pids(parent, name)), 0)


@pytest.mark.slow
@needs_proc
@pytest.mark.skipif(shutil.which("ps") is None, reason="no ps to find the parts with")
def test_three_parts_serve_come_back_and_stop(tmp_path: Path) -> None:
    home, web, z3950 = tmp_path / "home", free_port(), free_port()
    home.mkdir()
    (home / "catalog-sync.toml").write_text(f"[web]\nport = {web}\nworkers = 1\n[z3950]\nport = {z3950}\n")
    environment = {**os.environ, "CATALOG_SYNC_HOME": str(home)}
    with (tmp_path / "out").open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "catalog_sync", "serve"], env=environment, cwd=tmp_path, stderr=out, stdout=out
        )
    try:
        until(lambda: f"каталог: http://127.0.0.1:{web}" in (tmp_path / "out").read_text())
        assert answers(web), "the address was named before anything answered there"
        until(lambda: answers(z3950))
        with urllib.request.urlopen(f"http://127.0.0.1:{web}/health", timeout=20) as page:
            assert json.load(page)["status"] == "ok"
        until(lambda: jobs_lead(home))
        for name, port in (("z3950", z3950), ("web", web)):
            pid = part_pid(server.pid, name)
            os.kill(pid, signal.SIGKILL)
            until(lambda name=name, pid=pid: part_pid(server.pid, name) not in (0, pid))  # type: ignore[misc]
            until(lambda port=port: answers(port))  # type: ignore[misc]
        start = time.monotonic()
        server.terminate()
        assert server.wait(STOP_SECONDS) == 0
        assert time.monotonic() - start < STOP_SECONDS
        assert not answers(web)
        assert not answers(z3950)
    finally:
        if server.poll() is None:
            server.terminate()
            server.wait(STOP_SECONDS)
    told = (tmp_path / "out").read_text()
    assert "часть z3950 остановилась (код -9), запускаю снова" in told
    assert f"каталог: http://127.0.0.1:{web}\nZ39.50: 127.0.0.1:{z3950}\nзадания: сбор по расписанию\n" in told
    assert "Traceback" not in told
    assert (home / "logs" / "jobs.log").exists()


@pytest.mark.slow
@needs_proc
@pytest.mark.skipif(shutil.which("ps") is None, reason="no ps to find the workers with")
def test_a_killed_worker_of_the_site_takes_no_other_along(tmp_path: Path) -> None:
    home, web = tmp_path / "home", free_port()
    home.mkdir()
    (home / "catalog-sync.toml").write_text(f"[web]\nport = {web}\nworkers = 2\n")
    environment = {**os.environ, "CATALOG_SYNC_HOME": str(home)}
    command = [sys.executable, "-m", "catalog_sync", "serve", "web"]
    server = subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.DEVNULL)
    try:
        until(lambda: answers(web) and len(part_pids(server.pid, "web")) == 2)
        first, other = part_pids(server.pid, "web")
        os.kill(first, signal.SIGKILL)
        until(lambda: len(set(part_pids(server.pid, "web")) - {first}) == 2)
        assert other in part_pids(server.pid, "web")
        assert server.poll() is None
        until(lambda: answers(web))  # the other may have been starting, too, when the first was killed
        assert other in part_pids(server.pid, "web")
    finally:
        server.terminate()
        server.wait(STOP_SECONDS)


@pytest.mark.slow
@needs_proc
def test_a_site_that_stopped_leaves_its_database_in_one_file(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "catalog-sync.toml").write_text(f"[web]\nport = {port}\nworkers = 1\n", encoding="utf-8")
    told = {**os.environ, "CATALOG_SYNC_HOME": str(tmp_path)}
    server = subprocess.Popen([sys.executable, "-m", "catalog_sync", "serve", "web"], env=told)
    try:
        until(lambda: answers(port))
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=20) as page:
            assert page.status == 200
    finally:
        server.terminate()
    assert server.wait(STOP_SECONDS) == 0
    assert [file.name for file in tmp_path.glob("catalog.sqlite*")] == ["catalog.sqlite"]


@pytest.mark.slow
@needs_proc
def test_forms_that_never_arrive_stop_no_page_and_the_dead_are_asked_after(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "catalog-sync.toml").write_text(f"[web]\nport = {port}\nworkers = 1\n", encoding="utf-8")
    told = {**os.environ, "CATALOG_SYNC_HOME": str(tmp_path)}
    server = subprocess.Popen([sys.executable, "-m", "catalog_sync", "serve", "web"], env=told)
    begun = b"POST /settings HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\na="
    held: list[socket.socket] = []
    try:
        until(lambda: answers(port))
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=20) as page:
            assert page.status == 200
        for _ in range(2 * serving.BLOCKING_THREADS):
            held.append(socket.create_connection(("127.0.0.1", port), timeout=10))
            held[-1].sendall(begun)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/help", timeout=20) as page:
            assert page.status == 200
        assert timers(port) == {"02"}, "the kernel's timer of an open connection should be that of keep-alive"
    finally:
        for connection in held:
            connection.close()
        server.terminate()
    assert server.wait(STOP_SECONDS) == 0


def timers(port: int) -> set[str]:
    """What the kernel waits for on the connections that were made to a port and are open (man 5 proc, tcp)."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {line[5].partition(":")[0] for line in lines if line[1].endswith(f":{port:04X}") and line[3] == "01"}


@pytest.mark.parametrize("part", ["web", "z3950"])
def test_one_part_alone_refuses_a_taken_port_as_all_do(tmp_path: Path, part: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        (tmp_path / "catalog-sync.toml").write_text(f'[{part}]\nhost = "127.0.0.1"\nport = {port}\n')
        command = [sys.executable, "-m", "catalog_sync", "serve", part]
        environment = {**os.environ, "CATALOG_SYNC_HOME": str(tmp_path)}
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert f"127.0.0.1:{port}" in ended.stderr
    assert "Каталог уже запущен?" in ended.stderr
