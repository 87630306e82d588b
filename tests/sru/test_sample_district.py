"""SRU and OAI-PMH over the real store and index of the sample district: every promise of explain is kept there too."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from lxml import etree
from sickle import Sickle

from catalog_sync.cli.root import load_commands, root
from catalog_sync.protocol.cql_context import indexes
from catalog_sync.query import Access, Catalogue
from catalog_sync.settings import load
from tests.sru.live import application, serving
from web.app import open_catalogue

pytestmark = pytest.mark.slow
# Scan lists words of these as they are written, headings (whole titles, names) of the others.
WORD_LISTS = {Access.ANY, Access.ABSTRACT, Access.NOTE, Access.CONTENTS}
DIAGNOSTIC = ".//{*}diagnostic/{*}details"


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    home = tmp_path_factory.mktemp("district")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CATALOG_SYNC_HOME", str(home))
        load_commands()
        done = CliRunner().invoke(root, ["init", "--sample"])
        assert done.exit_code == 0, done.output
        yield open_catalogue(load(environ={**os.environ, "CATALOG_SYNC_HOME": str(home)}), None)[0]


@pytest.fixture(scope="module")
def client(catalogue: Catalogue) -> FlaskClient:
    return application(catalogue).test_client()


def ask(client: FlaskClient, **parameters: str) -> etree._Element:
    return etree.fromstring(client.get("/sru", query_string=parameters).data)


def count(answer: etree._Element) -> int:
    return int(answer.findtext("{*}numberOfRecords"))


def test_every_index_answers_every_relation_it_should(client: FlaskClient) -> None:
    for index in indexes():
        dates = {Access.CHANGED, Access.ADDED, Access.YEAR} & set(index.access)
        term = "2020" if dates else {"order": "12", "code": "x1", "words": "алгебра", "all": "1"}[index.kind]
        relations = {"order": ("=", "<", ">=", "<>"), "code": ("=", "any", "<>"), "all": ("=",)}.get(
            index.kind, ("=", "==", "all", "any", "adj", "<>")
        )
        for relation in relations:
            answer = ask(client, query=f"{index.qualified} {relation} {term}", maximumRecords="1")
            assert answer.find(DIAGNOSTIC) is None, f"{index.qualified} {relation}"


def test_every_scan_gives_terms_that_find_what_they_promise(client: FlaskClient) -> None:
    for index in indexes():
        if not index.can_scan or index.name == "identifier":
            continue
        answer = ask(client, scanClause=f'{index.qualified} = "0"', maximumTerms="3")
        assert answer.find(DIAGNOSTIC) is None, index.qualified
        for term in answer.iter("{*}term"):
            value, promised = term.findtext("{*}value"), int(term.findtext("{*}numberOfRecords"))
            quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("*", "\\*").replace("?", "\\?")
            relation = "adj" if WORD_LISTS & set(index.access) else "=="
            found = count(ask(client, query=f'{index.qualified} {relation} "{quoted}"', maximumRecords="0"))
            assert found == promised > 0, (index.qualified, value)


@pytest.mark.parametrize(
    "asked",
    [
        {"query": "*"},
        {"query": "алгебра or сказки sortBy dc.date/sort.descending dc.title"},
        {"query": "title = (sortby or алгебра) sortBy dc.title"},
        {"query": 'учебник "7', "queryType": "searchTerms"},
    ],
)
def test_facets_promise_what_their_queries_find(client: FlaskClient, asked: dict[str, str]) -> None:
    """Authors, too: most records have their forenames in full, facets their initials."""
    facets = "5:dc.date,5:cs.library,5:cs.kind,5:dc.language,5:cs.grade,20:dc.creator,5:dc.publisher,5:dc.subject"
    answer = ask(client, **asked, facetLimit=facets)
    terms = list(answer.iter("{http://docs.oasis-open.org/ns/search-ws/facetedResults}term"))
    assert len(terms) > 10
    for term in terms:
        query, promised = term.findtext("{*}query"), int(term.findtext("{*}count"))
        assert count(ask(client, query=query, maximumRecords="0")) == promised, query


@pytest.mark.parametrize("prefix", ["oai_dc", "marcxml", "rusmarc"])
def test_a_harvest_brings_every_record_and_sets_divide_it(catalogue: Catalogue, prefix: str) -> None:
    with serving(catalogue) as base:
        harvester = Sickle(f"{base}/oai")
        whole = {h.identifier for h in harvester.ListIdentifiers(metadataPrefix=prefix)}
        records = list(harvester.ListRecords(metadataPrefix=prefix))
        libraries = [s.setSpec for s in harvester.ListSets() if s.setSpec.startswith("library:")]
        parts = [{h.identifier for h in harvester.ListIdentifiers(metadataPrefix=prefix, set=s)} for s in libraries]
    assert len(records) == len(whole) > 250
    assert set().union(*parts) == whole
