"""Maps of the digital spine's balls of known tissue, read from its DICOM files, against what was put in."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from spinemets.app.pipeline import open_study
from spinemets.maps.from_study.compute import compute
from spinemets.maps.from_study.how import How
from spinemets.model.parametric_map import MapResult, NotMapped
from spinemets.phantom.cases.named import case_of
from spinemets.phantom.files.demo import make_demo
from spinemets.phantom.tissue.tissues import Tissue, fat_pool_ms
from spinemets.physics.fat_water import FatSpectrum, phasor
from studies.maps.rows import Row

# Of each ball (7 mm) the part that slices of 4.4 mm do not mix with what lies around it.
INSIDE_MM = 3.5
# Voxels that a median is told from; those that a map itself marks as unsure are left out.
FEWEST = 4
HAMILTON = FatSpectrum(
    ppm=(-3.80, -3.40, -2.60, -1.95, -0.50, 0.60), amplitudes=(0.088, 0.700, 0.120, 0.006, 0.039, 0.047)
)
Truth = Callable[[Tissue], float]


@dataclass(frozen=True, kw_only=True)
class Check:
    """One map of one case: what to make and compute, and what a tissue should read within which error."""

    case: str
    series: str
    kind: str
    map: str
    truth: Truth
    within: float
    unit: str


def _weighted(tissue: Tissue, flip_deg: float, tr_ms: float) -> tuple[float, float]:
    """Signals of water and fat of a spoiled gradient echo before decay: T1 weighs both."""
    a = np.radians(flip_deg)
    pools = []
    for share, t1_ms in ((1.0 - tissue.fat_fraction, tissue.t1_ms), (tissue.fat_fraction, fat_pool_ms()[0])):
        e = np.exp(-tr_ms / t1_ms)
        pools.append(float(share * np.sin(a) * (1.0 - e) / (1.0 - e * np.cos(a))))
    return pools[0], pools[1]


def _apparent_drop(tissue: Tissue) -> float:
    """Drop in percent of a mixture with its decay and T1 weighting, at opposed and in-phase echoes of 1.5 T."""
    water, fat = _weighted(tissue, 60.0, 120.0)
    signals = [abs(water + fat * _phasor(te)) * np.exp(-te / tissue.t2star_ms) for te in (2.3, 4.6)]
    return float(100.0 * (1.0 - signals[0] / signals[1]))


def _apparent_fraction(tissue: Tissue) -> float:
    """Fat fraction in points as T1 weighs it at 3 degrees and TR 10 ms."""
    water, fat = _weighted(tissue, 3.0, 10.0)
    return 100.0 * fat / (water + fat)


def _apparent_t1_s(tissue: Tissue) -> float:
    """T1 that 3 and 15 degrees tell of a mixture at TE 1.8 ms: fat opposed to water makes it longer."""
    seen = []
    for flip in (3.0, 15.0):
        water, fat = _weighted(tissue, flip, 5.0)
        seen.append(abs(water + fat * _phasor(1.8)))
    x, y = (
        np.array([s / f(np.radians(flip)) for s, flip in zip(seen, (3.0, 15.0), strict=True)]) for f in (np.tan, np.sin)
    )
    return float(-0.005 / np.log((y[1] - y[0]) / (x[1] - x[0])))


def _phasor(te_ms: float) -> complex:
    return complex(np.asarray(phasor(spectrum=HAMILTON, field_t=1.5, te_ms=[te_ms])).reshape(-1)[0])


CHECKS = (
    Check(case="adc-grid", series="dwi", kind="adc", map="adc_mm2_per_s", truth=lambda t: 1e3 * t.diffusion.adc_mm2_per_s, within=0.06, unit="1e-3 mm2/s"),
    Check(case="pdff-grid", series="dixon", kind="fat-fraction", map="fat_fraction_magnitude", truth=_apparent_fraction, within=6.0, unit="points"),
    Check(case="pdff-grid-30", series="dixon", kind="fat-fraction", map="fat_fraction_magnitude", truth=_apparent_fraction, within=4.0, unit="points"),
    Check(case="csi-grid", series="in_phase,opposed_phase", kind="opposed-phase", map="drop_percent", truth=_apparent_drop, within=6.0, unit="points"),
    Check(case="dce-types", series="vfa,dce", kind="t1", map="t1_s", truth=_apparent_t1_s, within=0.1, unit="s"),
    Check(case="dce-types", series="vfa,dce", kind="dce", map="ktrans_per_min", truth=lambda t: t.perfusion.ktrans_per_min, within=0.03, unit="/min"),
    Check(case="dce-types", series="vfa,dce", kind="dce", map="ve", truth=lambda t: t.perfusion.ve, within=0.08, unit="share"),
    Check(case="pet-suv", series="pet", kind="suv", map="suv_bw_g_per_ml", truth=lambda t: t.uptake.fdg_suv_g_per_ml, within=0.5, unit="g/ml"),
    Check(case="pet-suv", series="pet_admin", kind="suv", map="suv_bw_g_per_ml", truth=lambda t: t.uptake.fdg_suv_g_per_ml, within=0.5, unit="g/ml"),
)  # fmt: skip


def region_means(checks: tuple[Check, ...] = CHECKS) -> list[Row]:
    """Medians over the inside of each ball against the tissue's own values."""
    rows = []
    for check in checks:
        read = _read(check)
        if check.kind == "suv":
            # Small hot balls read low (recovery): the largest of them alone, and no more than it holds.
            read = [max(read, key=lambda pair: pair[2])]
        errors = [value - truth for value, truth, _ in read]
        told = [abs(e) for e in errors if np.isfinite(e)]
        figure = (
            f"{np.median(told):.3g} median, {max(told):.3g} largest of {len(told)} ({len(errors) - len(told)} not told)"
            if told
            else "none told"
        )
        what = f"{check.case}, {check.series}: {check.map} [{check.unit}]"
        rows.append(
            Row(
                what=what,
                figure=figure,
                bar=f"median <= {check.within:g}",
                met=bool(told) and float(np.median(told)) <= check.within,
            )
        )
    return rows


def _read(check: Check) -> list[tuple[float, float, float]]:
    """Value read, truth and radius of each ball that the map shows."""
    made, not_made, truth = _mapped(check.case, check.series, check.kind)
    found = next((one for one in made if any(part.name == check.map for part in one.maps)), None)
    if found is None:
        raise ValueError(f"{check.case}: {check.map} was not made: {[one.reason for one in not_made]}")
    tissues = [insert.tissue for insert in case_of(check.case).inserts]
    return [
        (
            _median(found, check.map, np.array(ball["centroid_lps_mm"]))
            * (1e3 if check.kind == "adc" else 1.0)
            * _scale(check),
            check.truth(tissue),
            ball["radii_mm"][0],
        )
        for ball, tissue in zip(truth["lesions"], tissues, strict=True)
    ]


@cache
def _mapped(case: str, series: str, kind: str) -> tuple[list[MapResult], list[NotMapped], Any]:
    """Maps of a case, written and read back, and its truth."""
    with tempfile.TemporaryDirectory() as folder:
        demo = make_demo(Path(folder), case, sequences=tuple(series.split(",")))
        truth = json.loads(demo.truth.read_text(encoding="utf-8"))
        made, not_made = compute(open_study(demo.study), kind, How(motion=False))
    return made, not_made, truth


def _scale(check: Check) -> float:
    """Fractions are compared in points."""
    return 100.0 if check.unit == "points" and check.map != "drop_percent" else 1.0


def _median(found: MapResult, name: str, centre_lps_mm: Any) -> float:
    array = next(part.array for part in found.maps if part.name == name)
    grid = found.grid
    index = np.stack(np.meshgrid(*[np.arange(n) for n in grid.shape_ijk], indexing="ij"), axis=-1)
    near = np.linalg.norm(grid.to_lps_mm(index) - centre_lps_mm, axis=-1) <= INSIDE_MM
    unsure = next((part.array for part in found.maps if part.name == "prevailing_unsure"), None)
    if unsure is not None:
        near &= unsure == 0
    values = array[near]
    values = values[np.isfinite(values)]
    return float(np.median(values)) if len(values) >= (1 if unsure is None else FEWEST) else float("nan")
