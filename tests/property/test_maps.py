"""Maps of whole studies: units, orientation, order of the volumes and file formats change nothing but what they should."""

from __future__ import annotations

from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.app.pipeline import open_study
from spinemets.maps import adc, fat_fraction, ivim, t1, tofts
from spinemets.maps.aif import parker
from spinemets.maps.fat_spectrum import modulation
from spinemets.maps.from_study.compute import compute
from spinemets.maps.from_study.how import How
from spinemets.model.acquisition import Acquisition, Diffusion
from spinemets.model.grid import Grid
from spinemets.model.series import Series
from spinemets.model.study import PatientFacts, Study
from spinemets.model.volume import Volume
from spinemets.series.sets.find import with_sets

STILL = How(motion=False)
SHAPE = (16, 14, 5)
B = (0.0, 50.0, 400.0, 800.0)
AFFINE = np.array([[0.0, 0.0, 4.0, -10.0], [1.5, 0.0, 0.0, 20.0], [0.0, 1.2, 0.0, -300.0], [0.0, 0.0, 0.0, 1.0]])


def truth() -> np.ndarray:
    """ADC that rises along i, and a mark that no symmetry maps onto itself."""
    i, j, k = np.mgrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    made = 0.5e-3 + 1e-4 * i
    made[(j > 9) & (k == 1)] = 2.5e-3
    return made


def weighted(b: float) -> np.ndarray:
    """A volume without noise."""
    return 700.0 * np.exp(-b * truth())


def study(volumes, affine=AFFINE, order=None) -> Study:
    """Volumes of b-values on a grid."""
    series = []
    for number in order if order is not None else range(len(B)):
        array = np.array(volumes[number])
        grid = Grid(shape_ijk=array.shape, affine_lps_mm=affine, frame_of_reference_uid="1.2")
        volume = Volume(array=array, grid=grid, quantity="mr_signal", unit="1")
        facts = Acquisition(
            modality="MR",
            tr_s=4.0,
            te_s=0.07,
            scanning_sequence=("EP",),
            field_t=1.5,
            diffusion=Diffusion(b_s_per_mm2=B[number]),
        )
        series.append(
            Series(
                uid=f"1.2#{number}",
                number=number + 1,
                label=f"volume {number}",
                acquisition=facts,
                load=lambda v=volume: v,
                grid=grid,
            )
        )
    return with_sets(Study(uid="1", patient=PatientFacts(), series=tuple(series)))


def mapped(of: Study, how: How = STILL):
    """The ADC map and its grid."""
    made, not_made = compute(of, "adc", how)
    assert not not_made
    return made[0]


def at_points(result, points_lps_mm):
    """Values of a map at points of the patient."""
    ijk = np.rint(result.grid.to_ijk(points_lps_mm)).astype(int)
    return result.maps[0].array[tuple(ijk.T)]


@pytest.fixture(scope="module")
def points():
    """Voxel centres of the plain grid, in LPS mm."""
    index = np.stack(np.meshgrid(*[np.arange(n) for n in SHAPE], indexing="ij"), axis=-1).reshape(-1, 3)
    return Grid(shape_ijk=SHAPE, affine_lps_mm=AFFINE).to_lps_mm(index)


@pytest.mark.parametrize("flips", [(), (0,), (1,), (2,), (0, 1), (0, 1, 2)])
def test_flipped_stacks(points, flips):
    """Arrays stored the other way round, affines with them: the same value at every point of the patient."""
    affine = AFFINE.copy()
    for axis in flips:
        affine[:3, 3] += affine[:3, axis] * (SHAPE[axis] - 1)
        affine[:3, axis] *= -1
    volumes = [np.flip(weighted(b), flips) for b in B]
    found = at_points(mapped(study(volumes, affine)), points)
    assert found == pytest.approx(truth().reshape(-1), rel=1e-4)


@pytest.mark.parametrize("axes", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0)])
def test_permuted_stacks(points, axes):
    affine = AFFINE.copy()
    affine[:3, :3] = AFFINE[:3, list(axes)]
    volumes = [weighted(b).transpose(axes) for b in B]
    found = at_points(mapped(study(volumes, affine)), points)
    assert found == pytest.approx(truth().reshape(-1), rel=1e-4)


def test_order_of_the_volumes_does_not_matter():
    volumes = [weighted(b) for b in B]
    plain = mapped(study(volumes))
    turned = mapped(study(volumes, order=[3, 1, 0, 2]))
    assert np.array_equal(plain.maps[0].array, turned.maps[0].array)
    assert plain.inputs["b_values_s_per_mm2"] == turned.inputs["b_values_s_per_mm2"]


@pytest.mark.parametrize("kind", [np.int16, np.uint16, np.int32, np.float32, np.float64])
def test_stored_types(kind):
    volumes = [np.rint(20 * weighted(b)).astype(kind) for b in B]
    found = mapped(study(volumes)).maps[0].array
    assert found == pytest.approx(truth(), rel=5e-3)


def test_the_same_from_nifti(tmp_path):
    """Four volumes as files with a facts file that states their b-values: as from headers."""
    lines = []
    for number, b in enumerate(B):
        path = tmp_path / f"volume{number}.nii.gz"
        ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ AFFINE
        nib.save(nib.Nifti1Image(weighted(b).astype(np.float32), ras), path)
        lines.append(f"{path.name}: {{kind: dwi, b_s_per_mm2: [{b:g}], te_ms: 70, tr_ms: 4000, field_t: 1.5}}")
    facts = tmp_path / "facts.yaml"
    facts.write_text("\n".join(lines) + "\n")
    made, not_made = compute(open_study(tmp_path, facts=facts), "adc", STILL)
    assert not not_made
    assert made[0].maps[0].array == pytest.approx(truth(), rel=1e-3)
    assert made[0].inputs["b_values_s_per_mm2"] == list(B)


def test_no_measurement_is_no_value():
    """Padding of one volume leaves its voxels out of the map, and counts them."""
    volumes = [weighted(b) for b in B]
    plain = study(volumes)
    padding = np.zeros(SHAPE, bool)
    padding[3:5] = True
    second = plain.series[1]
    volume = replace(second.pixels(), padding=padding)
    changed = replace(plain, series=(plain.series[0], replace(second, load=lambda: volume), *plain.series[2:]))
    found = mapped(changed)
    assert np.isnan(found.maps[0].array[3:5]).all()
    assert np.isfinite(found.maps[0].array[5:]).all()
    assert found.rejected["no measurement in the file"] == int(padding.sum())


@given(factor=st.floats(1e-2, 1e4), rate=st.floats(0.5, 2.0))
@settings(max_examples=25, deadline=None)
def test_units_of_b(factor, rate):
    """b-values times a number give coefficients over that number; signals times a number give the same ones."""
    b = np.array([0.0, 40, 80, 160, 320, 640, 900])
    signal = factor * (0.8 * np.exp(-b * 1e-3) + 0.2 * np.exp(-b * 0.03))
    plain, scaled = adc.fit(signal, b), adc.fit(signal, rate * b)
    assert scaled.adc_mm2_per_s == pytest.approx(plain.adc_mm2_per_s / rate, rel=1e-5)
    one, other = ivim.fit(signal, b), ivim.fit(signal / factor, b)
    assert one.f == pytest.approx(other.f, rel=1e-3)
    assert one.s0 == pytest.approx(factor * float(other.s0), rel=1e-4)


@given(factor=st.floats(1e-2, 1e5), seconds=st.floats(0.3, 3.0))
@settings(max_examples=25, deadline=None)
def test_units_of_t1(factor, seconds):
    """TR and T1 in any common unit; signals in any."""
    flips = np.array([3.0, 8.0, 15.0, 25.0])
    a, e = np.radians(flips), np.exp(-0.006 / seconds)
    signal = factor * np.sin(a) * (1 - e) / (1 - e * np.cos(a))
    found = t1.fit_vfa(signal, flips, 0.006)
    assert found.t1_s == pytest.approx(seconds, rel=1e-4)
    assert found.m0 == pytest.approx(factor, rel=1e-4)
    assert t1.fit_vfa(signal, flips, 0.003).t1_s == pytest.approx(seconds / 2, rel=1e-4)


@given(scale=st.floats(0.2, 5.0), start=st.floats(-100.0, 100.0))
@settings(max_examples=20, deadline=None)
def test_units_of_kinetics(scale, start):
    """Concentrations times a number change nothing; nor does the moment from which times are counted."""
    times = 5.0 * np.arange(50)
    plasma = parker(times, delay_s=20.0)
    rise = np.cumsum(plasma) * 5 / 60
    tissue = 0.08 * rise * np.exp(-times / 700) + 0.04 * plasma
    plain = tofts.fit(tissue, plasma, times, "extended_tofts")
    moved = tofts.fit(scale * tissue, scale * plasma, times + start, "extended_tofts")
    for name in ("ktrans_per_min", "ve", "vp", "kep_per_min"):
        assert float(getattr(moved, name)) == pytest.approx(float(getattr(plain, name)), rel=2e-3, nan_ok=True), name


@given(phase=st.floats(-3.0, 3.0), size=st.floats(1e-2, 1e4), hz=st.floats(-80.0, 80.0))
@settings(max_examples=25, deadline=None)
def test_phase_and_size_of_echoes(phase, size, hz):
    """A common phase, a common factor and a shift of the field leave the fraction alone."""
    te_s = 1e-3 * np.array([1.2, 2.2, 3.2, 4.2, 5.2, 6.2])
    plain = (0.6 + 0.4 * modulation(te_s, 3.0)) * np.exp(-70 * te_s)
    moved = size * plain * np.exp(1j * phase + 2j * np.pi * hz * te_s)
    one, other = fat_fraction.fit(plain, te_s, 3.0), fat_fraction.fit(moved, te_s, 3.0)
    assert other.pdff == pytest.approx(float(one.pdff), abs=1e-4)
    assert other.field_map_hz - one.field_map_hz == pytest.approx(hz, abs=0.05)
    assert other.water == pytest.approx(size * float(one.water), rel=1e-3)


def test_twice_as_fine_images_hold_the_same_map():
    """Each voxel cut into eight: the same values, eight times."""
    fine = [np.repeat(np.repeat(np.repeat(weighted(b), 2, 0), 2, 1), 2, 2) for b in B]
    affine = AFFINE.copy()
    affine[:3, :3] /= 2
    coarse, cut = mapped(study([weighted(b) for b in B])), mapped(study(fine, affine))
    assert np.array_equal(cut.maps[0].array[::2, ::2, ::2], coarse.maps[0].array)
