"""What every harvester promises. A new source inherits HarvesterConformance and supplies `world`; nothing else.

The promises: every record comes; asking again after publishing loses nothing; asking again after a crash brings the
same; an original is never touched; leaving in the middle leaves nothing open; a dead source is SourceUnavailable and
says which; an unknown setting is refused with a hint; a secret is shown nowhere.
"""

from __future__ import annotations

import pickle
import re
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from catalog_sync.errors import SourceUnavailable, StopEverything
from catalog_sync.marc import fingerprint
from catalog_sync.model import FetchedFile, Source
from harvesters.base import Harvester
from harvesters.registry import kind_of, make
from harvesters.secrets import Secret, Secrets
from harvesters.surroundings import Surroundings
from tests.harvesters.samples import local_ids

PASSWORD = "s3cr3t-Пароль"
ENVIRONMENT = {"SOURCE_PASSWORD": PASSWORD}
DEAD_SECONDS = 20.0  # a dead source must be given up on within this, pauses not counted


@dataclass
class World:
    """A live source for one test. `dead_settings` point where nothing answers; `fingerprint` is the source's state."""

    source: Source
    expected: list[str]  # local ids a first fetch brings, in any order
    dead_settings: dict[str, str] = field(default_factory=dict)
    fingerprint: Callable[[], Any] = lambda: None


def no_pause(_seconds: float) -> None:
    """Tests don't wait."""


def built(source: Source, home: Path, **settings: str) -> Harvester:
    changed = replace(source, settings={**source.settings, **settings})
    return make(changed, Secrets(ENVIRONMENT), home, Surroundings(home, pause=no_pause))


def last_bookmark(files: list[FetchedFile]) -> str:
    return next((f.bookmark for f in reversed(files) if f.bookmark), "")


class HarvesterConformance:
    @pytest.fixture
    def world(self, tmp_path: Path) -> World:
        raise NotImplementedError("a source under test supplies its world")

    @pytest.fixture
    def home(self, tmp_path: Path) -> Path:
        folder = tmp_path / "home"
        folder.mkdir()
        return folder

    def test_every_record_comes_and_only_once(self, world: World, home: Path) -> None:
        files = list(built(world.source, home).fetch(""))
        assert sorted(local_ids(files)) == sorted(world.expected)

    def test_a_digest_that_comes_with_a_file_is_of_the_kind_that_runs_keep(self, world: World, home: Path) -> None:
        files = list(built(world.source, home).fetch(""))
        assert all(f.digest in ("", fingerprint.of_file(f.data)) for f in files)

    def test_a_first_fetch_of_a_full_source_is_complete(self, world: World, home: Path) -> None:
        files = list(built(world.source, home).fetch(""))
        assert all(f.complete for f in files) is not world.source.incremental

    def test_asking_again_after_publishing_loses_nothing(self, world: World, home: Path) -> None:
        first = list(built(world.source, home).fetch(""))
        again = list(built(world.source, home).fetch(last_bookmark(first)))
        whole = [f for f in again if f.complete]
        assert not whole or sorted(local_ids(again)) == sorted(world.expected)
        assert not any(f.deleted for f in again if f.deleted and set(f.deleted) & set(world.expected))

    def test_asking_again_after_a_crash_brings_the_same(self, world: World, home: Path) -> None:
        interrupted = built(world.source, home).fetch("")
        next(iter(interrupted))
        interrupted.close()  # type: ignore[attr-defined]
        assert sorted(local_ids(built(world.source, home).fetch(""))) == sorted(world.expected)

    def test_leaving_in_the_middle_leaves_no_thread_behind(self, world: World, home: Path) -> None:
        before = threading.active_count()
        pages = built(world.source, home).fetch("")
        next(iter(pages))
        pages.close()  # type: ignore[attr-defined]
        deadline = time.monotonic() + 5
        while threading.active_count() > before and time.monotonic() < deadline:
            time.sleep(0.02)
        assert threading.active_count() <= before

    def test_the_original_is_untouched(self, world: World, home: Path) -> None:
        before = world.fingerprint()
        list(built(world.source, home).fetch(""))
        assert world.fingerprint() == before

    @pytest.mark.parametrize("bookmark", ["garbage", "{}", '{"kind":"other","uid":9}', "[1,2]", '"text"', "null"])
    def test_a_foreign_or_damaged_bookmark_means_starting_over(self, world: World, home: Path, bookmark: str) -> None:
        assert sorted(local_ids(built(world.source, home).fetch(bookmark))) == sorted(world.expected)

    def test_a_damaged_bookmark_of_our_own_kind_means_starting_over(self, world: World, home: Path) -> None:
        kind = kind_of(world.source.harvester).name
        mark = f'{{"kind":"{kind}","taken":[["x"],7],"uid":"x","until":5,"url":3,"what":null,"day":[],"sha256":0}}'
        assert local_ids(built(world.source, home).fetch(mark))

    def test_a_dead_source_is_unavailable_and_named_without_a_programmers_word(self, world: World, home: Path) -> None:
        started = time.monotonic()
        with pytest.raises(SourceUnavailable, match=world.source.code) as died:
            list(built(world.source, home, **world.dead_settings).fetch(""))
        assert not re.search(r"Error|Errno|Exception|refused", str(died.value)), died.value
        assert time.monotonic() - started < DEAD_SECONDS

    def test_an_unknown_setting_is_refused_with_a_hint(self, world: World, home: Path) -> None:
        known = next(iter(kind_of(world.source.harvester).options())).name
        with pytest.raises(StopEverything, match=known):
            built(world.source, home, **{f"{known}x": "1"})

    def test_every_setting_has_a_type_and_a_russian_sentence(self, world: World) -> None:
        for option in kind_of(world.source.harvester).options():
            assert option.type
            assert any("а" <= letter <= "я" for letter in option.sentence.lower()), option.name

    def test_a_secret_typed_into_the_settings_is_refused_unseen(self, world: World, home: Path) -> None:
        for option in kind_of(world.source.harvester).options():
            if option.type == "секрет":
                with pytest.raises(StopEverything) as refusal:
                    built(world.source, home, **{option.name: PASSWORD})
                assert PASSWORD not in str(refusal.value)

    def test_a_resolved_secret_is_shown_nowhere(self, world: World, home: Path) -> None:
        secrets = [o.name for o in kind_of(world.source.harvester).options() if o.type == "секрет"]
        named = {n: "env:SOURCE_PASSWORD" for n in secrets if n == "password"}
        harvester = built(world.source, home, **named, **world.dead_settings)
        assert PASSWORD not in repr(vars(harvester))
        with pytest.raises(SourceUnavailable) as failure:
            list(harvester.fetch(""))
        shown = "".join(traceback.format_exception(failure.value))
        assert PASSWORD not in shown + repr(failure.value)
        with pytest.raises(TypeError):
            pickle.dumps(Secret(PASSWORD))
