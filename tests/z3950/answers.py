"""Reading answers in tests."""

from __future__ import annotations

import io

import pymarc

from catalog_sync.protocol.apdu import (
    PresentResponse,
    ScanResponse,
    SearchResponse,
    SortResponse,
)
from catalog_sync.protocol.external import External


def condition(answer: SearchResponse | PresentResponse | ScanResponse | SortResponse) -> int:
    assert len(answer.diagnostics) == 1
    assert answer.diagnostics[0].info
    return answer.diagnostics[0].condition


def content(answer: PresentResponse | SearchResponse, at: int = 0) -> External:
    found = answer.records[at].content
    assert isinstance(found, External)
    return found


def marc(answer: PresentResponse | SearchResponse, at: int = 0) -> pymarc.Record:
    data = content(answer, at).data
    assert int(data[:5]) == len(data)
    (record,) = pymarc.MARCReader(io.BytesIO(data), force_utf8=True)
    assert record is not None
    return record
