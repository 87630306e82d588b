"""set-aside: records of an export that could not be read, listed and written out for the school."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import click

from catalog_sync.cli.root import Context, example, root, with_context
from catalog_sync.errors import Refused
from catalog_sync.model import HarvestRun, SetAside
from catalog_sync.store import registry, runs
from catalog_sync.store.database import reading
from catalog_sync.system import System
from catalog_sync.wording import safe_cell

LIST = "otlozheno.csv"
UNSAFE = re.compile(r"[^\w.-]")  # in a file name
HEADINGS = ("файл", "запись", "смещение", "байт", "причина", "сохранено как")


@root.command(name="set-aside", epilog=example("catalog-sync set-aside school-07 --to otlozheno/"))
@click.argument("code", required=False)
@click.option("--run", "number", type=int, help="Этого сеанса, а не последнего.")
@click.option(
    "--to", "folder", type=click.Path(path_type=Path, file_okay=False),
    help="Записать байты каждой записи и список в CSV в эту папку.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Ответ в JSON.")
@with_context
def set_aside(context: Context, code: str | None, number: int | None, folder: Path | None, as_json: bool) -> None:
    """Отложенные записи: что в выгрузке не прочиталось и почему. Без источника – по всем, из последних сеансов."""
    system = context.system()
    found = [(run, pieces) for run in _chosen(system, code, number) if (pieces := _pieces(system, run))]
    if as_json:
        rows = [_as_dict(run, piece) for run, pieces in found for piece in pieces]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        _list(found)
    if folder and found:
        _write(folder, found)


def _chosen(system: System, code: str | None, number: int | None) -> list[HarvestRun]:
    with reading(system.engine) as connection:
        if number is not None:
            run = runs.get(connection, number)
            if code and run.source != code:
                raise Refused(f"сеанс № {number} собирал источник {run.source}, а не {code}")
            return [run]
        codes = [registry.get_source(connection, code).code] if code else [s.code for s in registry.sources(connection)]
        return [run for one in codes for run in runs.latest(connection, source=one, limit=1)]


def _pieces(system: System, run: HarvestRun) -> list[SetAside]:
    with reading(system.engine) as connection:
        return runs.set_aside(connection, run.number)


def _list(found: Sequence[tuple[HarvestRun, Sequence[SetAside]]]) -> None:
    for run, pieces in found:
        click.echo(f"{run.source}, сеанс № {run.number}: отложено {len(pieces)} из {run.counts.read}")
        for p in pieces:
            click.echo(f"  {p.file}: запись {p.number}, смещение {p.offset}, байт {len(p.data)}: {p.reason}")
    if not found:
        click.echo("отложенных записей нет")


def _as_dict(run: HarvestRun, piece: SetAside) -> dict[str, object]:
    return {
        "source": run.source, "run": run.number, "file": piece.file, "number": piece.number, "offset": piece.offset,
        "bytes": len(piece.data), "reason": piece.reason,
    }  # fmt: skip


def _write(folder: Path, found: Sequence[tuple[HarvestRun, Sequence[SetAside]]]) -> None:
    """The bytes as they came, one file a record, and the list that says what each is."""
    folder.mkdir(parents=True, exist_ok=True)
    text = StringIO()
    table = csv.writer(text, delimiter=";", lineterminator="\r\n")
    table.writerow(HEADINGS)
    for run, pieces in found:
        for p in pieces:
            name = f"{UNSAFE.sub('_', run.source)}-{run.number}-{p.number}.bin"
            (folder / name).write_bytes(p.data)
            table.writerow((safe_cell(p.file), p.number, p.offset, len(p.data), safe_cell(p.reason), name))
    (folder / LIST).write_text(text.getvalue(), encoding="utf-8-sig", newline="")
    click.echo(f"записано в {folder}: {sum(len(pieces) for _, pieces in found)}, список в {LIST}")
