"""The union catalogue's own MARC records: what SRU, OAI-PMH, Z39.50, `export` and «запись домой» hand out.

The record is built from the understood description, not copied from a member, so that every field is in its right
place, the leader is true, staff names and local fields of the schools never leave, and any dialect can be asked for.
Lengths in the leader are zero: `catalog_sync.marc.writing` computes them when it writes bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

from catalog_sync.marc import union_marc21, union_rusmarc
from catalog_sync.marc.union_common import Plan
from catalog_sync.model import BibRecord, Dialect, MarcRecord, UnionRecord
from catalog_sync.query import LibraryHoldings


def from_union(
    record: UnionRecord, dialect: Dialect, holdings: Sequence[LibraryHoldings] = (), *, agency: str = "catalog-sync"
) -> MarcRecord:
    """The union record as MARC: 001 is the cluster id, 852/899 say which libraries hold it (when `holdings` is given).

    `agency` goes where the format names the cataloguing agency (RUSMARC 801$b, MARC 21 003 and 040$a).
    """
    return _build(Plan(record.bib, record.cluster, holdings, record.classified, agency), dialect)


def from_bib(bib: BibRecord, dialect: Dialect, *, number: str = "", agency: str = "catalog-sync") -> MarcRecord:
    """One source's description as a clean record; 001 is `number`, by default the id inside its source."""
    return _build(Plan(bib, number or bib.key.local_id, agency=agency), dialect)


def _build(plan: Plan, dialect: Dialect) -> MarcRecord:
    if dialect.is_unimarc_family:
        return union_rusmarc.build(plan)
    return union_marc21.build(plan, dialect)
