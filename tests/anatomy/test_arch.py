"""G-04: pedicles as bone bridges, laminae, articular, transverse and spinous processes; a partition of the arch."""

from __future__ import annotations

import numpy as np
import pytest

ARCH = ("pedicle", "lamina", "articular", "transverse")


def voxels(vertebra, name: str) -> set[tuple[int, int, int]]:
    return {tuple(v) for v in vertebra.regions[name].indices}


def test_parts_of_the_arch_are_a_partition(column):
    for vertebra in column[2].vertebrae:
        names = [n for n in vertebra.regions if n.split("_")[0] in ARCH or n in ("spinous", "dens")]
        assert sum(vertebra.regions[n].n_voxels for n in names) == vertebra.regions["posterior_elements"].n_voxels
        seen: set[tuple[int, int, int]] = set()
        for name in names:
            part = voxels(vertebra, name)
            assert not seen & part
            seen |= part
        assert seen == voxels(vertebra, "posterior_elements")


def test_each_pedicle_is_on_its_side_and_bridges_to_the_body(column):
    for vertebra in column[2].vertebrae:
        for side, sign in (("side_a", 1), ("side_b", -1)):
            local = vertebra.frame.to_local_mm(
                vertebra.regions[f"pedicle_{side}"].grid.to_lps_mm(vertebra.regions[f"pedicle_{side}"].indices)
            )
            assert (local[:, 0] * sign > 0).all()
            assert local[:, 1].max() == pytest.approx(-17.0, abs=1.5)
            assert vertebra.size_mm[f"pedicle_{side}_width_mm"] == pytest.approx(8.0, abs=1.5)


def test_canal_size(column):
    for vertebra in column[2].vertebrae:
        assert vertebra.size_mm["canal_width_mm"] == pytest.approx(22.0, abs=2.0)


def test_pedicle_surfaces_are_shells_without_cuts(column):
    for vertebra in column[2].vertebrae:
        assert set(vertebra.pedicle_surfaces) == {"side_a", "side_b"}
        for side, sign in (("side_a", 1), ("side_b", -1)):
            shell = vertebra.pedicle_surfaces[side]
            assert len(shell.points_lps_mm) > 50
            assert (np.abs(shell.normals @ vertebra.frame.anterior) <= np.cos(np.radians(45.0)) + 1e-6).all()
            local = vertebra.frame.to_local_mm(shell.points_lps_mm)
            assert (local[:, 0] * sign > 5).all()
            assert shell.uv_mm.shape == (len(local), 2)
