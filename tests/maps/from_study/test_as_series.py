"""Maps among the series of a study: named, placed where the outlines are, doubtful voxels without a value, nothing lost in silence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.knowledge.kinds import kinds
from spinemets.knowledge.lookup import table
from spinemets.maps.from_study.as_series import Wanted, wanted, with_maps
from spinemets.maps.from_study.as_series import _quantity as quantity
from spinemets.maps.from_study.how import How
from spinemets.model.grid import Grid
from spinemets.model.parametric_map import MapResult, ParametricMap
from spinemets.model.series import GeometryCheck
from spinemets.model.study_view import SeriesMotion
from tests.maps.from_study.conftest import SHAPE

EVERY = tuple(table("assessed_maps")["kinds"])
STILL = How(motion=False)


@pytest.fixture
def diffusion(build, tissue, rician):
    """Three b-values of one series, ADC 1e-3 in the tissue."""
    return build(
        [
            (
                rician(np.where(tissue, 900 * np.exp(-b * 1e-3), 0.0), 5.0, seed=n),
                {"b_values_s_per_mm2": (b,), "kind": "dwi", "stem": "1.2.9", "fat_suppressed": True},
            )
            for n, b in enumerate((50.0, 400.0, 800.0))
        ]
    )


def test_every_kind_has_its_words():
    """What a map becomes is a kind of series like any other."""
    assert set(EVERY) <= set(kinds())
    assert {one.kind for one in wanted(EVERY)} == set(EVERY) and wanted(("t1",)) == ()


def test_a_map_is_the_last_series(diffusion, tissue):
    study = with_maps(diffusion, diffusion, ("adc_map", "t1"), STILL)
    assert study.series[:3] == diffusion.series and len(study.series) == 4
    made = study.series[3]
    assert (made.kind, made.number, made.label) == (
        "adc_map",
        4,
        "Apparent diffusion coefficient of series 1 and series 2 and 1 more",
    )
    assert made.recognition.method == "computed" and "least squares" in made.recognition.evidence[0]
    assert (
        made.computed.from_uids == tuple(one.uid for one in diffusion.series)
        and made.computed.quantity == "adc_mm2_per_s"
    )
    assert made.computed.facts["b_values_s_per_mm2"] == [50, 400, 800] and made.computed.facts["place_known"]
    assert made.acquisition.fat_suppressed and made.measurable and made.digest == ""
    assert any("voxels left out" in line for line in made.warnings)
    volume = made.pixels()
    assert volume.array.dtype == np.float32 and volume.unit == "mm2/s" and volume.grid == made.grid
    assert np.nanmedian(volume.array[tissue]) == pytest.approx(1e-3, rel=0.02)


def test_what_nobody_asks_for_is_not_made(diffusion):
    assert with_maps(diffusion, diffusion, ("t1", "stir"), STILL).series == diffusion.series


def test_it_lies_where_its_source_was_moved_to(diffusion):
    """A series that moved by 3 mm was moved back: so is what is computed of it."""
    grid = diffusion.series[0].grid
    affine = np.array(grid.affine_lps_mm)
    affine[2, 3] += 3
    moved = replace(grid, affine_lps_mm=affine)
    motion = SeriesMotion(reference_uid="x", moving_uid=diffusion.series[0].uid, verdict="moved", sentence="3 mm")
    placed = replace(diffusion, series=tuple(replace(one, grid=moved) for one in diffusion.series), motions=(motion,))
    made = with_maps(diffusion, placed, ("adc_map",), STILL).series[-1]
    assert made.grid == moved and made.pixels().grid == moved and made.computed.facts["place_known"]


@pytest.mark.parametrize(("verdict", "known"), [("agrees", True), ("moved", True), ("not measured", False)])
def test_whether_its_place_is_known(diffusion, verdict, known):
    motion = SeriesMotion(reference_uid="x", moving_uid=diffusion.series[0].uid, verdict=verdict, sentence="")
    made = with_maps(diffusion, replace(diffusion, motions=(motion,)), ("adc_map",), STILL).series[-1]
    assert made.computed.facts["place_known"] is known


def test_a_source_that_shows_another_place_gives_no_measurable_map(diffusion):
    refused = GeometryCheck(verdict="refused", notes=("moved by 20 mm",))
    placed = replace(diffusion, series=tuple(replace(one, geometry=refused) for one in diffusion.series))
    made = with_maps(diffusion, placed, ("adc_map",), STILL).series[-1]
    assert not made.measurable and made.geometry.notes == ("moved by 20 mm",)


def test_what_cannot_be_mapped_is_kept_with_its_reason(build, tissue):
    """'nothing is dropped without a line saying so'; that a study has no such series is each criterion's to say."""
    one_b = build([(900.0 * tissue, {"b_values_s_per_mm2": (800.0,), "kind": "dwi", "stem": "1.2.9"})] * 2)
    assert one_b.sets
    study = with_maps(one_b, one_b, EVERY, STILL)
    assert [one.kind for one in study.not_mapped] == ["adc"]
    assert "fewer than two" in study.not_mapped[0].reason
    assert study.series == one_b.series


class TestQuantity:
    def result(self, **arrays):
        grid = Grid(shape_ijk=(2, 2, 1), affine_lps_mm=np.eye(4))
        maps = tuple(
            ParametricMap(name=n, title=n, unit="1", array=np.array(a).reshape(2, 2, 1)) for n, a in arrays.items()
        )
        return MapResult(kind="x", source="s", series_uids=("1",), number=1, grid=grid, maps=maps, method="m")

    def test_the_first_that_is_held(self):
        want = Wanted(kind="k", map="x", quantities=("a", "b"))
        found = self.result(b=[1.0, 2, 3, 4], c=[0.0] * 4)
        assert quantity(found, want).name == "b"
        assert quantity(found, replace(want, quantities=("z",))) is None

    def test_doubtful_voxels_have_no_value(self):
        """Water and fat that may be exchanged are no fraction."""
        want = Wanted(kind="k", map="x", quantities=("a",), not_where=("swap", "absent"))
        found = quantity(self.result(a=[0.1, 0.2, 0.3, 0.4], swap=[0, 1, 0, 1]), want)
        assert np.isnan(found.array.ravel()).tolist() == [False, True, False, True]


def test_two_maps_of_one_source_have_uids_of_their_own(build, tissue):
    """An opposed-phase ratio and a two-point fraction are made of the same two images."""
    images = [
        (100.0 * tissue, {"te_s": te, "kind": "ip_op", "tr_s": 0.1, "stem": f"1.2.{n}"})
        for n, te in enumerate((0.0023, 0.0046))
    ]
    study = build(images)
    found = with_maps(study, study, EVERY, STILL)
    made = found.series[2:]
    assert {one.kind for one in made} == {"opposed_phase_map", "signal_fat_map"}
    assert len({one.uid for one in found.series}) == 4
    assert made[0].grid.shape_ijk == SHAPE
