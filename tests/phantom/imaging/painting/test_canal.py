"""The canal from ligament to cord."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.mr_signals import MrContrast
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.painting.canal import _around
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.shape.block import Block
from spinemets.phantom.tissue.tissues import tissue


def test_from_fat_to_cord(first_light, cube):
    """Middle of the canal at T9: cord inside CSF inside epidural fat, each with the value of its tissue."""
    canal = first_light.anatomy.canal
    frame, size = first_light.anatomy.frames["T12"], first_light.anatomy.sizes["T12"]
    centre = frame.lps(0.0, -size.mean_depth / 2 - size.canal[0] / 2, 0.0)
    block = Block.of_grid(cube(centre, (10, 10, 0.5), 0.5))
    image = paint(first_light.anatomy, block, CtContrast())[0]
    cord, sac = (np.broadcast_to(d, block.shape) for d in (canal.cord(block), canal.sac(block)))
    assert np.median(image[cord < -1]) == pytest.approx(tissue("cord_white").hu, abs=3)
    assert np.median(image[(sac < -0.6) & (cord > 0.6)]) == pytest.approx(tissue("csf").hu, abs=6)


def _axial(anatomy, level, share, half_mm=12.0, step=0.25):
    size, frame = anatomy.sizes[level], anatomy.frames[level]
    x, y, z = frame.lps(0.0, -size.mean_depth / 2 - size.canal[0] / 2, share * size.height[2] / 2)
    affine = np.diag([step, step, 0.5, 1.0])
    affine[:3, 3] = (x - half_mm, y - half_mm, z)
    n = int(2 * half_mm / step) + 1
    return Block(affine=affine, start=(0, 0, 0), shape=(n, n, 1), reach_mm=step)


@pytest.mark.parametrize(
    ("name", "level", "share", "distance"),
    [
        ("cord_grey", "T12", 0.0, lambda a, b: a.canal.grey(b)),
        ("ligament", "L3", -1.25, lambda a, b: a.lining.flavum(a.lining.flava["L3", "left"], b)),
        ("epidural_veins", "L3", 0.5, lambda a, b: a.lining.veins(b)),
        ("nerve_root", "L3", 0.0, lambda a, b: a.canal.roots(b)),
    ],
)
def test_each_shows_its_tissue(normal, name, level, share, distance):
    """T1 and T2 of what lies well inside a structure are those of its tissue."""
    block = _axial(normal.anatomy, level, share)
    contrasts = tuple(MrContrast(default(sequence)) for sequence in ("t1", "t2"))
    image = paint(normal.anatomy, block, *contrasts)
    inside = np.broadcast_to(distance(normal.anatomy, block) < -0.3, block.shape)
    assert inside.sum() > 20
    expected = [value for contrast in contrasts for value in contrast.tissue(tissue(name))]
    for channel, value in zip(image, expected, strict=True):
        assert np.median(channel[inside]) == pytest.approx(value, rel=0.02, abs=1e-4)


def test_veins_enhance(normal):
    """The plexus takes up contrast medium; the ligament beside it hardly does."""
    block = _axial(normal.anatomy, "L3", 0.5)
    before, after = (paint(normal.anatomy, block, MrContrast(default(name)))[0] for name in ("t1", "t1_gd"))
    veins = np.broadcast_to(normal.anatomy.lining.veins(block) < -0.3, block.shape)
    ligament = np.broadcast_to(normal.anatomy.lining.longitudinal(block) < -0.2, block.shape)
    assert np.median(after[veins] / before[veins]) > 1.5
    assert np.median(after[ligament] / before[ligament]) < 1.25


def test_grey_matter_is_brighter_on_t2(normal):
    """The butterfly stands out of the white matter."""
    block = _axial(normal.anatomy, "T12", 0.0, half_mm=6.0)
    water = paint(normal.anatomy, block, MrContrast(default("t2")))[0]
    grey, cord = (
        np.broadcast_to(f(block), block.shape) for f in (normal.anatomy.canal.grey, normal.anatomy.canal.cord)
    )
    assert water[grey < -0.3].mean() > 1.05 * water[(cord < -0.5) & (grey > 0.4)].mean()


def test_what_is_thinner_than_a_sample_shows_in_part(normal):
    """Signal of the dura between fat and CSF on coarse samples: the sum over a line is that on fine ones."""
    anatomy = normal.anatomy
    z = anatomy.site.z(("L3", 0.6))
    x, y, edge = (
        float(curve.at(np.asarray(z))) for curve in (anatomy.canal.x, anatomy.canal.y, anatomy.canal.sac_width)
    )

    def line(step):
        affine = np.diag([step, step, step, 1.0])
        affine[:3, 3] = (x + edge - 2 + step / 2, y, z)
        block = Block(affine=affine, start=(0, 0, 0), shape=(round(2.8 / step), 1, 1), reach_mm=step)
        return paint(anatomy, block, MrContrast(default("t1")))[:, :, 0, 0].sum(axis=1) * step

    assert line(0.4) == pytest.approx(line(0.05), rel=0.05)


def test_narrowing_changes_nothing(normal):
    """A block large enough to be looked at coarsely first gives the same samples as a small part of it."""
    whole = _axial(normal.anatomy, "L2", 0.0, half_mm=40.0, step=0.35)
    place = (slice(70, 160), slice(80, 150), slice(0, 1))
    image, part = (paint(normal.anatomy, block, CtContrast())[0] for block in (whole, whole.part(place)))
    assert part == pytest.approx(image[place], abs=0.5)


def test_shell_and_inside_fill_the_outer_surface():
    """Painted one over the other they leave what lies around the outer surface its own share, and no shell is negative."""
    outer, inner = (a.ravel() for a in np.meshgrid(*[np.linspace(0, 1, 11, dtype=np.float32)] * 2))
    shell = _around(outer, inner)
    nested = outer >= inner
    assert np.all((shell >= 0) & (shell <= 1))
    assert ((1 - shell) * (1 - inner))[nested] == pytest.approx((1 - outer)[nested], abs=1e-5)
    assert not shell[~nested].any()
