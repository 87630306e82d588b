"""Any parameters, however wrong, get an SRU response that is XML; nothing is ever a page of ours or a crash."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.fakes import sample_catalogue
from web.sru.explain import Database
from web.sru.parameters import ALLOWED
from web.sru.server import Server

NAMES = sorted({name for names in ALLOWED.values() for name in names} | {"x-extra", "nonsense"})
TEXTS = st.one_of(
    st.sampled_from(["", "1", "0", "10", "-1", "1.1", "1.2", "2.0", "explain", "searchRetrieve", "scan", "cql", "xml",
                     "string", "marcxml", "dc", "mods", "title,,0", "title", "5:dc.date", "99999999999999", "1e3",
                     "\u0663"]),
    st.sampled_from(["title = алгебра", "*", "a or b", "((", '"', "dc.date within 1 2", "title = ^a*", "a sortBy date",
                     'title == "" ', "> x=y z", "a prox b", "cs.grade > 3", "dc.identifier any 5", "cql.allRecords=1"]),
    st.text(max_size=12),
)
PARAMETERS = st.dictionaries(st.sampled_from(NAMES), st.lists(TEXTS, min_size=1, max_size=2), max_size=6)


@pytest.fixture(scope="module")
def server() -> Server:
    return Server(sample_catalogue(), Database("t", "d", "http://x.ru/sru"), "http://x.ru/record/")


@given(PARAMETERS)
@settings(max_examples=150, deadline=None)
def test_whatever_is_asked_the_answer_is_a_response_of_sru(server: Server, parameters: dict[str, list[str]]) -> None:
    root = etree.fromstring(server.answer(parameters).encode())
    assert etree.QName(root).localname in ("explainResponse", "searchRetrieveResponse", "scanResponse")
    numbers = [e.text for e in root.iter() if etree.QName(e).localname == "uri"]
    assert "info:srw/diagnostic/1/1" not in numbers, parameters
