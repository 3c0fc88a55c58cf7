"""Maps of the digital spine's balls of known tissue, read from its DICOM files, against what was put in."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.app.pipeline import open_study
from spinemets.maps.from_study.compute import compute
from spinemets.maps.from_study.how import How
from spinemets.model.parametric_map import MapResult, NotMapped
from spinemets.phantom.files.write import write_dicom
from spinemets.phantom.patient import Phantom, build
from studies.maps import ball_truths as truths
from studies.maps.ball_truths import Ball, Truth
from studies.maps.rows import Row, at_least, at_most

# Of each ball (7 mm) the part that slices of 4.4 mm do not mix with what lies around it.
INSIDE_MM = 3.5
# Voxels that a median is told from (all of them where a ball has fewer); those that a map itself marks as unsure are left out.
FEWEST = 4
MARKS = ("prevailing_unsure", "swap_suspected")


@dataclass(frozen=True, kw_only=True)
class Check:
    """One map of one case: what to make and compute, and what a ball should read within which error.

    Attributes
    ----------
    within
        What the median of the balls' errors may be, in `unit`.
    per_unit
        Units of the map in one `unit`.
    held
        Whether the map's intervals are held against the truth too.
    """

    case: str
    series: str
    kind: str
    map: str
    truth: Truth
    within: float
    unit: str
    per_unit: float = 1.0
    held: bool = False

    @property
    def about(self) -> str:
        """Case, series and map."""
        return f"{self.case}, {self.series}: {self.map}"


def _in_opposed(series: str, field_t: float, te_ms: tuple[float, float]) -> Check:
    return Check(
        case="csi-grid", series=series, kind="opposed-phase", map="drop_percent", truth=truths.apparent_drop(field_t, te_ms),
        within=6.0, unit="points",
    )  # fmt: skip


def _of_magnitudes(case: str, series: str, field_t: float, within: float) -> Check:
    return Check(
        case=case, series=series, kind="fat-fraction", map="fat_fraction_magnitude", truth=truths.apparent_fraction(field_t),
        within=within, unit="points", per_unit=0.01, held=True,
    )  # fmt: skip


def _of_complex(case: str, field_t: float, suffix: str = "") -> tuple[Check, ...]:
    """Fat fraction, decay and field of magnitude and phase: as exact as noise allows at T2* of 5 ms (PHA-48)."""
    made = {"case": case, "series": f"dixon_magnitude{suffix},dixon_phase{suffix}", "kind": "fat-fraction"}
    fraction, rate = truths.apparent_fraction(field_t), truths.r2star_per_s(field_t)
    return (
        Check(**made, map="pdff", truth=fraction, within=1.5, unit="points", per_unit=0.01, held=True),
        Check(**made, map="r2star_per_s", truth=rate, within=10.0 if case == "pdff-grid" else 5.0, unit="/s"),
        Check(**made, map="field_map_hz", truth=truths.field_map_hz(f"dixon_phase{suffix}"), within=2.0, unit="Hz"),
    )


IVIM = {"case": "ivim-grid", "series": "dwi_ivim", "kind": "ivim", "held": True}
DYNAMIC = {"case": "dce-types", "series": "vfa,dce"}
CHECKS = (
    Check(case="adc-grid", series="dwi", kind="adc", map="adc_mm2_per_s", truth=lambda b: b.tissue.diffusion.adc_mm2_per_s, within=0.06, unit="1e-3 mm2/s", per_unit=1e-3),
    Check(**IVIM, map="f", truth=lambda b: b.tissue.diffusion.perfused_share, within=0.04, unit="share"),
    Check(**IVIM, map="d_mm2_per_s", truth=lambda b: b.tissue.diffusion.d_mm2_per_s, within=0.06, unit="1e-3 mm2/s", per_unit=1e-3),
    Check(**IVIM, map="dstar_mm2_per_s", truth=lambda b: b.tissue.diffusion.dstar_mm2_per_s, within=10.0, unit="1e-3 mm2/s", per_unit=1e-3),
    *_of_complex("pdff-grid", 1.5), *_of_complex("pdff-grid-30", 1.5),
    *_of_complex("pdff-grid", 3.0, "_3t"), *_of_complex("pdff-grid-30", 3.0, "_3t"),
    _of_magnitudes("pdff-grid", "dixon", 1.5, 6.0), _of_magnitudes("pdff-grid-30", "dixon", 1.5, 4.0),
    _of_magnitudes("pdff-grid", "dixon_3t", 3.0, 6.0), _of_magnitudes("pdff-grid-30", "dixon_3t", 3.0, 4.0),
    _in_opposed("in_phase,opposed_phase", 1.5, (2.3, 4.6)), _in_opposed("in_phase_3t,opposed_phase_3t", 3.0, (1.15, 2.3)),
    Check(**DYNAMIC, kind="t1", map="t1_s", truth=truths.apparent_t1_s, within=0.1, unit="s"),
    Check(**DYNAMIC, kind="dce", map="ktrans_per_min", truth=lambda b: b.tissue.perfusion.ktrans_per_min, within=0.03, unit="/min"),
    Check(**DYNAMIC, kind="dce", map="ve", truth=lambda b: b.tissue.perfusion.ve, within=0.08, unit="share"),
    Check(**DYNAMIC, kind="enhancement", map="peak_percent", truth=truths.peak_percent, within=20.0, unit="%"),
    Check(**DYNAMIC, kind="enhancement", map="curve_type", truth=truths.curve_type, within=0.0, unit="place in A to E"),
    Check(case="dce-types", series="t1,t1_gd_gain", kind="enhancement", map="percent", truth=truths.enhancement_percent("t1", "t1_gd_gain"), within=3.0, unit="%"),
    Check(case="pet-suv", series="pet", kind="suv", map="suv_bw_g_per_ml", truth=lambda b: b.tissue.uptake.fdg_suv_g_per_ml, within=0.5, unit="g/ml"),
    Check(case="pet-suv", series="pet_admin", kind="suv", map="suv_bw_g_per_ml", truth=lambda b: b.tissue.uptake.fdg_suv_g_per_ml, within=0.5, unit="g/ml"),
)  # fmt: skip
# Share of the voxels of balls: whose interval of 95 % must hold the truth (noise is not normal where signals are weak), and that may be
# off by so many points without a mark.
HELD, UNMARKED, OFF_POINTS = 0.9, 0.05, 15.0


def region_means(checks: tuple[Check, ...] = CHECKS) -> list[Row]:
    """Medians over the inside of each ball against the tissue's own values; what a map marks as unsure is not held against it."""
    rows = []
    for check in checks:
        read = [(_median(values, ~marked), truth, ball) for values, marked, truth, ball in _inside(check)]
        if check.kind == "suv":
            # Small hot balls read low (recovery): the largest of them alone, and no more than it holds.
            read = [max(read, key=lambda one: one[2].radius_mm)]
        errors = [abs(value - truth) / check.per_unit for value, truth, _ in read]
        told = [e for e in errors if np.isfinite(e)]
        figure = (
            f"{np.median(told):.3g} median, {max(told):.3g} largest of {len(told)} ({len(errors) - len(told)} not told)"
            if told
            else "none told"
        )
        rows.append(
            Row(
                what=f"{check.about} [{check.unit}]",
                figure=figure,
                bar=f"median <= {check.within:g}",
                met=bool(told) and float(np.median(told)) <= check.within,
            )
        )
    return rows


def intervals(checks: tuple[Check, ...] = CHECKS) -> list[Row]:
    """Share of the balls' voxels whose interval of 95 % holds the truth, marked or not."""
    rows = []
    for check in (one for one in checks if one.held):
        holds = [(low <= truth + 1e-6) & (truth - 1e-6 <= high) for (low, high), truth in _ends(check) if len(low)]
        every = np.concatenate(holds)
        what = f"{check.about}: share of {len(every)} intervals that hold the truth"
        rows.append(at_least(what, float(every.mean()), HELD, ".3f"))
    return rows


def confident_errors(checks: tuple[Check, ...] = CHECKS) -> list[Row]:
    """Fractions that are far off and not marked as unsure: a share of all voxels of the balls; the share marked beside it."""
    rows = []
    for check in (one for one in checks if one.kind == "fat-fraction" and one.unit == "points"):
        every = [(values - truth, marked) for values, marked, truth, _ in _inside(check)]
        error, marked = (np.concatenate(part) for part in zip(*every, strict=True))
        marked, off = marked[np.isfinite(error)], np.abs(error[np.isfinite(error)]) > OFF_POINTS * check.per_unit
        what = f"{check.about}: share more than {OFF_POINTS:g} points off and not marked ({marked.mean():.2f} of {len(off)} marked)"
        rows.append(at_most(what, float((off & ~marked).mean()), UNMARKED, ".3f"))
    return rows


def _ends(check: Check) -> Iterator[tuple[tuple[NDArray[Any], NDArray[Any]], float]]:
    """Ends of the intervals of each ball that are told."""
    made, balls = _balls(check)
    array = next(part.array for part in made.maps if part.name == f"{check.map}_ci95")
    for ball in balls:
        ends = array[_near(ball)]
        ends = ends[np.isfinite(ends).all(axis=-1)]
        yield (ends[:, 0], ends[:, 1]), check.truth(ball)


def _inside(check: Check) -> Iterator[tuple[NDArray[Any], NDArray[np.bool_], float, Ball]]:
    """Values of each ball, which of them the map marks as unsure, and the truth."""
    made, balls = _balls(check)
    array = next(part.array for part in made.maps if part.name == check.map).astype(float)
    if check.map == "curve_type":
        array = np.where(array == 0.0, np.nan, array)  # the map's code for a type that is not told
    marks = next((part.array for part in made.maps if part.name in MARKS), np.zeros(array.shape, np.uint8))
    for ball in balls:
        near = _near(ball)
        yield array[near], marks[near] != 0, check.truth(ball), ball


def _near(ball: Ball) -> NDArray[np.bool_]:
    index = np.stack(np.meshgrid(*[np.arange(n) for n in ball.grid.shape_ijk], indexing="ij"), axis=-1)
    return np.asarray(np.linalg.norm(ball.grid.to_lps_mm(index) - ball.centre_lps_mm, axis=-1) <= INSIDE_MM)


def _median(values: NDArray[Any], sure: NDArray[np.bool_]) -> float:
    """Median of the sure numbers of a ball; nan where too few are."""
    told = values[sure & np.isfinite(values)]
    return float(np.median(told)) if len(told) >= min(FEWEST, len(values)) else float("nan")


def _balls(check: Check) -> tuple[MapResult, list[Ball]]:
    """The map's result, and the balls of the case."""
    patient, made, not_made = _mapped(check.case, check.series, check.kind)
    found = next((one for one in made if any(part.name == check.map for part in one.maps)), None)
    if found is None:
        raise ValueError(f"{check.case}: {check.map} was not made: {[one.reason for one in not_made]}")
    return found, [
        Ball(
            tissue=insert.all_parts[0].written,
            centre_lps_mm=np.array(ball["centroid_lps_mm"]),
            radius_mm=ball["radii_mm"][0],
            grid=found.grid,
        )
        for ball, insert in zip(patient.truth["lesions"], patient.case.inserts, strict=True)
    ]


@cache
def _mapped(case: str, series: str, kind: str) -> tuple[Phantom, list[MapResult], list[NotMapped]]:
    """Maps of a case, written and read back."""
    patient = build(case, 1)
    with tempfile.TemporaryDirectory() as folder:
        write_dicom(patient, Path(folder), tuple(series.split(",")))
        made, not_made = compute(open_study(Path(folder)), kind, How(motion=False))
    return patient, made, not_made
