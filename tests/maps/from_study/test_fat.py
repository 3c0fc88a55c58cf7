"""Fat fractions of studies: each under the name it has earned."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.maps.fat_spectrum import modulation
from spinemets.maps.from_study.fat import fat_fraction_maps, weighting_name
from spinemets.maps.from_study.how import How
from spinemets.model.parametric_map import MapResult, NotMapped
from spinemets.model.region import Region

STILL = How(motion=False)
TE_S = 1e-3 * np.array([1.2, 2.2, 3.2, 4.2, 5.2, 6.2])
FRACTION = 0.3


@pytest.fixture
def echoes(tissue):
    """Complex echoes of tissue with 30 % fat and a field that rises, with noise."""
    draw = np.random.default_rng(1)
    hz = np.linspace(-60, 60, 24)[:, None, None, None]
    mixed = 1 - FRACTION + FRACTION * modulation(TE_S, 1.5)
    signal = 500 * tissue[..., None] * mixed * np.exp((2j * np.pi * hz - 60) * TE_S)
    return signal + 3 * (draw.standard_normal(signal.shape) + 1j * draw.standard_normal(signal.shape))


def parts(echoes, facts=(), **extra):
    return [(echoes[..., n], {"te_s": float(te), "stem": "1.2.9", **extra, **dict(facts)}) for n, te in enumerate(TE_S)]


def complex_parts(echoes, **extra):
    magnitude = parts(np.abs(echoes), {"complex_component": "MAGNITUDE"}, **extra)
    phase = np.round(np.angle(echoes) / np.pi * 4096)
    phase[0, 0, 0, :2] = -4096, 4095
    return magnitude + [
        (phase[..., n], {"te_s": float(te), "stem": "1.2.10", "complex_component": "PHASE", **extra})
        for n, te in enumerate(TE_S)
    ]


@pytest.mark.parametrize(
    ("flip", "name"), [(3.0, "pdff"), (10.0, "fat_fraction_t1_weighted"), (None, "fat_fraction_t1_weighted")]
)
def test_complex_echoes(build, tissue, echoes, flip, name):
    """Magnitude and phase: a proton density fat fraction only for small flip angles."""
    found = fat_fraction_maps(build(complex_parts(echoes, flip_deg=flip)), STILL)
    assert len(found) == 1 and isinstance(found[0], MapResult)
    first = found[0].maps[0]
    assert first.name == name and found[0].inputs["spectrum_of_fat"] == "hamilton6"
    assert np.nanmedian(first.array[tissue]) == pytest.approx(FRACTION, abs=0.01)
    by_name = {one.name: one for one in found[0].maps}
    assert np.nanmedian(by_name["r2star_per_s"].array[tissue]) == pytest.approx(60, rel=0.1)
    assert np.nanmedian(np.diff(by_name["field_map_hz"].array, axis=0)[6:17, 6:18]) == pytest.approx(120 / 23, rel=0.2)


def test_real_and_imaginary(build, tissue, echoes):
    made = parts(echoes.real, {"complex_component": "REAL"}, flip_deg=3.0)
    made += [
        (echoes.imag[..., n], {"te_s": float(te), "stem": "1.2.11", "complex_component": "IMAGINARY", "flip_deg": 3.0})
        for n, te in enumerate(TE_S)
    ]
    found = fat_fraction_maps(build(made), STILL)
    assert np.nanmedian(found[0].maps[0].array[tissue]) == pytest.approx(FRACTION, abs=0.01)


def test_turned_phases_are_said(build, echoes):
    (found,) = fat_fraction_maps(build(complex_parts(np.conj(echoes), flip_deg=3.0)), STILL)
    assert any("conjugated" in note for note in found.notes)


def test_phases_in_no_known_unit(build, echoes):
    made = complex_parts(echoes, flip_deg=3.0)
    made = [
        (image / 77, fields) if fields["complex_component"] == "PHASE" else (image, fields) for image, fields in made
    ]
    found = fat_fraction_maps(build(made), STILL)
    refused = [one for one in found if isinstance(one, NotMapped)]
    assert refused and "in no unit" in refused[0].reason


def test_magnitudes(build, tissue, echoes):
    found = fat_fraction_maps(build(parts(np.abs(echoes), flip_deg=3.0)), STILL)
    assert found[0].maps[0].name == "fat_fraction_magnitude"
    near = np.abs(found[0].maps[0].array[tissue] - FRACTION) < 0.1
    by_name = {one.name: one.array for one in found[0].maps}
    unsure = by_name["prevailing_unsure"][tissue] == 1
    assert near[~unsure].mean() > 0.9 and (~unsure).mean() > 0.5
    low, high = by_name["fat_fraction_magnitude_ci95"][tissue].T
    assert ((low <= FRACTION) & (high >= FRACTION)).mean() > 0.9
    assert any("from magnitudes" in note and "its interval holds both" in note for note in found[0].notes)


def test_too_few_magnitudes(build, echoes):
    found = fat_fraction_maps(build(parts(np.abs(echoes))[:3]), STILL)
    assert isinstance(found[0], NotMapped) and "fewer than 6" in found[0].reason


@pytest.mark.parametrize("with_phase", [True, False])
def test_water_and_fat_that_cancel_in_the_first_echo(build, tissue, with_phase):
    """Marrow of one half fat at 3 T and 1.15 ms: the first echo is lost in noise, the others tell the fraction."""
    draw, te_s = np.random.default_rng(2), 1e-3 * np.array([1.15, 2.2, 3.2, 4.2, 5.2, 6.2])
    fraction, marrow = 0.55, tissue & (np.arange(24) < 12)[:, None, None]
    share = fraction * marrow[..., None]
    signal = 100 * tissue[..., None] * (1 - share + share * modulation(te_s, 3.0)) * np.exp(-30 * te_s)
    signal = signal + 3 * (draw.standard_normal(signal.shape) + 1j * draw.standard_normal(signal.shape))
    assert np.median(np.abs(signal[marrow, 0])) < 9
    made = complex_parts(signal, flip_deg=3.0, field_t=3.0)
    made = [(image, {**fields, "te_s": float(te_s[n % 6])}) for n, (image, fields) in enumerate(made)]
    (found,) = fat_fraction_maps(build(made if with_phase else made[:6]), STILL)
    values = found.maps[0].array[marrow]
    assert np.isfinite(values).mean() > 0.99
    assert np.nanmedian(values) == pytest.approx(fraction, abs=0.02 if with_phase else 0.1)
    assert np.isfinite(found.maps[0].array[~tissue]).mean() < 0.15


def test_no_field_strength(build, echoes):
    found = fat_fraction_maps(build(parts(np.abs(echoes), field_t=None)), STILL)
    assert isinstance(found[0], NotMapped) and "field strength" in found[0].reason.lower()


def test_images_of_water_and_fat(build, tissue):
    water, fat = np.where(tissue, 300.0, 0), np.where(tissue, 100.0, 0)
    study = build([(water, {"image_type": ("WATER",)}), (fat, {"image_type": ("FAT",)})])
    (found,) = fat_fraction_maps(study, STILL)
    assert found.maps[0].name == "fat_fraction_signal"
    assert np.nanmedian(found.maps[0].array[tissue]) == pytest.approx(0.25)
    assert any("no cut-off" in note for note in found.notes)


def test_two_points(build, tissue):
    study = build([(np.where(tissue, 400.0, 0), {"te_s": 0.0046}), (np.where(tissue, 160.0, 0), {"te_s": 0.0023})])
    (found,) = fat_fraction_maps(study, STILL)
    assert np.nanmedian(found.maps[0].array[tissue]) == pytest.approx(0.3)
    assert any("mirrored" in note for note in found.notes)


def test_names():
    assert weighting_name(5.0)[0] == "pdff" and not weighting_name(5.0)[2]
    assert "60 degrees" in weighting_name(60.0)[2][0] and "not stated" in weighting_name(None)[2][0]


def test_trains_of_one_excitation(build, echoes):
    """Echoes of one DICOM series stay together; separate series join by field and flip angle; each time once."""
    from spinemets.maps.from_study.fat import _trains

    plain = parts(np.abs(echoes))[:3]
    again = [(image, {**fields, "stem": "1.2.20"}) for image, fields in plain]
    apart = [(image, {**fields, "stem": f"1.3.{n}", "flip_deg": 7.0}) for n, (image, fields) in enumerate(plain)]
    study = build([*plain, *again, *apart])
    trains = _trains(study.series)
    assert sorted(len(train) for train in trains) == [3, 3, 3]
    for train in trains:
        times = [one.acquisition.te_s for one in train]
        assert times == sorted(times)
    doubled = build([*plain, plain[0]])
    assert [len(train) for train in _trains(doubled.series)] == [3]


@pytest.mark.parametrize(
    ("low", "high", "turn"),
    [
        (-4096, 4095, 4096 / np.pi),
        (0, 4095, 2048 / np.pi),
        (-np.pi, np.pi, 1.0),
        (-2048, 2047, 2048 / np.pi),
        (-3142, 3142, 1000.0),
    ],
)
def test_phases_as_scanners_store_them(low, high, turn):
    """Signed and unsigned twelve bits, thirteen bits, radians and thousandths of them."""
    from spinemets.maps.from_study.fat import _radians

    values = np.linspace(low, high, 1001).astype(np.float32)
    found = _radians(values)
    assert float(np.ptp(found)) == pytest.approx(2 * np.pi, rel=2e-3)
    assert np.abs(found).max() <= np.pi * 1.001
    assert float(found[1] - found[0]) == pytest.approx((values[1] - values[0]) / turn, rel=1e-3)


def test_diffusion_phases_are_no_echoes(build, echoes):
    """Complex diffusion images are not taken for a fat fraction."""
    made = complex_parts(echoes, flip_deg=3.0)
    made = [(image, {**fields, "b_values_s_per_mm2": (800.0,)}) for image, fields in made]
    assert not [one for one in fat_fraction_maps(build(made), STILL) if isinstance(one, MapResult)]


def test_a_spectrum_of_choice(build, tissue, echoes):
    """Another spectrum moves the fraction by a point or so, and the side file says which it was."""
    study = build(complex_parts(echoes, flip_deg=3.0))
    (plain,) = fat_fraction_maps(study, STILL)
    (other,) = fat_fraction_maps(study, How(motion=False, spectrum="karampinos8"))
    assert other.inputs["spectrum_of_fat"] == "karampinos8"
    apart = np.nanmedian(np.abs(other.maps[0].array - plain.maps[0].array)[tissue])
    assert 1e-4 < apart < 0.05


@pytest.mark.parametrize(("complex_ones", "reach_mm"), [(True, 20), (False, 6)])
def test_near_the_spine_only(build, tissue, echoes, complex_ones, reach_mm):
    """What was not looked at is not said to have no signal."""
    study = build(complex_parts(echoes) if complex_ones else parts(np.abs(echoes)))
    mask = np.zeros(tissue.shape, bool)
    mask[8:10, 8:10, 2:4] = True
    within = (Region.from_mask("body", mask, study.series[0].grid),)
    (found,) = fat_fraction_maps(study, How(motion=False, within=within))
    told = np.isfinite(found.maps[0].array)
    everywhere = np.isfinite(fat_fraction_maps(study, STILL)[0].maps[0].array)
    i = np.flatnonzero(told.any(axis=(1, 2)))
    assert i.min() >= 8 - reach_mm // 2 and i.max() <= 9 + reach_mm // 2
    assert found.rejected["not near the spine"] > 0 and told.sum() < everywhere.sum()
    assert sum(found.rejected.values()) + told.sum() == told.size
