"""Zebra, the library world's own Z39.50 and SRU server, indexed anew in a temporary folder (tests, bench)."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

TAB = "/usr/share/idzebra-2.0/tab"
MODULES = "/usr/lib/x86_64-linux-gnu/idzebra-2.0/modules:/usr/lib/idzebra-2.0/modules"

# `encoding` twice: without it in the .abs Cyrillic is encoded twice; in zebra.cfg it is the charset of the questions.
CONFIG = """profilePath: .:{tab}
modulePath: {modules}
attset: bib1.att
recordtype: grs.marc.usmarc
storeKeys: 1
storeData: 1
register: .:2G
lockDir: .
encoding: {encoding}
"""
ABSTRACT = """name usmarc
reference USmarc
attset bib1.att
tagset {tab}/usmarc.tag
marc {tab}/usmarc.mar
encoding {records}
esetname F @
all any
elm 001 Local-number !:w,!:0
elm 020 ISBN -
elm 020/? ISBN -
elm 020/?/a ISBN !:w,Identifier-standard:w
elm 100 Author -
elm 100/? Author -
elm 100/?/a Author-name-personal !:w,Author:w,Author:p
elm 245 title -
elm 245/? title -
elm 245/?/a title !:w,!:p,!:s
elm 245/?/b title !:w
elm 260 Place-publication -
elm 260/? Place-publication -
elm 260/?/a Place-publication !:w
elm 260/?/b Publisher !:w
elm 260/?/c Date-of-publication !:w,!:y,!:s
elm 650 Subject-heading -
elm 650/? Subject-heading -
elm 650/?/a Subject-heading !:w,!:p
"""
CHARMAP = r"""encoding utf-8
lowercase {0-9}{a-z}{а-я}
uppercase {0-9}{A-Z}{А-Я}
space {\001-\040}!"#$%&'\()*+,-./:;<=>?@\[\\]^_`\{|}~
map (ё) (е)
map (Ё) (Е)
map («) (@)
map (») (@)
map (–) (@)
"""
INDEXES = """index w
completeness 0
position 1
alwaysmatches 1
firstinfield 1
charmap string.chr
index p
completeness 1
firstinfield 1
charmap string.chr
index y
completeness 0
charmap @
index 0
completeness 0
position 1
charmap @
sort s
completeness 1
charmap string.chr
"""
# SRU: without cql2rpn every query is diagnostic 11, without retrievalinfo there is no marcxml.
CQL_MAP = Path("/usr/share/yaz/etc/pqf.properties")
FRONT = """<yazgfs><listen id="one">tcp:127.0.0.1:{port}</listen><server id="s" listenref="one">
<directory>{folder}</directory><config>zebra.cfg</config><cql2rpn>{cql_map}</cql2rpn>
<retrievalinfo><retrieval syntax="usmarc" name="F"/>
<retrieval syntax="xml" name="marcxml" identifier="info:srw/schema/1/marcxml-v1.1"><backend syntax="usmarc" name="F">
<marc inputformat="marc" outputformat="marcxml" inputcharset="utf-8"/></backend></retrieval></retrievalinfo>
</server></yazgfs>"""
STOP_SECONDS = 20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def index(folder: Path, records: bytes, queries: str = "UTF-8", stored: str = "UTF-8") -> None:
    """Index ISO 2709 records (MARC 21 in the charset `stored`) into `folder`; `queries` is that of the questions.

    Without negotiation Zebra hands out records as they are stored.
    """
    (folder / "zebra.cfg").write_text(CONFIG.format(tab=TAB, modules=MODULES, encoding=queries))
    (folder / "usmarc.abs").write_text(ABSTRACT.format(tab=TAB, records=stored))
    (folder / "string.chr").write_text(CHARMAP, encoding="utf-8")
    (folder / "default.idx").write_text(INDEXES)
    data = folder / "records"
    data.mkdir()
    (data / "all.mrc").write_bytes(records)
    for command in (["init"], ["update", "records"], ["commit"]):
        done = subprocess.run(
            ["zebraidx", "-c", "zebra.cfg", *command], cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"zebraidx {command[0]}: {done.stderr[-500:]}")


def wait_for(port: int, seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")


@contextlib.contextmanager
def server(
    command: list[str], port: int, folder: Path, environment: Mapping[str, str] | None = None, seconds: float = 10
) -> Iterator[subprocess.Popen[bytes]]:
    """A real program serving on `port` until the block ends; ended by its own process id. Its words: `server.log`."""
    with (folder / "server.log").open("ab") as out:
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=out, env=environment)
        try:
            wait_for(port, seconds)
            yield process
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


@contextlib.contextmanager
def zebra(folder: Path, *, sru: bool = False) -> Iterator[tuple[int, int]]:
    """(port, process id) of zebrasrv over an index of `index`; a process per connection, as in production.

    With `sru` it answers SRU with CQL and marcxml on the same port, as database Default.
    """
    port = free_port()
    command = ["zebrasrv", "-c", "zebra.cfg", f"tcp:127.0.0.1:{port}"]
    if sru:
        (folder / "front.xml").write_text(FRONT.format(port=port, folder=folder, cql_map=CQL_MAP))
        command = ["zebrasrv", "-f", "front.xml"]
    with server(command, port, folder) as process:
        yield port, process.pid
