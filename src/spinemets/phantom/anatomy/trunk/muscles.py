"""Muscles beside and behind the column."""

from __future__ import annotations

import numpy as np

from spinemets.knowledge.catalogue import table
from spinemets.phantom.anatomy.sizes import Patient
from spinemets.phantom.anatomy.trunk.column import Column
from spinemets.phantom.anatomy.trunk.structures import Soft, line, tube, tube_box
from spinemets.phantom.shape.curves import Curve


def muscles(col: Column, patient: Patient) -> list[Soft]:
    """Psoas, quadratus lumborum, erector spinae and multifidus of both sides, and what fills the midline."""
    rows = table("phantom_anatomy")["trunk"]
    ps = np.sqrt(rows["psoas_cm2"][patient.sex] * 100 / np.pi)
    es = np.sqrt(rows["erector_cm2"][patient.sex] * 100 / np.pi / 0.56)

    def along(*points: tuple[str, float]) -> Curve:
        return line(col, *points)

    psoas = (
        (along(("T12", 26.0), ("L1", 27.0), ("L3", 35.0), ("L5", 43.0), ("S1", 50.0)),
         along(("T12", 6.0), ("L2", 2.0), ("L4", -4.0), ("L5", -12.0), ("S1", -34.0))),
        (along(("T12", 1.0), ("L1", ps * 0.35), ("L3", ps * 0.92), ("L5", ps)),
         along(("T12", 2.0), ("L1", ps * 0.55), ("L3", ps * 1.05), ("L5", ps * 1.15))),
    )  # fmt: skip
    quadratus = (
        (along(("T12", 48.0), ("L3", 60.0), ("L5", 66.0)), along(("T12", 22.0), ("L3", 20.0), ("L5", 16.0))),
        (along(("T12", 10.0), ("L3", 17.0), ("L4", 18.0), ("L5", 6.0)), along(("T12", 3.0), ("L3", 8.0), ("L5", 4.0))),
    )
    erector = (
        (along(("T10", 27.0), ("L1", 33.0), ("L3", 35.0), ("L5", 30.0), ("S1", 24.0)),
         along(("T10", 43.0), ("L1", 49.0), ("L3", 51.0), ("L5", 49.0), ("S1", 44.0))),
        (along(("T10", es * 0.85), ("L1", es * 1.05), ("L3", es * 1.05), ("L5", es * 0.85), ("S1", es * 0.6)),
         along(("T10", es * 0.55), ("L1", es * 0.70), ("L3", es * 0.74), ("L5", es * 0.62), ("S1", es * 0.4))),
    )  # fmt: skip
    deep = (
        (along(("T10", 15.0), ("L3", 19.0), ("S1", 17.0)), along(("T10", 36.0), ("L3", 43.0), ("S1", 36.0))),
        (along(("T10", 14.0), ("L3", 18.0), ("S1", 16.0)), along(("T10", 16.0), ("L3", 22.0), ("S1", 18.0))),
    )
    made = []
    for name, side in (("left", 1.0), ("right", -1.0)):
        for muscle, (at, half), marbled in (
            ("psoas", psoas, 0.0),
            ("quadratus", quadratus, 0.05),
            ("erector_spinae", erector, 0.07),
            ("multifidus", deep, 0.10),
        ):
            made.append(
                Soft(
                    name=f"{muscle}_{name}",
                    tissue="muscle",
                    distance=tube(col, at, half, side),
                    box=tube_box(col, at, half, side),
                    marbled=marbled,
                )
            )
    middle = tube(
        col,
        (along(("T10", 0.0), ("S1", 0.0)), along(("T10", 42.0), ("L3", 50.0), ("S1", 40.0))),
        (along(("T10", 2.2), ("S1", 2.6)), along(("T10", 14.0), ("L3", 17.0), ("S1", 14.0))),
        1.0,
    )
    made.append(Soft(name="interspinous", tissue="interspinous", distance=middle, marbled=0.3))
    return made
