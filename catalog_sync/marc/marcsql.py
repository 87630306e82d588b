"""МАРК-SQL → BibRecord: USMARC with local fields (data/tables/crosswalk_marcsql.tsv)."""

from __future__ import annotations

from msgspec.structs import replace

from catalog_sync.marc import marc21
from catalog_sync.marc.parts import Fields, distinct, indexes_in, leads_to_work, looks_bbk
from catalog_sync.model import BibRecord, Dialect, Link, MarcRecord, RecordKey


def to_bib(
    key: RecordKey, record: MarcRecord, profile: str, dialect: Dialect, warnings: tuple[str, ...] = ()
) -> BibRecord:
    fields = Fields.of(record)
    bib = marc21.described(key, record.leader, fields, profile, dialect, warnings)
    return replace(
        bib,
        bbk=distinct([index for name, index in indexes_in(fields.texts("091")) if name != "удк"])
        or distinct((*bib.bbk, *(c for c in fields.texts("090", "ac") if looks_bbk(c)))),
        author_mark=fields.text("090", "x") or bib.author_mark,
        audience=fields.text("521") or fields.text("091", "i") or bib.audience,
        links=(*bib.links, *(Link(url, of_work=leads_to_work(url, "")) for url in fields.texts("900"))),
        issns=bib.issns or fields.texts("440", "x"),
    )
