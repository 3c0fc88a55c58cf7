"""Soft tissue and bone around the spine: skin, fat, muscles, vessels, organs, ribs, pelvis, skull base."""

from __future__ import annotations

from spinemets.phantom.anatomy.sizes import Patient
from spinemets.phantom.anatomy.trunk.column import Column, column
from spinemets.phantom.anatomy.trunk.contour import envelope
from spinemets.phantom.anatomy.trunk.muscles import muscles
from spinemets.phantom.anatomy.trunk.organs import organs
from spinemets.phantom.anatomy.trunk.structures import Soft
from spinemets.phantom.anatomy.trunk.vessels import vessels

__all__ = ["Column", "Soft", "column", "soft_structures"]


def soft_structures(col: Column, patient: Patient, seed: int) -> list[Soft]:
    """Everything around the bones, painted in this order."""
    return [*envelope(col), *organs(col, seed), *vessels(col), *muscles(col, patient)]
