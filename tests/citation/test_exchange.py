"""RIS, BibTeX, CSL-JSON, COinS and schema.org: what reference managers and search engines are given."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from catalog_sync.citation import bibliography, bibtex, coins, csl_json, json_ld, ris
from catalog_sync.model import (
    Agent,
    BibRecord,
    CarrierSigns,
    Dialect,
    Host,
    Isbn,
    Link,
    PartName,
    RecordKey,
    Series,
)  # fmt: skip


def bib(**fields: Any) -> BibRecord:
    return BibRecord(RecordKey("s", "1"), Dialect.RUSMARC, **fields)


BOOK = bib(
    title="Алгебра", subtitle="учебник для 7 класса", parts=(PartName("Ч. 2", "Задачник"),),
    agents=(Agent("Макарычев, Ю. Н.", "070", main=True, expansion="Юрий Николаевич"), Agent("Миндюк, Нора", "070"),
            Agent("Теляковский, С. А.", "340")),
    places=("М.",), publishers=("Просвещение",), year_text="2019", edition="5-е изд.", extent="255 с.",
    isbns=(Isbn("978-5-346-00001-3", "9785346000013"),), series=(Series("Школа"),), languages=("rus",),
    subjects=("Алгебра -- Учебники",), keywords=("уравнения",), abstract="О числах", age_mark="12+",
    links=(Link("javascript:alert(1)"), Link("https://example.org/7")),
)  # fmt: skip
ARTICLE = bib(
    title="Урок", agents=(Agent("Иванова, А. А.", "070", main=True),), carrier=CarrierSigns("a", "a"),
    hosts=(Host("463", "Школьная библиотека", issn="1234-5679"),), year_text="2020",
)  # fmt: skip


def test_a_book_in_ris() -> None:
    assert ris(BOOK).split("\r\n") == [
        "TY  - BOOK", "AU  - Макарычев, Юрий Николаевич", "AU  - Миндюк, Нора", "A2  - Теляковский, С. А.",
        "TI  - Алгебра. Ч. 2. Задачник : учебник для 7 класса", "T3  - Школа", "ET  - 5-е изд.", "CY  - Москва",
        "PB  - Просвещение", "PY  - 2019", "SP  - 255 с.", "SN  - 9785346000013", "LA  - rus",
        "KW  - Алгебра -- Учебники", "KW  - уравнения", "AB  - О числах", "UR  - https://example.org/7", "ER  - ", "",
    ]  # fmt: skip


def test_an_article_in_ris_names_its_journal() -> None:
    assert "TY  - JOUR\r\n" in ris(ARTICLE)
    assert "T2  - Школьная библиотека\r\n" in ris(ARTICLE)


def test_a_book_in_bibtex() -> None:
    assert bibtex(BOOK) == (
        "@book{makarichev2019,\n"
        "  author = {Макарычев, Юрий Николаевич and Миндюк, Нора},\n"
        "  editor = {Теляковский, С. А.},\n"
        "  title = {Алгебра. Ч. 2. Задачник : учебник для 7 класса},\n"
        "  series = {Школа},\n"
        "  edition = {5-е изд.},\n"
        "  address = {Москва},\n"
        "  publisher = {Просвещение},\n"
        "  year = {2019},\n"
        "  isbn = {9785346000013},\n"
        "  language = {rus},\n"
        "  url = {https://example.org/7},\n"
        "}\n"
    )
    assert bibtex(ARTICLE).startswith("@incollection{")


def test_a_book_in_csl_json() -> None:
    item = csl_json(BOOK, "c1")
    assert (item["id"], item["type"], item["issued"]) == ("c1", "book", {"date-parts": [[2019]]})
    assert item["author"][0] == {"family": "Макарычев", "given": "Юрий Николаевич"}
    assert (item["publisher-place"], item["number-of-pages"], item["URL"]) == ("Москва", "255", "https://example.org/7")


def test_a_book_in_coins() -> None:
    said = parse_qs(coins(BOOK))
    assert said["rft.btitle"] == ["Алгебра. Ч. 2. Задачник : учебник для 7 класса"]
    assert said["rft.aulast"] == ["Макарычев"]
    assert said["rft.isbn"] == ["9785346000013"]
    assert said["rft_val_fmt"] == ["info:ofi/fmt:kev:mtx:book"]


def test_a_book_in_json_ld() -> None:
    item = json_ld(BOOK, "https://catalogue.example/record/c1")
    assert (item["@type"], item["isbn"], item["datePublished"]) == ("Book", "9785346000013", "2019")
    assert (item["typicalAgeRange"], item["educationalLevel"]) == ("12-", ["7 класс"])
    assert item["author"][0] == {"@type": "Person", "name": "Макарычев, Ю. Н."}


text = st.text(st.characters(codec="utf-8"), max_size=30)
records = st.builds(
    bib, title=text, subtitle=text, publishers=st.tuples(text), abstract=text, edition=text, extent=text,
    agents=st.lists(st.builds(Agent, text, st.just("070"), main=st.booleans()), max_size=3).map(tuple),
    links=st.lists(st.builds(Link, text), max_size=2).map(tuple), year_text=text, keywords=st.tuples(text),
)  # fmt: skip


@given(records)
def test_a_hostile_record_forges_no_field(record: BibRecord) -> None:
    lines = ris(record).split("\r\n")
    assert all(re.match(r"[A-Z][A-Z0-9]  - ", line) for line in lines[:-1])
    assert [line[:2] for line in lines].count("TY") == 1
    assert "\n" not in coins(record)
    entry = bibtex(record)
    depth = 0
    for sign in re.findall(r"(?<!\\)[{}]", entry.replace("\\textbackslash{}", "").replace("\\textasciitilde{}", "")
                           .replace("\\textasciicircum{}", "")):  # fmt: skip
        depth += 1 if sign == "{" else -1
        assert depth >= 0
    assert depth == 0
    json.dumps([csl_json(record), json_ld(record)])


def test_entries_of_one_file_have_keys_of_their_own() -> None:
    other = structs.replace(BOOK, title="Другая книга")
    first, *more = re.findall(r"^@book\{(.*),$", bibliography([BOOK, other, BOOK]), re.MULTILINE)
    assert more == [f"{first}-2", f"{first}-3"]
    assert "@book{record2019," in bibtex(bib(title="中国", year_text="2019"))


def test_an_address_in_bibtex_is_the_address() -> None:
    address = "https://example.org/my_book?a=1&b=%20#p~1"
    assert f"  url = {{{address}}},\n" in bibtex(bib(title="Т", links=(Link(address),)))
    braced = bibtex(bib(title="Т", links=(Link("https://example.org/{a}\\"),)))
    assert "  url = {https://example.org/%7Ba%7D%5C},\n" in braced


@given(st.sampled_from(["javascript:alert(1)", "data:text/html,x", " JavaScript:x", "file:///etc/passwd"]))
def test_only_web_addresses_are_passed_on(url: str) -> None:
    record = bib(title="Т", links=(Link(url),), carrier=CarrierSigns(leader_type="l"))
    said = [ris(record), bibtex(record), coins(record), json.dumps([csl_json(record), json_ld(record)])]
    assert url.strip() not in "".join(said)
