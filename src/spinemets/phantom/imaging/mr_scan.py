"""The scanner's part of an MR slice: what the place of a sample does to its signal, then k-space, noise, magnitude.

Order (PHA-03): motion, chemical shift, coil, truncation, noise, magnitude.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging.acquisition import PHASE, Acquisition
from spinemets.phantom.imaging.mr_signals import BAND_SIGMA_HZ, GRADIENT_ECHO, fat_turn
from spinemets.phantom.shape.block import Array, Block
from spinemets.physics import mr_artefacts, noise

# The saturation band in front of the spine: distance before the body centres, width of its edge, what it leaves.
BAND_MM, BAND_EDGE_MM, BAND_LEAVES = 38.0, 16.0, 0.15
# What a posterior array receives far away, over its best; the level whose centre is received as without a coil.
COIL_FLOOR, COIL_LEVEL = 0.05, "L3"
# Flow voids fade out over this length beyond the thoracic levels; they are so many times as long (along the spine) and wide
# as the islands of a mixed lesion, whose texture they borrow.
VOID_EDGE_MM, VOID_LONGER, VOID_WIDER = 15.0, 3.0, 2.0
# Phases are stored in 12 bits as scanners do: half a turn is 4096, in steps of two. Magnitudes have 12 bits too.
HALF_TURN, PHASE_STEP, LARGEST = 4096, 2, 4095


@dataclass(frozen=True, kw_only=True, eq=False)
class Surroundings:
    """What the samples (i, j) of one slice are exposed to; None = nothing.

    Attributes
    ----------
    coil
        Sensitivity, 1 at the centre of L3.
    offset_hz
        Field against that of the receiver.
    """

    coil: Array | None = None
    offset_hz: Array | None = None


def surroundings(anatomy: Anatomy, a: Acquisition, grid: Grid, k: int) -> Surroundings:
    """Coil and field in slice k."""
    coil = (
        None
        if a.coil_radius_mm is None
        else _coil(anatomy, a.coil_radius_mm, _slice(grid, k)) ** np.float32(1 - a.coil_corrected)
    )
    offset = _offset_hz(grid, k, a.b0_offset_hz) if a.b0_offset_hz else None
    return Surroundings(coil=coil, offset_hz=offset)


def band(anatomy: Anatomy, acquisition: Acquisition, grid: Grid, k: int) -> Array:
    """What the saturation band in front of the spine leaves of the signal of slice k (1 behind it): (i, j)."""
    if not acquisition.saturation_band:
        return np.ones((1, 1), np.float32)
    block = _slice(grid, k)
    _, v, _ = anatomy.column.around(block)
    behind = np.clip((v + np.float32(BAND_MM)) / np.float32(BAND_EDGE_MM) + 1, 0.0, 1.0)
    left = np.float32(BAND_LEAVES) + np.float32(1 - BAND_LEAVES) * behind * behind * (3 - 2 * behind)
    return np.asarray(np.broadcast_to(left, block.shape)[:, :, 0])


def csf_kept(anatomy: Anatomy, strength: float, grid: Grid, k: int) -> Array:
    """What flow leaves of the signal of CSF in slice k, exp(-v) at least: (i, j). It comes in clouds, thoracic only."""
    block = _slice(grid, k)
    levels = [level for level, size in anatomy.sizes.items() if size.thoracic]
    heights = [float(anatomy.frames[level].origin[2]) for level in levels]
    x, y, z = block.axes
    inside = np.minimum(z - min(heights), max(heights) - z) / VOID_EDGE_MM
    along, across = np.float32(VOID_LONGER), np.float32(VOID_WIDER)
    cloud = 0.5 + 0.5 * anatomy.fields["islands"].at(x / across, y / across, z / along)
    speed = np.clip(1.0 + inside, 0.0, 1.0) * np.clip(cloud, 0.0, 1.0)
    return np.asarray(np.broadcast_to(np.exp(-strength * speed), block.shape)[:, :, 0], np.float32)


def scan(
    pools: tuple[Array, Array], a: Acquisition, around: Surroundings, noise_of: tuple[np.random.Generator, float]
) -> NDArray[np.complex64]:
    """One slice through k-space: complex image (i, j).

    Fat is displaced along j by the readout, in echo planar images along i, and turned against water in gradient echoes.

    Parameters
    ----------
    pools
        Water and fat, painted.
    a
        Protocol of this volume.
    noise_of
        Generator, and sd of each channel (0 = none).
    """
    from scipy import fft  # lazy: heavy import; unlike numpy's it works in single precision

    water, fat = _turned(pools, a, around.offset_hz)
    n_i, n_j = water.shape
    k_i, k_j = np.fft.fftfreq(n_i)[:, None], np.fft.fftfreq(n_j)[None, :]
    turns = k_j * noise.chemical_shift_px(field_t=a.field_t, bandwidth_hz_per_px=a.bandwidth_hz_per_px)
    if a.echo_spacing_ms:
        turns = k_i * mr_artefacts.epi_chemical_shift_px(
            field_t=a.field_t, echo_spacing_ms=a.echo_spacing_ms, n_lines=n_i
        )
    displaced = np.exp(-2j * np.pi * turns).astype(np.complex64)
    signal = fft.fft2(water) + fft.fft2(fat) * displaced
    if a.motion_mm:
        signal *= _moved(k_i, a)
    if around.coil is not None:
        signal = fft.fft2(fft.ifft2(signal) * around.coil)
    kept = (np.abs(k_i) <= 0.5 * a.acquired_share[0]) & (np.abs(k_j) <= 0.5 * a.acquired_share[1])
    generator, sigma = noise_of
    if sigma:
        # sd per channel in the image is sigma: n samples of k-space noise of sd s give an image sd of s sqrt(kept)/n.
        level = np.float32(sigma * water.size / math.sqrt(np.count_nonzero(kept)))
        real, imaginary = generator.standard_normal((2, n_i, n_j), np.float32)
        signal.real += level * real
        signal.imag += level * imaginary
    return np.asarray(fft.ifft2(np.where(kept, signal, np.complex64(0))))


def stored(image: NDArray[np.complex64], a: Acquisition, scale: float) -> Array:
    """What the scanner keeps of a complex image: whole numbers, magnitudes times a scale, phases from -4096 to 4094."""
    if a.part == PHASE:
        steps = HALF_TURN // PHASE_STEP
        turned = np.rint(np.angle(image) * np.float32(steps / np.pi))
        return np.asarray(PHASE_STEP * np.where(turned >= steps, -steps, turned))
    return np.asarray(np.clip(np.rint(np.abs(image) * scale), 0, LARGEST))


def _turned(pools: tuple[Array, Array], a: Acquisition, offset_hz: Array | None) -> tuple[Array, Array]:
    """Water and fat with their phases at the echo, and with the fat that suppression leaves where the field is off."""
    water, fat = pools
    if a.method == GRADIENT_ECHO:
        fat = fat * np.complex64(fat_turn(a))
    if offset_hz is None:
        return water, fat
    if a.fat_suppressed:
        width = BAND_SIGMA_HZ[a.field_t]
        left = mr_artefacts.residual_fat(b0_offset_hz=offset_hz, band_sigma_hz=width)
        fat = fat * (left / mr_artefacts.residual_fat(b0_offset_hz=0.0, band_sigma_hz=width)).astype(np.float32)
    if a.method == GRADIENT_ECHO:
        phase = np.exp(2j * np.pi * offset_hz * a.te_ms / 1000.0).astype(np.complex64)
        water, fat = water * phase, fat * phase
    return water, fat


def _moved(k_i: NDArray[np.floating[Any]], a: Acquisition) -> NDArray[np.complex64]:
    """Turn of each line of k-space (i) while the patient moves to and fro along i: ghosts of Bessel's strength."""
    order = np.round(k_i * k_i.size)
    place_px = a.motion_mm / a.pixel_mm * np.sin(2.0 * np.pi * order / a.motion_period_lines)
    return np.asarray(np.exp(-2j * np.pi * k_i * place_px), np.complex64)


def _coil(anatomy: Anatomy, radius_mm: float, block: Block) -> Array:
    """Sensitivity of loops on the skin of the back, by depth, over that at the centre of L3."""
    centre = anatomy.frames[COIL_LEVEL].origin
    back = anatomy.column.back
    _, y, z = block.axes

    def received(depth_mm: Array) -> NDArray[np.float64]:
        return mr_artefacts.loop_sensitivity(depth_mm=np.maximum(depth_mm, 0.0), radius_mm=radius_mm, floor=COIL_FLOOR)

    there = received(back.at(np.array([centre[2]])) - centre[1])[0]
    return np.asarray(np.broadcast_to(received(back.at(z) - y) / there, block.shape)[:, :, 0], np.float32)


def _offset_hz(grid: Grid, k: int, edge_hz: float) -> Array:
    """Offset of the field in slice k."""
    i, j = np.indices(grid.shape_ijk[:2])
    return np.asarray(_risen_hz(grid, (i, j, k), edge_hz), np.float32)


def field_hz(a: Acquisition, grid: Grid, points_lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Truth of the field map of a series: its field against that of the receiver at points (..., 3)."""
    index = np.moveaxis(grid.to_ijk(points_lps_mm), -1, 0)
    return np.asarray(_risen_hz(grid, tuple(index), a.b0_offset_hz))


def _risen_hz(grid: Grid, ijk: tuple[Any, Any, Any], edge_hz: float) -> Any:
    """Offset of the field, 0 in the middle of the volume, `edge_hz` half the longer side of a picture away."""
    middle = (np.asarray(grid.shape_ijk) - 1.0) / 2.0
    away = [(at - m) * side for at, m, side in zip(ijk, middle, grid.spacing_mm, strict=True)]
    reach = max(n * side for n, side in zip(grid.shape_ijk[:2], grid.spacing_mm[:2], strict=True)) / 2.0
    return edge_hz * sum(part**2 for part in away) / reach**2


def _slice(grid: Grid, k: int) -> Block:
    """Sample points of slice k."""
    return Block.of_grid(grid).part((slice(0, grid.shape_ijk[0]), slice(0, grid.shape_ijk[1]), slice(k, k + 1)))
