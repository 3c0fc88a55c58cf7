"""The field of a scan of the whole patient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.body_field import MARGIN_MM, body_grid, heights_mm
from spinemets.phantom.imaging.coverage import coverage
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.shape.block import Block


def test_every_level_is_in_it(normal):
    """All vertebrae whole, axial, right way round, in voxels of the protocol."""
    grid = normal.grid(default("pet"))
    assert set(coverage(normal.anatomy, grid).values()) == {"whole"}
    assert grid.spacing_mm == (4.0, 4.0, 3.0) and grid.frame_of_reference_uid == normal.frame_of_reference_uid
    assert np.array_equal(np.sign(np.diag(grid.affine_lps_mm)[:3]), [1, 1, 1])


def test_heights_are_those_of_all_bones(normal):
    """From under the lowest bone to over the uppermost one."""
    low, high = heights_mm(normal.anatomy)
    boxes = [b.box for b in (*normal.anatomy.vertebrae, *normal.anatomy.other_bone, normal.anatomy.atlas)]
    assert high == max(box[1][2] for box in boxes) + MARGIN_MM
    assert low <= normal.anatomy.sacrum.coccyx_box[0][2] - MARGIN_MM


def test_body_is_in_the_middle(normal):
    """Air on all four sides at every height, as much to the left as to the right."""
    grid = normal.grid(replace(default("pet"), pixel_mm=10.0, slice_mm=20.0))
    tissue = np.asarray(paint(normal.anatomy, Block.of_grid(grid), CtContrast())[0]) > -400
    for axis in (0, 1):
        inside = np.flatnonzero(tissue.any(axis=(1 - axis, 2)))
        before, after = inside[0], tissue.shape[axis] - 1 - inside[-1]
        assert before >= 1 and after >= 1 and abs(before - after) <= 2


def test_fewer_slices(normal):
    """As many as asked for, from below."""
    few, all_of_them = (body_grid(normal.anatomy, replace(default("pet"), n_slices=n), "1.2") for n in (2, None))
    assert few.shape_ijk[2] == 2 and np.array_equal(few.affine_lps_mm, all_of_them.affine_lps_mm)
