"""What `explain` says is Russian: every field, feature, category and carrier has its word."""

from __future__ import annotations

import re

import pytest

from catalog_sync import wording
from catalog_sync.matching.features import Features
from catalog_sync.model import BibRecord, Carrier, Category, MovementKind

NOT_UNITED = {"key", "dialect", "holdings"}  # of one record, not of an edition


def test_every_name_has_its_word() -> None:
    assert set(wording.FIELDS) == set(BibRecord.__struct_fields__) - NOT_UNITED
    assert set(wording.FEATURES) == set(Features.__struct_fields__)
    assert set(wording.CATEGORIES) == set(Category)
    assert set(wording.CARRIERS) == set(Carrier)
    assert set(wording.MOVEMENTS) == set(MovementKind)
    words = [*wording.FIELDS.values(), *wording.FEATURES.values(), *wording.CATEGORIES.values()]
    assert not [word for word in words if not re.search("[а-я]|ISBN|ISSN|УДК|ББК", word)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (("рус.", "язык"), "рус. язык"),
        ((("дубровин", "иа"), ("сомова", "не")), "дубровин иа, сомова не"),
        ((7, 7), "7 7"),
        (True, "да"),
        (144, "144"),
    ],
)
def test_a_value_is_written_as_a_person_writes_it(value: object, text: str) -> None:
    assert wording.plain(value) == text
