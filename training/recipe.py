"""The recipe of a training run: `recipe.yaml`, or another that changes some of its rows; checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from spinemets.phantom.training import Recipe, recipe_of
from spinemets.phantom.training.recipe import merged

OWN = Path(__file__).with_name("recipe.yaml")
SCHEMA = "spinemets-training/1"


@dataclass(frozen=True, kw_only=True)
class TrainingRecipe:
    """Rows of the recipe, and what the generator draws from.

    Attributes
    ----------
    rows
        The file as read.
    samples
        Recipe of the synthetic slabs.
    """

    rows: dict[str, Any]
    samples: Recipe

    def __getitem__(self, name: str) -> Any:
        return self.rows[name]

    @property
    def classes(self) -> list[str]:
        """Names of the classes, background first."""
        return list(self.rows["network"]["classes"])


def read_recipe(path: Path = OWN) -> TrainingRecipe:
    """Recipe of a file; one with a row `changes` is the recipe beside it that the row names, with its own rows in their places.

    Raises
    ------
    SystemExit
        With one line, if it is another schema or its classes are not those of the samples.
    """
    rows = _rows(path)
    samples = recipe_of(rows["network"]["kind"], rows["generator"])
    codes = samples["labels"]["codes"]
    if [codes.get(name) for name in rows["network"]["classes"]] != list(range(len(codes))):
        raise SystemExit(f"{path}: classes must be those of the samples in their order: {', '.join(codes)}.")
    return TrainingRecipe(rows=rows, samples=samples)


def _rows(path: Path) -> dict[str, Any]:
    rows: dict[str, Any] = yaml.safe_load(path.read_text())
    if rows.get("schema") != SCHEMA:
        raise SystemExit(f"{path}: not a recipe of {SCHEMA}.")
    changed = rows.pop("changes", None)
    return merged(_rows(path.with_name(changed)), rows, may_add=True) if changed else rows
