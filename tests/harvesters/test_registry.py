from __future__ import annotations

import os
import re
from ast import literal_eval
from pathlib import Path

import pytest

from catalog_sync.errors import StopEverything
from catalog_sync.model import Source
from harvesters.registry import ALIASES, KINDS, Kind, kind_of, kinds, make
from harvesters.secrets import Secret, Secrets, redact

DOCS = Path(__file__).resolve().parents[2] / "docs"
MANUAL = DOCS / "ru" / "istochniki.md"


def test_every_kind_and_every_setting_is_in_the_manual_in_its_own_words() -> None:
    text = MANUAL.read_text(encoding="utf-8")
    missing = [k.name for k in kinds() if f"## `{k.name}`" not in text]
    for kind in kinds():
        rows = section(text, kind.name)
        missing += [f"{kind.name}.{o.name}" for o in kind.options() if f"| `{o.name}` |" not in rows]
        missing += [f"{kind.name}: {o.sentence}" for o in kind.options() if o.sentence not in rows]
    assert missing == []


def section(text: str, kind: str) -> str:
    return text.partition(f"## `{kind}`")[2].partition("\n## ")[0]


def test_the_page_for_a_new_kind_shows_a_row_that_the_registry_takes() -> None:
    row = re.search(r"^Kind\((.+)\),$", (DOCS / "adding-a-source.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert row
    assert Kind(*literal_eval(f"({row[1]},)")).class_name == "FtpHarvester"


def test_an_unknown_kind_is_refused_with_a_hint() -> None:
    with pytest.raises(StopEverything, match="возможно, «oai_pmh»"):
        kind_of("oai_pnh")


@pytest.mark.parametrize("name", ["", "manual"])
def test_a_source_loaded_by_hand_has_no_harvester(name: str, tmp_path: Path) -> None:
    with pytest.raises(StopEverything, match="catalog-sync import"):
        make(Source("s", "l", harvester=name), Secrets({}), tmp_path)


def test_aliases_lead_to_kinds_there_are() -> None:
    assert set(ALIASES.values()) <= KINDS.keys()


def test_a_missing_setting_is_named_with_its_meaning(tmp_path: Path) -> None:
    with pytest.raises(StopEverything, match=r"не хватает настройки «url» \(Базовый адрес OAI-PMH\)"):
        make(Source("s", "l", harvester="oai_pmh"), Secrets({}), tmp_path)


@pytest.mark.parametrize(
    ("settings", "word"),
    [({"max_bytes": "много"}, "ожидалось целое"), ({"max_bytes": "-1"}, "ожидалось целое"),
     ({"read_seconds": "inf"}, "ожидалось секунды"), ({"take": "all"}, "одно из parts, newest")],
)  # fmt: skip
def test_a_value_of_the_wrong_type_says_what_was_expected(settings: dict[str, str], word: str, tmp_path: Path) -> None:
    kind = "files" if "take" in settings else "http"
    base = {} if kind == "files" else {"url": "http://127.0.0.1/x"}
    with pytest.raises(StopEverything, match=word):
        make(Source("s", "l", harvester=kind, settings={**base, **settings}), Secrets({}), tmp_path)


def test_sizes_may_have_a_suffix_in_either_alphabet(tmp_path: Path) -> None:
    for typed in ("2M", "2м", "2097152"):
        settings = {"url": "http://127.0.0.1/x", "max_bytes": typed}
        harvester = make(Source("s", "l", harvester="http", settings=settings), Secrets({}), tmp_path)
        assert harvester._settings.max_bytes == 2 << 20  # type: ignore[attr-defined]


def test_a_secret_comes_from_the_environment_or_a_closed_file_and_from_nowhere_else(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("тайна\n", encoding="utf-8")
    file.chmod(0o600)
    secrets = Secrets({"NAME": "value"})
    assert secrets.resolve("env:NAME").reveal() == "value"
    assert secrets.resolve(f"file:{file}").reveal() == "тайна"
    assert not secrets.resolve("")
    for wrong in ("value", "env:", "env:OTHER", "file:/nowhere/at/all", f"file:{tmp_path}"):
        with pytest.raises(StopEverything):
            secrets.resolve(wrong)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_others_can_read_is_no_place_for_a_secret(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "secret"
    file.write_text("тайна", encoding="utf-8")
    file.chmod(mode)
    with pytest.raises(StopEverything, match="chmod 600") as refusal:
        Secrets({}).resolve(f"file:{file}")
    assert "тайна" not in str(refusal.value)


def test_a_secret_prints_as_dots_however_it_is_printed() -> None:
    secret = Secret("тайна")
    assert "тайна" not in f"{secret} {secret!r} {[secret]}" + "%s %r" % (secret, secret)  # noqa: UP031
    assert redact("http://u:p4ss@h/x?token=abc&a=1 ftp://u:p4ss@h") == "http://•••@h/x?token=•••&a=1 ftp://•••@h"
