"""A small IMAP4rev1 server for one mailbox: enough for a harvester, with the misbehaviour of real ones."""

from __future__ import annotations

import contextlib
import socket
import threading
from base64 import b64decode
from dataclasses import dataclass, field
from email.message import EmailMessage

from tests.harvesters.conformance import PASSWORD


def letter(sender: str, *attachments: tuple[str, bytes], **headers: str) -> bytes:
    message = EmailMessage()
    message["From"] = sender
    message["Subject"] = "Выгрузка"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("Добрый день")
    for name, data in attachments:
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


@dataclass
class ImapServer:
    """`letters` by UID. `faults`: names. `commands` is what was asked, passwords included: the test's eyes only."""

    letters: dict[int, bytes] = field(default_factory=dict)
    faults: set[str] = field(default_factory=set)
    validity: int = 7
    commands: list[str] = field(default_factory=list)
    port: int = 0

    def __post_init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self._socket.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError), connection.makefile("rwb") as stream:
            stream.write(b"* OK ready\r\n")
            stream.flush()
            while line := stream.readline():
                text = line.decode("utf-8", "replace").strip()
                if "AUTHENTICATE PLAIN" in text:
                    stream.write(b"+ \r\n")
                    stream.flush()
                    text += " " + b64decode(stream.readline()).decode()
                self.commands.append(text)
                tag, _, command = text.partition(" ")
                for part in self._answer(command):
                    stream.write(part)
                stream.write(f"{tag} {self._status(command)}\r\n".encode())
                stream.flush()

    def _status(self, command: str) -> str:
        if command.upper().startswith(("LOGIN", "AUTHENTICATE")) and PASSWORD not in command:
            return f"NO wrong: {command}"  # some servers quote what they refuse
        return "NO no such folder" if "Нет" in command or "&BB0" in command else "OK done"

    def _answer(self, command: str) -> list[bytes]:
        word = command.upper()
        if word.startswith("CAPABILITY"):
            return [b"* CAPABILITY IMAP4rev1\r\n"]
        if word.startswith("EXAMINE"):
            return [b"* 3 EXISTS\r\n", f"* OK [UIDVALIDITY {self.validity}] ok\r\n".encode()]
        if word.startswith("UID SEARCH"):
            return [f"* SEARCH {' '.join(map(str, self._found(command)))}\r\n".encode()]
        if word.startswith("UID FETCH"):
            return self._fetched(command)
        return []

    def _found(self, command: str) -> list[int]:
        start = int(command.split()[-1].split(":")[0])
        return [u for u in self.letters if u >= start] or sorted(self.letters)[-1:]  # N:* names the last one anyway

    def _fetched(self, command: str) -> list[bytes]:
        uid = int(command.split()[2])
        data = self.letters[uid]
        if "HEADER.FIELDS" in command:
            head = data.split(b"\n\n")[0] + b"\r\n\r\n"
            size = 10**10 if "claims a huge letter" in self.faults else len(data)
            item = f"* 1 FETCH (UID {uid} RFC822.SIZE {size} BODY[HEADER.FIELDS (FROM)] {{{len(head)}}}\r\n"
            return [item.encode(), head, b")\r\n"]
        claimed = 10**10 if "claims a huge literal" in self.faults else len(data)
        body = data[: len(data) // 2] if "cuts" in self.faults else data
        return [f"* 1 FETCH (UID {uid} BODY[] {{{claimed}}}\r\n".encode(), body, b")\r\n"]
