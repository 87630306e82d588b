"""From a source's row to its harvester: the kinds there are, their settings, and nothing unknown let through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog_sync.errors import StopEverything
from catalog_sync.model import Source
from harvesters import files, http_file, mailbox, marcsql_db, oai_pmh, options, sftp, sru, table, z3950
from harvesters.base import Harvester
from harvesters.options import Option
from harvesters.secrets import NamedSecrets, Secrets
from harvesters.surroundings import Surroundings

BY_HAND = ("", "manual")  # exports given with `catalog-sync import`: there is nothing to fetch
Builder = Callable[[Source, Any, Surroundings], Harvester]
ALIASES = {"file": "files", "oai": "oai_pmh", "https": "http", "imap": "mailbox", "excel": "table", "csv": "table"}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of harvester: `settings` is a frozen dataclass of options, `build` makes the harvester from it."""

    name: str
    title: str  # in Russian, for the staff's list
    settings: type[Any]
    build: Builder

    def options(self) -> tuple[Option, ...]:
        return options.table(self.settings)


def simple(harvester: Callable[[str, Any, bool, Surroundings], Harvester]) -> Builder:
    return lambda source, settings, around: harvester(source.code, settings, not source.incremental, around)


def of_dialect(harvester: Callable[..., Harvester]) -> Builder:
    return lambda source, settings, around: harvester(
        source.code, settings, not source.incremental, around, source.dialect
    )  # fmt: skip


KINDS: dict[str, Kind] = {
    k.name: k
    for k in (
        Kind("files", "Папка обмена: файлы MARC", files.FilesSettings, simple(files.FilesHarvester)),
        Kind("table", "Папка обмена: Excel или CSV", table.TableSettings, of_dialect(table.TableHarvester)),
        Kind("http", "Файл по адресу HTTP(S)", http_file.HttpSettings, simple(http_file.HttpHarvester)),
        Kind("sftp", "Каталог на сервере SFTP", sftp.SftpSettings, simple(sftp.SftpHarvester)),
        Kind("mailbox", "Вложения в почтовом ящике (IMAP)", mailbox.MailboxSettings, simple(mailbox.MailboxHarvester)),
        Kind("oai_pmh", "OAI-PMH", oai_pmh.OaiSettings, of_dialect(oai_pmh.OaiHarvester)),
        Kind("sru", "SRU 1.1, 1.2, 2.0", sru.SruSettings, simple(sru.SruHarvester)),
        Kind("marcsql_db", "База МАРК-SQL", marcsql_db.MarcSqlSettings, simple(marcsql_db.MarcSqlHarvester)),
        Kind("z3950", "Z39.50", z3950.Z3950Settings, simple(z3950.Z3950Harvester)),
    )
}


def kind_of(name: str) -> Kind:
    """The kind by name or alias. Raises StopEverything listing the kinds there are."""
    wanted = ALIASES.get(name, name)
    if wanted in BY_HAND:
        raise StopEverything("источник загружается вручную (catalog-sync import): собирать с него нечем")
    if wanted not in KINDS:
        raise StopEverything(f"неизвестный вид источника «{name}»{options.did_you_mean(name, [*KINDS])}")
    return KINDS[wanted]


def kinds() -> tuple[Kind, ...]:
    """Every kind, for the staff's form and the manual."""
    return tuple(KINDS.values())


def make(source: Source, secrets: Secrets, home: Path, surroundings: Surroundings | None = None) -> Harvester:
    """The harvester of a source, its settings checked and its secrets resolved. Raises StopEverything."""
    kind = kind_of(source.harvester)
    where = f"источник {source.code}"
    settings = options.parse(kind.settings, source.settings, secrets, where)
    return kind.build(source, settings, surroundings or Surroundings(home))


def check_settings(source: Source) -> None:
    """Raises StopEverything for an unknown kind or setting, a wrong value, or a secret written out in full."""
    if source.harvester not in ("", "manual"):
        options.parse(kind_of(source.harvester).settings, source.settings, NamedSecrets({}), f"источник {source.code}")
