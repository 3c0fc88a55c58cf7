"""The network: what does not fit is said before any result is believed."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from spinemets.model.errors import MissingPart, SegmenterFailed, UsageError
from spinemets.segmentation.user_onnx import network, side_file


def test_scores_of_a_patch(place_graph, side):
    path = place_graph(side, cuts=(0.3, 0.6))
    loaded = network.load(path, side_file.read(path))
    scores = loaded.predict(np.full((16, 16, 16), 0.5, np.float32))
    assert scores.shape == (3, 16, 16, 16)
    assert (scores.argmax(axis=0) == 1).all()


@pytest.mark.parametrize(
    "patch", [(16, 16, 24), ("x", "y", 24)], ids=["another size", "another size, two axes of any size"]
)
def test_a_patch_that_does_not_fit(place_graph, side, patch):
    """'patch that does not fit the network's input'"""
    path = place_graph(side, patch=patch)
    with pytest.raises(UsageError, match=r"net\.onnx takes .* makes 1 x 1 x 16 x 16 x 16"):
        network.load(path, side_file.read(path))


def test_axes_of_any_size_take_any_patch(place_graph, side):
    path = place_graph({**side, "patch": [8, 16, 12]}, patch=("x", "y", "z"), cuts=(0.3, 0.6))
    loaded = network.load(path, side_file.read(path))
    scores = loaded.predict(np.ones((8, 16, 12), np.float32))
    assert scores.shape[1:] == (8, 16, 12)


def test_two_channels_are_one_too_many(place_graph, side):
    path = place_graph(side, channels=2)
    with pytest.raises(UsageError, match="takes 1 x 2 x 16"):
        network.load(path, side_file.read(path))


def test_fewer_classes_than_labels(place_graph, side):
    path = place_graph({**side, "labels": {"9": "vertebra L3"}})
    loaded = network.load(path, side_file.read(path))
    with pytest.raises(UsageError, match=r"has 2 classes, background included, but its side file names label 9"):
        loaded.predict(np.zeros((16, 16, 16), np.float32))


class Answers:
    """Stands in for a session."""

    def __init__(self, answer):
        self.answer = answer

    def run(self, names, inputs):
        if isinstance(self.answer, Exception):
            raise self.answer
        return [self.answer]


def loaded_with(place, side, answer) -> network.Network:
    path = place(side)
    return network.Network(session=Answers(answer), input_name="x", file="net.onnx", side=side_file.read(path))


def test_an_answer_of_another_shape(place, side):
    loaded = loaded_with(place, side, np.zeros((1, 3, 8, 8, 8)))
    with pytest.raises(UsageError, match=r"answers with 1 x 3 x 8 x 8 x 8 scores to a patch of 16 x 16 x 16"):
        loaded.predict(np.zeros((16, 16, 16), np.float32))


def test_an_engine_that_fails(place, side):
    loaded = loaded_with(place, side, RuntimeError("bad node"))
    with pytest.raises(SegmenterFailed, match=r"net\.onnx cannot be run \(RuntimeError\)"):
        loaded.predict(np.zeros((16, 16, 16), np.float32))


def test_no_network_at_all(place, side):
    pytest.importorskip("onnxruntime")
    path = place(side, network=b"these bytes are no network")
    with pytest.raises(UsageError, match=r"net\.onnx is no ONNX network that can be loaded"):
        network.load(path, side_file.read(path))


def test_without_the_engine(place, side, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    path = place(side)
    with pytest.raises(MissingPart, match="onnxruntime, which is not installed"):
        network.load(path, side_file.read(path))
