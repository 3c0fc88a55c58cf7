"""How unevenly a patient's marrow is made: fields of fat and of trabeculae, and their spread at an age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.shape.texture import Field, Spectrum, stream

# What is low where trabeculae are dense, read from the field of the mineral.
MARROW, MINERAL = "marrow", "mineral"


@dataclass(frozen=True, kw_only=True, eq=False)
class Structure:
    """Marrow of one patient.

    Attributes
    ----------
    fields
        `fat`, `mineral`.
    cv
        Coefficient of variation of `fat`, `mineral` and `marrow`.
    step_mm
        Distance of the nodes of both fields.
    """

    fields: Mapping[str, Field]
    cv: Mapping[str, float]
    step_mm: float

    def of(self, name: str) -> tuple[Field, float]:
        """Field and coefficient of variation (below 0 = high where the field is low) of a texture."""
        return (self.fields[MINERAL], -self.cv[name]) if name == MARROW else (self.fields[name], self.cv[name])


def structure(age_years: float, seed: int) -> Structure:
    """Structure of a patient: marrow grows patchier with age (PHA-80)."""
    rows = table("phantom_anatomy")["texture"]
    spectra = {name: Spectrum(step_mm=rows["step_mm"], **rows["spectrum"][name]) for name in rows["spectrum"]}
    return Structure(
        fields={name: Field.scale_free(stream(seed, name), spectrum) for name, spectrum in spectra.items()},
        cv={name: float(np.interp(age_years, rows["age_years"], cv)) for name, cv in rows["cv"].items()},
        step_mm=rows["step_mm"],
    )
