from __future__ import annotations

import errno
import gzip
import hashlib
import http.client
import re
import ssl
import time
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from catalog_sync.errors import SourceUnavailable, StopEverything
from catalog_sync.model import Source
from harvesters import net
from harvesters.net import Reach, TryAgain, ask, in_words
from harvesters.secrets import Secret
from tests.harvesters import hostile
from tests.harvesters.conformance import HarvesterConformance, World, built, last_bookmark
from tests.harvesters.conftest import closed_port
from tests.harvesters.hostile import HostileServer
from tests.harvesters.samples import export, local_ids

BOOKS = export(range(40), "cp1251")


def web(server: HostileServer, **settings: str) -> Source:
    return Source("school-07", "s7", harvester="http", settings={"url": server.url("/books.mrc"), **settings})


class TestWebFile(HarvesterConformance):
    @pytest.fixture
    def world(self, server: HostileServer) -> World:
        server.behaviours["/books.mrc"] = hostile.honest(BOOKS)
        dead = {"url": f"http://127.0.0.1:{closed_port()}/books.mrc"}
        return World(web(server), [f"RU/SCH/{n}" for n in range(40)], dead)


def test_an_unchanged_file_is_not_downloaded_again(server: HostileServer, home: Path) -> None:
    server.behaviours["/books.mrc"] = hostile.honest(BOOKS)
    mark = last_bookmark(list(built(web(server), home).fetch("")))
    assert list(built(web(server), home).fetch(mark)) == []
    assert server.requests[-1].headers["if-none-match"] == '"v1"'


def test_a_server_without_validators_is_recognised_by_content(server: HostileServer, home: Path) -> None:
    server.behaviours["/books.mrc"] = hostile.serves(BOOKS)
    mark = last_bookmark(list(built(web(server), home).fetch("")))
    assert list(built(web(server), home).fetch(mark)) == []


def test_a_bookmark_of_another_address_is_not_used(server: HostileServer, home: Path) -> None:
    server.behaviours |= {"/books.mrc": hostile.honest(BOOKS), "/other.mrc": hostile.honest(BOOKS)}
    mark = last_bookmark(list(built(web(server), home).fetch("")))
    assert list(built(web(server, url=server.url("/other.mrc")), home).fetch(mark))


def test_a_broken_line_is_taken_up_where_it_broke(server: HostileServer, home: Path) -> None:
    server.behaviours["/books.mrc"] = hostile.cuts(BOOKS, at=1000, times=2)
    assert len(local_ids(built(web(server), home).fetch(""))) == 40
    assert [r.headers.get("range") for r in server.requests] == [None, "bytes=1000-", "bytes=1000-"]


def test_a_file_that_changed_meanwhile_is_not_glued_to_the_old_half(server: HostileServer, home: Path) -> None:
    newer = export(range(100, 130))
    server.behaviours["/books.mrc"] = hostile.cuts(BOOKS, 1000, 1, then=hostile.honest(newer, '"v2"'))
    assert local_ids(built(web(server), home).fetch("")) == [f"RU/SCH/{n}" for n in range(100, 130)]


def test_a_server_that_resumes_from_the_wrong_place_is_not_believed(server: HostileServer, home: Path) -> None:
    def wrong(request: hostile.Request) -> list[hostile.Part]:
        if "range" in request.headers:
            return hostile.whole(BOOKS[5:], "206 Partial Content", Content_Range=f"bytes 5-9/{len(BOOKS)}")
        return hostile.whole(BOOKS)

    server.behaviours["/books.mrc"] = hostile.cuts(BOOKS, 1000, 1, then=wrong)
    assert len(local_ids(built(web(server), home).fetch(""))) == 40


@pytest.mark.parametrize("at", [0, 1, 500, len(BOOKS) - 1])
def test_a_file_always_cut_is_never_handed_over(server: HostileServer, home: Path, at: int) -> None:
    server.behaviours["/books.mrc"] = hostile.cuts(BOOKS, at, 99, etag="")
    with pytest.raises(SourceUnavailable, match=r"school-07.*оборван"):
        list(built(web(server), home).fetch(""))


def test_a_length_promised_too_long_is_a_cut(server: HostileServer, home: Path) -> None:
    server.behaviours["/books.mrc"] = hostile.promises(BOOKS, len(BOOKS) + 100)
    with pytest.raises(SourceUnavailable, match=f"обещано {len(BOOKS) + 100} байт, не хватает 100"):
        list(built(web(server), home).fetch(""))


def test_a_length_promised_too_short_is_noticed_in_the_content(server: HostileServer, home: Path) -> None:
    server.behaviours["/books.mrc"] = hostile.promises(BOOKS, len(BOOKS) - 30)
    with pytest.raises(SourceUnavailable, match="посреди записи"):
        list(built(web(server), home).fetch(""))


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/octet-stream"])
def test_a_web_page_instead_of_marc_is_called_one(server: HostileServer, home: Path, kind: str) -> None:
    page = "<html><head><title>Войдите в систему</title></head></html>".encode()
    server.behaviours["/books.mrc"] = hostile.serves(page, Content_Type=kind)
    with pytest.raises(SourceUnavailable, match="веб-страница"):
        list(built(web(server), home).fetch(""))


def test_a_slow_drip_ends(server: HostileServer, home: Path) -> None:
    server.behaviours["/books.mrc"] = hostile.drips(BOOKS, 0.05)
    started = time.monotonic()
    with pytest.raises(SourceUnavailable, match="не уложился"):
        list(built(web(server, run_seconds="0.6"), home).fetch(""))
    assert time.monotonic() - started < 3


def test_headers_that_drip_end(server: HostileServer, home: Path) -> None:
    server.behaviours["/books.mrc"] = hostile.drips_headers(0.05)
    started = time.monotonic()
    with pytest.raises(SourceUnavailable):
        list(built(web(server, run_seconds="0.6"), home).fetch(""))
    assert time.monotonic() - started < 3


def test_a_silent_server_is_left(server: HostileServer, home: Path) -> None:
    server.behaviours["/books.mrc"] = lambda _: [2.0]
    with pytest.raises(SourceUnavailable, match=r"молчит дольше|оборван"):
        list(built(web(server, read_seconds="0.1"), home).fetch(""))


def test_a_busy_server_is_asked_again_after_the_time_it_names(server: HostileServer, home: Path) -> None:
    server.behaviours["/books.mrc"] = hostile.busy(2, hostile.honest(BOOKS))
    assert len(local_ids(built(web(server), home).fetch(""))) == 40


@pytest.mark.parametrize("wait", ["86400", "Wed, 01 Jan 2200 00:00:00 GMT"])
def test_a_server_that_asks_for_a_day_is_left_to_the_schedule(server: HostileServer, home: Path, wait: str) -> None:
    server.behaviours["/books.mrc"] = hostile.busy(99, hostile.honest(BOOKS), wait)
    with pytest.raises(SourceUnavailable, match="просит подождать"):
        list(built(web(server), home).fetch(""))
    assert len(server.requests) == 1


@pytest.mark.parametrize(("status", "word"), [("401 X", "логин"), ("403 X", "закрыт"), ("404 X", "ничего нет")])
def test_a_refusal_is_explained_and_not_repeated(server: HostileServer, home: Path, status: str, word: str) -> None:
    server.behaviours["/books.mrc"] = hostile.serves(b"", status)
    with pytest.raises(SourceUnavailable, match=word):
        list(built(web(server), home).fetch(""))
    assert len(server.requests) == 1


@pytest.mark.parametrize("target", ["http://localhost:{port}/x", "file:///etc/passwd", "ftp://127.0.0.1/x", "gopher:x"])
def test_a_redirect_elsewhere_is_refused(server: HostileServer, home: Path, target: str) -> None:
    server.behaviours |= {"/books.mrc": hostile.redirects(target.format(port=server.port)), "/x": hostile.honest(BOOKS)}
    with pytest.raises(SourceUnavailable, match="redirect_hosts"):
        list(built(web(server), home).fetch(""))


def test_a_permitted_redirect_is_followed_without_the_password(server: HostileServer, home: Path) -> None:
    server.behaviours |= {
        "/books.mrc": hostile.redirects(f"http://localhost:{server.port}/x"), "/x": hostile.honest(BOOKS),
    }  # fmt: skip
    source = web(server, redirect_hosts="localhost", login="robot", password="env:SOURCE_PASSWORD")
    assert len(local_ids(built(source, home).fetch(""))) == 40
    assert [("authorization" in r.headers) for r in server.requests] == [True, False]


def test_a_redirect_inside_the_host_is_followed_and_a_loop_ends(server: HostileServer, home: Path) -> None:
    server.behaviours |= {"/books.mrc": hostile.redirects("/x"), "/x": hostile.honest(BOOKS)}
    assert len(local_ids(built(web(server), home).fetch(""))) == 40
    server.behaviours["/x"] = hostile.redirects("/books.mrc")
    with pytest.raises(SourceUnavailable, match="перенаправлений"):
        list(built(web(server), home).fetch(""))


def test_a_file_beyond_the_limit_is_not_swallowed(server: HostileServer, home: Path) -> None:
    server.behaviours["/books.mrc"] = hostile.serves(BOOKS)
    with pytest.raises(SourceUnavailable, match="больше 1000 байт"):
        list(built(web(server, max_bytes="1000"), home).fetch(""))


def test_a_gzip_bomb_in_transport_is_stopped(server: HostileServer) -> None:
    server.behaviours["/x"] = hostile.serves(hostile.bomb(64), Content_Encoding="gzip")
    with (
        pytest.raises(SourceUnavailable, match="больше 1000000 байт"),
        ask(server.url("/x"), Reach("s"), {}) as answer,
    ):
        answer.body(1_000_000)


def test_a_cut_gzip_answer_is_a_cut(server: HostileServer) -> None:
    server.behaviours["/x"] = hostile.serves(hostile.bomb(1)[:-20], Content_Encoding="gzip")
    with pytest.raises(TryAgain), ask(server.url("/x"), Reach("s"), {}) as answer:
        answer.body(10_000_000)


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
def test_a_checksum_is_verified(server: HostileServer, home: Path, algorithm: str) -> None:
    digest = hashlib.new(algorithm, BOOKS).hexdigest()
    server.behaviours |= {
        "/books.mrc": hostile.honest(BOOKS),
        "/good": hostile.serves(f"{'0' * len(digest)}  other.mrc\n{digest} *books.mrc\n".encode()),
        "/bad": hostile.serves(f"{'0' * len(digest)}\n".encode()),
    }
    assert list(built(web(server, checksum_url=server.url("/good")), home).fetch(""))
    with pytest.raises(SourceUnavailable, match=f"сумма {algorithm}: ожидалась 0000"):
        list(built(web(server, checksum_url=server.url("/bad")), home).fetch(""))


@pytest.mark.parametrize("url", ["http://robot:s3cr3t@host/x", "http://host/x?token=s3cr3t", "https://h/?a=1&password=s3cr3t"])
def test_a_password_in_an_address_is_refused_unseen(server: HostileServer, home: Path, url: str) -> None:
    with pytest.raises(StopEverything) as refusal:
        built(web(server, url=url), home)
    assert "s3cr3t" not in str(refusal.value)


def self_signed(folder: Path) -> Path:
    """A certificate for 127.0.0.1 with its key, in one PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    )  # fmt: skip
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem = folder / "server.pem"
    pem.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM) + private)
    return pem


def test_an_untrusted_certificate_is_refused_and_a_named_authority_is_trusted(
    server: HostileServer, home: Path, tmp_path: Path
) -> None:
    pem = self_signed(tmp_path)
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(pem)
    server.behaviours["/books.mrc"] = hostile.honest(BOOKS)
    source = web(server, url=f"https://127.0.0.1:{server.port}/books.mrc")
    with pytest.raises(SourceUnavailable, match="сертификат"):
        list(built(source, home).fetch(""))
    assert len(local_ids(built(source, home, ca_file=str(pem)).fetch(""))) == 40


def test_an_incremental_file_never_claims_to_be_the_whole_base(server: HostileServer, home: Path) -> None:
    server.behaviours["/books.mrc"] = hostile.honest(BOOKS)
    files = list(built(replace(web(server), incremental=True), home).fetch(""))
    assert [f.complete for f in files] == [False]


def test_a_cyrillic_address_is_written_as_the_wire_wants_it(server: HostileServer, home: Path) -> None:
    server.behaviours["/%D0%BA%D0%BD%D0%B8%D0%B3%D0%B8.mrc"] = hostile.honest(BOOKS)
    files = list(built(web(server, url=server.url("/книги.mrc")), home).fetch(""))
    assert files[0].name == "книги.mrc"


def test_a_token_travels_in_the_header_only(server: HostileServer, home: Path) -> None:
    server.behaviours["/books.mrc"] = hostile.honest(BOOKS)
    list(built(web(server, token="env:SOURCE_PASSWORD"), home).fetch(""))
    assert server.requests[0].headers["authorization"].startswith("Bearer ")
    assert not server.requests[0].arguments
    assert "Bearer" not in repr(Reach("s", token=Secret("x")))


@pytest.mark.parametrize("cut", [1, 7, 1000])
def test_an_answer_packed_in_several_members_is_unpacked_whole(cut: int) -> None:
    packed = gzip.compress("Алгебра".encode()) + gzip.compress("и геометрия".encode())
    chunks = iter([packed[i : i + cut] for i in range(0, len(packed), cut)])
    assert b"".join(net.unpacked(chunks, "gzip", 1000)).decode() == "Алгебраи геометрия"


@pytest.mark.parametrize(
    ("code", "why"),
    [(10, "срок сертификата"), (18, "подписан им самим"), (20, "неизвестным центром"), (62, "другому узлу")],
)
def test_a_certificate_that_is_refused_says_why_in_russian(code: int, why: str) -> None:
    error = ssl.SSLCertVerificationError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    error.verify_code = code
    assert why in in_words(error, 5)


def test_no_fault_of_a_connection_is_told_in_english() -> None:
    for error in (
        ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"),
        ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
        OSError(errno.EHOSTUNREACH, "No route to host"),
        http.client.BadStatusLine("SSH-2.0"),
        zlib.error("Error -3 while decompressing data"),
    ):
        assert not re.search("[a-z]{4,}", in_words(error, 5))
