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
    """

    adc_mm2_per_s: Numbers
    s0: Numbers
    r_squared: Numbers
    valid: NDArray[np.bool_]


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
    bits, (next_voxel, next_b), turned = _laid(values)
    where = chosen(values, mask, turned=turned)
    n = int(np.prod(values.shape[:-1]))
    adc, s0, r_squared = (np.empty(n, np.float32) for _ in range(3))
    valid = np.ones(n, np.uint8) if where is None else where.astype(np.uint8)
    centred = b - b.mean()
    slopes = centred / (centred @ centred)
    weights = np.stack([slopes, 1 / len(b) - b.mean() * slopes]).astype(np.float32)
    least = np.float32(0.0 if noise_sigma is None else float(table("diffusion")["floor_sd"]["value"]) * noise_sigma)
    numbers = (np.float32(centred @ centred), np.float32(1 / len(b)), least)

    def work(part: slice) -> None:
        out, place = (adc[part], s0[part], r_squared[part]), (part.start * next_voxel, next_voxel, next_b)
        adc_loops.lines(out, valid[part], bits, weights, numbers, place)

    in_blocks(work, n, 4 * len(b), block_bytes=BLOCK_BYTES)

    def shaped(found: NDArray[Any]) -> NDArray[Any]:
        lead = values.shape[:-1]
        return found.reshape(lead[::-1]).T if turned else found.reshape(lead)

    return AdcFit(
        adc_mm2_per_s=shaped(adc), s0=shaped(s0), r_squared=shaped(r_squared), valid=shaped(valid.view(np.bool_))
    )


def _laid(values: NDArray[Any]) -> tuple[NDArray[np.int32], tuple[int, int], bool]:
    """Signals as bits, flat; how far on the next voxel's and the next b-value's lie; whether the leading axes run backwards.

    Images that lie one after the other, in either order of their axes, are left where they are.
    """
    n_b = values.shape[-1]
    images = np.moveaxis(values, -1, 0)
    if values.dtype == np.float32 and not values.flags.c_contiguous:
        for turned, laid in ((False, images), (True, images.transpose(0, *range(images.ndim - 1, 0, -1)))):
            if laid.flags.c_contiguous:
                return laid.reshape(-1).view(np.int32), (1, values.size // n_b), turned
    return np.ascontiguousarray(values, np.float32).reshape(-1).view(np.int32), (n_b, 1), False


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
