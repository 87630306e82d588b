"""The program as a package: everything it reads comes with it, and nothing of the clone is needed."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_an_installed_package_imports_the_sample_and_searches(tmp_path: Path) -> None:
    built, there, home = tmp_path / "built", tmp_path / "site", tmp_path / "home"
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(built)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(there)

    def said(*words: str) -> str:
        # Its own folder comes before that of the clone, which the environment of the tests knows too.
        around = {**os.environ, "PYTHONPATH": str(there), "CATALOG_SYNC_HOME": str(home)}
        ended = subprocess.run([sys.executable, *words], cwd=tmp_path, env=around, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    assert str(there) in said("-c", "from catalog_sync.shipped import DATA; print(DATA)")
    assert "Родниковская начальная школа: опубликован" in said("-m", "catalog_sync", "init", "--sample")
    assert "найдено: 7" in said("-m", "catalog_sync", "search", "учебники математики 5 класс")
    assert said("-m", "catalog_sync", "check").strip() == "расхождений нет"
    site = "from catalog_sync import settings; from web import app; c = app.create_app(settings.load()).test_client()"
    assert "Заречный район" in said("-c", f"{site}; print(c.get('/').text)")
    found = said("-c", f"{site}; print(*(c.get(x).status_code for x in ('/sru/style.xsl', '/?lang=en')))")
    assert found == "200 200\n"
