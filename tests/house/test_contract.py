"""The import contract holds, and it is able to fail."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    if not program.exists():
        pytest.skip("import-linter is not installed (`make test` installs it)")
    environment = {"PYTHONPATH": str(folder / "src"), "PATH": "/usr/bin:/bin", "COLUMNS": "200"}
    command = [str(program), "--no-cache", "--config", "pyproject.toml"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_contract_is_kept():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("model/planted.py", "import spinemets.geometry", "A study flows one way through the rooms"),
        ("physics/planted.py", "import spinemets.ingest", "A study flows one way through the rooms"),
        ("phantom/planted.py", "import spinemets.anatomy", "The synthetic patient knows nothing of what it tests"),
        ("maps/planted.py", "import spinemets.physics", "A measure may not borrow the signal model"),
        ("measures/planted.py", "import spinemets.measures.runner", "One criterion never imports another"),
        ("geometry/planted.py", "import nibabel", "Files, pictures and networks stay at the doors"),
        ("newroom/__init__.py", "", "A study flows one way through the rooms"),
    ],
)
def test_a_planted_import_breaks_it(copy: Path, module: str, line: str, contract: str):
    """'layers, top to bottom, exhaustive', 'forbidden', 'independence' (design 2)."""
    planted = copy / "src" / "spinemets" / module
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(f"{line}\n")
    done = lint(copy)
    assert done.returncode != 0
    assert re.search(rf"{contract}.*BROKEN", done.stdout) or "newroom" in done.stdout + done.stderr, done.stdout
