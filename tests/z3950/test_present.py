"""Present: syntaxes, element sets, charsets, sizes, and what happens to records that changed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from lxml import etree
from msgspec import structs

from catalog_sync.protocol import ber
from catalog_sync.protocol.apdu import (
    Diagnostic,
    InitRequest,
    PresentStatus,
)
from catalog_sync.protocol.diagnostics import Condition
from catalog_sync.query import DEEPEST
from tests.fake_records import union_record
from tests.fakes import DeepCatalogue, MemoryCatalogue, sample_catalogue
from tests.z3950.answers import condition, content, marc
from tests.z3950.conftest import ALL_OPTIONS, RUSMARC, SUTRS, UNIMARC, USMARC, XML, Talk
from web.z3950.settings import Limits, ServerSettings


@pytest.mark.parametrize(("syntax", "title"), [(USMARC, "245"), (RUSMARC, "200"), (UNIMARC, "200")])
def test_a_record_comes_in_each_marc_syntax(talk: Talk, syntax: str, title: str) -> None:
    talk.search("@attr 1=4 онегин")
    answer = talk.present(syntax=syntax)
    assert content(answer).oid == syntax
    assert marc(answer)[title]["a"] == "Евгений Онегин"
    assert answer.next_position == 0


def test_brief_records_have_the_title_and_no_holdings(talk: Talk) -> None:
    talk.search("@attr 1=4 онегин")
    brief, full = marc(talk.present(syntax=RUSMARC, elements="B")), marc(talk.present(syntax=RUSMARC, elements="F"))
    assert brief.get_fields("200")
    assert not brief.get_fields("899")
    assert full.get_fields("899")


# MARC21slim.xsd, leaderFieldType
LEADER = re.compile(r"[\d ]{5}[\dA-Za-z ][\dA-Za-z][\dA-Za-z ]{3}[2 ][2 ][\d ]{5}[\dA-Za-z ]{3}(4500|    )")


def test_xml_is_marcxml_and_dublin_core_by_element_set(talk: Talk) -> None:
    talk.search("@attr 1=4 онегин")
    root = etree.fromstring(content(talk.present(syntax=XML)).data)
    assert root.tag == "{http://www.loc.gov/MARC21/slim}record"
    rusmarc = etree.fromstring(content(talk.present(syntax=XML, elements="rusmarc")).data)
    assert rusmarc.xpath("string(*[@tag='200']/*[@code='a'])") == "Евгений Онегин"
    leader = rusmarc.findtext("{*}leader")
    assert leader
    assert LEADER.fullmatch(leader)
    dublin = etree.fromstring(content(talk.present(syntax=XML, elements="dc")).data)
    assert "Евгений Онегин" in "".join(dublin.itertext())


@pytest.mark.parametrize(
    ("elements", "schema", "sign"),
    [("F", "dc", "{http://purl.org/dc/"), ("", "dc", "{http://purl.org/dc/"), ("F", "rusmarc", "200"),
     ("B", "marcxml", "245"), ("F", "", "245")],
)  # fmt: skip
def test_a_schema_of_xml_is_kept_beside_the_name_of_the_full_element_set(
    talk: Talk, elements: str, schema: str, sign: str
) -> None:
    """ZOOM sends both where its caller set both."""
    talk.search("@attr 1=4 онегин")
    named = ber.constructed(2, ber.text(1, elements, "utf-8")) if elements else b""
    generic = ber.constructed(2, ber.some_text(300, schema, "utf-8"), named)
    composition = ber.constructed(209, ber.write_boolean(False, 1), generic)
    start, count = ber.write_integer(1, 30), ber.write_integer(1, 29)
    answer = talk.raw(ber.constructed(24, ber.text(31, "default", "utf-8"), start, count, composition,
                                      ber.write_oid(XML, 104)))  # fmt: skip
    root = etree.fromstring(content(answer).data)
    assert any(sign in (element.get("tag") or element.tag) for element in root.iter())


def test_sutrs_is_a_description_for_people(talk: Talk) -> None:
    talk.search("@attr 1=4 онегин")
    found = content(talk.present(syntax=SUTRS))
    assert found.single
    node, _ = ber.read_node(found.data, 0, len(found.data))
    text = ber.octets(found.data, node).decode()
    assert "Евгений Онегин : роман в стихах" in text
    assert "Краеведческий музей: 2 экз." in text


@pytest.mark.parametrize(("start", "count"), [(0, 1), (4, 1), (1, 4), (-1, 1), (3, 2), (2**31 - 1, 2**31 - 1), (1, -1)])
def test_present_out_of_range_is_diagnostic_13(talk: Talk, start: int, count: int) -> None:
    talk.search("@attr 1=4 алгебра")
    assert condition(talk.present(start, count)) == 13


@pytest.mark.parametrize(
    ("more", "expected"),
    [({"syntax": "1.2.840.10003.5.105"}, 239), ({"elements": "Z"}, 25), ({"result_set": "x"}, 30)],
)
def test_present_refuses_what_it_does_not_know(talk: Talk, more: dict[str, object], expected: int) -> None:
    talk.search("@attr 1=4 алгебра")
    assert condition(talk.present(**more)) == expected


def big_catalogue(count: int = 1) -> MemoryCatalogue:
    records = [union_record(f"b{n}", "Большая " + "запись " * 300, subjects=("Тема " * 50,)) for n in range(count)]
    return MemoryCatalogue(records)


def test_records_that_do_not_fit_into_the_message_are_left_for_the_next_present() -> None:
    opened = Talk(big_catalogue(10))
    opened.init(InitRequest(ALL_OPTIONS, preferred_size=20_000, exceptional_size=20_000))
    assert opened.search("большая").hits == 10
    answer = opened.present(1, 10)
    assert 1 < answer.returned < 10
    assert answer.status == PresentStatus.MESSAGE_SIZE
    assert answer.next_position == answer.returned + 1


def test_a_record_beyond_the_preferred_size_comes_alone_or_as_diagnostic_16() -> None:
    opened = Talk(big_catalogue(2))
    opened.init(InitRequest(ALL_OPTIONS, preferred_size=2000, exceptional_size=50_000))
    opened.search("большая")
    surrogates = [record.content for record in opened.present(1, 2).records]
    assert [s.condition for s in surrogates if isinstance(s, Diagnostic)] == [16, 16]
    assert len(content(opened.present(1, 1)).data) > 2000


def test_a_record_beyond_the_exceptional_size_is_diagnostic_17() -> None:
    opened = Talk(big_catalogue())
    opened.init(InitRequest(ALL_OPTIONS, preferred_size=2000, exceptional_size=2000))
    opened.search("большая")
    found = opened.present(1, 1).records[0].content
    assert isinstance(found, Diagnostic)
    assert found.condition == 17


def test_a_record_too_long_for_iso_2709_is_a_surrogate_and_comes_as_xml() -> None:
    opened = Talk(MemoryCatalogue([union_record("x", "Длинная", subjects=["Тема " * 1500] * 15)]))
    opened.init()
    opened.search("длинная")
    found = opened.present(1, 1, syntax=USMARC).records[0].content
    assert isinstance(found, Diagnostic)
    assert found.condition == 238
    assert content(opened.present(1, 1, syntax=XML)).data


def test_a_record_deleted_after_the_search_is_a_surrogate_diagnostic() -> None:
    catalogue = sample_catalogue()
    opened = Talk(catalogue)
    opened.init()
    opened.search("@attr 1=4 алгебра")
    catalogue.delete("c1")
    found = opened.present(1, 1).records[0].content
    assert isinstance(found, Diagnostic)
    assert found.condition == 1028


def test_a_merged_record_is_answered_with_its_successor() -> None:
    catalogue = sample_catalogue()
    opened = Talk(catalogue)
    opened.init()
    opened.search("@attr 1=4 алгебра")
    catalogue.delete("c1", redirect="c2")
    assert marc(opened.present(1, 1)).get_fields("001")[0].data == "c2"


def test_a_changed_record_is_rendered_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = sample_catalogue()
    opened = Talk(catalogue)
    opened.init()
    opened.search("@attr 1=4 онегин")
    assert marc(opened.present())["245"]["a"] == "Евгений Онегин"
    monkeypatch.setattr("web.z3950.cache.POLL_SECONDS", 0.0)
    record = catalogue.record("c6")
    assert record is not None
    catalogue.put(replace(record, bib=structs.replace(record.bib, title="Онегин Евгений")), datetime.now(UTC))
    assert marc(opened.present())["245"]["a"] == "Онегин Евгений"


def test_presenting_more_than_a_thousand_records_is_cut_and_says_so() -> None:
    opened = Talk(big_catalogue(3), ServerSettings(limits=Limits(records_per_present=2)))
    opened.init()
    opened.search("большая")
    answer = opened.present(1, 3, elements="B")
    assert (answer.returned, answer.status, answer.next_position) == (2, PresentStatus.MESSAGE_SIZE, 3)


def test_a_search_brings_no_more_records_with_it_than_a_present() -> None:
    opened = Talk(big_catalogue(3), ServerSettings(limits=Limits(records_per_present=2)))
    opened.init()
    answer = opened.search("большая", small_set_upper_bound=2**31 - 1, small_elements="B")
    assert (answer.hits, answer.returned, answer.next_position) == (3, 2, 3)
    assert answer.present_status == PresentStatus.MESSAGE_SIZE


def test_a_set_larger_than_can_be_turned_to_is_walked_to_its_limit() -> None:
    opened = Talk(DeepCatalogue([]))
    opened.init()
    opened.search("всё")
    answer = opened.present(DEEPEST - 2, 10, elements="B")
    assert (answer.returned, answer.next_position) == (3, DEEPEST + 1)
    assert condition(opened.present(DEEPEST + 1)) == Condition.OUT_OF_RANGE
