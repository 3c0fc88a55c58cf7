"""CT-01: fitness of a CT series for each use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from spinemets.knowledge import catalogue
from spinemets.measures.ct_gate import measure
from spinemets.model.grid import Grid
from spinemets.model.measurement import Measured, Refused
from spinemets.model.volume import Volume

VALUES = catalogue.load()["CT-01"].values()


def volume(array: np.ndarray, spacing=(1.0, 1.0, 5.0)) -> Volume:
    grid = Grid(shape_ijk=array.shape, affine_lps_mm=np.diag([*spacing, 1.0]))
    return Volume(array=array, grid=grid, quantity="attenuation", unit="[hnsf'U]", series_uid="1")


def body(noise_hu: float = 12.0, smooth: float = 0.0, shift: float = 0.0, scale: float = 1.0) -> np.ndarray:
    """Air, fat and muscle in blocks with noise."""
    array = np.full((90, 90, 12), -1000.0)
    array[15:-15, 15:-15] = -100
    array[25:-25, 25:-25] = 55
    noise = np.random.default_rng(0).normal(size=array.shape)
    if smooth:
        noise = gaussian_filter(noise, (smooth, smooth, 0))
        noise /= noise.std()
    return ((array + noise_hu * noise) * scale + shift).astype(np.float32)


def gate(ct: Volume, **changes: Any) -> Measured:
    arguments = {
        "series_kind": "ct_soft",
        "slice_thickness_mm": 5.0,
        "slice_spacing_mm": 5.0,
        "kvp": 120.0,
        "contrast_agent": False,
        **VALUES,
        **changes,
    }
    answer = measure(ct=ct, **arguments)
    assert isinstance(answer, Measured)
    return answer


def test_thick_soft_kernel():
    """T: 5 mm soft kernel -> CT-02 yes, CT-04 NA."""
    found = gate(volume(body()))
    assert found.verdicts["lesion"] == "ok"
    assert found.verdicts["cortex"] == "NA-RESOLUTION"
    assert found.verdicts["soft_tissue"] == found.verdicts["density"] == "ok"
    assert found.notes[0] == "slices of 5 mm"
    assert found.category == "cortex no, soft tissue yes, density yes, lesion yes"


@pytest.mark.parametrize(
    ("thickness", "spacing", "verdict"),
    [
        (1.0, 1.0, "ok"),
        (1.5, 1.5, "ok"),
        (1.6, 1.0, "limited"),
        (2.999999, 3.0000001, "limited"),
        (3.1, 3.1, "NA-RESOLUTION"),
        (5.0, 2.5, "NA-RESOLUTION"),
        (1.0, 5.0, "NA-RESOLUTION"),
        (None, 1.0, "ok"),
    ],
)
def test_cortex_by_slice(thickness, spacing, verdict):
    """D: cortex slice <= 1.5 mm good, <= 3 mm limited, > 3 mm NA-RESOLUTION; a gap counts like thickness."""
    found = gate(volume(body()), slice_thickness_mm=thickness, slice_spacing_mm=spacing)
    assert found.verdicts["cortex"] == verdict
    assert ("states no thickness" in found.notes[0]) == (thickness is None)


@pytest.mark.parametrize(
    ("kind", "noise_hu", "verdict"),
    [
        ("ct_soft", 12, "ok"),
        ("ct_bone", 12, "ok"),
        ("ct_bone", 35, "limited"),
        ("ct", 12, "ok"),
        ("ct_bone", 120, "NA-SEQUENCE"),
        ("ct_lung", 12, "limited"),
    ],
)
def test_soft_tissue_by_kernel_and_noise(kind, noise_hu, verdict):
    """D: soft kernel, or bone kernel smoothed to noise SD <= 20 HU."""
    found = gate(volume(body(noise_hu)), series_kind=kind)
    assert found.verdicts["soft_tissue"] == verdict
    assert found.values["noise_hu"].value == pytest.approx(noise_hu, rel=0.08)


def test_noise_against_the_slow_reference():
    """Noise equals the plain standard deviation of a uniform block of muscle."""
    array = body(18.0)
    assert gate(volume(array)).values["noise_hu"].value == pytest.approx(array[30:60, 30:60].std(), rel=0.05)


def test_density_needs_120_kvp():
    """D: density (CT-08) 120 kVp; another or an unknown voltage leaves the number without a verdict (limited, CV-KVP)."""
    assert gate(volume(body())).caveats == ()
    for kvp in (100.0, None):
        found = gate(volume(body()), kvp=kvp)
        assert found.verdicts["density"] == "limited" and "CV-KVP" in found.caveats


def test_contrast_medium():
    """Stated contrast limits density; contrast nobody mentions is said, and carries the caveat."""
    stated = gate(volume(body()), contrast_agent=True)
    assert stated.verdicts["density"] == "limited" and "CV-IVCONTRAST" in stated.caveats
    silent = gate(volume(body()), contrast_agent=None)
    assert silent.verdicts["density"] == "ok" and "CV-IVCONTRAST" in silent.caveats
    assert any("neither stated nor ruled out" in note for note in silent.notes)


@pytest.mark.parametrize("change", [{"shift": 1000.0}, {"scale": 1.2}, {"shift": 60.0}])
def test_values_off_the_hounsfield_scale(change):
    """HU sanity: air -1000 +/- 50, fat -130..-60, muscle 20..90; otherwise nothing may be measured."""
    answer = measure(
        ct=volume(body(**change)),
        series_kind="ct_soft",
        slice_thickness_mm=5.0,
        slice_spacing_mm=5.0,
        kvp=120.0,
        contrast_agent=False,
        **VALUES,
    )
    if isinstance(answer, Refused):
        assert answer.code == "NA-META"
    else:
        assert set(answer.verdicts.values()) == {"NA-META"}
        assert any("Hounsfield" in note for note in answer.notes)


@pytest.mark.parametrize("array", [np.zeros((2, 2, 2)), np.full((20, 20, 20), np.nan), np.full((9, 9, 9), 700.0)])
def test_nothing_to_judge_the_scale_by(array):
    """A gate that cannot be evaluated counts as failed, with its code."""
    answer = measure(
        ct=volume(array.astype(np.float32)),
        series_kind="ct",
        slice_thickness_mm=None,
        slice_spacing_mm=1.0,
        kvp=None,
        contrast_agent=None,
        **VALUES,
    )
    assert isinstance(answer, Refused) and answer.code == "NA-META"


def test_padding_is_not_air():
    """Scanner padding (-3024) and marked padding say nothing about air."""
    array = body()
    array[:10] = -3024
    found = gate(volume(array))
    assert found.values["air_hu"].value == pytest.approx(-1000, abs=5)
    marked = Volume(
        array=np.where(array == -3024, -1040, array),
        grid=volume(array).grid,
        quantity="attenuation",
        unit="[hnsf'U]",
        padding=array == -3024,
    )
    assert gate(marked).values["air_hu"].value == pytest.approx(-1000, abs=5)


def test_kernel_named_soft_with_sharp_noise_is_questioned():
    """M: kernel class checked by noise texture."""
    assert any("looks like that of a sharp one" in note for note in gate(volume(body())).notes)
    assert not any("sharp one" in note for note in gate(volume(body(smooth=1.0))).notes)


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_permuted_array_gives_the_same_verdicts(axes):
    """Property: the order of the array axes does not matter."""
    spacing = tuple(np.array([1.0, 1.0, 5.0])[list(axes)])
    found = gate(volume(np.ascontiguousarray(body().transpose(axes)), spacing))
    reference = gate(volume(body()))
    assert found.verdicts == reference.verdicts
    for name in ("noise_hu", "noise_smoothed_hu", "air_hu", "fat_hu", "muscle_hu"):
        assert found.values[name].value == pytest.approx(reference.values[name].value, rel=0.06)


@pytest.mark.parametrize(
    ("file", "verdicts"),
    [
        (
            "ct-torso-ts-labelled/ct.nii.gz",
            {"cortex": "limited", "soft_tissue": "ok", "density": "limited", "lesion": "ok"},
        ),
        ("ct-thoracic-cta/ct.nii.gz", {"cortex": "ok", "density": "limited", "lesion": "ok"}),
        ("vertebra-crops-tptbox/sub-ct_label-22_ct.nii.gz", {"cortex": "ok", "lesion": "ok"}),
    ],
)
def test_real_ct(shared_data: Path, file, verdicts):
    """Real images without headers: torso 3 mm, arterial chest 1.5 mm, a crop around one vertebra without any air."""
    image = nibabel.load(shared_data / file)
    array = np.asarray(image.dataobj)
    grid = Grid(shape_ijk=array.shape, affine_lps_mm=np.diag([-1, -1, 1, 1.0]) @ image.affine)
    ct = Volume(array=array, grid=grid, quantity="attenuation", unit="[hnsf'U]")
    found = gate(
        ct,
        series_kind="ct",
        slice_thickness_mm=None,
        slice_spacing_mm=max(grid.spacing_mm),
        kvp=None,
        contrast_agent=None,
    )
    assert verdicts.items() <= found.verdicts.items()
    assert 20 <= found.values["muscle_hu"].value <= 90


def test_soft_tissue_without_a_noise_estimate():
    """A kernel that is not known to be soft, in an image without a quiet patch: not used for soft tissue, with the reason."""
    i, j, k = np.indices((90, 90, 12))
    edges = np.where((i // 2 + j // 2 + k // 2) % 2, 55.0, -100.0)
    array = np.where((i < 15) | (i >= 75) | (j < 15) | (j >= 75), -1000.0, edges).astype(np.float32)
    found = measure(
        ct=volume(array), series_kind="ct_bone", slice_thickness_mm=1.0, slice_spacing_mm=1.0, kvp=120.0,
        contrast_agent=False, **VALUES,
    )  # fmt: skip
    assert isinstance(found, Measured)
    assert found.verdicts["soft_tissue"] == "NA-FEW"
    assert any("noise could not be measured" in note for note in found.notes)
    assert "noise_hu" not in found.values
