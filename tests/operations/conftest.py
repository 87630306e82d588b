"""Catalogues on both kinds of database, as the pipeline's tests have them."""

from __future__ import annotations

from tests.pipeline.conftest import district, sqlite_district

__all__ = ["district", "sqlite_district"]
