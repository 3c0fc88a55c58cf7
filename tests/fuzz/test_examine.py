"""The worker: what it calls a fault is one, and what it watches it sees."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz import corpus, examine

ROOT = Path(__file__).resolve().parents[2]


def test_outcomes_by_name(tmp_path, monkeypatch):
    """A volume, a refusal, a traceback, an error without words."""
    path = tmp_path / "x"
    path.write_bytes(next(s.data for s in corpus.made() if s.name == "ct-explicit.dcm"))
    assert examine.examined(path, by_command=True) == "volumes"
    path.write_bytes(b"nothing")
    assert examine.examined(path, by_command=True) == "refused (UnreadableInput)"
    monkeypatch.setattr(examine, "read_all", lambda _: 1 / 0)
    assert examine.examined(path, by_command=False).startswith("traceback: ")


def test_a_lost_study_is_a_fault(tmp_path, monkeypatch):
    """Undamaged files of a folder must give what they give alone."""
    good = next(s.data for s in corpus.made() if s.name == "ct-explicit.dcm")
    (tmp_path / f"{examine.GOOD}0").write_bytes(good)
    (tmp_path / "1").write_bytes(b"damaged")
    assert examine.examined(tmp_path, by_command=False) == "volumes"
    answers = iter(["refused (UnreadableInput)", "volumes"])
    monkeypatch.setattr(examine, "read_all", lambda _: next(answers))
    assert examine.examined(tmp_path, by_command=False) == "wrong: a damaged file lost the study"


def test_writing_outside_the_room_is_seen(tmp_path):
    """Opening for writing, making folders and connecting are noted; reading and the room itself are not."""
    code = (
        "import sys, socket; from pathlib import Path; from fuzz.examine import Watch; room, out = map(Path, sys.argv[1:]);"
        "w = Watch(room); (room / 'a').write_text('x'); (room / 'a').read_text(); (out / 'b').write_text('x');"
        "(out / 'c').mkdir(); print(*w.outside, sep='\\n')"
    )
    (tmp_path / "room").mkdir()
    command = [sys.executable, "-c", code, str(tmp_path / "room"), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["open", str(tmp_path / "b"), "os.mkdir", str(tmp_path / "c")]


def test_files_of_ones_own(tmp_path):
    """`--files`: one line of JSON each, memory bounded."""
    (tmp_path / "x").write_bytes(b"nothing")
    command = [sys.executable, "-m", "fuzz.examine", "--files", str(tmp_path / "x")]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, env=os.environ | {"TMPDIR": "/tmp"}
    )
    (row,) = map(json.loads, done.stdout.splitlines())
    assert row["file"] == "x" and row["outcome"] == "refused (UnreadableInput)"


def test_folders_and_files_are_laid_out(tmp_path):
    """Each 50th index is a folder with its undamaged files named; the others are one file."""
    made = corpus.made()
    folder, story = examine.lay_out(made, 1, 50, tmp_path / "a")
    assert folder.is_dir() and story.startswith("folder: ")
    assert any(path.name.startswith(examine.GOOD) for path in folder.iterdir())
    assert examine.lay_out(made, 1, 51, tmp_path / "b")[0].is_file()


def test_peak_memory_can_be_asked():
    """Megabytes of this process."""
    assert 10 < examine.peak_mb(reset=True) < 100_000


@pytest.mark.parametrize("name", ["series"])
def test_the_command_ends_with_a_documented_code(tmp_path, name):
    """0, 3 and 5 are answers, anything else is a fault."""
    (tmp_path / name).write_bytes(b"nothing")
    assert examine.command(tmp_path / name) == ""
