"""The loop of the ADC: logarithm, line, share explained and validity of a voxel in one pass over its signals.

One plain loop over voxels that keeps a voxel's sums in registers and writes nothing but its results. The number of b-values
and the order of the signals are constants of the machine code, made for each when first asked for: the loop over b-values is
then written out, and the compiler turns that over voxels into vector code. Calls to the mathematical library would prevent
that, and so would indices that might be negative.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from spinemets.compiled import compiled

# B-values that the compiler writes out, by type of signal; more go through working arrays of so many voxels, which stay in the
# first-level cache.
MOST_WRITTEN_OUT = {"float32": 8, "int16": 7}
CHUNK = 512
# (ln(1 + f) - f)/f^2 on sqrt(1/2) - 1 to sqrt(2) - 1, and 2^f on -1/2 to 1/2, as polynomials by Chebyshev interpolation
# (`tests/maps/test_adc_loops.py` makes them anew): errors of the results of at most 5e-9, below the rounding of single precision.
LOG = tuple(
    np.float32(x)
    for x in (
        -0.499999976, 0.3333333, -0.250007812, 0.200012345, -0.166266456, 0.14204856, -0.131275557, 0.127226728, -0.0767364148,
    )
)  # fmt: skip
POWER = tuple(
    np.float32(x) for x in (1.0, 0.693147207, 0.240226509, 0.0555032723, 0.00961805668, 0.00134004282, 0.000154614447)
)
# ln 2 in two parts, the first exact in few bits: its products with whole exponents are not rounded. Exponents are taken where they
# stand in a number's bits, 2^23 times what they are.
LN2_HIGH, LN2_LOW = np.float32(0.693359375 * 2.0**-23), np.float32(-2.12194440e-4 * 2.0**-23)
LOG2_E = np.float32(1.44269504)
ZERO, ONE, NAN = np.float32(0.0), np.float32(1.0), np.float32(np.nan)
# As bits: sqrt(1/2), where the exponent of a number lies, infinity (numbers below it are in the order of their bits).
ROOT_HALF, EXPONENT, INFINITE = np.int32(0x3F3504F3), np.int32(-0x800000), np.int32(0x7F800000)
NOTHING = np.int32(0)
SMALLEST = np.float32(2.0**-126)
WIDEST = np.float32(126.0)
# Lets a conversion that cuts off the fraction round to the nearest whole number.
SHIFT, SHIFTED = np.float32(512.5), np.int32(512)
FLAGS = "Tuple((uint8[::1], Array(uint8, 1, 'C', True)))"
LINES = (
    f"int64(UniTuple(float32[::1], 3), {FLAGS}, Array({{kind}}, 1, 'C', True), UniTuple(UniTuple(float32, {{n_b}}), 2),"
    " UniTuple(float32, 3), int64)"
)


@compiled("float32(int32)")
def logarithm(bits: Any) -> Any:
    """Natural logarithm of a positive number, given by its bits: of its power of two, and of what is left about 1."""
    twos = np.int32(np.int32(bits - ROOT_HALF) & EXPONENT)
    exponent = np.float32(twos)
    f = np.int32(bits - twos).view(np.float32) - ONE
    y = LOG[8] * f + LOG[7]
    y = y * f + LOG[6]
    y = y * f + LOG[5]
    y = y * f + LOG[4]
    y = y * f + LOG[3]
    y = y * f + LOG[2]
    y = y * f + LOG[1]
    y = y * f + LOG[0]
    return (y * f * f + LN2_LOW * exponent) + f + LN2_HIGH * exponent


@compiled("float32(float32)")
def exponential(x: Any) -> Any:
    """Exponential: a number about 1 times a power of two, which is made of its bits."""
    twos = min(max(x * LOG2_E, -WIDEST), WIDEST)
    whole = np.int32(np.int32(twos + SHIFT) - SHIFTED)
    f = twos - np.float32(whole)
    y = POWER[6] * f + POWER[5]
    y = y * f + POWER[4]
    y = y * f + POWER[3]
    y = y * f + POWER[2]
    y = y * f + POWER[1]
    y = y * f + POWER[0]
    return y * np.int32(np.int32(whole + np.int32(127)) << np.int32(23)).view(np.float32)


@compiled(
    "Tuple((float32, float32, boolean, int32))(UniTuple(float32, 5), UniTuple(int32, 2), UniTuple(float32, 3), uint8)"
)
def line(sums: Any, seen: Any, numbers: Any, asked: Any) -> Any:
    """ADC and S0 of one voxel, whether they are valid, and 1 where a signal is 0, negative or no number.

    Parameters
    ----------
    sums
        The first logarithm; of the differences of all from it, which lose nothing to rounding: both weighted sums (slope and
        intercept), their sum, and that of their squares.
    seen
        Lowest and highest signal, as bits.
    numbers
        As `lines`.
    asked
        0 where the voxel is not in the mask: it is then not valid, and not counted.
    """
    first, slope, start, _, _ = sums
    low, high = seen
    wanted = asked != 0
    # Infinity and what is none lie at the top of the order of bits, what is negative at its bottom.
    good = wanted & (low > np.float32(max(numbers[2], SMALLEST)).view(np.int32)) & (high < INFINITE)
    return -slope, exponential(start + first), good, np.int32(wanted & ((low <= NOTHING) | (high >= INFINITE)))


@compiled("float32(UniTuple(float32, 5), UniTuple(float32, 3))")
def explained(sums: Any, numbers: Any) -> Any:
    """Share of the variance that the line of one voxel explains; arguments as `line`."""
    _, slope, _, total, squares = sums
    spread, share, _ = numbers
    varied = squares - total * total * share
    along = slope * slope * spread
    # Nothing is left over where the line explains all (signals that do not vary).
    return along / varied if varied > along else ONE


@cache
def lines(n_b: int, *, by_voxel: bool, kind: str = "float32") -> Any:
    """The loop for so many b-values.

    Parameters
    ----------
    n_b
        Number of b-values.
    by_voxel
        Whether the signals of a voxel lie side by side; else each image lies in one piece.
    kind
        Type of the signals, `float32` or `int16`.

    Returns
    -------
    Any
        Function of ADC, S0 and share explained, float32 (n,) each, written (nan where not valid); validity, uint8 (n,),
        written, and the mask, uint8 (n,); signals, flat, from the first voxel's first on; float32 weights of the logarithms in
        the slope and in the intercept; sum of squares of the centred b-values, the inverse of their number, and what signals
        have to be above (at least 0); how far on the next image lies. It returns how many voxels of the mask have a signal
        that is 0, negative or no number.
    """
    return (_written_out if n_b <= MOST_WRITTEN_OUT[kind] else _in_chunks)(n_b, by_voxel, kind)


def _written_out(n_b: int, by_voxel: bool, kind: str) -> Any:
    """All signals of a voxel before the next voxel."""
    whole, each = np.uint64, np.uint64(n_b)

    @compiled(LINES.format(kind=kind, n_b=n_b))
    def written_out(out: Any, flags: Any, signals: Any, weights: Any, numbers: Any, next_b: int) -> Any:
        adc, s0, r_squared = out
        valid, mask = flags
        slopes, starts = weights
        apart, empty = whole(next_b), np.int32(0)
        for v in range(whole(len(valid))):
            low = high = np.float32(signals[v * each] if by_voxel else signals[v]).view(np.int32)
            first, slope, start, total, squares = logarithm(low), ZERO, ZERO, ZERO, ZERO
            for j in range(1, n_b):
                at = v * each + whole(j) if by_voxel else v + whole(j) * apart
                bits = np.float32(signals[at]).view(np.int32)
                difference = logarithm(bits) - first
                slope += slopes[j] * difference
                start += starts[j] * difference
                total += difference
                squares += difference * difference
                low, high = min(low, bits), max(high, bits)
            sums = (first, slope, start, total, squares)
            coefficient, signal, good, none = line(sums, (low, high), numbers, mask[v])
            adc[v], s0[v] = coefficient if good else NAN, signal if good else NAN
            # A line goes through any two points.
            r_squared[v] = (explained(sums, numbers) if n_b > 2 else ONE) if good else NAN
            valid[v], empty = np.uint8(good), np.int32(empty + none)
        return empty

    return written_out


def _in_chunks(n_b: int, by_voxel: bool, kind: str) -> Any:
    """One image after the other through working arrays."""
    step = n_b if by_voxel else 1

    @compiled(LINES.format(kind=kind, n_b=n_b))
    def in_chunks(out: Any, flags: Any, signals: Any, weights: Any, numbers: Any, next_b: int) -> Any:
        adc, s0, r_squared = out
        valid, mask = flags
        slopes, starts = weights
        first, slope, start = np.empty(CHUNK, np.float32), np.empty(CHUNK, np.float32), np.empty(CHUNK, np.float32)
        total, squares = np.empty(CHUNK, np.float32), np.empty(CHUNK, np.float32)
        bits, low, high = np.empty(CHUNK, np.int32), np.empty(CHUNK, np.int32), np.empty(CHUNK, np.int32)
        empty = np.int32(0)
        for chunk in range(0, len(valid), CHUNK):
            number = min(CHUNK, len(valid) - chunk)
            for j in range(n_b):
                image = signals[chunk * step + j * (1 if by_voxel else next_b) :]
                for v in range(number):
                    bits[v] = np.float32(image[v * step]).view(np.int32)
                if j == 0:
                    for v in range(number):
                        first[v], low[v], high[v] = logarithm(bits[v]), bits[v], bits[v]
                        slope[v] = start[v] = total[v] = squares[v] = ZERO
                    continue
                for v in range(number):
                    difference = logarithm(bits[v]) - first[v]
                    slope[v] += slopes[j] * difference
                    start[v] += starts[j] * difference
                    total[v] += difference
                    squares[v] += difference * difference
                    low[v], high[v] = min(low[v], bits[v]), max(high[v], bits[v])
            for v in range(number):
                to = chunk + v
                sums, seen = (first[v], slope[v], start[v], total[v], squares[v]), (low[v], high[v])
                coefficient, signal, good, none = line(sums, seen, numbers, mask[to])
                adc[to], s0[to] = coefficient if good else NAN, signal if good else NAN
                r_squared[to] = explained(sums, numbers) if good else NAN
                valid[to], empty = np.uint8(good), np.int32(empty + none)
        return empty

    return in_chunks
