"""search, explain, clusters, export: what is in the catalogue, and why."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import click
from sqlalchemy import select

from catalog_sync import citation, explaining, indexing, wording
from catalog_sync.cli.output import export_encoding, whole_file
from catalog_sync.cli.root import Context, end_progress, example, progress_line, record_key, root, warn, with_context
from catalog_sync.errors import BadRecord, Refused
from catalog_sync.file_names import readable
from catalog_sync.marc import union_marc, union_xml, writing
from catalog_sync.model import Dialect, MarcRecord, UnionRecord
from catalog_sync.query import Access, LibraryHoldings, Query, Relation, Sort, Term
from catalog_sync.search import description
from catalog_sync.search.codes import digits
from catalog_sync.search.fewer import fewer_words
from catalog_sync.search.parse import alternatives_meant, search_box
from catalog_sync.store import clusters as store_clusters
from catalog_sync.store import inventory, registry, unions
from catalog_sync.store import tables as t
from catalog_sync.store.catalogue import StoreCatalogue, open_catalogue
from catalog_sync.store.database import chunks, reading
from catalog_sync.system import System

MOST_EXPLAINED = 20  # editions of one ISBN: more share only the number of a set
SORTS = ("relevance", "year-", "year", "title", "author")  # as in the addresses of the site
MOST_SHOWN = 100_000  # the index answers no deeper (search/reader.py)
PAGE = 500  # records taken from the store at a time while exporting


def opened(system: System) -> StoreCatalogue:
    indexing.mend(system, warn)
    return open_catalogue(system.settings, system.engine)


@root.command(epilog=example('catalog-sync search "математика 5 класс"'))
@click.argument("query", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Ответ в JSON.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, MOST_SHOWN), help="Сколько показать.")
@click.option("--sort", type=click.Choice(SORTS), default="relevance", show_default=True,
              help="Порядок; year- – новые сначала.")  # fmt: skip
@with_context
def search(context: Context, query: tuple[str, ...], as_json: bool, limit: int, sort: str) -> None:
    """Искать в сводном каталоге, как в строке поиска на сайте.

    Поле называют перед словом: «автор:пушкин», «год:2015-2020»; ещё заглавие, тема, издательство, серия, класс, ббк,
    удк и шифр. «инв. № 12345» или «инв:12345» – экземпляр с этим инвентарным номером и его издание.
    """
    system, order, asked = context.system(), Sort(sort), " ".join(query)
    catalogue = opened(system)
    if number := inventory.asked_for(asked):
        _say_copies(system, catalogue, number, _copies(system, number), as_json, limit)
        return
    hits = catalogue.search(search_box(asked), limit=limit, sort=order, suggest=True)
    meant = ""
    told = (hits.suggestion, alternatives_meant(asked), alternatives_meant(hits.suggestion))
    for text in (*description.readings(asked), *told):
        if text and not hits.total and (instead := catalogue.search(search_box(text), limit=limit, sort=order)).total:
            hits, meant = instead, text
    if not hits.total and (number := inventory.alone(asked)) and (copies := _copies(system, number)):
        _say_copies(system, catalogue, number, copies, as_json, limit)
        return
    found = [(record, catalogue.holdings(record.cluster)) for record in catalogue.records(hits.clusters)]
    if as_json:
        records = [_brief(record, holdings) for record, holdings in found]
        answer = {"total": hits.total, "suggestion": meant, "records": records}
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    if meant:
        click.echo(f"так ничего не нашлось; показано найденное по запросу: {meant}")
    click.echo(f"найдено: {hits.total}")
    if not hits.total:
        for left in fewer_words(asked, lambda text: catalogue.search(search_box(text), limit=0).total):
            click.echo(f"без «{left.without}» нашлось бы: {left.count}")
    for record, holdings in found:
        click.echo(f"{record.cluster}  {citation.gost(record.bib, today=None)}")
        for one in holdings:
            click.echo(f"    {explaining.at_library(one)}")


def _copies(system: System, number: str) -> list[inventory.Copy]:
    with reading(system.engine) as connection:
        return inventory.find(connection, number)


def _say_copies(
    system: System, catalogue: StoreCatalogue, number: str, found: list[inventory.Copy], as_json: bool, limit: int
) -> None:
    """The copies with an inventory number and their editions."""
    shown = found[:limit]
    records = {r.cluster: r for r in catalogue.records(list(dict.fromkeys(copy.cluster for copy in shown)))}
    if as_json:
        copies = [inventory.as_dict(copy) for copy in shown]
        made = [_brief(record, catalogue.holdings(cluster)) for cluster, record in records.items()]
        answer = {"total": len(found), "suggestion": "", "copies": copies, "records": made}
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    with reading(system.engine) as connection:
        names = {library.code: library.name for library in registry.libraries(connection)}
    click.echo(f"экземпляров с инв. № {number}: {len(found)}")
    for copy in shown:
        state = "в фонде" if copy.left is None else f"выбыл {copy.left:%d.%m.%Y}"
        told = (names.get(copy.library, copy.library), copy.item.call_number, state, copy.why)
        click.echo(f"{copy.number}  {', '.join(filter(None, told))} ({copy.record})")
        if copy.cluster in records:
            click.echo(f"    {copy.cluster}  {citation.gost(records[copy.cluster].bib, today=None)}")


def _brief(record: UnionRecord, holdings: list[LibraryHoldings]) -> dict[str, Any]:
    bib = record.bib
    return {
        "cluster": record.cluster, "title": bib.title, "subtitle": bib.subtitle,
        "parts": [f"{p.number} {p.title}".strip() for p in bib.parts], "authors": [a.name for a in bib.agents],
        "year": bib.year_text, "isbn": [i.normal for i in bib.isbns if i.normal],
        "gost": citation.gost(bib, today=None),
        "records": [str(key) for key in record.members],
        "holdings": [{"library": h.library, "name": h.library_name, "copies": h.copies} for h in holdings],
    }  # fmt: skip


@root.command(epilog=example("catalog-sync explain school-07:RU/SCH/77"))
@click.argument("what")
@with_context
def explain(context: Context, what: str) -> None:
    """Показать весь путь одной записи: байты, поля, движение фонда, ключи, сравнения, кластер, сводная запись.

    WHAT – запись (ИСТОЧНИК:НОМЕР) или издание: номер карточки, ISBN. У издания названы записи и откуда каждое поле.
    """
    system = context.system()
    if ":" in what:
        with reading(system.engine) as connection:
            _say(explaining.lines(connection, record_key(what)))
        return
    editions = _editions(system, what)
    with reading(system.engine) as connection:
        for cluster in editions:
            _say(explaining.edition(connection, cluster))
            click.echo("\nпочему запись здесь: catalog-sync explain ИСТОЧНИК:НОМЕР")


def _say(lines: Iterable[str]) -> None:
    """Lines, some with an empty one before them; nothing that a record says is obeyed by the terminal."""
    for line in lines:
        text = line.lstrip("\n")
        click.echo("\n" * (len(line) - len(text)) + wording.printable(text))


def _editions(system: System, what: str) -> Sequence[str]:
    """Live clusters meant by an id, an old one too, or by an ISBN. Refused where there is none."""
    with reading(system.engine) as connection:
        if cluster := unions.redirect(connection, what):
            return [cluster]
    isbn = Term(what, Access.ISBN, Relation.EQUAL)
    if digits(what) and (found := opened(system).search(isbn, limit=MOST_EXPLAINED).clusters):
        return found
    raise Refused(f"нужно ИСТОЧНИК:НОМЕР, номер издания или ISBN из каталога, а указано {what!r}")


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


@root.command(epilog=example("catalog-sync export --format iso2709 --query пушкин --output pushkin.mrc"))
@click.option("--format", "format_", type=click.Choice(["iso2709", "marcxml", "dc", "csv"]), required=True)
@click.option("--dialect", type=click.Choice([d.value for d in Dialect]), default="rusmarc", show_default=True)
@click.option(
    "--encoding", default="utf-8", show_default=True, help="Кодировка ISO 2709: utf-8, cp1251, cp866, koi8-r."
)
@click.option("--query", "text", default="", help="Только найденное этим запросом.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Файл вместо вывода.")
@with_context
def export(context: Context, format_: str, dialect: str, encoding: str, text: str, output: Path | None) -> None:
    """Выгрузить сводный каталог или найденное в нём."""
    writer = Writer(format_, Dialect(dialect), export_encoding(encoding, format_))
    records = _matching(opened(context.system()), search_box(text) if text else None)
    if output is None:
        if sys.stdout.isatty() and format_ == "iso2709":
            raise Refused("ISO 2709 не печатается на терминал: добавьте --output ФАЙЛ")
        writer.write(sys.stdout.buffer, records)
    else:
        with whole_file(output) as file:
            writer.write(file, records)
    for fault in writer.faults:
        click.echo(f"пропущена: {fault}", err=True)
    if writer.simplified:
        click.echo(f"записей со знаками, которых нет в {writer.encoding}: {writer.simplified}; в них замены", err=True)
    click.echo(f"выгружено записей: {writer.written}" + (f" в {readable(str(output))}" if output else ""), err=True)
    if writer.faults:
        raise click.exceptions.Exit(1)


def _matching(catalogue: StoreCatalogue, query: Query | None) -> Iterator[UnionRecord]:
    """What a query finds, best first, or the whole catalogue by cluster; `PAGE` at a time."""
    # All at once: the order of pages asked one by one could change while a night is published.
    found = _all_clusters(catalogue) if query is None else catalogue.every(query)
    show = progress_line("выгрузка")
    for number, some in enumerate(chunks(found, PAGE)):
        show("записей", number * PAGE)
        yield from catalogue.records(some)
    end_progress()


def _all_clusters(catalogue: StoreCatalogue) -> list[str]:
    with reading(catalogue.engine) as connection:
        live = select(t.cluster.c.id).where(t.cluster.c.size > 0).order_by(t.cluster.c.id)
        return list(connection.execute(live).scalars())


class Writer:
    """Records into one file of a format, one by one. `faults` are those that could not be written."""

    def __init__(self, format_: str, dialect: Dialect, encoding: str) -> None:
        self.format, self.dialect, self.encoding = format_, dialect, encoding
        self.written = 0
        self.simplified = 0  # records with a letter that the encoding lacks
        self.faults: list[str] = []

    def write(self, out: BinaryIO, records: Iterator[UnionRecord]) -> None:
        head, foot = FRAMES[self.format]
        out.write(head)
        for record in records:
            try:
                out.write(self.rendered(record))
                self.written += 1
            except (BadRecord, UnicodeEncodeError) as error:
                self.faults.append(f"{record.cluster}: {error}")
        out.write(foot)
        out.flush()

    def rendered(self, record: UnionRecord) -> bytes:
        if self.format == "dc":
            return union_xml.oai_dc(record).encode() + b"\n"
        if self.format == "csv":
            return _csv_line(record)
        marc = union_marc.from_union(record, self.dialect)
        if self.format == "marcxml":
            return union_xml.marcxml(marc).encode() + b"\n"
        self.simplified += not _fits(marc, self.encoding)
        return writing.to_iso2709(marc, self.encoding)


def _fits(record: MarcRecord, encoding: str) -> bool:
    try:
        for field in record.fields:
            "".join([field.data or "", *(s.value for s in field.subfields)]).encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


FRAMES = {
    "iso2709": (b"", b""),
    "marcxml": (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<collection xmlns="http://www.loc.gov/MARC21/slim">\n',
        b"</collection>\n",
    ),
    "dc": (b'<?xml version="1.0" encoding="UTF-8"?>\n<records>\n', b"</records>\n"),
    # The mark in front tells Excel that it is UTF-8.
    "csv": ("кластер,автор,заглавие,часть,год,издательство,ISBN,описание\n".encode("utf-8-sig"), b""),
}


def _csv_line(record: UnionRecord) -> bytes:
    bib, line = record.bib, io.StringIO()
    parts = "; ".join(f"{part.number} {part.title}".strip() for part in bib.parts)
    isbns = "; ".join(isbn.normal for isbn in bib.isbns if isbn.normal)
    csv.writer(line, lineterminator="\n").writerow(
        map(
            wording.safe_cell,
            (record.cluster, citation.heading(bib), bib.title, parts, bib.year_text, "; ".join(bib.publishers), isbns,
             citation.gost(bib, today=None)),
        )
    )  # fmt: skip
    return line.getvalue().encode()
