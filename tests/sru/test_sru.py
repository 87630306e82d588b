"""The SRU server of each version: explain, searchRetrieve, scan, facets, and every refusal with its diagnostic."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from lxml import etree

from catalog_sync.query import DEEPEST, Hits
from tests.fake_records import union_record
from tests.fakes import DeepCatalogue, MemoryCatalogue, sample_catalogue, words
from tests.sru.live import application

N1 = "{http://www.loc.gov/zing/srw/}"
N2 = "{http://docs.oasis-open.org/ns/search-ws/sruResponse}"
D1 = "{http://www.loc.gov/zing/srw/diagnostic/}"
D2 = "{http://docs.oasis-open.org/ns/search-ws/diagnostic}"
FR = "{http://docs.oasis-open.org/ns/search-ws/facetedResults}"
ZR = "{http://explain.z3950.org/dtd/2.0/}"
MARC = "{http://www.loc.gov/MARC21/slim}"


def get(client: FlaskClient, path: str = "/sru", **parameters: str) -> etree._Element:
    response = client.get(f"{path}?{urlencode(parameters)}")
    assert response.status_code == 200
    return etree.fromstring(response.data)


def search(client: FlaskClient, version: str, query: str, path: str = "/sru", **more: str) -> etree._Element:
    if version == "2.0":
        return get(client, path, query=query, **more)
    return get(client, path, operation="searchRetrieve", version=version, query=query, **more)


def number(root: etree._Element) -> int:
    return int(root.findtext(f"{N1}numberOfRecords") or root.findtext(f"{N2}numberOfRecords"))


def wrong(root: etree._Element) -> tuple[int, str]:
    """Number and details of the first diagnostic."""
    found = root.find(f".//{D1}diagnostic")
    ns = D1 if found is not None else D2
    found = root.find(f".//{ns}diagnostic")
    assert found is not None, etree.tostring(root)
    assert found.findtext(f"{ns}message")
    return int(found.findtext(f"{ns}uri").rsplit("/", 1)[1]), found.findtext(f"{ns}details") or ""


# --- versions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "namespace"), [("1.1", N1), ("1.2", N1), ("2.0", N2)])
def test_each_version_answers_in_its_own_namespace_and_element_names(
    client: FlaskClient, version: str, namespace: str
) -> None:
    root = search(client, version, "cql.allRecords=1", maximumRecords="2")
    record = root.find(f"{namespace}records/{namespace}record")
    assert root.tag == f"{namespace}searchRetrieveResponse"
    assert root.findtext(f"{namespace}version") == version
    names = [etree.QName(e).localname for e in record]
    escaping = "recordXMLEscaping" if version == "2.0" else "recordPacking"
    identifier = [] if version == "1.1" else ["recordIdentifier"]
    assert names == ["recordSchema", escaping, "recordData", *identifier, "recordPosition"]
    assert root.findtext(f"{namespace}nextRecordPosition") == "3"


def test_the_elements_of_a_response_stand_in_the_order_of_the_schema(client: FlaskClient) -> None:
    response = search(client, "1.2", "* sortBy title", maximumRecords="1", sortKeys="title")
    assert [etree.QName(e).localname for e in response] == [
        "version", "numberOfRecords", "records", "nextRecordPosition", "echoedSearchRetrieveRequest", "diagnostics",
    ]
    new = [etree.QName(e).localname for e in search(client, "2.0", "*", maximumRecords="1", facetLimit="2")]
    assert new == ["version", "numberOfRecords", "records", "nextRecordPosition", "echoedSearchRetrieveRequest",
                   "resultCountPrecision", "facetedResults"]


@pytest.mark.parametrize(
    ("parameters", "number_", "details"),
    [
        ({"operation": "searchRetrieve", "version": "3.0", "query": "a"}, 5, "2.0"),
        ({"operation": "searchRetrieve", "query": "a"}, 7, "version"),
        ({"operation": "searchRetrieve", "version": "1.1"}, 7, "query"),
        ({"operation": "scan", "version": "1.2"}, 7, "scanClause"),
        ({"operation": "update", "version": "1.2"}, 4, "update"),
        ({"query": "a", "nonsense": "1"}, 8, "nonsense"),
        ({"version": "1.1", "operation": "searchRetrieve", "query": "a", "facetLimit": "5"}, 8, "facetLimit"),
        ({"query": "a", "startRecord": "0"}, 6, "startRecord"),
        ({"query": "a", "startRecord": "x"}, 6, "startRecord"),
        ({"query": "a", "maximumRecords": "-1"}, 6, "maximumRecords"),
        ({"query": "алгебра", "startRecord": "999"}, 61, "startRecord 999, numberOfRecords 4"),
        ({"query": "a", "startRecord": "9999999"}, 61, "startRecord 9999999: at most 100000"),
        ({"query": "a", "recordSchema": "onix"}, 66, "onix"),
        ({"query": "a", "recordXMLEscaping": "zip"}, 6, "recordXMLEscaping"),
        ({"version": "1.1", "operation": "searchRetrieve", "query": "a", "recordPacking": "zip"}, 71, "zip"),
        ({"query": "a", "recordXPath": "/x"}, 72, "/x"),
        ({"query": "a", "queryType": "pqf"}, 11, "pqf"),
        ({"query": "a", "renderedBy": "nobody"}, 6, "renderedBy"),
        ({"query": "a", "stylesheet": "http://evil.example/x.xsl"}, 111, "http://evil.example/x.xsl"),
        ({"query": "a", "sortKeys": "nosuch"}, 88, "nosuch"),
        ({"query": "(("}, 10, "character 3: expected a search term, came the end of the query"),
        ({"query": "x.y = a"}, 15, "x"),
        ({"query": "dc.nosuch = a"}, 16, "dc.nosuch"),
        ({"query": "title < a"}, 22, "dc.title <"),
        ({"query": "a", "facetLimit": "5:nosuch"}, 16, "5:nosuch"[2:]),
        ({"query": "a", "facetLimit": "5:dc.description"}, 16, "dc.description"),
        ({"query": "a", "facetLimit": "many"}, 6, "facetLimit"),
        ({"query": "a", "facetLimit": "5", "facetSort": "random"}, 6, "facetSort"),
        ({"query": "a", "facetLimit": "5", "facetRangeField": "dc.date"}, 8, "facetRangeField"),
        ({"scanClause": "a and b"}, 48, "scanClause: one search clause"),
        ({"scanClause": "dc.description = a"}, 16, "dc.description"),
        ({"scanClause": "title < a"}, 19, "<"),
        ({"scanClause": "title = a", "maximumTerms": "0"}, 6, "maximumTerms"),
        ({"scanClause": "title = a", "responsePosition": "99"}, 120, "99"),
    ],
)
def test_what_cannot_be_done_is_a_diagnostic_with_details_in_the_shape_of_the_operation(
    client: FlaskClient, parameters: dict[str, str], number_: int, details: str
) -> None:
    root = get(client, **parameters)
    assert wrong(root) == (number_, details)
    expected = "scanResponse" if "scanClause" in parameters or parameters.get("operation") == "scan" else (
        "explainResponse" if parameters.get("operation") == "update" else "searchRetrieveResponse"
    )
    assert etree.QName(root).localname == expected


def test_a_parameter_given_twice_with_different_values_is_refused(client: FlaskClient) -> None:
    assert wrong(etree.fromstring(client.get("/sru?query=a&query=b").data)) == (6, "query")


def test_a_fault_of_ours_is_a_diagnostic_without_our_innards(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(MemoryCatalogue):
        def search(self, *args: object, **kwargs: object) -> Hits:
            raise RuntimeError("/etc/secret")

    response = application(Broken()).test_client().get("/sru?query=a")
    assert wrong(etree.fromstring(response.data)) == (1, "")
    assert b"secret" not in response.data
    assert "запрос searchRetrieve не выполнен" in caplog.text


def test_extension_parameters_are_allowed(client: FlaskClient) -> None:
    assert number(search(client, "2.0", "алгебра", **{"x-username": "me"})) == 4


# --- searchRetrieve ------------------------------------------------------------------------------------------------


def test_pages_put_together_are_the_whole_answer_without_repetition(client: FlaskClient) -> None:
    seen: list[str] = []
    start = "1"
    while start:
        root = search(client, "1.2", "cql.allRecords=1 sortBy title", startRecord=start, maximumRecords="3")
        seen += [r.findtext(f"{N1}recordIdentifier") for r in root.iter(f"{N1}record")]
        start = root.findtext(f"{N1}nextRecordPosition") or ""
    assert len(seen) == len(set(seen)) == number(root)


def test_the_last_page_of_what_can_be_turned_to_ends_with_its_last_record() -> None:
    root = search(application(DeepCatalogue([])).test_client(), "2.0", "*", startRecord=str(DEEPEST - 2))
    assert [r.text for r in root.iter(f"{N2}recordPosition")] == ["99998", "99999", "100000"]
    assert root.findtext(f"{N2}nextRecordPosition") == "100001"  # there are more: who asks for them is told the limit


def test_maximum_records_zero_counts_and_a_huge_one_is_capped(client: FlaskClient) -> None:
    assert search(client, "2.0", "алгебра", maximumRecords="0").find(f"{N2}records") is None
    assert number(search(client, "2.0", "алгебра", maximumRecords="999999")) == 4


@pytest.mark.parametrize(
    ("schema", "root_tag"),
    [
        ("", f"{MARC}record"), ("marcxml", f"{MARC}record"), ("info:srw/schema/1/marcxml-v1.1", f"{MARC}record"),
        ("rusmarc", f"{MARC}record"), ("dc", "{info:srw/schema/1/dc-schema}dc"),
        ("info:srw/schema/1/mods-v3.5", "{http://www.loc.gov/mods/v3}mods"), ("MODS", "{http://www.loc.gov/mods/v3}mods"),
    ],
)
def test_records_come_in_every_schema_by_name_and_by_identifier(
    client: FlaskClient, schema: str, root_tag: str
) -> None:
    root = search(client, "2.0", "алгебра", **({"recordSchema": schema} if schema else {}))
    assert [data[0].tag for data in root.iter(f"{N2}recordData")] == [root_tag] * 4


def test_rusmarc_and_marc21_are_the_same_book_in_their_own_fields(client: FlaskClient) -> None:
    def titles(schema: str, tag: str) -> list[str | None]:
        root = search(client, "2.0", "алгебра", recordSchema=schema)
        return [f[0].text for f in root.iter(f"{MARC}datafield") if f.get("tag") == tag]

    assert titles("rusmarc", "200") == titles("marcxml", "245") != []


@pytest.mark.parametrize(
    ("version", "name", "space"), [("1.1", "recordPacking", N1), ("2.0", "recordXMLEscaping", N2)]
)
def test_records_as_strings_are_the_same_records(client: FlaskClient, version: str, name: str, space: str) -> None:
    plain = search(client, version, "алгебра", maximumRecords="1").find(f".//{space}recordData")
    packed = search(client, version, "алгебра", maximumRecords="1", **{name: "string"}).find(f".//{space}recordData")
    assert len(packed) == 0
    same = etree.tostring(etree.fromstring(packed.text), method="c14n")
    assert same == etree.tostring(etree.fromstring(etree.tostring(plain[0])), method="c14n")


def test_a_post_is_answered_like_a_get(client: FlaskClient) -> None:
    form = {"version": "1.1", "operation": "searchRetrieve", "query": "title = алгебра"}
    response = client.post("/sru", data=form)
    assert number(etree.fromstring(response.data)) == number(search(client, "1.1", "title = алгебра")) > 0


def test_a_body_larger_than_any_query_is_refused(client: FlaskClient) -> None:
    response = client.post("/sru", data={"query": "a" * 200_000})
    assert response.status_code == 413
    assert wrong(etree.fromstring(response.data))[0] == 12


def test_the_database_of_a_library_has_only_what_it_holds(client: FlaskClient) -> None:
    whole, one = (number(search(client, "2.0", "*", path)) for path in ("/sru", "/sru/museum"))
    assert 0 < one < whole
    unknown = client.get("/sru/nowhere?query=a")
    assert unknown.status_code == 404
    assert wrong(etree.fromstring(unknown.data)) == (235, "nowhere")


@pytest.mark.parametrize(("version", "query", "more"), [
    ("1.1", "cql.allRecords=1", {"sortKeys": "date,,0 title"}),
    ("1.2", "cql.allRecords=1 sortBy date/sort.descending title", {}),
    ("2.0", "cql.allRecords=1 sortBy date/sort.descending title", {}),
])
def test_several_sort_keys_order_what_is_alike_by_the_first(
    client: FlaskClient, version: str, query: str, more: dict[str, str]
) -> None:
    root = search(client, version, query, recordSchema="dc", **more)
    dc = "{http://purl.org/dc/elements/1.1/}"
    found = [(r.findtext(f".//{dc}date") or "", r.findtext(f".//{dc}title") or "") for r in root.iter("{*}recordData")]
    assert len(found) > 5
    assert len({year for year, _ in found}) < len(found)  # some are alike by year
    assert found == sorted(sorted(found, key=lambda pair: words(pair[1])), key=lambda pair: pair[0], reverse=True)


def test_sorting_in_the_query_prevails_and_the_client_is_told(client: FlaskClient) -> None:
    root = search(client, "1.1", "cql.allRecords=1 sortBy title", sortKeys="date")
    assert wrong(root) == (94, "date")
    assert number(root) > 0


def test_plain_words_are_a_query_type_of_their_own(client: FlaskClient) -> None:
    assert number(search(client, "2.0", "алгебра (7", queryType="searchTerms")) == number(
        search(client, "2.0", '"алгебра" "7"')
    )


def test_what_was_asked_is_echoed_with_its_xcql(client: FlaskClient) -> None:
    root = search(client, "1.1", 'title any "a b"', startRecord="1")
    echoed = root.find(f"{N1}echoedSearchRetrieveRequest")
    assert echoed.findtext(f"{N1}query") == 'title any "a b"'
    assert echoed.findtext(".//{http://www.loc.gov/zing/cql/xcql/}term") == "a b"


def test_hostile_text_in_a_query_stays_text(client: FlaskClient) -> None:
    root = search(client, "2.0", "\"<script>alert(1)</script>&'\x00\x08\"")
    assert "<script>alert(1)</script>" in root.findtext(f".//{N2}query")


def test_a_record_that_went_away_meanwhile_leaves_a_surrogate_in_its_place() -> None:
    class Moving(MemoryCatalogue):
        def records(self, clusters: object) -> list:  # type: ignore[type-arg]
            return super().records(clusters)[1:]  # type: ignore[arg-type]

    source = sample_catalogue()
    moving = Moving(source.records(["c1", "c2"]))
    root = search(application(moving).test_client(), "2.0", "*")
    assert wrong(root) == (65, "c1")
    assert [r.findtext(f"{N2}recordPosition") for r in root.iter(f"{N2}record")] == ["1", "2"]


# --- facets --------------------------------------------------------------------------------------------------------


def test_facets_count_and_each_value_finds_as_many_as_it_promises(client: FlaskClient) -> None:
    root = search(client, "2.0", "алгебра", facetLimit="10:dc.language,3:dc.date,2:dc.creator")
    facets = {f.findtext(f"{FR}index"): f for f in root.iter(f"{FR}facet")}
    assert list(facets) == ["dc.language", "dc.date", "dc.creator"]
    assert len(facets["dc.creator"].findall(f"{FR}terms/{FR}term")) <= 2
    for term in facets["dc.date"].iter(f"{FR}term"):
        assert number(search(client, "2.0", term.findtext(f"{FR}query"))) == int(term.findtext(f"{FR}count"))


def test_facets_can_be_paged_and_sorted_by_name(client: FlaskClient) -> None:
    def terms(**more: str) -> list[str]:
        root = search(client, "2.0", "*", **more)
        return [t.text for t in root.iter(f"{FR}actualTerm")]

    whole = terms(facetLimit="4:dc.date")
    assert terms(facetLimit="3:dc.date", facetStart="2") == whole[1:4]
    assert terms(facetLimit="4:dc.date", facetSort="alphanumeric") == sorted(whole)


# --- scan ----------------------------------------------------------------------------------------------------------


def scanned(client: FlaskClient, **parameters: str) -> list[tuple[str, int]]:
    root = get(client, operation="scan", version="1.2", **parameters)
    return [(t.findtext(f"{N1}value"), int(t.findtext(f"{N1}numberOfRecords"))) for t in root.iter(f"{N1}term")]


def test_scan_begins_at_the_term_and_its_counts_are_what_a_search_finds(client: FlaskClient) -> None:
    terms = scanned(client, scanClause="title = алгебра", maximumTerms="3")
    assert terms[0][0] == "алгебра"
    for term, count in terms:
        assert number(search(client, "2.0", f'title = "{term}"')) == count


def test_the_response_position_moves_the_window_over_the_same_list(client: FlaskClient) -> None:
    def values(position: str) -> list[str]:
        found = scanned(client, scanClause="title = алгебра", maximumTerms="3", responsePosition=position)
        return [t for t, _ in found]

    first, second, zero = values("1"), values("2"), values("0")
    assert second[1:] == first[:2]
    assert zero[:2] == first[1:]


def test_the_ends_of_the_list_are_marked(client: FlaskClient) -> None:
    root = get(client, scanClause='dc.language = ""', maximumTerms="100")
    scan = "{http://docs.oasis-open.org/ns/search-ws/scan}"
    marks = [t.findtext(f"{scan}whereInList") or "" for t in root.iter(f"{scan}term")]
    assert marks[0] == "first"
    assert marks[-1] == "last"
    assert not any(marks[1:-1])


@pytest.mark.parametrize(("position", "marks"), [(1, {}), (2, {}), (201, {199: "last"})])
def test_the_ends_of_a_list_longer_than_an_answer_are_not_where_the_answer_ends(
    position: int, marks: dict[int, str]
) -> None:
    records = [union_record(f"c{number}", f"к{number:04}") for number in range(500)]
    asked = "я" if position == 201 else "к0250"
    client = application(MemoryCatalogue(records)).test_client()
    root = get(client, scanClause=f"title = {asked}", maximumTerms="200", responsePosition=str(position))
    found = [term.findtext("{*}whereInList") or "" for term in root.iter("{*}term")]
    assert {place: mark for place, mark in enumerate(found) if mark} == marks


def test_a_scan_from_several_bare_words_begins_at_all_of_them(client: FlaskClient) -> None:
    bare = scanned(client, scanClause="title = алгебра я", maximumTerms="3")
    assert bare == scanned(client, scanClause='title = "алгебра я"', maximumTerms="3")
    assert bare != scanned(client, scanClause="title = алгебра", maximumTerms="3"), "алгебра comes before it"


def test_a_scan_for_two_billion_terms_is_capped_and_says_so(client: FlaskClient) -> None:
    root = get(client, operation="scan", version="1.1", scanClause="title = а", maximumTerms=str(2**31 - 1))
    assert wrong(root) == (121, "200")
    assert 0 < len(list(root.iter(f"{N1}term"))) <= 200


# --- explain and the page for people -------------------------------------------------------------------------------


@pytest.mark.parametrize("parameters", [{}, {"operation": "explain", "version": "1.1"}, {"operation": "explain"},
                                        {"version": "2.0"}])
def test_explain_tells_what_can_be_asked(client: FlaskClient, parameters: dict[str, str]) -> None:
    explain = get(client, **parameters).find(f".//{ZR}explain")
    assert [etree.QName(e).localname for e in explain] == [
        "serverInfo", "databaseInfo", "metaInfo", "indexInfo", "schemaInfo", "configInfo",
    ]
    assert {s.get("name") for s in explain.iter(f"{ZR}schema")} == {"marcxml", "rusmarc", "dc", "mods"}


def test_every_index_that_explain_promises_can_be_searched_and_scanned(client: FlaskClient) -> None:
    explain = get(client)
    unknown_to_the_fake = {"grade", "kind", "callNumber", "schoolSubject", "genreForm", "access",
                           "recordType", "bibLevel", "creationDate"}
    for index in explain.iter(f"{ZR}index"):
        for name in index.iter(f"{ZR}name"):
            if name.text in unknown_to_the_fake:
                continue
            qualified = f"{name.get('set')}.{name.text}"
            root = search(client, "2.0", f"{qualified} = {12 if name.text in ('audience', 'age') else 2015}")
            assert root.find(f".//{D2}diagnostic") is None, qualified
