from __future__ import annotations

import json

import pytest

from catalog_sync.errors import BadRecord
from catalog_sync.marc.reading import marc_record, read_export, to_bib
from catalog_sync.marc.writing import to_marcxml
from catalog_sync.marc.xmlreading import from_marcxml
from catalog_sync.model import BibRecord, SetAside, SourceRecord

from .samples import book, school

ONE = to_marcxml(book(1)).decode()
TWO = to_marcxml(book(2)).decode()


def bibs(text: str | bytes) -> list[BibRecord]:
    data = text.encode() if isinstance(text, str) else text
    return [to_bib(r) for r in read_export(data, school()) if isinstance(r, SourceRecord)]


def titles(text: str | bytes) -> list[str]:
    return [b.title for b in bibs(text)]


WRAPPINGS = {
    "bare": ONE,
    "collection": f'<?xml version="1.0" encoding="UTF-8"?>\n<collection>{ONE}</collection>',
    "OAI-PMH": (
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record><header><identifier>oai:x:B1'
        f"</identifier></header><metadata>{ONE}</metadata></record></ListRecords></OAI-PMH>"
    ),
    "SRU": (
        '<zs:searchRetrieveResponse xmlns:zs="http://docs.oasis-open.org/ns/search-ws/sruResponse"><zs:records>'
        f"<zs:record><zs:recordData>{ONE}</zs:recordData></zs:record></zs:records></zs:searchRetrieveResponse>"
    ),
    "SRU as a string": (
        "<searchRetrieveResponse><records><record><recordData>"
        + ONE.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        + "</recordData></record></records></searchRetrieveResponse>"
    ),
    "prefixes declared outside": (
        '<marc:collection xmlns:marc="http://www.loc.gov/MARC21/slim">'
        + ONE.replace("</", "</marc:").replace("<", "<marc:").replace("<marc:/marc:", "</marc:")
        + "</marc:collection>"
    ),
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_a_record_is_found_in_every_wrapping(wrapping: str) -> None:
    (bib,) = bibs(WRAPPINGS[wrapping])
    assert (bib.key.local_id, bib.title, bib.year_text) == ("B1", "Алгебра 1", "2019")


def test_a_file_in_windows_1251_or_utf16_is_read_as_declared() -> None:
    text = f'<?xml version="1.0" encoding="windows-1251"?><collection>{ONE}{TWO}</collection>'
    assert titles(text.encode("cp1251")) == ["Алгебра 1", "Алгебра 2"]
    assert titles(f"<collection>{ONE}</collection>".encode("utf-16")) == ["Алгебра 1"]


def test_a_broken_record_costs_only_itself() -> None:
    text = f"<collection>{ONE.replace('</record>', '')}{TWO}</collection>"
    found = list(read_export(text.encode(), school()))
    assert isinstance(found[0], SetAside)
    assert "обрывается" in found[0].reason
    assert isinstance(found[1], SourceRecord)
    assert found[1].local_id == "B2"


def test_a_file_cut_in_the_middle_keeps_what_is_whole() -> None:
    found = list(read_export(f"<collection>{ONE}{TWO[:150]}".encode(), school()))
    assert [type(f) for f in found] == [SourceRecord, SetAside]


def test_records_of_another_schema_are_set_aside_not_passed_over() -> None:
    other = "<record><header/><metadata><dc>Книга</dc></metadata></record>"
    text = f"<OAI-PMH><ListRecords>{other}<record/></ListRecords></OAI-PMH>"
    found = list(read_export(text.encode(), school()))
    assert [f.reason.split(":")[0] for f in found if isinstance(f, SetAside)] == ["запись без полей MARC"] * 2


def test_entities_are_never_expanded() -> None:
    bomb = (
        '<!DOCTYPE c [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
        '<!ENTITY x SYSTEM "file:///etc/passwd">]><collection>'
        + ONE.replace("Алгебра 1", "&b;")
        + TWO.replace("Алгебра 2", "&x;")
        + "</collection>"
    )
    for found in read_export(bomb.encode(), school()):
        assert isinstance(found, SourceRecord)
        with pytest.raises(BadRecord):
            marc_record(found)


def test_a_deleted_oai_record_is_a_tombstone() -> None:
    text = (
        "<OAI-PMH><ListRecords><record><header status='deleted'><identifier>oai:school.example:B9</identifier>"
        f"</header></record><record><header/><metadata>{ONE}</metadata></record></ListRecords></OAI-PMH>"
    )
    found = [r for r in read_export(text.encode(), school()) if isinstance(r, SourceRecord)]
    assert [(r.local_id, r.deleted) for r in found] == [("B9", True), ("B1", False)]


def as_json(number: int) -> dict[str, object]:
    subfields = [{"a": f"Алгебра {number}"}, {"e": "учебник"}]
    fields: list[object] = [{"001": f"B{number}"}, {"200": {"ind1": "1", "ind2": " ", "subfields": subfields}}]
    return {"leader": "00000nam0 2200000   450 ", "fields": fields}


def test_marc_in_json_is_read_as_a_list_as_lines_and_alone() -> None:
    one, two = as_json(1), as_json(2)
    assert titles(json.dumps([one, two])) == ["Алгебра 1", "Алгебра 2"]
    assert titles(json.dumps(one) + "\n" + json.dumps(two, ensure_ascii=False)) == ["Алгебра 1", "Алгебра 2"]
    assert titles(json.dumps(one)) == ["Алгебра 1"]


def test_a_broken_line_of_json_costs_only_itself() -> None:
    text = json.dumps(as_json(1)) + '\n{"leader": "cut\n' + json.dumps(as_json(2))
    found = list(read_export(text.encode(), school()))
    assert [type(f) for f in found] == [SourceRecord, SetAside, SourceRecord]


def test_a_broken_record_inside_a_list_on_one_line_costs_only_itself() -> None:
    text = json.dumps([as_json(1), as_json(2), as_json(3)]).replace('"001": "B2"', '"001": "B2')
    found = list(read_export(text.encode(), school()))
    assert [f.local_id for f in found if isinstance(f, SourceRecord)] == ["B1", "B3"]
    assert sum(isinstance(f, SetAside) for f in found) == 1


def test_half_a_letter_or_a_zero_byte_in_a_number_costs_no_other_record() -> None:
    numbers = ["a\U0001f600", "b\udfff", "c\0d", "e"]
    text = json.dumps([as_json(1) | {"fields": [{"001": number}, {"200": "T"}]} for number in numbers])
    row = json.dumps({"doc_id": 7, "item": "001 f\ud800\x1e200  \x1faT"})
    found = [*read_export(text.encode(), school()), *read_export(row.encode(), school())]
    kept = [f.local_id for f in found if isinstance(f, SourceRecord)]
    assert kept == ["a\U0001f600", "b\ufffd", "cd", "e", "f\ufffd"]


def test_json_that_is_no_record_is_bad() -> None:
    for text in ('{"fields": 5}', '{"fields": [{"245": 7}]}', '{"a": 1}'):
        for found in read_export(text.encode(), school(), format="json"):
            assert isinstance(found, SourceRecord)
            with pytest.raises(BadRecord):
                marc_record(found)


def test_half_letters_and_nul_do_not_reach_the_catalogue() -> None:
    (bib,) = bibs(r'{"fields": [{"001": "B1"}, {"200": {"subfields": [{"a": "Кни\ud800га\u0000"}]}}]}')
    assert bib.title == "Кни\ufffdга"


def test_a_thousand_records_of_xml_are_cut_without_a_tree() -> None:
    text = "<collection>" + "".join(to_marcxml(book(n)).decode() for n in range(1000)) + "</collection>"
    export = read_export(text.encode(), school())
    first = next(iter(export))
    assert isinstance(first, SourceRecord)
    assert export.counts.pieces == 1  # nothing behind the first record has been looked at


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        (b"Tom & Jerry", "после & или < нет имени"),
        (b"Tom &Jerry ", "после &… нет точки с запятой"),
        (b"<b>x</i>", "закрывается не тот элемент"),
        (b"\x01", "знак, которого в XML быть не может"),
        (b"<b a=1/>", "значение атрибута без кавычек"),
    ],
)
def test_a_fault_of_xml_is_named_in_russian(inside: bytes, said: str) -> None:
    with pytest.raises(BadRecord) as refusal:
        from_marcxml(b"<record><controlfield tag='001'>" + inside + b"</controlfield></record>")
    assert said in str(refusal.value)
    assert "ошибка XML в строке 1, знак " in str(refusal.value)


def test_a_file_in_utf_8_that_calls_itself_utf_16_is_read() -> None:
    told = f'<?xml version="1.0" encoding="utf-16"?>\n<collection>{ONE}{TWO}</collection>'
    assert titles(told) == ["Алгебра 1", "Алгебра 2"]
    assert titles(told + "\n") == ["Алгебра 1", "Алгебра 2"]
    assert titles(told.encode("utf-16")) == ["Алгебра 1", "Алгебра 2"]


def test_json_in_utf_16_is_read() -> None:
    subfields = [{"a": "Алгебра"}]
    fields = [{"001": "1"}, {"200": {"ind1": "1", "ind2": " ", "subfields": subfields}}]
    typed = json.dumps([{"leader": "00000nam0 2200000   450 ", "fields": fields}], ensure_ascii=False)
    assert titles(typed.encode("utf-16")) == ["Алгебра"]


def test_a_value_with_a_remark_or_an_element_in_it_keeps_all_its_text() -> None:
    assert titles(ONE.replace("Алгебра 1", "Ал<!-- опечатка? -->геб<i>ра</i> 1 &amp; 2")) == ["Алгебра 1 & 2"]


EMBEDDED = """<datafield tag="461" ind1=" " ind2="0"><s1><controlfield tag="001">SET1</controlfield>
 <datafield tag="200" ind1="1" ind2=" "><subfield code="a">Собрание</subfield><subfield code="v">Т. 2</subfield>
 </datafield></s1></datafield>"""


@pytest.mark.parametrize("first", [True, False])
def test_fields_of_a_linked_record_are_not_the_records_own(first: bool) -> None:
    at = ONE.index("<datafield" if first else "</record>")
    [bib] = bibs(ONE[:at] + EMBEDDED + ONE[at:])
    assert bib.title == "Алгебра 1"
    assert [(h.title, h.volume, h.record_id) for h in bib.hosts] == [("Собрание", "Т. 2", "SET1")]


def test_line_ends_that_made_xml_pretty_are_no_text() -> None:
    typed = b"<record><datafield tag='245' ind1='0' ind2='0'><subfield code='a'>\n  War\n     and peace\n  </subfield>"
    found = from_marcxml(typed + b"</datafield><controlfield tag='008'>071203s1907    ru\n</controlfield></record>")
    assert found.fields[0].first("a").strip() == "War and peace"


@pytest.mark.parametrize("written", ["utf-8", "cp1251", "koi8-r", "cp866"])
@pytest.mark.parametrize("declared", ["", "utf-8", "us-ascii", "windows-1251"])
def test_letters_are_judged_by_their_bytes_and_not_by_the_declaration(declared: str, written: str) -> None:
    head = f"<?xml version='1.0' encoding='{declared}'?>" if declared else ""
    text = f"{head}<collection>{ONE}{TWO}</collection>"
    assert [bib.title for bib in bibs(text.encode(written))] == ["Алгебра 1", "Алгебра 2"]
    if not declared:
        fields = [{"001": "B1"}, {"200": {"ind1": "1", "ind2": " ", "subfields": [{"a": "Алгебра и начала анализа"}]}}]
        typed = json.dumps({"leader": " " * 24, "fields": fields}, ensure_ascii=False)
        assert [bib.title for bib in bibs(typed.encode(written))] == ["Алгебра и начала анализа"]


def test_letters_of_a_long_file_are_known_though_its_first_books_are_english() -> None:
    english = f"<!-- {'English books ' * 50_000}-->"
    text = f"<?xml version='1.0' encoding='windows-1251'?><collection>{english}{ONE}</collection>"
    assert [bib.title for bib in bibs(text.encode("cp1251"))] == ["Алгебра 1"]


def test_a_byte_lost_on_the_way_costs_one_letter_and_the_school_is_told() -> None:
    [bib] = bibs(ONE.encode().replace("Алгебра".encode(), "Алгебр".encode() + b"\xd0"))
    assert bib.title == "Алгебр\ufffd 1"
    assert bib.warnings == ("есть байты не в UTF-8: они показаны как \ufffd",)
