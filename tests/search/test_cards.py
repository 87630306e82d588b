"""Cards beside the index: what they keep, and that a place once given stays true."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from catalog_sync.query import Card, Term
from catalog_sync.search import cards
from catalog_sync.search.document import Document
from catalog_sync.search.engine import Engine, IndexOutdated
from catalog_sync.search.reader import Reader
from tests.search.shelf import documents


def carded(document: Document, mark: str) -> Document:
    return replace(document, brief=f"brief {mark}".encode(), sendable=f"марк {mark}".encode())


def card(reader: Reader, word: str) -> Card:
    (only,) = reader.search(Term(word)).cards
    return only


def parts(one: Card) -> tuple[str, bytes, str]:
    return one.cluster, one.brief, one.record.decode()


def test_a_hit_has_its_card(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.write([carded(d, d.cluster) for d in documents()])
    assert parts(card(engine.reader(), "онегин")) == ("c2", b"brief c2", "марк c2")


def test_a_document_without_a_card_has_an_empty_one(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.write(documents())
    assert parts(card(engine.reader(), "онегин")) == ("c2", b"", "")


def test_cards_of_a_changed_document_are_the_new_ones_and_those_in_hand_stay_as_they_were(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.write([carded(d, "old") for d in documents()])
    reader = engine.reader()
    before = reader.search(Term("онегин"))
    engine.write([carded(documents()[1], "new")])
    assert not reader.is_latest(before.commit)
    after = reader.search(Term("онегин"))
    assert reader.is_latest(after.commit)
    assert parts(before.cards[0])[1:3] == (b"brief old", "марк old")
    assert parts(after.cards[0])[1:3] == (b"brief new", "марк new")
    assert parts(card(reader, "физика"))[1:3] == (b"brief old", "марк old")


def test_cards_in_hand_survive_a_rebuilt_index(tmp_path: Path) -> None:
    index, fresh = tmp_path / "index", tmp_path / "index.new"
    Engine(index).write([carded(d, "old") for d in documents()])
    reader = Engine(index).reader()
    held = card(reader, "онегин")
    Engine.create(fresh).write([carded(d, "a longer one") for d in reversed(documents())])
    index.rename(tmp_path / "index.old")
    fresh.rename(index)
    assert parts(card(reader, "онегин"))[1] == b"brief a longer one"
    assert parts(held) == ("c2", b"brief old", "марк old")


def test_cards_of_a_batch_that_failed_are_in_nobodys_way(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.write([carded(documents()[0], "first")])

    def broken() -> object:
        yield carded(documents()[1], "lost")
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        engine.write(broken())  # type: ignore[arg-type]
    engine.write([carded(documents()[1], "second")])
    assert parts(card(engine.reader(), "онегин"))[1] == b"brief second"


def test_an_index_without_its_cards_asks_for_a_rebuild(tmp_path: Path) -> None:
    Engine(tmp_path)
    (tmp_path / cards.FILE).write_bytes(b"something else")
    with pytest.raises(IndexOutdated, match="catalog-sync rebuild"):
        Engine(tmp_path)
    (tmp_path / cards.FILE).unlink()
    with pytest.raises(IndexOutdated, match="catalog-sync rebuild"):
        Engine(tmp_path)


def test_a_file_mostly_of_replaced_cards_is_worn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "FEWEST_WORN", 10)
    engine = Engine(tmp_path)
    for _ in range(cards.WORN):
        engine.write(documents())
        assert not engine.is_worn()
    engine.write(documents())
    assert engine.is_worn()
