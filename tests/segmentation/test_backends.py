"""Every back end by name: absent ones say why, and only known ones are made."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from spinemets.model.errors import CatalogueError, UsageError
from spinemets.segmentation import backends
from spinemets.segmentation.classical_ct.segmenter import ClassicalCt
from spinemets.segmentation.external.segmenter import ExternalTool
from spinemets.segmentation.network import card
from spinemets.segmentation.network.segmenter import SpineNetwork
from spinemets.segmentation.user_onnx.segmenter import UserOnnx


def test_names():
    assert backends.names() == ("network", "classical_ct", "onnx:PATH", "totalsegmentator", "spineps", "totalspineseg")


@pytest.mark.parametrize("name", list(backends.BACKENDS))
def test_each_says_whether_it_can_be_used_and_why(name):
    usable, why = backends.BACKENDS[name].available()
    assert isinstance(usable, bool)
    assert len(why) > 20
    assert why.isprintable()


class TestSegmenter:
    @pytest.mark.parametrize(("name", "engine"), [("network", "onnxruntime"), ("network:openvino", "openvino")])
    def test_network_with_its_engine(self, name, engine):
        assert backends.segmenter(name) == SpineNetwork(engine=engine)

    def test_classical(self):
        assert isinstance(backends.segmenter("classical_ct"), ClassicalCt)

    def test_onnx_with_its_file(self):
        made = backends.segmenter("onnx:models/spine.onnx")
        assert isinstance(made, UserOnnx)
        assert made.path == Path("models/spine.onnx")

    def test_a_drive_letter_is_part_of_the_path(self):
        made = backends.segmenter(r"onnx:C:\models\spine.onnx")
        assert isinstance(made, UserOnnx)
        assert str(made.path).endswith("spine.onnx")

    @pytest.mark.parametrize("name", ["totalsegmentator", "spineps", "totalspineseg"])
    def test_external_with_its_time_limit(self, name):
        made = backends.segmenter(name, 90.0)
        assert made == ExternalTool(key=name, limit_s=90.0)

    @pytest.mark.parametrize(
        "name", ["", "nobodys", "onnx", "onnx:", "classical_ct:x", "network:", "label_map", "TotalSegmentator"]
    )
    def test_what_is_no_back_end(self, name):
        with pytest.raises(UsageError, match="is no back end") as caught:
            backends.segmenter(name)
        assert "classical_ct, onnx:PATH" in caught.value.remedy


def test_damaged_weights_are_a_sentence(monkeypatch):
    """'its absence explained by `spinemets doctor`'."""

    def damaged(*, ct):
        raise CatalogueError("The weights ct.onnx are not those of their card.")

    monkeypatch.setattr(card, "card_of", damaged)
    usable, why = backends.BACKENDS["network"].available()
    assert not usable
    assert why.startswith("The weights ct.onnx are not those of their card.")


def test_without_the_inference_engine(monkeypatch):
    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    usable, why = backends.BACKENDS["onnx"].available()
    assert not usable
    assert "pip install onnxruntime" in why


def test_with_the_inference_engine(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "9.9")
    assert backends.BACKENDS["onnx"].available()[1].startswith("runs a network of your own with onnxruntime 9.9")
