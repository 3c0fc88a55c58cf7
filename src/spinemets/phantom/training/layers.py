"""Tissues laid into the voxels of a patient's field, compiled.

While a patient is painted, each voxel holds three bytes: the tissue that fills most of it, the one that fills most of the
rest, and the share of that rest in 255ths. Then each mixture that occurs gets a number, and a voxel holds that.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.compiled import SEEN, compiled

Numbers = NDArray[np.float32]
HELD = "uint8[:,:,:,::1]"
# Numbers of mixtures and parts leave the highest bit free, for `mark`.
TISSUE, PART = 2**15 - 1, 2**7 - 1
_ONE, _ZERO, _LEAST = np.float32(1.0), np.float32(0.0), np.float32(0.002)


@compiled(f"void({HELD}, UniTuple(int64, 3), float32[::1], int64[::1], int64)")
def _keep(held: Any, place: tuple[int, int, int], weights: Any, codes: Any, n: int) -> None:
    """Write the two tissues of most weight among `n`, whose weights add to 1."""
    i, j, k = place
    for a in range(n):
        for b in range(a):
            if codes[a] == codes[b] and weights[a] > 0:
                weights[b] += weights[a]
                weights[a] = _ZERO
    first = 0
    for a in range(1, n):
        if weights[a] > weights[first]:
            first = a
    second = -1
    for a in range(n):
        if a != first and weights[a] > _LEAST and (second < 0 or weights[a] > weights[second]):
            second = a
    held[0, i, j, k] = codes[first]
    if second < 0:
        held[1, i, j, k], held[2, i, j, k] = codes[first], 0
    else:
        held[1, i, j, k] = codes[second]
        held[2, i, j, k] = int(
            np.float32(255.0) * weights[second] / (weights[first] + weights[second]) + np.float32(0.5)
        )


@compiled(f"void({HELD}, UniTuple(int64, 3), {SEEN}, int64)")
def lay(held: NDArray[np.uint8], corner: tuple[int, int, int], shares: Numbers, code: int) -> None:
    """Mix one tissue over what is there, of which the two of most weight are kept."""
    weights, codes = np.zeros(3, np.float32), np.zeros(3, np.int64)
    for i in range(shares.shape[0]):
        for j in range(shares.shape[1]):
            for k in range(shares.shape[2]):
                share = shares[i, j, k]
                if share < _LEAST:
                    continue
                x, y, z = corner[0] + i, corner[1] + j, corner[2] + k
                if share > _ONE - _LEAST:
                    held[0, x, y, z], held[1, x, y, z], held[2, x, y, z] = code, code, 0
                    continue
                rest = np.float32(held[2, x, y, z]) / np.float32(255.0)
                weights[0], weights[1], weights[2] = (1 - rest) * (1 - share), rest * (1 - share), share
                codes[0], codes[1], codes[2] = held[0, x, y, z], held[1, x, y, z], code
                _keep(held, (x, y, z), weights, codes, 3)


@compiled(f"void({HELD}, UniTuple(int64, 3), {SEEN}, int64, int64)")
def exchange(held: NDArray[np.uint8], corner: tuple[int, int, int], shares: Numbers, new: int, old: int) -> None:
    """Put one tissue in the place of another where it takes more than half of it."""
    for i in range(shares.shape[0]):
        for j in range(shares.shape[1]):
            for k in range(shares.shape[2]):
                x, y, z = corner[0] + i, corner[1] + j, corner[2] + k
                for n in range(2):
                    rest = np.float32(held[2, x, y, z]) / np.float32(255.0)
                    part = rest if n == 1 else _ONE - rest
                    if held[n, x, y, z] == old and shares[i, j, k] > np.float32(0.5) * part:
                        held[n, x, y, z] = new


@compiled("void(float32[::1], float32, int64)")
def _take(weights: Any, share: Any, layer: int) -> None:
    """Give a layer its share of all that lies below it."""
    for before in range(layer):
        taken = share * weights[before]
        weights[before] -= taken
        weights[layer] += taken


@compiled(
    f"void({HELD}, UniTuple(int64, 3), Tuple(({SEEN}, {SEEN}, Array(float32, 4, 'C', True))),"
    " Tuple((Array(boolean, 1, 'C', True), Array(int64, 1, 'C', True))))"
)
def shell(
    held: NDArray[np.uint8],
    corner: tuple[int, int, int],
    shares: tuple[Numbers, Numbers, Numbers],
    layers: tuple[NDArray[np.bool_], NDArray[np.int64]],
) -> None:
    """Mix a shell around marrow over what is there, either replaced in part by layers, one over the other.

    As `shape.mixing.shell` does with values. `layers`: whether each replaces the shell too; codes of the shell, the marrow
    and each layer.
    """
    outer, inner, of_layers = shares
    in_shell, own = layers
    n = len(own)
    weights, codes = np.zeros(n + 2, np.float32), np.zeros(n + 2, np.int64)
    hard, soft = np.zeros(n, np.float32), np.zeros(n, np.float32)
    for i in range(outer.shape[0]):
        for j in range(outer.shape[1]):
            for k in range(outer.shape[2]):
                whole, marrow = outer[i, j, k], min(inner[i, j, k], outer[i, j, k])
                if whole < _LEAST:
                    continue
                x, y, z = corner[0] + i, corner[1] + j, corner[2] + k
                hard[:], soft[:] = _ZERO, _ZERO
                hard[0], soft[1] = whole - marrow, marrow
                for layer in range(n - 2):
                    share = of_layers[layer, i, j, k]
                    if share > _ZERO:
                        _take(soft, share, layer + 2)
                        if in_shell[layer]:
                            _take(hard, share, layer + 2)
                rest = np.float32(held[2, x, y, z]) / np.float32(255.0)
                weights[0], weights[1] = (1 - rest) * (1 - whole), rest * (1 - whole)
                codes[0], codes[1] = held[0, x, y, z], held[1, x, y, z]
                for layer in range(n):
                    weights[layer + 2], codes[layer + 2] = hard[layer] + soft[layer], own[layer]
                _keep(held, (x, y, z), weights, codes, n + 2)


@compiled(f"int64(uint16[:,:,::1], {HELD}, int32[::1], uint8[:,::1], int64)")
def compress(found: NDArray[np.uint16], held: NDArray[np.uint8], known: Any, mixtures: Any, n: int) -> int:
    """Number each mixture of two tissues, shares in sixteenths, in the order in which they are met; returns how many there are.

    Parameters
    ----------
    known
        (2**21,) number of a mixture by its two tissues and share, -1 where it has none yet.
    mixtures
        (2**15, 3): most, rest and sixteenths of the rest, by number.
    n
        How many have a number already.
    """
    for i in range(found.shape[0]):
        for j in range(found.shape[1]):
            for k in range(found.shape[2]):
                most, rest = int(held[0, i, j, k]), int(held[1, i, j, k])
                share = (int(held[2, i, j, k]) + 8) >> 4
                if share == 0:
                    rest = most
                key = most | (rest << 8) | (share << 16)
                number = known[key]
                if number < 0:
                    number = min(n, TISSUE)
                    known[key] = number
                    mixtures[number, 0], mixtures[number, 1], mixtures[number, 2] = most, rest, share
                    n = number + 1
                found[i, j, k] = number
    return n


@compiled("int64(uint16[:,:,::1], uint8[:,:,::1])")
def mark(tissues: NDArray[np.uint16], where: NDArray[np.uint8]) -> int:
    """Set the highest bit of each voxel from which on, along the three axes, not all eight voxels are equal; returns how many.

    Where they are, as nearly everywhere, one reading does for eight. At the ends of an axis it does in any case: nothing
    lies beyond.
    """
    n_x, n_y, n_z = tissues.shape
    n = 0
    for i in range(n_x):
        below = min(i + 1, n_x - 1)
        for j in range(n_y):
            beside = min(j + 1, n_y - 1)
            for k in range(n_z):
                up = min(k + 1, n_z - 1)
                tissue, part = tissues[i, j, k] & TISSUE, where[i, j, k] & PART
                mixed, several = False, False
                for corner in range(1, 8):
                    # Voxels ahead are not marked yet.
                    x, y, z = below if corner & 1 else i, beside if corner & 2 else j, up if corner & 4 else k
                    mixed |= tissues[x, y, z] != tissue
                    several |= where[x, y, z] != part
                if mixed:
                    tissues[i, j, k] = tissue | (TISSUE + 1)
                    n += 1
                if several:
                    where[i, j, k] = part | (PART + 1)
    return n
