"""Nothing in the package is unused."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("vulture", reason="vulture is not installed (`make test` installs it)")
from house import dead_code


def write(folder: Path, **files: str) -> Path:
    for room in ("src", "house", "docs"):
        (folder / room).mkdir()
    for name, text in files.items():
        (folder / "src" / name.replace("__", ".")).write_text(text)
    return folder


def test_an_unused_function_is_found(tmp_path: Path):
    root = write(tmp_path, a__py="def used():\n    pass\n\n\ndef lonely():\n    used()\n")
    assert dead_code.unused(root) == ["src/a.py:5: unused function lonely"]


def test_what_a_template_or_the_catalogue_names_is_used(tmp_path: Path):
    root = write(tmp_path, a__py="def shown():\n    pass\n", page__j2="{{ shown(x) }}")
    assert dead_code.unused(root) == []


def test_what_the_documentation_calls_is_used(tmp_path: Path):
    root = write(tmp_path, a__py="def door():\n    pass\n")
    (root / "docs" / "page.md").write_text("Call `door(x)`.")
    assert dead_code.unused(root) == []


def test_fields_of_values_are_left_out(tmp_path: Path):
    root = write(tmp_path, a__py="class A:\n    field: int = 0\n\n\nprint(A)\n")
    assert dead_code.unused(root) == []


def test_a_function_called_by_its_name_in_a_string_is_used(tmp_path: Path):
    root = write(tmp_path, a__py="PLUGIN = ('a', 'decode_it')\nprint(PLUGIN)\n\n\ndef decode_it():\n    pass\n")
    assert dead_code.unused(root) == []


def test_published_formulas_and_the_public_test_kit_are_libraries(tmp_path: Path):
    root = write(tmp_path)
    room = root / "src" / "spinemets" / "physics"
    room.mkdir(parents=True)
    (room / "ct.py").write_text("def formula():\n    pass\n")
    assert dead_code.unused(root) == []
