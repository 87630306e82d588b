"""Settings of harvesters: each a frozen dataclass whose fields carry a Russian sentence; unknown keys are refused."""

from __future__ import annotations

import dataclasses
import difflib
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from catalog_sync.errors import StopEverything
from harvesters.secrets import Secret, Secrets, refuse_credentials

S = TypeVar("S")
YES = frozenset({"1", "yes", "true", "on", "да"})
NO = frozenset({"0", "no", "false", "off", "нет", ""})
SIZES = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "к": 1 << 10, "м": 1 << 20, "г": 1 << 30}
TYPE_NAMES = {str: "строка", int: "целое", float: "секунды", bool: "да/нет", Path: "путь", Secret: "секрет"}


@dataclass(frozen=True, slots=True)
class Option:
    """One row of the settings table. `default` is None where the operator must give a value."""

    name: str
    type: str
    default: str | None
    sentence: str
    choices: tuple[str, ...] = ()


def option(
    sentence: str, default: Any = dataclasses.MISSING, *, choices: tuple[str, ...] = (), url: bool = False
) -> Any:
    """A settings field: its sentence, allowed values, and whether it is a URL (credentials in it are refused)."""
    metadata = {"sentence": sentence, "choices": choices, "url": url}
    if default is dataclasses.MISSING:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


def hints(kind: type[Any]) -> dict[str, Any]:
    if kind not in _hints:
        _hints[kind] = typing.get_type_hints(kind)
    return _hints[kind]


_hints: dict[type[Any], dict[str, Any]] = {}


def table(kind: type[Any]) -> tuple[Option, ...]:
    """The settings of a harvester as rows for help pages, the manual and the staff's form."""
    return tuple(
        Option(f.name, TYPE_NAMES[hints(kind)[f.name]], shown_default(f), f.metadata["sentence"], f.metadata["choices"])
        for f in dataclasses.fields(kind)
    )


def shown_default(item: dataclasses.Field[Any]) -> str | None:
    if item.default is dataclasses.MISSING:
        return None
    if isinstance(item.default, bool):
        return "да" if item.default else "нет"
    return "" if isinstance(item.default, Secret) else str(item.default)


def parse(kind: type[S], values: Mapping[str, str], secrets: Secrets, where: str) -> S:
    """Settings of one source, typed. `where` names the source in complaints. Raises StopEverything."""
    known = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise StopEverything(f"{where}: неизвестная настройка «{key}»{did_you_mean(key, list(known))}")
    missing = [n for n, f in known.items() if f.default is dataclasses.MISSING and not values.get(n, "").strip()]
    if missing:
        raise StopEverything(f"{where}: не хватает настройки «{missing[0]}» ({known[missing[0]].metadata['sentence']})")
    typed = {n: convert(known[n], hints(kind)[n], str(v), secrets, where) for n, v in values.items()}
    return kind(**typed)


def did_you_mean(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, 1, 0.5)
    return f"; возможно, «{close[0]}»?" if close else f"; есть: {', '.join(sorted(known))}"


def convert(item: dataclasses.Field[Any], kind: Any, text: str, secrets: Secrets, where: str) -> Any:
    name = f"{where}: {item.name}"
    if kind is Secret:
        return secrets.resolve(text, name)
    if item.metadata["url"]:
        return refuse_credentials(text.strip(), name)
    if item.metadata["choices"] and text not in item.metadata["choices"]:
        raise StopEverything(f"{name}: ожидалось одно из {', '.join(item.metadata['choices'])}, пришло «{text}»")
    try:
        return CONVERTERS[kind](text.strip())
    except ValueError:
        raise StopEverything(f"{name}: ожидалось {TYPE_NAMES[kind]}, пришло «{text}»") from None


def truth(text: str) -> bool:
    if text.lower() in YES:
        return True
    if text.lower() in NO:
        return False
    raise ValueError(text)


def whole(text: str) -> int:
    """An integer ≥ 0, with an optional size suffix: 200M, 200М."""
    unit = SIZES.get(text[-1:].lower(), 1)
    number = int(text if unit == 1 else text[:-1]) * unit
    if number < 0:
        raise ValueError(text)
    return number


def seconds(text: str) -> float:
    number = float(text.replace(",", "."))
    if not 0 <= number < float("inf"):
        raise ValueError(text)
    return number


CONVERTERS: Mapping[Any, Callable[[str], Any]] = {str: str, int: whole, float: seconds, bool: truth, Path: Path}


def listed(text: str) -> tuple[str, ...]:
    """Values separated by commas, semicolons or line breaks, without blanks."""
    parts = text.replace(";", ",").replace("\n", ",").split(",")
    return tuple(p.strip() for p in parts if p.strip())
