"""The registry of electronic resources: where, on what basis, for whom, until when."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, select, update

from catalog_sync.store.database import upsert
from catalog_sync.store.staff_tables import eresource

OPEN_BASES = ("open_licence", "public_domain", "external")
EXPIRY_DAYS = 90  # what ends within a quarter is on the expiry list: time to prolong a contract


@dataclass(frozen=True, slots=True)
class EResource:
    """One resource. `libraries` may open it (empty = all), `networks` are the premises where `premises` applies."""

    code: str
    title: str
    kind: str
    url: str
    basis: str
    search_url: str = ""
    description: str = ""
    how_to: str = ""
    provider: str = ""
    licence: str = ""
    contract: str = ""
    starts: date | None = None
    ends: date | None = None
    seats: int | None = None
    libraries: Sequence[str] = field(default_factory=list)
    networks: Sequence[str] = field(default_factory=list)
    age: str = ""
    subjects: Sequence[str] = field(default_factory=list)
    cluster: str = ""
    active: bool = True
    checked: datetime | None = None
    check_fault: str = ""

    @property
    def works(self) -> bool:
        """Whether its address answered when it was last asked."""
        return self.checked is not None and not self.check_fault


# Why a resource may not be opened; the page has the sentence for each.
ENDED, NOT_STARTED, NOT_YOUR_LIBRARY, NOT_HERE, SWITCHED_OFF, ADULT = (
    "ended", "not_started", "not_your_library", "not_here", "switched_off", "adult",
)  # fmt: skip


def refusal(resource: EResource, *, today: date, library: str, address: str, child: bool = False) -> str:
    """Why this reader may not open it, "" where she may.

    `library` is the reader's own ("" = not chosen), `address` the reader's network address.
    """
    if not resource.active:
        return SWITCHED_OFF
    if resource.starts and today < resource.starts:
        return NOT_STARTED
    if resource.ends and today > resource.ends:
        return ENDED
    if child and resource.age.startswith("18"):
        return ADULT
    if resource.libraries and library not in resource.libraries:
        return NOT_YOUR_LIBRARY
    if resource.basis == "premises" and not within(address, resource.networks):
        return NOT_HERE
    return ""


def within(address: str, networks: Sequence[str]) -> bool:
    """Whether a network address belongs to one of the networks (CIDR)."""
    try:
        found = ipaddress.ip_address(address)
        found = getattr(found, "ipv4_mapped", None) or found  # as a server that listens to both kinds tells it
    except ValueError:
        return False
    return any(found in ipaddress.ip_network(network, strict=False) for network in networks)


def every(connection: Connection, *, active_only: bool = False) -> list[EResource]:
    query = select(eresource).order_by(eresource.c.title)
    if active_only:
        query = query.where(eresource.c.active)
    return [EResource(**row) for row in connection.execute(query).mappings()]


def find(connection: Connection, code: str) -> EResource | None:
    row = connection.execute(select(eresource).where(eresource.c.code == code)).mappings().first()
    return EResource(**row) if row else None


def of_edition(connection: Connection, cluster: str) -> list[EResource]:
    """Resources that open this very edition, those shown to readers."""
    return of_editions(connection, [cluster])


def of_editions(connection: Connection, clusters: Sequence[str]) -> list[EResource]:
    """Resources that open any of these editions (of one page), those shown to readers."""
    query = select(eresource).where(eresource.c.cluster.in_(clusters), eresource.c.active).order_by(eresource.c.title)
    return [EResource(**row) for row in connection.execute(query).mappings()]


def save(connection: Connection, value: EResource) -> None:
    upsert(connection, eresource, [asdict(value)])


def expiring(connection: Connection, today: date) -> list[EResource]:
    """Resources whose term ended or ends within EXPIRY_DAYS, the earliest first."""
    columns = eresource.c
    query = (
        select(eresource)
        .where(columns.active, columns.ends.is_not(None), columns.ends <= today + timedelta(days=EXPIRY_DAYS))
        .order_by(columns.ends)
    )
    return [EResource(**row) for row in connection.execute(query).mappings()]


def open_ones(connection: Connection) -> list[EResource]:
    """Resources of the registry anybody may open, shown to readers now."""
    return [one for one in every(connection, active_only=True) if one.basis in OPEN_BASES]


def note_check(connection: Connection, code: str, fault: str, when: datetime) -> None:
    """What the scheduled link check saw: "" = the address answers."""
    connection.execute(update(eresource).where(eresource.c.code == code).values(checked=when, check_fault=fault))
