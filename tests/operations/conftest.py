"""Catalogues on both kinds of database, as the pipeline's tests have them."""

from __future__ import annotations

from tests.pipeline.conftest import district, postgres_url, sqlite_district

__all__ = ["district", "postgres_url", "sqlite_district"]
