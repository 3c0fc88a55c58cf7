"""ADC of an ice-water phantom, and IVIM of 104 public signals."""

from __future__ import annotations

import numpy as np

from spinemets.maps import adc, ivim
from studies.maps.rows import Row, all_of, at_most, images, numbers, table

REPEATS = ("repeat1", "repeat3")
MM2_PER_UM2 = 1e-6
B_VALUE = "b-value (s/\u00b5m\u00b2)"
# Median errors of the least-squares optimum, from a slow fit of many starts (owners' rows with noise 5e-4 and 0.03 < f < 0.8).
OPTIMUM = {"f": 4.8e-4, "d_mm2_per_s": 1.6e-6, "dstar_mm2_per_s": 1.8e-4}
WITHIN = 1.05
NARROW = 9.0


def phantom() -> list[Row]:
    """Voxel by voxel against the scanner's own map; the owners' fits of their regions."""
    rows = []
    for repeat in REPEATS:
        series: dict[float | str, dict[float, np.ndarray]] = {}
        for _, dataset in images("diffusion_phantom", f"{repeat}.zip"):
            own = int(dataset.SeriesNumber) % 1000 == 1 and "ADC" in list(dataset.ImageType)
            key: float | str = "map" if own else float(dataset[0x0019, 0x100C].value)
            series.setdefault(key, {})[float(dataset.ImagePositionPatient[2])] = dataset.pixel_array
        b = sorted(key for key in series if not isinstance(key, str))
        places = sorted(series["map"])
        signal = np.stack([np.stack([series[one][z] for z in places]) for one in b], axis=-1)
        scanner = MM2_PER_UM2 * np.stack([series["map"][z] for z in places])
        found = adc.fit(signal, b, mask=scanner > 0)
        difference = np.abs(found.adc_mm2_per_s - scanner)[found.valid]
        rows.append(
            at_most(f"{repeat}: median difference from the scanner's ADC [mm2/s]", float(np.median(difference)), 4e-6)
        )
        rows.append(
            at_most(
                f"{repeat}: largest difference from the owners' fits of their regions [mm2/s]", _regions(repeat), 1e-8
            )
        )
    return rows


def _regions(repeat: str) -> float:
    signals: dict[str, list[tuple[float, float]]] = {}
    for row in table("diffusion_phantom", f"{repeat}_owners_region_signals.csv"):
        signals.setdefault(row["RoiLabel"], []).append((1e6 * float(row[B_VALUE]), float(row["VoxelSignal"])))
    worst = 0.0
    for row in table("diffusion_phantom", f"{repeat}_owners_region_fits.csv"):
        b, signal = np.array(sorted(signals[row["RoiLabel"]])).T
        # Single precision of the fit: signals of about 1 to 1e-7.
        found = adc.fit(signal, b)
        worst = max(worst, abs(float(found.adc_mm2_per_s) - MM2_PER_UM2 * float(row["D (mean)"])))
    return worst


def public_signals() -> list[Row]:
    """Median errors against the optimum; rows without a unique answer."""
    errors: dict[str, list[float]] = {name: [] for name in OPTIMUM}
    unique = wide = 0
    for row in table("osipi_ivim", "ivim_signals.csv"):
        truth = {
            "f": float(row["f"]),
            "d_mm2_per_s": float(row["D_mm2_per_s"]),
            "dstar_mm2_per_s": float(row["Dstar_mm2_per_s"]),
        }
        found = ivim.fit(numbers(row["signal"]), numbers(row["b_s_per_mm2"]))
        if row["noise"] == "0.0005" and 0.03 < truth["f"] < 0.8:
            for name, value in truth.items():
                errors[name].append(abs(float(getattr(found, name)) - value))
        elif truth["f"] in (0.0, 1.0):
            unique += 1
            low, high = found.ci95["f"]
            wide += bool(np.isnan(found.f) and high > NARROW * low)
    rows = [
        at_most(
            f"{name}: median error of {len(values)} rows",
            float(np.median(values)),
            round(WITHIN * OPTIMUM[name], 9),
            ".3g",
        )
        for name, values in errors.items()
    ]
    return [*rows, all_of("rows with f = 0 or 1 that come back as an interval", wide, unique)]
