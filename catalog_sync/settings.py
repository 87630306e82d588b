"""Every setting with its type, default and one sentence. An unknown key is refused with a hint, never ignored.

`load` is the only reader of the environment and of catalog-sync.toml; everything else is handed a `Settings`.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from catalog_sync import settings_file
from catalog_sync.distance import point
from catalog_sync.errors import StopEverything
from catalog_sync.model import LIBRARY_KINDS, Dialect, ExternalTarget, Library, Source
from catalog_sync.shipped import DATA

TYPES = {str: "слово в кавычках", int: "целое число", float: "число", bool: "true или false"}
HIGHEST_PORT = 65_535
SAMPLE_CONFIG = DATA / "sample" / "catalog-sync.toml"
STAGES = 3  # of the roll-out (roadmap 3.4–3.6)
CONTROL = re.compile(r"[\x00-\x1f]")  # what «C:\temp» in double quotes becomes
MAIL = r"[^\s@,;]+@[^\s@,;]+"
LINK = (r"https?://[^\s/]+\S*", "адрес, начиная с https:// или http://")


def setting(
    default: Any, sentence: str, limits: tuple[float, float] | None = None, form: tuple[str, str] = ("", "")
) -> Any:
    """`limits` of a number, both allowed (without them a share is one, and nothing is below zero); `form` of a word
    that is not empty: a pattern, and what it asks for.
    """
    limits = limits or (0, 1 if isinstance(default, float) else 1_000_000)
    return field(default=default, metadata={"sentence": sentence, "limits": limits, "form": form})


@dataclass(frozen=True, slots=True)
class District:
    name: str = setting("Учебный район", "Название района на страницах и в отчётах")
    organisation: str = setting("", "Орган управления образованием: шапка справок")
    email: str = setting(
        "", "Адрес методиста: ему идут тревоги и утренняя сводка",
        form=(rf"{MAIL}(\s*,\s*{MAIL})*", "адрес почты вида имя@узел"),
    )  # fmt: skip
    time_zone: str = setting("Europe/Moscow", "Часовой пояс района (IANA)")


@dataclass(frozen=True, slots=True)
class Store:
    url: str = setting("", "База данных; пусто — SQLite в папке данных")


def reached(host: str) -> str:
    """Where this machine itself finds what listens at `host`: «every address» is none that can be gone to."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (read, not bound)


@dataclass(frozen=True, slots=True)
class Web:
    host: str = setting("127.0.0.1", "Адрес, на котором отвечает OPAC")
    port: int = setting(8000, "Порт OPAC", (0, HIGHEST_PORT))
    workers: int = setting(2, "Число процессов веб-сервера", (1, 64))
    base_url: str = setting(
        "", "Внешний адрес каталога: в ссылках, лентах и OAI-PMH; пусто — http://адрес:порт", form=LINK
    )  # fmt: skip
    secret: str = setting("", "Ключ подписи сеансов: env:ИМЯ или file:ПУТЬ; пусто — создаётся в папке данных")
    oai_page: int = setting(250, "Записей на странице OAI-PMH; меньше — для медленной линии", (1, 10_000))
    https: bool = setting(False, "Каталог открыт по HTTPS: cookie только по защищённому каналу")
    proxies: int = setting(
        0, "Сколько прокси-серверов перед сайтом: адрес читателя тогда из X-Forwarded-For; 0 — соединяются прямо",
        (0, 5),
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Without an address of its own the catalogue is where it is served; «every address» is this machine."""
        if not self.base_url:
            host = reached(self.host)
            named = f"[{host}]" if ":" in host else host
            object.__setattr__(self, "base_url", f"http://{named}:{self.port}")


@dataclass(frozen=True, slots=True)
class Z3950:
    host: str = setting("127.0.0.1", "Адрес сервера Z39.50")
    port: int = setting(9999, "Порт сервера Z39.50", (0, HIGHEST_PORT))
    query_charset: str = setting("utf-8", "Кодировка запросов без согласования")
    record_charset: str = setting("utf-8", "Кодировка записей без согласования")
    charsets: str = setting("", "Кодировки отдельных баз (запросы/записи): school-02=windows-1251/koi8-r")
    workers: int = setting(2, "Число процессов сервера Z39.50", (1, 64))
    password: str = setting("", "Пароль (env:ИМЯ или file:ПУТЬ); пусто — открытый доступ")


@dataclass(frozen=True, slots=True)
class Guard:
    """When a run is held instead of published: share and absolute number both have to be exceeded."""

    gone_share: float = setting(0.10, "Удержать, если исчезло больше этой доли записей источника")
    gone_number: int = setting(20, "… и больше стольких записей")
    gone_share_small: float = setting(0.5, "Для источника меньше gone_number записей: доля исчезнувших")
    set_aside_share: float = setting(0.05, "Удержать, если отложено больше этой доли прочитанного")
    set_aside_number: int = setting(5, "… и больше стольких записей")
    untitled_share: float = setting(0.5, "Удержать, если без заглавия больше этой доли новых и изменённых записей")
    changed_share: float = setting(0.80, "Удержать, если разом изменилось больше этой доли записей")
    changed_number: int = setting(200, "… и больше стольких записей")
    new_share: float = setting(0.80, "Удержать, если столько же новых, сколько исчезло: сменилась нумерация (доля)")
    same_share: float = setting(0.5, "Удержать новый источник, если больше этой доли его книг уже есть в другом")


@dataclass(frozen=True, slots=True)
class Jobs:
    parallel: int = setting(2, "Сколько источников собирать одновременно", (1, 64))
    schedule: str = setting("0 1 * * *", "Расписание сбора по умолчанию (cron, время района)")
    spread_minutes: int = setting(60, "На сколько минут разнести начала сборов")
    retries: int = setting(4, "Сколько раз повторить сбор, если источник недоступен")
    retry_minutes: int = setting(10, "Первая пауза перед повтором; каждая следующая вдвое дольше")
    fail_nights: int = setting(2, "После скольких неудачных ночей бить тревогу")
    overdue_days: int = setting(7, "Через сколько дней без выгрузки источник просрочен")
    digest_hour: int = setting(8, "Час утренней сводки (время района)", (0, 23))
    webhook: str = setting(
        "", "Адрес, куда отправлять тревоги (JSON); с ключом внутри — env:ИМЯ или file:ПУТЬ",
        form=(rf"(env|file):.+|{LINK[0]}", f"{LINK[1]}, или env:ИМЯ, или file:ПУТЬ"),
    )  # fmt: skip
    smtp: str = setting(
        "", "Почтовый сервер HOST:PORT для писем; пусто — письма складываются в папку данных",
        form=(r"[^\s:/]+(:\d{1,5})?", "имя почтового сервера и порт, например mail.example.ru:587"),
    )  # fmt: skip
    smtp_user: str = setting("", "Имя на почтовом сервере")
    smtp_password: str = setting("", "Пароль на почтовом сервере: env:ИМЯ или file:ПУТЬ")
    mail_from: str = setting("", "Обратный адрес писем")


SECTIONS: dict[str, type] = {
    "district": District,
    "store": Store,
    "web": Web,
    "z3950": Z3950,
    "guard": Guard,
    "jobs": Jobs,
}


@dataclass(frozen=True, slots=True)
class Settings:
    home: Path
    district: District = District()
    store: Store = Store()
    web: Web = Web()
    z3950: Z3950 = Z3950()
    guard: Guard = Guard()
    jobs: Jobs = Jobs()
    libraries: tuple[Library, ...] = ()
    sources: tuple[Source, ...] = ()
    targets: tuple[ExternalTarget, ...] = ()  # foreign catalogues asked when a school copies a record

    @property
    def database_url(self) -> str:
        return self.store.url or f"sqlite:///{self.home / 'catalog.sqlite'}"

    @property
    def index_path(self) -> Path:
        return self.home / "index"

    @property
    def time_zone(self) -> ZoneInfo:
        return ZoneInfo(self.district.time_zone)


def home_of(environ: Mapping[str, str] = os.environ) -> Path:
    """Where database, index and logs live: CATALOG_SYNC_HOME, else data/var."""
    return Path(environ.get("CATALOG_SYNC_HOME") or "data/var").resolve()


def load(config: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings of `config`, else of HOME/catalog-sync.toml, else of ./catalog-sync.toml, else the defaults.

    Raises StopEverything naming the file, the key, what was expected and what came.
    """
    home = home_of(environ)
    here = Path("catalog-sync.toml")
    ours = home / here.name
    # `os.path` finds nothing in a folder it may not look into: a service's user may stand in root's own.
    found = config or (ours if ours.exists() else here if os.path.exists(here) else None)
    if found is None:
        return Settings(home=home)
    return parse(settings_file.read(found), home, str(found))


def parse(raw: dict[str, Any], home: Path, where: str) -> Settings:
    refuse_unknown(raw, {*SECTIONS, "library", "source", "target"}, where)
    sections = {name: make(kind, section(raw, name, where), f"{where} [{name}]") for name, kind in SECTIONS.items()}
    try:
        ZoneInfo(sections["district"].time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # «Europe» alone is a folder
        raise StopEverything(
            f"{where} [district] time_zone: нужен пояс IANA, например Europe/Moscow, а стоит "
            f"{sections['district'].time_zone!r}"
        ) from None
    libraries = tuple(make_library(row, place) for row, place in numbered(raw, "library", where))
    sources = tuple(make_source(row, place) for row, place in numbered(raw, "source", where))
    targets = tuple(make_target(row, place) for row, place in numbered(raw, "target", where))
    refuse_strangers(libraries, sources, where)
    return Settings(home=home, libraries=libraries, sources=sources, targets=targets, **sections)


def section(raw: dict[str, Any], name: str, where: str) -> dict[str, Any]:
    found: Any = raw.get(name, {})
    if not isinstance(found, dict):
        raise StopEverything(f"{where}: {name} – это раздел: пишут [{name}], а под ним имя = значение")
    return found


def numbered(raw: dict[str, Any], name: str, where: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The tables of that name, each with its place in the file."""
    found = raw.get(name, [])
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise StopEverything(f"{where}: разделов {name} бывает много: пишут [[{name}]], с двойными скобками")
    for number, row in enumerate(found, start=1):
        yield row, f"{where} [[{name}]] № {number}" + (f" ({row['code']})" if row.get("code") else "")


def make_library(row: dict[str, Any], where: str) -> Library:
    library: Library = make(Library, row, where)
    if library.kind not in LIBRARY_KINDS:
        raise StopEverything(f"{where} kind: возможны {', '.join(LIBRARY_KINDS)}, а стоит {library.kind!r}")
    if not 0 <= library.stage <= STAGES:
        raise StopEverything(f"{where} stage: ожидалось от 0 до {STAGES}, а стоит {library.stage}")
    if library.pupils < 0:
        raise StopEverything(f"{where} pupils: ожидалось число учеников, а стоит {library.pupils}")
    try:
        point(library.coordinates)
    except ValueError as error:
        raise StopEverything(f"{where} coordinates: {error}") from None
    return library


def make_source(row: dict[str, Any], where: str) -> Source:
    """A source: keys that are not the source's own belong to its harvester and go to `settings`."""
    own = {f.name for f in fields(Source)} - {"settings"}
    values = {k: v for k, v in row.items() if k in own}
    values["dialect"] = choice(Dialect, values.get("dialect", "rusmarc"), f"{where} dialect")
    source: Source = make(Source, {**values, "settings": others(row, own, where)}, where)
    return source


def others(row: Mapping[str, Any], own: Collection[str], where: str) -> dict[str, str]:
    """What is a harvester's or a protocol's: one word each."""
    found = {name: value for name, value in row.items() if name not in own}
    for name, value in found.items():
        if isinstance(value, dict | list):
            raise StopEverything(f"{where} {name}: ожидалось одно значение, а стоит {value!r}")
        refuse_control(str(value), f"{where} {name}")
    return {name: str(value) for name, value in found.items()}


def refuse_control(value: str, where: str) -> None:
    if CONTROL.search(value):
        raise StopEverything(
            f"{where}: в значении {value!r} есть невидимый знак; {settings_file.BACKSLASH}"
        )


def make_target(row: dict[str, Any], where: str) -> ExternalTarget:
    """A foreign catalogue: keys that are not its own belong to its protocol and go to `settings`."""
    own = {f.name for f in fields(ExternalTarget)} - {"settings"}
    values = {k: v for k, v in row.items() if k in own}
    asked = str(row.get("syntax", row.get("schema", "")))  # who asks for RUSMARC gets RUSMARC
    likely = asked if asked in ("rusmarc", "unimarc") else "marc21"
    values["dialect"] = choice(Dialect, values.get("dialect", likely), f"{where} dialect")
    if values.get("protocol", "sru") not in ("sru", "z3950"):
        raise StopEverything(f"{where} protocol: возможны sru, z3950, а стоит {values['protocol']!r}")
    target: ExternalTarget = make(ExternalTarget, {**values, "settings": others(row, own, where)}, where)
    return target


def choice(kind: type[Dialect], value: str, where: str) -> Dialect:
    try:
        return kind(value)
    except ValueError:
        allowed = ", ".join(member.value for member in kind)
        raise StopEverything(f"{where}: возможны {allowed}, а стоит {value!r}") from None


def make(kind: type, raw: dict[str, Any], where: str) -> Any:
    """A dataclass from a TOML table; raises StopEverything on an unknown key, a wrong type or a missing value."""
    hints = get_type_hints(kind)
    refuse_unknown(raw, set(hints), where)
    for name, value in raw.items():
        expected = hints[name]
        if expected is float and isinstance(value, int):
            continue
        if expected in (str, int, float, bool) and type(value) is not expected:
            raise StopEverything(f"{where} {name}: ожидалось {TYPES[expected]}, а стоит {value!r}")
        if isinstance(value, str):
            refuse_control(value, f"{where} {name}")
    if missing := [f.name for f in fields(kind) if f.name not in raw and _is_needed(f)]:
        raise StopEverything(f"{where}: не хватает значения: {', '.join(missing)}")
    for one in fields(kind):
        if one.name in raw and "limits" in one.metadata:
            refuse_strange(raw[one.name], one.metadata, f"{where} {one.name}")
    return kind(**raw)


def _is_needed(one: Field[Any]) -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def refuse_strange(value: Any, metadata: Mapping[str, Any], where: str) -> None:
    """A number out of its limits, or a word of another form than its setting has."""
    (least, most), (pattern, words) = metadata["limits"], metadata["form"]
    if isinstance(value, int | float) and not least <= value <= most:  # nor is «nan»
        raise StopEverything(f"{where}: ожидалось от {least} до {most}, а стоит {value!r}")
    if isinstance(value, str) and value and pattern and not re.fullmatch(pattern, value):
        raise StopEverything(f"{where}: ожидалось: {words}, а стоит {value!r}")


def refuse_unknown(raw: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in raw:
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            hint = f" — может быть, {close[0]}?" if close else f"; известны: {', '.join(sorted(known))}"
            raise StopEverything(f"{where}: неизвестный ключ {key!r}{hint}")


def refuse_strangers(libraries: tuple[Library, ...], sources: tuple[Source, ...], where: str) -> None:
    codes = {library.code for library in libraries}
    for source in sources:
        if source.library not in codes:
            raise StopEverything(f"{where}: источник {source.code!r} назван за библиотекой {source.library!r}, её нет")
    for kind, values in (("библиотека", [x.code for x in libraries]), ("источник", [x.code for x in sources])):
        for value in values:
            if values.count(value) > 1:
                raise StopEverything(f"{where}: {kind} {value!r} описана дважды")


def describe() -> list[tuple[str, str, Any, str]]:
    """(section.key, type, default, sentence) of every setting: the manual is made from this and a test compares."""
    rows: list[tuple[str, str, Any, str]] = []
    for name, kind in SECTIONS.items():
        hints = get_type_hints(kind)
        rows += [(f"{name}.{f.name}", hints[f.name].__name__, f.default, f.metadata["sentence"]) for f in fields(kind)]
    return rows
