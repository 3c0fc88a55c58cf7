"""Kinetic models, concentration and arterial inputs against the curves of a public collection."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spinemets.maps import aif, tofts
from studies.maps.rows import Row, all_of, at_least, at_most, numbers, table

NAMES = {"Ktrans": "ktrans_per_min", "ve": "ve", "vp": "vp", "ps": "ps_per_min", "fp": "fp_ml_per_100ml_per_min"}
# Owners' tolerances: absolute, and share of the truth.
TOLERANCE = {
    "Ktrans": (0.005, 0.1),
    "ps": (0.005, 0.1),
    "ve": (0.05, 0.0),
    "vp": (0.025, 0.0),
    "fp": (5.0, 0.1),
    "delay": (1.0, 0.0),
}
# Median errors of the best contributed code, file by file, as the reference's own notes state them.
BEST = {
    "dce_DRO_data_tofts": {"Ktrans": 1.1e-3, "ve": 4.4e-4},
    "dce_DRO_data_extended_tofts": {"Ktrans": 1.3e-4, "ve": 4.1e-4, "vp": 1.0e-4},
    "patlak_sd_0.02_delay_0": {"vp": 4.9e-4, "ps": 2.1e-4},
    "2cxm_sd_0.001_delay_0": {"vp": 1.6e-4, "ve": 2.2e-4, "fp": 0.041, "ps": 1.2e-4},
    "2cum_sd_0.0025_delay_0": {"vp": 2.6e-4, "fp": 0.076, "ps": 2.2e-4},
}
FILES = (
    ("tofts", "dce_DRO_data_tofts", ("t", "ca", "C")),
    ("extended_tofts", "dce_DRO_data_extended_tofts", ("t", "ca", "C")),
    ("patlak", "patlak_sd_0.02_delay_0", ("t", "cp_aif", "C_t")),
    ("patlak", "patlak_sd_0.02_delay_5", ("t", "cp_aif", "C_t")),
    ("2cxm", "2cxm_sd_0.001_delay_0", ("t", "cp_aif", "C_t")),
    ("2cxm", "2cxm_sd_0.001_delay_5", ("t", "cp_aif", "C_t")),
    ("2cum", "2cum_sd_0.0025_delay_0", ("t", "cp_aif", "C_t")),
    ("2cum", "2cum_sd_0.0025_delay_5", ("t", "cp_aif", "C_t")),
)
# Shifts of the owners' delayed curves, in samples, zeros in front.
SHIFTED = {"dce_DRO_data_tofts": 10, "dce_DRO_data_extended_tofts": 5}
WITHIN, SECONDS = 1.05, 60.0


def curves(some: int = 1) -> list[Row]:
    """Every row of every file inside the owners' tolerance, and median errors beside the best contributed code.

    Parameters
    ----------
    some
        Of the fits with delay only each so-manieth row is done; 1 = all.
    """
    found: list[Row] = []
    for model, name, columns in FILES:
        rows = table("osipi_dce", f"{name}.csv")
        late = name.endswith("_5")
        errors, inside = _errors(model, rows[:: some if late else 1], columns, "fit" if late else "none")
        found.append(all_of(f"{name}: rows inside the owners' tolerance", inside, len(rows[:: some if late else 1])))
        for parameter, best in BEST.get(name, {}).items():
            median = float(np.median(errors[parameter]))
            found.append(
                at_most(
                    f"{name}: {parameter}, median error (best code {best:g})", median, round(WITHIN * best, 9), ".3g"
                )
            )
        if name in SHIFTED:
            _, inside = _errors(model, rows[::some], columns, "fit", SHIFTED[name])
            found.append(all_of(f"{name}, delayed by {SHIFTED[name]} samples: rows inside", inside, len(rows[::some])))
    return found


def _errors(
    model: str, rows: list[dict[str, str]], columns: tuple[str, str, str], delay: str, shift: int = 0
) -> tuple[dict[str, list[float]], int]:
    errors: dict[str, list[float]] = {}
    inside = 0
    for group in _of_one_input(rows, columns[:2]):
        fitted = _fitted(model, group, columns, delay, shift)
        for place, row in enumerate(group):
            own = {
                name: float(getattr(fitted, field)[place])
                for name, field in NAMES.items()
                if name in row and getattr(fitted, field) is not None
            }
            truth = {name: float(row[name]) for name in own}
            if delay == "fit" and not shift:
                own["delay"], truth["delay"] = float(fitted.delay_s[place]), float(row["arterial_delay"])
            good = True
            for name, value in own.items():
                absolute, share = TOLERANCE[name]
                error = abs(value - truth[name])
                errors.setdefault(name, []).append(error)
                good &= error <= absolute + share * truth[name]
            inside += good
    return errors, inside


def _of_one_input(rows: list[dict[str, str]], columns: tuple[str, ...]) -> list[list[dict[str, str]]]:
    """Rows of the same times and input together: the curves of all rates are then tabulated once for them."""
    groups: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in columns), []).append(row)
    return list(groups.values())


def _fitted(
    model: str, rows: list[dict[str, str]], columns: tuple[str, str, str], delay: str, shift: int
) -> tofts.PerfusionFit:
    """Fit of rows of one input, as voxels of one image; each delayed by `shift` samples, zeros in front."""
    times, plasma = (numbers(rows[0][name]) for name in columns[:2])
    tissue = np.stack([numbers(row[columns[2]]) for row in rows])
    tissue = np.pad(tissue, ((0, 0), (shift, 0)))[:, : len(times)]
    return tofts.fit(tissue, plasma, times, model, delay)


def concentrations() -> list[Row]:
    """Signal to concentration: the owners' baseline leaves out the first point."""
    worst = 0.0
    for row in table("osipi_dce", "SI2Conc_data.csv"):
        before = slice(1, int(row["numbaselinepts"]))
        found = tofts.concentration(
            numbers(row["s"]),
            float(row["T1base"]),
            float(row["TR"]),
            float(row["FA"]),
            float(row["r1"]),
            baseline=before,
        )
        truth = numbers(row["conc"])
        worst = max(worst, float(np.nanmax(np.abs(found - truth) / (1e-5 + 1e-5 * np.abs(truth)))))
    return [at_most("signal to concentration: largest error in units of the owners' tolerance", worst, 1.0, ".3g")]


def inputs() -> list[Row]:
    """Population inputs against published tables."""
    rows = []
    for name in ("ParkerAIF_ref", "ParkerAIF_ref_with_delay"):
        inside, total = _inside(name, aif.parker)
        rows.append(all_of(f"{name}: points inside the owners' tolerance", inside, total))
    inside, total = _inside("GeorgiouAIF_ref", aif.georgiou)
    return [*rows, at_least("GeorgiouAIF_ref: share of points inside, by the closed form", inside / total, 0.95, ".3f")]


def _inside(name: str, curve: Callable[..., np.ndarray]) -> tuple[int, int]:
    rows = table("osipi_dce", f"{name}.csv")
    inside = 0
    for row in rows:
        blood = float(curve(SECONDS * float(row["time"]), 0.0, delay_s=float(row.get("delay") or 0.0)))
        truth = float(row["Cb"])
        inside += abs(blood - truth) <= 1e-4 + 0.01 * abs(truth)
    return inside, len(rows)
