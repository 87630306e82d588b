"""search, explain, clusters, export: what is in the catalogue, and why."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

import click

from catalog_sync import citation, explaining
from catalog_sync.cli.root import Context, example, root, with_context
from catalog_sync.errors import BadRecord, Refused
from catalog_sync.marc import union_marc, writing
from catalog_sync.model import Dialect, RecordKey, UnionRecord
from catalog_sync.query import Everything, LibraryHoldings, Query
from catalog_sync.search.parse import search_box
from catalog_sync.store import clusters as store_clusters
from catalog_sync.store.catalogue import StoreCatalogue, open_catalogue
from catalog_sync.store.database import reading
from catalog_sync.system import System

PAGE = 500  # records taken from the store at a time while exporting


def opened(system: System) -> StoreCatalogue:
    return open_catalogue(system.settings, system.engine)


@root.command(epilog=example('catalog-sync search "математика 5 класс"'))
@click.argument("query", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Ответ в JSON.")
@click.option("--limit", default=20, show_default=True, help="Сколько показать.")
@with_context
def search(context: Context, query: tuple[str, ...], as_json: bool, limit: int) -> None:
    """Искать в сводном каталоге, как в строке поиска на сайте."""
    catalogue = opened(context.system())
    hits = catalogue.search(search_box(" ".join(query)), limit=limit)
    found = [(record, catalogue.holdings(record.cluster)) for record in catalogue.records(hits.clusters)]
    if as_json:
        records = [_brief(record, holdings) for record, holdings in found]
        answer = {"total": hits.total, "suggestion": hits.suggestion, "records": records}
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    click.echo(f"найдено: {hits.total}")
    for record, holdings in found:
        click.echo(f"{record.cluster}  {citation.gost(record.bib, today=None)}")
        for one in holdings:
            click.echo(
                f"    {one.library_name}: {one.copies} экз." + (f", {one.call_numbers[0]}" if one.call_numbers else "")
            )
    if not hits.total and hits.suggestion:
        click.echo(f"возможно, вы имели в виду: {hits.suggestion}")


def _brief(record: UnionRecord, holdings: list[LibraryHoldings]) -> dict[str, Any]:
    bib = record.bib
    return {
        "cluster": record.cluster, "title": bib.title, "subtitle": bib.subtitle,
        "parts": [f"{p.number} {p.title}".strip() for p in bib.parts], "authors": [a.name for a in bib.agents],
        "year": bib.year_text, "isbn": [i.normal for i in bib.isbns if i.normal], "gost": citation.gost(bib, today=None),
        "records": [str(key) for key in record.members],
        "holdings": [{"library": h.library, "name": h.library_name, "copies": h.copies} for h in holdings],
    }  # fmt: skip


@root.command(epilog=example("catalog-sync explain school-07:RU/SCH/77"))
@click.argument("record")
@with_context
def explain(context: Context, record: str) -> None:
    """Показать весь путь одной записи: байты, поля, ключи, сравнения, кластер, сводная запись."""
    try:
        key = RecordKey.parse(record)
    except ValueError as error:
        raise Refused(f"нужно ИСТОЧНИК:НОМЕР, а указано {record!r}") from error
    system = context.system()
    with reading(system.engine) as connection:
        for line in explaining.lines(connection, key):
            click.echo(line)


@root.command(epilog=example("catalog-sync clusters --format csv > clusters.csv"))
@click.option("--format", "format_", type=click.Choice(["csv"]), default="csv", show_default=True)
@with_context
def clusters(context: Context, format_: str) -> None:
    """Вывести кластеры: строка на каждую действующую запись — source,local_id,cluster."""
    system = context.system()
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["source", "local_id", "cluster"])
    with reading(system.engine) as connection:
        for key, cluster in store_clusters.membership(connection):
            out.writerow([key.source, key.local_id, cluster])


@root.command(epilog=example("catalog-sync export --format iso2709 --dialect rusmarc --query пушкин > pushkin.mrc"))
@click.option("--format", "format_", type=click.Choice(["iso2709", "marcxml", "dc", "csv"]), required=True)
@click.option("--dialect", type=click.Choice([d.value for d in Dialect]), default="rusmarc", show_default=True)
@click.option(
    "--encoding", default="utf-8", show_default=True, help="Кодировка ISO 2709: utf-8, cp1251, cp866, koi8-r."
)
@click.option("--query", "text", default="", help="Только найденное этим запросом.")
@click.option("--output", type=click.File("wb"), default="-", help="Файл вместо вывода.")
@with_context
def export(context: Context, format_: str, dialect: str, encoding: str, text: str, output: BinaryIO) -> None:
    """Выгрузить сводный каталог или найденное в нём."""
    catalogue = opened(context.system())
    records = _matching(catalogue, search_box(text) if text else Everything())
    bad = _write(output, records, format_, Dialect(dialect), encoding)
    for fault in bad:
        click.echo(f"пропущена: {fault}", err=True)
    if bad:
        raise click.exceptions.Exit(1)


def _matching(catalogue: StoreCatalogue, query: Query) -> Iterator[UnionRecord]:
    offset = 0
    while True:
        hits = catalogue.search(query, offset=offset, limit=PAGE)
        if not hits.clusters:
            return
        yield from catalogue.records(hits.clusters)
        offset += PAGE


def _write(out: BinaryIO, records: Iterator[UnionRecord], format_: str, dialect: Dialect, encoding: str) -> list[str]:
    """Write records one by one; returns the faults of those that could not be written."""
    faults: list[str] = []
    head, foot = _frame(format_)
    out.write(head)
    for record in records:
        try:
            out.write(_rendered(record, format_, dialect, encoding))
        except (BadRecord, UnicodeEncodeError) as error:
            faults.append(f"{record.cluster}: {error}")
    out.write(foot)
    return faults


def _frame(format_: str) -> tuple[bytes, bytes]:
    if format_ == "marcxml":
        head = b'<?xml version="1.0" encoding="UTF-8"?>\n<collection xmlns="http://www.loc.gov/MARC21/slim">\n'
        return head, b"</collection>\n"
    if format_ == "dc":
        return b'<?xml version="1.0" encoding="UTF-8"?>\n<records>\n', b"</records>\n"
    if format_ == "csv":
        return "кластер,автор,заглавие,часть,год,издательство,ISBN,описание\n".encode("utf-8-sig"), b""
    return b"", b""


def _rendered(record: UnionRecord, format_: str, dialect: Dialect, encoding: str) -> bytes:
    if format_ == "dc":
        return writing.to_dc(record.bib) + b"\n"
    if format_ == "csv":
        return _csv_line(record)
    marc = union_marc.from_union(record, dialect)
    return writing.to_marcxml(marc) + b"\n" if format_ == "marcxml" else writing.to_iso2709(marc, encoding)


def _csv_line(record: UnionRecord) -> bytes:
    import io

    bib, line = record.bib, io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(
        [
            record.cluster, citation.heading(bib), bib.title, "; ".join(p.number for p in bib.parts), bib.year_text,
            "; ".join(bib.publishers), "; ".join(i.normal for i in bib.isbns if i.normal), citation.gost(bib, today=None),
        ]
    )  # fmt: skip
    return line.getvalue().encode()
