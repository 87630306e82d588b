"""Every client of the library world we know of, against the real servers over the sample district's real catalogue.

What is expected is computed from one harvest (`District.titles`), never from the server under question.
"""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
import sruthi
from oaipmh_scythe import Scythe
from sickle import Sickle
from sickle.oaiexceptions import NoRecordsMatch

from tests.interop.conftest import OAI_PAGE, District, until_written
from tests.peers import need, unavailable

pytestmark = [pytest.mark.peer, pytest.mark.slow]

WORD = "алгебра"
PQF = f"@attr 1=4 {WORD}"
CHARSETS = ("windows-1251", "koi8-r", "utf-8")


def run(*command: str, script: str = "", encoding: str = "utf-8") -> str:
    need(command[0])
    done = subprocess.run(command, input=script.encode(encoding), capture_output=True, timeout=60, check=False)
    return (done.stdout + done.stderr).decode(encoding, "replace")


def perl(module: str, program: str, *arguments: str) -> str:
    need("perl")
    if subprocess.run(["perl", f"-M{module}", "-e", "1"], capture_output=True, check=False).returncode:
        unavailable(f"Perl module not installed: {module}")
    return run("perl", "-CA", f"-M{module}", "-e", program, *arguments)


def catmandu(kind: str, *options: str) -> list[dict[str, object]]:
    said = run("catmandu", "convert", kind, *options, "to", "JSON")
    if "Can't locate" in said:
        unavailable(f"Perl module not installed: Catmandu::Importer::{kind}")
    found: list[dict[str, object]] = json.loads(said[said.index("[") :])
    return found


# --- Z39.50 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("syntax", "shape"),
    [("usmarc", r"^001 (c\w+)"), ("rusmarc", r"^001 (c\w+)"), ("unimarc", r"^001 (c\w+)"), ("sutrs", r"Запись: (c\w+)"),
     ("xml", r'<controlfield tag="001">(c\w+)<')],
)  # fmt: skip
def test_yaz_client_walks_the_whole_catalogue_in_every_syntax(district: District, syntax: str, shape: str) -> None:
    last = len(district.titles)
    said = run("yaz-client", f"tcp:{district.z}", script=(
        f"base Default\nfind @attr 1=_ALLRECORDS @attr 2=103 \"\"\nformat {syntax}\n"
        + "".join(f"show {start}+{min(50, last + 1 - start)}\n" for start in range(1, last + 1, 50)) + "quit\n"
    ))  # fmt: skip
    assert f"Number of hits: {len(district.titles)}" in said
    if syntax == "sutrs":  # it shows letters outside ASCII as \\XD0\\X97
        raw = re.sub(r"\\X(..)", lambda found: chr(int(found[1], 16)), said).encode("latin-1", "replace")
        said = raw.decode("utf-8", "replace")
    shown = re.findall(shape, said, re.MULTILINE)
    assert len(shown) == len(set(shown))
    assert set(shown) == set(district.titles)


def test_yaz_client_searches_presents_scans_sorts_and_closes(district: District) -> None:
    expected = district.with_word(WORD)
    said = run("yaz-client", script=(
        f"open tcp:{district.z}\nbase Default\nfind {PQF}\nformat usmarc\nshow 1+{len(expected)}\nscan @attr 1=4 ал\n"
        f"sort 1=31 d\nshow 1+{len(expected)}\nclose\nquit\n"
    ))  # fmt: skip
    assert f"Number of hits: {len(expected)}, setno 1" in said
    first, second = said.split("SortResponse: status=success")
    assert set(re.findall(r"^001 (c\w+)", first, re.MULTILINE)) == expected
    years = re.findall(r"^260 .*\$c (\d{4})", second, re.MULTILINE)
    assert len(years) == len(expected)
    assert years == sorted(years, reverse=True)
    assert f"* Алгебра ({len(expected)})" in said
    assert "Target has closed the association" in said


@pytest.mark.parametrize("charset", CHARSETS)
def test_yaz_client_negotiates_a_charset_for_words_and_records(district: District, charset: str) -> None:
    need("yaz-client")
    # The client turns its own UTF-8 terms into the charset negotiated, and shows records as they came.
    script = f"negcharset {charset} 1\nopen tcp:{district.z}\nfind {PQF}\nformat usmarc\nshow 1\nquit\n"
    done = subprocess.run(["yaz-client"], input=script.encode(), capture_output=True, timeout=60, check=False)
    assert f"accepted character set : {charset}".encode() in done.stdout.lower()
    assert f"Number of hits: {len(district.with_word(WORD))}".encode() in done.stdout
    assert "$a Алгебра".encode(charset) in done.stdout


def test_yaz_client_asks_thirty_times_joins_and_deletes_sets(district: District) -> None:
    """It names every set: the thirtieth search needs the room of the first."""
    searches = f"find {PQF}\n" * 30
    said = run("yaz-client", f"tcp:{district.z}", script=(
        searches + f"find @attr 1=31 2021\nfind @and @set 30 @set 31\nfind @and {PQF} @attr 1=31 2021\ndelete 30\n"
        "find @set 1\nquit\n"
    ))  # fmt: skip
    hits = [int(n) for n in re.findall(r"Number of hits: (\d+)", said)]
    assert hits[:30] == [len(district.with_word(WORD))] * 30
    assert hits[31] == hits[32] > 0
    assert "deleteResultSetResponse status=0" in said
    assert "[30] Specified result set does not exist" in said


def test_yaz_client_asks_a_library_of_its_own_and_is_told_its_faults(district: District) -> None:
    said = run("yaz-client", f"tcp:{district.z}", script=(
        f"base school-03\nfind {PQF}\nformat usmarc\nshow 1\nbase nosuch\nfind {PQF}\nbase Default\n"
        "find @attr 1=9999 x\nfind алгебра\nshow 900\nformat grs-1\nshow 1\n"
        "querytype cql\nfind title=((\nfind title=алгебра\nquit\n"
    ))  # fmt: skip
    for word in ("[235] Database does not exist", "[114] Unsupported Use", "[13] Present request out of range",
                 "[108] Malformed query", "9999: такой точки доступа нет"):  # fmt: skip
        assert word in said
    assert "[school-03]Record type: USmarc" in said
    hits = [int(n) for n in re.findall(r"Number of hits: (\d+)", said)]
    assert 0 < hits[0] <= len(district.with_word(WORD)) == hits[-1]


def test_zoomsh_searches_shows_sorts_and_scans(district: District) -> None:
    expected = district.with_word(WORD)
    said = run("zoomsh", script=(
        f"set preferredRecordSyntax rusmarc\nconnect tcp:{district.z}/Default\nsearch {PQF}\nsortby yaz 1=31<\n"
        f"show 0 {len(expected)} render\nscan @attr 1=4 ал\nquit\n"
    ))  # fmt: skip
    assert f"{len(expected)} hits" in said
    assert set(re.findall(r"^001 (c\w+)", said, re.MULTILINE)) == expected
    assert f"\nАлгебра {len(expected)}\n" in said


@pytest.mark.parametrize("charset", CHARSETS)
def test_zoomsh_negotiates_a_charset(district: District, charset: str) -> None:
    need("zoomsh")
    script = (f"set charset {charset}\nset rpnCharset {charset}\nset preferredRecordSyntax usmarc\n"
              f"connect tcp:{district.z}/Default\nsearch {PQF}\nshow 0 1 raw\nquit\n")  # fmt: skip
    done = subprocess.run(["zoomsh"], input=script.encode(), capture_output=True, timeout=60, check=False)
    assert f"{len(district.with_word(WORD))} hits".encode() in done.stdout
    assert "Алгебра".encode(charset) in done.stdout


ZOOM = """
binmode(STDOUT, ":raw");
my $c = ZOOM::Connection->new("127.0.0.1", $ARGV[0], databaseName => "Default", preferredRecordSyntax => "usmarc");
my $r = $c->search(ZOOM::Query::PQF->new($ARGV[1]));
print "hits ", $r->size(), "\\n";
$r->sort("yaz", "1=31 >i");
print $r->record($_)->get("render; charset=utf8,utf8") for 0 .. $r->size() - 1;
my $s = $c->scan_pqf($ARGV[2]);
my ($t, $n) = $s->term(0); print "scan $t $n\\n";
my $q = $c->search(ZOOM::Query::CQL->new($ARGV[3])); print "cql ", $q->size(), "\\n";
eval { $c->search_pqf('@attr 1=9999 x') }; print "error ", $@->code(), "\\n" if $@;
my $d = ZOOM::Connection->create(ZOOM::Options->new()); $d->option(charset => "windows-1251");
$d->option(rpnCharset => "windows-1251"); $d->connect("127.0.0.1", $ARGV[0]);
print "1251 ", $d->search_pqf($ARGV[1])->size();
"""


def test_perl_zoom_searches_presents_sorts_scans_and_negotiates(district: District) -> None:
    expected = district.with_word(WORD)
    need("perl")
    if subprocess.run(["perl", "-MZOOM", "-e", "1"], capture_output=True, check=False).returncode:
        unavailable("Perl module not installed: ZOOM")
    arguments = (str(district.z3950), PQF, "@attr 1=4 ал", f"title={WORD}")
    said = run("perl", "-MZOOM", "-e", ZOOM, *arguments)
    n = len(expected)
    assert f"hits {n}\n" in said
    assert set(re.findall(r"^001 (c\w+)", said, re.MULTILINE)) == expected
    years = re.findall(r"^260 .*\$c (\d{4})", said, re.MULTILINE)
    assert len(years) == n
    assert years == sorted(years, reverse=True)
    assert f"scan Алгебра {n}\n" in said
    assert f"cql {n}\n" in said
    assert "error 114\n" in said
    assert said.endswith(f"1251 {n}")


@pytest.mark.parametrize(
    ("syntax", "kind", "query"), [("USMARC", "PQF", PQF), ("USMARC", "CQL", f"title={WORD}"), ("UNIMARC", "PQF", PQF)]
)
def test_catmandu_z3950_brings_home_what_it_searched(district: District, syntax: str, kind: str, query: str) -> None:
    found = catmandu("Z3950", "--host", "127.0.0.1", "--port", str(district.z3950), "--databaseName", "Default",
                     "--preferredRecordSyntax", syntax, "--handler", syntax, "--queryType", kind, "--query", query)
    assert {str(record["_id"]).strip() for record in found} == district.with_word(WORD)


# --- SRU --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.1", "1.2", "2.0"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_yaz_client_speaks_every_sru(district: District, version: str, method: str) -> None:
    expected = district.with_word(WORD)
    order = "" if version == "1.1" else " sortby date/sort.descending"  # 1.1 knows none
    said = run("yaz-client", script=(
        f"sru {method} {version}\nopen {district.base}/sru\nquerytype cql\nfind title={WORD}{order}\n"
        f"show 1+{len(expected)}\nscan title=ал\nfind dc.nosuch=x\nfind title={WORD} and date>1800\nquit\n"
    ))  # fmt: skip
    hits = [int(n) for n in re.findall(r"Number of hits: (\d+)", said)]
    assert hits[0] == hits[-1] == len(expected)
    assert set(re.findall(r'<controlfield tag="001">(c\w+)<', said)) == expected
    if order:
        years = re.findall(r'tag="260".*?<subfield code="c">(\d{4})', said)
        assert years == sorted(years, reverse=True)
    assert f"Алгебра: {len(expected)}" in said
    assert "Unsupported index" in said


@pytest.mark.parametrize("version", ["1.1", "1.2", "2.0"])
def test_zoomsh_searches_sru(district: District, version: str) -> None:
    expected = district.with_word(WORD)
    said = run("zoomsh", script=(
        f"set sru get\nset sru_version {version}\nset schema marcxml\nconnect {district.base}/sru\n"
        f"search cql:title={WORD}\nshow 0 {len(expected)} raw\nquit\n"
    ))  # fmt: skip
    assert f"{len(expected)} hits" in said
    assert set(re.findall(r'<controlfield tag="001">(c\w+)<', said)) == expected


@pytest.mark.parametrize(("schema", "parser"), [("marcxml", "marcxml"), ("rusmarc", "marcxml"), ("dc", "raw")])
def test_catmandu_sru_pages_through_the_whole_catalogue(district: District, schema: str, parser: str) -> None:
    found = catmandu("SRU", "--base", f"{district.base}/sru", "--query", "cql.allRecords=1", "--limit", "70",
                     "--recordSchema", schema, "--parser", parser)  # fmt: skip
    assert len(found) == len(district.titles)
    if parser == "marcxml":
        assert {str(record["_id"]) for record in found} == set(district.titles)


def test_sruthi_reads_explain_and_pages_through_the_whole_catalogue(district: District) -> None:
    for options in ({}, {"sru_version": "1.1"}):
        found = sruthi.searchretrieve(f"{district.base}/sru", query="cql.allRecords=1", maximum_records=45, **options)
        assert found.count == len(district.titles)
        assert len(list(found)) == len(district.titles)
    explained = sruthi.explain(f"{district.base}/sru")
    assert explained.server["port"] == str(district.web) or explained.server["port"] == district.web
    assert "info:srw/schema/1/marcxml-v1.1" in str(explained.schema)


# --- OAI-PMH: eight pages ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["oai_dc", "marcxml", "rusmarc"])
def test_sickle_harvests_everything_once(district: District, prefix: str) -> None:
    harvester = Sickle(f"{district.base}/oai")
    found = [r.header.identifier.rsplit(":", 1)[1] for r in harvester.ListRecords(metadataPrefix=prefix)]
    assert len(found) > 7 * OAI_PAGE
    assert len(found) == len(set(found))
    assert set(found) == set(district.titles)
    record = harvester.GetRecord(identifier=f"oai:127.0.0.1:{found[0]}", metadataPrefix=prefix)
    assert record.header.identifier.endswith(found[0])


def test_sickle_harvests_by_set_and_by_time(district: District) -> None:
    harvester = Sickle(f"{district.base}/oai")
    libraries = [s.setSpec for s in harvester.ListSets() if s.setSpec.startswith("library:")]
    parts = [{h.identifier for h in harvester.ListIdentifiers(metadataPrefix="oai_dc", set=s)} for s in libraries]
    assert len(set().union(*parts)) == len(district.titles)
    earliest = harvester.Identify().earliestDatestamp
    since = list(harvester.ListIdentifiers(metadataPrefix="oai_dc", **{"from": earliest}))
    assert len(since) == len(district.titles)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    with pytest.raises(NoRecordsMatch):
        harvester.ListIdentifiers(metadataPrefix="oai_dc", **{"from": tomorrow})


def test_scythe_harvests_everything_once_and_reads_the_repository(district: District) -> None:
    with Scythe(f"{district.base}/oai") as harvester:
        found = [r.header.identifier for r in harvester.list_records(metadata_prefix="oai_dc")]
        assert len(found) == len(set(found)) == len(district.titles)
        assert [f.metadataPrefix for f in harvester.list_metadata_formats()] == ["oai_dc", "marcxml", "rusmarc"]
        assert "library:school-01" in [s.setSpec for s in harvester.list_sets()]
        assert harvester.identify().deletedRecord == "persistent"


# With the callback: without it HTTP::OAI 4.12 gives the last page only, of any repository (Response.pm, AUTOLOAD).
HTTP_OAI = """
my $h = HTTP::OAI::Harvester->new(baseURL => $ARGV[0]);
my $i = $h->Identify; die $i->message if $i->is_error; print "name ", length($i->repositoryName) > 0, "\\n";
my ($n, %seen, $m) = (0);
my $r = $h->ListRecords(metadataPrefix => "marcxml", onRecord => sub { $n++; $seen{shift->identifier} = 1; });
die $r->message if $r->is_error; print "records $n ", scalar(keys %seen), "\\n";
$h->ListIdentifiers(metadataPrefix => "oai_dc", set => "library:school-01", onRecord => sub { $m++ });
print "in the set $m\\n";
my ($id) = sort keys %seen; my $g = $h->GetRecord(identifier => $id, metadataPrefix => "oai_dc");
my $one = $g->next; print "one ", $one->identifier eq $id, "\\n";
my $bad = $h->GetRecord(identifier => "oai:x:y", metadataPrefix => "oai_dc");
print "bad ", ($bad->errors)[0]->code, "\\n";
my $s = $h->ListSets; my $k = 0; $k++ while $s->next; print "sets $k\\n";
"""


def test_http_oai_harvests_everything_once(district: District) -> None:
    said = perl("HTTP::OAI", HTTP_OAI, f"{district.base}/oai")
    whole = len(district.titles)
    assert f"records {whole} {whole}\n" in said
    assert 0 < int(re.findall(r"in the set (\d+)", said)[0]) < whole
    assert int(re.findall(r"sets (\d+)", said)[0]) > 7
    assert "name 1\n" in said
    assert "one 1\n" in said
    assert "bad idDoesNotExist\n" in said


def test_the_oai_pmh_program_lists_every_record(district: District) -> None:
    said = run("oai_pmh", "-X", "ListRecords", "--metadataPrefix", "marcxml", f"{district.base}/oai")
    assert len(set(re.findall(r"identifier: (oai:\S+)", said))) == len(district.titles)


@pytest.mark.parametrize("prefix", ["oai_dc", "marcxml"])
def test_catmandu_oai_harvests_everything_once(district: District, prefix: str) -> None:
    found = catmandu("OAI", "--url", f"{district.base}/oai", "--metadataPrefix", prefix,
                     *(["--handler", "marcxml"] if prefix == "marcxml" else []))  # fmt: skip
    identifiers = [str(record.get("_identifier") or record["_id"]).rsplit(":", 1)[-1] for record in found]
    assert len(identifiers) == len(district.titles)
    assert set(identifiers) == set(district.titles)


# --- What the operator sees of it -------------------------------------------------------------------------------------


def test_every_protocol_is_counted_and_logged_without_words_or_addresses(district: District) -> None:
    word = "дубровин"
    run("yaz-client", f"tcp:{district.z}", script=f"find @attr 1=1003 {word}\nquit\n")
    run("yaz-client", script=f"sru get 2.0\nopen {district.base}/sru\nquerytype cql\nfind author={word}\nquit\n")
    Sickle(f"{district.base}/oai").Identify()
    logs = district.home / "logs"
    for path, event in ((logs / "sru-access.log", "searchRetrieve"), (logs / "oai-access.log", "Identify")):
        text = until_written(path, f'"event": "{event}"')
        assert word not in text
        assert "127.0.0.1" not in text
        for line in text.splitlines():
            assert {"time", "connection", "event", "ms"} <= set(json.loads(line))
    with urllib.request.urlopen(f"{district.base}/metrics", timeout=20) as page:
        counted = page.read().decode()
    assert 'catalog_sync_sru_requests_total{kind="searchRetrieve"' in counted
    assert 'catalog_sync_oai_requests_total{kind="Identify"' in counted
    workers = set(re.findall(r'catalog_sync_z3950_connections_total\{worker="(\d)"', counted))
    assert workers
    assert workers <= {"0", "1"}
    assert counted.count("# TYPE catalog_sync_z3950_requests_total counter") == 1
