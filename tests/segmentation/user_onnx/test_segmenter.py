"""A network of the user as a Segmenter: a threshold that must find two blocks where they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.model.errors import UsageError
from spinemets.segmentation.user_onnx.segmenter import UserOnnx, normalised
from spinemets.segmentation.user_onnx.side_file import Normalisation

CUTS = (0.2, 0.6)


def dice(found: np.ndarray, known: np.ndarray) -> float:
    return 2 * np.count_nonzero(found & known) / (np.count_nonzero(found) + np.count_nonzero(known))


class TestBlocks:
    @pytest.mark.parametrize("axes", ["LPS", "RAS", "PIR"])
    @pytest.mark.parametrize("turn_deg", [0.0, 25.0])
    def test_back_on_the_images_own_voxels(self, place_graph, side, blocks, axes, turn_deg):
        """'back on the input's own grid by nearest label'"""
        path = place_graph({**side, "axes": axes}, cuts=CUTS)
        study = blocks(turn_deg=turn_deg)
        (found,) = UserOnnx(path=path).segment(study)
        array = study.series[0].pixels().array
        by_level = {p.level: p.region.full_mask() for p in found.of("vertebra")}
        assert dice(by_level["L3"], array == 400) > 0.8
        assert dice(by_level["L4"], array == 800) > 0.85
        assert found.grid == study.series[0].grid

    def test_at_the_images_own_spacing_nothing_moves(self, place_graph, side, blocks):
        path = place_graph({**side, "spacing_mm": [1.5, 1.5, 2.5]}, cuts=CUTS)
        study = blocks()
        (found,) = UserOnnx(path=path).segment(study)
        (upper,) = (p for p in found.parts if p.level == "L3")
        assert (upper.region.full_mask() == (study.series[0].pixels().array == 400)).all()

    def test_bound_to_the_series_and_named(self, place_graph, side, blocks):
        path = place_graph(side, cuts=CUTS)
        segmenter = UserOnnx(path=path)
        (found,) = segmenter.segment(blocks())
        assert segmenter.name == found.source == "threshold 1.0"
        assert (found.series_uid, found.naming) == ("1.2.3", "self-naming")

    def test_a_scheme_gives_the_names(self, place_graph, side, blocks):
        path = place_graph({**side, "labels": "instances_vertebra"}, cuts=CUTS)
        (found,) = UserOnnx(path=path).segment(blocks())
        assert (found.scheme, found.naming) == ("instances_vertebra", "none")
        assert [p.structure for p in found.parts] == ["vertebra", "vertebra"]

    def test_an_image_smaller_than_the_patch(self, place_graph, side, blocks):
        path = place_graph({**side, "patch": [64, 64, 64]}, patch=(64, 64, 64), cuts=CUTS)
        (found,) = UserOnnx(path=path).segment(blocks())
        assert {p.level for p in found.parts} == {"L3", "L4"}

    def test_padding_is_air(self, place_graph, side, blocks):
        path = place_graph(side, cuts=CUTS)
        study = blocks()
        volume = study.series[0].pixels()
        padding = np.zeros(volume.array.shape, bool)
        padding[:, :, 15:] = True
        padded = replace(volume, padding=padding)
        study = replace(study, series=(replace(study.series[0], load=lambda: padded),))
        (found,) = UserOnnx(path=path).segment(study)
        assert not any(p.region.full_mask()[:, :, 16:].any() for p in found.parts)
        assert "L4" in {p.level for p in found.parts}


class TestNothing:
    def test_nothing_found_is_nothing(self, place_graph, side, blocks):
        path = place_graph(side, cuts=(5.0, 6.0))
        assert UserOnnx(path=path).segment(blocks()) == ()

    def test_other_kinds_are_not_given_to_it(self, place, side, blocks):
        """No network is even loaded: the bytes here are none."""
        assert UserOnnx(path=place(side)).segment(blocks(kind="t2")) == ()

    def test_a_stack_over_time_is_left_alone(self, place_graph, side, blocks):
        path = place_graph(side, cuts=CUTS)
        study = blocks()
        volume = study.series[0].pixels()
        moving = replace(volume, array=np.repeat(np.array(volume.array)[..., None], 2, axis=3))
        study = replace(study, series=(replace(study.series[0], load=lambda: moving),))
        assert UserOnnx(path=path).segment(study) == ()

    def test_a_faulty_side_file_is_told_before_anything_is_run(self, place, side, blocks):
        with pytest.raises(UsageError, match="axes"):
            UserOnnx(path=place({**side, "axes": "XYZ"})).segment(blocks())


class TestNormalised:
    image = np.array([[[-1000.0, 0.0, 500.0, 3000.0]]], np.float32)

    def test_scale(self):
        found = normalised(self.image, Normalisation(then="scale", clip_hu=(0, 1000)))
        assert found.ravel() == pytest.approx([0, 0, 0.5, 1])

    def test_z_score_of_the_image(self):
        found = normalised(self.image, Normalisation(then="z_score", clip_hu=(0, 1000)))
        assert found.mean() == pytest.approx(0, abs=1e-6)
        assert found.std() == pytest.approx(1)

    def test_z_score_as_trained(self):
        found = normalised(self.image, Normalisation(then="z_score", clip_hu=(-500, 1000), mean=100, sd=200))
        assert found.ravel() == pytest.approx([-3, -0.5, 2, 4.5])

    def test_percentiles(self):
        image = np.arange(101, dtype=np.float32).reshape(1, 1, 101)
        found = normalised(image, Normalisation(then="scale", clip_percentiles=(10, 90)))
        assert found[0, 0, [0, 10, 50, 90, 100]] == pytest.approx([0, 0, 0.5, 1, 1])

    def test_one_value_becomes_nothing(self):
        found = normalised(np.full((2, 2, 2), 7, np.float32), Normalisation(then="z_score", clip_percentiles=(0, 100)))
        assert (found == 0).all()
