"""Signal of a region over a reference tissue."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinemets.anatomy.tissue_ratio import Least, TissueRatio, darkest, rounding, tissue_ratio
from spinemets.model.lesion import Lesion
from spinemets.model.measurement import Refused
from spinemets.model.reference import Reference

LEAST = Least(voxels=20, ml=0.1, effective=5)


def muscle(median=240.0, se=3.64, **kwargs) -> Reference:
    fields = {"tissue": "muscle", "median": median, "spread": 24.0, "standard_error": se, "n_voxels": 300,
              "n_effective": 150.0, "members": ("L3",)}  # fmt: skip
    return Reference(**{**fields, **kwargs})


def spread_values(median: float, mad: float, n: int) -> np.ndarray:
    """`n` values (odd) with exactly this median and this median absolute deviation."""
    half = n // 2
    far = np.linspace(0.5 * mad, 1.5 * mad, half)  # its middle is one MAD
    return np.concatenate([median - far, [median], median + far])


@pytest.fixture
def body(make_volume, make_region):
    def build(values, spacing_mm=2.0):
        side = math.ceil(len(values) ** (1 / 3)) + 2
        array, mask = np.zeros((side, side, side)), np.zeros((side, side, side), bool)
        mask.flat[: len(values)] = True
        array[mask] = values
        volume = make_volume(array, spacing_mm, unit="1", quantity="mr_signal")
        return volume, make_region("marrow", mask, volume)

    return build


def test_vector_of_the_specification(body):
    """'m1 180, MAD 18, n_eff 100; m2 240, ... -> se 3.34 and 3.64, r 0.750, ci95 [0.716, 0.786]'."""
    values = spread_values(180.0, 18.0, 225)  # 225 / 2.25 = 100 independent voxels
    assert np.median(np.abs(values - 180)) == pytest.approx(18, rel=0.01)
    volume, region = body(values)
    found = tissue_ratio(volume, region, muscle(), LEAST)
    assert isinstance(found, TissueRatio)
    assert found.estimate.value == pytest.approx(0.750)
    assert found.estimate.ci95 == pytest.approx((0.716, 0.786), abs=0.001)
    assert found.category == "hypointense"


@pytest.mark.parametrize(
    ("signal", "category"),
    [(180.0, "hypointense"), (240.0, "isointense"), (238.0, "isointense"), (380.0, "hyperintense")],
)
def test_categories(body, signal, category):
    """'Interval containing 1 -> category isointense'."""
    volume, region = body(np.full(225, signal))
    assert tissue_ratio(volume, region, muscle(), LEAST).category == category


@pytest.mark.parametrize(("n", "spacing"), [(19, 3.0), (40, 1.0), (0, 2.0)])
def test_too_little(body, n, spacing):
    """'A region mean needs >= 20 voxels, >= 0.1 mL, and n_eff >= 5'."""
    volume, region = body(np.full(max(n, 1), 100.0), spacing)
    if n == 0:
        region = type(region).from_mask("marrow", np.zeros(volume.grid.shape_ijk, bool), volume.grid)
    found = tissue_ratio(volume, region, muscle(), LEAST)
    assert isinstance(found, Refused)
    assert found.code == "NA-FEW"
    assert found.remedy


def test_too_few_independent_voxels(body):
    volume, region = body(np.full(30, 100.0), 3.0)
    assert isinstance(tissue_ratio(volume, region, muscle(), LEAST), TissueRatio)
    assert isinstance(tissue_ratio(volume, region, muscle(), Least(voxels=20, ml=0.1, effective=20)), Refused)


def test_no_signal(body):
    volume, region = body(np.zeros(100))
    assert tissue_ratio(volume, region, muscle(), LEAST).code == "NA-ARTEFACT"
    volume, region = body(np.full(100, 50.0))
    assert tissue_ratio(volume, region, muscle(median=0.0), LEAST).code == "NA-REFERENCE"


def test_nan_is_left_out(body):
    values = np.full(100, 120.0)
    values[:30] = np.nan
    volume, region = body(values)
    found = tissue_ratio(volume, region, muscle(), LEAST)
    assert (found.n_voxels, found.median) == (70, 120.0)


def test_rounding(make_volume):
    assert rounding(make_volume(np.zeros((2, 2, 2)))) == 0
    assert rounding(make_volume(np.zeros((2, 2, 2), np.uint8))) == pytest.approx(0.2887, abs=1e-4)


def lesion(region, name) -> Lesion:
    return Lesion(
        id=name, level_id="L3", series_uid="1.2.3", criterion="MR-T1-03", region=region, volume_ml=1.0,
        volume_ci95_ml=(0.8, 1.2), diameters_mm={}, share_of_body=None, compartments={}, kind="t1_dark", values={},
        centroid_lps_mm=np.zeros(3),
    )  # fmt: skip


def test_darkest_focus(make_volume, make_region):
    """'r_m = median(marrow or lesion) / median(muscle)': the darkest focus that is large enough, else the marrow."""
    array = np.full((12, 12, 12), 300.0)
    masks = [np.zeros(array.shape, bool) for _ in range(3)]
    masks[0][:4, :4, :4], masks[1][6:10, 6:10, 6:10], masks[2][0, 8, 8] = True, True, True
    for mask, signal in zip(masks, (200.0, 150.0, 20.0), strict=True):
        array[mask] = signal
    volume = make_volume(array, 2.0, unit="1", quantity="mr_signal")
    whole = make_region("marrow", np.ones(array.shape, bool), volume)
    foci = [lesion(make_region("lesion", m, volume), f"L3-{n}") for n, m in enumerate(masks, start=1)]
    assert darkest(volume, whole, foci, muscle(), LEAST).median == 150
    assert darkest(volume, whole, foci[2:], muscle(), LEAST).region is whole
    assert darkest(volume, whole, (), muscle(), LEAST).median == 300
