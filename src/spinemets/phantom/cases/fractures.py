"""Fractures by grade, and what speaks for a benign or a malignant one.

An acute fracture is expected by its height loss only: what its marrow shows is a matter of the whole sheet of evidence.
"""

from __future__ import annotations

from dataclasses import replace

from spinemets.phantom.anatomy.sizes import Collapse
from spinemets.phantom.cases.case import Case, Group
from spinemets.phantom.pathology.fracture import Fracture

# A loss over the anterior sixth of the depth (G-08) is this much greater at the rim.
RIM_SHARE = 1.085
SERIES = ("ct", "t1", "t2", "stir")


def _wedge(loss: float) -> tuple[float, float]:
    """Loss at the front rim and in the middle of a wedge with that loss over the anterior sixth."""
    return RIM_SHARE * loss, 0.6 * loss


def _healed(name: str, losses: dict[str, float], states: dict[str, str], about: str) -> Case:
    """Healed wedges of several levels."""
    collapses = {}
    for level, loss in losses.items():
        anterior, middle = _wedge(loss)
        collapses[level] = Collapse(anterior=anterior, middle=middle)
    expected = tuple(("FX-01", level, None, state) for level, state in states.items())
    return Case(name=name, about=about, collapses=collapses, expected=expected)


def _fx_grades(_: float | None) -> Case:
    # 22.5 % lies nearer to the limit of 20 % than slices of a millimetre can tell.
    return _healed(
        "fx-grades",
        {"T11": 0.225, "L1": 0.32, "L3": 0.45, "L5": 0.10},
        {"T11": "indeterminate", "L1": "present", "L3": "present", "L5": "absent"},
        "Healed wedges of 10, 22.5, 32 and 45 % anterior loss.",
    )


# So near to 20 % the interval of the loss holds the limit.
_UNSURE = {"L1": "indeterminate"}


def _fx_grades_20(_: float | None) -> Case:
    return _healed("fx-grades-20", {"L1": 0.20}, _UNSURE, "Healed wedge of 20 % anterior loss, the limit of grade 1.")


def _fx_grades_25(_: float | None) -> Case:
    return _healed("fx-grades-25", {"L1": 0.25}, _UNSURE, "Healed wedge of 25 % anterior loss, the limit of grade 2.")


def _fx_grades_40(_: float | None) -> Case:
    states = {"L1": "present"}
    return _healed("fx-grades-40", {"L1": 0.40}, states, "Healed wedge of 40 % anterior loss, the limit of grade 3.")


_ANTERIOR, _MIDDLE = _wedge(0.35)
# Benign: a wedge of 35 % with a compacted band of 5 mm, half of the marrow oedematous.
BENIGN = Fracture(anterior=_ANTERIOR, middle=_MIDDLE, band_mm=5.0, oedema=0.5)
MALIGNANT = replace(BENIGN, band_mm=0.0, oedema=0.0, tumour=True, convex_mm=3.0, pedicles=("left", "right"))


def _of(name: str, about: str, fracture: Fracture, level: str = "L1") -> Case:
    """One fractured level."""
    expected = (("FX-01", level, None, "present"),)
    return Case(name=name, about=about, collapses={level: fracture}, expected=expected, series=SERIES)


def _benign_typical(_: float | None) -> Case:
    fracture = replace(BENIGN, spared=0.15, retropulsion_mm=5.0, cleft_ml=1.0)
    return _of("fx-benign-typical", "Acute benign wedge of L1: band, spared marrow, cleft, angular corner.", fracture)


def _malignant_typical(_: float | None) -> Case:
    return _of("fx-malignant-typical", "Malignant wedge of L1: all marrow and pedicles, convex wall.", MALIGNANT)


def _overlap(_: float | None) -> Case:
    fracture = replace(BENIGN, oedema=1.0, retropulsion_mm=5.0, pedicles=("left",))
    return _of("fx-overlap", "Acute benign wedge of L1 with full oedema, band, corner and pedicle oedema.", fracture)


def _band(_: float | None) -> Case:
    return _of("fx-band", "Acute benign wedge of L1 with a band of 5 mm and oedema around it.", BENIGN)


def _spared(_: float | None) -> Case:
    fracture = replace(BENIGN, band_mm=0.0, oedema=0.6, spared=0.2)
    return _of("fx-spared", "Acute benign wedge of L1 with spared marrow below and in islands.", fracture)


def _full_edema(_: float | None) -> Case:
    return _of("fx-full-edema", "Acute benign wedge of L1, oedema in the whole body.", replace(BENIGN, oedema=1.0))


def _convex_wall(_: float | None) -> Case:
    fracture = replace(MALIGNANT, pedicles=())
    return _of("fx-convex-wall", "Malignant wedge of L1, back wall convex by 3 mm, pedicles kept.", fracture)


def _retropulsion(_: float | None) -> Case:
    return _of(
        "fx-retropulsion",
        "Acute benign wedge of L1, posterosuperior corner pushed back 5 mm.",
        replace(BENIGN, retropulsion_mm=5.0),
    )


def _pedicle_edema(_: float | None) -> Case:
    fracture = replace(BENIGN, oedema=1.0, pedicles=("left",))
    return _of("fx-pedicle-edema", "Acute benign wedge of L1, oedema of the body and the left pedicle.", fracture)


def _fig10(_: float | None) -> Case:
    anterior, middle = _wedge(0.30)
    fracture = Fracture(anterior=anterior, middle=middle, oedema=1.0, cleft_ml=2.0)
    return _of("fig10", "Acute benign fracture of T11 with a cleft of 2 ml full of fluid.", fracture, "T11")


CASES: Group = {
    "fx-grades": _fx_grades,
    "fx-grades-20": _fx_grades_20,
    "fx-grades-25": _fx_grades_25,
    "fx-grades-40": _fx_grades_40,
    "fx-benign-typical": _benign_typical,
    "fx-malignant-typical": _malignant_typical,
    "fx-overlap": _overlap,
    "fx-band": _band,
    "fx-spared": _spared,
    "fx-full-edema": _full_edema,
    "fx-convex-wall": _convex_wall,
    "fx-retropulsion": _retropulsion,
    "fx-pedicle-edema": _pedicle_edema,
    "fig10": _fig10,
}
