"""'`spinemets.open_study`, `analyze`, `report`': three doors, and importing them costs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import spinemets

HEAVY = "{'numpy', 'pydicom', 'nibabel', 'scipy', 'yaml', 'msgspec', 'jinja2', 'PIL'}"


@pytest.mark.parametrize("door", ["report", "open_study", "analyze"])
def test_a_door_opens_on_its_own(door: str):
    """In a fresh process, since another import may have opened it already."""
    code = f"import spinemets as sm; assert sm.{door} is not None"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_import_loads_nothing_heavy():
    code = f"import sys, spinemets; sys.exit(sorted({HEAVY} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_public_names():
    """'Freezes the public names.'"""
    assert spinemets.__all__ == ["analyze", "open_study", "report"]


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        spinemets.nothing  # noqa: B018
