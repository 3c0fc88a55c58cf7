"""'Budgets, tested: module <= 400 lines; function <= 60; <= 6 parameters; test lines >= source lines' (design 2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from house import budgets


@pytest.fixture(scope="module")
def sizes() -> budgets.Sizes:
    return budgets.measure(budgets.ROOT / "src")


def test_budgets_are_kept(sizes: budgets.Sizes):
    assert budgets.broken(sizes) == []


def test_numbers_can_be_compared_with_other_packages(sizes: budgets.Sizes):
    """'files, lines, module median / p90, function median / p95, t/s' (style 1)."""
    row = budgets.row(sizes, budgets.ratio())
    for part in ("files", "lines", "module median", "p90", "function median", "p95", "test lines per source line"):
        assert part in row


def write(folder: Path, name: str, text: str) -> budgets.Sizes:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return budgets.measure(folder, folder)


def test_a_long_module_is_found(tmp_path: Path):
    sizes = write(tmp_path, "a.py", "x = 1\n" * 401)
    assert budgets.broken(sizes) == ["a.py: 401 lines, at most 400"]


def test_a_long_function_is_found(tmp_path: Path):
    sizes = write(tmp_path, "a.py", "def f():\n" + "    x = 1\n" * 60)
    assert budgets.broken(sizes) == ["a.py:f: 61 lines, at most 60"]


def test_many_parameters_are_found_but_self_does_not_count(tmp_path: Path):
    text = "class A:\n    def f(self, a, b, c, d, e, f): ...\n    def g(self, a, b, c, d, e, f, *, g): ...\n"
    assert budgets.broken(write(tmp_path, "a.py", text)) == ["a.py:g: 7 parameters, at most 6"]


def test_a_criterion_may_have_as_many_parameters_as_needs(tmp_path: Path):
    """'<= 6 parameters (measures/findings criteria excepted)'"""
    text = "def measure(*, a, b, c, d, e, f, g): ...\n"
    assert budgets.broken(write(tmp_path, "src/spinemets/measures/x.py", text)) == []


@pytest.mark.parametrize("name", ["utils.py", "base/a.py", "_helpers.py"])
def test_names_that_say_nothing_are_found(tmp_path: Path, name: str):
    """'Forbidden names: utils, helpers, common, misc, core, manager, base.'"""
    assert "says nothing" in budgets.broken(write(tmp_path, name, ""))[0]


@pytest.mark.parametrize(
    ("values", "percent", "answer"), [([1, 2, 3, 4], 50, 2), (range(1, 101), 95, 95), ([7], 90, 7), ([], 90, 0)]
)
def test_percentiles(values, percent: int, answer: int):
    assert budgets.share(values, percent) == answer
