from __future__ import annotations

import json
import re

import pytest

from catalog_sync.errors import BadRecord
from catalog_sync.marc.reading import detect
from catalog_sync.model import Dialect

from .samples import book, iso, record


def test_a_rusmarc_export_in_cp866_is_recognised() -> None:
    found = detect(iso(*[book(n, lines="899 __$aШК$p1") for n in range(5)], encoding="cp866"))
    assert (found.dialect, found.encoding, found.format) == (Dialect.RUSMARC, "cp866", "iso2709")
    assert found.holdings_profile == "rusmarc"
    assert any("RUSMARC" in reason for reason in found.reasons)


def test_unimarc_without_russian_fields_is_unimarc() -> None:
    assert detect(iso(record("200 1_$aLivre", "101 0_$afre"))).dialect is Dialect.UNIMARC


def test_marc21_is_told_from_marcsql_by_the_local_fields() -> None:
    plain = record("001 1", "245 00$aКнига о лесе", "090 __$aQA1$b.B5")
    local = record("001 2", "245 00$aКнига о поле", "090 __$a84$xП 91$e1001", "990 __$v5")
    assert detect(iso(plain, plain)).dialect is Dialect.MARC21
    found = detect(iso(local, encoding="cp1251"))
    assert (found.dialect, found.encoding, found.holdings_profile) == (Dialect.MARCSQL, "cp1251", "marcsql")


def test_koha_is_recognised_by_the_items_it_understands() -> None:
    found = detect(iso(record("245 00$aКнига", "952 __$bSCH$p0001$i1001")))
    assert found.holdings_profile == "marc21"
    assert "экземпляров с номерами: 1" in found.reasons[-1]


def test_rows_of_the_database_are_marcsql() -> None:
    found = detect(json.dumps({"doc_id": 1, "item": "24500\x1faКнига\x1e"}).encode())
    assert (found.dialect, found.format) == (Dialect.MARCSQL, "marcsql-rows")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "ожидалась хотя бы одна запись MARC, пришло «»"),
        (b"PK\x03\x04 not MARC", "это не запись MARC: ожидался маркер из 24 знаков, пришло «PK·· not MARC»"),
        (b"<html/>", "это не MARCXML: ожидался элемент record, пришло «<html/>»"),
    ],
)
def test_what_holds_no_record_cannot_be_detected(data: bytes, said: str) -> None:
    with pytest.raises(BadRecord, match=f"^{re.escape(said)}$"):
        detect(data)
