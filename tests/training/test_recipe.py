"""The recipe of a run is checked before anything is trained."""

from __future__ import annotations

import pytest
import yaml

from training.recipe import OWN, read_recipe


def test_classes_are_those_of_the_samples():
    recipe = read_recipe()
    assert recipe.classes[:3] == ["background", "body", "border"]
    assert recipe.samples["samples_per_patient"] == recipe["generator"]["samples_per_patient"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": "other/1"}, "not a recipe of"),
        ({"network": {"kind": "slab", "channels": [8, 8], "classes": ["background", "disc"]}}, "in their order"),
    ],
)
def test_another_file_is_refused(tmp_path, change, said):
    rows = {**yaml.safe_load(OWN.read_text()), **change}
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(rows))
    with pytest.raises(SystemExit, match=said):
        read_recipe(path)


def test_a_recipe_may_change_rows_of_another():
    """What it does not name stays: the pixels are its own, the number of slices and the loss are the other's."""
    base, mr = read_recipe(), read_recipe(OWN.with_name("recipe_mr.yaml"))
    assert mr["generator"]["contrast"]["ways"]["ct"] == 0.0
    assert mr["generator"]["pose"] == base["generator"]["pose"]
    assert (mr["optimiser"]["rate"], mr["optimiser"]["batch"]) == (0.012, base["optimiser"]["batch"])
    assert mr.samples.grid["spacing_mm"] == [3.0, 1.3, 1.3]
    assert mr.samples.grid["field_mm"] == base.samples.grid["field_mm"]
    assert "changes" not in mr.rows
