"""Rendered series: means of the forward model, noise, geometry, determinism."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from spinemets import phantom
from spinemets.model.volume import Volume
from spinemets.phantom.imaging import render
from spinemets.phantom.imaging.acquisition import default, sequences
from spinemets.phantom.imaging.mr_signals import MrContrast
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.shape.block import Block
from spinemets.phantom.tissue.tissues import tissue
from spinemets.physics import mr_artefacts, noise


def _body(patient, level, volume, margin=4.5):
    """Values of a body's marrow away from its surface, its vein and any lesion."""
    vertebra = patient.anatomy.vertebra(level)
    place, part = Block.of_grid(volume.grid).within(vertebra.body_box)
    l, a, s = vertebra.frame.local(part)  # noqa: E741
    inside = vertebra.body.distance(l, a, s).whole < -margin
    inside = inside & ~((a < -2) & (np.abs(l) < 7) & (np.abs(s) < 6))
    lesions = patient.lesion_labels(volume.grid.crop(part.start, part.shape))
    return volume.array[place][inside & (lesions == 0)].astype(float)


def _lesion(patient, number, volume, iterations):
    """Values of the core of a lesion."""
    mask = patient.lesion_labels(volume.grid) == number
    reach = np.ones((3, 3, 1 if volume.quantity == "mr_signal" else 3), bool)
    return volume.array[ndimage.binary_erosion(mask, reach, iterations=iterations)].astype(float)


def _expected_mr(sequence, clean, name):
    """Stored value of a tissue by the forward model."""
    contrast = MrContrast(clean(sequence))
    from spinemets.phantom.tissue.tissues import spongiosa

    base, slope = contrast.spongy(spongiosa(age_years=52, sex="female"), 0.0)
    marrow = abs(sum(base) + sum(slope))
    return default(sequence).stored * abs(sum(contrast.tissue(tissue(name)))) / marrow


@pytest.mark.parametrize("level", ["T12", "L3", "L5"])
def test_marrow_mean_on_ct(first_light, clean_ct, level):
    """Acceptance of PHA section 5: rendered tissue means within 2 % of the forward model."""
    values = _body(first_light, level, clean_ct)
    assert values.size > 2000
    assert values.mean() == pytest.approx(first_light.anatomy.hosts[level].hu, rel=0.02)


def test_normal_marrow_reads_150_to_180(first_light, clean_ct):
    """Normal marrow of this patient on CT."""
    for level in ("T11", "T12", "L3", "L5"):
        assert 150 < np.median(_body(first_light, level, clean_ct)) < 180


def test_lesions_on_ct(first_light, clean_ct):
    """Lytic core at or under 65 HU, blastic core above 400 HU, near their forward values."""
    lytic, blastic = (_lesion(first_light, n, clean_ct, 3) for n in (1, 2))
    assert lytic.mean() < 65
    assert blastic.mean() > 400
    assert blastic.mean() == pytest.approx(tissue("blastic_tumour").hu, rel=0.08)  # grain of 2 mm in a core of 0.4 ml
    host = first_light.anatomy.hosts["L2"]
    base, slope = CtContrast().spongy(tissue("lytic_tumour"), 0.2 * host.mineral_mg_per_ml)
    assert lytic.mean() == pytest.approx(base[0] + slope[0], rel=0.03)


def test_old_fracture_keeps_its_mineral(first_light, clean_ct):
    """A healed collapse: volume of bone mineral conserved, so a little denser, and no lesion."""
    collapsed, normal = (np.median(_body(first_light, level, clean_ct)) for level in ("L1", "L3"))
    assert 1.1 < collapsed / normal < 1.45


@pytest.mark.parametrize("sequence", ["t1", "stir"])
def test_marrow_mean_on_mr(first_light, clean_t1, clean_stir, sequence):
    """Rendered marrow within 2 % of the forward model: the stored value of normal marrow."""
    volume = {"t1": clean_t1, "stir": clean_stir}[sequence]
    assert _body(first_light, "L3", volume).mean() == pytest.approx(default(sequence).stored, rel=0.02)


@pytest.mark.parametrize(("number", "name"), [(1, "lytic_tumour"), (2, "blastic_tumour")])
@pytest.mark.parametrize("sequence", ["t1", "stir"])
def test_lesions_on_mr(first_light, clean, request, sequence, number, name):
    """T1: lesions darker than marrow; STIR: lytic bright, blastic dark; cores near the forward model."""
    volume = request.getfixturevalue(f"clean_{sequence}")
    core = np.median(_lesion(first_light, number, volume, 3))
    assert core == pytest.approx(_expected_mr(sequence, clean, name), rel=0.04)
    marrow = default(sequence).stored
    if sequence == "t1":
        assert core < 0.8 * marrow
    else:
        assert (core > 1.5 * marrow) == (name == "lytic_tumour")


def test_disc_and_fat_on_t1(first_light, clean, clean_t1):
    """T1: disc well under marrow, near its forward value; fat above it."""
    labels = first_light.labels(clean_t1.grid)
    core = ndimage.binary_erosion(labels == 122, np.ones((3, 3, 1), bool), iterations=3)
    disc = np.median(clean_t1.array[core])
    low, high = (_expected_mr("t1", clean, name) for name in ("annulus", "nucleus_healthy"))
    assert 0.97 * low < disc < 1.03 * high
    assert disc < 0.7 * default("t1").stored
    assert np.percentile(clean_t1.array, 98) > 1.3 * default("t1").stored


def test_noise_levels(normal):
    """CT noise sd as stated; MR background is Rayleigh with mean 1.25 of sigma = marrow/SNR."""
    few = replace(default("ct"), n_slices=3)
    noisy = normal.render("ct", few).array.astype(float)
    clean = normal.render("ct", replace(few, noise=0.0)).array.astype(float)
    assert (noisy - clean)[clean > -1000].std() == pytest.approx(few.noise, rel=0.06)
    t1 = normal.render("t1", replace(default("t1"), n_slices=1))
    air = t1.array[-6:, 60:300].astype(float)
    assert air.mean() == pytest.approx(1.2533 * default("t1").stored / 35.0, rel=0.15)


def test_chemical_shift_moves_fat_along_the_readout(normal, clean):
    """Fat moves along j by about a pixel: one endplate of a body darkens, the facing one brightens."""
    wide = normal.render("t1", clean("t1", n_slices=1, bandwidth_hz_per_px=1e6)).array[:, :, 0].astype(float)
    narrow = normal.render("t1", clean("t1", n_slices=1, bandwidth_hz_per_px=217.0)).array[:, :, 0].astype(float)
    assert np.abs(wide - narrow).max() > 150
    assert narrow.mean() == pytest.approx(wide.mean(), rel=0.02)


def test_saturation_band_darkens_the_front_only(normal, clean):
    """The band in front of the spine leaves bodies and canal untouched."""
    acquisition = clean("t1", n_slices=1)
    plain = normal.render("t1", acquisition).array.astype(float)
    banded = normal.render("t1", replace(acquisition, saturation_band=True)).array.astype(float)
    labels = normal.labels(normal.grid(acquisition))
    bodies = ndimage.binary_erosion(labels == 22, np.ones((3, 3, 1), bool), iterations=3)
    assert np.abs(plain - banded)[bodies].max() < 20
    assert banded[:60].mean() < 0.4 * plain[:60].mean()


@pytest.mark.parametrize(("sequence", "shape"), [("ct", (220, 220)), ("t1", (280, 360))])
def test_grid(normal, sequence, shape):
    """Axial CT: i left, j back, k up. Sagittal MR: i back, j down, k right; one frame of reference."""
    grid = normal.grid(default(sequence))
    assert grid.shape_ijk[:2] == shape
    axes = {"ct": [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "t1": [[0, 1, 0], [0, 0, -1], [-1, 0, 0]]}[sequence]
    assert pytest.approx(np.array(axes, float)) == grid.axes.T
    assert grid.frame_of_reference_uid == normal.frame_of_reference_uid
    assert np.linalg.det(grid.axes) == pytest.approx(1.0)


def test_whole_levels_are_in_view(normal):
    """About T11 to L5 whole on CT; T10 is cut, S1 is in view; all bodies lie inside the sagittal stack."""
    ct, t1 = normal.grid(default("ct")), normal.grid(default("t1"))
    labels = normal.labels(ct)
    assert not (set(range(18, 25)) & set(np.unique(labels[:, :, -1])))
    assert 17 in labels[:, :, -1]
    assert 26 in labels
    stack = normal.labels(t1)
    assert not np.isin(stack[0], np.arange(17, 27)).any()
    body = normal.anatomy.vertebra("L5").body.size.mean_width
    assert t1.spacing_mm[2] * (t1.shape_ijk[2] - 2) > body


def test_identical_bytes():
    """PHA-02: same case, seed and version: identical bytes."""
    few = replace(default("stir"), n_slices=2)
    digests = {
        hashlib.sha256(phantom.build("first-light", 7).render("stir", few).array.tobytes()).hexdigest()
        for _ in range(2)
    }
    assert len(digests) == 1
    other = hashlib.sha256(phantom.build("first-light", 8).render("stir", few).array.tobytes()).hexdigest()
    assert other not in digests


@pytest.mark.parametrize("sequence", ["ct", "stir"])
def test_threads_change_nothing(normal, monkeypatch, sequence):
    """Every slice draws its noise from a stream of its own: as many threads as there are, the same bytes."""
    few = replace(default(sequence), n_slices=7)
    monkeypatch.setattr(render, "SLAB_SAMPLES", 100_000)
    found = []
    for threads in (1, 3):
        monkeypatch.setattr(render, "THREADS", threads)
        found.append(normal.render(sequence, few).array)
    assert np.array_equal(*found)


def test_slabs_change_nothing(normal, monkeypatch):
    """A slab above another one continues its noise."""
    few = replace(default("ct"), n_slices=7)
    whole = normal.render("ct", few).array
    monkeypatch.setattr(render, "SLAB_SAMPLES", 3 * 220 * 220)
    assert np.array_equal(normal.render("ct", few).array, whole)


def test_what_goes_wrong_in_a_thread_is_told(normal):
    """Not swallowed: a failed slab would be an image of anything."""

    def fails(item: int) -> None:
        if item == 2:
            raise ArithmeticError("slab 2")

    with pytest.raises(ArithmeticError, match="slab 2"):
        render.in_threads(fails, range(4))


def test_series_rendered_together_equal_those_rendered_alone(normal):
    """T1 and STIR of one geometry in one go: the same bytes."""
    series = [replace(default(name), n_slices=2) for name in ("t1", "stir")]
    grid = normal.grid(series[0])
    together = render.render_mr_together(normal.anatomy, series, grid, [np.random.default_rng(n) for n in (1, 2)])
    for n, (acquisition, volume) in enumerate(zip(series, together, strict=True), start=1):
        alone = render.render_mr_together(normal.anatomy, (acquisition,), grid, (np.random.default_rng(n),))[0]
        assert np.array_equal(volume.array, alone.array)


def test_series_of_other_geometry_are_refused(normal):
    """One painting serves one geometry."""
    series = default("t1"), replace(default("stir"), slice_mm=3.0)
    with pytest.raises(ValueError, match="geometry"):
        render.render_mr_together(normal.anatomy, series, normal.grid(series[0]), [np.random.default_rng(1)] * 2)


def test_wrong_acquisition(normal):
    """A CT cannot be made with an MR protocol."""
    with pytest.raises(ValueError, match="not for ct"):
        normal.render("ct", default("t1"))


@pytest.mark.parametrize("sequence", [name for name in sequences() if default(name).modality == "MR"])
def test_every_mr_series_shows_what_the_forward_model_says(normal, sequence):
    """Acceptance of PHA section 5: marrow within 2 % of the model in each volume of each series, noise left out."""
    protocol = replace(default(sequence), noise=float("inf"), saturation_band=False)
    volume = normal.render(sequence, protocol)
    model = []
    for number in range(protocol.n_volumes):
        base, slope = MrContrast(protocol, number).spongy(normal.anatomy.hosts["L3"], 0.0)
        model.append(abs(sum(base) + sum(slope)))
    for number in range(protocol.n_volumes):
        array = volume.array[..., number] if protocol.b_s_per_mm2 else volume.array
        one = Volume(array=np.ascontiguousarray(array), grid=volume.grid, quantity="mr_signal", unit="1")
        expected = protocol.stored * model[number] / model[0]
        assert _body(normal, "L3", one).mean() == pytest.approx(expected, rel=0.02 + 0.5 / expected), number


@pytest.mark.parametrize("spacing_ms", [0.0, 0.35])
def test_fat_is_displaced_along_one_direction(spacing_ms):
    """A spot of fat moves along the readout (j), in echo planar images along the lines (i), by the shift of its frequency."""
    i, j = np.indices((64, 96))
    spot = np.exp(-((i - 30) ** 2 + (j - 40) ** 2) / 18.0).astype(np.float32)
    protocol = replace(default("dwi"), echo_spacing_ms=spacing_ms, bandwidth_hz_per_px=60.0, acquired_share=(1.0, 1.0))
    image = render._scan(np.zeros_like(spot), spot, protocol, (np.random.default_rng(1), 0.0))
    found = [float((axis * image).sum() / image.sum()) for axis in (i, j)]
    epi = mr_artefacts.epi_chemical_shift_px(field_t=1.5, echo_spacing_ms=0.35, n_lines=64)
    read = noise.chemical_shift_px(field_t=1.5, bandwidth_hz_per_px=60.0)
    expected = (30 + epi, 40) if spacing_ms else (30, 40 + read)
    assert found == pytest.approx(expected, abs=0.1) and 3 <= abs(epi) <= 8
