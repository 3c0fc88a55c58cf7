"""Digital reference objects of QIBA: from DICOM images over concentration to exchange."""

from __future__ import annotations

from typing import Any

import numpy as np

from spinemets.maps import kinetic_fits, t1, tofts
from spinemets.maps.kinetic_curves import input_of
from spinemets.maps.kinetic_signals import Signal
from studies.maps.rows import Row, at_least, concordance, images, reference

KTRANS, VE = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35), (0.01, 0.05, 0.1, 0.2, 0.5)
TR_S, FLIP_DEG, R1, T1_TISSUE_S, T1_BLOOD_S, HEMATOCRIT, BASELINE = 0.005, 30.0, 4.5, 1.0, 1.44, 0.45, 4
BIG_ENDIAN = "1.2.840.10008.1.2.2"
# Owners' rule of noise (DCEMRI.jl, test/q4/prep4.py and test/q6/prep6.py): complex, sd 0.2 of the first signal, the magnitude is kept; this seed.
# Their bars, test/runtests.jl of the same repository: concordance to two figures, all voxels, transfer cut at 5 /min, volumes at 1.
NOISE, NOISE_SEED = 0.2, 1337
NOISY_BARS = {
    "v6": {"ktrans_per_min": 0.84, "ve": 0.86},
    "v4": {"ktrans_per_min": 0.97, "ve": 0.70, "vp": 0.97},
}
LIMITS = {"ktrans_per_min": 5.0, "ve": 1.0, "vp": 1.0}
# Frames before the agent arrives: of a noisy curve all of them are the baseline.
BEFORE = {"v6": 126, "v4": 10}
# Rows and columns of the images of v4; the outermost ten columns are not exchange.
V4_SHAPE, V4_LEFT_OUT, PATCH = (180, 60), 10, 10


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


def _plasma(signal: np.ndarray) -> np.ndarray:
    """Input of v6 [mM] from its vessel (rows, columns, time)."""
    blood = tofts.concentration(signal[70:80], T1_BLOOD_S, TR_S, FLIP_DEG, R1, baseline=BASELINE)
    return np.asarray(blood.reshape(-1, signal.shape[-1]).mean(axis=0) / (1.0 - HEMATOCRIT))


def _v6_truth() -> dict[str, np.ndarray]:
    return {
        "ktrans_per_min": np.repeat(KTRANS, PATCH)[:, None] * np.ones(50),
        "ve": np.ones(60)[:, None] * np.repeat(VE, PATCH),
    }


def v6() -> list[Row]:
    """Tofts, six transfer constants by five volumes, ten by ten voxels each."""
    times, signal = _frames()
    tissue = tofts.concentration(signal[10:70], T1_TISSUE_S, TR_S, FLIP_DEG, R1, baseline=BASELINE)
    found = tofts.fit(tissue, _plasma(signal), times)
    truth = _v6_truth()
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


def _held(found: tofts.PerfusionFit, name: str, truth: Any) -> float:
    """Share of the voxels whose interval holds the truth."""
    low, high = np.moveaxis(found.ci95[name], -1, 0)
    return float(((low <= truth[name]) & (truth[name] <= high)).mean())


def v6_noisy() -> list[Row]:
    """The same at a signal-to-noise ratio of 5."""
    times, signal = _frames()
    noise = _noise((len(times), 60, 50))
    noisy = _with_noise(signal[10:70], np.moveaxis(noise, 0, -1))
    known = Signal(tr_s=TR_S, flip_angle_deg=FLIP_DEG, r1=R1, t10_s=T1_TISSUE_S, baseline=BEFORE["v6"])
    fitted = (noisy, _plasma(signal), times, known, "tofts")
    return _against_owners("v6", tofts.fit_signal(*fitted), _least_squares(*fitted), _v6_truth())


def _noise(shape: tuple[int, ...]) -> np.ndarray:
    """Complex noise of sd 1, drawn as the owners drew it."""
    draws = np.random.RandomState(NOISE_SEED)
    real, imaginary = draws.randn(*shape), draws.randn(*shape)
    return np.asarray((real + 1j * imaginary) / np.sqrt(2.0))


def _with_noise(signal: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Magnitudes (..., time) with noise of a share of the first signal."""
    return np.abs(signal + NOISE * float(signal[0, 0, 0]) * noise).astype(np.float32)


def _against_owners(
    object_: str, found: tofts.PerfusionFit, best: dict[str, np.ndarray], truth: dict[str, np.ndarray]
) -> list[Row]:
    """Least squares of all voxels, as the owners count; how much of it is told as a value, and what intervals hold."""
    rows = []
    for name, least in NOISY_BARS[object_].items():
        told = np.isfinite(getattr(found, name))
        what = f"{object_} {name}, owners' noise"
        value = np.clip(best[name].reshape(told.shape), 0.0, LIMITS[name])
        rows += [
            at_least(f"{what}: concordance over {told.size} voxels", concordance(value, truth[name]), least, ".3f"),
            Row(
                what=f"{what}: concordance of the {told.mean():.1%} told",
                figure=f"{concordance(getattr(found, name)[told], truth[name][told]):.3f}",
            ),
            Row(what=f"{what}: share of intervals that hold the truth", figure=f"{_held(found, name, truth):.3f}"),
        ]
    return rows


def _least_squares(
    signal: np.ndarray, plasma: np.ndarray, times: np.ndarray, known: Signal, model: str
) -> dict[str, np.ndarray]:
    """Least squares of every voxel, told or not."""
    mM = tofts.concentration(
        signal, known.t10_s, known.tr_s, known.flip_angle_deg, known.r1, baseline=known.baseline
    ).reshape(-1, len(times))
    rules = tofts.kinetic_rules()
    tissues = kinetic_fits.tissues_of(input_of(times / kinetic_fits.SECONDS_PER_MINUTE, plasma), rules)
    samples = kinetic_fits.Samples(rows=mM, wanted=np.isfinite(mM).all(axis=1))
    return {
        name: value
        for name, (value, _) in kinetic_fits.of_model(model, tissues, samples, rules, "none").parameters.items()
    }


def v4() -> list[Row]:
    """Extended Tofts from rounded signals, T1 from six angles: values where they are told, intervals everywhere."""
    data = np.load(reference() / "qiba_dce" / "qiba_v4_extended_tofts.npz")
    signal, known = np.moveaxis(data["dce_signal"], 0, -1), _v4_known(data, BASELINE)
    found = tofts.fit_signal(signal, data["cp_mM"], data["t_s"], known, "extended_tofts")
    rows = []
    for name, least in (("ktrans_per_min", 0.9998), ("vp", 0.9999)):
        told = np.isfinite(getattr(found, name))
        value = concordance(getattr(found, name)[told], data[name][told])
        rows.append(at_least(f"v4 {name}: concordance of {int(told.sum())} of {told.size} told", value, least, ".6f"))
    for name in ("ktrans_per_min", "vp", "ve"):
        what = f"v4 {name}: share of intervals that hold the truth"
        rows.append(at_least(what, _held(found, name, data), 0.95, ".3f"))
    return rows


def _v4_known(data: Any, baseline: int, patch: int = 1) -> Signal:
    """Sequence of v4 and the T1 that its angles give, each voxel `patch` by `patch` times."""
    own = t1.fit_vfa(np.moveaxis(data["t1_signal"], 0, -1), data["t1_flip_deg"], float(data["tr_s"]))
    return Signal(
        tr_s=float(data["tr_s"]),
        flip_angle_deg=float(data["dce_flip_deg"]),
        r1=float(data["relaxivity_per_s_per_mM"]),
        t10_s=_patched(own.t1_s, patch),
        t10_ci95_s=_patched(own.ci95_s, patch),
        baseline=baseline,
    )


def _patched(values: Any, patch: int) -> np.ndarray:
    """Each row and column (first two axes) so many times."""
    return np.asarray(np.repeat(np.repeat(values, patch, axis=0), patch, axis=1))


def v4_noisy() -> list[Row]:
    """The same at a signal-to-noise ratio of 5, ten by ten voxels each (the rows that the reference has)."""
    data = np.load(reference() / "qiba_dce" / "qiba_v4_extended_tofts.npz")
    times = data["t_s"]
    rows = np.concatenate([np.arange(PATCH * row, PATCH * (row + 1)) for row in data["row_index"]])
    noise = np.moveaxis(_noise((len(times), *V4_SHAPE))[:, rows, V4_LEFT_OUT:], 0, -1)
    noisy = _with_noise(_patched(np.moveaxis(data["dce_signal"], 0, -1), PATCH), noise)
    known = _v4_known(data, BEFORE["v4"], PATCH)
    fitted = (noisy, data["cp_mM"], times, known, "extended_tofts")
    truth = {name: _patched(data[name], PATCH) for name in NOISY_BARS["v4"]}
    return _against_owners("v4", tofts.fit_signal(*fitted), _least_squares(*fitted), truth)
