"""From a source's row to its harvester: the kinds there are, their settings, and nothing unknown let through."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from catalog_sync.errors import StopEverything
from catalog_sync.model import Source
from harvesters import options
from harvesters.base import Harvester
from harvesters.options import Option
from harvesters.secrets import NamedSecrets, Secrets
from harvesters.surroundings import Surroundings

BY_HAND = ("", "manual")  # exports given with `catalog-sync import`: there is nothing to fetch
ALIASES = {"file": "files", "oai": "oai_pmh", "https": "http", "imap": "mailbox", "excel": "table", "csv": "table"}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of harvester. Its module is read from disk when it is asked for: a night needs one or two of them."""

    name: str
    title: str  # in Russian, for the staff's list
    module: str  # NAME of harvesters.NAME
    class_name: str  # of the harvester; its settings are a frozen dataclass of options
    settings_name: str
    needs_dialect: bool = False

    @property
    def settings(self) -> type[Any]:
        found: type[Any] = getattr(self._module(), self.settings_name)
        return found

    def build(self, source: Source, settings: Any, surroundings: Surroundings) -> Harvester:
        harvester = getattr(self._module(), self.class_name)
        dialect = (source.dialect,) if self.needs_dialect else ()
        built: Harvester = harvester(source.code, settings, not source.incremental, surroundings, *dialect)
        return built

    def options(self) -> tuple[Option, ...]:
        return options.table(self.settings)

    def _module(self) -> ModuleType:
        return import_module(f"harvesters.{self.module}")


KINDS: dict[str, Kind] = {
    k.name: k
    for k in (
        Kind("files", "Папка обмена: файлы MARC", "files", "FilesHarvester", "FilesSettings"),
        Kind(
            "table", "Папка обмена: Excel, LibreOffice или CSV", "table", "TableHarvester", "TableSettings",
            needs_dialect=True,
        ),
        Kind("http", "Файл по адресу HTTP(S)", "http_file", "HttpHarvester", "HttpSettings"),
        Kind("sftp", "Каталог на сервере SFTP", "sftp", "SftpHarvester", "SftpSettings"),
        Kind("mailbox", "Вложения в почтовом ящике (IMAP)", "mailbox", "MailboxHarvester", "MailboxSettings"),
        Kind("oai_pmh", "OAI-PMH", "oai_pmh", "OaiHarvester", "OaiSettings", needs_dialect=True),
        Kind("sru", "SRU 1.1, 1.2, 2.0", "sru", "SruHarvester", "SruSettings"),
        Kind("marcsql_db", "База МАРК-SQL", "marcsql_db", "MarcSqlHarvester", "MarcSqlSettings"),
        Kind("z3950", "Z39.50", "z3950", "Z3950Harvester", "Z3950Settings"),
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
