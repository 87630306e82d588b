"""lookup, convert: records from foreign catalogues, and files from one MARC dialect to another."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import click

from catalog_sync import citation
from catalog_sync.cli.catalogue import opened
from catalog_sync.cli.output import export_encoding, whole_file
from catalog_sync.cli.root import Context, example, root, with_context
from catalog_sync.errors import BadRecord, Refused, SourceUnavailable
from catalog_sync.file_names import readable
from catalog_sync.marc import writing
from catalog_sync.marc.conversion import Loss, convert
from catalog_sync.marc.reading import marc_record, read_export
from catalog_sync.model import Dialect, ExternalTarget, MarcRecord, Source, SourceRecord
from catalog_sync.offers import Offer, offers, question
from harvesters import limits
from harvesters.contents import contents, not_marc
from harvesters.secrets import Secrets
from harvesters.targets import SECONDS, TargetAnswer, ask_all
from harvesters.unpack import Unpacked

DIALECTS = click.Choice([d.value for d in Dialect])
FAULTS_SHOWN = 20  # of a file that is no MARC every piece is one
HEADS = {"marcxml": b'<?xml version="1.0" encoding="UTF-8"?>\n<collection xmlns="http://www.loc.gov/MARC21/slim">\n'}
FEET = {"marcxml": b"</collection>\n"}


@root.command(epilog=example("catalog-sync lookup 978-5-09-071001-5 --take 1 --dialect marcsql --output zapis.mrc"))
@click.argument("isbn", default="")
@click.option("--title", default="", help="Слова заглавия, если ISBN нет.")
@click.option("--author", default="", help="Слова имени автора, если ISBN нет.")
@click.option("--target", "codes", multiple=True, help="Спросить только этот каталог; можно повторить.")
@click.option("--seconds", default=SECONDS, show_default=True, type=click.FloatRange(0.1, 300), help="Сколько ждать.")
@click.option("--json", "as_json", is_flag=True, help="Ответ в JSON.")
@click.option("--take", type=click.IntRange(1), help="Взять предложение с этим номером в файл.")
@click.option("--dialect", type=DIALECTS, default="marcsql", show_default=True, help="Формат файла.")
@click.option("--encoding", default="cp1251", show_default=True, help="Кодировка файла.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Файл для --take.")
@with_context
def lookup(
    context: Context, isbn: str, title: str, author: str, codes: tuple[str, ...], seconds: float, as_json: bool,
    take: int | None, dialect: str, encoding: str, output: Path | None,
) -> None:  # fmt: skip
    """Искать запись во внешних каталогах (раздел [[target]] настроек), чтобы не составлять её заново."""
    asked = question(isbn, title, author)
    if asked is None:
        raise Refused("нечего искать: укажите ISBN, --title или --author")
    answers = ask_all(_targets(context, codes), asked, Secrets.of_process(), seconds=seconds)
    found = offers([c for a in answers for c in a.candidates], opened(context.system()))
    if take is not None:
        _take(found, take, Dialect(dialect), export_encoding(encoding, "iso2709"), output)
    elif as_json:
        click.echo(json.dumps(_as_json(answers, found), ensure_ascii=False, indent=2))
    else:
        _show(answers, found)
    if all(a.error for a in answers):
        raise click.exceptions.Exit(1)


def _targets(context: Context, codes: tuple[str, ...]) -> list[ExternalTarget]:
    known = context.settings.targets
    if not known:
        raise Refused("внешние каталоги не описаны: добавьте разделы [[target]] в catalog-sync.toml")
    for code in codes:
        if code not in {t.code for t in known}:
            raise Refused(f"нет внешнего каталога {code!r}; есть: {', '.join(t.code for t in known)}")
    return [t for t in known if not codes or t.code in codes]


def _show(answers: list[TargetAnswer], found: list[Offer]) -> None:
    for answer in answers:
        said = answer.error or f"{answer.name}: найдено {answer.total}, взято {len(answer.candidates)}"
        click.echo(said, err=bool(answer.error))
    for number, offer in enumerate(found, start=1):
        where = ", ".join(dict.fromkeys(c.target_name for c in offer.candidates))
        ours = f"  [уже есть в сводном: {offer.cluster}]" if offer.cluster else ""
        maybe = f"  [возможно, есть: {', '.join(offer.unsure)}]" if offer.unsure else ""
        click.echo(f"{number}. {citation.gost(offer.best.bib, today=None)}\n   {where}{ours}{maybe}")


def _as_json(answers: list[TargetAnswer], found: list[Offer]) -> dict[str, Any]:
    return {
        "targets": [
            {"code": a.target, "total": a.total, "taken": len(a.candidates), "error": a.error,
             "seconds": round(a.seconds, 2)} for a in answers
        ],
        "offers": [
            {"title": o.best.bib.title, "gost": citation.gost(o.best.bib, today=None), "cluster": o.cluster,
             "unsure": list(o.unsure), "targets": [c.target for c in o.candidates]} for o in found
        ],
    }  # fmt: skip


def _take(found: list[Offer], number: int, dialect: Dialect, encoding: str, output: Path | None) -> None:
    if number > len(found):
        raise Refused(f"предложения № {number} нет: всего их {len(found)}")
    if output is None:
        raise Refused("укажите файл: --output ФАЙЛ")
    best = found[number - 1].best
    converted = convert(best.marc, best.dialect, dialect)
    with whole_file(output) as file:
        file.write(writing.to_iso2709(converted.record, encoding))
    click.echo(f"записано в {readable(str(output))}: {citation.gost(best.bib, today=None)}")
    _tell_losses(Counter(_named(loss) for loss in converted.losses))


class NothingWritten(Exception):
    """No record could be converted: the file that was there before stays."""


@root.command(name="convert", epilog=example("catalog-sync convert in.mrc --from rusmarc --to marc21 --output out.mrc"))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--from", "source", type=DIALECTS, required=True, help="Формат файла.")
@click.option("--to", "target", type=DIALECTS, required=True, help="Какой формат нужен.")
@click.option("--format", "format_", type=click.Choice(["iso2709", "marcxml"]), default="iso2709", show_default=True)
@click.option("--encoding", default="utf-8", show_default=True, help="Кодировка результата (только iso2709).")
@click.option("--keep", is_flag=True, help="Сохранить непоместившееся в поле 886.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Куда записать.")
def convert_file(
    file: Path, source: str, target: str, format_: str, encoding: str, keep: bool, output: Path
) -> None:
    """Перевести файл записей из одного формата MARC в другой и сказать, что не поместилось."""
    losses: Counter[str] = Counter()
    faults: list[str] = []
    codec = export_encoding(encoding, format_)
    parts = _parts(file)
    with suppress(NothingWritten), whole_file(output) as out:
        out.write(HEADS.get(format_, b""))
        written = sum(
            _write(out, converted, format_, codec, faults)
            for converted in _converted(parts, Dialect(source), Dialect(target), keep, losses, faults)
        )
        out.write(FEET.get(format_, b""))
        if faults and not written:
            raise NothingWritten
    where = f" в {readable(str(output))}" if written or not faults else ", файл не записан"
    click.echo(f"переведено записей: {written}{where}", err=True)
    for fault in faults[:FAULTS_SHOWN]:
        click.echo(f"пропущена: {fault}", err=True)
    if len(faults) > FAULTS_SHOWN:
        click.echo(f"и ещё пропущено: {len(faults) - FAULTS_SHOWN}", err=True)
    _tell_losses(losses)
    if faults:
        raise click.exceptions.Exit(1)


def _parts(file: Path) -> Sequence[Unpacked]:
    """The exports in a file. Raises Refused where there is none, before anything is written."""
    try:
        found = contents(readable(file.name), file.read_bytes(), limits.MAX_BROUGHT_BYTES, not_marc)
    except SourceUnavailable as error:
        raise Refused(str(error)) from error
    if not found.parts:
        raise Refused(found.why_none)
    if found.skipped:
        click.echo(found.skipped, err=True)
    return found.parts


def _converted(
    parts: Sequence[Unpacked], source: Dialect, target: Dialect, keep: bool, losses: Counter[str], faults: list[str]
) -> Iterator[MarcRecord]:
    for part in parts:
        for found in read_export(part.data, Source(part.name, "", dialect=source)):
            if not isinstance(found, SourceRecord):
                faults.append(f"{part.name}, запись {found.number}: {found.reason}")
                continue
            try:
                made = convert(marc_record(found), source, target, keep=keep)
            except BadRecord as error:
                faults.append(str(error))
                continue
            losses.update(_named(loss) for loss in made.losses)
            yield made.record


def _write(out: BinaryIO, record: MarcRecord, format_: str, encoding: str, faults: list[str]) -> int:
    try:
        made = writing.to_marcxml(record) + b"\n" if format_ == "marcxml" else writing.to_iso2709(record, encoding)
    except (BadRecord, UnicodeEncodeError) as error:
        faults.append(f"{record.control('001') or 'без номера'}: {error}")
        return 0
    out.write(made)
    return 1


def _named(loss: Loss) -> str:
    return f"{loss.tag}${loss.code}" if loss.code else loss.tag


def _tell_losses(losses: Counter[str]) -> None:
    if losses:
        listed = ", ".join(f"{name} × {count}" for name, count in losses.most_common(20))
        click.echo(f"не поместилось значений: {losses.total()} ({listed})", err=True)
