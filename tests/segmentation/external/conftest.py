"""Programs that stand in for the real ones, their weights, and a study to run them on."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.series import Recognition, Series
from spinemets.model.study import PatientFacts, Study
from spinemets.model.volume import Volume
from spinemets.segmentation.external.tools import load

STAND_IN = Path(__file__).with_name("stand_in.py")
WEIGHTS = {
    "totalsegmentator": [f"Dataset{n}_x" for n in (291, 292, 293, 294, 295, 298, 756, 850, 851, 852)],
    "spineps": ["T2w_semantic_v1", "T1w_semantic_v1", "instance_sagittal_v1", "T2w_labeling_v1"],
    "totalspineseg": [f"nnUNet/results/r1/Dataset{n}_TotalSpineSeg_step{n - 100}" for n in (101, 102)],
}


@dataclass(frozen=True, kw_only=True)
class Installed:
    """A stand-in on the search path."""

    program: Path
    weights: Path
    record: Path
    private: Path

    def calls(self) -> list[dict]:
        """How it was called, call by call."""
        return [json.loads(line) for line in self.record.read_text().splitlines()] if self.record.exists() else []


@pytest.fixture
def nothing_installed(tmp_path, monkeypatch):
    """A search path and a home without any of the tools."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for tool in load().tools.values():
        for place in tool.weights:
            if place.variable is not None:
                monkeypatch.delenv(place.variable, raising=False)
    return tmp_path


@pytest.fixture
def install(nothing_installed, monkeypatch):
    """Function: put a stand-in for a tool on the search path, with weights, behaving as a mode says."""

    def build(key: str, mode: str = "well", script: str | None = None) -> Installed:
        tool = load().tools[key]
        program = nothing_installed / "bin" / tool.program
        text = STAND_IN.read_text().split('"""', 2)[2] if script is None else script
        program.write_text(f"#!{sys.executable}\n{text}" if script is None else script)
        program.chmod(0o755)
        weights = nothing_installed / "weights"
        for name in WEIGHTS[key]:
            (weights / name).mkdir(parents=True)
        monkeypatch.setenv(next(p.variable for p in tool.weights if p.variable is not None), str(weights))
        monkeypatch.setenv("STAND_IN_MODE", mode)
        monkeypatch.setenv("STAND_IN_RECORD", str(nothing_installed / "record.txt"))
        private = nothing_installed / "private"
        private.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(private))
        return Installed(program=program, weights=weights, record=nothing_installed / "record.txt", private=private)

    return build


@pytest.fixture
def patient():
    """Function: a study of one series of a kind, whose facts would be a scandal in a file name."""

    def build(kind: str = "ct") -> Study:
        affine = np.diag([3.0, 3.0, 4.0, 1.0])
        affine[:3, 3] = (-30, -40, 100)
        array = np.full((20, 24, 18), 40, np.int16)
        array[6:14, 8:16, 2:16] = 300
        grid = Grid(shape_ijk=array.shape, affine_lps_mm=affine, frame_of_reference_uid="1.2.999")
        quantity = "attenuation" if kind.startswith("ct") else "mr_signal"
        volume = Volume(array=array, grid=grid, quantity=quantity, unit="1")
        series = Series(
            uid="1.2.888.777",
            number=1,
            label="series 1",
            acquisition=Acquisition(),
            load=lambda: volume,
            grid=grid,
            recognition=Recognition(kind=kind),
            source="archive/DOE_JOHN/scan.dcm",
        )
        facts = PatientFacts(pseudonym="DOE_JOHN", accession="ACC4711")
        return Study(uid="1.2.888", patient=facts, series=(series,))

    return build
