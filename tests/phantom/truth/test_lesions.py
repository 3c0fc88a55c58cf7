"""Truth of one insert."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.phantom.cases.ingredients import LYTIC, MIXED
from spinemets.phantom.pathology.measure import measure
from spinemets.phantom.truth.lesions import lesion_truth


def test_lesion_from_its_functions(first_light):
    """Volume and centroid are those of the insert's own measure."""
    insert = first_light.case.inserts[0]
    found = lesion_truth(first_light.anatomy, insert)
    exact = measure(insert, first_light.anatomy.vertebra(insert.level), {})
    assert found["volume_mm3"] == pytest.approx(exact.volume_mm3, abs=0.05)
    assert found["centroid_lps_mm"] == pytest.approx(exact.centroid_lps_mm, abs=1e-3)
    assert found["level"] == insert.level


@pytest.fixture(scope="module")
def planted(normal):
    """Function: truth of inserts put into the usual patient."""

    def of(*inserts):
        anatomy = replace(normal.anatomy, inserts=inserts)
        return [lesion_truth(anatomy, insert) for insert in inserts]

    return of


BALL = replace(LYTIC, level="L3", centre_mm=(0.0, 1.0, 0.0), radii_mm=(6.0, 6.0, 6.0))


@pytest.mark.parametrize("radii", [(4.0, 4.0, 4.0), (8.0, 6.0, 5.0), (12.0, 9.0, 8.0)])
@pytest.mark.parametrize("level", ["T11", "L3"])
def test_ellipsoids_inside_a_body_have_their_volume(planted, normal, level, radii):
    """4/3 pi abc in mm3, where it was put, and its share of the body of that level."""
    (found,) = planted(replace(BALL, level=level, radii_mm=radii))
    assert found["volume_mm3"] == pytest.approx(4 / 3 * np.pi * np.prod(radii), rel=0.015)
    frame = normal.anatomy.frames[level]
    assert found["centroid_lps_mm"] == pytest.approx(frame.lps(0.0, 1.0, 0.0), abs=0.15)
    body = next(x for x in normal.truth["levels"] if x["name"] == level)["body_volume_mm3"]
    assert found["body_share"] == pytest.approx(found["volume_mm3"] / body, abs=6e-5)
    assert found["radii_mm"] == list(radii)


def test_a_later_ball_takes_its_lens_from_an_earlier_one(planted):
    """Two balls of radius r with centres d apart share pi (4r + d)(2r - d)^2 / 12."""
    r, d = 6.0, 7.0
    first, second = planted(
        replace(BALL, centre_mm=(-d / 2, 1.0, 0.0)), replace(BALL, id="lytic-2", centre_mm=(d / 2, 1.0, 0.0))
    )
    ball, lens = 4 / 3 * np.pi * r**3, np.pi * (4 * r + d) * (2 * r - d) ** 2 / 12
    assert second["volume_mm3"] == pytest.approx(ball, rel=0.015)
    assert first["volume_mm3"] == pytest.approx(ball - lens, rel=0.015)


def test_balls_of_different_levels_do_not_meet(planted):
    """A later insert takes only from its own vertebra."""
    first, second = planted(BALL, replace(BALL, id="lytic-2", level="L4"))
    assert first["volume_mm3"] == pytest.approx(second["volume_mm3"], rel=0.01)


def test_mirrored_lesions_are_twins(planted, normal):
    """The same lesion left and right: equal volumes, centroids mirrored about the level's midline."""
    frame, side = normal.anatomy.frames["L3"], {}
    for name, sign in (("left", 1), ("right", -1)):
        (found,) = planted(replace(BALL, centre_mm=(sign * 9.0, 1.0, 2.0)))
        side[name] = found["volume_mm3"], np.subtract(found["centroid_lps_mm"], frame.origin) @ frame.left
    assert side["left"][0] == pytest.approx(side["right"][0], rel=0.01)
    assert side["left"][1] == pytest.approx(9.0, abs=0.15)
    assert side["right"][1] == pytest.approx(-9.0, abs=0.15)


def test_share_scales_the_volume_and_parts_add_up(planted):
    """Half of the tissue replaced counts half; the parts of a mixed lesion add up to the whole, the lytic one its share."""
    whole, half = planted(BALL)[0], planted(replace(BALL, share=0.5))[0]
    assert half["volume_mm3"] == pytest.approx(whole["volume_mm3"] / 2, rel=1e-3)
    (mixed,) = planted(MIXED)
    assert sum(part["volume_mm3"] for part in mixed["parts"]) == pytest.approx(mixed["volume_mm3"], rel=0.01)
    lytic = next(part for part in mixed["parts"] if part["tissue"] == "lytic_tumour")
    assert lytic["volume_mm3"] / mixed["volume_mm3"] == pytest.approx(MIXED.lytic_share, abs=0.1)


def test_retained_mineral_is_a_share_of_the_hosts(planted, normal):
    """A fifth of what the level's marrow holds stays; what is added comes on top."""
    host = normal.anatomy.hosts["L3"].mineral_mg_per_ml
    (found,) = planted(replace(BALL, mineral_retained=0.2, mineral_added_mg_per_ml=30.0))
    assert found["parts"][0]["mineral_mg_per_ml"] == pytest.approx(0.2 * host + 30.0, abs=0.01)


def test_cortex_limits_what_is_taken(planted):
    """Through the back wall: more with the shell than without, a breach only where the shell breaks, of that wall alone."""
    inside = replace(BALL, level="T4", centre_mm=(0.0, -10.0, 0.0))
    kept, broken = planted(inside)[0], planted(replace(inside, breaks_cortex=True))[0]
    assert kept["breach"] == []
    assert {row["wall"] for row in broken["breach"]} == {"posterior"}
    (row,) = broken["breach"]
    assert row["share"] == pytest.approx(row["area_mm2"] / row["wall_area_mm2"], abs=1e-4)
    # No more than the ball's greatest circle.
    assert 0 < row["area_mm2"] < np.pi * 6.0**2
    assert kept["volume_mm3"] < broken["volume_mm3"] < 4 / 3 * np.pi * 6.0**3
