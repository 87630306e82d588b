"""A real Zebra on loopback, filled by the test: the library world's own Z39.50 and SRU server."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.harvesters.conftest import closed_port
from tests.peers import need, unavailable

TAB = Path("/usr/share/idzebra-2.0/tab")
PQF = Path("/usr/share/yaz/etc/pqf.properties")
CONFIG = """profilePath: {folder}/tab:{tab}
modulePath: {modules}
attset: bib1.att
recordType: grs.marc.usmarc
register: {folder}/register:1G
encoding: UTF-8
storeData: 1
"""
FRONT = """<yazgfs><listen id="one">tcp:127.0.0.1:{port}</listen><server id="s" listenref="one">
<directory>{folder}</directory><config>zebra.cfg</config><cql2rpn>{folder}/pqf.properties</cql2rpn>
<retrievalinfo><retrieval syntax="usmarc" name="F"/>
<retrieval syntax="xml" name="marcxml" identifier="info:srw/schema/1/marcxml-v1.1"><backend syntax="usmarc" name="F">
<marc inputformat="marc" outputformat="marcxml" inputcharset="utf-8"/></backend></retrieval></retrievalinfo>
</server></yazgfs>"""


@contextlib.contextmanager
def zebra(folder: Path, records: bytes) -> Iterator[int]:
    """Port of a zebrasrv that serves ISO 2709 `records` (UTF-8) as database Default; ended by its process id."""
    need("zebrasrv", "zebraidx")
    modules = next(Path("/usr/lib").glob("**/idzebra-2.0/modules"), None)
    if modules is None or not PQF.exists():
        unavailable("Zebra's modules or YAZ's pqf.properties are not installed")
    for name in ("tab", "records", "register"):
        (folder / name).mkdir()
    # Without this line Zebra encodes Cyrillic twice.
    attributes = (TAB / "usmarc.abs").read_text().replace("marc usmarc.mar", "marc usmarc.mar\nencoding UTF-8", 1)
    (folder / "tab" / "usmarc.abs").write_text(attributes)
    (folder / "records" / "all.mrc").write_bytes(records)
    (folder / "zebra.cfg").write_text(CONFIG.format(folder=folder, tab=TAB, modules=modules))
    shutil.copy(PQF, folder / "pqf.properties")
    port = closed_port()
    (folder / "front.xml").write_text(FRONT.format(port=port, folder=folder))
    for command in (["init"], ["update", "records"]):
        subprocess.run(["zebraidx", "-c", "zebra.cfg", *command], cwd=folder, check=True, capture_output=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["zebrasrv", "-f", "front.xml"], cwd=folder, stdout=log, stderr=log)
    try:
        wait_for(port, process)
        yield port
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
    unavailable("zebrasrv does not start here")
