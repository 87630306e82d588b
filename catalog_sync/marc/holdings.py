"""What one library has of a record, by profile (data/tables/holdings_profiles.toml): which field holds what."""

from __future__ import annotations

from catalog_sync.marc.parts import Fields
from catalog_sync.model import Dialect, Holdings, Item


def holdings_of(fields: Fields, profile: str, dialect: Dialect) -> Holdings:
    return Holdings()
