"""The documentation builds without a warning and loads nothing from outside."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs", reason="mkdocs is not installed (`make test` installs it)")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return folder


def test_no_page_loads_anything_from_outside(site: Path):
    """'with `theme.font: false` its pages load no outside address': they open from disk, network off."""
    loads = re.compile(r"<(?:script|img|link|iframe|source)\b[^>]*(?:src|href)=\"(?:https?:)?//[^\"]*\"")
    found = {page.name: loads.findall(page.read_text(encoding="utf-8")) for page in site.rglob("*.html")}
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_links_open_from_disk(site: Path):
    index = (site / "index.html").read_text(encoding="utf-8")
    assert 'href="tutorials/first-report.html"' in index


def test_every_criterion_page_is_built(site: Path):
    from spinemets.knowledge.catalogue import load

    for name in load():
        assert (site / "reference" / "criteria" / f"{name}.html").is_file()
