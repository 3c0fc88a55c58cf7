"""Which series the network outlines, and what it hands over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.series import GeometryCheck, Recognition, Series
from spinemets.model.study import PatientFacts, Study
from spinemets.model.volume import Volume
from spinemets.segmentation.network import segmenter
from spinemets.segmentation.network.instances import instances_of
from spinemets.segmentation.network.segmenter import SpineNetwork, leading


def series(kind: str, number: int = 1, *, low=0.0, length=300.0, frame="1.9", slices=15) -> Series:
    affine = np.eye(4)
    affine[:3, :3] = np.array([[4.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]])
    affine[2, 3] = low + length
    grid = Grid(shape_ijk=(slices, int(length), 200), affine_lps_mm=affine, frame_of_reference_uid=frame)

    def load():
        raise AssertionError("not read")

    return Series(
        uid=f"1.2.{number}", number=number, label=f"series {number}", acquisition=Acquisition(), load=load, grid=grid,
        recognition=Recognition(kind=kind),
    )  # fmt: skip


def kinds(found) -> list[str]:
    return [s.kind for s in found]


class TestLeading:
    def test_sharp_bone_leads(self):
        assert kinds(leading([series("stir", 1), series("t2", 2), series("ct_bone", 3), series("t1", 4)])) == [
            "ct_bone"
        ]
        assert kinds(leading([series("stir", 1), series("t2", 2), series("t1", 4)])) == ["t1"]

    def test_a_short_series_does_not_lead(self):
        """A stack through one disc is better in kind and shows little."""
        assert kinds(leading([series("t1", 1, length=40), series("stir", 2)])) == ["stir"]

    def test_stations_of_a_whole_spine(self):
        upper, lower = series("t1", 1, low=250), series("t1", 2, low=0)
        assert len(leading([upper, lower])) == 2

    def test_a_series_that_reaches_no_farther_is_not_outlined_again(self):
        assert len(leading([series("t1", 1), series("t2", 2, low=10)])) == 1

    def test_another_space_is_never_mixed_in(self):
        found = leading([series("ct", 1), series("t1", 2, low=-250, frame="1.8")])
        assert kinds(found) == ["ct"]

    @pytest.mark.parametrize("kind", ["localizer", "derived", "adc", "radiograph", "pet_ac"])
    def test_what_is_no_volume_of_anatomy_never_leads(self, kind):
        assert leading([series(kind)]) == []

    def test_refused_or_flat_series_never_lead(self):
        refused = replace(series("t1"), geometry=GeometryCheck(verdict="refused"))
        assert leading([refused]) == []
        assert leading([series("t1", slices=2)]) == []
        assert leading([series("t1", length=10)]) == []


@pytest.fixture
def painted_network(monkeypatch, column, card):
    """The column's scores in the place of the network's."""
    scores = column.scores
    monkeypatch.setattr(segmenter.inference, "scores_of", lambda *_, **__: scores)
    monkeypatch.setattr(segmenter, "engine_of", lambda *_: None)
    monkeypatch.setattr(segmenter.inference, "whole_lattice", lambda *_: scores.lattice)
    return scores


def study_of(scores) -> Study:
    grid = scores.lattice.image
    volume = Volume(array=np.zeros(grid.shape_ijk, np.int16), grid=grid, quantity="mr_signal", unit="1")
    one = replace(series("t1"), grid=grid, load=lambda: volume)
    return Study(uid="1", patient=PatientFacts(), series=(one,))


def test_parts_of_a_column(painted_network):
    (found,) = SpineNetwork().segment(study_of(painted_network))
    named = [p.structure for p in found.parts]
    assert named.count("vertebra") == named.count("vertebral_body") == 5
    assert named.count("disc") == 4
    assert named.count("canal") == 1
    assert "sacrum" not in named
    assert found.series_uid == "1.2.1" and found.naming == "none"
    assert all(p.level is None for p in found.parts)
    whole = found.of("vertebra")
    assert all(p.confidence == 0.999 for p in whole)  # nothing is said to be sure
    assert all(
        (p.region.mask.sum() > b.region.mask.sum()) for p, b in zip(whole, found.of("vertebral_body"), strict=True)
    )


def test_the_first_body_of_the_sacrum_goes_into_the_sacrum(painted_network, column, card, monkeypatch):
    column.box("sacral_body", (4, 185, 20), (20, 200, 50), core=True)
    scores = column.scores
    monkeypatch.setattr(segmenter.inference, "scores_of", lambda *_, **__: scores)
    (found,) = SpineNetwork().segment(study_of(scores))
    assert len(found.of("vertebra")) == 5
    (sacrum,) = found.of("sacrum")
    assert sacrum.region.n_voxels == 16 * 15 * 30


def test_no_spine_no_segmentation(painted_network, monkeypatch):
    monkeypatch.setattr(segmenter.inference, "scores_of", lambda *_, **__: None)
    assert SpineNetwork().segment(study_of(painted_network)) == ()


def test_a_study_without_a_usable_series():
    assert SpineNetwork().segment(Study(uid="1", patient=PatientFacts(), series=(series("localizer"),))) == ()


def test_flags_go_with_the_vertebra(painted_network, column, card, monkeypatch):
    column.box("background", (8, 50, 30), (16, 62, 42))
    scores = column.scores
    monkeypatch.setattr(segmenter.inference, "scores_of", lambda *_, **__: scores)
    (found,) = SpineNetwork().segment(study_of(scores))
    assert len(instances_of(scores, card)) == 5
    assert "has holes" in found.of("vertebra")[1].region.flags[0]
    assert found.of("vertebra")[1].confidence < 1


def test_the_name_says_which_weights():
    assert SpineNetwork().name.startswith("spine network")


def test_a_series_of_another_space_is_not_dropped_in_silence(painted_network):
    """'nothing is dropped without a line saying so'."""
    study = study_of(painted_network)
    own = replace(study.series[0], grid=replace_frame(study.series[0].grid, "1.9"))
    other = series("t2", 2, frame="1.8")
    (found,) = SpineNetwork().segment(replace(study, series=(own, other)))
    assert found.warnings == ()
    grid = replace_frame(found.grid, "1.9")
    (said,) = segmenter.elsewhere((own, other), grid)
    assert said.startswith("series 2 has another frame of reference")


def replace_frame(grid: Grid, uid: str) -> Grid:
    return Grid(shape_ijk=grid.shape_ijk, affine_lps_mm=grid.affine_lps_mm, frame_of_reference_uid=uid)
