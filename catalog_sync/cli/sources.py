"""source …: who sends what, how it is read, and trying that out before the first night."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from catalog_sync import onboarding, pipeline, previewing, source_check, upkeep
from catalog_sync.cli.harvesting import say
from catalog_sync.cli.root import Context, answer, end_progress, example, local, progress_line, root, with_context
from catalog_sync.errors import Refused
from catalog_sync.model import Dialect, FetchedFile, Library, RunState, Source
from catalog_sync.runlog import as_state
from catalog_sync.source_check import checked_encoding
from catalog_sync.store import audit, jobs, records, registry, runs
from catalog_sync.store.database import reading, writing
from catalog_sync.system import System, operator
from harvesters.registry import kind_of
from harvesters.secrets import redact

OWN = ("name", "library", "harvester", "dialect", "encoding", "holdings_profile", "base", "schedule", "incremental")
TRUE, FALSE = ("да", "yes", "true", "1"), ("нет", "no", "false", "0", "")
REREAD_EXAMPLES = 3  # titles before and after: enough to see whether letters became letters
EXISTING = click.Path(path_type=Path, exists=True, dir_okay=False)


@root.group(epilog=example("catalog-sync source list"))
def source() -> None:
    """Источники: список, проверка, настройки, пауза, сбор вне расписания."""


@source.command(name="list", epilog=example("catalog-sync source list"))
@with_context
def list_(context: Context) -> None:
    """Все источники: чей, откуда, в каком формате, когда был последний сеанс."""
    system = context.system()
    with reading(system.engine) as connection:
        found = registry.sources(connection)
        names = {library.code: library.name for library in registry.libraries(connection)}
        last = {one.code: next(iter(runs.latest(connection, source=one.code, limit=1)), None) for one in found}
    for one in found:
        run = last[one.code]
        state = f"{as_state(run.state)} {local(system, run.started)}" if run else "сеансов не было"
        click.echo(
            f"{one.code:<20} {names.get(one.library, one.library):<32} {one.harvester or 'manual':<10} "
            f"{one.dialect.value:<8} {state}" + ("" if one.active else "  [пауза]")
        )
    if not found:
        click.echo("источников ещё нет: catalog-sync source add КОД --library КОД или catalog-sync import")


@source.command(epilog=example("catalog-sync source show school-07"))
@click.argument("code")
@with_context
def show(context: Context, code: str) -> None:
    """Настройки одного источника. Пароли не показываются: в настройках только ссылки на них."""
    system = context.system()
    with reading(system.engine) as connection:
        found = registry.get_source(connection, code)
        published = registry.published_run(connection, code)
    for name, value in _plain(found).items():
        click.echo(f"{name:<18} {redact(str(value)) if value not in ('', None) else '—'}")
    click.echo(f"{'сеанс в каталоге':<18} {f'№ {published}' if published else 'ещё ни одного'}")


def _plain(found: Source) -> dict[str, Any]:
    values = asdict(found) | {"dialect": found.dialect.value, "incremental": _yes(found.incremental)}
    values["active"] = "да" if found.active else "нет, пауза"
    settings = values.pop("settings")
    return values | {f"[{name}]": value for name, value in sorted(settings.items())}


def _yes(value: bool) -> str:
    return "да" if value else "нет"


@source.command(epilog=example("catalog-sync source kinds oai_pmh"))
@click.argument("kind", required=False)
def kinds(kind: str | None) -> None:
    """Способы сбора; с именем способа — его настройки."""
    if kind is None:
        for name, title in onboarding.kinds():
            click.echo(f"{name:<12} {title}")
        return
    for option in kind_of(kind).options():
        empty = option.default in ("", ".")
        default = "обязательна" if option.default is None else f"по умолчанию {'пусто' if empty else option.default}"
        values = f"; можно {', '.join(option.choices)}" if option.choices else ""
        click.echo(f"{option.name:<18} {option.sentence} ({option.type}; {default}{values})")


@source.command(epilog=example("catalog-sync source add school-07 --library school-07 --kind files --dialect marcsql"))
@click.argument("code")
@click.option("--library", required=True, help="Код библиотеки; новая будет заведена.")
@click.option("--library-name", default="", help="Название новой библиотеки.")
@click.option("--name", default="", help="Название источника.")
@click.option("--kind", default="manual", show_default=True, help="Способ сбора (см. source kinds).")
@click.option("--dialect", type=click.Choice([d.value for d in Dialect]), default="rusmarc", show_default=True)
@click.argument("settings", nargs=-1, metavar="[ИМЯ=ЗНАЧЕНИЕ]...")
@with_context
def add(
    context: Context, code: str, library: str, library_name: str, name: str, kind: str, dialect: str,
    settings: tuple[str, ...],
) -> None:  # fmt: skip
    """Завести источник. Настройки способа сбора — парами ИМЯ=ЗНАЧЕНИЕ."""
    system = context.system()
    made = Source(code, library, name or code, "manual" if kind == "manual" else kind_of(kind).name, Dialect(dialect))
    made = _changed(made, _pairs(settings))
    registry.refuse_code(code)
    source_check.refuse_unused(made)
    source_check.check(made, system.settings)
    with writing(system.engine) as connection:
        if registry.find_source(connection, code):
            raise Refused(f"источник {code} уже есть; изменить его: catalog-sync source set {code} ИМЯ=ЗНАЧЕНИЕ")
        if is_new := registry.find_library(connection, library) is None:
            registry.refuse_code(library, registry.OF_LIBRARY)
            registry.save_libraries(connection, [Library(library, library_name or library)])
        save(connection, system, None, made)
    if is_new:
        click.echo(f"заведена библиотека {library}: {library_name or library}")
    click.echo(f"заведён источник {code}; проверьте его: catalog-sync source test {code}")


@source.command(name="set", epilog=example("catalog-sync source set school-07 encoding=cp866 schedule='30 2 * * *'"))
@click.argument("code")
@click.argument("settings", nargs=-1, required=True, metavar="ИМЯ=ЗНАЧЕНИЕ...")
@with_context
def set_(context: Context, code: str, settings: tuple[str, ...]) -> None:
    """Изменить настройки источника. ИМЯ= без значения убирает настройку."""
    system = context.system()
    with writing(system.engine) as connection:
        before = registry.get_source(connection, code)
        given = _pairs(settings)
        after = _changed(before, given)
        source_check.refuse_unused(replace(after, settings={n: v for n, v in after.settings.items() if n in given}))
        source_check.check(after, system.settings)
        if registry.find_library(connection, after.library) is None:
            raise Refused(f"нет библиотеки {after.library!r}")
        save(connection, system, before, after)
    if before == after:
        click.echo("ничего не изменилось")
        return
    click.echo(f"источник {code} изменён")
    if difference(before, after):
        read_anew(system, code)


@source.command(epilog=example("catalog-sync source reread school-07"))
@click.argument("code")
@with_context
def reread(context: Context, code: str) -> None:
    """Прочесть уже загруженные записи источника по нынешним настройкам, ничего не скачивая."""
    system = context.system()
    with reading(system.engine) as connection:
        registry.get_source(connection, code)
        loaded = registry.published_run(connection, code) is not None
    read_anew(system, code)
    if not loaded:
        click.echo(f"загруженных записей у источника {code} нет: читать по-новому нечего")


def read_anew(system: System, code: str) -> None:
    """What is published is read as the settings now say, and the difference is told; held runs keep their old reading.

    Raises Refused: the settings are kept, the records are as they were.
    """
    with reading(system.engine) as connection:
        published = registry.published_run(connection, code)
        held = runs.latest(connection, source=code, states=[RunState.HELD])
    if published:
        try:
            run = pipeline.reread(system, code, asked_by=operator(), progress=progress_line(code))
        except Refused as error:
            raise Refused(f"{error}; повторить: catalog-sync source reread {code}") from error
        finally:
            end_progress()
        c = run.counts
        told = f"сеанс № {run.number}; экземпляров +{c.copies_added} −{c.copies_removed}"
        click.echo(f"уже загруженные записи прочитаны по-новому: изменилось {c.changed} ({told})")
        for one in previewing.reread_examples(system.engine, run.number, REREAD_EXAMPLES):
            click.echo(f"    {one.local_id}: {one.before or '—'} → {one.after or '—'}")
        if c.set_aside:
            click.echo(f"не прочитано и оставлено как было: {c.set_aside}")
        if c.changed:
            click.echo("если стало хуже, верните прежнюю настройку: записи прочтутся снова")
        return
    for run in held:
        click.echo(
            f"сеанс № {run.number} прочитан ещё по прежним настройкам: отклоните его "
            f"(catalog-sync reject {run.number}) и соберите или загрузите выгрузку снова"
        )


def _pairs(words: Iterable[str]) -> dict[str, str]:
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.strip():
            raise Refused(f"нужно ИМЯ=ЗНАЧЕНИЕ, а указано {redact(word)!r}")
        found[name.strip()] = value.strip()
    return found


def _changed(before: Source, values: Mapping[str, str]) -> Source:
    """The source with its own fields and its harvester's settings changed. Raises Refused."""
    own: dict[str, Any] = {name: value for name, value in values.items() if name in OWN}
    if "dialect" in own:
        own["dialect"] = _dialect(own["dialect"])
    if "incremental" in own:
        own["incremental"] = _truth(own["incremental"])
    if own.get("encoding"):
        own["encoding"] = checked_encoding(own["encoding"])
    settings = dict(before.settings)
    for name, value in values.items():
        if name not in OWN:
            settings[name] = value
    return replace(before, **own, settings={name: value for name, value in settings.items() if value})


def _dialect(text: str) -> Dialect:
    try:
        return Dialect(text)
    except ValueError:
        raise Refused(f"dialect: возможны {', '.join(d.value for d in Dialect)}, а указано {text!r}") from None


def _truth(text: str) -> bool:
    if text.lower() in TRUE:
        return True
    if text.lower() in FALSE:
        return False
    raise Refused(f"ожидалось да или нет, а указано {text!r}")


def save(connection: Any, system: System, before: Source | None, after: Source) -> None:
    registry.save_sources(connection, [after])
    verb = "изменён" if before else "заведён"
    was = {name: redact(str(value)) for name, value in _plain(before).items()} if before else {}
    now = {name: redact(str(value)) for name, value in _plain(after).items()}
    audit.note(connection, operator(), f"источник {after.code}: {verb}", system.now(), was, now)


# --- trying -----------------------------------------------------------------------------------------------------------


@source.command(epilog=example("catalog-sync source test school-07 uchebniki.iso --write"))
@click.argument("code")
@click.argument("files", nargs=-1, type=EXISTING)
@click.option("--cards", default=onboarding.CARDS, show_default=True, help="Сколько карточек показать.")
@click.option("--write", is_flag=True, help="Записать найденный формат, кодировку и поля экземпляров в настройки.")
@with_context
def test(context: Context, code: str, files: tuple[Path, ...], cards: int, write: bool) -> None:
    """Взять несколько записей источника (или из файлов) и показать, как они поняты. Каталог не меняется."""
    system = context.system()
    with reading(system.engine) as connection:
        found = registry.get_source(connection, code)
    brought: Iterable[FetchedFile] = (
        onboarding.brought(files, found) if files else onboarding.fetched(found, system.settings.home)
    )
    seen = onboarding.look(brought, found, cards=cards)
    _show(seen)
    after = onboarding.settled(found, seen)
    if after == found:
        click.echo("настройки источника этому соответствуют")
    elif write:
        with writing(system.engine) as connection:
            save(connection, system, found, after)
        click.echo(f"записано: {difference(found, after)}")
        read_anew(system, code)
    else:
        click.echo(f"в настройках иначе: {difference(found, after)}; записать найденное: добавьте --write")


def _show(seen: onboarding.Look) -> None:
    click.echo("файлы: " + ", ".join(seen.files))
    for reason in seen.detected.reasons:
        click.echo(f"  {reason}")
    click.echo(
        f"просмотрено записей: {seen.seen}, не прочитано: {seen.set_aside}; "
        f"с экземплярами: {seen.with_copies}, экземпляров: {seen.copies}"
    )
    for fault in seen.faults[:5]:
        click.echo(f"  не прочитано: {fault}")
    for card in seen.cards:
        show_card(card)
    if seen.seen > seen.set_aside and not seen.with_copies:
        click.echo("\nэкземпляров нет ни в одной записи: проверьте, выгружаются ли они, или выберите holdings_profile")
    click.echo()


def show_card(card: onboarding.Card) -> None:
    """One record as it was understood."""
    click.echo(f"\n{card.local_id}\n  {card.description}")
    numbers = f", инв. № {', '.join(card.numbers)}{' …' if card.copies > len(card.numbers) else ''}"
    told = f"экземпляров {card.copies} (поле {card.where})" if card.where else "экземпляров не найдено"
    click.echo("  " + told + (numbers if card.numbers else ""))


def difference(before: Source, after: Source) -> str:
    """What says how records are read, where it changed; "" where nothing of it did."""
    changed = after.read_otherwise(before).items()
    return ", ".join(f"{name} {was or '—'} → {now or '—'}" for name, (was, now) in changed)


# --- running ----------------------------------------------------------------------------------------------------------


@source.command(epilog=example("catalog-sync source pause school-07"))
@click.argument("code")
@with_context
def pause(context: Context, code: str) -> None:
    """Не собирать источник, пока он на паузе. Его записи остаются в каталоге."""
    _set_active(context.system(), code, active=False)
    click.echo(f"источник {code} на паузе; продолжить: catalog-sync source resume {code}")


@source.command(epilog=example("catalog-sync source resume school-07"))
@click.argument("code")
@with_context
def resume(context: Context, code: str) -> None:
    """Снова собирать источник по расписанию."""
    _set_active(context.system(), code, active=True)
    click.echo(f"источник {code} снова собирается по расписанию")


@source.command(epilog=example("catalog-sync source close school-07"))
@click.argument("code")
@click.option("--yes", is_flag=True, help="Не спрашивать.")
@with_context
def close(context: Context, code: str, yes: bool) -> None:
    """Убрать из каталога все записи источника: школа закрылась.

    Экземпляры выбывают сегодняшним днём, прошлые отчёты остаются как были. Источник встаёт на паузу. Школе, которая
    перешла на другую программу, нужна не эта команда, а source set: источник остаётся тем же. Если же для неё завели
    новый источник, закройте прежний: книги, которые есть в новом, не выбывают.
    """
    system = context.system()
    with reading(system.engine) as connection:
        found = registry.get_source(connection, code)
        live = records.live_count(connection, code)
    if live:
        name = found.name or code
        answer(f"Убрать из каталога записи источника {name} ({live})? Экземпляры выбудут сегодня.", yes=yes)
    run = upkeep.close_source(system, code, who=operator())
    with writing(system.engine) as connection:
        audit.note(connection, operator(), f"источник {code}: закрыт", system.now())
    say(run)
    click.echo(f"вернуть: catalog-sync rollback {run.number} и catalog-sync source resume {code}")


def _set_active(system: System, code: str, *, active: bool) -> None:
    with writing(system.engine) as connection:
        found = registry.get_source(connection, code)
        if found.active != active:
            save(connection, system, found, replace(found, active=active))


@source.command(name="run-now", epilog=example("catalog-sync source run-now school-07"))
@click.argument("code")
@with_context
def run_now(context: Context, code: str) -> None:
    """Попросить службу заданий собрать источник сейчас, не дожидаясь ночи."""
    system = context.system()
    with writing(system.engine) as connection:
        found = registry.get_source(connection, code)
        if found.harvester in ("", "manual"):
            raise Refused(f"источник {code} загружается вручную: catalog-sync import ФАЙЛ --source {code}")
        number = jobs.ask(connection, "harvest", code, asked_by=operator(), now=system.now())
    click.echo(f"просьба № {number} оставлена службе заданий; что вышло: catalog-sync runs --source {code}")

