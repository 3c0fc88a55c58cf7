"""Fat fractions: computed vectors with and without noise, and two real images without truth."""

from __future__ import annotations

from typing import Any

import numpy as np

from spinemets.maps import fat_fraction, opposed_phase
from spinemets.maps.fat_spectrum import modulation
from studies.maps.rows import Row, all_of, at_most, numbers, reference, table

SPECTRUM = "ismrm6"
SWAPPED = 20.0
SIZE = 1000.0
Cell = tuple[float, int, float]


def vectors() -> list[Row]:
    """Noise-free rows exact; noise at the Cramer-Rao bound; swaps flagged."""
    clean: list[float] = []
    cells: dict[Cell, list[float]] = {}
    bounds: dict[Cell, float] = {}
    swapped = flagged = noisy = 0
    groups: dict[tuple[float, str], list[dict[str, str]]] = {}
    for row in table("dixon", "multi_echo_vectors.csv"):
        groups.setdefault((float(row["field_t"]), row["te_s"]), []).append(row)
    for (field_t, times), rows in groups.items():
        echoes = np.array([numbers(row["real"]) + 1j * numbers(row["imag"]) for row in rows])
        found = fat_fraction.fit(echoes, numbers(times), field_t, spectrum=SPECTRUM)
        for n, row in enumerate(rows):
            truth = float(row["pdff_percent"])
            error = 100.0 * float(found.pdff[n]) - truth
            if row["id"].startswith("c"):
                clean.append(abs(error))
                continue
            noisy += 1
            if abs(error) > SWAPPED:
                swapped += 1
                flagged += bool(found.swap_suspected[n])
                continue
            cell = (field_t, round(1000.0 / float(row["r2star_per_s"])), truth)
            cells.setdefault(cell, []).append(error)
            bounds[cell] = bound(
                numbers(times), field_t, truth / 100.0, float(row["r2star_per_s"]), float(row["sigma"]) / SIZE
            )
    spread = float(np.sqrt(np.mean([np.var(cells[c], ddof=1) / bounds[c] ** 2 for c in cells])))
    means = [abs(np.mean(cells[c])) / max(1.0, 3.0 * bounds[c] / np.sqrt(len(cells[c]))) for c in cells]
    within = sum(abs(np.mean(cells[c])) <= 1.0 for c in cells)
    return [
        at_most(f"{len(clean)} rows without noise: largest error [points]", max(clean), 0.01, ".1g"),
        at_most(
            f"SNR 30, {len(cells)} cells: standard deviation over the Cramer-Rao bound (root mean square)",
            spread,
            1.15,
            ".3f",
        ),
        all_of(
            "SNR 30: cells whose mean lies within 1 point, or within three standard errors of the bound",
            sum(m <= 1.0 for m in means),
            len(means),
        ),
        Row(what="SNR 30: cells whose mean lies within 1 point", figure=f"{within} of {len(cells)}"),
        all_of(f"exchanged voxels of {noisy} that are flagged", flagged, swapped),
    ]


def bound(te_s: Any, field_t: float, pdff: float, r2star: float, sigma: float) -> float:
    """Cramer-Rao bound of the fat fraction [points]: water, fat, phase, field and decay unknown."""
    fat = modulation(te_s, field_t, SPECTRUM)

    def model(p: Any) -> Any:
        return (p[0] + p[1] * fat) * np.exp(1j * p[2] + (2j * np.pi * p[3] - p[4]) * te_s)

    at = np.array([1.0 - pdff, pdff, 0.0, 0.0, r2star])
    columns = []
    for k in range(5):
        step = np.zeros(5)
        step[k] = 1e-6 * max(1.0, abs(at[k]))
        change = (model(at + step) - model(at - step)) / (2.0 * step[k])
        columns.append(np.concatenate([change.real, change.imag]))
    jacobian = np.stack(columns, axis=1)
    gradient = np.array([-pdff, 1.0 - pdff, 0.0, 0.0, 0.0])
    return float(100.0 * sigma * np.sqrt(gradient @ np.linalg.inv(jacobian.T @ jacobian) @ gradient))


def in_opposed() -> list[Row]:
    """Ratios of magnitudes at two echoes."""
    worst = 0.0
    for row in table("dixon", "in_opposed_vectors.csv"):
        found = opposed_phase.ratio(float(row["s_in"]), float(row["s_opposed"]))
        worst = max(worst, abs(float(found.drop_percent) - float(row["drop_percent"])))
    return [at_most("in and opposed phase: largest error of the drop [points]", worst, 0.01, ".1g")]


def real_images() -> list[Row]:
    """Two real cases: sign of the phase, field without jumps, exchanged voxels flagged."""
    rows = []
    for case in (16, 17):
        data = np.load(reference() / "dixon" / f"ismrm2012_case{case}.npz")
        found = fat_fraction.fit(
            data["images"], data["te_s"], float(data["field_t"]), mask=data["mask"], spectrum=SPECTRUM
        )
        mask = data["mask"]
        rows.append(
            Row(
                what=f"case {case}: sign of the phase as stated",
                figure="no" if found.conjugated else "yes",
                bar="yes",
                met=not found.conjugated,
            )
        )
        steps = np.abs(np.diff(found.field_map_hz, axis=0))
        jumps = float((steps[np.isfinite(steps)] > 100.0).mean())
        rows.append(at_most(f"case {case}: neighbours whose field jumps by more than 100 Hz", jumps, 0.005, ".4f"))
        rows.append(
            Row(
                what=f"case {case}: voxels flagged as possibly exchanged",
                figure=f"{100 * float(found.swap_suspected[mask].mean()):.2f} %",
            )
        )
    return rows
