"""Arches of many shapes."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.training.recipe import recipe_of
from spinemets.phantom.training.shapes import ArchShapes

ROW = recipe_of()["arch"]
MEAN = {
    **ROW, "half": dict.fromkeys(ROW["half"], (1.0, 1.0)), "slant": (0.0, 0.0), "rise": (0.0, 0.0), "tilt": (0.0, 0.0)
}  # fmt: skip


@pytest.fixture(scope="module")
def lumbar(normal):
    """Frame and arch of L3."""
    vertebra = normal.anatomy.vertebra("L3")
    return vertebra.frame, vertebra.arch


def local(frame, point):
    """(left, anterior, superior) of a point."""
    offset = np.array(point) - frame.origin
    return np.array([offset @ frame.left, offset @ frame.anterior, offset @ frame.superior])


def test_without_spread_the_arch_stays(lumbar):
    """Every rod is where it was, as thick as it was."""
    frame, arch = lumbar
    same = ArchShapes(MEAN, 1).shaped("L3", arch, frame)
    assert set(same.rods) == set(arch.rods)
    for before, after in zip(arch.all_rods, same.all_rods, strict=True):
        assert np.allclose((before.start, before.end), (after.start, after.end))
        assert np.allclose(before.half_mm, after.half_mm)


def test_transverse_processes_slant_backwards(lumbar):
    """Of two mm back for each four to the side, half as far as the tip lies beyond the root; the root stays."""
    frame, arch = lumbar
    slanted = ArchShapes({**MEAN, "slant": (0.5, 0.5)}, 1).shaped("L3", arch, frame)
    (before,), (after,) = arch.rods["transverse_left"], slanted.rods["transverse_left"]
    beyond = abs(local(frame, before.end)[0]) - ROW["root_mm"]["side"]
    moved = local(frame, after.end) - local(frame, before.end)
    assert moved == pytest.approx([0.0, -0.5 * beyond, 0.0], abs=1e-6)
    assert abs(local(frame, before.start)[0]) < ROW["root_mm"]["side"]
    assert after.start == pytest.approx(before.start)
    assert slanted.rods["lamina_left"][0].end == pytest.approx(arch.rods["lamina_left"][0].end)


def test_spread_over_patients(lumbar):
    """Half the thickness of a facet keeps to the recipe's limits and uses them."""
    frame, arch = lumbar
    low, high = ROW["half"]["superior_articular"]
    found = []
    for seed in range(60):
        rod = ArchShapes(ROW, seed).shaped("L3", arch, frame).rods["superior_articular_left"][0]
        found.append(rod.half_mm[0][0] / arch.rods["superior_articular_left"][0].half_mm[0][0])
    # The three shares are cut at two standard deviations together.
    assert min(found) >= low - 1e-6
    assert max(found) <= high + 1e-6
    assert np.mean(found) == pytest.approx((low + high) / 2, abs=0.06)
    assert np.std(found) == pytest.approx((high - low) / 4, rel=0.35)


def test_levels_and_sides_of_a_patient_are_alike(lumbar):
    """They share half of the variance, sides of a level four fifths."""
    frame, arch = lumbar
    part = {side: arch.rods[f"transverse_{side}"][0].half_mm[0][0] for side in ("left", "right")}

    def factor(seed, level, side):
        made = ArchShapes(ROW, seed).shaped(level, arch, frame)
        return made.rods[f"transverse_{side}"][0].half_mm[0][0] / part[side]

    left, right, below = (
        np.array([factor(seed, level, side) for seed in range(150)])
        for level, side in (("L3", "left"), ("L3", "right"), ("L4", "left"))
    )
    assert np.corrcoef(left, right)[0, 1] == pytest.approx(0.8, abs=0.12)
    assert np.corrcoef(left, below)[0, 1] == pytest.approx(0.5, abs=0.2)
