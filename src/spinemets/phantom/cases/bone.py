"""Lesions of one or a few vertebrae, as CT shows them."""

from __future__ import annotations

from dataclasses import replace

from spinemets.model.errors import UsageError
from spinemets.phantom.cases.case import Case, Group
from spinemets.phantom.cases.ingredients import BLASTIC, LYTIC, found
from spinemets.phantom.pathology.inserts import Insert


def _ct_lytic(_: float | None) -> Case:
    lesion = replace(LYTIC, level="L3", edge_mm=0.5)
    return Case(name="ct-lytic", about="Sharp lytic lesion of L3.", inserts=(lesion,), expected=found("L3", "lytic"))


def _ct_blastic_nodular(_: float | None) -> Case:
    lesions = (
        replace(BLASTIC, level="L3"),
        replace(BLASTIC, id="blastic-2", level="T12", radii_mm=(6.0, 6.0, 6.0), centre_mm=(5.0, 2.0, 0.0)),
    )
    expected = (*found("L3", "blastic"), *found("T12", "blastic"))
    return Case(name="ct-blastic-nodular", about="Blastic nodules of T12 and L3.", inserts=lesions, expected=expected)


def _ct_mixed(_: float | None) -> Case:
    lesion = Insert(
        id="mixed-1",
        kind="mixed",
        level="L3",
        tissue="lytic_tumour",
        centre_mm=(0.0, 2.0, 0.0),
        radii_mm=(14.0, 11.0, 9.5),
        mineral_retained=0.2,
        lytic_share=0.55,
    )
    return Case(
        name="ct-mixed", about="Lytic and blastic islands in L3.", inserts=(lesion,), expected=found("L3", "mixed")
    )


def _pedicle_left(_: float | None) -> Case:
    lesion = Insert(
        id="pedicle-1",
        kind="lytic",
        level="L3",
        tissue="lytic_tumour",
        centre_mm=(16.0, -22.0, 5.0),
        radii_mm=(7.5, 9.0, 8.0),
        mineral_retained=0.1,
        breaks_cortex=True,
        compartments=("pedicle_left", "body"),
    )
    expected = (("CT-05", "L3", "left", "present"), ("CT-05", "L3", "right", "absent"))
    return Case(name="pedicle-left", about="Left pedicle of L3 destroyed.", inserts=(lesion,), expected=expected)


def _cortex_frac(value: float | None) -> Case:
    share = 0.25 if value is None else value
    name = "cortex-frac" if value is None else f"cortex-frac-{value:.2f}"
    if not 0.0 <= share <= 0.9:
        raise UsageError(f"case {name}: the breached share must lie between 0 and 0.9.")
    state = "present" if share >= 0.05 else "absent"
    # Half axes of an ellipse of that share of a wall of about 26 x 23 mm (between the pedicle roots).
    across, up = (26.0 * 23.0 * share / 3.1416) ** 0.5 * 1.06, (26.0 * 23.0 * share / 3.1416) ** 0.5 / 1.06
    inserts: tuple[Insert, ...] = ()
    if share > 0:
        inserts = (
            Insert(
                id="breach-1",
                kind="lytic",
                level="L3",
                tissue="lytic_tumour",
                centre_mm=(0.0, -15.5, 0.0),
                radii_mm=(across + 0.4, 9.0, up + 0.4),
                mineral_retained=0.1,
                breaks_cortex=True,
            ),
        )
    expected = (("CT-04", "L3", "posterior", state),)
    return Case(name=name, about="Back wall of L3 breached over a stated share.", inserts=inserts, expected=expected)


CASES: Group = {
    "ct-lytic": _ct_lytic,
    "ct-blastic-nodular": _ct_blastic_nodular,
    "ct-mixed": _ct_mixed,
    "pedicle-left": _pedicle_left,
    "cortex-frac": _cortex_frac,
}
