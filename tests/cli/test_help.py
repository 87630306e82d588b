"""Every command explains itself, and every example in its help is one that the program takes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from catalog_sync.cli.root import load_commands, root
from tests.cli.conftest import Cli

load_commands()


def commands(group: click.Group = root, *path: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in sorted(group.commands.items()):
        yield " ".join([*path, name]), command
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)


EVERY = dict(commands())
PROMISED = """
init
init --sample
import a.mrc b.mrc --source CODE --dialect marcsql --encoding cp1251 --incremental --yes
harvest
harvest school-1 school-2
harvest --due
runs
runs --json
set-aside
set-aside school-1 --run 3 --to folder --json
approve 1
reject 1
rollback 1
explain SOURCE:ID
search пушкин
search пушкин --json --limit 3
clusters --format csv
decide same S:1 S:2 --why TEXT
decide different S:1 S:2 --why TEXT
undo 1
export --format iso2709
export --format marcxml --dialect marc21
export --format dc
export --format csv --query пушкин
export --format iso2709 --dialect marcsql --encoding cp1251
report oo2 --format json
report oo2 --library L --period 2026Q3 --format xlsx
report oo2 --period 2026 --format docx
report oo2 --period 2026-01-01:2026-06-30 --format html
report oo2 --format csv
serve
serve web
serve z3950
serve jobs
rebuild
check
check --json
backup copy.zip
restore copy.zip
review
score truth.csv
letter school-1
source list
source test school-1
"""


def parse(words: list[str]) -> None:
    """Walk down the groups and let click read the rest; nothing is run."""
    command: click.Command = root
    context = click.Context(root, info_name="catalog-sync")
    while isinstance(command, click.Group):
        command, words = command.commands[words[0]], words[1:]
    command.make_context(command.name, list(words), parent=context)


def words_of(example: str) -> list[str]:
    found = shlex.split(example.split(" > ")[0])
    assert found.pop(0) == "catalog-sync"
    for word in found:
        if re.search(r"\.(iso|mrc|csv|zip|xlsx)$", word):
            Path(word).touch()
    return found


@pytest.mark.parametrize("name", EVERY)
def test_a_command_has_help_with_an_example_that_parses(name: str, cli: Cli) -> None:
    shown = cli(*name.split(), "--help")
    assert shown.code == 0
    assert EVERY[name].help, "one sentence on what it does"
    example = shown.out.partition("Пример:")[2].strip()
    assert example, "an example"
    parse(words_of(" ".join(line.strip() for line in example.splitlines())))


@pytest.mark.parametrize("name", EVERY)
def test_help_needs_no_valid_settings(name: str, cli: Cli, home: Path) -> None:
    home.mkdir()
    (home / "catalog-sync.toml").write_text("oops = \n")
    assert "Пример:" in cli(*name.split(), "--help").out


def test_a_command_says_what_is_wrong_with_the_settings(cli: Cli, home: Path) -> None:
    home.mkdir()
    (home / "catalog-sync.toml").write_text("oops = \n")
    assert "catalog-sync.toml строка 1" in cli("search", "пушкин").line


@pytest.mark.parametrize("call", [line for line in PROMISED.splitlines() if line])
def test_a_call_that_others_rely_on_is_there(call: str, home: Path) -> None:
    parse(words_of(f"catalog-sync {call}"))


@pytest.mark.parametrize("name", EVERY)
def test_every_option_says_what_it_does(name: str) -> None:
    silent = [p.name for p in EVERY[name].params if isinstance(p, click.Option) and not p.help]
    obvious = {"format_", "verdict", "dialect"}  # their choices speak
    assert not set(silent) - obvious


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("imort", "нет команды «imort»; может быть, import?"),
        ("import", "не указано: FILES"),
        ("import none.mrc --source x", "нет файла «none.mrc»"),
        ("import . --source x", "папка, а нужен файл"),
        ("runs --limt 3", "нет ключа --limt"),
        ("runs --limit 0", "0 не входит в границы x>=1"),
        ("approve abc", "нужно целое число, а указано 'abc'"),
        ("export --format mrc", "'mrc' — нет такого, есть: 'iso2709'"),
        ("undo 1 2", "лишнее: 2"),
        ("decide same a:1 b:2", "не указан ключ --why"),
        ("source lits", "нет команды «lits»; может быть, list?"),
        ("token issue x --until 2027", "нужна дата ГГГГ-ММ-ДД"),
    ],
)
def test_a_mistyped_command_is_one_russian_line_and_code_two(line: str, told: str, cli: Cli) -> None:
    ended = cli(*line.split())
    assert ended.code == 2
    assert told in ended.line
    assert "--help" in ended.line


def test_without_a_command_the_help_is_shown(cli: Cli) -> None:
    assert "import" in (cli().out + cli().err)


def test_the_version_is_told(cli: Cli) -> None:
    assert re.fullmatch(r"catalog-sync \d+\.\d+\.\d+\n", cli("--version").out)


# Names of formats, codes and options stay as they are typed; of click's own words none is left.
ENGLISH = re.compile(
    r"Usage|Options?:|Commands:|OPTIONS|COMMAND\b|ARGS|TEXT\b|INTEGER|FLOAT|PATH\b|FILENAME|Show th|required|default"
)


@pytest.mark.parametrize("words", [[], *([*name.split()] for name in EVERY)], ids=" ".join)
def test_help_is_in_russian_to_the_last_word(cli: Cli, words: list[str]) -> None:
    said = cli(*words, "--help")
    assert (said.code, ENGLISH.findall(said.out)) == (0, [])
    assert said.out.startswith("Вызов: catalog-sync")
    assert "Ключи:" in said.out


def test_a_list_of_commands_tells_whole_sentences(cli: Cli) -> None:
    for words in ([], ["source"], ["user"]):
        assert "..." not in cli(*words, "--help").out.split("Команды:")[1]
