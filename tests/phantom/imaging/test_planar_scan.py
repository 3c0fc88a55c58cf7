"""Planar bone scan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.cases.case import Avidity, Case
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.activity import ActivityContrast
from spinemets.phantom.imaging.emission import seen
from spinemets.phantom.imaging.planar_scan import expected, render_views
from spinemets.phantom.pathology import metastases
from spinemets.phantom.pathology.metastases import sphere

COARSE = {"pixel_mm": 6.0, "slice_mm": 6.0, "fov_mm": (360.0, 300.0)}


def scan(**changes):
    """The protocol in large pixels."""
    return replace(default("bone_scan"), **{**COARSE, **changes})


@pytest.fixture(scope="module")
def hot():
    """A blastic ball in the left half of L3."""
    ball = metastases.nodule("L3", sphere(12.0, (12.0, -4.0, 0.0)))
    return phantom.build(Case(name="left-hot", about="", inserts=(ball,)), 1)


def test_protocol():
    """PHA-55: 2.2 mm pixels, MDP after 3 h, 15 min a view, 1.5 million counts."""
    a = default("bone_scan")
    assert (a.pixel_mm, a.slice_mm, a.modality) == (2.2, 2.2, "NM")
    assert (a.emission.tracer, a.emission.uptake_min, a.emission.frame_s) == ("mdp", 180.0, 900.0)
    assert a.emission.counts == 1.5e6 and a.emission.planar


def test_counts_are_those_of_the_protocol(normal):
    """Both views hold 3 million; the spine lies behind, and has more in the posterior one."""
    volume = normal.render("bone_scan", scan())
    front, back = (float(volume.array[..., n].sum(dtype=np.float64)) for n in (0, 1))
    assert front + back == pytest.approx(3e6, abs=5 * np.sqrt(3e6))
    i, _, k = np.round(volume.grid.to_ijk(normal.anatomy.frames["T8"].origin)).astype(int)
    assert float(volume.array[i, 0, k, 1]) > 1.15 * float(volume.array[i, 0, k, 0])
    assert volume.array.shape == (60, 1, volume.grid.shape_ijk[2], 2) and volume.array.dtype == np.uint16
    assert (volume.quantity, volume.unit) == ("counts", "{counts}")


def test_noise_is_of_counting(normal):
    """Variance over expectation is 1; without noise the counts are what is expected."""
    clean, noisy = (normal.render("bone_scan", scan(noise=n)).array[..., 1].astype(float).ravel() for n in (0.0, 1.0))
    seen_ = clean > 20
    assert ((noisy - clean)[seen_] ** 2 / clean[seen_]).mean() == pytest.approx(1.0, abs=0.08)
    again = normal.render("bone_scan", scan()).array[..., 1].ravel()
    assert np.array_equal(noisy, again)


def test_views_hold_what_was_painted(normal):
    """Without attenuation, uptake times depth: the sum over the painted volume, in both views."""
    bare = replace(default("bone_scan").emission, mu_per_cm=0.0)
    a = scan(emission=bare)
    grid = normal.grid(a)
    front, back = expected(normal.anatomy, a, grid, normal.case)
    volume_grid = normal.grid(replace(a, emission=replace(bare, counts=0.0)))
    (painted,) = seen(normal.anatomy, volume_grid, (ActivityContrast("mdp"),), (0.0, (1, 1, 1)))
    assert front.sum() == pytest.approx(painted.sum() * 0.6, rel=1e-3)
    assert back.sum() == pytest.approx(front.sum(), rel=1e-3)


def test_the_focus_is_on_its_side(hot):
    """i runs to the left and k upwards in both views; the difference to the normal patient is the focus."""
    a = scan(noise=0.0)
    grid = hot.grid(a)
    lesion = np.array(hot.truth["lesions"][0]["centroid_lps_mm"])
    normal = phantom.build("normal", 1)
    for with_it, without in zip(
        expected(hot.anatomy, a, grid, hot.case), expected(normal.anatomy, a, grid, normal.case), strict=True
    ):
        i, k = np.unravel_index((with_it - without).argmax(), with_it.shape)
        assert grid.to_lps_mm((float(i), 0.0, float(k)))[[0, 2]] == pytest.approx(lesion[[0, 2]], abs=6.0)


def test_superscan(normal):
    """Bone times 4, soft tissue times 0.3: the views are those of the parts."""
    a = scan(noise=0.0)
    grid = normal.grid(a)

    def posterior(bone, soft):
        case = replace(normal.case, avidity=Avidity(bone_factor=bone, soft_factor=soft))
        return expected(normal.anatomy, a, grid, case)[1]

    bone, soft = posterior(1.0, 0.0), posterior(0.0, 1.0)
    assert posterior(4.0, 0.3) == pytest.approx(4 * bone + 0.3 * soft, rel=1e-4, abs=1e-4)


def test_only_views(normal):
    """A volume is no view, and a view needs its slab."""
    generator = np.random.default_rng(1)
    for a, name in ((default("spect"), "bone_scan"), (default("bone_scan"), "spect")):
        with pytest.raises(ValueError, match="one slab"):
            render_views(normal.anatomy, a, normal.grid(default(name)), generator, normal.case)
    with pytest.raises(ValueError, match="no series of emitted photons"):
        expected(normal.anatomy, default("ct"), normal.grid(scan()), normal.case)
