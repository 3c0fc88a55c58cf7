"""'Two runs on the same input are byte-equal except `run`' (REP-12), from files to files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spinemets.app.cli.main import main


@pytest.mark.slow
def test_two_runs_give_the_same_answer(tmp_path: Path):
    assert main(["phantom", "make", "ct-lytic", "--out", str(tmp_path / "case"), "-q"]) == 0
    study, labels = tmp_path / "case" / "STUDY", tmp_path / "case" / "labels.nii.gz"
    for name in ("one", "two"):
        assert main(["analyze", str(study), "--labels", f"{labels}:verse", "--out", str(tmp_path / name), "-q"]) == 0
    for file in ("measurements.csv", "labels.nii.gz"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    one, two = (json.loads((tmp_path / name / "assessment.json").read_text()) for name in ("one", "two"))
    when = [answer["provenance"].pop("stages") and answer["provenance"].pop("created") for answer in (one, two)]
    assert all(when)
    assert one == two
