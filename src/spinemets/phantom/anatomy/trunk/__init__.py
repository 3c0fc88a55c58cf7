"""Soft tissue and bone around the spine: skin, fat, muscles, vessels, organs, ribs, pelvis, skull base."""

from __future__ import annotations

from spinemets.phantom.anatomy.trunk.column import Column, column
from spinemets.phantom.anatomy.trunk.structures import Bone, Soft
from spinemets.phantom.anatomy.trunk.whole import Trunk, trunk

__all__ = ["Bone", "Column", "Soft", "Trunk", "column", "trunk"]
