"""CQL context sets: which index asks which access point, which key sorts how. Tables: data/tables/cql_*.tsv."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from catalog_sync.protocol.cql import CqlError, Modifier, Prefix, SortKey
from catalog_sync.query import MAX_SORT_KEYS, Access, Order, Sort, order_of
from catalog_sync.tables import rows

# An index without a prefix is looked for in these sets, in this order (SRU: the server's default context set first).
DEFAULT_ORDER = ("dc", "cql", "bath", "bib", "rec", "cs")
DIRECTIONS = ("ascending", "descending")
ACCEPTED_SORT = frozenset({"ignorecase", "ignoreaccents", "unicodecollate"})  # what happens anyway


@dataclass(frozen=True, slots=True)
class ContextSet:
    name: str
    identifiers: tuple[str, ...]  # the first is the one announced in explain
    title: str


@dataclass(frozen=True, slots=True)
class Index:
    """A line of the index table. `kind` is words, code, order or all (cql.allRecords)."""

    set_name: str
    name: str
    access: tuple[Access, ...]
    kind: str
    can_scan: bool
    sort: str
    title_en: str
    title_ru: str

    @property
    def qualified(self) -> str:
        return f"{self.set_name}.{self.name}"


@cache
def context_sets() -> tuple[ContextSet, ...]:
    return tuple(
        ContextSet(r["set"], tuple(r["identifiers"].split("|")), r["title"]) for r in rows("cql_sets.tsv")
    )


@cache
def indexes() -> tuple[Index, ...]:
    return tuple(
        Index(
            r["set"], r["index"], tuple(Access(a) for a in r["access"].split("|") if a), r["kind"], r["scan"] == "yes",
            r["sort"], r["title_en"], r["title_ru"],
        )
        for r in rows("cql_indexes.tsv")
    )


@cache
def _by_name() -> dict[tuple[str, str], Index]:
    return {(i.set_name, i.name.lower()): i for i in indexes()}


@cache
def _sets() -> tuple[dict[str, str], frozenset[str]]:
    """identifier → set, and the names of the sets."""
    known = {identifier: s.name for s in context_sets() for identifier in s.identifiers}
    return known, frozenset(s.name for s in context_sets())


def in_scope(prefixes: Iterable[Prefix], outer: Mapping[str, str]) -> dict[str, str]:
    """prefix → identifier as seen inside a node: its own assignments over those of the nodes around it."""
    return {**outer, **{p.name.lower(): p.identifier for p in prefixes}}


def find_index(name: str, scope: Mapping[str, str] | None = None) -> Index:
    """The index a name means. Raises CqlError 15 (context set) or 16 (index); names are case-insensitive."""
    prefix, dot, local = name.partition(".")
    if not dot:
        prefix, local = "", name
    sets = [set_of(prefix, scope or {})] if prefix or "" in (scope or {}) else list(DEFAULT_ORDER)
    for set_name in sets:
        found = _by_name().get((set_name, local.lower()))
        if found is not None:
            return found
    if (sets[0], local.lower()) == ("cql", "resultsetid"):
        raise CqlError(50, name)
    raise CqlError(16, name)


def set_of(prefix: str, scope: Mapping[str, str]) -> str:
    """The context set of a prefix: assigned in the query, or ours. Raises CqlError 15."""
    identifiers, names = _sets()
    assigned = scope.get(prefix.lower())
    if assigned is not None:
        found = identifiers.get(assigned, "")
    else:
        found = prefix.lower() if prefix.lower() in names else ""
    if not found:
        raise CqlError(15, assigned or prefix)
    return found


# --- sorting ----------------------------------------------------------------------------------------------------


def sort_of(keys: Iterable[SortKey], scope: Mapping[str, str] | None = None) -> Order:
    """The order that `sortBy` asks for. Raises CqlError 16, 80, 84, 85, 90–92: what we can't do is never ignored."""
    return _order_of([_key(find_index(key.index, scope), *_wishes(key.modifiers)) for key in keys])


def sort_of_parameter(text: str) -> Order:
    """SRU 1.1 `sortKeys`: path,schema,ascending(1/0),caseSensitive,missingValue, several separated by blanks."""
    return _order_of([_key_of_parameter(key) for key in text.split()])


def _order_of(keys: Sequence[Sort]) -> Order:
    if len(keys) > MAX_SORT_KEYS:
        raise CqlError(84, str(MAX_SORT_KEYS))
    subjects = [key.subject for key in keys]
    repeated = next((s for n, s in enumerate(subjects) if s in subjects[:n]), "")
    if repeated:
        raise CqlError(85, repeated)
    if len(keys) > 1 and Sort.RELEVANCE in keys:
        raise CqlError(80, "relevance beside other keys")
    return order_of(keys)


def _wishes(modifiers: Iterable[Modifier]) -> tuple[str, str]:
    """Direction ("", "ascending", "descending") and where records without a value go ("", "low", "high").

    Every other modifier must be one that changes nothing here.
    """
    direction = missing = ""
    for modifier in modifiers:
        name = modifier.name.lower().removeprefix("sort.")
        if name in DIRECTIONS:
            direction = name
        elif name in ("missinglow", "missinghigh"):
            missing = name.removeprefix("missing")
        elif name in ("respectcase", "respectaccents"):
            raise CqlError(91, modifier.name)
        elif name.startswith("missing"):
            raise CqlError(92, modifier.name)
        elif name not in ACCEPTED_SORT:
            raise CqlError(80, modifier.name)
    return direction, missing


def _key_of_parameter(text: str) -> Sort:
    path, schema, ascending, case, missing = [*text.split(","), "", "", "", ""][:5]
    if case == "1":
        raise CqlError(91, case)
    if missing not in ("", "lowValue", "highValue"):
        raise CqlError(92, missing)
    if ascending not in ("", "0", "1"):
        raise CqlError(90, ascending)
    try:
        index = find_index(path.strip('"/'), {"": find_schema(schema)} if schema else {})
    except CqlError as error:
        raise CqlError(88 if error.number == 16 else error.number, path) from error
    direction = {"0": "descending", "1": "ascending"}.get(ascending, "")
    return _key(index, direction, missing.removesuffix("Value"))


def _key(index: Index, direction: str, missing: str) -> Sort:
    """Records without a value come last: they are «high» in an ascending order and «low» in a descending one."""
    if not index.sort:
        raise CqlError(80, index.qualified)
    if index.sort == "relevance":
        if direction == "ascending":
            raise CqlError(90, f"{index.qualified} {direction}")
        return Sort.RELEVANCE
    direction = direction or "ascending"
    if missing == ("low" if direction == "ascending" else "high"):
        raise CqlError(92, f"{index.qualified} {direction}, missing {missing}")
    return Sort(index.sort + ("-" if direction == "descending" else ""))


def find_schema(schema: str) -> str:
    """The context set whose names a sort schema uses. Raises CqlError 87."""
    identifiers, names = _sets()
    if schema in names:
        return next(s.identifiers[0] for s in context_sets() if s.name == schema)
    if schema in identifiers:
        return schema
    raise CqlError(87, schema)
