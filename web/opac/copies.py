"""A book in the hand, looked for by its inventory number: for the staff, in their own library first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from catalog_sync.store import inventory
from catalog_sync.store.database import reading
from web.opac.state import SearchState
from web.reader import reader
from web.services import services
from web.staff.access import me_or_none


@dataclass(frozen=True)
class Copies:
    """Copies with a number. `elsewhere`: of others' libraries, for the asker's has none. `closed`: the asker is none of
    the staff, who alone are told of inventory numbers (as in reports)."""

    number: str
    found: tuple[inventory.Copy, ...] = ()
    elsewhere: bool = False
    closed: bool = False

    @property
    def clusters(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(copy.cluster for copy in self.found if copy.cluster))


MOST = 50  # copies of one number: each school of a region may have its own «5»


def asked(state: SearchState) -> Copies | None:
    """The copies of «инв. № 12345»; None where something else is asked."""
    number = inventory.asked_for(state.q)
    if not number or services().engine is None:
        return None
    if me_or_none() is None:
        return Copies(number, closed=True)
    own = _own(state)
    with reading(services().store) as connection:
        found = inventory.find(connection, number, own) if own else []
        others = [] if found else inventory.find(connection, number)
    return Copies(number, tuple((found or others)[:MOST]), elsewhere=bool(own and others))


def guessed(state: SearchState) -> Copies | None:
    """The copies in one's own library of a number that nothing else is found by; None where there are none."""
    number, own = inventory.alone(state.q), _own(state) if services().engine is not None and me_or_none() else ()
    if not (number and own):
        return None
    with reading(services().store) as connection:
        found = inventory.find(connection, number, own)
    return Copies(number, tuple(found[:MOST])) if found else None


def _own(state: SearchState) -> tuple[str, ...]:
    """The libraries chosen on the page, else the one where the asker works, else the one they call their own."""
    user = me_or_none()
    working = user.library if user and user.library else reader().library
    return state.filters.get("library", ()) or ((working,) if working else ())


def as_json(copies: Copies) -> list[dict[str, Any]]:
    return [inventory.as_dict(copy) for copy in copies.found]
