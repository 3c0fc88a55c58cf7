"""The card of the weights, and what happens if either was changed."""

from __future__ import annotations

import json
import shutil

import pytest

from spinemets.model.errors import CatalogueError
from spinemets.segmentation.network.card import FOLDER, card_of, read_card, said


@pytest.mark.parametrize("ct", [True, False], ids=["ct", "mr"])
def test_the_package_holds_weights_that_fit_their_card(ct):
    """'weights inside the package (<= 12 MB)', 'No patient image is used for training'."""
    card = card_of(ct=ct)
    assert card.classes[0] == "background"
    assert {"body", "border", "posterior", "disc", "canal", "cord", "sacrum", "sacral_body"} <= set(card.classes)
    about = json.loads((FOLDER / ("ct.json" if ct else "mr.json")).read_text())["training"]
    assert "synthetic images of the digital spine only" in about["data"]


def test_all_weights_together_stay_small():
    assert sum(path.stat().st_size for path in FOLDER.glob("*.onnx")) < 12e6


def test_ct_and_mr_are_read_by_weights_of_their_own():
    ct, mr = card_of(ct=True), card_of(ct=False)
    assert ct.sha256 != mr.sha256
    assert said(mr) == f"{mr.name} ({mr.sha256[:8]})"


def test_changed_weights_are_refused(tmp_path):
    for path in FOLDER.iterdir():
        shutil.copy(path, tmp_path)
    with (tmp_path / "mr.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(CatalogueError, match=r"mr\.onnx are not those of their card"):
        read_card(tmp_path / "mr.json")


def test_another_schema_is_refused(tmp_path):
    (tmp_path / "mr.json").write_text('{"schema": "other/1"}')
    with pytest.raises(CatalogueError, match="is not a card of"):
        read_card(tmp_path / "mr.json")


def test_channels_by_name(card):
    assert card.classes[card.number("disc")] == "disc"
