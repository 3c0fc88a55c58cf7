"""The published score adds up and names what it rests on."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "explanation" / "report-score.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| (\**)(.*?) \| ([012]) \| (.*) \|$", TEXT, flags=re.M)


def test_thirty_points_and_their_sum():
    assert [int(r[0]) for r in ROWS] == list(range(1, 31))
    assert f"**Version 0.1.0: {sum(int(r[3]) for r in ROWS)} of 60.**" in TEXT


def test_open_bold_points_are_listed():
    """ "Release needs every bold one at 2": those that are not are named in the first paragraph."""
    opened = [r[0] for r in ROWS if r[1] and r[3] != "2"]
    listed = re.search(r"bold points \((.*?)\)", TEXT, flags=re.S).group(1)
    assert re.findall(r"\d+", listed) == opened


def test_tests_that_are_named_exist():
    for name in set(re.findall(r"`((?:report|exports)/test_\w+\.py)`", TEXT)):
        assert (ROOT / "tests" / name).is_file(), name
