"""Apparent diffusion coefficient: a straight line through ln S over b (MR-DWI-02)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.knowledge.lookup import table
from spinemets.maps.blocks import chosen, in_blocks
from spinemets.model.errors import UsageError

Numbers = NDArray[np.float32]
# Voxels of a call into compiled code: enough that the interpreter hardly shows, few enough to spread over processors.
BLOCK_BYTES = 1 << 22


@dataclass(frozen=True, kw_only=True, eq=False)
class AdcFit:
    """Line of each voxel, each of the leading axes' shape; nan where not valid.

    Attributes
    ----------
    adc_mm2_per_s
        Noise may make it negative: it is not cut off, so that means stay unbiased.
    s0
        Signal that the line has at b = 0.
    r_squared
        Share of the variance of ln S that the line explains; 1 with two b-values.
    valid
        Whether the voxel is in the mask and all its signals are numbers above 0, and above the noise floor where one is given.
    n_without_signal
        Number of voxels in the mask of which a signal is 0, negative, or no number.
    """

    adc_mm2_per_s: Numbers
    s0: Numbers
    r_squared: Numbers
    valid: NDArray[np.bool_]
    n_without_signal: int


def fit(
    signal: ArrayLike, b_values: ArrayLike, *, mask: ArrayLike | None = None, noise_sigma: float | None = None
) -> AdcFit:
    """Fit ``ln S = ln S0 - b ADC`` by least squares, all b-values alike (E-30, E-32).

    Parameters
    ----------
    signal
        Magnitudes, shape (..., b).
    b_values
        [s/mm2], shape (b,), any order; the same value may be repeated.
    mask
        Boolean, shape (...): voxels to fit; None = all.
    noise_sigma
        Noise of one channel, in the unit of the signal: voxels with a signal below 3 sigma are not valid, for magnitudes
        that low are lifted by the noise and make the ADC too small (E-40). None = no floor.

    Returns
    -------
    AdcFit
        float32.

    Raises
    ------
    UsageError
        If there are fewer than two distinct b-values (E-35), or shapes do not agree.
    """
    from spinemets.maps import adc_loops  # lazy: compiled

    values, b = np.asarray(signal), np.asarray(b_values, dtype=np.float64)
    _check(values, b)
    signals, by_voxel, turned = _laid(values)
    where = chosen(values, mask, turned=turned)
    n = int(np.prod(values.shape[:-1]))
    asked = np.ones(n, np.uint8) if where is None else np.ascontiguousarray(where).view(np.uint8)
    adc, s0, r_squared = (np.empty(n, np.float32) for _ in range(3))
    valid, without_signal = np.empty(n, np.uint8), []
    weights, numbers = _weights(b, noise_sigma)
    lines = adc_loops.lines(len(b), by_voxel=by_voxel, kind=signals.dtype.name)

    def work(part: slice) -> None:
        out, flags = (adc[part], s0[part], r_squared[part]), (valid[part], asked[part])
        mine = signals[part.start * (len(b) if by_voxel else 1) :]
        without_signal.append(lines(out, flags, mine, weights, numbers, n))

    in_blocks(work, n, signals.itemsize * len(b), block_bytes=BLOCK_BYTES)

    def shaped(found: NDArray[Any]) -> NDArray[Any]:
        lead = values.shape[:-1]
        return found.reshape(lead[::-1]).T if turned else found.reshape(lead)

    return AdcFit(
        adc_mm2_per_s=shaped(adc), s0=shaped(s0), r_squared=shaped(r_squared), valid=shaped(valid.view(np.bool_)),
        n_without_signal=sum(without_signal),
    )  # fmt: skip


def _weights(b: NDArray[np.float64], noise_sigma: float | None) -> tuple[tuple[Any, Any], tuple[Any, ...]]:
    """Weights of the logarithms in slope and intercept, and the numbers of the loop."""
    centred = b - b.mean()
    slopes = centred / (centred @ centred)
    starts = 1 / len(b) - b.mean() * slopes
    least = 0.0 if noise_sigma is None else float(table("diffusion")["floor_sd"]["value"]) * noise_sigma
    weights = tuple(slopes.astype(np.float32)), tuple(starts.astype(np.float32))
    return weights, tuple(np.float32(x) for x in (centred @ centred, 1 / len(b), least))


def _laid(values: NDArray[Any]) -> tuple[NDArray[Any], bool, bool]:
    """Signals, flat; whether those of a voxel lie side by side, or images in one piece; whether the leading axes run backwards.

    Images that lie one after the other, in either order of their axes, are left where they are; stored integers of 16 bits are
    turned into floating point on the way.
    """
    images = np.moveaxis(values, -1, 0)
    kind = values.dtype if values.dtype == np.int16 else np.dtype(np.float32)
    if values.dtype == kind and not values.flags.c_contiguous:
        for turned, laid in ((False, images), (True, images.transpose(0, *range(images.ndim - 1, 0, -1)))):
            if laid.flags.c_contiguous:
                return laid.reshape(-1), False, turned
    return np.ascontiguousarray(values, kind).reshape(-1), True, False


def distinct(b_values: ArrayLike) -> int:
    """Number of b-values that differ by more than scanners do around one nominal value."""
    rules: Any = table("diffusion")
    zero, within = float(rules["zero_below_s_per_mm2"]["value"]), float(rules["same_shell_within"]["value"])
    b = np.sort(np.asarray(b_values, dtype=np.float64))
    b[b < zero] = 0.0
    count, first = 0, -np.inf
    for value in b:
        if value - first > within * value:
            count, first = count + 1, value
    return count


def _check(values: NDArray[Any], b: NDArray[np.float64]) -> None:
    if b.ndim != 1 or values.shape[-1:] != b.shape or not (np.isfinite(b) & (b >= 0.0)).all():
        raise UsageError(
            f"b-values of shape {b.shape} do not go with signals of shape {values.shape}, or are no b-values.",
            "Give one b-value of 0 or more for each image of the last axis.",
        )
    if distinct(b) < 2:
        raise UsageError("There are fewer than two distinct b-values.", "An ADC needs images of two b-values at least.")
