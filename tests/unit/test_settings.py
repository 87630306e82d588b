"""Settings: a typo is told with a hint, a wrong type with what was expected, and nothing is ignored."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_sync.errors import StopEverything
from catalog_sync.settings import SAMPLE_CONFIG, Web, describe, load


def write(folder: Path, text: str) -> Path:
    path = folder / "catalog-sync.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[web]\nprot = 80", r"\[web\].*'prot'.*port"),
        ("[wbe]\nport = 80", "'wbe'.*web"),
        ('[web]\nport = "80"', "port: ожидалось целое число, а стоит '80'"),
        ("[z3950]\nport = 70000", "port: порт бывает от 1 до 65535, а стоит 70000"),
        ('[district]\ntime_zone = "Москва"', "time_zone.*Москва"),
        ('[district]\ntime_zone = "Europe"', "time_zone.*Europe"),
        ('[[source]]\ncode = "s"\nlibrary = "l"', "'l'"),
        ('[[library]]\ncode = "l"', "name"),
        ('[[library]]\ncode = "l"\nname = "L"\n[[library]]\ncode = "l"\nname = "L"', "дважды"),
        ('[[library]]\ncode="l"\nname="L"\n[[source]]\ncode="s"\nlibrary="l"\ndialect="marc"', "rusmarc, unimarc"),
        ("[web\n", "не TOML"),
    ],
)
def test_a_wrong_line_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(StopEverything, match=words):
        load(write(tmp_path, text), {})


def test_keys_of_a_source_that_are_not_ours_go_to_its_harvester(tmp_path: Path) -> None:
    text = '[[library]]\ncode="l"\nname="L"\n[[source]]\ncode="s"\nlibrary="l"\nharvester="files"\nfolder="/in"'
    (source,) = load(write(tmp_path, text), {}).sources
    assert source.settings == {"folder": "/in"}


def test_without_a_file_the_defaults_hold_and_home_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(None, {"CATALOG_SYNC_HOME": str(tmp_path / "data")})
    assert settings.database_url == f"sqlite:///{tmp_path / 'data' / 'catalog.sqlite'}"
    assert settings.web.port == 8000


def test_a_named_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StopEverything, match="нет такого файла"):
        load(tmp_path / "no.toml", {})


def test_the_sample_district_is_valid() -> None:
    assert len(load(SAMPLE_CONFIG, {}).sources) == 23


def test_every_setting_has_a_sentence() -> None:
    assert all(sentence for *_, sentence in describe())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"port": 8471}, "http://127.0.0.1:8471"),
        ({"host": "0.0.0.0"}, "http://127.0.0.1:8000"),
        ({"host": "::1", "port": 80}, "http://[::1]:80"),
        ({"port": 8471, "base_url": "https://katalog.example"}, "https://katalog.example"),
    ],
)
def test_the_public_address_follows_the_port_until_one_is_given(given: dict[str, object], expected: str) -> None:
    assert Web(**given).base_url == expected  # type: ignore[arg-type]
