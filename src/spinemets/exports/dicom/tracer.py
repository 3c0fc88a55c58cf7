"""Radiopharmaceuticals in headers of PET and nuclear medicine (PS3.3 C.8.9.2, C.8.4.10)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from spinemets.exports.dicom.about import Code
from spinemets.exports.dicom.text import date_time, decimal, item, items, time
from spinemets.knowledge.catalogue import table
from spinemets.model.errors import UsageError

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

FDG = Code(value="35321007", scheme="SCT", meaning="Fluorodeoxyglucose F^18^")
SODIUM_FLUORIDE = Code(value="129501009", scheme="SCT", meaning="Sodium fluoride F^18^")
MEDRONATE = Code(value="96390006", scheme="SCT", meaning="Technetium Tc^99m^ medronate")
INTRAVENOUS = Code(value="47625008", scheme="SCT", meaning="Intravenous route")
BQ_PER_MBQ = 1e6
# Codes of DICOM itself have six digits, those of SNOMED CT seven and more.
DCM_DIGITS = 6


@dataclass(frozen=True, kw_only=True)
class Radiopharmaceutical:
    """What was injected.

    Attributes
    ----------
    agent, code
        Words, and the code (PS3.16 CID 25 or CID 4021) where there is one.
    nuclide
        Symbol and mass number, e.g. `F-18`, `Tc-99m`: a row of the table `radionuclides`, which has its half-life.
    dose_bq
        Activity at the injection.
    positron_fraction
        Share of decays that emit a positron, None where not stated.
    """

    agent: str
    nuclide: str
    dose_bq: float
    injected: datetime
    code: Code | None = None
    positron_fraction: float | None = None

    @property
    def half_life_s(self) -> float:
        """Half-life of the nuclide."""
        return float(_row(self.nuclide)["half_life_s"])

    @property
    def decay_per_s(self) -> float:
        """Decay constant."""
        return math.log(2.0) / self.half_life_s


def pet_item(tracer: Radiopharmaceutical) -> Dataset:
    """Item of the Radiopharmaceutical Information Sequence of PET: the dose in becquerels."""
    d = _item(tracer)
    d.RadionuclideTotalDose, d.RadionuclideHalfLife = decimal(tracer.dose_bq), decimal(tracer.half_life_s)
    d.RadiopharmaceuticalStartDateTime = date_time(tracer.injected)
    d.RadiopharmaceuticalCodeSequence = items(tracer.code)
    if tracer.positron_fraction is not None:
        d.RadionuclidePositronFraction = decimal(tracer.positron_fraction)
    return d


def nuclear_item(tracer: Radiopharmaceutical) -> Dataset:
    """Item of the Radiopharmaceutical Information Sequence of nuclear medicine: the dose in megabecquerels."""
    d = _item(tracer)
    d.RadionuclideTotalDose = decimal(tracer.dose_bq / BQ_PER_MBQ)
    d.RadiopharmaceuticalCodeSequence = items(tracer.code)
    return d


def _item(tracer: Radiopharmaceutical) -> Dataset:
    from pydicom.dataset import Dataset  # lazy: heavy import

    d = Dataset()
    d.Radiopharmaceutical = tracer.agent
    d.RadiopharmaceuticalStartTime = time(tracer.injected)
    d.RadionuclideCodeSequence = [item(_nuclide(tracer.nuclide))]
    d.AdministrationRouteCodeSequence = [item(INTRAVENOUS)]
    return d


def _nuclide(name: str) -> Code:
    """Code of a nuclide, its meaning written as PS3.16 CID 18 does: `^18^Fluorine`."""
    row, mass = _row(name), name.partition("-")[2]
    value = str(row["codes"][0])
    scheme = "DCM" if len(value) == DCM_DIGITS else "SCT"
    return Code(value=value, scheme=scheme, meaning=f"^{mass}^{str(row['element']).capitalize()}")


def _row(name: str) -> dict[str, Any]:
    rows: dict[str, dict[str, Any]] = table("radionuclides")["nuclides"]
    if name not in rows:
        raise UsageError(f"Radionuclide {name!r} is not known.", "Write symbol and mass number, e.g. F-18.")
    return rows[name]
