"""The commands of the README exist, and the set-up does not trust names of Python programs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def make(*arguments: str, path: str = "/usr/bin:/bin") -> str:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    command = ["make", "--no-print-directory", "--dry-run", "--always-make", "VENV=absent", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env={"PATH": path})
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("target", ["demo", "test", "check", "validate", "bench", "docs", "lock", "fuzz"])
def test_every_target_sets_itself_up(target: str):
    """'on a fresh Debian machine ... makes .venv from the lock file'"""
    shown = make(target)
    assert "--require-hashes -r requirements/" in shown
    assert "--no-deps --no-build-isolation" in shown


def test_demo_needs_the_core_only():
    assert "requirements/dev.txt" not in make("demo")


def test_a_stub_python_is_not_taken(tmp_path: Path):
    """A `python3.13` that cannot run is passed over: names prove nothing."""
    stub = tmp_path / "python3.13"
    stub.write_text("#!/bin/sh\nexit 127\n")
    stub.chmod(0o755)
    real = tmp_path / "python3.12"
    real.write_text("#!/bin/sh\nexit 0\n")
    real.chmod(0o755)
    assert '"python3.12" -m venv' in make("demo", path=f"{tmp_path}:/usr/bin:/bin")


def test_every_target_the_texts_name_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    for name in ("README.md", "CONTRIBUTING.md"):
        named = set(re.findall(r"\bmake ([a-z]+)\b", (ROOT / name).read_text())) - {"sure"}
        assert named <= targets, name


def test_ci_script_is_sound():
    """'.ci/run (bash, executable)': it parses, stops at the first fault, and runs the README's commands."""
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
    text = script.read_text()
    assert "set -euo pipefail" in text
    assert text.rstrip().endswith("make test\nmake check")
