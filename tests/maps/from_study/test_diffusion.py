"""ADC and IVIM of studies: values, which volumes are used, notes, refusals, the scanner's own map."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.maps.from_study.diffusion import adc_maps, ivim_maps
from spinemets.maps.from_study.how import How
from spinemets.model.acquisition import Diffusion
from spinemets.model.parametric_map import MapResult, NotMapped

STILL = How(motion=False)


def weighted(b, direction=None, averaged=None):
    return {
        "diffusion": Diffusion(b_s_per_mm2=b, direction_lps=direction, averaged=averaged),
        "stem": "1.2.9",
        "kind": "dwi",
    }


@pytest.fixture
def volumes(tissue, rician):
    """Function: a volume of tissue at a b-value."""

    def made(b, adc=1.0e-3, sigma=2.0, seed=0):
        return rician(np.where(tissue, 800.0 * np.exp(-b * adc), 0.0), sigma, int(b) + seed)

    return made


def test_adc(build, tissue, volumes):
    study = build([(volumes(b), weighted(b, averaged=True)) for b in (800.0, 0.0, 400.0)])
    (found,) = adc_maps(study, STILL)
    assert isinstance(found, MapResult) and found.inputs["b_values_s_per_mm2"] == [0.0, 400.0, 800.0]
    adc = found.maps[0]
    assert adc.name == "adc_mm2_per_s" and adc.unit == "mm2/s"
    assert np.median(adc.array[tissue]) == pytest.approx(1.0e-3, rel=0.01)
    assert found.inputs["noise_sigma"] == pytest.approx(2.0, rel=0.15)
    assert np.isnan(adc.array[~tissue]).mean() > 0.9
    assert found.rejected["a signal below 3 sigma of the noise"] > 1000
    assert found.series_uids == ("1.2.9#2", "1.2.9#3", "1.2.9#1") and found.number == 1


def test_averages_stand_for_their_directions(build, volumes):
    parts = [(volumes(0.0), weighted(0.0)), (volumes(800.0), weighted(800.0, averaged=True))]
    parts += [
        (volumes(800.0, seed=n), weighted(800.0, direction=d))
        for n, d in enumerate([(1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0)])
    ]
    (found,) = adc_maps(build(parts), STILL)
    assert found.inputs["b_values_s_per_mm2"] == [0.0, 800.0]
    assert any("3 volumes of single directions were left out" in note for note in found.notes)


@pytest.mark.parametrize(("number", "words"), [(2, "fewer than three directions"), (3, "geometric mean")])
def test_directions(build, volumes, number, words):
    directions = [(1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0)][:number]
    parts = [(volumes(0.0), weighted(0.0))] + [
        (volumes(700.0, seed=n), weighted(700.0, direction=d)) for n, d in enumerate(directions)
    ]
    (found,) = adc_maps(build(parts), STILL)
    assert len(found.inputs["b_values_s_per_mm2"]) == 1 + number
    assert any(words in note for note in found.notes)


def test_blanked_background_has_no_floor_of_its_own(build, tissue, volumes):
    """Noise then comes from two volumes of the lowest b, or is not applied, in words."""
    blank = [np.where(tissue, volumes(b, seed=s), 0.0) for b, s in ((0.0, 0), (0.0, 5), (800.0, 0))]
    study = build([(image, weighted(b)) for image, b in zip(blank, (0.0, 0.001, 800.0), strict=True)])
    (found,) = adc_maps(study, STILL)
    assert any("from two volumes of b 0" in note for note in found.notes)
    assert found.inputs["noise_sigma"] == pytest.approx(2.0, rel=0.3)
    study = build([(blank[0], weighted(0.0)), (blank[2], weighted(800.0))])
    (found,) = adc_maps(study, STILL)
    assert any("no noise floor was applied" in note for note in found.notes) and found.inputs["noise_sigma"] is None
    assert found.rejected == {"a signal of 0 or none": int((~tissue).sum())}


@pytest.mark.parametrize("blanked", [True, False])
@pytest.mark.parametrize("kind", [np.int16, np.float32])
def test_voxels_without_a_line_by_their_definitions(build, tissue, volumes, blanked, kind):
    """Padding, then signals of 0 or none, then those below the floor: counted voxel by voxel."""
    images = [np.rint(volumes(b, sigma=8.0)).astype(kind) for b in (0.0, 400.0, 800.0)]
    if blanked:
        images = [np.where(tissue, image, 0).astype(kind) for image in images]
    images[0][8, 8, 2], images[2][9, 9, 2:4] = -3, 0
    if kind == np.float32:
        images[1][10, 10, 1] = np.nan
    padding = np.zeros(tissue.shape, bool)
    padding[7:9, 8, :] = True
    parts = [(image, weighted(b)) for image, b in zip(images, (0.0, 400.0, 800.0), strict=True)]
    parts[1][1]["padding"] = padding
    (found,) = adc_maps(build(parts), STILL)
    signal = np.stack(images, axis=-1).astype(float)
    nothing = ~padding & ~(np.isfinite(signal) & (signal > 0)).all(axis=-1)
    sigma = found.inputs["noise_sigma"]
    assert (sigma is None) == blanked
    below = ~padding & ~nothing & ~(signal > 3 * (sigma or 0.0)).all(axis=-1)
    counts = {"no measurement in the file": padding, "a signal of 0 or none": nothing}
    if not blanked:
        counts["a signal below 3 sigma of the noise"] = below
    assert found.rejected == {reason: int(where.sum()) for reason, where in counts.items()}
    assert np.array_equal(np.isnan(found.maps[0].array), padding | nothing | below)


def test_one_shell_gives_no_adc(build, volumes):
    study = build(
        [(volumes(800.0, seed=n), weighted(800.0, direction=d)) for n, d in enumerate([(1.0, 0, 0), (0, 1.0, 0)])]
    )
    (found,) = adc_maps(study, STILL)
    assert isinstance(found, NotMapped) and "two distinct b-values" in found.reason


def test_the_scanners_own_map_is_not_fitted(build, volumes):
    study = build([(volumes(0.0), {"kind": "adc"})])
    (found,) = adc_maps(study, STILL)
    assert isinstance(found, NotMapped) and "not fitted again" in found.reason


def test_ivim(build, tissue, rician):
    b_values = [0.0, 20, 50, 100, 200, 400, 600, 800]
    parts = []
    for b in b_values:
        signal = 2000 * (0.85 * np.exp(-b * 1e-3) + 0.15 * np.exp(-b * 0.03))
        parts.append((rician(np.where(tissue, signal, 0.0), 2.0, int(b)), weighted(b)))
    (found,) = ivim_maps(build(parts), STILL)
    by_name = {one.name: one for one in found.maps}
    assert np.nanmedian(by_name["f"].array[tissue]) == pytest.approx(0.15, rel=0.05)
    assert np.nanmedian(by_name["d_mm2_per_s"].array[tissue]) == pytest.approx(1e-3, rel=0.03)
    assert by_name["f_ci95"].array.shape == (24, 24, 6, 2)
    assert found.rejected["below the noise or no measurement"] > 1000


def test_too_few_for_ivim(build, volumes):
    (found,) = ivim_maps(build([(volumes(b), weighted(b)) for b in (0.0, 50.0, 800.0)]), STILL)
    assert isinstance(found, NotMapped) and "Map the ADC" in found.remedy
    assert ivim_maps(build([]), STILL) == []
