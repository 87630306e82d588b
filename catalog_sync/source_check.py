"""A source as it is written down, before it is kept: commands, settings file and pages refuse the same words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from catalog_sync import scheduling
from catalog_sync.errors import Refused
from catalog_sync.marc.encodings import known as known_encoding
from catalog_sync.marc.holdings import profiles
from catalog_sync.model import Source
from catalog_sync.settings import Settings
from harvesters import table
from harvesters.registry import check_settings


def check(source: Source, settings: Settings) -> None:
    """Raises Refused or StopEverything for what no night could work with: harvester, encoding, holdings, schedule."""
    check_settings(source)
    where = f"источник {source.code}"
    if source.encoding:
        checked_encoding(source.encoding, where)
    if source.holdings_profile and source.holdings_profile not in profiles():
        known = ", ".join(profiles())
        raise Refused(f"{where}: holdings_profile: возможны {known}, а указано {source.holdings_profile!r}")
    if source.schedule:  # the words of one that is switched off or brought by hand are checked, too
        scheduling.trigger_of(replace(source, active=True, harvester="files"), settings.jobs, settings.time_zone)


def refuse_unused(source: Source) -> None:
    """Raises Refused for settings of a harvest that a source does not have: nobody would ever fetch from it."""
    unused = sorted(source.settings.keys() - table.mapping_fields())
    if source.harvester in ("", "manual") and unused:
        raise Refused(
            f"источник {source.code} загружается вручную, а настройка «{unused[0]}» есть только у сбора: укажите "
            "harvester (способы: catalog-sync source kinds)"
        )


def checked_encoding(text: str, where: str = "") -> str:
    """A codec's own name. Raises Refused."""
    try:
        return known_encoding(text)
    except LookupError:
        told = f"{where}: " if where else ""
        raise Refused(f"{told}нет кодировки {text!r}; обычные: utf-8, cp1251, cp866, koi8-r, marc8") from None


def check_schedule(settings: Settings) -> None:
    """Raises Refused for a common schedule that is none."""
    expression = settings.jobs.schedule.strip()
    if expression.lower() not in scheduling.NEVER:
        try:
            scheduling.Spread.of(expression, settings.time_zone, timedelta())
        except ValueError as error:
            raise Refused(
                f"[jobs] schedule: ожидалось «0 1 * * *» (пять полей cron), а стоит «{expression}»"
            ) from error
