"""Lesions of one or a few vertebrae, as CT shows them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from spinemets.model.errors import UsageError
from spinemets.phantom.cases.case import Case, Group
from spinemets.phantom.cases.ingredients import BLASTIC, LYTIC, LYTIC_PEDICLE, MIXED, found
from spinemets.phantom.pathology import benign, metastases
from spinemets.phantom.pathology.inserts import Insert
from spinemets.phantom.pathology.shapes import Ellipsoid
from spinemets.phantom.pathology.walls import WALLS

# A wall counts as broken from this share on (CT-04).
BROKEN_SHARE = 0.05

THIN_ENDPLATES = "slices of 1.25 mm show too little of an endplate across them: CT-04 says so of the neighbours too"


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


def _ct_blastic_mottled(_: float | None) -> Case:
    lesion = metastases.mottled("L3", Ellipsoid(centre_mm=(0.0, 1.0, 0.0), radii_mm=(16.0, 11.0, 9.0)))
    expected = (("CT-02", "L3", None, "present"), ("MR-T1-03", "L3", None, "present"))
    return Case(
        name="ct-blastic-mottled",
        about="Sclerotic grains over 45 % of most of L3.",
        inserts=(lesion,),
        expected=expected,
    )


def _ct_blastic_diffuse(_: float | None) -> Case:
    expected = (("CT-02", "L3", None, "present"), ("MR-T1-01", "L3", None, "present"))
    return Case(
        name="ct-blastic-diffuse",
        about="All of L3 denser by 150 mg/ml, its marrow replaced.",
        inserts=(metastases.sclerosis("L3"),),
        expected=expected,
    )


def _ct_mixed(_: float | None) -> Case:
    return Case(
        name="ct-mixed", about="Lytic and blastic islands in L3.", inserts=(MIXED,), expected=found("L3", "mixed")
    )


def _enostosis(_: float | None) -> Case:
    lesion = benign.enostosis("L3", length_mm=10.0, centre_mm=(-6.0, 3.0, 2.0))
    expected = (
        ("CT-02", "L3", None, "present"),
        ("CT-03", "L3", None, "present"),
        ("MR-STIR-01", "L3", None, "absent"),
    )
    return Case(
        name="enostosis",
        about="Bone island of 10 mm in L3, 1190 HU, with thorns.",
        inserts=(lesion,),
        expected=expected,
    )


def _pedicle_l(_: float | None) -> Case:
    expected = (("CT-05", "L3", "left", "present"), ("CT-05", "L3", "right", "absent"))
    return Case(name="pedicle-l", about="Left pedicle of L3 destroyed.", inserts=(LYTIC_PEDICLE,), expected=expected)


def _cortex_frac(value: float | None) -> Case:
    share = 0.25 if value is None else value
    name = "cortex-frac" if value is None else f"cortex-frac-{value:.2f}"
    _check(name, share)
    state = "present" if share >= BROKEN_SHARE else "absent"
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


def _cortex_wall(value: float | None, wall: str) -> Case:
    share = 0.25 if value is None else value
    name = f"cortex-frac-{wall}" + ("" if value is None else f"-{value:.2f}")
    _check(name, share)
    inserts = (metastases.breach("L3", wall, share),) if share > 0 else ()
    about = f"{wall.capitalize()} wall of L3 breached over a stated share."
    if wall in ("superior", "inferior"):
        return Case(name=name, about=about, inserts=inserts, awaits=THIN_ENDPLATES)
    expected = (("CT-04", "L3", wall, "present" if share >= BROKEN_SHARE else "absent"),)
    return Case(name=name, about=about, inserts=inserts, expected=expected)


def _check(name: str, share: float) -> None:
    if not 0.0 <= share <= 0.9:
        raise UsageError(f"case {name}: the breached share must lie between 0 and 0.9.")


OTHER_WALLS = tuple(wall for wall in WALLS if wall != "posterior")
CASES: Group = {
    "ct-lytic": _ct_lytic,
    "ct-blastic-nodular": _ct_blastic_nodular,
    "ct-blastic-mottled": _ct_blastic_mottled,
    "ct-blastic-diffuse": _ct_blastic_diffuse,
    "ct-mixed": _ct_mixed,
    "enostosis": _enostosis,
    "pedicle-l": _pedicle_l,
    "cortex-frac": _cortex_frac,
    **{f"cortex-frac-{wall}": partial(_cortex_wall, wall=wall) for wall in OTHER_WALLS},
}
# Cases whose name may end in a number.
SIZED = ("cortex-frac", *(f"cortex-frac-{wall}" for wall in OTHER_WALLS))
