"""Cases of the synthetic patient by name, and what a good reading must find in each.

An expectation is (criterion, level, part, state). A case name may end in a number that sets its size, as in
`cortex-frac-0.10`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from spinemets.model.errors import UsageError
from spinemets.phantom.anatomy.sizes import LEVELS, Collapse, Patient
from spinemets.phantom.cases.case import Case
from spinemets.phantom.pathology.inserts import Insert
from spinemets.phantom.pathology.screw import Screw

LYTIC = Insert(
    id="lytic-1",
    kind="lytic",
    level="L2",
    tissue="lytic_tumour",
    centre_mm=(5.0, 2.0, 0.5),
    radii_mm=(8.5, 8.5, 8.5),
    edge_mm=2.0,
    mineral_retained=0.2,
)
BLASTIC = Insert(
    id="blastic-1",
    kind="blastic",
    level="L4",
    tissue="blastic_tumour",
    centre_mm=(-7.0, 1.0, -0.5),
    radii_mm=(7.5, 7.5, 7.5),
    edge_mm=1.0,
)
# At the rim; over the anterior sixth of the depth (G-08) it is a little less: see the truth.
WEDGE = Collapse(anterior=0.40, middle=0.24, posterior=0.0)


# Levels that the default series hold whole.
LUMBAR_FIELD = ("T11", "T12", "L1", "L2", "L3", "L4", "L5")
# A loss over the anterior sixth of the depth (G-08) is this much greater at the rim.
RIM_SHARE = 1.085


def _found(level: str, kind: str) -> tuple[tuple[str, str, str | None, str], ...]:
    """Expectations for a focal lesion."""
    by_kind = {
        "lytic": (("CT-02", "present"), ("MR-T1-03", "present"), ("MR-STIR-01", "present"), ("MR-T1-01", "present")),
        "blastic": (("CT-02", "present"), ("MR-T1-03", "present"), ("MR-STIR-01", "absent")),
        "mixed": (("CT-02", "present"), ("MR-T1-03", "present")),
        "marrow_only": (("CT-02", "absent"), ("MR-T1-03", "present"), ("MR-STIR-01", "present")),
    }
    return tuple((criterion, level, None, state) for criterion, state in by_kind[kind])


def _absent(levels: tuple[str, ...]) -> tuple[tuple[str, str, str | None, str], ...]:
    """Levels at which no lesion may be found."""
    return tuple((criterion, level, None, "absent") for level in levels for criterion in ("CT-02", "MR-T1-03"))


def _first_light(_: float | None) -> Case:
    return Case(
        name="first-light",
        about="Lytic lesion of L2, blastic nodule of L4, healed wedge fracture of L1 without tumour.",
        inserts=(LYTIC, BLASTIC),
        collapses={"L1": WEDGE},
        expected=(
            *_found("L2", "lytic"),
            *_found("L4", "blastic"),
            ("FX-01", "L1", None, "present"),
            *_absent(("T11", "T12", "L1", "L3", "L5")),
        ),
    )


def _normal(_: float | None) -> Case:
    return Case(name="normal", about="No lesion and no fracture.", expected=_absent(LUMBAR_FIELD))


def _ct_lytic(_: float | None) -> Case:
    lesion = replace(LYTIC, level="L3", edge_mm=0.5)
    return Case(name="ct-lytic", about="Sharp lytic lesion of L3.", inserts=(lesion,), expected=_found("L3", "lytic"))


def _ct_blastic_nodular(_: float | None) -> Case:
    lesions = (
        replace(BLASTIC, level="L3"),
        replace(BLASTIC, id="blastic-2", level="T12", radii_mm=(6.0, 6.0, 6.0), centre_mm=(5.0, 2.0, 0.0)),
    )
    expected = (*_found("L3", "blastic"), *_found("T12", "blastic"))
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
        name="ct-mixed", about="Lytic and blastic islands in L3.", inserts=(lesion,), expected=_found("L3", "mixed")
    )


def _marrow_only(_: float | None) -> Case:
    lesion = Insert(
        id="marrow-1",
        kind="marrow_only",
        level="L3",
        tissue="marrow_only_infiltrate",
        centre_mm=(-4.0, 2.0, 0.0),
        radii_mm=(10.0, 9.0, 9.0),
        mineral_retained=1.0,
    )
    return Case(
        name="marrow-only",
        about="Marrow of L3 replaced between intact trabeculae: MR shows it, CT does not.",
        inserts=(lesion,),
        expected=_found("L3", "marrow_only"),
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


def _fx_grades(_: float | None) -> Case:
    losses = {"T11": 0.225, "L1": 0.32, "L3": 0.45, "L5": 0.10}
    collapses = {
        level: Collapse(anterior=RIM_SHARE * loss, middle=0.6 * loss, posterior=0.0) for level, loss in losses.items()
    }
    # 22.5 % lies nearer to the limit of 20 % than slices of a millimetre can tell.
    states = {"T11": "indeterminate", "L1": "present", "L3": "present", "L5": "absent"}
    expected = tuple(("FX-01", level, None, state) for level, state in states.items())
    return Case(
        name="fx-grades",
        about="Healed wedges of 10, 22.5, 32 and 45 % anterior loss.",
        collapses=collapses,
        expected=expected,
    )


def _diffuse(_: float | None) -> Case:
    inserts = tuple(
        Insert(
            id=f"diffuse-{level}",
            kind="diffuse",
            level=level,
            tissue="diffuse_infiltrate",
            mineral_retained=0.9,
            share=0.92,
            compartments=("body", "posterior_elements"),
        )
        for level in LEVELS
    )
    expected = tuple(("MR-T1-01", level, None, "present") for level in LUMBAR_FIELD)
    return Case(name="diffuse", about="All marrow replaced: dark on T1 everywhere.", inserts=inserts, expected=expected)


def _hw_ct(_: float | None) -> Case:
    screws = tuple(Screw(level=level, side=side) for level in ("L3", "L4") for side in ("left", "right"))
    return Case(
        name="hw-ct",
        about="Titanium pedicle screws in L3 and L4.",
        screws=screws,
        patient=Patient(age_years=58.0),
        series=("ct",),
    )


CASES: dict[str, Callable[[float | None], Case]] = {
    "first-light": _first_light,
    "normal": _normal,
    "ct-lytic": _ct_lytic,
    "ct-blastic-nodular": _ct_blastic_nodular,
    "ct-mixed": _ct_mixed,
    "marrow-only": _marrow_only,
    "pedicle-left": _pedicle_left,
    "cortex-frac": _cortex_frac,
    "fx-grades": _fx_grades,
    "diffuse": _diffuse,
    "hw-ct": _hw_ct,
}


def case_of(name: str) -> Case:
    """Case by name; `cortex-frac-0.10` gives the breached share.

    Raises
    ------
    UsageError
        If there is no such case.
    """
    if name in CASES:
        return CASES[name](None)
    stem, _, number = name.rpartition("-")
    if stem == "cortex-frac":
        try:
            return CASES[stem](float(number))
        except ValueError:
            pass
    raise UsageError(f"There is no synthetic case {name!r}.", f"Choose one of {', '.join(CASES)}.")
