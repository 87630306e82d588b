"""The OAI-PMH provider: every verb, every error, and harvests that lose and repeat nothing while others publish."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.fakes import EPOCH, MemoryCatalogue, generated_catalogue, sample_catalogue
from tests.sru.live import application
from web.oai_pmh.arguments import SET, name_of, spec_of
from web.oai_pmh.server import Repository
from web.oai_pmh.tokens import BadToken, Token, open_token, seal

O = "{http://www.openarchives.org/OAI/2.0/}"  # noqa: E741
NOW = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
KEY = b"k" * 32


@pytest.fixture
def catalogue() -> MemoryCatalogue:
    return sample_catalogue()


@pytest.fixture
def client(catalogue: MemoryCatalogue) -> FlaskClient:
    return application(catalogue).test_client()


def get(client: FlaskClient, query: str) -> etree._Element:
    response = client.get(f"/oai?{query}")
    assert response.status_code == 200
    assert response.content_type == "text/xml; charset=utf-8"
    return etree.fromstring(response.data)


def ask(client: FlaskClient, verb: str, **arguments: str) -> etree._Element:
    return get(client, urlencode({"verb": verb, **arguments}))


def codes(root: etree._Element) -> list[str]:
    return [e.get("code") for e in root.findall(f"{O}error")]


def ids(root: etree._Element) -> list[str]:
    return [h.findtext(f"{O}identifier").rsplit(":", 1)[1] for h in root.iter(f"{O}header")]


def repository(catalogue: MemoryCatalogue, size: int = 3) -> Repository:
    return Repository(catalogue, "Имя", "http://x.ru/oai", "x.ru", "a@x.ru", "http://x.ru/record/", KEY, size, size)


def page(made: Repository, **arguments: str) -> etree._Element:
    return etree.fromstring("".join(made.answer({k: [v] for k, v in arguments.items()}, NOW)).encode())


def harvest(
    made: Callable[[], Repository], between: Callable[[int], None] = lambda n: None, **arguments: str
) -> list[tuple[str, bool]]:
    """(cluster, deleted) of a whole list; `between` is called after each page."""
    found: list[tuple[str, bool]] = []
    root = page(made(), **arguments)
    for number in range(1000):
        found += [(i, h.get("status") == "deleted") for i, h in zip(ids(root), root.iter(f"{O}header"), strict=True)]
        token = root.findtext(f".//{O}resumptionToken")
        if not token:
            return found
        between(number)
        root = page(made(), verb=arguments["verb"], resumptionToken=token)
        assert codes(root) == []
    raise AssertionError("the list does not end")


# --- verbs ---------------------------------------------------------------------------------------------------------


def test_identify_tells_what_the_protocol_wants_in_its_order(client: FlaskClient) -> None:
    identify = ask(client, "Identify").find(f"{O}Identify")
    assert [etree.QName(e).localname for e in identify] == [
        "repositoryName", "baseURL", "protocolVersion", "adminEmail", "earliestDatestamp", "deletedRecord",
        "granularity", "compression",
    ]
    assert identify.findtext(f"{O}earliestDatestamp") == "2026-01-01T00:00:01Z"
    assert identify.findtext(f"{O}deletedRecord") == "persistent"
    assert identify.findtext(f"{O}granularity") == "YYYY-MM-DDThh:mm:ssZ"


def test_a_repository_with_a_domain_name_describes_its_identifiers(catalogue: MemoryCatalogue) -> None:
    root = page(repository(catalogue), verb="Identify")
    scheme = "{http://www.openarchives.org/OAI/2.0/oai-identifier}"
    assert root.findtext(f".//{scheme}repositoryIdentifier") == "x.ru"
    assert root.findtext(f".//{scheme}sampleIdentifier").startswith("oai:x.ru:")


def test_the_request_is_repeated_with_its_arguments_and_the_date_is_whole_seconds(catalogue: MemoryCatalogue) -> None:
    root = page(repository(catalogue), verb="ListRecords", metadataPrefix="oai_dc", set="library:museum")
    request = root.find(f"{O}request")
    assert dict(request.attrib) == {"verb": "ListRecords", "metadataPrefix": "oai_dc", "set": "library:museum"}
    assert request.text == "http://x.ru/oai"
    assert root.findtext(f"{O}responseDate") == "2026-11-21T12:00:00Z"


def test_formats_are_told_for_the_repository_and_for_a_record(client: FlaskClient) -> None:
    for arguments in ({}, {"identifier": "oai:127.0.0.1:c1"}):
        root = ask(client, "ListMetadataFormats", **arguments)
        assert [e.text for e in root.iter(f"{O}metadataPrefix")] == ["oai_dc", "marcxml", "rusmarc"]


def test_sets_are_libraries_kinds_and_sources_and_each_record_names_its_own(client: FlaskClient) -> None:
    specs = {e.text for e in ask(client, "ListSets").iter(f"{O}setSpec")}
    assert {"library:school-01", "kind:textbook"} <= specs
    assert any(s.startswith("source:") for s in specs)
    for header in ask(client, "ListIdentifiers", metadataPrefix="oai_dc", set="library:museum").iter(f"{O}header"):
        assert "library:museum" in {e.text for e in header.findall(f"{O}setSpec")} <= specs


@pytest.mark.parametrize(
    ("prefix", "root_tag"),
    [("oai_dc", "{http://www.openarchives.org/OAI/2.0/oai_dc/}dc"), ("marcxml", "{http://www.loc.gov/MARC21/slim}record"),
     ("marc21", "{http://www.loc.gov/MARC21/slim}record"), ("rusmarc", "{http://www.loc.gov/MARC21/slim}record")],
)
def test_a_record_comes_in_every_format(client: FlaskClient, prefix: str, root_tag: str) -> None:
    one = ask(client, "GetRecord", identifier="oai:127.0.0.1:c1", metadataPrefix=prefix)
    listed = ask(client, "ListRecords", metadataPrefix=prefix)
    assert one.find(f".//{O}metadata")[0].tag == root_tag
    same = next(r for r in listed.iter(f"{O}record") if ids(r) == ["c1"])
    assert etree.tostring(same, method="c14n") == etree.tostring(one.find(f".//{O}record"), method="c14n")


def test_a_deleted_record_keeps_its_header_for_ever(catalogue: MemoryCatalogue, client: FlaskClient) -> None:
    catalogue.delete("c1", EPOCH + timedelta(days=1))
    catalogue.delete("c2", EPOCH + timedelta(days=1), redirect="c3")
    for cluster in ("c1", "c2"):
        record = ask(client, "GetRecord", identifier=f"oai:127.0.0.1:{cluster}", metadataPrefix="oai_dc").find(
            f".//{O}record"
        )
        assert record.find(f"{O}header").get("status") == "deleted"
        assert record.find(f"{O}metadata") is None
    listed = ask(client, "ListRecords", metadataPrefix="oai_dc", **{"from": "2026-01-02"})
    assert sorted(ids(listed)) == ["c1", "c2"]


def test_a_post_is_answered_like_a_get(client: FlaskClient) -> None:
    root = etree.fromstring(client.post("/oai", data={"verb": "ListIdentifiers", "metadataPrefix": "oai_dc"}).data)
    assert ids(root) == ids(ask(client, "ListIdentifiers", metadataPrefix="oai_dc"))
    assert client.post("/oai", data={"verb": "x" * 30_000}).status_code == 413


def test_a_source_whose_code_is_no_legal_set_name_is_still_a_set_and_can_be_harvested(client: FlaskClient) -> None:
    specs = [e.text for e in ask(client, "ListSets").iter(f"{O}setSpec")]
    assert "source:school-01~2Fbooks" in specs
    assert all(SET.fullmatch(spec) for spec in specs)
    root = ask(client, "ListIdentifiers", metadataPrefix="oai_dc", set="source:school-01~2Fbooks")
    assert ids(root)
    assert all("source:school-01~2Fbooks" in {e.text for e in h.iter(f"{O}setSpec")} for h in root.iter(f"{O}header"))


@given(st.text(max_size=20))
@settings(deadline=None)
def test_a_set_name_survives_its_spelling_as_a_set_spec(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        return
    assert name_of(spec_of(name)) == name


def test_a_response_is_packed_for_those_who_can_unpack_it_and_is_the_same(client: FlaskClient) -> None:
    address = "/oai?verb=ListRecords&metadataPrefix=marcxml"
    plain, packed = client.get(address), client.get(address, headers={"Accept-Encoding": "deflate, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(plain.data) / 4
    strip = re.compile(rb"<responseDate>[^<]*")
    assert strip.sub(b"", gzip.decompress(packed.data)) == strip.sub(b"", plain.data)


# --- errors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "badVerb"), ("verb=", "badVerb"), ("verb=Nonsense", "badVerb"), ("verb=Identify&verb=Identify", "badVerb"),
        ("verb=identify", "badVerb"),
        ("verb=Identify&x=1", "badArgument"),
        ("verb=Identify&metadataPrefix=oai_dc", "badArgument"),
        ("verb=ListRecords", "badArgument"),
        ("verb=ListRecords&metadataPrefix=", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&metadataPrefix=oai_dc", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&identifier=x", "badArgument"),
        ("verb=GetRecord&metadataPrefix=oai_dc", "badArgument"),
        ("verb=GetRecord&identifier=oai:127.0.0.1:c1", "badArgument"),
        ("verb=GetRecord&identifier=oai:127.0.0.1:c1&metadataPrefix=oai_dc&resumptionToken=x", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&resumptionToken=x", "badArgument"),
        ("verb=ListRecords&resumptionToken=x&resumptionToken=x", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2026", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-02-30", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-01-01T25:00:00Z", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-01-01T00:00:00", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-01-01T00:00:00.5Z", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=%D9%A2026-01-01", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&until=9999-12-32", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-02-01&until=2026-01-01", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-01-01&until=2026-01-02T00:00:00Z", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&set=a%20b", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&set=", "badArgument"),
        ("verb=ListRecords&metadataPrefix=nonsense", "cannotDisseminateFormat"),
        ("verb=GetRecord&identifier=oai:127.0.0.1:c1&metadataPrefix=nonsense", "cannotDisseminateFormat"),
        ("verb=GetRecord&identifier=oai:127.0.0.1:c999&metadataPrefix=oai_dc", "idDoesNotExist"),
        ("verb=GetRecord&identifier=oai:elsewhere.ru:c1&metadataPrefix=oai_dc", "idDoesNotExist"),
        ("verb=GetRecord&identifier=c1&metadataPrefix=oai_dc", "idDoesNotExist"),
        ("verb=ListMetadataFormats&identifier=oai:127.0.0.1:c999", "idDoesNotExist"),
        ("verb=ListRecords&metadataPrefix=oai_dc&until=1999-01-01", "noRecordsMatch"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=9999-12-31", "noRecordsMatch"),
        ("verb=ListRecords&metadataPrefix=oai_dc&until=0001-01-01", "noRecordsMatch"),
        ("verb=ListIdentifiers&metadataPrefix=oai_dc&set=library:nowhere", "noRecordsMatch"),
        ("verb=ListRecords&resumptionToken=x", "badResumptionToken"),
        ("verb=ListRecords&resumptionToken=", "badResumptionToken"),
        ("verb=ListRecords&resumptionToken=%D0%B0", "badResumptionToken"),
        ("verb=ListSets&resumptionToken=x", "badResumptionToken"),
    ],
)
def test_every_wrong_request_has_the_error_of_the_protocol(client: FlaskClient, query: str, code: str) -> None:
    root = get(client, query)
    assert codes(root) == [code]
    assert root.findtext(f"{O}error")
    silent = code in ("badVerb", "badArgument")
    assert bool(root.find(f"{O}request").attrib) is not silent
    assert [etree.QName(e).localname for e in root] == ["responseDate", "request", "error"]


def test_a_day_as_until_includes_the_whole_day_and_a_second_the_whole_second(
    catalogue: MemoryCatalogue, client: FlaskClient
) -> None:
    moment = datetime(2026, 3, 5, 23, 59, 59, 700_000, tzinfo=UTC)
    catalogue.put(catalogue.records(["c1"])[0], moment)
    for arguments in (
        {"from": "2026-03-05", "until": "2026-03-05"},
        {"from": "2026-03-05T23:59:59Z", "until": "2026-03-05T23:59:59Z"},
    ):
        root = ask(client, "ListRecords", metadataPrefix="oai_dc", **arguments)
        assert ids(root) == ["c1"]
        assert root.findtext(f".//{O}datestamp") == "2026-03-05T23:59:59Z"
    late = {"from": "2026-03-06T00:00:00Z"}
    assert codes(ask(client, "ListRecords", metadataPrefix="oai_dc", **late)) == ["noRecordsMatch"]


# --- resumption ----------------------------------------------------------------------------------------------------


def test_a_list_in_one_piece_has_no_token_and_a_list_in_pieces_ends_with_an_empty_one(
    catalogue: MemoryCatalogue,
) -> None:
    assert page(repository(catalogue, 100), verb="ListRecords", metadataPrefix="oai_dc").find(
        f".//{O}resumptionToken") is None
    made = repository(catalogue, 4)
    root = page(made, verb="ListRecords", metadataPrefix="oai_dc")
    cursors = []
    while (token := root.find(f".//{O}resumptionToken")) is not None:
        cursors.append(token.get("cursor"))
        if not token.text:
            break
        root = page(made, verb="ListRecords", resumptionToken=token.text)
    assert cursors == ["0", "4", "8"]
    assert len(ids(root)) == 2


def test_the_same_token_gives_the_same_page_again(catalogue: MemoryCatalogue) -> None:
    made = repository(catalogue)
    token = page(made, verb="ListIdentifiers", metadataPrefix="oai_dc").findtext(f".//{O}resumptionToken")
    first, second = (page(made, verb="ListIdentifiers", resumptionToken=token) for _ in range(2))
    assert ids(first) == ids(second) != []


def test_a_harvest_survives_a_restart_after_every_page(catalogue: MemoryCatalogue) -> None:
    found = harvest(lambda: repository(catalogue), verb="ListRecords", metadataPrefix="marcxml")
    assert sorted(c for c, _ in found) == sorted(f"c{n}" for n in range(1, 11))


def test_a_harvest_while_others_publish_misses_nothing_and_repeats_nothing() -> None:
    catalogue = generated_catalogue(200)
    everything = [c.cluster for c in catalogue.changes(limit=1000)]
    moving = iter(everything)

    def publish(number: int) -> None:
        """Changes a delivered and an undelivered record, deletes one, adds one."""
        for cluster in (next(moving), everything[-1 - number]):
            if catalogue.record(cluster):
                catalogue.put(catalogue.records([cluster])[0])
        if catalogue.record(everything[100 + number]):
            catalogue.delete(everything[100 + number])
        catalogue.put(replace(catalogue.records([everything[-1]])[0], cluster=f"new{number}"))

    found = harvest(lambda: repository(catalogue, 10), publish, verb="ListRecords", metadataPrefix="oai_dc")
    delivered = [c for c, _ in found]
    assert len(delivered) == len(set(delivered))
    assert set(everything) <= set(delivered)


def test_filters_travel_in_the_token(catalogue: MemoryCatalogue) -> None:
    wanted = {c.cluster for c in catalogue.changes(oai_set="library:school-01", since=EPOCH + timedelta(seconds=3))}
    found = harvest(
        lambda: repository(catalogue, 1), verb="ListRecords", metadataPrefix="oai_dc", set="library:school-01",
        **{"from": "2026-01-01T00:00:03Z"},
    )
    assert {c for c, _ in found} == wanted != set()


def test_a_token_of_another_list_another_key_or_another_hand_is_refused(catalogue: MemoryCatalogue) -> None:
    made = repository(catalogue)
    token = page(made, verb="ListIdentifiers", metadataPrefix="oai_dc").findtext(f".//{O}resumptionToken")
    assert codes(page(made, verb="ListRecords", resumptionToken=token)) == ["badResumptionToken"]
    other = replace(made, key=b"another")
    assert codes(page(other, verb="ListIdentifiers", resumptionToken=token)) == ["badResumptionToken"]
    changed = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    assert codes(page(made, verb="ListIdentifiers", resumptionToken=changed)) == ["badResumptionToken"]


TOKENS = st.builds(
    Token, st.sampled_from(["ListRecords", "ListIdentifiers"]), st.sampled_from(["oai_dc", "marcxml"]),
    st.text(max_size=20), st.integers(0, 10**9), st.just("library:x"), st.just(""), st.just("2026-01-01T00:00:00Z"),
)


@given(TOKENS)
@settings(deadline=None)
def test_a_token_comes_back_as_it_was_and_is_safe_in_an_address(token: Token) -> None:
    sealed = seal(token, KEY)
    assert open_token(sealed, KEY) == token
    assert sealed.isascii()
    assert sealed.replace("-", "").replace("_", "").isalnum()


@given(st.text(max_size=200))
@settings(deadline=None)
def test_any_text_is_refused_as_a_token(text: str) -> None:
    with pytest.raises(BadToken):
        open_token(text, KEY)
