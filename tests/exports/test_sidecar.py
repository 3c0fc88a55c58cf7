"""What stands beside a converted image: BIDS names, our own facts, nothing of the patient."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from spinemets.exports import sidecar
from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.series import GeometryCheck, Recognition, Series
from spinemets.model.study_view import SeriesSet
from spinemets.model.volume import Volume


@pytest.fixture
def series():
    """A T2 series with a gap."""
    grid = Grid(shape_ijk=(2, 2, 2), affine_lps_mm=np.eye(4))
    volume = Volume(array=np.zeros((2, 2, 2), np.int16), grid=grid, quantity="mr_signal", unit="1")
    return Series(
        uid="1.2.3.4", number=1, label="series 1", load=lambda: volume, grid=grid, sides_known=False,
        acquisition=Acquisition(
            modality="MR", te_s=0.09, tr_s=3.0, field_t=1.5, acquisition_3d=False, image_type=("ORIGINAL", "PRIMARY")
        ),
        recognition=Recognition(kind="t2", confidence=0.9, evidence=("TE 90 ms",), conflicts=("says T1",)),
        geometry=GeometryCheck(verdict="resampled", notes=("tilted",), missing_positions_mm=(4.0,)),
        warnings=("one",),
    )  # fmt: skip


def written(series, seen=None, group=None, members=None) -> dict:
    return json.loads(sidecar.text(members or [series], seen or sidecar.Seen(), group))


def test_bids_names_and_units(series):
    """Seconds and tesla, as BIDS has them; what the header does not say is not there."""
    found = written(series)
    assert (found["EchoTime"], found["RepetitionTime"], found["MagneticFieldStrength"]) == (0.09, 3.0, 1.5)
    assert found["MRAcquisitionType"] == "2D" and found["ImageType"] == ["ORIGINAL", "PRIMARY"]
    assert "InversionTime" not in found and found["ConversionSoftware"] == "spinemets"


def test_every_name_is_a_field_of_an_acquisition():
    """A renamed field of the model is noticed here."""
    assert set(sidecar.BIDS) <= {field.name for field in dataclasses.fields(Acquisition)}


def test_verdicts_travel(series):
    """Geometry, sides, recognition, warnings."""
    own = written(series)["Spinemets"]
    assert own["Geometry"] == {"Verdict": "resampled", "Notes": ["tilted"], "MissingPositions_mm": [4.0]}
    assert own["SidesKnown"] is False and own["Warnings"] == ["one"]
    assert own["Recognition"]["Kind"] == "t2" and own["Recognition"]["Conflicts"] == ["says T1"]


def test_pixels_are_counted_as_they_pass(series):
    """Padding voxels, quantity, unit; a warning twice is one."""
    mask = np.zeros((2, 2, 2), bool)
    mask[0] = True
    seen = sidecar.Seen()
    for _ in range(2):
        seen.add(
            Volume(
                array=np.zeros((2, 2, 2)), grid=series.grid, quantity="activity", unit="Bq/mL", padding=mask.copy(),
                warnings=("two",),
            )
        )  # fmt: skip
    found = written(series, seen)
    assert found["Units"] == "Bq/mL" and found["Spinemets"]["Quantity"] == "activity"
    assert found["Spinemets"]["PaddingVoxels"] == 8 and found["Spinemets"]["Warnings"] == ["one", "two"]


def test_a_set_says_what_varies(series):
    """Name, what varies and notes of the set."""
    group = SeriesSet(kind="b_values", name="diffusion", members=("1",), varies=("b 0",), notes=("b 0 assumed",))
    assert written(series, group=group)["Spinemets"]["Set"] == {
        "Name": "diffusion", "Varies": ["b 0"], "Notes": ["b 0 assumed"],
    }  # fmt: skip


def test_no_identifier(series):
    """No uid: they point to the patient."""
    assert "1.2.3.4" not in sidecar.text([series], sidecar.Seen(), None)
