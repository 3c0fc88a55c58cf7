"""The card of the weights, and what happens if either was changed."""

from __future__ import annotations

import json
import shutil

import pytest

from spinemets.model.errors import CatalogueError
from spinemets.segmentation.network.card import FOLDER, read_card


def test_the_package_holds_weights_that_fit_their_card(card):
    """'weights inside the package (<= 12 MB)', 'No patient image is used for training'."""
    assert card.weights.stat().st_size < 12e6
    assert card.classes[0] == "background"
    assert {"body", "border", "posterior", "disc", "canal", "cord", "sacrum", "sacral_body"} <= set(card.classes)
    said = json.loads((FOLDER / "spine.json").read_text())["training"]
    assert "synthetic images of the digital spine only" in said["data"]


def test_changed_weights_are_refused(tmp_path):
    for path in FOLDER.iterdir():
        shutil.copy(path, tmp_path)
    with (tmp_path / "spine.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(CatalogueError, match=r"spine\.onnx are not those of their card"):
        read_card(tmp_path / "spine.json")


def test_another_schema_is_refused(tmp_path):
    (tmp_path / "spine.json").write_text('{"schema": "other/1"}')
    with pytest.raises(CatalogueError, match="is not a card of"):
        read_card(tmp_path / "spine.json")


def test_channels_by_name(card):
    assert card.classes[card.number("disc")] == "disc"
