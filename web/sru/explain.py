"""Explain: what this server can do, as a ZeeRex record (explain.z3950.org/dtd/2.0)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlsplit

from catalog_sync.marc.union_xml import attribute, element
from catalog_sync.protocol.cql_context import Index, context_sets, indexes
from web.record_schemas import SRU_SCHEMAS

ZEEREX = "http://explain.z3950.org/dtd/2.0/"
RELATIONS = ("=", "==", "<>", "<", "<=", ">", ">=", "all", "any", "adj", "within")
RELATION_MODIFIERS = ("cql.word", "cql.string", "cql.stem", "cql.masked", "cql.unmasked", "cql.ignoreCase",
                      "cql.ignoreAccents", "cql.relevant", "bib.identifierAuthority")


@dataclass(frozen=True, slots=True)
class Database:
    """The union catalogue, or what one library of it holds."""

    title: str
    description: str
    address: str  # the base URL of this database
    email: str = ""
    records: int = 0
    libraries: Mapping[str, str] | None = None  # address → name of the databases beside this one


def record(database: Database, version: str, limits: Mapping[str, int]) -> str:
    """The explain element. `limits` are the settings a client has to know (maximumRecords …)."""
    return (
        f'<explain xmlns="{ZEEREX}">{_server(database, version)}{_database(database)}{_meta()}'
        f"{_indexes()}{_schemas()}{_config(limits)}</explain>"
    )


def _server(database: Database, version: str) -> str:
    parts = urlsplit(database.address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return (
        f'<serverInfo protocol="SRU" version="{version}" transport="{attribute(parts.scheme)}" method="GET POST">'
        + element("host", parts.hostname or "") + element("port", str(port))
        + element("database", parts.path.strip("/")) + "</serverInfo>"
    )


def _database(database: Database) -> str:
    contact = element("contact", database.email)
    history = f"<history>{element('numberOfRecords', str(database.records))}</history>" if database.records else ""
    links = "".join(
        element("link", address, f' type="SRU" title="{attribute(name)}"')
        for address, name in (database.libraries or {}).items()
    )
    return (
        "<databaseInfo>" + element("title", database.title, ' lang="ru" primary="true"')
        + element("description", database.description, ' lang="ru" primary="true"') + contact
        + element("langUsage", "rus", ' codes="rus eng"') + history + (f"<links>{links}</links>" if links else "")
        + "</databaseInfo>"
    )


def _meta() -> str:
    return f"<metaInfo>{element('dateModified', '2026-01-01')}</metaInfo>"


def _indexes() -> str:
    sets = "".join(
        f'<set name="{s.name}" identifier="{attribute(s.identifiers[0])}">{element("title", s.title)}</set>'
        for s in context_sets()
    )
    listed = "".join(_index(same) for same in _same_thing())
    sort = "".join(element("sortKeyword", i.qualified) for i in indexes() if i.sort)
    return f"<indexInfo>{sets}{listed}{sort}</indexInfo>"


def _same_thing() -> list[list[Index]]:
    """Indexes grouped where several names ask the same access points in the same way."""
    def key(index: Index) -> tuple[str, str]:
        return ("|".join(index.access), index.kind)

    return [list(group) for _, group in groupby(sorted(indexes(), key=key), key=key)]


def _index(same: Sequence[Index]) -> str:
    first = same[0]
    flags = f' search="true" scan="{str(any(i.can_scan for i in same)).lower()}" sort="{str(bool(first.sort)).lower()}"'
    titles = element("title", first.title_ru, ' lang="ru" primary="true"')
    titles += element("title", first.title_en, ' lang="en"')
    names = "".join(f"<map>{element('name', i.name, f' set={chr(34)}{i.set_name}{chr(34)}')}</map>" for i in same)
    return f"<index{flags}>{titles}{names}</index>"


def _schemas() -> str:
    listed = "".join(
        f'<schema identifier="{attribute(s.identifier)}" name="{s.name}" location="{attribute(s.location)}" '
        f'retrieve="true" sort="false">{element("title", s.title)}</schema>'
        for s in SRU_SCHEMAS
    )
    return f"<schemaInfo>{listed}</schemaInfo>"


def _config(limits: Mapping[str, int]) -> str:
    parts = [
        element("setting" if "maximum" in name else "default", str(value), f' type="{name}"')
        for name, value in limits.items()
    ]
    parts.append(element("default", "dc", ' type="contextSet"'))
    parts.append(element("default", "cql.serverChoice", ' type="index"'))
    parts.append(element("default", "=", ' type="relation"'))
    parts.append(element("default", SRU_SCHEMAS[0].name, ' type="retrieveSchema"'))
    supports = (
        [("relation", r) for r in RELATIONS] + [("relationModifier", m) for m in RELATION_MODIFIERS]
        + [("booleanOperator", b) for b in ("and", "or", "not", "prox")]
        + [("maskingCharacter", m) for m in ("*", "?")] + [("anchorCharacter", "^")]
        + [("recordPacking", p) for p in ("xml", "string")] + [("scan", ""), ("sort", "")]
    )
    parts += [f'<supports type="{name}">{_shown(value)}</supports>' for name, value in supports]
    return f"<configInfo>{''.join(parts)}</configInfo>"


def _shown(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
