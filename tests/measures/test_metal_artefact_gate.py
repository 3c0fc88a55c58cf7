"""CT-09: metal and beam hardening at one vertebra."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from spinemets.knowledge import catalogue
from spinemets.measures.metal_artefact_gate import measure
from spinemets.model.grid import Grid
from spinemets.model.measurement import Measured, Refused
from spinemets.model.region import Region
from spinemets.model.volume import Volume

VALUES = catalogue.load()["CT-09"].values()
SHAPE = (90, 90, 80)
LEVEL = slice(34, 46)


def stack(sd_here: float = 15.0, sd_elsewhere: float = 15.0, shift_here: float = 0.0) -> np.ndarray:
    """Muscle with a bone block along the middle; noise and shift of the level differ from the rest."""
    noise = np.random.default_rng(1).normal(size=SHAPE)
    sd = np.full(SHAPE[2], sd_elsewhere)
    sd[LEVEL] = sd_here
    array = 55 + noise * sd
    array[:, :, LEVEL] += shift_here
    array[38:52, 38:52] = 250 + 20 * noise[38:52, 38:52]
    return array.astype(np.float32)


def volume(array: np.ndarray, affine: np.ndarray | None = None) -> Volume:
    grid = Grid(shape_ijk=array.shape, affine_lps_mm=np.eye(4) if affine is None else affine)
    return Volume(array=array, grid=grid, quantity="attenuation", unit="[hnsf'U]", series_uid="1")


def vertebra(ct: Volume, mask: np.ndarray | None = None) -> Region:
    if mask is None:
        mask = np.zeros(SHAPE, bool)
        mask[38:52, 38:52, LEVEL] = True
    return Region.from_mask("vertebra", mask, ct.grid)


def gate(array: np.ndarray) -> Measured:
    ct = volume(array)
    answer = measure(ct=ct, vertebra=vertebra(ct), **VALUES)
    assert isinstance(answer, Measured)
    return answer


def test_streaks():
    """T: SD 48 versus 15 -> 3.2 -> CT-06 NA-ARTEFACT."""
    found = gate(stack(48.0, 15.0))
    assert found.values["streak_index"].value == pytest.approx(3.2, abs=0.15)
    assert found.verdicts["soft_tissue"] == "NA-ARTEFACT"
    assert found.verdicts["density"] == "NA-ARTEFACT"
    assert found.verdicts["bone"] == "ok"
    assert any("streak index 3" in note for note in found.notes)
    assert found.category == "no metal near, soft tissue and density not read"


def test_even_noise_is_no_streak():
    """A non-hit: the level is as noisy as the rest."""
    found = gate(stack())
    assert found.values["streak_index"].value == pytest.approx(1.0, abs=0.05)
    assert set(found.verdicts.values()) == {"ok"}
    assert found.caveats == ()


@pytest.mark.parametrize(("shift", "verdict"), [(-60.0, "NA-ARTEFACT"), (-30.0, "ok"), (0.0, "ok")])
def test_dark_band(shift, verdict):
    """D: soft tissue NA if bias > 40 HU."""
    found = gate(stack(shift_here=shift))
    assert found.verdicts["soft_tissue"] == verdict
    assert found.values["dark_band_hu"].value == pytest.approx(-shift, abs=3)


def test_metal_in_the_vertebra():
    """D: metal > 3000 HU above 0.05 mL; bone NA within 5 mm of metal; density NA."""
    array = stack()
    array[44:47, 30:60, 39:42] = 3500
    found = gate(array)
    assert found.values["metal_ml"].value == pytest.approx(0.27, abs=0.01)
    assert found.verdicts["bone"] == found.verdicts["cortex"] == found.verdicts["density"] == "NA-ARTEFACT"
    assert found.caveats == ("CV-NEARMETAL",)


def test_metal_far_from_bone():
    """Metal 15 mm away: bone is read, with the caveat."""
    array = stack()
    array[65:69, 40:44, 39:43] = 3500
    found = gate(array)
    assert found.verdicts["bone"] == "ok" and found.caveats == ("CV-NEARMETAL",)
    assert found.values["share_near_metal"].value == 0


def test_specks_are_no_metal():
    """Below 0.05 mL a bright speck is no metal."""
    array = stack()
    array[45, 45, 39:45] = 3500
    found = gate(array)
    assert found.verdicts["bone"] == "ok" and found.caveats == ()


def test_saturated_metal():
    """Metal cut off at a scanner's ceiling below 3000 HU forms a plateau at the highest value."""
    array = stack()
    array[44:47, 30:60, 39:42] = 2976
    assert gate(array).verdicts["bone"] == "NA-ARTEFACT"
    bone = stack()
    bone[44:47, 30:60, 39:42] = 1500
    assert gate(bone).verdicts["bone"] == "ok"


def test_a_touch_of_metal_only_limits_bone():
    """A small share beside metal leaves the rest readable."""
    array = stack()
    array[53:58, 50:54, 33:36] = 3500
    found = gate(array)
    assert found.values["share_near_metal"].value > 0
    relaxed = measure(ct=volume(array), vertebra=vertebra(volume(array)), **{**VALUES, "share_max": 0.9})
    assert isinstance(relaxed, Measured)
    assert "bone read with limits" in (relaxed.category or "")
    assert relaxed.verdicts["bone"] == "limited" and relaxed.verdicts["density"] == "NA-ARTEFACT"


def test_without_muscle_in_view():
    """A crop of bone only: streaks cannot be measured; without metal soft tissue is limited, with metal it is refused."""
    array = np.full(SHAPE, 400.0, np.float32)
    found = gate(array.copy())
    assert found.verdicts["soft_tissue"] == "limited" and "streak_index" not in found.values
    array[44:47, 30:60, 39:42] = 3500
    assert gate(array).verdicts["soft_tissue"] == "NA-REFERENCE"


def test_empty_and_broken_input():
    """Empty region -> refusal; constant and all-NaN images -> finite numbers or refusal."""
    ct = volume(stack())
    empty = vertebra(ct, np.zeros(SHAPE, bool))
    answer = measure(ct=ct, vertebra=empty, **VALUES)
    assert isinstance(answer, Refused) and answer.code == "NA-SEGMENTATION"
    for array in (np.zeros(SHAPE, np.float32), np.full(SHAPE, np.nan, np.float32)):
        found = gate(array)
        assert all(np.isfinite(v.value) for v in found.values.values())


@pytest.mark.parametrize("axes", [(1, 2, 0), (2, 1, 0)])
def test_permuted_and_flipped_array(axes):
    """Property: permuting the array axes with the affine changes nothing."""
    array = stack(48.0, 15.0)
    reference = gate(array)
    affine = np.eye(4)[:, [*axes, 3]]
    ct = volume(np.ascontiguousarray(array.transpose(axes)), affine)
    mask = np.zeros(SHAPE, bool)
    mask[38:52, 38:52, LEVEL] = True
    found = measure(ct=ct, vertebra=vertebra(ct, mask.transpose(axes)), **VALUES)
    assert isinstance(found, Measured)
    assert found.verdicts == reference.verdicts
    assert found.values["streak_index"].value == pytest.approx(reference.values["streak_index"].value)


def test_real_spine_without_metal(shared_data: Path):
    """Torso CT T11-S1: no metal, no level is shut; works with kind `ct` and the region `vertebra` alone."""
    folder = shared_data / "ct-torso-ts-labelled"
    image = nibabel.load(folder / "ct.nii.gz")
    labels = np.asarray(nibabel.load(folder / "labels_vertebrae.nii.gz").dataobj)
    ct = volume(np.asarray(image.dataobj), np.diag([-1, -1, 1, 1.0]) @ image.affine)
    for label in np.unique(labels)[1:]:
        found = measure(ct=ct, vertebra=vertebra(ct, labels == label), **VALUES)
        assert isinstance(found, Measured)
        assert set(found.verdicts.values()) == {"ok"}
        assert found.values["streak_index"].value < 2
