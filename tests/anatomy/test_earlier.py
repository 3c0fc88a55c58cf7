"""Names carried over from an earlier study by the sizes of the bodies."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from spinemets.anatomy.earlier import matched
from spinemets.anatomy.hypotheses import expected_heights_mm
from spinemets.knowledge.catalogue import load
from spinemets.model.level import BODY_SIZES, EarlierLevel

NAMES = ("T8", "T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5")


@pytest.fixture(scope="module")
def rules():
    return load()["G-09"].values()


def person(seed):
    """Sizes of ten bodies: those of the table, with irregularities of their own."""
    draw = np.random.default_rng(seed)
    return [
        {
            "height_mm": expected_heights_mm()[name] * np.exp(draw.normal(0, 0.05)),
            "width_mm": (32 + 2 * n) * np.exp(draw.normal(0, 0.05)),
            "depth_mm": (28 + n) * np.exp(draw.normal(0, 0.05)),
            "spacing_mm": 1.3 * expected_heights_mm()[name] * np.exp(draw.normal(0, 0.05)),
        }
        for n, name in enumerate(NAMES)
    ]


def seen(sizes, seed, ratio=1.0, noise=0.03):
    """The same bodies measured once more."""
    draw = np.random.default_rng(seed)
    return [{name: value * ratio * np.exp(draw.normal(0, noise)) for name, value in one.items()} for one in sizes]


def study(sizes, names=NAMES, confidence=0.97):
    return tuple(
        EarlierLevel(name=n, confidence=confidence if n else 0.0, size_mm=s) for n, s in zip(names, sizes, strict=True)
    )


def test_the_same_bodies_are_known_again(rules):
    """Six of ten in view, measured 6 % larger by another modality: in each of 40 persons the right name, or none that is sure."""
    sure = 0
    for seed in range(40):
        sizes = person(seed)
        found = matched(seen(sizes[3:9], seed + 100, ratio=1.06), study(sizes), rules)
        if found is not None and found.confidence >= rules["assume_at"]:
            sure += 1
            assert NAMES[3 + found.place] == found.name
    assert sure >= 30


def test_another_person_is_not_known(rules):
    """Bodies of somebody else: a confidence of 0.95 in one of twenty at most."""
    sizes = [matched(seen(person(seed)[2:8], seed), study(person(seed + 500)), rules) for seed in range(40)]
    assert sum(found is not None and found.confidence >= rules["name_at"] for found in sizes) <= 2


@pytest.mark.parametrize(("size", "sd"), [("height_mm", "prior_size_sd"), ("spacing_mm", "prior_spacing_sd")])
def test_against_a_slow_reference(rules, size, sd):
    """One size, the same number compared at every shift: densities of the normal distribution, one body after the other."""
    draw = np.random.default_rng(3)
    old = draw.uniform(20, 30, 6)
    new = old[1:5] * np.exp(draw.normal(0, 0.03, 4))
    found = matched([{size: h} for h in new], study([{size: h} for h in old], NAMES[:6]), rules)
    weights = [0.0]
    for shift in range(3):
        logs = np.log(new / old[shift : shift + 4])
        middle = np.median(logs)
        more = -0.5 * (middle / rules["prior_common_sd"]) ** 2
        for log in logs:
            other = norm.pdf(log, middle, rules["prior_unrelated_sd"])
            changed = rules["prior_changed_share"]
            more += np.log(((1 - changed) * norm.pdf(log, middle, rules[sd]) + changed * other) / other)
        weights.append(rules["prior_share"] * more)
    odds = np.exp(weights)
    assert found.confidence == pytest.approx(0.97 * odds[1:].max() / odds.sum(), rel=1e-6)
    assert NAMES[found.place + int(odds[1:].argmax())] == found.name


def test_a_body_that_collapsed_since_does_not_hide_the_others(rules):
    """Half of one body's height is gone, and with it the distances to its neighbours are less: the right names all the same."""
    right = 0
    for seed in range(20):
        now = seen(person(seed), seed + 100, noise=0.02)
        now[5] = {**now[5], "height_mm": 0.5 * now[5]["height_mm"], "spacing_mm": 0.75 * now[5]["spacing_mm"]}
        now[4] = {**now[4], "spacing_mm": 0.75 * now[4]["spacing_mm"]}
        found = matched(now, study(person(seed)), rules)
        right += found is not None and found.confidence >= rules["assume_at"] and NAMES[found.place] == found.name
    assert right >= 18


def test_the_surest_name_is_carried_over(rules):
    """Vertebrae without a name are compared too; of the named ones the surest tells."""
    sizes = person(1)
    names = (None, None, "T10", *NAMES[3:])
    earlier = tuple(
        EarlierLevel(name=n, confidence=0.99 if n == "L2" else 0.9 if n else 0.0, size_mm=s)
        for n, s in zip(names, sizes, strict=True)
    )
    found = matched(seen(sizes, 2), earlier, rules)
    assert (found.name, found.place) == ("L2", 6)
    assert matched(seen(sizes[:2], 2) + [{}] * 6, earlier, rules) is None


def test_too_few_bodies_say_nothing(rules):
    """Three bodies, bodies without sizes, no earlier study, an overlay that meets no name."""
    sizes = person(1)
    assert matched(seen(sizes[:3], 1), study(sizes), rules) is None
    assert matched([{}] * 6, study(sizes), rules) is None
    assert matched(seen(sizes, 1), (), rules) is None
    nameless = study(sizes, (None,) * 9 + ("L5",))
    found = matched(seen(sizes[:6], 1), nameless, rules)
    assert found is None or found.name == "L5"
    assert set(BODY_SIZES) == set(sizes[0])
