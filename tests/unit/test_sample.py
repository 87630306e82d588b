"""The sample district: what is committed is what its generator makes, and it is what it promises to be."""

from __future__ import annotations

import gzip
import runpy
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from io import BytesIO

import pytest

from catalog_sync.settings import SAMPLE_CONFIG, load

FOLDER = SAMPLE_CONFIG.parent


@pytest.fixture(scope="module")
def made() -> Iterator[dict[str, bytes]]:
    before = list(sys.path)
    generator = runpy.run_path(str(FOLDER / "make.py"))
    yield dict(map(generator["file_of"], generator["SCHOOLS"]))
    sys.path[:] = before


def unpacked(name: str, data: bytes) -> bytes:
    """What an archive holds: how tightly it is packed depends on Python and its zlib."""
    if name.endswith(".gz"):
        return gzip.decompress(data)
    if name.endswith(".zip"):
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return repr([(one, archive.read(one)) for one in archive.namelist()]).encode()
    return data


def test_the_exports_are_those_the_generator_makes(made: dict[str, bytes]) -> None:
    kept = {path.name: path.read_bytes() for path in (FOLDER / "exports").iterdir()}
    assert {name: unpacked(name, data) for name, data in kept.items()} == {
        name: unpacked(name, data) for name, data in made.items()
    }


def test_twenty_schools_a_partner_and_a_museum_in_every_dialect() -> None:
    settings = load(SAMPLE_CONFIG, {})
    assert Counter(one.kind for one in settings.libraries) == {"school": 20, "partner": 1, "museum": 1}
    assert {source.dialect.value for source in settings.sources} == {"marcsql", "rusmarc", "unimarc", "marc21"}


def test_it_is_small_enough_to_be_cloned() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if "__pycache__" not in path.parts) < 4 << 20
