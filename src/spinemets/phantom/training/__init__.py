"""Training samples without end: images in random contrasts with label maps, from patients that do not exist.

>>> from spinemets.phantom.training import Generator, recipe_of
>>> sample = Generator(recipe_of(kind="slab"), seed=7).sample(0)                 # doctest: +SKIP
"""

from __future__ import annotations

from spinemets.phantom.training.generator import Generator
from spinemets.phantom.training.recipe import Recipe, recipe_of
from spinemets.phantom.training.sample import Sample

__all__ = ["Generator", "Recipe", "Sample", "recipe_of"]
