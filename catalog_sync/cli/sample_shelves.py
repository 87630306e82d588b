"""The reading lists and the local-lore shelf of the sample district: a newcomer sees what librarians make of them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from catalog_sync.model import RecordKey
from catalog_sync.settings import SAMPLE_CONFIG
from catalog_sync.store import clusters, lists, records
from catalog_sync.store.database import reading, writing
from catalog_sync.system import System

SHELVES = SAMPLE_CONFIG.parent / "papers" / "shelves.toml"
WHO = "учебный район"


def load(system: System) -> bool:
    """Put lists and people in once; whether it was done. What somebody made since then is not touched."""
    with reading(system.engine) as connection:
        if lists.every(connection) or lists.people(connection, all_of_them=True):
            return False
    found = tomllib.loads(SHELVES.read_text(encoding="utf-8"))
    with writing(system.engine) as connection:
        for shelf in found["list"]:
            entries = tuple(_entry(connection, entry) for entry in shelf["entries"])
            lists.save(connection, lists.ReadingList(
                shelf["slug"], shelf["title"], shelf["about"], shelf["library"], True, WHO, system.now(), entries,
            ))  # fmt: skip
        for person in found["person"]:
            lists.save_person(connection, lists.Person(**person, published=True))
    return True


def _entry(connection: Connection, written: Mapping[str, Any]) -> lists.Entry:
    """An edition is named by a record of some school: ids of clusters are made anew in every catalogue."""
    rest = {name: value for name, value in written.items() if name != "record"}
    if "record" not in written:
        return lists.Entry(**rest)
    source, _, local_id = written["record"].partition(":")
    (number,) = records.ids_of(connection, [RecordKey(source, local_id)]).values()
    return lists.Entry(cluster=clusters.clusters_of(connection, [number])[number], **rest)
