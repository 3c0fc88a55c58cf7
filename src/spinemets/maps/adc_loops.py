"""The loop of the ADC: logarithm, line, share explained and validity of a voxel in one pass over its signals.

A pass over chunks that stay in the first-level cache, each step one plain loop over voxels: the compiler turns those into
vector code, which the logarithm and exponential of the mathematical library would prevent.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spinemets.compiled import compiled

CHUNK = 512
LOOPED, BITS = "float32[::1]", "int32[::1]"
# (ln(1 + f) - f)/f^2 on sqrt(1/2) - 1 to sqrt(2) - 1, and 2^f on -1/2 to 1/2, as polynomials by Chebyshev interpolation
# (`tests/maps/test_adc_loops.py` makes them anew): errors of 3e-9, below the rounding of single precision.
LOG = tuple(
    np.float32(x)
    for x in (
        -0.499999976, 0.3333333, -0.250007812, 0.200012345, -0.166266456, 0.14204856, -0.131275557, 0.127226728, -0.0767364148,
    )
)  # fmt: skip
POWER = tuple(
    np.float32(x) for x in (1.0, 0.693147207, 0.240226509, 0.0555032723, 0.00961805668, 0.00134004282, 0.000154614447)
)
# ln 2 in two parts, the first exact in few bits: its products with whole exponents are not rounded.
LN2_HIGH, LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
LOG2_E = np.float32(1.44269504)
FRACTION = np.float32(2.0**-23)
LARGE_FRACTION = np.float32(np.sqrt(2.0) - 1.0)
ONE, HALF, NAN = np.float32(1.0), np.float32(0.5), np.float32(np.nan)
INFINITE_BITS = np.int32(0x7F800000)
SMALLEST = np.float32(2.0**-126)
WIDEST = np.float32(126.0)
# Lets a conversion that cuts off the fraction round to the nearest whole number.
SHIFT, SHIFTED = np.float32(512.5), np.int32(512)


@compiled(f"void({LOOPED}, {BITS})")
def logarithms(log: Any, bits: Any) -> None:
    """Natural logarithms of positive numbers, given by their bits: exponent and fraction apart."""
    for v in range(CHUNK):
        exponent = np.float32((bits[v] >> np.int32(23)) - np.int32(127))
        fraction = np.float32(bits[v] & np.int32(0x7FFFFF)) * FRACTION
        large = fraction > LARGE_FRACTION
        f = HALF * (fraction - ONE) if large else fraction
        exponent = exponent + ONE if large else exponent
        y = LOG[8] * f + LOG[7]
        y = y * f + LOG[6]
        y = y * f + LOG[5]
        y = y * f + LOG[4]
        y = y * f + LOG[3]
        y = y * f + LOG[2]
        y = y * f + LOG[1]
        y = y * f + LOG[0]
        log[v] = (y * f * f + LN2_LOW * exponent) + f + LN2_HIGH * exponent


@compiled(f"void({LOOPED}, {BITS})")
def powers(x: Any, scale: Any) -> None:
    """Exponentials in place, as a number about 1 in `x` and the bits of a power of two in `scale`."""
    for v in range(CHUNK):
        twos = min(max(x[v] * LOG2_E, -WIDEST), WIDEST)
        whole = np.int32(twos + SHIFT) - SHIFTED
        f = twos - np.float32(whole)
        y = POWER[6] * f + POWER[5]
        y = y * f + POWER[4]
        y = y * f + POWER[3]
        y = y * f + POWER[2]
        y = y * f + POWER[1]
        x[v] = y * f + POWER[0]
        scale[v] = (whole + np.int32(127)) << np.int32(23)


@compiled(f"void({BITS}, Array(int32, 1, 'C', True), int64, int64, int64)")
def taken(own: Any, bits: Any, start: int, step: int, number: int) -> None:
    """Signals a step apart; steps that occur often are written out, so that the compiler loads several at a time."""
    if step == 1:
        for v in range(number):
            own[v] = bits[start + v]
    elif step == 2:
        for v in range(number):
            own[v] = bits[start + 2 * v]
    elif step == 3:
        for v in range(number):
            own[v] = bits[start + 3 * v]
    else:
        for v in range(number):
            own[v] = bits[start + v * step]


@compiled(f"void(UniTuple({LOOPED}, 6), UniTuple({BITS}, 3), UniTuple(float32, 2))")
def add(sums: Any, seen: Any, weight: Any) -> None:
    """Take one b-value's logarithms into the sums, and its signals into the lowest and highest ones."""
    log, first, slope, start, total, squares = sums
    own, low, high = seen
    in_slope, in_start = weight
    for v in range(CHUNK):
        # Less the first logarithm: differences lose nothing to rounding.
        difference = log[v] - first[v]
        slope[v] += in_slope * difference
        start[v] += in_start * difference
        total[v] += difference
        squares[v] += difference * difference
        low[v] = min(low[v], own[v])
        high[v] = max(high[v], own[v])


@compiled(f"void(UniTuple({LOOPED}, 6), UniTuple({BITS}, 3))")
def begin(sums: Any, seen: Any) -> None:
    """Start the sums with the first b-value's logarithms."""
    log, first, slope, start, total, squares = sums
    own, low, high = seen
    for v in range(CHUNK):
        first[v] = log[v]
        slope[v] = start[v] = total[v] = squares[v] = np.float32(0)
        low[v] = high[v] = own[v]


@compiled(f"void(UniTuple({LOOPED}, 6), UniTuple({BITS}, 3), UniTuple(float32, 2), int32)")
def finish(sums: Any, seen: Any, numbers: Any, least: int) -> None:
    """Share explained into `log`, and whether the signals give a line into `low` (1 or 0)."""
    log, _, slope, _, total, squares = sums
    _, low, high = seen
    spread, share = numbers
    for v in range(CHUNK):
        varied = squares[v] - total[v] * total[v] * share
        explained = slope[v] * slope[v] * spread
        # Nothing is left over where the line explains all (two b-values, signals that do not vary).
        log[v] = explained / varied if varied > explained else ONE
        low[v] = np.int32(1) if (low[v] > least) & (high[v] < INFINITE_BITS) else np.int32(0)


@compiled(
    f"void(UniTuple({LOOPED}, 3), uint8[::1], Array(int32, 1, 'C', True), Array(float32, 2, 'C', True),"
    " UniTuple(float32, 3), UniTuple(int64, 3))"
)
def lines(out: Any, valid: Any, bits: Any, weights: Any, numbers: Any, place: Any) -> None:
    """Fit lines to the logarithms of signals.

    Parameters
    ----------
    out
        ADC, S0 and share explained, float32 (n,) each, written; nan where not valid.
    valid
        uint8 (n,): 0 where a voxel is not wanted; becomes 0 where its signals give no line.
    bits
        int32: float32 signals as their bits. Positive numbers are in the order of their bits.
    weights
        float32 (2, b): of the logarithms in the slope and in the intercept.
    numbers
        Sum of squares of the centred b-values, its inverse number of b-values, and what signals have to be above (at least 0).
    place
        Where the first voxel's first signal lies, and how far on those of the next voxel and of the next b-value lie.
    """
    n, n_b = len(valid), weights.shape[1]
    spread, share, least = numbers
    start, next_voxel, next_b = place
    floor = np.empty(1, np.float32)
    floor[0] = max(least, SMALLEST)
    least_bits = floor.view(np.int32)[0]
    sums = (
        np.empty(CHUNK, np.float32), np.empty(CHUNK, np.float32), np.empty(CHUNK, np.float32),
        np.empty(CHUNK, np.float32), np.empty(CHUNK, np.float32), np.empty(CHUNK, np.float32),
    )  # fmt: skip
    log, first, slope, intercept, total, _ = sums
    seen = (np.empty(CHUNK, np.int32), np.empty(CHUNK, np.int32), np.empty(CHUNK, np.int32))
    own, good, _ = seen
    scale = np.empty(CHUNK, np.int32)
    scaled = scale.view(np.float32)
    own[:] = 1
    for chunk in range(0, n, CHUNK):
        m = min(CHUNK, n - chunk)
        for j in range(n_b):
            taken(own, bits, start + chunk * next_voxel + j * next_b, next_voxel, m)
            logarithms(log, own)
            if j == 0:
                begin(sums, seen)
            else:
                add(sums, seen, (weights[0, j], weights[1, j]))
        finish(sums, seen, (spread, share), least_bits)
        for v in range(CHUNK):
            total[v] = intercept[v] + first[v]
        powers(total, scale)
        for v in range(m):
            wanted = good[v] * np.int32(valid[chunk + v])
            out[0][chunk + v] = -slope[v] if wanted != 0 else NAN
            out[1][chunk + v] = total[v] * scaled[v] if wanted != 0 else NAN
            out[2][chunk + v] = log[v] if wanted != 0 else NAN
            valid[chunk + v] = np.uint8(1) if wanted != 0 else np.uint8(0)
