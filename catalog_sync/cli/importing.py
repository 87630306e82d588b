"""import: what a person brings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from catalog_sync import onboarding, pipeline
from catalog_sync.cli.harvesting import say
from catalog_sync.cli.root import (
    Context,
    answer,
    begin_long_work,
    end_progress,
    example,
    progress_line,
    root,
    with_context,
)
from catalog_sync.errors import Refused
from catalog_sync.marc.reading import Detected
from catalog_sync.model import Dialect, Library, Source
from catalog_sync.source_check import checked_encoding
from catalog_sync.store import registry, runs
from catalog_sync.store.database import reading, writing
from catalog_sync.system import System, operator


@root.command(name="import", epilog=example("catalog-sync import uchebniki.iso --source school-07 --dialect marcsql"))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--source", "code", required=True, help="Код источника; новый будет заведён после вопроса.")
@click.option(
    "--dialect", type=click.Choice([d.value for d in Dialect]), help="Формат записей (только новый источник)."
)
@click.option("--encoding", help="Кодировка записей; без неё определяется по файлу.")
@click.option("--incremental", is_flag=True, help="В файле только изменения: чего в нём нет, то не исчезло.")
@click.option("--yes", is_flag=True, help="Ответить «да» на вопросы. Удержанный сеанс это не публикует.")
@with_context
def import_(
    context: Context, files: tuple[Path, ...], code: str, dialect: str | None, encoding: str | None, incremental: bool,
    yes: bool,
) -> None:  # fmt: skip
    """Загрузить выгрузку библиотечной системы из файлов."""
    begin_long_work()
    system = context.system()
    source = _source(system, code, dialect, encoding, files, yes)
    brought = onboarding.brought(files, source, complete=not incremental)
    try:
        run = pipeline.run_source(
            system, code, brought, incremental=incremental, asked_by=operator(), progress=progress_line(code)
        )
    finally:
        end_progress()
    say(run)


def _source(
    system: System, code: str, dialect: str | None, encoding: str | None, files: tuple[Path, ...], yes: bool
) -> Source:
    """The source of that code, made or corrected after asking. Raises Refused before anything is changed."""
    encoding = checked_encoding(encoding) if encoding else ""
    with reading(system.engine) as connection:
        found = registry.find_source(connection, code)
        fresh = registry.published_run(connection, code) is None
        last = runs.last_published(connection, code)
    if found is None:
        return _made(system, code, dialect, encoding, files, yes)
    wanted = replace(found, dialect=Dialect(dialect) if dialect else found.dialect, encoding=encoding or _codec(found))
    if wanted == replace(found, encoding=_codec(found)):
        return found
    known = found.encoding or (last.encoding if last else "")
    if not fresh and (wanted.dialect is not found.dialect or (known and wanted.encoding not in ("", known))):
        raise Refused(
            f"источник {code} заведён иначе ({_reading(found)}), а указано: {_reading(wanted)}. Если прежнее неверно: "
            f"catalog-sync source set {code} dialect={wanted.dialect.value} encoding={wanted.encoding}"
        )
    if fresh:
        answer(f"Источник {code} заведён иначе ({_reading(found)}). Изменить на: {_reading(wanted)}?", yes=yes)
    with writing(system.engine) as connection:
        registry.save_sources(connection, [wanted])
    return wanted


def _codec(source: Source) -> str:
    """The source's encoding under the name the program uses: «windows-1251» and «cp1251» are one."""
    return checked_encoding(source.encoding) if source.encoding else ""


def _reading(source: Source) -> str:
    return f"формат {source.dialect.value}, кодировка {source.encoding or 'по файлу'}"


def _made(system: System, code: str, dialect: str | None, encoding: str, files: tuple[Path, ...], yes: bool) -> Source:
    """A new source, and a library of the same code, as the file asks for."""
    registry.refuse_code(code)
    source = Source(code, code, code, dialect=Dialect(dialect or "rusmarc"), encoding=encoding)
    seen = onboarding.look(onboarding.brought(files, source), source, cards=0).detected
    source = replace(
        source, dialect=Dialect(dialect) if dialect else seen.dialect, holdings_profile=_profile(seen, dialect)
    )
    answer(
        f"Источника {code} ещё нет. Завести его и библиотеку с этим кодом (формат {source.dialect.value}, "
        f"кодировка {encoding or seen.encoding})?",
        yes=yes,
    )
    with writing(system.engine) as connection:
        if registry.find_library(connection, code) is None:
            registry.save_libraries(connection, [Library(code=code, name=code)])
        registry.save_sources(connection, [source])
    return source


def _profile(seen: Detected, dialect: str | None) -> str:
    """The holdings profile that was found, unless a person named another dialect than the one it belongs to."""
    return seen.holdings_profile if dialect in (None, seen.dialect.value) else ""
