"""Tissues mixed over what a sample holds by the share that they fill, compiled: all channels in one visit of a row.

Images lie one after the other, ``samples[channel, i, j, k]``; what is mixed covers a part of them that begins at `corner`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.compiled import ROW, SEEN, compiled

Numbers = NDArray[np.float32]
# numba's notation of several fields over the same points, of one number and of one flag for each of several
# things, and of a mixture's base and slope in one channel.
FIELDS = "Array(float32, 4, 'C', True)"
NUMBERS = "Array(int64, 1, 'C', True)"
PAIR = "Array(float32, 1, 'A', True)"
FLAGS = "Array(boolean, 1, 'C', True)"
_ZERO, _ONE = np.float32(0.0), np.float32(1.0)


@compiled(f"UniTuple(int64, 2)({ROW})")
def _held(row: Numbers) -> tuple[int, int]:
    """First and end of what is not 0 in a row of shares."""
    first, end = 0, len(row)
    while first < end and row[first] <= _ZERO:
        first += 1
    while end > first and row[end - 1] <= _ZERO:
        end -= 1
    return first, end


@compiled(f"void(float32[:,:,:,::1], UniTuple(int64, 3), {SEEN}, {ROW})")
def fill(samples: Numbers, corner: tuple[int, int, int], shares: Numbers, values: Numbers) -> None:
    """Mix one tissue over what is there, ``x + share (value - x)``."""
    for i in range(shares.shape[0]):
        for j in range(shares.shape[1]):
            first, end = _held(shares[i, j])
            share = shares[i, j, first:end]
            for c in range(len(values)):
                value = values[c]
                there = samples[c, corner[0] + i, corner[1] + j, corner[2] + first : corner[2] + end]
                for k in range(len(there)):
                    there[k] += share[k] * (value - there[k])


@compiled(f"void(float32[::1], {ROW}, {PAIR})")
def _spread(row: Numbers, texture: Numbers, mixture: Numbers) -> None:
    """Row of a mixture (base, slope)."""
    base, slope = mixture
    for k in range(len(row)):
        row[k] = base + slope * texture[k]


@compiled(f"void(float32[::1], int64[::1], {ROW}, {ROW}, {PAIR})")
def _lay(row: Numbers, span: NDArray[np.int64], share: Numbers, texture: Numbers, mixture: Numbers) -> None:
    """Replace a share of a row, which is 0 outside a span, by a mixture (base, slope)."""
    base, slope = mixture
    for k in range(span[0], span[1]):
        row[k] += share[k] * (base + slope * texture[k] - row[k])


@compiled(
    f"void(float32[:,:,:,::1], UniTuple(int64, 3), Tuple(({SEEN}, {SEEN})), Tuple(({FIELDS}, {NUMBERS}, {NUMBERS})),"
    f" Tuple(({FIELDS}, {FLAGS}, {SEEN})))"
)
def shell(
    samples: Numbers,
    corner: tuple[int, int, int],
    shares: tuple[Numbers, Numbers],
    texture: tuple[Numbers, NDArray[np.int64], NDArray[np.int64]],
    layers: tuple[Numbers, NDArray[np.bool_], Numbers],
) -> None:
    """Mix bone over what is there: a shell around marrow, either replaced in part by layers, one over the other.

    With the shares o and m of the sample inside the outer surface and inside the marrow space,
    ``x (1 - o) + (o - m) shell + m marrow``. A mixture is linear in its texture t, ``base + slope t``.

    Parameters
    ----------
    shares
        Inside the outer surface, and inside the marrow space.
    texture
        Fields of mean 1, which of them each channel shows, and by which one its marrow (no layer) is multiplied; -1: none.
    layers
        Share of each layer; whether it replaces the shell too; mixtures[n, (base, slope), channel] of the shell, the
        marrow and each layer.
    """
    outer, inner = shares
    fields, field_of, density_of = texture
    of_layers, in_shell, mixtures = layers
    cortex, marrow = np.empty(outer.shape[2], np.float32), np.empty(outer.shape[2], np.float32)
    spans = np.empty((len(in_shell), 2), np.int64)
    for i in range(outer.shape[0]):
        for j in range(outer.shape[1]):
            first, end = _held(outer[i, j])
            if end <= first:
                continue
            for n in range(len(in_shell)):
                spans[n] = _held(of_layers[n, i, j])
            for c in range(samples.shape[0]):
                t = fields[field_of[c], i, j]
                _spread(cortex, t, mixtures[0, :, c])
                _spread(marrow, t, mixtures[1, :, c])
                if density_of[c] >= 0:
                    marrow *= fields[density_of[c], i, j]
                for n in range(len(in_shell)):
                    share = of_layers[n, i, j]
                    _lay(marrow, spans[n], share, t, mixtures[n + 2, :, c])
                    if in_shell[n]:
                        _lay(cortex, spans[n], share, t, mixtures[n + 2, :, c])
                there = samples[c, corner[0] + i, corner[1] + j, corner[2] : corner[2] + outer.shape[2]]
                o, m = outer[i, j], inner[i, j]
                for k in range(first, end):
                    there[k] = there[k] * (_ONE - o[k]) + (o[k] - m[k]) * cortex[k] + m[k] * marrow[k]
