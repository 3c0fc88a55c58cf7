"""The stand-in knows every argument the table uses: an argument that a documented parser would refuse is refused here too."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from spinemets.segmentation.external.tools import load

SPEC = importlib.util.spec_from_file_location("stand_in", Path(__file__).with_name("stand_in.py"))
assert SPEC is not None
assert SPEC.loader is not None
stand_in = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(stand_in)


@pytest.mark.parametrize("key", ["totalsegmentator", "spineps", "totalspineseg"])
def test_every_run_is_understood(key, tmp_path):
    tool = load().tools[key]
    for n, run in enumerate(tool.runs):
        folder = tmp_path / str(n)
        folder.mkdir()
        image = folder / tool.image
        words = [word.format(image=image, output=folder / "output") for word in run.arguments]
        understood, outputs = getattr(stand_in, key)(words)
        assert understood == image
        assert len(outputs) >= len(run.outputs)


def test_an_unknown_flag_is_refused(capsys):
    with pytest.raises(SystemExit):
        stand_in.totalspineseg(["a.nii.gz", "out", "--telemetry"])
    assert "--telemetry" in capsys.readouterr().err
