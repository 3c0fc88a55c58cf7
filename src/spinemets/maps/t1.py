"""T1 from spoiled gradient echoes at several flip angles, and from inversion recoveries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.knowledge.lookup import table
from spinemets.maps.blocks import in_blocks, in_pieces, voxels
from spinemets.maps.separable import student
from spinemets.model.errors import UsageError

Numbers = NDArray[np.float32]
Array = NDArray[np.float64]
METHODS = ("nonlinear", "linear")
BLOCK_BYTES = 1 << 18
MOST_LOG = 80.0
# A fit of two unknowns holds little beside its signals: few large pieces.
PIECE = 1 << 18


@dataclass(frozen=True, kw_only=True, eq=False)
class T1Fit:
    """T1 of each voxel, each of the leading axes' shape; nan where not valid.

    Attributes
    ----------
    t1_s, m0
        Relaxation time [s], and signal of full magnetisation at 90 degrees.
    ci95_s
        (..., 2): 95 % interval of T1 from what the fit leaves over; with as many signals as unknowns it is unbounded.
    sensitivity
        How much the shape of the signals changes with ln T1, 0 to 1: below a limit (table `t1`) T1 is not valid, unless
        the signals follow the model so closely that errors of the flip angles are ruled out.
    valid
        Whether T1 is told by the signals.
    """

    t1_s: Numbers
    m0: Numbers
    ci95_s: Numbers
    sensitivity: Numbers
    valid: NDArray[np.bool_]


def fit_vfa(
    signal: ArrayLike,
    flip_angles_deg: ArrayLike,
    tr_s: float,
    b1: ArrayLike | None = None,
    *,
    mask: ArrayLike | None = None,
    method: str = "nonlinear",
) -> T1Fit:
    """Fit ``S = M0 sin a (1 - E1)/(1 - E1 cos a)``, ``E1 = exp(-TR/T1)``, to magnitudes.

    Parameters
    ----------
    signal
        Shape (..., angle).
    flip_angles_deg
        Nominal flip angles [degrees], shape (angle,).
    tr_s
        Repetition time [s].
    b1
        True over nominal flip angle, shape (...); None = 1. An error of 10 % changes T1 by 20 %.
    mask
        Boolean, shape (...): voxels to fit; None = all.
    method
        `nonlinear`: least squares of the signals, M0 solved for (variable projection). `linear`: the straight line
        ``S/sin a = E1 S/tan a + M0 (1 - E1)`` (Fram EK, Magn Reson Imaging 1987; 5:201), faster, biased by noise.

    Returns
    -------
    T1Fit

    Raises
    ------
    UsageError
        If there are fewer than two distinct angles, TR is not above 0, or shapes do not agree.
    """
    values, flips = np.asarray(signal), np.asarray(flip_angles_deg, dtype=np.float64)
    _check(values, flips, tr_s, method)
    rows, where = voxels(values, mask)
    scales = np.ones(1) if b1 is None else _scales(b1, values.shape[:-1])
    angles = np.radians(flips)

    def piece(part: slice) -> T1Fit:
        samples = np.ascontiguousarray(rows[part], np.float32)
        own = scales if b1 is None else scales[part]
        wanted = np.ones(len(samples), bool) & np.isfinite(own) & (own > 0.0)
        wanted = wanted if where is None else wanted & where[part]
        return _piece(samples, np.asarray(wanted, np.uint8), (angles, own), tr_s, method)

    return in_pieces(piece, len(rows), values.shape[:-1], size=PIECE)


def _piece(samples: Numbers, wanted: NDArray[np.uint8], angles: tuple[Array, Array], tr_s: float, method: str) -> T1Fit:
    """The fit of some voxels, (n,) each; angles [rad] and their scales (n or 1)."""
    from spinemets.maps import t1_loops  # lazy: compiled

    linear, (flips, scales) = method == "linear", angles
    out = np.empty((len(samples), 3 if linear else 5))

    def work(part: slice) -> None:
        own = scales if len(scales) == 1 else scales[part]
        loop = t1_loops.linear if linear else t1_loops.nonlinear
        loop(out[part], samples[part], wanted[part], (flips, own))

    in_blocks(work, len(samples), 4 * len(flips), block_bytes=BLOCK_BYTES)
    return _told(_of_line(out, tr_s) if linear else _of_search(out, tr_s, len(flips)))


def rules() -> dict[str, float]:
    """Numbers of the table `t1`."""
    found: dict[str, Any] = table("t1")
    return {name: float(row["value"]) for name, row in found.items() if isinstance(row, dict)}


def _check(values: NDArray[Any], flips: Array, tr_s: float, method: str) -> None:
    if flips.ndim != 1 or values.shape[-1:] != flips.shape or not (np.isfinite(flips) & (flips > 0.0)).all():
        raise UsageError(
            f"Flip angles of shape {flips.shape} do not go with signals of shape {values.shape}, or are none.",
            "Give one angle in degrees above 0 for each image of the last axis.",
        )
    if len(np.unique(flips)) < 2:
        raise UsageError("There are fewer than two distinct flip angles.", "A T1 needs images of two angles at least.")
    if not tr_s > 0.0:
        raise UsageError(f"A repetition time of {tr_s} s is none.", "Give it in seconds.")
    if method not in METHODS:
        raise UsageError(f"There is no method {method}.", f"Methods: {', '.join(METHODS)}.")


def _scales(b1: ArrayLike, shape: tuple[int, ...]) -> Array:
    try:
        scales = np.broadcast_to(np.asarray(b1, dtype=np.float64), shape)
    except ValueError:
        raise UsageError(
            f"The B1 map has shape {np.shape(b1)}, the images {shape}.", "Give a B1 map of the images' own grid."
        ) from None
    return np.ascontiguousarray(scales.reshape(-1))


def _of_search(out: Array, tr_s: float, n: int) -> dict[str, Array]:
    """What the loop found as T1, with the half-width of the interval of ln T1."""
    logs, m0, left, sensitivity, length = out.T
    half = np.full(len(out), np.inf)
    if n > 2:
        with np.errstate(divide="ignore", invalid="ignore"):
            half = student(n - 2) * np.sqrt(left / (n - 2)) / (sensitivity * length)
    return {"t1": tr_s * np.exp(-logs), "m0": m0, "sensitivity": sensitivity, "half": half}


def _of_line(out: Array, tr_s: float) -> dict[str, Array]:
    logs, m0, sensitivity = out.T
    return {"t1": tr_s * np.exp(-logs), "m0": m0, "sensitivity": sensitivity, "half": np.full(len(out), np.nan)}


def _told(found: dict[str, Array]) -> T1Fit:
    """T1 where the signals tell it."""
    limits = rules()
    t1, half = found["t1"], np.minimum(found["half"], MOST_LOG)
    with np.errstate(invalid="ignore"):
        exact = (half <= limits["exact_within"]) & (found["sensitivity"] >= limits["least_sensitivity_if_exact"])
        told = exact | (found["sensitivity"] >= limits["least_sensitivity"])
        valid = told & (t1 >= limits["shortest_s"]) & (t1 <= limits["longest_s"])
    ci = np.stack([t1 * np.exp(-half), t1 * np.exp(half)], axis=1)

    def single(values: Array) -> Numbers:
        return values.astype(np.float32)

    return T1Fit(
        t1_s=single(np.where(valid, t1, np.nan)),
        m0=single(np.where(valid, found["m0"], np.nan)),
        ci95_s=single(ci),
        sensitivity=single(found["sensitivity"]),
        valid=valid,
    )
