"""RUSMARC ⇄ MARC 21 ⇄ МАРК-SQL: what becomes what, and that nothing is lost without being listed."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from catalog_sync.errors import BadRecord
from catalog_sync.marc.conversion import PRIVACY, Converted, Loss, convert
from catalog_sync.marc.conversion_rules import PROCEDURES
from catalog_sync.marc.crosswalk import rules
from catalog_sync.marc.reading import marc_record, read_export
from catalog_sync.model import Dialect, MarcField, MarcRecord, Source, SourceRecord, Subfield
from catalog_sync.tables import rows

RUSMARC, MARC21, MARCSQL = Dialect.RUSMARC, Dialect.MARC21, Dialect.MARCSQL


def record(text: str, leader: str = "00000nam2 2200000   450 ") -> MarcRecord:
    """«200 1_ $a … $b …» a line; control fields have no $; `_` is a blank indicator, a link's $1 keeps its text."""
    fields = []
    for line in text.strip().splitlines():
        tag, _, rest = line.strip().partition(" ")
        if "$" not in rest:
            fields.append(MarcField(tag, data=rest))
            continue
        subfields = tuple(Subfield(p[0], p[1:].strip(" ") if p[0] != "1" else p[1:].lstrip(" ").rstrip("\n"))
                          for p in rest[2:].lstrip().split("$")[1:])
        fields.append(MarcField(tag, rest[:2].replace("_", " "), subfields))
    return MarcRecord(leader, tuple(fields))


def lines(found: MarcRecord, *tags: str) -> list[str]:
    return [
        f"{f.tag} " + (f.data if f.data is not None else f.indicators.replace(" ", "_") + "".join(
            f" ${s.code} {s.value}" for s in f.subfields))
        for f in found.fields if not tags or f.tag in tags
    ]


TEXTBOOK = record("""
001 RU/SCH/77
005 20200525191048.0
010 __ $a 978-5-346-03198-7 $b ч. 1 $d 250 р.
100 __ $a 20200525d2015    b  y0rusy50      ca
101 0_ $a rus
102 __ $a RU
105 __ $a a   j   000yy
200 1_ $a Алгебра $b Текст $e учебник для 7 класса $f А. Г. Мордкович $g под ред. И. Иванова $h Ч. 1 $i Теория
205 __ $a 15-е изд., стер.
210 __ $a Москва $c Мнемозина $d 2015
215 __ $a 175 с. $c ил. $d 22 см
225 1_ $a ФГОС $v 3
327 1_ $a Гл. 1 $a Гл. 2
606 __ $a Алгебра $x Учебники $2 rubbk
686 __ $a 22.14я72 $2 rubbk
700 _1 $a Мордкович $b А. Г. $g Александр Григорьевич $4 070
702 _1 $a Иванов $b И. П. $4 340
801 _0 $a RU $b SCH77 $g RCR $2 rusmarc
899 __ $a SCH77 $j 22.14 М79 $p 1234
""")


def test_a_textbook_becomes_marc21_field_by_field() -> None:
    found = convert(TEXTBOOK, RUSMARC, MARC21)
    assert lines(found.record) == [
        "001 RU/SCH/77",
        "005 20200525191048.0",
        "008 200525s2015    ru a   a      000 0 rus| ",
        "020 __ $a 978-5-346-03198-7 $q ч. 1 $c 250 р.",
        "040 __ $a SCH77 $e RCR",
        "044 __ $a ru",
        "084 __ $a 22.14я72 $2 rubbk",
        "100 1_ $a Мордкович, Александр Григорьевич $4 aut",
        "245 10 $a Алгебра $h [Текст] $n Ч. 1 $p Теория $b учебник для 7 класса "
        "$c А. Г. Мордкович ; под ред. И. Иванова",
        "250 __ $a 15-е изд., стер.",
        "260 __ $a Москва $b Мнемозина $c 2015",
        "300 __ $a 175 с. $b ил. $c 22 см",
        "490 0_ $a ФГОС $v 3",
        "505 0_ $a Гл. 1 -- Гл. 2",
        "650 _7 $a Алгебра $x Учебники $2 rubbk",
        "655 _4 $a Учебники",
        "700 1_ $a Иванов, И. П. $4 edt",
        "852 __ $a SCH77 $j 22.14 М79 $p 1234",
    ]
    assert found.losses == ()
    assert found.record.leader == "00000nam a2200000 cc4500"


def test_the_same_textbook_comes_back_as_it_was() -> None:
    there = convert(TEXTBOOK, RUSMARC, MARC21)
    back = convert(there.record, MARC21, RUSMARC)
    same = [line for line in lines(TEXTBOOK) if line[:3] not in ("100", "105", "200", "899")]
    assert [line for line in same if line not in lines(back.record)] == []
    assert lines(back.record, "200") == [
        "200 1_ $a Алгебра $b Текст $h Ч. 1 $i Теория $e учебник для 7 класса $f А. Г. Мордкович "
        "$g под ред. И. Иванова"
    ]
    assert back.record.leader == "00000nam2 2200000   450 "
    assert lines(back.record, "105") == ["105 __ $a a   j   000y|"]
    assert lines(back.record, "899") == lines(TEXTBOOK, "899")
    assert back.losses == ()


def test_marc21_with_isbd_marks_loses_the_marks_and_keeps_abbreviations() -> None:
    source = record("""
245 10 $a Сибирь : $b роман = Siberia / $c Г. М. Марков ; худож. И. Иванов.
250 __ $a 2-е изд., доп. и перераб.
260 __ $a Москва ; $a Томск : $b Наука, $c 2015.
300 __ $a 175 с. : $b ил. ; $c 22 см. + $e 1 CD-ROM.
490 1_ $a Школьная библиотека ; $v вып. 3
700 1_ $a Марков, Г. М., $d 1911-1991, $e автор.
""", "00000nam a2200000 i 4500")
    assert lines(convert(source, MARC21, RUSMARC).record, "200", "205", "210", "215", "225", "701") == [
        "200 1_ $a Сибирь $e роман $d Siberia $f Г. М. Марков $g худож. И. Иванов",
        "205 __ $a 2-е изд., доп. и перераб",
        "210 __ $a Москва $a Томск $c Наука $d 2015",
        "215 __ $a 175 с. $c ил. $d 22 см. $e 1 CD-ROM",
        "225 1_ $a Школьная библиотека $v вып. 3",
        "701 _1 $a Марков $b Г. М. $f 1911-1991 $4 070",
    ]


def test_a_set_packed_into_461_becomes_773_and_is_packed_again() -> None:
    source = MarcRecord("00000nam2 2200000   450 ", (
        MarcField("461", " 0", tuple(Subfield(c, v) for c, v in (
            ("1", "001RU/1"), ("1", "010  "), ("a", "5-02-000001-1"), ("1", "2001 "), ("a", "Война и мир"),
            ("e", "роман"), ("f", "Л. Н. Толстой"), ("v", "Т. 1"), ("1", "210  "), ("a", "М."), ("c", "Наука"),
            ("d", "1990"), ("1", "700 1"), ("a", "Толстой"), ("b", "Л. Н."),
        ))),
        MarcField("464", " 0", tuple(Subfield(c, v) for c, v in (("1", "2001 "), ("a", "Глава"), ("c", "другое")))),
    ))
    there = convert(source, RUSMARC, MARC21)
    assert lines(there.record, "773", "774") == [
        "773 0_ $a Толстой, Л. Н. $t Война и мир : роман / Л. Н. Толстой $d М. : Наука, 1990 $g Т. 1 $z 5-02-000001-1 "
        "$w RU/1", "774 0_ $t Глава",
    ]
    assert there.losses == (Loss(RUSMARC, "464", "c", "другое", "no place in the target"),)
    assert there.record.leader[19] == "c"
    back = convert(there.record, MARC21, RUSMARC).record
    assert back.first("461") == source.first("461")
    assert back.leader[8] == "2"


def test_an_article_is_packed_into_463_and_a_volume_of_a_set_into_461() -> None:
    host = "773 0_ $t Журнал $g № 3"
    article = convert(record(host, "00000naa a2200000 c 4500"), MARC21, RUSMARC).record
    volume = convert(record(host, "00000nam a2200000 cc4500"), MARC21, RUSMARC).record
    assert [f.tag for f in article.fields if f.tag.startswith("46")] == ["463"]
    assert [f.tag for f in volume.fields if f.tag.startswith("46")] == ["461"]


def test_an_old_link_with_plain_subfields_is_understood() -> None:
    found = convert(record("463 _1 $t Журнал $v 1999. - N 3 $x 0130-1640"), RUSMARC, MARC21)
    assert lines(found.record, "773") == ["773 0_ $t Журнал $g 1999. - N 3 $x 0130-1640"]
    assert found.losses == ()


def test_an_electronic_resource_keeps_its_type_carrier_and_address() -> None:
    source = record("""
106 __ $a s
135 __ $a drcn---adaba
182 __ $a b
200 1_ $a Атлас $b Электронный ресурс
230 __ $a Электрон. дан.
337 __ $a Windows 7
856 4_ $u http://e.ru/1
856 42 $u http://e.ru/cover.jpg
""", "00000nlm  2200000   450 ")
    there = convert(source, RUSMARC, MARC21)
    assert there.record.leader[6] == "m"
    assert there.record.control("008")[23] == "s"
    assert there.record.control("007") == "cr cn---adaba "
    assert lines(there.record, "337", "538", "856") == [
        "337 __ $b c $2 rdamedia", "538 __ $a Windows 7", "856 4_ $u http://e.ru/1", "856 42 $u http://e.ru/cover.jpg",
    ]
    back = convert(there.record, MARC21, RUSMARC).record
    assert back.leader[6] == "l"
    assert lines(back, "182", "337", "856") == lines(source, "182", "337", "856")
    assert [loss.tag for loss in there.losses] == ["135"]


def test_marcsql_has_its_own_places_for_classes_shelf_marks_and_links() -> None:
    marc21 = convert(TEXTBOOK, RUSMARC, MARC21).record
    found = convert(marc21, MARC21, MARCSQL)
    assert lines(found.record, "020", "090", "091", "440", "700") == [
        "020 __ $a 978-5-346-03198-7 (ч. 1) $c 250 р.", "090 __ $c 22.14 М79 $e 1234", "091 __ $a 22.14я72",
        "440 _0 $a ФГОС $v 3", "700 1_ $a Иванов, И. П. $e редактор",
    ]
    assert found.record.leader[9] == " "
    back = convert(found.record, MARCSQL, MARC21)
    assert lines(back.record, "020", "084") == lines(marc21, "020", "084")
    assert lines(back.record, "245") == lines(marc21, "245")


def test_one_field_of_marcsql_codes_becomes_one_field_for_each_scheme() -> None:
    source = record("091 __ $a 22.14 $b 123 $i 12+ $e 5", "00000nam  2200000   4500")
    found = convert(source, MARCSQL, MARC21)
    assert lines(found.record, "084", "521") == ["084 __ $a 22.14 $2 rubbk", "084 __ $a 123 $2 tbk", "521 8_ $a 12+"]
    assert [(loss.code, loss.value) for loss in found.losses] == [("e", "5")]


def test_control_fields_that_marcsql_types_as_subfields_are_control_fields_again() -> None:
    source = record("001 __ $0 77\n005 __ $0 20200101000000.0", "00000nam  2200000   4500")
    assert lines(convert(source, MARCSQL, MARC21).record, "001", "005") == ["001 77", "005 20200101000000.0"]


def test_names_of_staff_do_not_leave_and_are_not_shown_among_the_losses() -> None:
    source = record("040 __ $a ЦБС $e Отдел/Петрова\n097 __ $b Иванова\n990 __ $a Сидорова $t 5",
                    "00000nam  2200000   4500")
    found = convert(source, MARCSQL, RUSMARC)
    text = str(found)
    assert not any(name in text for name in ("Петрова", "Иванова", "Сидорова"))
    assert {loss.tag for loss in found.losses if loss.why == PRIVACY} == {"040", "097", "990"}


def test_rusmarc_goes_to_marcsql_and_back_through_marc21() -> None:
    there = convert(TEXTBOOK, RUSMARC, MARCSQL)
    back = convert(there.record, MARCSQL, RUSMARC)
    for tag in ("001", "010", "205", "210", "215", "686"):
        assert lines(back.record, tag) == lines(TEXTBOOK, tag)


def test_what_has_no_place_can_be_carried_in_886_and_comes_back() -> None:
    source = record("200 1_ $a Т\n140 __ $a код\n830 __ $a заметка\n010 __ $a 5 $9 1000")
    there = convert(source, RUSMARC, MARC21, keep=True)
    assert lines(there.record, "886") == [
        "886 2_ $2 rusmarc $a 140 $b    $a код", "886 2_ $2 rusmarc $a 830 $b    $a заметка",
        "886 2_ $2 rusmarc $a 010 $b    $9 1000",
    ]
    back = convert(there.record, MARC21, RUSMARC)
    assert {"140 __ $a код", "830 __ $a заметка", "010 __ $9 1000"} <= set(lines(back.record))


def test_a_record_in_its_own_dialect_is_left_alone_and_unimarc_is_read_as_rusmarc() -> None:
    assert convert(TEXTBOOK, RUSMARC, RUSMARC) == Converted(TEXTBOOK)
    assert convert(TEXTBOOK, Dialect.UNIMARC, MARC21) == convert(TEXTBOOK, RUSMARC, MARC21)


def test_every_procedure_named_in_a_table_exists_and_every_rule_has_a_name_of_its_own() -> None:
    for table in ("crosswalk.tsv", "crosswalk_marcsql.tsv"):
        names = [r["rule"] for r in rows(table)]
        assert len(names) == len(set(names))
        for forward in (True, False):
            for listed in rules(table, forward).values():
                assert all(rule.how in PROCEDURES and len(rule.indicators) == 2 for rule in listed)


VALUES = st.text("аБ1 .,;:/=()[]«»-", max_size=15)
FIELDS = st.builds(
    lambda tag, ind, pairs: MarcField(tag, ind, tuple(Subfield(c, v) for c, v in pairs)),
    st.sampled_from(sorted({r["left"] for r in rows("crosswalk.tsv")} - {"001", "003", "005"})),
    st.sampled_from(["  ", "1 ", "0 ", " 1", "12"]),
    st.lists(st.tuples(st.sampled_from("1abcdefghijknpuvxyz2459"), VALUES), max_size=6),
)


@given(st.lists(FIELDS, max_size=6), st.sampled_from(["00000nam  2200000   450 ", "", "x" * 24]))
@example([MarcField("203", "  ", (Subfield("a", ""), Subfield("a", "1")))], "")
@example([MarcField("203", "  ", (Subfield("a", "2"), Subfield("b", "3"), Subfield("a", "1")))], "")
@example([MarcField("700", " 1", (Subfield("a", "А"), Subfield("b", "Б"), Subfield("b", "1")))], "")
@example([MarcField("801", " 0", (Subfield("b", "А"), Subfield("b", "1")))], "")
@example([MarcField("101", "  ", (Subfield("a", "аБ1 "),)), MarcField("101", "  ", (Subfield("a", "1Ба"),))], "")
@settings(deadline=None)
def test_no_record_breaks_the_conversion_and_every_value_arrives_or_is_a_loss(
    fields: list[MarcField], leader: str
) -> None:
    source = MarcRecord(leader, tuple(fields))
    there = convert(source, RUSMARC, MARC21)
    convert(there.record, MARC21, MARCSQL)
    convert(there.record, MARC21, RUSMARC)
    arrived = folded(text_of(there.record) + " ".join(loss.value for loss in there.losses))
    for item in source.fields:
        if item.tag in REPORTED_BY_POSITION:
            continue
        for subfield in item.subfields:
            if subfield.code not in TOLD_OTHERWISE.get(item.tag, "") + "14":
                assert folded(subfield.value) in arrived, (item, there)


# --- the corpus ----------------------------------------------------------------------------------------------------

# Coded fields are converted position by position, and a loss there names the positions, not the whole value.
REPORTED_BY_POSITION = frozenset({"100", "105", "106", "135", "181", "182", "102"})
# Told in another form on the other side: the format's name, codes instead of words, the level of the host.
TOLD_OTHERWISE = {"801": "a2g", "886": "2ab", "336": "ab2", "337": "ab2", "338": "2", "040": "b", "773": "7",
                  "100": "e4", "700": "e4", "110": "e4", "710": "e4"}
NAMES = frozenset({"100", "600", "700", "773"})


def text_of(found: MarcRecord) -> str:
    return " ".join([s.value for f in found.fields for s in f.subfields] + [f.data or "" for f in found.fields])


def folded(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def corpus(shared: Path, unimarc: bool, most: int) -> Iterator[MarcRecord]:
    """Whole files of one family, at most `most` records of each."""
    with (shared / "corpus" / "MANIFEST.tsv").open(encoding="utf-8") as manifest:
        listed = list(csv.DictReader(manifest, delimiter="\t"))
    for row in listed:
        count, wanted = int(row["records"] or 0), int(row["unimarc" if unimarc else "marc21"] or 0)
        if row["format"] not in ("iso2709", "marcxml") or not count or wanted != count:
            continue
        source = Source("s", "l", dialect=RUSMARC if unimarc else MARC21)
        data = (shared / "corpus" / row["path"]).read_bytes()
        for piece in [p for p in read_export(data, source) if isinstance(p, SourceRecord)][:most]:
            try:
                yield marc_record(piece)
            except BadRecord:
                continue


@pytest.mark.parametrize(("there", "back", "least"), [(RUSMARC, MARC21, 150), (MARC21, RUSMARC, 900)])
def test_every_value_of_the_corpus_survives_the_round_trip_or_is_listed_as_a_loss(
    shared: Path, there: Dialect, back: Dialect, least: int
) -> None:
    count = 0
    for source in corpus(shared, there is RUSMARC, 60):
        count += 1
        first = convert(source, there, back)
        second = convert(first.record, back, there)
        arrived = folded(text_of(second.record))
        lost = {folded(loss.value) for loss in (*first.losses, *second.losses)}
        for item in source.fields:
            if item.tag in REPORTED_BY_POSITION and there is RUSMARC:
                continue
            for s in item.subfields:
                # Forenames may come back in full where the source has initials and $q.
                value = folded(s.value.split(",")[0] if item.tag in NAMES and s.code == "a" else s.value)
                if s.code != "1" and s.code not in TOLD_OTHERWISE.get(item.tag, ""):
                    assert not value or value in arrived or value in lost, (item.tag, s, source.control("001"))
    assert count >= least


def test_the_same_book_of_the_state_library_in_both_formats_agrees(shared: Path) -> None:
    folder = shared / "corpus" / "ndlrf-rnd+seed-format-marc" / "src" / "__tests__" / "data"

    def one(name: str, dialect: Dialect) -> MarcRecord:
        found = next(iter(read_export((folder / name).read_bytes(), Source("s", "l", dialect=dialect))))
        assert isinstance(found, SourceRecord)
        return marc_record(found)

    theirs = one("01007496813.iso", RUSMARC)
    ours = convert(one("01007496813.mrc", MARC21), MARC21, RUSMARC).record
    for tag, codes in (("101", "a"), ("200", "a"), ("215", "d"), ("330", "a"), ("606", "a"), ("686", "a2"),
                       ("700", "abg")):
        mine, expected = ([folded(v) for f in r.all(tag) for v in f.all(codes)] for r in (ours, theirs))
        assert mine == expected, tag


@pytest.mark.parametrize("code", ["", "ab", "fg"])
@pytest.mark.parametrize(("source", "target", "tag"), [(RUSMARC, MARC21, "200"), (MARC21, RUSMARC, "245")])
def test_a_subfield_code_that_is_no_single_character_breaks_no_conversion(
    code: str, source: Dialect, target: Dialect, tag: str
) -> None:
    """As MARCXML and JSON may have them."""
    typed = MarcField(tag, "1 ", (Subfield("a", "Алгебра"), Subfield(code, "учебник")))
    found = convert(MarcRecord("00000nam  2200000   450 ", (typed,)), source, target)
    told = [s.value for f in found.record.fields for s in f.subfields] + [loss.value for loss in found.losses]
    assert any("учебник" in value for value in told)


def test_an_article_marked_in_rusmarc_is_counted_in_marc21() -> None:
    for first, last in (("\x88", "\x89"), ("\x98", "\x9c")):
        title = MarcField("200", "1 ", (Subfield("a", f"{first}The {last}Hobbit"),))
        typed = MarcRecord("00000nam0 2200000   450 ", (title,))
        [title] = convert(typed, Dialect.RUSMARC, Dialect.MARC21).record.all("245")
        assert (title.indicators, title.first("a")) == ("04", "The Hobbit")
