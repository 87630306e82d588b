"""Exports brought to the page: packed or not, and what is refused before anything is kept."""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import html

from catalog_sync.system import System
from tests.web.conftest import tale, token


def upload(client: FlaskClient, data: bytes, name: str) -> Any:
    form = token(client.get("/staff/uploads/"))
    values = {"source": "tales-1", "file": (io.BytesIO(data), name), "csrf_token": form}
    return client.post("/staff/uploads/", data=values)


def packed(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "word"),
    [
        (b"MZ", "virus.exe", "ожидалось"),
        (b"", "empty.mrc", "пуст"),
        (b"PK\x03\x04 but not a zip", "a.zip", "архив"),
        (packed(**{"a.mrc": b"x", "b.mrc": b"y"}), "two.zip", "архив"),
        (packed(), "none.zip", "архив"),
        (packed(**{"bomb.mrc": b"0" * 30_000_000}), "bomb.zip", "бомб"),
        (gzip.compress(b"0" * 30_000_000), "bomb.gz", "бомб"),
        (packed(**{"../../etc/x.mrc": b"junk"}), "climbing.zip", "наружу"),
        (packed(**{f"{n}.txt": b"x" for n in range(30)}), "many.zip", "архив"),
    ],
    ids=["type", "empty", "not-zip", "two-inside", "nothing-inside", "bomb", "bomb-gz", "climbing", "many"],
)
def test_an_upload_of_the_wrong_kind_is_refused_with_a_reason(
    librarian: FlaskClient, data: bytes, name: str, word: str
) -> None:
    answer = upload(librarian, data, name)
    assert answer.status_code == 409
    assert word in answer.text


def test_an_upload_is_never_written_under_the_name_it_came_with(librarian: FlaskClient, district: System) -> None:
    answer = upload(librarian, packed(**{"readme.md": b"x", "etc/x.mrc": b"junk"}), "../../../evil.zip")
    assert answer.status_code == 303
    written = [p.name for p in (district.settings.home / "uploads").iterdir()]
    assert all(name.endswith(".bin") and len(name) == 68 for name in written)
    assert not (district.settings.home.parent / "evil.zip").exists()


@pytest.mark.parametrize("name", ["export.mrc.gz", "export.gz", "nightly.zip"])
def test_an_export_may_be_packed(librarian: FlaskClient, name: str) -> None:
    data = packed(**{"books/export.mrc": tale("t1")}) if name.endswith(".zip") else gzip.compress(tale("t1"))
    page = librarian.get(upload(librarian, data, name).location).text
    assert "Лесные сказки" in page
    assert html.fromstring(page).findtext(".//h1") == name.removesuffix(".gz").replace("nightly.zip", "export.mrc")
