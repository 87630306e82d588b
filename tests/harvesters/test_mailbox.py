from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from catalog_sync.errors import SourceUnavailable
from catalog_sync.model import Source
from harvesters import mailbox
from harvesters.mailbox import file_name, message_in, modified_utf7
from tests.harvesters.conformance import HarvesterConformance, World, built, last_bookmark
from tests.harvesters.conftest import closed_port
from tests.harvesters.imap_server import ImapServer, letter
from tests.harvesters.samples import export, local_ids

SCHOOL = "Иванова <ivanova@school7.example>"


@pytest.fixture
def imap() -> Iterator[ImapServer]:
    server = ImapServer()
    yield server
    server.stop()


@pytest.fixture
def source(imap: ImapServer) -> Source:
    settings = {
        "host": "127.0.0.1", "port": str(imap.port), "security": "none", "login": "robot",
        "password": "env:SOURCE_PASSWORD", "senders": "ivanova@school7.example, @metod.example", "read_seconds": "1",
    }  # fmt: skip
    return Source("school-07", "s7", harvester="mailbox", settings=settings)


class TestMailbox(HarvesterConformance):
    @pytest.fixture
    def world(self, imap: ImapServer, source: Source) -> World:
        imap.letters = {
            3: letter(SCHOOL, ("старая.mrc", export(range(90, 95)))),
            8: letter(SCHOOL, ("Книги.mrc", export(range(4))), ("фото.jpg", b"x"), ("b.mrc", export(range(4, 6)))),
            9: letter(SCHOOL),
        }
        return World(
            source, [f"RU/SCH/{n}" for n in range(6)], {"port": str(closed_port())}, lambda: dict(imap.letters)
        )  # fmt: skip

    def test_the_folder_is_opened_read_only(self, world: World, imap: ImapServer, home: Path) -> None:
        list(built(world.source, home).fetch(""))
        words = [c.split()[1].upper() for c in imap.commands]
        assert "EXAMINE" in words
        assert not {"SELECT", "STORE", "EXPUNGE", "COPY", "DELETE"} & set(words)
        assert all("PEEK" in c for c in imap.commands if "BODY" in c)


def test_a_letter_read_before_is_not_read_again(imap: ImapServer, source: Source, home: Path) -> None:
    imap.letters = {5: letter(SCHOOL, ("a.mrc", export(range(3))))}
    mark = last_bookmark(list(built(source, home).fetch("")))
    assert list(built(source, home).fetch(mark)) == []
    imap.letters[6] = letter(SCHOOL, ("a.mrc", export(range(4))))
    assert len(local_ids(built(source, home).fetch(mark))) == 4


def test_a_mailbox_that_was_rebuilt_is_read_from_the_start(imap: ImapServer, source: Source, home: Path) -> None:
    imap.letters = {50: letter(SCHOOL, ("a.mrc", export(range(3))))}
    mark = last_bookmark(list(built(source, home).fetch("")))
    imap.letters, imap.validity = {1: letter(SCHOOL, ("a.mrc", export(range(5))))}, 8
    assert len(local_ids(built(source, home).fetch(mark))) == 5


def test_an_incremental_source_reads_every_new_letter_in_order(imap: ImapServer, source: Source, home: Path) -> None:
    imap.letters = {n: letter(SCHOOL, ("a.mrc", export([n]))) for n in (2, 4, 7)}
    files = list(built(replace(source, incremental=True), home).fetch(""))
    assert local_ids(files) == ["RU/SCH/2", "RU/SCH/4", "RU/SCH/7"]
    assert not any(f.complete for f in files)


@pytest.mark.parametrize(
    "sender",
    ["stranger@evil.example", "ivanova@school7.example.evil.example", "x@notmetod.example",
     '"ivanova@school7.example" <x@evil.example>', "ivanova@school7.example, x@evil.example"],
)  # fmt: skip
def test_letters_of_strangers_are_not_opened(imap: ImapServer, source: Source, home: Path, sender: str) -> None:
    imap.letters = {5: letter(sender, ("a.mrc", export(range(3))))}
    assert list(built(source, home).fetch("")) == []
    assert not any("BODY.PEEK[])" in c for c in imap.commands)


def test_a_whole_domain_can_be_permitted(imap: ImapServer, source: Source, home: Path) -> None:
    imap.letters = {5: letter("Any One <Any@METOD.example>", ("a.mrc", export(range(3))))}
    assert len(local_ids(built(source, home).fetch(""))) == 3


@pytest.mark.parametrize(
    ("results", "accepted"),
    [("mx.district.example; dkim=pass header.d=school7.example", True), ("mx.district.example; spf=fail", False),
     ("mx.evil.example; dkim=pass header.d=school7.example", False), ("", False),
     ("MX.district.example 1; spf=none; dkim=pass (2048-bit key) header.i=@school7.example header.s=s1", True),
     ("mx.district.example; spf=pass (of school7.example) smtp.mail=ivanova@school7.example", True),
     ("mx.district.example; dmarc=pass (p=NONE) header.from=school7.example", True),
     ("mx.district.example; dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=x@evil.example", False),
     ("mx.district.example; dkim=pass header.d=notschool7.example", False),
     ("mx.district.example; dkim=fail header.d=school7.example; spf=pass smtp.helo=school7.example", False),
     ("mx.district.example; spf=pass (of a;dkim=pass header.d=school7.example) smtp.mailfrom=a@evil.example", False),
     ('mx.district.example; spf=pass smtp.mailfrom="a;dkim=pass header.d=school7.example"@evil.example', False)],
)  # fmt: skip
def test_where_asked_a_sender_counts_only_if_our_own_server_vouches(
    imap: ImapServer, source: Source, home: Path, results: str, accepted: bool
) -> None:
    headers = {"Authentication_Results": results} if results else {}
    imap.letters = {5: letter(SCHOOL, ("a.mrc", export(range(3))), **headers)}
    assert bool(list(built(source, home, authserv="mx.district.example").fetch(""))) is accepted


def test_a_refused_password_is_not_quoted(imap: ImapServer, source: Source, home: Path, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("another-s3cr3t")
    secret.chmod(0o600)
    with pytest.raises(SourceUnavailable, match="не принял имя или пароль") as refusal:
        list(built(source, home, password=f"file:{secret}").fetch(""))
    assert "another-s3cr3t" not in str(refusal.value)


@pytest.mark.parametrize(
    ("fault", "word"),
    [("claims a huge letter", "больше предела"), ("claims a huge literal", "обещает 10000000000"), ("cuts", "попыток")],
)
def test_a_lying_mail_server_is_left(imap: ImapServer, source: Source, home: Path, fault: str, word: str) -> None:
    imap.letters, imap.faults = {5: letter(SCHOOL, ("a.mrc", export(range(3))))}, {fault}
    with pytest.raises(SourceUnavailable, match=word):
        list(built(source, home, read_seconds="0.2").fetch(""))


def test_a_folder_with_a_russian_name_is_asked_for_in_modified_utf7(
    imap: ImapServer, source: Source, home: Path
) -> None:
    imap.letters = {5: letter(SCHOOL, ("a.mrc", export(range(3))))}
    assert list(built(source, home, folder="Выгрузки & копии").fetch(""))
    assert modified_utf7("Выгрузки & копии") == "&BBIESwQzBEAEQwQ3BDoEOA- &- &BDoEPgQ,BDgEOA-"
    with pytest.raises(SourceUnavailable, match="не открывается"):
        list(built(source, home, folder="Нет такой").fetch(""))


def test_names_of_attachments_in_raw_cp1251_are_understood() -> None:
    raw = (
        b'Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="C:\\\x8a\\'
        + "Книги.mrc".encode("cp1251")
        + b'"\r\n\r\nx'
    )
    assert file_name(message_in([(b"1", raw)])) == "Книги.mrc"


def test_no_letter_with_changes_is_passed_over_in_a_full_mailbox(
    imap: ImapServer, source: Source, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "MAX_LETTERS", 3)
    imap.letters = {1: letter(SCHOOL, ("a.mrc", export([1])))}
    imap.letters |= {n: letter("news@elsewhere.example") for n in range(2, 10)}
    imap.letters |= {n: letter(SCHOOL, ("a.mrc", export([n]))) for n in range(10, 14)}
    changes = replace(source, incremental=True)
    first = list(built(changes, home).fetch(""))
    assert local_ids(first) == ["RU/SCH/1", "RU/SCH/10", "RU/SCH/11"]
    assert local_ids(built(changes, home).fetch(last_bookmark(first))) == ["RU/SCH/12", "RU/SCH/13"]


UNREADABLE = b"From: Spam: <x@y>, ,@,;@z\r\nSubject: x\r\n\r\nx"
DEEP = b"From: " + 900 * b"(" + b"\r\nSubject: x\r\n\r\nx"
LONG = b"From: " + 90_000 * b"(" + b"\r\nSubject: x\r\n\r\nx"


@pytest.mark.parametrize("strange", [UNREADABLE, DEEP, LONG])
def test_a_letter_whose_headers_nobody_can_read_is_passed_over(
    imap: ImapServer, source: Source, home: Path, strange: bytes
) -> None:
    imap.letters = {5: letter(SCHOOL, ("a.mrc", export(range(3)))), 6: strange}
    assert len(local_ids(built(source, home).fetch(""))) == 3


@pytest.mark.parametrize("how", ["header", "nested"])
def test_a_letter_of_the_school_that_cannot_be_taken_apart_is_named(
    imap: ImapServer, source: Source, home: Path, how: str
) -> None:
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(2000))
    spoilt = {
        "header": letter(SCHOOL, ("a.mrc", export(range(3)))).replace(b"octet-stream", b"octet-stream; name*", 1),
        "nested": b"From: ivanova@school7.example\n" + nested,
    }[how]
    imap.letters = {5: spoilt}
    with pytest.raises(SourceUnavailable, match="письмо 5 набрано не по правилам"):
        list(built(source, home).fetch(""))
    imap.letters[6] = letter(SCHOOL, ("a.mrc", export(range(4))))
    assert len(local_ids(built(source, home).fetch(""))) == 4
