"""T1 of flip angles and inversion times: a phantom of known vials, and public signals of brain, prostate and QIBA."""

from __future__ import annotations

import numpy as np

from spinemets.maps import inversion_recovery, t1
from studies.maps.rows import Row, all_of, at_most, images, numbers, table

TR_S, PIXEL_MM, SLICE_MM, RADIUS_MM = 0.0073, 0.977, 3.0, 5.0
LEFT_OUT_DEG = 15.0
SLICES = range(12, 17)
TOLD = tuple(f"t1_roi_{n}" for n in range(1, 11))
# Owners' tolerance of R1: absolute [1/s] and share.
TOLERANCE = (0.05, 0.05)
BEST = {"t1_brain": 2.6e-6, "t1_prostate": 4.9e-8, "t1_quiba": 8.8e-3}


def vials() -> list[Row]:
    """Means of a sphere of each vial in the DICOM images against the owners' fits; what the angles cannot see."""
    volumes: dict[tuple[float, int], np.ndarray] = {}
    for name, dataset in images("vfa_t1_phantom", "vfa.zip"):
        scale = float(getattr(dataset, "RescaleSlope", 1))
        volumes[float(dataset.FlipAngle), int(name[-7:-4])] = scale * dataset.pixel_array.astype(float)
    flips = sorted({flip for flip, _ in volumes} - {LEFT_OUT_DEG})
    places = {row["RoiLabel"]: row for row in table("vfa_t1_phantom", "t1-vfa_owners_vial_signals.csv")}
    errors, refused = {}, 0
    for row in table("vfa_t1_phantom", "t1-vfa_owners_vial_fits.csv"):
        label = row["RoiLabel"]
        x, y, z = (int(float(places[label][key])) for key in ("VoxelX", "VoxelY", "VoxelZ"))
        signal = [_sphere(volumes, flip, (x, y, z)) for flip in flips]
        found = t1.fit_vfa(signal, flips, TR_S)
        if label in TOLD:
            errors[label] = abs(1e3 * float(found.t1_s) / float(row["T1 (mean)"]) - 1.0)
        else:
            refused += not found.valid
    values = np.array(list(errors.values()))
    return [
        at_most("vials 1 to 10: median difference from the owners' fit", float(np.median(values)), 0.02, ".3f"),
        at_most("vials 1 to 10: largest difference", float(np.max(values)), 0.06, ".3f"),
        all_of("vials 11 to 14 not told", refused, 4),
    ]


def _sphere(volumes: dict[tuple[float, int], np.ndarray], flip: float, centre: tuple[int, int, int]) -> float:
    x, y, z = centre
    means = []
    for k in SLICES:
        if (flip, k) not in volumes or abs(k - z) > 1:
            continue
        image = volumes[flip, k]
        j, i = np.mgrid[: image.shape[0], : image.shape[1]]
        inside = ((i - x) * PIXEL_MM) ** 2 + ((j - y) * PIXEL_MM) ** 2 + ((k - z) * SLICE_MM) ** 2 <= RADIUS_MM**2
        means.append(float(image[inside].mean()))
    return float(np.mean(means))


def inversions() -> list[Row]:
    """The owners' signals of inversion times: their fit of the first vial is a local minimum."""
    signals: dict[str, list[tuple[float, float]]] = {}
    for row in table("vfa_t1_phantom", "t1-vir_owners_vial_signals.csv"):
        if row["Included"] == "True":
            signals.setdefault(row["RoiLabel"], []).append(
                (1e-3 * float(row["inversion time (ms)"]), float(row["VoxelSignal"]))
            )
    others, first = [], 0.0
    for row in table("vfa_t1_phantom", "t1-vir_owners_vial_fits.csv"):
        times, signal = np.array(sorted(signals[row["RoiLabel"]])).T
        found = 1e3 * float(inversion_recovery.fit(signal, times).t1_s)
        if row["RoiLabel"] == "t1_roi_1":
            first = found
        else:
            others.append(abs(found / float(row["T1 (mean)"]) - 1.0))
    return [
        Row(
            what="vial 1 [ms] (owners 1161, nominal 1884)",
            figure=f"{first:.0f}",
            bar="near 1900",
            met=bool(abs(first / 1900 - 1) < 0.05),
        ),
        at_most("the other vials: largest difference from the owners' T1", max(others), 1e-4),
    ]


def public_signals() -> list[Row]:
    """R1 of every row inside the owners' tolerance, and median errors beside the best contributed code."""
    rows = []
    for name, best in BEST.items():
        errors, inside = [], 0
        data = table("osipi_dce", f"{name}_data.csv")
        for row in data:
            tr_s, truth = _facts(name, row)
            error = abs(1.0 / float(t1.fit_vfa(numbers(row["s"]), numbers(row["FA"]), tr_s).t1_s) - truth)
            errors.append(error)
            inside += error <= TOLERANCE[0] + TOLERANCE[1] * truth
        rows.append(all_of(f"{name}: rows inside the owners' tolerance", inside, len(data)))
        most = round(1.05 * best, 12)
        rows.append(
            at_most(f"{name}: median error of R1 [1/s] (best code {best:g})", float(np.median(errors)), most, ".3g")
        )
    return rows


def _facts(name: str, row: dict[str, str]) -> tuple[float, float]:
    """TR [s] and R1 [1/s]: each file has units of its own."""
    tr = float(numbers(row["TR"])[0])
    if name == "t1_prostate":
        return 1e-3 * tr, 1e3 / float(row["T1 nonlinear"])
    return tr, float(row["R1"]) * (1e3 if name == "t1_quiba" else 1.0)
