"""Two records side by side: what a librarian decides by is in the table, whichever field it was typed in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from flask import Flask

from catalog_sync.model import Agent, BibRecord, CarrierSigns, Dialect, PartName, RecordKey
from web.staff.court import rows


def record(number: str, **said: Any) -> BibRecord:
    return BibRecord(RecordKey("school-1", number), Dialect.RUSMARC, title="Литература", **said)


def table(app: Flask, left: BibRecord, right: BibRecord) -> dict[str, tuple[str, str, bool]]:
    case = SimpleNamespace(left=SimpleNamespace(bib=left), right=SimpleNamespace(bib=right))
    with app.test_request_context("/"):
        return {name: (a, b, differs) for name, a, b, differs in rows(case)}  # type: ignore[arg-type]


def test_authors_are_shown_where_the_responsibility_is_empty_and_signs_are_no_difference(app: Flask) -> None:
    authors = (Agent("Платова В.О.", main=True), Agent("Рябинин П.И."))
    typed = record("1", agents=authors, responsibility="В. О. Платова")
    found = table(app, typed, record("2", agents=(Agent("Платова, В. О."), Agent("Рябинин, П. И."))))
    assert found["agents"] == ("Платова В.О.; Рябинин П.И.", "Платова, В. О.; Рябинин, П. И.", False)
    assert found["responsibility"] == ("В. О. Платова", "", True)
    assert "notes" not in found


def test_class_kind_and_carrier_are_shown_wherever_they_were_said(app: Flask) -> None:
    printed = record("1", subtitle="рабочая тетрадь для 8 класса", parts=(PartName("Ч. 2"),))
    disc = record("2", subtitle="8 кл.", parts=(PartName("часть 2"),), carrier=CarrierSigns(gmd="Электронный ресурс"))
    found = table(app, printed, disc)
    assert found["grades"] == ("8 класс", "8 класс", False)
    assert found["kind"] == ("рабочая тетрадь", "", True)
    assert found["carrier"] == ("печатное издание", "электронное издание", True)
    assert found["parts"] == ("Ч. 2", "Ч. 2", False)
