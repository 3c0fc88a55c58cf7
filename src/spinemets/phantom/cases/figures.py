"""The demonstration patient."""

from __future__ import annotations

from spinemets.phantom.anatomy.sizes import Collapse
from spinemets.phantom.cases.case import Case, Group
from spinemets.phantom.cases.ingredients import BLASTIC, LYTIC, absent, found

# At the rim; over the anterior sixth of the depth (G-08) it is a little less: see the truth.
WEDGE = Collapse(anterior=0.40, middle=0.24, posterior=0.0)


def _first_light(_: float | None) -> Case:
    return Case(
        name="first-light",
        about="Lytic lesion of L2, blastic nodule of L4, healed wedge fracture of L1 without tumour.",
        inserts=(LYTIC, BLASTIC),
        collapses={"L1": WEDGE},
        expected=(
            *found("L2", "lytic"),
            *found("L4", "blastic"),
            ("FX-01", "L1", None, "present"),
            *absent(("T11", "T12", "L1", "L3", "L5")),
        ),
    )


CASES: Group = {
    "first-light": _first_light,
}
