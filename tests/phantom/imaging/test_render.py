"""Rendered series: means of the forward model, noise, geometry, determinism."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage, optimize

from spinemets import phantom
from spinemets.phantom.assembly import assemble
from spinemets.phantom.imaging import render
from spinemets.phantom.imaging.acquisition import default, sequences
from spinemets.phantom.imaging.mr_signals import MrContrast, fat_turn
from spinemets.phantom.imaging.painting import canvas
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.shape.block import Block
from spinemets.phantom.tissue.fat_spectra import fat_spectrum
from spinemets.phantom.tissue.field_strength import at_field
from spinemets.phantom.tissue.tissues import fat_pool_ms, tissue
from spinemets.physics import fat_water
from spinemets.physics.arterial_input import ParkerInput


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


def test_noise_of_air(normal):
    """MR background is Rayleigh with mean 1.25 of sigma = marrow/SNR."""
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


def test_series_rendered_together_equal_those_rendered_alone(normal):
    """T1 and STIR of one geometry in one go: the same bytes."""
    series = [replace(default(name), n_slices=2) for name in ("t1", "stir")]
    grid = normal.grid(series[0])
    together = render.render_mr_together(normal.anatomy, series, grid, [np.random.default_rng(n) for n in (1, 2)])
    for n, (acquisition, volume) in enumerate(zip(series, together, strict=True), start=1):
        alone = render.render_mr_together(normal.anatomy, (acquisition,), grid, (np.random.default_rng(n),))[0]
        assert np.array_equal(volume.array, alone.array)


def test_series_of_one_scan_show_one_noise(normal):
    """Magnitude and phase are parts of the same complex echoes, noise included; the phase alone is signed."""
    several = [replace(default(name), n_slices=2, stored=2000.0) for name in ("dixon_magnitude", "dixon_phase")]
    magnitude, phase = (volume.array for volume in normal.render_together(tuple(several)))
    other = normal.render("dixon", replace(several[0], sequence="dixon", scan="")).array
    assert (magnitude.dtype, phase.dtype) == (np.uint16, np.int16)
    echoes = magnitude * np.exp(1j * np.pi * phase / 4096)
    quiet = normal.render("dixon", replace(several[0], sequence="dixon", scan="", noise=float("inf"), part="phase"))
    apart = (phase - quiet.array.astype(int) + 4096) % 8192 - 4096
    seen = magnitude[..., 0] > 1500
    assert np.count_nonzero(seen) > 1000
    # Noise of one channel turns the phase by as much as it changes the magnitude, and two scans differ by their noise.
    across = (magnitude[..., 0] * np.sin(np.pi * apart[..., 0] / 4096))[seen].std()
    assert across == pytest.approx(2000.0 / 30.0, rel=0.15)
    assert (np.abs(echoes)[seen, 0] - other[seen, 0]).std() == pytest.approx(2000.0 / 30.0 * np.sqrt(2), rel=0.15)


def test_series_of_one_receiver_gain(normal):
    """What the agent does not reach is as bright after it as before; marrow, which t1_gd is scaled by, is brighter by its enhancement."""
    before, after, own = (default(name) for name in ("t1", "t1_gd_gain", "t1_gd"))
    gain = [a.stored / render._marrow(normal.anatomy, a) for a in (before, after, own)]
    assert gain[0] == gain[1] > 1.02 * gain[2]


def test_series_of_other_geometry_are_refused(normal):
    """One painting serves one geometry."""
    series = default("t1"), replace(default("stir"), slice_mm=3.0)
    with pytest.raises(ValueError, match="geometry"):
        render.render_mr_together(normal.anatomy, series, normal.grid(series[0]), [np.random.default_rng(1)] * 2)


def test_wrong_acquisition(normal):
    """A CT cannot be made with an MR protocol."""
    with pytest.raises(ValueError, match="not for ct"):
        normal.render("ct", default("t1"))


@pytest.fixture
def even(monkeypatch):
    """Marrow without texture: the magnitude of water and fat that cancel is not that of their means."""

    def ones(names, structure, where, vertebra):
        return np.ones((len(names), *where[1].shape), np.float32)

    monkeypatch.setattr(canvas, "textures", ones)


def _middle(protocol):
    """Of a sagittal protocol only the slices in the middle, which hold most of the marrow of L3; others as they are."""
    return replace(protocol, n_slices=7) if protocol.plane == "sagittal" else protocol


def _modelled(patient, protocol):
    """Signal of normal marrow in each volume by the forward model, over that which is stored as `stored`."""
    found = []
    for number in range(protocol.n_volumes):
        contrast = MrContrast(protocol, number)
        base, slope = contrast.spongy(patient.anatomy.hosts["L3"], 0.0)
        found.append(contrast.magnitude([b + s for b, s in zip(base, slope, strict=True)]))
    return np.array(found) / render._marrow(patient.anatomy, protocol)


def _marrow_of_volumes(patient, volume):
    """Mean of the marrow of L3 in each volume."""
    stack = volume.array if volume.array.ndim == 4 else volume.array[..., None]
    return [
        _body(patient, "L3", replace(volume, array=np.ascontiguousarray(stack[..., n]))).mean()
        for n in range(stack.shape[3])
    ]


SHOWN = [name for name in sequences() if default(name).modality == "MR" and default(name).part == "magnitude"]


@pytest.mark.parametrize("sequence", SHOWN)
def test_every_mr_series_shows_what_the_forward_model_says(normal, sequence, even):
    """Acceptance of PHA section 5: marrow within 2 % of the model in each volume of each series, noise left out."""
    calm = {"coil_radius_mm": None, "b0_offset_hz": 0.0, "motion_mm": 0.0, "csf_void": 0.0, "echo_spacing_ms": 0.0}
    # The second station shows the lumbar spine.
    name = f"{sequence}-2" if default(sequence).station else sequence
    protocol = _middle(replace(default(name), noise=float("inf"), saturation_band=False, **calm))
    found = _marrow_of_volumes(normal, normal.render(name, protocol))
    expected = protocol.stored * _modelled(normal, protocol)
    assert len(found) == protocol.n_volumes
    for number, (seen, told) in enumerate(zip(found, expected, strict=True)):
        assert seen == pytest.approx(told, rel=0.02 + 0.5 / told), number


def _aorta(patient, grid):
    """Voxels well inside the aorta."""
    block, deep = Block.of_grid(grid), np.zeros(grid.shape_ijk, bool)
    for soft in patient.anatomy.soft:
        distance = np.broadcast_to(soft.distance(block), block.shape)
        deep = deep | (distance < -5.0) if soft.tissue == "aorta_blood_pre" else deep & (distance > 5.0)
    return deep


@pytest.mark.parametrize(
    "sequence", ["in_phase", "opposed_phase", "opposed_phase_3t", "dixon", "dixon_3t", "t2star", "vfa"]
)
def test_pure_tissues_of_gradient_echoes(first_light, clean, sequence):
    """Acceptance of PHA section 5: a lytic lesion and blood, eroded, within 2 % of the model in each volume."""
    protocol = clean(sequence)
    volume = first_light.render(sequence, protocol)
    stack = volume.array if volume.array.ndim == 4 else volume.array[..., None]
    lesion = first_light.lesion_labels(volume.grid) == 1
    core = ndimage.binary_erosion(lesion, np.ones((3, 3, 1), bool), iterations=round(3.5 / protocol.pixel_mm))
    places = {"lytic_tumour": core, "aorta_blood_pre": _aorta(first_light, volume.grid)}
    for n in range(protocol.n_volumes):
        contrast = MrContrast(protocol, n)
        scale = protocol.stored / render._marrow(first_light.anatomy, protocol)
        for name, place in places.items():
            expected = scale * contrast.magnitude(contrast.tissue(tissue(name)))
            assert place.sum() > 30 and stack[place, n].mean() == pytest.approx(expected, rel=0.02), (name, n)


@pytest.mark.parametrize("sequence", ["dixon", "dixon_3t"])
def test_fat_fraction_comes_back(normal, sequence, even):
    """Six magnitudes of a host's marrow give its PDFF within 0.01, T1 taken out; with one T2* for both pools, too."""
    protocol = _middle(replace(default(sequence), noise=float("inf"), stored=1500.0))
    seen = np.array(_marrow_of_volumes(normal, normal.render(sequence, protocol)))
    host = at_field(normal.anatomy.hosts["L3"], protocol.field_t)
    share = np.linspace(0.0, 1.0, 2001)
    weighted = fat_water.t1_weighted_fat_fraction(
        fat_fraction=share, tr_ms=protocol.tr_ms, flip_deg=protocol.flip_deg, water_t1_ms=host.t1_ms,
        fat_t1_ms=fat_pool_ms(protocol.field_t)[0],
    )  # fmt: skip

    def left(x):
        voxels = fat_water.Voxels(rho=x[0], pdff=x[1], t2star_ms=1 / x[2], fat_t2star_ms=1 / x[-1])
        call = {"spectrum": fat_spectrum(), "field_t": protocol.field_t, "te_ms": protocol.echoes_ms}
        return np.abs(fat_water.multi_echo(voxels=voxels, **call)) - seen

    for start in ([2000.0, 0.3, 0.07, 0.06], [2000.0, 0.3, 0.07]):
        fitted = optimize.least_squares(left, start, x_scale=[1000.0, 0.1, 0.01, 0.01][: len(start)]).x
        assert np.interp(fitted[1], weighted, share) == pytest.approx(host.fat_fraction, abs=0.01)


def test_opposed_over_in_phase_by_tissue(first_light, clean):
    """Forward-model check on pixels: lytic tumour 0.90, normal marrow far below the cut of 0.80, on one scale."""
    pair = [clean("opposed_phase"), clean("in_phase")]
    opposed, in_phase = (first_light.render(a.sequence, a) for a in pair)
    lesion = [np.median(_lesion(first_light, 1, volume, 2)) for volume in (opposed, in_phase)]
    assert lesion[0] / lesion[1] == pytest.approx(0.90, abs=0.02)
    marrow = [_body(first_light, "L3", volume).mean() for volume in (opposed, in_phase)]
    assert marrow[0] / marrow[1] < 0.35


@pytest.mark.parametrize(
    ("suffix", "timing", "ratio"),
    [("", (10.0, 3.0), 0.58), ("_3t", (10.0, 3.0), 0.56), ("", (120.0, 60.0), 0.18), ("_3t", (120.0, 60.0), 0.18)],
)
def test_opposed_over_in_phase_of_a_woman_in_her_thirties(normal, clean, even, suffix, timing, ratio):
    """Forward-model check on pixels at both fields: proton-like and T1-weighted protocol."""
    case = replace(normal.case, patient=replace(normal.case.patient, age_years=35.0, sex="female"))
    patient = replace(normal, case=case, anatomy=assemble(case, 1))
    values = []
    for name in ("opposed_phase", "in_phase"):
        a = _middle(clean(f"{name}{suffix}", tr_ms=timing[0], flip_deg=timing[1]))
        values.append(_body(patient, "L3", patient.render(a.sequence, a)).mean())
    assert values[0] / values[1] == pytest.approx(ratio, abs=0.02)


def test_a_lesion_takes_up_the_agent(first_light, clean):
    """The curve of the lytic lesion is that of its kinetics, worked out apart: convolution by rectangles, then SPGR."""
    volume = first_light.render("dce", clean("dce", stored=1000.0))
    mask = first_light.lesion_labels(volume.grid) == 1
    core = ndimage.binary_erosion(mask, np.ones((3, 3, 1), bool), iterations=2)
    curve = volume.array[core].astype(float).mean(axis=0)
    of = tissue("lytic_tumour")
    seconds = np.arange(0.0, 220.0, 0.05)
    plasma = ParkerInput.POPULATION_2006.plasma_mmol_per_l(seconds / 60.0)
    k, ve, vp = of.perfusion.ktrans_per_min, of.perfusion.ve, of.perfusion.vp
    kernel = np.exp(-k / ve * seconds / 60.0)
    conc = vp * plasma + k * np.convolve(plasma, kernel)[: seconds.size] * 0.05 / 60.0
    r1 = 1.0 / of.t1_ms + 4.5 * conc / 1000.0
    flip = np.deg2rad(15.0)

    def water(rate):
        e1 = np.exp(-5.0 * rate)
        return np.sin(flip) * (1.0 - e1) / (1.0 - e1 * np.cos(flip))

    before, during = water(1.0 / of.t1_ms), water(r1)
    # Fat (3 %) neither takes up nor weighs much: it shifts both by what the model says.
    still, fat = MrContrast(clean("dce")).tissue(of)
    turn = fat_turn(clean("dce"))
    expected = abs(still * during[::80] / before + fat * turn) / abs(still + fat * turn)
    assert curve[:6] == pytest.approx(np.full(6, curve[0]), rel=1e-3)
    assert curve[6:] / curve[0] == pytest.approx(expected[:54], rel=0.02)
    assert curve[20:].max() > 1.3 * curve[0]


def test_vessels_light_up_first(first_light, clean):
    """At the first pass the aorta is far brighter than before; it fades, and is not black as in spin echoes."""
    volume = first_light.render("dce", clean("dce"))
    contrast = [MrContrast(clean("dce"), n).tissue(tissue("aorta_blood_pre"))[0] for n in range(60)]
    top = int(np.argmax(contrast))
    assert 6 < top < 12 and contrast[top] > 4 * contrast[0] and contrast[59] < 0.6 * contrast[top]
    assert volume.array[..., top].max() > 2 * volume.array[..., 0].max()


def test_identical_series_together_and_alone(normal):
    """Echoes, components and times are painted with their geometry's other series: the same bytes as alone."""
    pair = [replace(default(name), n_slices=2) for name in ("vfa", "dce")]
    pair[1] = replace(pair[1], n_times=8)
    together = normal.render_together(tuple(pair))
    for a, volume in zip(pair, together, strict=True):
        assert np.array_equal(normal.render(a.sequence, a).array, volume.array)
