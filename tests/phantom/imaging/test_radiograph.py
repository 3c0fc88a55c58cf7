"""Radiographs: rays against a walk through the painted patient, sides, contrast against physics, photons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.cases.case import Case
from spinemets.phantom.imaging import radiograph
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.projection import Beam
from spinemets.phantom.imaging.radiograph_signals import AttenuationContrast
from spinemets.phantom.imaging.radiograph_truth import projected
from spinemets.phantom.pathology import metastases
from spinemets.phantom.pathology.metastases import sphere
from spinemets.phantom.shape.block import Block
from spinemets.physics.radiograph import Projection, lesion_contrast

# Small pictures of two levels, about the middle of the field.
SMALL = {"pixel_mm": 0.9, "fov_mm": (86.4, 72.0)}


@pytest.fixture(scope="module")
def patient():
    """65 % of the left pedicle of L3 replaced, and a ball of 20 mm in L5 that has lost half of its mineral."""
    inserts = (
        metastases.arch_lesion("L3", "pedicle_left", share=0.65),
        metastases.lytic("L5", sphere(10.0), mineral_retained=0.5),
    )
    return phantom.build(Case(name="two-lesions", about="for tests", inserts=inserts, awaits="for tests"), 1)


@pytest.fixture(scope="module")
def small():
    """Function: protocol of a small picture without noise."""

    def protocol(sequence, **changes):
        return replace(default(sequence), **{**SMALL, "noise": 0.0, **changes})

    return protocol


@pytest.fixture(scope="module")
def frontal(patient, small):
    """Log attenuation of an AP view, before blur, with its beam."""
    beam = patient.beam(small("xr_ap"))
    return radiograph.log_attenuation(patient.posed("standing"), beam), beam


def walked(anatomy, beam, places_mm):
    """Slow and obvious: attenuation read every quarter of a millimetre along each ray from source to detector."""
    found = []
    for u, v in places_mm:
        end = beam.source_lps_mm + 1100.0 * beam.axis + u * beam.across + np.array([0, 0, -v])
        along = (end - beam.source_lps_mm) / np.linalg.norm(end - beam.source_lps_mm)
        affine = np.eye(4)
        affine[:3, 2], affine[:3, 3] = along * 0.25, beam.source_lps_mm + 600.0 * along
        affine[:3, 0] = np.cross(along, [0, 0, 1.0])
        affine[:3, 1] = np.cross(affine[:3, 0], along)
        block = Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 2000), reach_mm=0.25)
        found.append(float(paint(anatomy, block, AttenuationContrast(50.0)).sum()) * 0.025)
    return np.array(found)


def test_rays_against_a_walk_through_the_patient(patient, frontal):
    """Any ray, through bone too: the sum of the slabs is what a walk along it meets."""
    picture, beam = frontal
    draw = np.random.default_rng(1)
    pixels = np.stack([draw.integers(3, n - 3, 40) for n in beam.shape], axis=1)
    places = (pixels - (np.array(beam.shape) - 1) / 2) * beam.pixel_mm
    expected = walked(patient.posed("standing"), beam, places)
    found = picture[tuple(pixels.T)]
    # A ray meets a border that its pixel shares with what lies beside it: single rays differ, not their mean.
    assert np.median(np.abs(found - expected)) < 0.02
    assert np.abs(found - expected).max() < 0.25
    assert (found - expected).mean() == pytest.approx(0.0, abs=0.02)


def test_the_destroyed_pedicle_is_the_left_one_and_on_the_right(patient):
    """L3 has lost 65 % of its left pedicle: on the picture's right its ring takes less than without lesions, the other as much."""
    beam, standing = (
        patient.beam(replace(default("xr_ap"), pixel_mm=1.0, fov_mm=(80.0, 90.0), noise=0.0)),
        patient.posed("standing"),
    )
    found = projected(patient.truth, (patient.anatomy, standing), beam)
    rings = {level["name"]: level["pedicles"] for level in found["levels"]}["L3"]
    assert rings["left"]["destroyed_share"] == pytest.approx(0.65, abs=0.05)
    assert rings["right"]["destroyed_share"] == 0.0
    assert rings["right"]["centre_mm"][0] < 0 < rings["left"]["centre_mm"][0]
    whole = phantom.build(replace(patient.case, inserts=()), patient.seed).posed("standing")
    change = radiograph.log_attenuation(standing, beam) - radiograph.log_attenuation(whole, beam)
    means = {}
    for side, ring in rings.items():
        i, j = np.round(np.array(ring["centre_mm"]) / beam.pixel_mm + (np.array(beam.shape) - 1) / 2).astype(int)
        reach_i, reach_j = (round(ring[f"half_{name}_mm"] / beam.pixel_mm) for name in ("width", "height"))
        means[side] = change[i - reach_i : i + reach_i + 1, j - reach_j : j + reach_j + 1].mean()
    assert means["left"] < -0.05 < -0.01 < means["right"] < 0.01


def test_contrast_of_a_lesion_is_that_of_physics(patient):
    """20 mm of half the mineral: the truth says what changes along its middle, physics what that is in photons (XR-01)."""
    beam, posed = patient.beam(default("xr_lat")), patient.posed("standing")
    lesions = projected(patient.truth, (patient.anatomy, posed), beam)["lesions"]
    (lesion,) = (one for one in lesions if one["level"] == "L5")
    host, contrast = posed.hosts["L5"], AttenuationContrast(50.0)
    insert = next(one for one in posed.inserts if one.level == "L5")
    before = contrast.spongy(host, host.mineral_mg_per_ml)
    after = contrast.spongy(insert.all_parts[0].written, 0.5 * host.mineral_mg_per_ml)
    per_cm = [base + slope for (base,), (slope,) in (before, after)]
    # The middle chord is the diameter, a little less beside it; the texture of the bone averages out in part.
    change = (per_cm[1] - per_cm[0]) * 2.0
    assert change < 0
    assert lesion["log_attenuation_change"] == pytest.approx(change, rel=0.12)
    seen = lesion_contrast(log_normal=6.0, log_lesion=6.0 + lesion["log_attenuation_change"], photons_in=1e5)
    assert float(seen.contrast_percent) == pytest.approx(100 * np.expm1(-change), rel=0.15)


def test_where_the_picture_lies(patient):
    """The middle of the bodies on the central ray; every level from T11 to L5 on the picture."""
    for sequence in ("xr_ap", "xr_lat"):
        a, posed = default(sequence), patient.posed("standing")
        beam = radiograph.beam_of(posed, a, a.xray)
        assert beam.view == a.xray.view
        assert beam.shape == (round(a.fov_mm[0] / 0.15), round(a.fov_mm[1] / 0.15))
        assert beam.projection.magnification == pytest.approx(11 / 9)
        origins = np.array([posed.frames[name].origin for name in radiograph.FIELD])
        assert beam.sees(origins).all()
        assert np.abs(beam.project(origins)[:, 0]).max() < 45.0


def test_everything_of_bone_is_sampled_finely(patient):
    """Boxes of vertebrae, sacrum, ribs, pelvis and metal; also of what anatomy adds to other bone."""
    posed = patient.posed("standing")
    boxes = radiograph.bony_boxes(posed)
    assert len(boxes) == len(posed.vertebrae) + len(posed.other_bone) + len(posed.metal) + 3
    more = replace(posed, other_bone=(*posed.other_bone, posed.other_bone[0]))
    assert len(radiograph.bony_boxes(more)) == len(boxes) + 1


def test_sampling_follows_the_pixels():
    """Fine pixels leave rays and slabs as usual; large ones widen both, slabs to 2 mm at most."""
    assert radiograph.sampling_of(0.15) == radiograph.sampling_of(0.45) == radiograph.Sampling()
    assert radiograph.sampling_of(0.9).pitch_mm == pytest.approx(0.9)
    assert radiograph.sampling_of(0.9).step_mm == pytest.approx(1.2)
    assert radiograph.sampling_of(5.0).step_mm == 2.0


def flat(shape=(200, 200), pixel_mm=0.15):
    """A beam whose attenuation the tests set."""
    return Beam(
        view="AP", centre_lps_mm=np.zeros(3), projection=Projection(sid_mm=1100, sod_mm=900, focal_spot_mm=1.2),
        pixel_mm=pixel_mm, shape=shape,
    )  # fmt: skip


@pytest.fixture
def exposed(monkeypatch):
    """Function: picture of a given log attenuation."""

    def expose(attenuation, seed=1, **changes):
        beam = flat(attenuation.shape)
        monkeypatch.setattr(radiograph, "log_attenuation", lambda anatomy, beam: attenuation)
        a = replace(default("xr_ap"), **changes)
        grid = beam.grid(None)
        return radiograph.render_radiograph(None, a, (beam, grid), np.random.default_rng(seed))

    return expose


def test_photon_noise(exposed):
    """Counts of a uniform object: mean and variance are both ``N0 e^-L (1 + SPR)`` (Poisson, E-82)."""
    volume = exposed(np.full((200, 200), 3.0), stored=20000.0, noise=1e5)
    counts = 1e5 * np.exp(-np.asarray(volume.array, float) / 20000.0)
    expected = 1e5 * np.exp(-3.0) * 1.3
    assert counts.mean() == pytest.approx(expected, rel=1e-3)
    assert counts.var() == pytest.approx(expected, rel=0.03)
    beside = np.corrcoef(counts[:-1].ravel(), counts[1:].ravel())[0, 1]
    assert abs(beside) < 0.02


def test_without_noise_it_is_the_logarithm(exposed):
    """Stored values: 1000 times log attenuation, lowered by the scatter's ln 1.3; whole numbers, not below 0."""
    volume = exposed(np.full((20, 30), 3.0), noise=0.0)
    assert volume.array.dtype == np.uint16
    assert volume.array.shape == (20, 30, 1)
    assert np.unique(volume.array) == pytest.approx([round(1000 * (3 - np.log(1.3)))])
    assert volume.quantity == "log_attenuation"
    assert not exposed(np.zeros((8, 8)), noise=0.0).array.any()


def test_no_photon_at_all(exposed):
    """A pixel that counted nothing has a value, the highest of the picture."""
    volume = exposed(np.full((40, 40), 14.0), noise=1e5)
    assert volume.array.max() == round(1000 * np.log(2e5))


def test_noise_is_of_the_seed(exposed):
    """PHA-02: same seed, same bytes; another seed, another picture."""
    object_, one = np.full((20, 20), 4.0), {"noise": 1e4}
    first = exposed(object_, 1, **one).array.tobytes()
    assert exposed(object_, 1, **one).array.tobytes() == first
    assert exposed(object_, 2, **one).array.tobytes() != first


def test_unsharpness_of_an_edge(exposed):
    """Focal spot (variance w^2/12 of E-69's penumbra) and detector blur an edge together: its spread is theirs."""
    a, beam = default("xr_ap"), flat()
    sigma = radiograph.blur_sigma_px(a, beam) * 0.15
    assert sigma**2 == pytest.approx((0.2 / 2.3548) ** 2 + 0.266667**2 / 12, rel=1e-3)
    step = np.where(np.arange(200) < 100, 0.0, 8.0)[:, None] * np.ones((1, 8))
    photons = radiograph.expected_photons(step, 1.0, radiograph.blur_sigma_px(a, beam))
    spread = -np.diff(photons[:, 4]) / np.ptp(photons[:, 4])
    place = (np.arange(199) + 1.0) * 0.15
    width = np.sqrt((spread * place**2).sum() - (spread * place).sum() ** 2)
    assert width == pytest.approx(sigma, rel=0.05)


def test_scatter_is_a_share_of_what_comes_through():
    """SPR 0.3 of the median behind the patient: the open beam beside it adds none."""
    through = np.full((60, 60), 5.0)
    beside = through.copy()
    beside[:20] = 0.0
    for attenuation in (through, beside):
        found = radiograph.expected_photons(attenuation, 1e5, 0.3)
        assert found[50, 30] == pytest.approx(1.3e5 * np.exp(-5.0), rel=1e-6)
    assert radiograph.expected_photons(np.zeros((9, 9)), 10.0, 0.3) == pytest.approx(10.0)


def test_the_energy_of_the_table():
    """PHA-56: 50 keV."""
    assert radiograph.energy_kev() == 50.0
