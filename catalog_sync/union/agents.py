"""People and bodies as several records name them: who is the same, and in which form a union record names them."""

from __future__ import annotations

from functools import lru_cache

from msgspec.structs import replace

from catalog_sync.citation.names import established, surname_and_forenames
from catalog_sync.model import Agent
from catalog_sync.text import skeleton
from catalog_sync.union.quality import TEXTS, untidiness


@lru_cache(maxsize=TEXTS)
def as_heading(agent: Agent) -> Agent:
    """With the name as headings have it: «Пушкин, Александр Сергеевич»."""
    return replace(agent, name=established(agent))


def is_same_agent(left: Agent, right: Agent) -> bool:
    """Same surname and forenames that may be each other's («Толстой, Л. Н.» and «Лев Николаевич Толстой»)."""
    if left == right:
        return True
    if left.kind != right.kind:
        return False
    if left.kind != "person":
        return skeleton(left.name) == skeleton(right.name)
    (one, own), (other, others) = surname_and_forenames(left.name), surname_and_forenames(right.name)
    if skeleton(one) != skeleton(other):
        return False
    pairs = list(zip(skeleton(own).split(), skeleton(others).split(), strict=False))
    return (bool(pairs) or own == others) and all(a.startswith(b) or b.startswith(a) for a, b in pairs)


def fuller(known: Agent, other: Agent) -> Agent:
    """One of two namings of a person or body, with what the other says besides."""
    if known == other:
        return known
    tidier = untidiness(known.name) > untidiness(other.name)
    longer = len(other.name) > len(known.name) and untidiness(known.name) == untidiness(other.name)
    return replace(
        known,
        name=other.name if tidier or longer else known.name,
        role=known.role or other.role,
        dates=known.dates or other.dates,
        expansion=max(known.expansion, other.expansion, key=len),
    )
