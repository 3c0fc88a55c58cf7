"""How worn discs and benign changes look."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spinemets import phantom
from spinemets.phantom.anatomy.sizes import Patient
from spinemets.phantom.assembly import assemble
from spinemets.phantom.cases.named import case_of
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.mr_signals import MrContrast
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.pathology.inserts import lattice


def around(anatomy, level, point, contrast):
    """Mean of a cube of 3 mm around a point of a level's frame, magnitude of water and fat together."""
    block = lattice(anatomy.frames[level].lps(*point), np.full(3, 1.5), 0.5)
    return abs(float(paint(anatomy, block, contrast).sum(axis=0).mean()))


def test_vacuum_of_a_worn_disc():
    """Grade V: gas in the middle of the disc; grade IV and I: none."""
    for grade, gas in ((1, False), (4, False), (5, True)):
        case = replace(case_of("normal"), patient=Patient(degeneration={"L4": grade}))
        anatomy = assemble(case, 1)
        size = anatomy.sizes["L4"]
        block = lattice(
            anatomy.frames["L4"].lps(0.0, 0.0, -size.height[1] / 2 - size.disc[1] / 2), np.array([8.0, 8.0, 4.0]), 0.5
        )
        assert bool(paint(anatomy, block, CtContrast())[0].min() < -600) is gas


def test_schmorl_node_on_ct():
    """Soft tissue within a rim denser than marrow."""
    anatomy = phantom.build("mim-schmorl", 1).anatomy
    low = -anatomy.sizes["L2"].height[1] / 2
    node, rim, marrow = (around(anatomy, "L2", (2.0, -3.0, low + up), CtContrast()) for up in (2.5, 8.0, 14.0))
    assert node < 130
    assert rim > marrow + 40


def test_modic_1_on_mr():
    """Dark on T1 and bright on STIR beside the worn disc, which is darker on T2 than a healthy one."""
    anatomy = phantom.build("mim-modic1", 1).anatomy
    low = -anatomy.sizes["L4"].height[1] / 2
    t1, t2, stir = (MrContrast(acquisition=default(name)) for name in ("t1", "t2", "stir"))
    band, marrow, disc = (0.0, 0.0, low + 4.0), (0.0, 0.0, 8.0), (0.0, -4.0, low - 4.5)
    assert around(anatomy, "L4", band, t1) < 0.75 * around(anatomy, "L4", marrow, t1)
    assert around(anatomy, "L4", band, stir) > 2.0 * around(anatomy, "L4", marrow, stir)
    healthy = (0.0, -4.0, -anatomy.sizes["L1"].height[1] / 2 - 4.5)
    assert around(anatomy, "L4", disc, t2) < 0.6 * around(anatomy, "L1", healthy, t2)
