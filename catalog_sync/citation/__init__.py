"""Citations of a record: ГОСТ Р 7.0.100-2018 for people, RIS, BibTeX, CSL-JSON, COinS and schema.org for programs.

Everything is taken from the record: what it does not say is left out, never supplied.
"""

from __future__ import annotations

from catalog_sync.citation.exchange import bibliography, bibtex, coins, csl_json, json_ld, ris
from catalog_sync.citation.gost import gost, heading, physical

__all__ = ["bibliography", "bibtex", "coins", "csl_json", "gost", "heading", "json_ld", "physical", "ris"]
