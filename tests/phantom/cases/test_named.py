"""Cases by name."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.model.errors import UsageError
from spinemets.phantom.anatomy.sizes import LEVELS
from spinemets.phantom.cases.named import CASES, case_of
from spinemets.phantom.pathology.inserts import lattice
from spinemets.phantom.shape.block import Block


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_case_is_consistent(name):
    """Names, levels and expectations of a case fit one another."""
    case = case_of(name)
    assert case.name == name
    assert case.about.endswith(".")
    for insert in case.inserts:
        assert insert.level in LEVELS
    assert len({i.id for i in case.inserts}) == len(case.inserts)
    for _, level, _, state in case.expected:
        assert level in LEVELS
        assert state in {"present", "absent", "indeterminate"}
    assert case.series[0] == "ct"


def test_unknown_case_names_the_choice():
    """A wrong name is refused with the list of cases."""
    with pytest.raises(UsageError, match="first-light"):
        case_of("no-such-case")


@pytest.mark.parametrize("name", ["cortex-frac-x", "cortex-frac-1.5", "normal-0.3"])
def test_wrong_number(name):
    """A number that makes no sense is refused."""
    with pytest.raises(UsageError):
        case_of(name)


@pytest.mark.parametrize("share", [0.05, 0.25, 0.5])
def test_breach_takes_its_share_of_the_wall(share):
    """PHA-26: the breached area of the back wall between the pedicle roots is the stated share, within a quarter."""
    patient = phantom.build(f"cortex-frac-{share:.2f}", 1)
    vertebra = patient.anatomy.vertebra("L3")
    (insert,) = patient.case.inserts
    wall = -vertebra.body.size.mean_depth / 2
    block = lattice(vertebra.frame.lps(0, wall, 0), np.array([24.0, 6.0, 16.0]), 0.5)
    bone = vertebra.bone(block)
    l, a, s = bone.local  # noqa: E741
    shell = (np.abs(bone.outer + 0.2) < 0.35) & (a < wall + 1.5) & (np.abs(l) < 13) & (np.abs(s) < 11.5)
    broken = shell & (insert.distance(bone) < 0)
    assert broken.sum() / shell.sum() == pytest.approx(share, rel=0.25)


def test_no_breach():
    """A share of 0 has no lesion and expects an intact wall."""
    case = case_of("cortex-frac-0.00")
    assert case.inserts == ()
    assert case.expected == (("CT-04", "L3", "posterior", "absent"),)


def test_pedicle_case_is_on_the_left(cube):
    """The destroyed pedicle is the patient's left one: larger x in LPS."""
    patient = phantom.build("pedicle-left", 1)
    lesion = patient.truth["lesions"][0]
    assert lesion["centroid_lps_mm"][0] > patient.anatomy.frames["L3"].origin[0] + 10
    vertebra = patient.anatomy.vertebra("L3")
    (insert,) = patient.case.inserts
    shares = {}
    for side in ("left", "right"):
        (rod,) = vertebra.arch.rods[f"pedicle_{side}"]
        block = Block.of_grid(cube((np.add(rod.start, rod.end)) / 2, 14, 1.0))
        bone = vertebra.bone(block)
        inside = (np.broadcast_to(rod.distance(block), block.shape) < 0) & (bone.body > 0)
        shares[side] = (insert.distance(bone)[inside] < 0).mean()
    assert shares["left"] > 0.5
    assert shares["right"] == 0.0


def test_screws_of_the_metal_case():
    """Four titanium screws through the pedicles of L3 and L4, up to the end of the scale."""
    from dataclasses import replace

    from spinemets.phantom.imaging.acquisition import default
    from spinemets.phantom.imaging.render import render_ct

    patient = phantom.build("hw-ct", 1)
    assert len(patient.anatomy.metal) == len(patient.truth["hardware"]) == 4
    grid = patient.grid(default("ct"))
    rod = patient.anatomy.metal[0]
    index = np.round(grid.to_ijk((np.add(rod.start, rod.end)) / 2)).astype(int)
    part = grid.crop((0, 0, int(index[2])), (220, 220, 1))
    volume = render_ct(patient.anatomy, replace(default("ct"), noise=0.0), part, np.random.default_rng(0))
    assert volume.array[index[0], index[1], 0] > 2500


def test_diffuse_case_darkens_every_body():
    """All bodies dark on T1: marrow at or below muscle."""
    from dataclasses import replace

    from spinemets.phantom.imaging.acquisition import default
    from spinemets.phantom.imaging.mr_signals import MrContrast
    from spinemets.phantom.tissue.tissues import tissue

    patient = phantom.build("diffuse", 1)
    acquisition = replace(default("t1"), n_slices=1, noise=float("inf"))
    volume = patient.render("t1", acquisition)
    labels = patient.labels(volume.grid)
    contrast = MrContrast(acquisition)
    base, slope = contrast.spongy(patient.anatomy.hosts["L3"], 0.0)
    scale = 700.0 / (sum(base) + sum(slope))
    muscle = scale * sum(contrast.tissue(tissue("muscle")))
    for number in range(18, 25):
        assert np.median(volume.array[labels == number]) < 1.05 * muscle
