"""What a fracture does to a body, against its functions on a fine lattice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.anatomy.body import Body
from spinemets.phantom.anatomy.sizes import Collapse
from spinemets.phantom.pathology.fracture import before, pedicle, regions
from spinemets.phantom.pathology.inserts import lattice


def fine(patient, level, step_mm=0.25):
    """Regions of a broken level on a lattice along LPS, and its marrow."""
    vertebra = patient.anatomy.vertebra(level)
    block = lattice(vertebra.frame.origin, np.array([27.0, 29.0, 20.0]), step_mm)
    found = regions(patient.anatomy.broken[level][0], vertebra, block, patient.anatomy.fields["islands"])
    return block, found


@pytest.fixture(scope="module")
def benign():
    """A wedge with band, oedema, spared islands, cleft and angular corner."""
    return phantom.build("fx-benign-typical", 1)


def test_volumes_equal_those_of_a_finer_lattice_along_other_axes(benign):
    """Cleft, band and changed marrow from counting points at 0.25 mm; the cleft is the millilitre that was asked for."""
    _, found = fine(benign, "L1")
    _, measured = benign.anatomy.broken["L1"]
    marrow = found.marrow < 0
    cleft = (found.cleft < 0) & marrow
    band = (found.band < 0) & marrow & ~cleft
    changed = ((found.changed < 0) & marrow & ~cleft) * (1 - found.spared)
    assert cleft.sum() * 0.25**3 == pytest.approx(1000.0, rel=0.02)
    assert measured.cleft_mm3 == pytest.approx(cleft.sum() * 0.25**3, rel=0.02)
    assert measured.band_mm3 == pytest.approx(band.sum() * 0.25**3, rel=0.02)
    assert measured.changed_share == pytest.approx(changed.sum() / marrow.sum(), abs=0.01)
    assert measured.after_mm3 == pytest.approx(marrow.sum() * 0.25**3, rel=0.01)


def test_mineral_is_conserved(benign):
    """Host and band together hold what the host held in the volume before."""
    _, measured = benign.anatomy.broken["L1"]
    rest = measured.after_mm3 - measured.band_mm3 - measured.cleft_mm3
    assert rest + measured.band_mm3 * measured.band_gain() == pytest.approx(measured.before_mm3)
    assert 1.5 < measured.band_gain() < 3.0


def test_mineral_of_a_healed_wedge_is_conserved():
    """What a healed collapse loses in volume its host gains in density, within 3 %."""
    healed, normal = phantom.build("fx-grades", 1).anatomy, phantom.build("normal", 1).anatomy
    for level in ("T11", "L1", "L3", "L5"):
        body, gain = healed.vertebra(level).body, healed.hosts[level].mineral_mg_per_ml
        local = lattice(np.zeros(3), np.array([27.0, 23.0, 20.0]), 0.5).axes
        volumes = [np.count_nonzero(b.distance(*local).whole < 0) for b in (body, before(body))]
        assert gain / normal.hosts[level].mineral_mg_per_ml == pytest.approx(volumes[1] / volumes[0], rel=0.03), level


def test_band_is_a_sheet_of_its_thickness_along_the_endplate(benign):
    """5 mm along the body's axis everywhere, 1.5 mm below the endplate."""
    vertebra = benign.anatomy.vertebra("L1")
    s = np.arange(-15, 15, 0.05, dtype=np.float32)
    for l, a in ((0.0, 8.0), (10.0, 0.0), (-6.0, -8.0)):  # noqa: E741
        points = (np.full_like(s, l)[None, None], np.full_like(s, a)[None, None], s[None, None])
        _, norm = vertebra.body.footprint(*points)
        above, _ = vertebra.body.endplates(norm, points[1])
        beneath = (above - points[2])[0, 0]
        inside = s[(beneath > 1.5) & (beneath < 6.5)]
        assert np.ptp(inside) == pytest.approx(5.0, abs=0.15)
    _, found = fine(benign, "L1", 1.0)
    thickness = (found.band < 0).sum() / ((found.band < 0).any(axis=2)).sum()
    assert 4.0 < thickness < 6.5


def wall(body, share):
    """Anterior coordinate of the back wall in the midline at shares of its height."""
    depth = np.arange(-30, -5, 0.02, dtype=np.float32)
    rim = body.rim_mm(np.float32(-body.size.mean_depth / 2))
    found = []
    for t in share:
        side, _ = body.footprint(np.zeros((1,)), depth, np.full(1, (t - 0.5) * rim, np.float32))
        found.append(depth[np.argmax(side < 0)])
    return np.array(found)


def test_back_walls():
    """Convex: 3 mm beyond the corners, most at mid-height. Angular: the upper corner 5 mm back, the lower half in place."""
    share = np.linspace(0.02, 0.98, 49)
    for case, peak, where in (("fx-convex-wall", 3.0, (0.35, 0.65)), ("fx-retropulsion", 5.0, (0.7, 1.0))):
        body = phantom.build(case, 1).anatomy.vertebra("L1").body
        plain = Body(size=replace(body.size, convex_mm=0.0, retropulsion_mm=0.0))
        back = wall(plain, share) - wall(body, share)
        assert back.max() == pytest.approx(peak, abs=0.1), case
        assert where[0] <= share[back.argmax()] <= where[1]
        assert abs(back[0]) < 0.3


def test_pedicle_lies_behind_the_body_on_its_side():
    """The left one to the left, and nowhere inside the body."""
    patient = phantom.build("fx-pedicle-edema", 1)
    vertebra = patient.anatomy.vertebra("L1")
    block = lattice(vertebra.frame.lps(0.0, -18.0, 0.0), np.array([25.0, 18.0, 18.0]), 0.5)
    l, a, s = (np.broadcast_to(x, block.shape) for x in vertebra.frame.local(block))  # noqa: E741
    body = np.broadcast_to(vertebra.body.distance(l, a, s).whole, block.shape)
    inside = pedicle(vertebra, "left", block, body) < 0
    assert inside.sum() * 0.125 > 300
    assert l[inside].min() > 5.0
    assert not (inside & (body < 0)).any()


@pytest.mark.parametrize(
    ("losses", "kind"), [((0.35, 0.2, 0.0), "wedge"), ((0.1, 0.35, 0.05), "biconcave"), ((0.4, 0.4, 0.3), "crush")]
)
def test_kind_by_losses(losses, kind):
    """Where the height is lost names the collapse."""
    assert Collapse(anterior=losses[0], middle=losses[1], posterior=losses[2]).kind == kind
