"""Real clients against our server: yaz-client, zoomsh, Perl's ZOOM and Catmandu."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from tests.fakes import sample_catalogue
from tests.peers import need, unavailable
from tests.z3950.conftest import Start
from web.z3950.settings import Charsets, ServerSettings

pytestmark = pytest.mark.peer


def run(command: list[str], script: str = "", encoding: str = "utf-8") -> str:
    done = subprocess.run(command, input=script.encode(encoding), capture_output=True, timeout=30, check=False)
    return (done.stdout + done.stderr).decode(encoding, "replace")


def yaz(script: str, encoding: str = "utf-8") -> str:
    need("yaz-client")
    return run(["yaz-client"], script + "\nquit\n", encoding)


def test_yaz_client_searches_presents_scans_sorts_and_closes(start: Start) -> None:
    port = start(sample_catalogue())
    said = yaz(
        f"open tcp:127.0.0.1:{port}\nbase Default\nfind @attr 1=4 алгебра\nformat usmarc\nshow 1+3\n"
        "scan @attr 1=4 ал\nsort 1=31 d\nformat rusmarc\nshow 1\nformat sutrs\nshow 1\nformat xml\nshow 1\nclose"
    )
    assert "Connection accepted by v3 target" in said
    assert "Number of hits: 3" in said
    assert "245 10 $a Алгебра $b учебник для 7 класса" in said
    assert "nextResultSetPosition = 0" in said
    assert "* алгебра (3)" in said
    assert "SortResponse: status=success" in said
    assert "210    $a Москва $c Просвещение $d 2021" in said
    assert "Record type: SUTRS" in said
    assert "<controlfield" in said
    assert "Target has closed the association" in said


def test_yaz_client_uses_result_sets_as_operands_and_deletes_them(start: Start) -> None:
    port = start(sample_catalogue())
    said = yaz(f"open tcp:127.0.0.1:{port}\nfind @attr 1=4 алгебра\nfind @attr 1=31 2019\nfind @and @set 1 @set 2\n"
               "delete 1\nfind @set 1")  # fmt: skip
    assert re.findall(r"Number of hits: (\d+), setno (\d)", said) == [("3", "1"), ("2", "2"), ("1", "3"), ("0", "4")]
    assert "Got deleteResultSetResponse status=0" in said
    assert "[30] Specified result set does not exist" in said


@pytest.mark.parametrize("name", ["windows-1251", "koi8-r", "UTF-8"])
def test_yaz_client_negotiates_a_charset_for_queries_and_records(start: Start, name: str) -> None:
    port = start(sample_catalogue())
    need("yaz-client")
    script = f"negcharset {name} 1\nopen tcp:127.0.0.1:{port}\nfind @attr 1=4 онегин\nformat usmarc\nshow 1\nquit\n"
    done = subprocess.run(["yaz-client"], input=script.encode(), capture_output=True, timeout=30, check=False)
    assert f"Accepted character set : {name}".lower().encode() in done.stdout.lower()
    assert b"Number of hits: 1" in done.stdout
    assert "Евгений Онегин".encode(name) in done.stdout


def test_yaz_client_without_negotiation_is_served_in_the_databases_charset(start: Start) -> None:
    port = start(sample_catalogue(), ServerSettings(port=0, charsets=Charsets("windows-1251", "windows-1251")))
    said = yaz(f"open tcp:127.0.0.1:{port}\nfind @attr 1=4 онегин\nformat rusmarc\nshow 1", "cp1251")
    assert "Number of hits: 1" in said
    assert "$a Евгений Онегин" in said


def test_yaz_client_shows_our_diagnostics_with_their_russian_addition(start: Start) -> None:
    port = start(sample_catalogue())
    said = yaz(f"open tcp:127.0.0.1:{port}\nfind @attr 1=9999 x\nfind @prox 0 1 1 2 k 2 a b\nbase nosuch\nfind x\n"
               "base Default\nfind алгебра\nshow 50\nformat grs-1\nshow 1")  # fmt: skip
    for shown in (
        "[114] Unsupported Use attribute", "9999: такой точки доступа нет", "[110] Operator unsupported",
        "[235] Database does not exist", "[13] Present request out of range", "[239] Record syntax",
    ):  # fmt: skip
        assert shown in said


def test_yaz_client_logs_in_and_is_refused_with_a_reason(start: Start) -> None:
    settings = ServerSettings(port=0, authenticate=lambda user, password: (user, password) == ("irbis", "secret"))
    port = start(sample_catalogue(), settings)
    assert "Connection accepted" in yaz(f"authentication irbis secret\nopen tcp:127.0.0.1:{port}")
    assert "Connection accepted" in yaz(f"authentication irbis/secret\nopen tcp:127.0.0.1:{port}")
    refused = yaz(f"authentication irbis wrong\nopen tcp:127.0.0.1:{port}")
    assert "Connection rejected" in refused
    assert "имя или пароль не подходят" in refused


def test_yaz_client_sends_cql(start: Start) -> None:
    port = start(sample_catalogue())
    said = yaz(f"open tcp:127.0.0.1:{port}\nquerytype cql\nfind title=алгебра and date=2019\nfind title=((")
    assert "Number of hits: 1" in said
    assert "[108] Malformed query" in said


def test_zoomsh_shows_rendered_records(start: Start) -> None:
    need("zoomsh")
    port = start(sample_catalogue())
    said = run(["zoomsh"], f"set preferredRecordSyntax rusmarc\nconnect tcp:127.0.0.1:{port}/Default\n"
                           "search @attr 1=4 алгебра\nshow 0 2 render\nquit\n")  # fmt: skip
    assert "3 hits" in said
    assert said.count("200 1  $a Алгебра") == 2


def test_zoomsh_negotiates_koi8(start: Start) -> None:
    need("zoomsh")
    port = start(sample_catalogue())
    said = run(["zoomsh"], f"set charset koi8-r\nset preferredRecordSyntax usmarc\nconnect tcp:127.0.0.1:{port}\n"
                           "set rpnCharset koi8-r\nsearch @attr 1=4 онегин\nquit\n")  # fmt: skip
    assert "1 hits" in said


PERL = """
use ZOOM; use strict; binmode(STDOUT, ":raw");
my $c = ZOOM::Connection->new("127.0.0.1", $ARGV[0], databaseName => "Default");
$c->option(preferredRecordSyntax => "usmarc");
my $r = $c->search_pqf($ARGV[1]);
print "hits ", $r->size(), "\\n";
$r->sort("yaz", "1=31 >i");
print $r->record(0)->get("render; charset=utf8,utf8");
my $s = $c->scan_pqf('@attr 1=4 ал');
my ($t, $n) = $s->term(0); print "scan $t $n\\n";
eval { $c->search_pqf('@attr 1=9999 x') }; print "error ", $@->code(), "\\n" if $@;
"""


def test_perl_zoom_searches_sorts_scans_and_sees_diagnostics(start: Start) -> None:
    need("perl")
    if subprocess.run(["perl", "-MZOOM", "-e", "1"], capture_output=True, check=False).returncode:
        unavailable("peer library not installed: libnet-z3950-zoom-perl")
    port = start(sample_catalogue())
    said = run(["perl", "-e", PERL, str(port), "@attr 1=4 алгебра"])
    assert "hits 3" in said
    assert "$c 2021" in said
    assert "scan алгебра 3" in said
    assert "error 114" in said


@pytest.mark.parametrize(
    ("syntax", "kind", "query"),
    [
        ("USMARC", "PQF", "@attr 1=4 алгебра"),
        ("USMARC", "CQL", "title=алгебра"),
        ("UNIMARC", "PQF", "@attr 1=4 алгебра"),
    ],
)
def test_catmandu_imports_our_records(start: Start, syntax: str, kind: str, query: str) -> None:
    need("catmandu")
    port = start(sample_catalogue())
    handler = ["--handler", syntax]
    said = run(["catmandu", "convert", "Z3950", "--host", "127.0.0.1", "--port", str(port), "--databaseName", "Default",
                "--preferredRecordSyntax", syntax, "--queryType", kind, "--query", query, *handler, "to", "JSON"])
    if "Can't locate" in said:
        unavailable("peer library not installed: libcatmandu-z3950-perl")
    records = json.loads(said[said.index("[") :])
    assert len(records) == 3
    assert "Алгебра" in json.dumps(records, ensure_ascii=False)
