"""Fund category, carrier, kind of e-edition and age mark: every rule with its reason."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_sync.classify import age_mark, classify
from catalog_sync.model import (
    BibRecord,
    Carrier,
    CarrierSigns,
    Category,
    Classified,
    Dialect,
    EKind,
    Link,
    PartName,
    RecordKey,
)  # fmt: skip

R, M = Dialect.RUSMARC, Dialect.MARC21
C = Category


def bib(dialect: Dialect = R, **fields: Any) -> BibRecord:
    return BibRecord(RecordKey("s", "1"), dialect, **({"title": "Название"} | fields))


@pytest.mark.parametrize(
    ("record", "category", "reason"),
    [
        (bib(coded_form="j"), C.TEXTBOOK, "105$a: j"),
        (bib(coded_form="e"), C.REFERENCE, "105$a: e (словарь)"),
        (bib(coded_form="f"), C.REFERENCE, "105$a: f"),
        (bib(coded_form="g"), C.REFERENCE, "105$a: g"),
        (bib(M, coded_form="d"), C.REFERENCE, "008/24–27: d (словарь)"),
        (bib(M, coded_form="e"), C.REFERENCE, "008/24–27: e"),
        (bib(M, coded_form="j"), C.OTHER, "признаков"),
        (bib(subtitle="учебник для 5 класса"), C.TEXTBOOK, "«учебник»"),
        (bib(subtitle="учебное пособие"), C.STUDY_AID, "«учебное пособие»"),
        (bib(subtitle="пособие для поступающих в вузы"), C.STUDY_AID, "«пособие для»"),
        (bib(subtitle="толковый словарь"), C.REFERENCE, "«словарь»"),
        (bib(subtitle="школьный справочник"), C.REFERENCE, "«справочник»"),
        (bib(subtitle="атлас с контурными картами"), C.STUDY_AID, "«контурными картами»"),
        (bib(title="Большая энциклопедия"), C.REFERENCE, "в заглавии «энциклопедия»"),
        (bib(subtitle="книга для учителя"), C.OTHER, "методическое"),
        (bib(bbk=("84(2Рос=Рус)6",)), C.FICTION, "ББК 84(2Рос=Рус)6"),
        (bib(bbk=("84Р7",), title="Учебник жизни"), C.FICTION, "ББК 84Р7"),
        (bib(udc=("84(2)",)), C.FICTION, "ББК 84(2)"),
        (bib(literary_form="a"), C.FICTION, "105$a/11: a"),
        (bib(M, literary_form="1"), C.FICTION, "008/33: 1"),
        (bib(M, literary_form="0"), C.OTHER, "признаков"),
        (bib(literary_form="z"), C.OTHER, "признаков"),
        (bib(bbk=("22.1я721",)), C.TEXTBOOK, "ББК 22.1я721"),
        (bib(bbk=("22.1я721",), title="Рабочая тетрадь по математике"), C.STUDY_AID, "«рабочая тетрадь»"),
        (bib(bbk=("28я2",)), C.REFERENCE, "ББК 28я2"),
        (bib(bbk=("22.1я73",)), C.STUDY_AID, "ББК 22.1я73"),
        (bib(udc=("373.167.1:51",)), C.TEXTBOOK, "УДК 373.167.1:51"),
        (bib(udc=("821.161.1-31",)), C.FICTION, "УДК 821.161.1-31"),
        (bib(udc=("821.161.1.09",)), C.OTHER, "признаков"),
        (bib(subtitle="повесть"), C.FICTION, "жанр «повесть»"),
        (bib(title="Математика. 5 класс"), C.TEXTBOOK, "школьный предмет"),
        (bib(title="Физика атома"), C.OTHER, "признаков"),
        (bib(), C.OTHER, "признаков"),
    ],
)
def test_the_first_rule_that_applies_decides_and_is_named(record: BibRecord, category: Category, reason: str) -> None:
    found = classify(record)
    assert (found.category, reason in found.category_reason) == (category, True), found.category_reason


def test_a_librarian_s_decision_wins() -> None:
    found = classify(bib(coded_form="j"), base="Учебники", override=C.FICTION)
    assert (found.category, found.category_reason) == (C.FICTION, "решение библиотекаря")


@pytest.mark.parametrize(
    ("base", "record", "category"),
    [
        ("Учебники", bib(bbk=("84",)), C.TEXTBOOK),
        ("Список учебников", bib(), C.TEXTBOOK),
        ("Учебники", bib(title="Контурные карты"), C.STUDY_AID),
        ("Учебники", bib(subtitle="хрестоматия"), C.STUDY_AID),
        ("Учебники", bib(genres=("практикум",)), C.STUDY_AID),
        ("Книги", bib(bbk=("84",)), C.FICTION),
    ],
)
def test_the_base_of_textbooks_decides_before_the_record(base: str, record: BibRecord, category: Category) -> None:
    assert classify(record, base=base).category is category


def signs(dialect: Dialect = R, **fields: str) -> BibRecord:
    return bib(dialect, carrier=CarrierSigns(**fields))


@pytest.mark.parametrize(
    ("record", "carrier"),
    [
        (signs(), Carrier.PRINT),
        (signs(leader_type="a"), Carrier.PRINT),
        (signs(leader_type="l"), Carrier.ELECTRONIC),
        (signs(leader_type="m"), Carrier.PRINT),
        (signs(M, leader_type="m"), Carrier.ELECTRONIC),
        (signs(leader_type="a", media="b"), Carrier.ELECTRONIC),
        (signs(media="n"), Carrier.PRINT),
        (signs(form="s"), Carrier.ELECTRONIC),
        (signs(M, form="o"), Carrier.ELECTRONIC),
        (signs(M, form="r"), Carrier.PRINT),
        (signs(M, media="c"), Carrier.ELECTRONIC),
        (signs(media="c"), Carrier.MICROFORM),
        (signs(M, media="h"), Carrier.MICROFORM),
        (signs(leader_type="j"), Carrier.AUDIOVISUAL),
        (signs(leader_type="g"), Carrier.AUDIOVISUAL),
        (signs(media="a"), Carrier.AUDIOVISUAL),
        (signs(M, gmd="[Электронный ресурс]"), Carrier.ELECTRONIC),
        (signs(M, gmd="CD-ROM"), Carrier.ELECTRONIC),
        (signs(gmd="Видеозапись"), Carrier.AUDIOVISUAL),
        (signs(gmd="Текст"), Carrier.PRINT),
        (signs(gmd="Микроформа"), Carrier.MICROFORM),
        (signs(physical="1 электрон. опт. диск (CD-ROM)"), Carrier.ELECTRONIC),
        (signs(physical="128 с. + 1 CD-ROM"), Carrier.PRINT),
        (signs(physical="2 аудиокассеты"), Carrier.AUDIOVISUAL),
        (signs(leader_type="i", gmd="Электронный ресурс"), Carrier.ELECTRONIC),
        (bib(links=(Link("https://example.org/scan.pdf"),), carrier=CarrierSigns(leader_type="a")), Carrier.PRINT),
    ],
)
def test_the_carrier_is_told_by_its_signs(record: BibRecord, carrier: Carrier) -> None:
    assert classify(record).carrier is carrier


@pytest.mark.parametrize(
    ("record", "ekind"),
    [
        (bib(carrier=CarrierSigns(leader_type="l", physical="1 CD-ROM")), EKind.PHYSICAL),
        (bib(carrier=CarrierSigns(media="b")), EKind.PHYSICAL),
        (bib(carrier=CarrierSigns(media="b"), links=(Link("https://rusneb.ru/1"),)), EKind.OPEN_LINK),
        (bib(carrier=CarrierSigns(media="b"), links=(Link("files/kraeved.pdf"),)), EKind.LOCAL),
        (bib(carrier=CarrierSigns(media="b"), links=(Link("https://lib.example/1", "для зарегистрир. пользователей"),)),
         EKind.LICENSED),
        (bib(carrier=CarrierSigns(media="b"), links=(Link("https://e.example/cover", of_work=False),)), EKind.PHYSICAL),
        (bib(links=(Link("https://rusneb.ru/1"),)), EKind.NONE),
    ],
)  # fmt: skip
def test_the_kind_of_an_electronic_edition(record: BibRecord, ekind: EKind) -> None:
    found = classify(record)
    assert found.ekind is ekind
    assert bool(found.ekind_reason) is (ekind is not EKind.NONE)


@pytest.mark.parametrize(
    ("record", "mark"),
    [
        (bib(age_mark="12+"), "12+"),
        (bib(subtitle="сказка : [0+]"), "0+"),
        (bib(notes=("Ограничения по возрасту - 12+",)), "12+"),
        (bib(notes=("16+. Знак информационной продукции согласно Федеральному закону",)), "16+"),
        (bib(audience="6+"), "6+"),
        (bib(title="Физика 10+"), ""),
        (bib(title="16 + 2 задачи"), ""),
        (bib(title="1116+"), ""),
        (bib(audience="m"), ""),
        (bib(), ""),
    ],
)
def test_a_missing_age_mark_is_unknown_never_zero(record: BibRecord, mark: str) -> None:
    assert age_mark(record) == mark
    assert classify(record).age_mark == mark


text = st.sampled_from(["", "учебник", "84", "я72", "22.1я72", "словарь", "j", "CD-ROM", "12+", "5 класс", "ё"])


@given(st.builds(
    bib, st.sampled_from(list(Dialect)), title=text, subtitle=text, coded_form=text, literary_form=text,
    bbk=st.tuples(text), udc=st.tuples(text), parts=st.tuples(st.builds(PartName, text, text)),
    carrier=st.builds(CarrierSigns, text, text, text, text, text, text, text, text),
), text)  # fmt: skip
def test_every_record_has_one_category_and_one_carrier_with_reasons(record: BibRecord, base: str) -> None:
    found = classify(record, base=base)
    assert isinstance(found, Classified)
    assert found.category_reason
    assert found.carrier_reason
    assert (found.ekind is EKind.NONE) is (found.carrier is not Carrier.ELECTRONIC)
