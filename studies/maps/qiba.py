"""Digital reference objects of QIBA: from DICOM images over concentration to exchange."""

from __future__ import annotations

from typing import Any

import numpy as np

from spinemets.maps import t1, tofts
from spinemets.maps.kinetic_signals import Signal
from studies.maps.rows import Row, at_least, concordance, images, reference

KTRANS, VE = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35), (0.01, 0.05, 0.1, 0.2, 0.5)
TR_S, FLIP_DEG, R1, T1_TISSUE_S, T1_BLOOD_S, HEMATOCRIT, BASELINE = 0.005, 30.0, 4.5, 1.0, 1.44, 0.45, 4
BIG_ENDIAN = "1.2.840.10008.1.2.2"
NOISE_SIGMA, NOISE_DRAWS = 1.0, 4
# Owners' bars of the noisy object.


def _frames() -> tuple[np.ndarray, np.ndarray]:
    """Times [s] and images (rows, columns, time)."""
    frames = []
    for _, dataset in images("qiba_dce", "qiba_v6_tofts_dicom.zip"):
        kind = ">i2" if dataset.file_meta.TransferSyntaxUID == BIG_ENDIAN else "<i2"
        pixels = np.frombuffer(dataset.PixelData, kind).reshape(dataset.Rows, dataset.Columns)
        frames.append((float(getattr(dataset, "TriggerTime", 0) or 0) / 1e3, pixels))
    frames.sort(key=lambda frame: frame[0])
    return np.array([time for time, _ in frames]), np.stack([pixels for _, pixels in frames], axis=-1).astype(
        np.float32
    )


def v6() -> list[Row]:
    """Tofts, six transfer constants by five volumes, ten by ten voxels each."""
    times, signal = _frames()
    blood = tofts.concentration(signal[70:80], T1_BLOOD_S, TR_S, FLIP_DEG, R1, baseline=BASELINE)
    plasma = blood.reshape(-1, len(times)).mean(axis=0) / (1.0 - HEMATOCRIT)
    tissue = tofts.concentration(signal[10:70], T1_TISSUE_S, TR_S, FLIP_DEG, R1, baseline=BASELINE)
    found = tofts.fit(tissue, plasma, times)
    truth = {
        "ktrans_per_min": np.repeat(KTRANS, 10)[:, None] * np.ones(50),
        "ve": np.ones(60)[:, None] * np.repeat(VE, 10),
    }
    return [
        at_least(
            f"v6 {name}: concordance over {truth[name].size} voxels",
            concordance(_filled(found, name), truth[name]),
            0.99999,
            ".7f",
        )
        for name in truth
    ]


def _filled(found: tofts.PerfusionFit, name: str) -> Any:
    """Values; where only an interval is told, 0, which costs concordance."""
    return np.nan_to_num(getattr(found, name))


def v4() -> list[Row]:
    """Extended Tofts from rounded signals, T1 from six angles: values where they are told, intervals everywhere."""
    data = np.load(reference() / "qiba_dce" / "qiba_v4_extended_tofts.npz")
    tr_s, r1 = float(data["tr_s"]), float(data["relaxivity_per_s_per_mM"])
    own = t1.fit_vfa(np.moveaxis(data["t1_signal"], 0, -1), data["t1_flip_deg"], tr_s)
    known = Signal(
        tr_s=tr_s,
        flip_angle_deg=float(data["dce_flip_deg"]),
        r1=r1,
        t10_s=own.t1_s,
        t10_ci95_s=own.ci95_s,
        baseline=BASELINE,
    )
    found = tofts.fit_signal(
        np.moveaxis(data["dce_signal"], 0, -1), data["cp_mM"], data["t_s"], known, "extended_tofts"
    )
    rows = []
    for name, least in (("ktrans_per_min", 0.9998), ("vp", 0.9999)):
        told = np.isfinite(getattr(found, name))
        value = concordance(getattr(found, name)[told], data[name][told])
        rows.append(at_least(f"v4 {name}: concordance of {int(told.sum())} of {told.size} told", value, least, ".6f"))
    for name in ("ktrans_per_min", "vp", "ve"):
        low, high = np.moveaxis(found.ci95[name], -1, 0)
        held = float(((low <= data[name]) & (data[name] <= high)).mean())
        rows.append(at_least(f"v4 {name}: share of intervals that hold the truth", held, 0.95, ".3f"))
    return rows
