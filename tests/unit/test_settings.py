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
        ("[z3950]\nport = 70000", "port: ожидалось от 0 до 65535, а стоит 70000"),
        ('[district]\ntime_zone = "Москва"', "time_zone.*Москва"),
        ('[district]\ntime_zone = "Europe"', "time_zone.*Europe"),
        ('[[source]]\ncode = "s"\nlibrary = "l"', "'l'"),
        ('[[library]]\ncode = "l"', "name"),
        ('[[library]]\ncode = "l"\nname = "L"\n[[library]]\ncode = "l"\nname = "L"', "дважды"),
        ('[[library]]\ncode="l"\nname="L"\n[[source]]\ncode="s"\nlibrary="l"\ndialect="marc"', "rusmarc, unimarc"),
        ("[web\n", r"строка 1 \(«\[web»\): скобка не закрыта"),
        ("[district]\nname = Район", r"строка 2 \(«name = Район»\): слова пишут в прямых кавычках"),
        ('[web]\nport = 1\nport = 2', r"строка 3 \(«port = 2»\): записано дважды"),
        ('[store]\nurl = "sqlite:///C:\\Users"', "строка 2.*обратную косую черту"),
        ('[[source]]\ncode = "s"\nlibrary = "l"\nfolder = "C:\\temp"', "№ 1 .s. folder.*невидимый знак"),
        ("[guard]\ngone_share = 0,1", "строка 2.*дробь – через точку"),
        ("web = 5", r"пишут \[web\]"),
        ('[library]\ncode = "l"\nname = "L"', r"пишут \[\[library\]\]"),
        ("source = 5", r"пишут \[\[source\]\]"),
        ("[web]\nworkers = 0", "workers: ожидалось от 1 до 64, а стоит 0"),
        ("[guard]\ngone_share = 50", "gone_share: ожидалось от 0 до 1, а стоит 50"),
        ("[guard]\ngone_share = nan", "gone_share: ожидалось от 0 до 1"),
        ("[jobs]\ndigest_hour = 25", "digest_hour: ожидалось от 0 до 23"),
        ('[jobs]\nsmtp = "mail server"', "smtp: ожидалось: имя почтового сервера и порт"),
        ('[jobs]\nwebhook = "ftp://x"', "webhook: ожидалось: адрес"),
        ('[web]\nbase_url = "catalog.example.ru"', "base_url: ожидалось: адрес, начиная с https"),
        ('[district]\nemail = "методист"', "email: ожидалось: адрес почты"),
        ('[[library]]\ncode="l"\nname="L"\nkind="shcool"', r"№ 1 \(l\) kind: возможны school, partner, museum"),
        ('[[library]]\ncode="l"\nname="L"\nstage=4', "stage: ожидалось от 0 до 3"),
        ('[[library]]\ncode="l"\nname="L"\npupils=-1', "pupils: ожидалось число учеников"),
    ],
)
def test_a_wrong_line_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(StopEverything, match=words):
        load(write(tmp_path, text), {})


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_file_of_notepad_is_read(tmp_path: Path, ends: str) -> None:
    path = tmp_path / "catalog-sync.toml"
    path.write_bytes(ends.join(["[district]", 'name = "Район"']).encode("utf-8-sig"))
    assert load(path, {}).district.name == "Район"


@pytest.mark.parametrize(("encoding", "words"), [("cp1251", "строка 2: файл не в UTF-8"), ("utf-16", "в UTF-16")])
def test_another_encoding_is_told_with_what_to_do(tmp_path: Path, encoding: str, words: str) -> None:
    path = tmp_path / "catalog-sync.toml"
    path.write_bytes('[district]\nname = "Район"'.encode(encoding))
    with pytest.raises(StopEverything, match=f"{words}.*Сохранить как"):
        load(path, {})


def test_what_was_right_stays_right(tmp_path: Path) -> None:
    text = (
        '[district]\nemail = "a@example.ru, b@example.ru"\n[web]\nbase_url = "https://каталог.рф/lib"\nport = 0\n'
        '[jobs]\nsmtp = "mail"\nwebhook = "env:HOOK"\n[guard]\ngone_share = 1\n'
    )
    assert load(write(tmp_path, text), {}).guard.gone_share == 1


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
