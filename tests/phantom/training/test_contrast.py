"""Levels of tissues in an image, against the signal models of the digital spine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.mr_signals import MrContrast
from spinemets.phantom.tissue.tissues import spongiosa, tissue
from spinemets.phantom.training.contrast import Palette
from spinemets.phantom.training.materials import Material
from spinemets.phantom.training.recipe import recipe_of

NAMES = ("gas", "muscle", "subcutaneous_fat", "csf", "cord_white", "nucleus_healthy", "aorta_blood_pre", "titanium")
HOST = spongiosa(age_years=50, sex="female")
MATERIALS = (
    *(Material(tissue=tissue(name)) for name in NAMES),
    Material(tissue=HOST, mineral_mg_per_ml=HOST.mineral_mg_per_ml),
    Material(tissue=tissue("nucleus_healthy"), second=tissue("nucleus_degenerated"), share=0.5),
)
MARROW = len(NAMES)
# Each material alone, then half of it with air.
ALONE = np.array([(n, n, 0) for n in range(len(MATERIALS))] + [(n, 0, 8) for n in range(len(MATERIALS))], np.uint8)


@pytest.fixture
def palette():
    """Of all materials above."""
    return Palette(MATERIALS, ALONE)


def exact(**changes):
    """Rows of a recipe with one way, no texture and no factors."""
    still = {"spongy": [0.0, 0.0], "other": [0.0, 0.0]}
    physics = {"tissue_factor": [1.0, 1.0], "dark_marrow": 0.0, "flow_void": [1.0, 1.0], "csf_kept": [1.0, 1.0],
               "field_3t": 0.0, "opposed": 0.0, "suppression_failed": 0.0}  # fmt: skip
    return recipe_of(
        "slab", {"texture": still, "contrast": {"mr": {**physics, **changes.pop("mr", {})}, **changes}}
    ).rows


def only(way, **more):
    """One way of contrast."""
    return {"ways": {name: float(name == way) for name in ("mr", "ct", "random")}, **more}


@pytest.mark.parametrize(("name", "sequence"), [("t1", "t1"), ("t2", "t2"), ("stir", "stir"), ("t1_flair", "t1_flair")])
def test_physics_without_factors_is_that_of_the_digital_spine(palette, name, sequence):
    """Ratios of signals as `MrContrast` has them for the same protocol."""
    a = default(sequence)
    weightings = recipe_of()["contrast"]["mr"]["weightings"]
    times = {key: [getattr(a, key)] * 2 for key in ("tr_ms", "te_ms", "ti_ms") if key in weightings[name]}
    shares = {other: {"p": float(other == name)} for other in weightings}
    shares[name] |= times
    train = a.train_ms or 100.0
    rows = exact(mr={"weightings": shares, "train_ms": [train] * 2}, **only("mr"))
    levels = palette.drawn(rows, np.random.default_rng(1)).levels[0]
    model = MrContrast(replace(a, echo_train_length=8))
    expected = []
    for material in MATERIALS[:-1]:
        base, slope = model.spongy(material.tissue, 0.0)
        expected.append(abs(sum(base) + sum(slope)))
    expected = np.array(expected)
    used = [n for n, other in enumerate(NAMES) if other != "titanium"] + [MARROW]
    scale = levels[NAMES.index("muscle")] / expected[NAMES.index("muscle")]
    assert levels[used] / scale == pytest.approx(expected[used], rel=0.02, abs=0.02 * expected.max())
    assert levels[NAMES.index("titanium")] == 0


def test_mixtures_lie_between_their_tissues(palette):
    """Half air is the mean of both; a mixture of two tissues lies between them."""
    levels = palette.drawn(exact(**only("random")), np.random.default_rng(2)).levels
    n = len(MATERIALS)
    assert levels[0, n:] == pytest.approx((levels[0, :n] + levels[0, 0]) / 2, abs=1e-5)


def test_random_intensities_cover_both_polarities(palette):
    """A tenth inverted as the recipe says; marrow darker than cord in about half; values within 0 and 1."""
    rows = exact(**only("random"))
    found = [palette.drawn(rows, np.random.default_rng(n)) for n in range(400)]
    inverted = [c.name == "inverted" for c in found]
    assert np.mean(inverted) == pytest.approx(0.1, abs=0.05)
    # Air is bright where bright and dark have changed places.
    air = np.array([c.levels[0, 0] for c in found])
    assert np.median(air[inverted]) == 1.0
    assert np.median(air[~np.array(inverted)]) == 0.0
    darker = [c.levels[0, MARROW] < c.levels[0, NAMES.index("cord_white")] for c in found]
    assert np.mean(darker) == pytest.approx(0.5, abs=0.1)
    assert min(c.levels[0].min() for c in found) >= 0
    assert max(c.levels[0].max() for c in found) <= 1


def test_codes_of_one_tissue_vary_together_unless_split():
    """Marrow of two levels alike without a split, apart with one."""
    two = tuple(Material(tissue=HOST, mineral_mg_per_ml=m) for m in (100.0, 140.0))
    palette = Palette((MATERIALS[0], *two), np.array([(0, 0, 0), (1, 1, 0), (2, 2, 0)], np.uint8))
    for split, alike in ((0.0, True), (1.0, False)):
        rows = exact(**only("random", random={"split": split}))
        levels = [palette.drawn(rows, np.random.default_rng(n)).levels[0] for n in range(5)]
        assert all((one[1] == one[2]) == alike for one in levels)


def test_ct_without_spread_is_the_table(palette):
    """HU of tissues and of spongy bone; bone brighter by its factor, vessels with agent."""
    plain = {"hu_sd": 0.0, "bone": [1.0, 1.0], "enhanced": 0.0, "clipped": 0.0}
    levels = palette.drawn(exact(**only("ct", ct=plain)), np.random.default_rng(1)).levels[0]
    assert levels[NAMES.index("muscle")] == pytest.approx(tissue("muscle").hu)
    assert levels[0] == -1000
    assert levels[NAMES.index("titanium")] == 3071
    assert levels[MARROW] == pytest.approx(HOST.hu, abs=1.0)
    bright = {**plain, "bone": [1.2, 1.2], "enhanced": 1.0, "clipped": 1.0}
    contrast = palette.drawn(exact(**only("ct", ct=bright)), np.random.default_rng(1))
    assert contrast.levels[0, MARROW] == pytest.approx(1.2 * HOST.hu, abs=1.5)
    assert contrast.levels[0, NAMES.index("aorta_blood_pre")] > tissue("aorta_blood_pre").hu + 70
    assert contrast.clip[0] < contrast.clip[1]


def test_failed_suppression_shows_fat(palette):
    """Fat dark where it works, bright where it does not; water alike."""
    weightings = recipe_of()["contrast"]["mr"]["weightings"]
    shares = {other: {"p": float(other == "t2_fs")} for other in weightings}
    rows = exact(mr={"weightings": shares, "suppression_failed": 1.0}, **only("mr"))
    contrast = palette.drawn(rows, np.random.default_rng(3))
    fat, csf = NAMES.index("subcutaneous_fat"), NAMES.index("csf")
    assert contrast.failed[0, fat] > 2 * contrast.levels[0, fat]
    assert contrast.failed[0, csf] == pytest.approx(contrast.levels[0, csf], rel=1e-5)
