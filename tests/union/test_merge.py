"""Many records of one edition become one, the same whatever order they came in, and each field says who gave it."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from catalog_sync.model import (
    Agent,
    BibRecord,
    CarrierSigns,
    Dialect,
    Holdings,
    Isbn,
    Item,
    Link,
    PartName,
    RecordKey,
    Series,
)  # fmt: skip
from catalog_sync.union.agents import is_same_agent
from catalog_sync.union.merging import _merged, merge, rank
from catalog_sync.union.quality import is_damaged, is_shouting, quality


def record(key: str, title: str = "Математика", dialect: Dialect = Dialect.RUSMARC, **more: Any) -> BibRecord:
    return BibRecord(RecordKey("s", key), dialect, title=title, **more)


def test_a_single_record_is_itself_without_its_holdings() -> None:
    bib = record("1", year_text="2019", holdings=Holdings(items=(Item("123"),)))
    union = merge("c1", [bib])
    assert union.bib.holdings == Holdings()
    assert (union.bib.title, union.members, union.cluster) == ("Математика", (bib.key,), "c1")
    assert set(union.provenance) == {"title", "year_text", "carrier"}
    assert union.classified is not None


def test_a_cluster_without_members_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no members"):
        merge("c1", [])


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (record("1", "Война и мир"), record("2", "ВОЙНА И МИР")),
        (record("1", "Математика"), record("2", "Mатематика")),
        (record("1", "Математика"), record("2", "Матем\ufffdтика")),
        (record("1", "Математика"), record("2", "М?тематика")),
        (record("1", isbns=(Isbn("978-5-346-00001-3", "9785346000013"),)), record("2", isbns=(Isbn("5-34", ""),))),
        (record("1", agents=(Agent("Толстой, Лев Николаевич"),)), record("2", agents=(Agent("Толстой, Л. Н."),))),
        (record("1", publishers=("Дрофа",)), record("2")),
        (record("1", responsibility="Л. Н. Толстой"), record("2")),
        (record("1"), record("2", warnings=("005 короткий",))),
    ],
)
def test_the_better_described_record_leads(better: BibRecord, worse: BibRecord) -> None:
    assert quality(better) > quality(worse)
    assert rank([worse, better])[0] is better


def test_equal_records_are_ordered_by_key() -> None:
    assert [m.key.local_id for m in rank([record("2"), record("1"), record("3")])] == ["1", "2", "3"]


@pytest.mark.parametrize(("text", "shouts"), [
    ("ВОЙНА И МИР", True), ("ОБЖ", False), ("США", False), ("Война", False), ("1984", False), ("МАТЕМАТИКА", True),
])  # fmt: skip
def test_capitals_are_shouting_unless_an_abbreviation(text: str, shouts: bool) -> None:
    assert is_shouting(text) is shouts


def test_lost_characters_are_damage_but_questions_are_not() -> None:
    assert is_damaged("Кто виноват?") is False
    assert is_damaged("??????") is True


def test_the_title_most_members_have_wins_in_its_tidiest_spelling() -> None:
    leader = record("1", "Алгебра", isbns=(Isbn("9785346000013", "9785346000013"),), publishers=("А",))
    union = merge("c", [leader,
                        record("2", "ВОЙНА И МИР"), record("3", "Война и мир"), record("4", "война и мир!")])
    assert union.bib.title in ("Война и мир", "война и мир!")
    assert union.provenance["title"] == RecordKey("s", "3")


def test_subtitle_and_part_are_taken_from_records_with_the_same_title() -> None:
    whole = record("1", "Алгебра. 7 класс. Ч. 2")
    split = record("2", "Алгебра", subtitle="7 класс", parts=(PartName("Ч. 2"),))
    best = {"isbns": (Isbn("9785346000013", "9785346000013"),)}
    one = merge("c", [record("1", whole.title, **best), split]).bib
    assert (one.title, one.subtitle, one.parts) == (whole.title, "", ())
    other = merge("c", [whole, record("2", split.title, subtitle="7 класс", parts=split.parts, **best)]).bib
    assert (other.title, other.subtitle, other.parts) == ("Алгебра", "7 класс", (PartName("Ч. 2"),))


def test_missing_fields_come_from_other_members_and_say_so() -> None:
    full = record("1", year_text="2019", publishers=("Дрофа",), isbns=(Isbn("9785346000013", "9785346000013"),))
    other = record("2", abstract="О числах", bbk=("22.1",), places=("М.",))
    union = merge("c", [other, full])
    assert (union.bib.abstract, union.bib.bbk, union.bib.year_text) == ("О числах", ("22.1",), "2019")
    assert union.provenance["abstract"] == other.key
    assert union.provenance["year_text"] == full.key


def test_a_person_is_named_once_in_the_fullest_form() -> None:
    union = merge("c", [
        record("1", agents=(Agent("Толстой, Л. Н.", main=True), Agent("Иванов, И. И.", role="ил."))),
        record("2", agents=(Agent("Толстой, Лев Николаевич", dates="1828-1910", main=True),)),
        record("3", agents=(Agent("Толстой, Алексей Николаевич", main=True),)),
    ])  # fmt: skip
    names = {a.name: a for a in union.bib.agents}
    assert set(names) == {"Толстой, Лев Николаевич", "Иванов, И. И.", "Толстой, Алексей Николаевич"}
    assert names["Толстой, Лев Николаевич"].dates == "1828-1910"
    assert sum(a.main for a in union.bib.agents) == 1


def test_names_typed_forename_first_become_headings() -> None:
    body = Agent("Дом творчества", kind="body")
    union = merge("c", [record("1", agents=(Agent("И. Л. Бим", main=True),)),
                        record("2", agents=(Agent("Бим Инесса Львовна", main=True), body))])  # fmt: skip
    assert [a.name for a in union.bib.agents] == ["Бим, Инесса Львовна", "Дом творчества"]
    assert merge("c", [record("1", agents=(Agent("И. Л. Бим"),))]).bib.agents[0].name == "Бим, И. Л."


def test_a_title_with_the_author_typed_in_gives_way() -> None:
    author = (Agent("Громов С. В.", main=True),)
    union = merge("c", [record("1", "Громов С. В. Физика 9 класс", agents=author), record("2", "Физика", agents=author),
                        record("3", "Громов С. В. Физика 9 класс", agents=author)])  # fmt: skip
    assert union.bib.title == "Физика"


def test_publishers_are_voted_by_house_and_shown_plainly() -> None:
    forms = ("АО Просвещение", "Изд-во «Просвещение»", "ПРОСВЕЩЕНИЕ", "Просвещение", "Дрофа")
    union = merge("c", [record(str(n), publishers=(form,)) for n, form in enumerate(forms)])
    assert union.bib.publishers == ("Просвещение",)


def test_one_scan_among_printed_copies_makes_no_electronic_edition() -> None:
    isbn = Isbn("9785346000013", "9785346000013")
    scan = record("1", carrier=CarrierSigns(gmd="[Электронный ресурс]"), isbns=(isbn,))
    union = merge("c", [scan, record("2", carrier=CarrierSigns(leader_type="a")), record("3")])
    assert union.classified is not None
    assert union.classified.carrier.value == "print"


def test_an_isbn_is_shown_as_it_is_printed_if_anybody_typed_it_so() -> None:
    plain, printed = Isbn("9785346000013", "9785346000013"), Isbn("978-5-346-00001-3", "9785346000013")
    members = [record("1", subtitle="учебник", isbns=(plain,)), record("2", isbns=(printed,))]
    assert merge("c", members).bib.isbns == merge("c", members[::-1]).bib.isbns == (printed,)


def test_isbns_are_gathered_and_wrong_ones_give_way() -> None:
    right, wrong = Isbn("978-5-346-00001-3", "9785346000013"), Isbn("978-5-346-00001-4", "", erroneous=True)
    of_set = Isbn("9785097127212", "9785097127212", of_host=True)
    union = merge("c", [record("1", isbns=(wrong,)), record("2", isbns=(of_set, right)), record("3", isbns=(right,))])
    assert union.bib.isbns == (right, of_set)
    assert merge("c", [record("1", isbns=(wrong,))]).bib.isbns == (wrong,)


def test_subjects_and_links_are_gathered_each_once() -> None:
    link = Link("https://example.org/1")
    union = merge("c", [record("1", subjects=("Алгебра", "Числа"), links=(link,)),
                        record("2", subjects=("алгебра.", "Уравнения"), links=(link,))])  # fmt: skip
    assert union.bib.subjects == ("Алгебра", "Числа", "Уравнения")
    assert union.bib.links == (link,)


def test_the_stricter_age_mark_is_shown() -> None:
    assert merge("c", [record("1", age_mark="6+"), record("2", age_mark="12+"), record("3")]).bib.age_mark == "12+"


def test_codes_are_not_taken_from_another_format() -> None:
    rusmarc = record("1", isbns=(Isbn("9785346000013", "9785346000013"),))
    marc21 = record("2", dialect=Dialect.MARC21, coded_form="e", literary_form="1", audience="g")
    union = merge("c", [rusmarc, marc21])
    assert (union.bib.dialect, union.bib.coded_form, union.bib.literary_form) == (Dialect.RUSMARC, "", "")


short = st.sampled_from(["", "Математика", "МАТЕМАТИКА", "Алгебра", "математика!", "Mатематика"])
members = st.lists(
    st.builds(
        lambda title, year, place, bbk, name, isbn, dialect, age, series: {
            "title": title, "year_text": year, "places": place, "bbk": bbk, "age_mark": age, "dialect": dialect,
            "agents": tuple(Agent(n) for n in name), "isbns": tuple(Isbn(i, i) for i in isbn),
            "series": tuple(Series(s) for s in series), "parts": (PartName("Ч. 1"),),
            "carrier": CarrierSigns(leader_type="a"),
        },
        short, st.sampled_from(["", "2019", "[2019]", "2020"]), st.sampled_from([(), ("М.",), ("Москва",)]),
        st.sampled_from([(), ("22.1",), ("22.1", "22.14")]),
        st.lists(st.sampled_from(["Толстой, Л. Н.", "Толстой, Лев", "Толстой, А.", "Моро"]), max_size=3),
        st.lists(st.sampled_from(["9785346000013", "9785097127212"]), max_size=2),
        st.sampled_from([Dialect.RUSMARC, Dialect.MARC21, Dialect.MARCSQL]), st.sampled_from(["", "6+", "12+"]),
        st.lists(short, max_size=2),
    ),
    min_size=1, max_size=4,
)  # fmt: skip


@given(members)
def test_the_order_of_members_changes_nothing(described: list[dict[str, Any]]) -> None:
    records = [BibRecord(RecordKey("s", str(n)), **d) for n, d in enumerate(described)]
    unions = {repr(merge("c", order)) for order in permutations(records)}
    assert len(unions) == 1


@given(members)
def test_every_field_that_says_something_says_who_gave_it(described: list[dict[str, Any]]) -> None:
    records = [BibRecord(RecordKey("s", str(n)), **d) for n, d in enumerate(described)]
    union = merge("c", records)
    given_by = {m.key: m for m in records}
    for field in fields(BibRecord):
        if field.name in ("key", "dialect", "holdings", "warnings"):
            continue
        if getattr(union.bib, field.name):
            assert getattr(given_by[union.provenance[field.name]], field.name)
    assert set(union.members) == set(given_by)


@given(members, st.integers(2, 4))
def test_members_that_all_say_the_same_become_what_field_by_field_makes_of_them(
    described: list[dict[str, Any]], many: int
) -> None:
    records = [BibRecord(RecordKey("s", str(n)), **described[0]) for n in range(many)]
    made = merge("c", records[::-1])
    assert (made.bib, made.provenance, made.contributors) == _merged(rank(records))
    assert made.members == tuple(r.key for r in rank(records))


@given(members, st.lists(st.sampled_from(["", "20200101", "20210101"]), min_size=4, max_size=4))
def test_a_record_is_as_young_as_the_youngest_whose_word_it_has(
    described: list[dict[str, Any]], days: list[str]
) -> None:
    records = [
        BibRecord(RecordKey("s", str(n)), changed=day, **d)
        for n, (d, day) in enumerate(zip(described, days, strict=False))
    ]
    made = merge("c", records)
    assert made.contributors
    assert [key for key in made.members if key in made.contributors] == list(made.contributors)
    assert {key for name, key in made.provenance.items() if name != "warnings"} <= {*made.contributors}
    assert made.bib.changed == max(r.changed for r in records if r.key in made.contributors)
    later = [r if r.key in made.contributors else replace(r, changed="20260901") for r in records]
    assert merge("c", later) == made


def test_who_adds_one_word_to_a_list_has_a_word_in_the_record() -> None:
    first = record("1", keywords=("сказки",), changed="20200101")
    made = merge("c1", [first, record("2", keywords=("сказки", "лес"), changed="20260901")])
    assert made.provenance["keywords"] == first.key
    assert made.contributors == (first.key, RecordKey("s", "2"))
    assert made.bib.changed == "20260901"


def test_a_vote_that_settles_what_was_disputed_makes_the_record_younger() -> None:
    def school(number: int, extent: str, day: str) -> BibRecord:
        return record(str(number), extent=extent, changed=day)

    shelf = [school(1, "128 с.", "20260401"), school(2, "130 с.", "20260301"), school(3, "128 с.", "20260201"),
             school(4, "128 с.", "20260101")]  # fmt: skip
    made = merge("c1", shelf)
    assert (made.bib.extent, made.bib.changed) == ("128 с.", "20260401")
    shelf[2] = school(3, "130 с.", "20260601")  # two against two: the record says what it said
    assert (merge("c1", shelf).bib.extent, merge("c1", shelf).bib.changed) == ("128 с.", "20260401")
    shelf[3] = school(4, "130 с.", "20260602")
    made = merge("c1", shelf)
    assert (made.bib.extent, made.bib.changed) == ("130 с.", "20260602")
    assert made.provenance["extent"] == RecordKey("s", "2")


def test_members_that_name_no_publisher_do_not_outvote_the_one_that_does() -> None:
    union = merge("c", [record("1", subtitle="учебник"), record("2"), record("3", publishers=("Дрофа",))])
    assert union.bib.publishers == ("Дрофа",)


@pytest.mark.parametrize(("one", "other", "same"), [
    (Agent("Гомер"), Agent("Гомер", dates="VIII в. до н. э."), True),  # a name without forenames
    (Agent("Толстой"), Agent("Толстой, Л. Н."), False),  # which of them?
    (Agent("Россия. Министерство обороны", kind="body"), Agent("Россия. Министерство", kind="body"), False),
    (Agent("МГУ, Мехмат", kind="body"), Agent("МГУ", kind="body"), False),
    (Agent("МГУ, Мехмат", kind="body"), Agent("мгу мехмат", kind="body"), True),
    (Agent("Толстой", kind="body"), Agent("Толстой"), False),
])  # fmt: skip
def test_who_is_the_same(one: Agent, other: Agent, same: bool) -> None:
    assert is_same_agent(one, other) is is_same_agent(other, one) is same


def test_what_only_one_record_says_of_a_person_is_kept_whichever_comes_first() -> None:
    bare, told = Agent("Иванов, И. И."), Agent("Иванов, И. И.", role="ил.", dates="1901-1970")
    rich = {"isbns": (Isbn("9785346000013", "9785346000013"),)}
    for members in ([record("1", agents=(bare,), **rich), record("2", agents=(told,))],
                    [record("1", agents=(told,), **rich), record("2", agents=(bare,))]):  # fmt: skip
        assert merge("c", members).bib.agents == (told,)


def test_who_only_has_something_wrong_with_it_gave_the_record_no_word() -> None:
    right = record("1", subtitle="учебник", changed="20200101")
    faulty = record("2", warnings=("005 короткий",), changed="20260901")
    made = merge("c1", [faulty, right])
    assert made.bib.warnings == faulty.warnings
    assert (made.contributors, made.bib.changed) == ((right.key,), "20200101")


def test_other_titles_come_from_all_and_the_article_with_the_title_chosen() -> None:
    one = record("1", "The Hobbit", article="The ", other_titles=("There and back again",))
    two = record("2", "The hobbit", other_titles=("Хоббит", "There and Back Again"))
    merged = merge("c1", [one, two]).bib
    assert merged.article == "The "
    assert set(merged.other_titles) == {"There and back again", "Хоббит"}
    swapped = [record("1", "Хоббит", other_titles=("The Hobbit",)), record("2", "Хоббит"), two]
    assert "Хоббит" not in merge("c1", swapped).bib.other_titles


def test_a_city_is_one_however_it_is_abbreviated_and_is_named_in_full() -> None:
    typed = [("М.",), ("М.",), ("Москва",), ("СПб.",)]
    assert merge("c1", [record(str(n), places=places) for n, places in enumerate(typed)]).bib.places == ("Москва",)
