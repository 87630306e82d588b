"""The words click itself puts into help, in Russian: headings, kinds of values, what every option says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterable

import click

HEADINGS = {"Options": "Ключи", "Commands": "Команды", "Positional arguments": "Аргументы"}
SYNOPSIS = {"[OPTIONS]": "[КЛЮЧИ]", "COMMAND": "КОМАНДА", "[ARGS]": "[АРГУМЕНТЫ]"}
# Behind the name of an option stands the kind of its value.
KINDS = {
    " TEXT": " ТЕКСТ", " INTEGER RANGE": " ЧИСЛО", " INTEGER": " ЧИСЛО", " FLOAT RANGE": " ЧИСЛО", " FLOAT": " ЧИСЛО",
    " PATH": " ПУТЬ", " FILENAME": " ФАЙЛ", " FILE": " ФАЙЛ", " DIRECTORY": " ПАПКА",
}  # fmt: skip
SENTENCES = {
    "Show this message and exit.": "Показать эту справку.",
    "Show the version and exit.": "Показать версию программы.",
    "[required]": "[обязательно]", "; required]": "; обязательно]", "[default: ": "[по умолчанию: ",
}  # fmt: skip


class RussianHelp(click.HelpFormatter):
    """Help as click writes it, less its English."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, _put(SYNOPSIS, args), prefix or "Вызов: ")

    def write_heading(self, heading: str) -> None:
        super().write_heading(HEADINGS.get(heading, heading))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        said = [(_put(KINDS, name), _put(SENTENCES, text)) for name, text in rows]
        super().write_dl(said, col_max, col_spacing)


class WholeSentence(click.Command):
    """In the list of commands with the whole first sentence of its help, on two lines where it needs them."""

    def get_short_help_str(self, limit: int = 45) -> str:
        return super().get_short_help_str(limit=1000)


class WholeSentences(click.Group, WholeSentence):
    """A group whose commands are listed so."""

    command_class = WholeSentence


def _put(words: dict[str, str], text: str) -> str:
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.sub(pattern, lambda match: words[match[0]], text)
