"""SRU diagnostics: the standard's number and message, our details, and a sentence for a person."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from catalog_sync.protocol.cql import CqlError
from catalog_sync.query import Unsupported
from catalog_sync.tables import rows

IDENTIFIER = "info:srw/diagnostic/1/"
# What part of a question the catalogue could not answer, as a diagnostic.
UNSUPPORTED = {"access": 16, "relation": 22, "truncation": 28, "term": 36, "sort": 80, "sort size": 83,
               "facet": 6, "library": 235}


@dataclass(frozen=True, slots=True)
class Diagnostic:
    number: int
    details: str = ""

    @property
    def uri(self) -> str:
        return f"{IDENTIFIER}{self.number}"

    @property
    def message(self) -> str:
        """The standard's English message and the Russian one: both audiences read the same answer."""
        english, russian = _messages().get(self.number, ("Diagnostic", ""))
        return f"{english} ({russian})" if russian else english


class SruFailure(Exception):
    """The request can't be answered at all: the response is this diagnostic alone."""

    def __init__(self, number: int, details: str = "") -> None:
        super().__init__(f"{number}: {details}")
        self.diagnostic = Diagnostic(number, details)


@cache
def _messages() -> dict[int, tuple[str, str]]:
    return {int(r["number"]): (r["message"], r["russian"]) for r in rows("sru_diagnostics.tsv")}


def of_error(error: CqlError | Unsupported) -> Diagnostic:
    if isinstance(error, CqlError):
        return Diagnostic(error.number, error.details)
    return Diagnostic(UNSUPPORTED.get(error.part, 48), f"{error.part}: {error.value}")
