"""Rigid registration of two series by content, whatever their contrast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from spinemets.series.motion.coarse import Coarse
from spinemets.series.motion.mutual_information import BINS, Array, Sample, agreement, equalised, moved, trilinear

# Starts that are climbed from, and the share of the information below which a climb ends.
STARTS = 3
COARSE_CHANGE, FINE_CHANGE = 1e-3, 1e-5


@dataclass(frozen=True, kw_only=True, eq=False)
class Motion:
    """Where the content of the moving picture lies against the fixed one.

    Attributes
    ----------
    shift_mm, rotation_deg
        Translation of the centre of the common field, rotation about x, y, z through it (LPS).
    centre_lps_mm
        Point that the rotation is about.
    residual_mm
        (8, 3) displacement of the corners of the common field.
    information
        Mutual information at the motion found [nat].
    prominence
        Its excess over the mean at places shifted away along each direction, as a share of itself: near 1 for a sharp
        peak, near 0 where any place fits as well.
    disagreement_mm
        Largest difference at the corners between the motions found from two halves of the field.
    """

    shift_mm: Array
    rotation_deg: Array
    centre_lps_mm: Array
    residual_mm: Array
    information: float
    prominence: float
    disagreement_mm: float


def smoothed(picture: Coarse, sigma_mm: float) -> Coarse:
    """A picture blurred to about `sigma_mm` along each axis; thick slices count as blurred already."""
    from scipy.ndimage import gaussian_filter

    spacing = np.linalg.norm(picture.affine_lps_mm[:3, :3], axis=0)
    # a box of the spacing's width has a standard deviation of width / sqrt(12)
    own = spacing / np.sqrt(12)
    sigma = np.sqrt(np.maximum(sigma_mm**2 - own**2, 0)) / spacing
    values = gaussian_filter(picture.values, sigma, mode="nearest", truncate=3.0)
    return Coarse(values=values, affine_lps_mm=picture.affine_lps_mm)


def decimated(picture: Coarse, lattice_mm: float) -> Coarse:
    """Means over blocks of about `lattice_mm`; what does not fill a block at the far end is left out."""
    spacing = np.linalg.norm(picture.affine_lps_mm[:3, :3], axis=0)
    factors = np.clip(np.floor(lattice_mm / spacing + 1e-6), 1, picture.values.shape).astype(int)
    counts = np.array(picture.values.shape) // factors
    used = picture.values[tuple(slice(0, n * f) for n, f in zip(counts, factors, strict=True))]
    shape = [size for n, f in zip(counts, factors, strict=True) for size in (n, f)]
    affine = np.array(picture.affine_lps_mm)
    affine[:3, 3] += affine[:3, :3] @ ((factors - 1) / 2)
    affine[:3, :3] *= factors
    return Coarse(values=used.reshape(shape).mean(axis=(1, 3, 5)), affine_lps_mm=affine)


def common_box(fixed: Coarse, moving: Coarse) -> tuple[Array, Array] | None:
    """Lower and upper LPS corner of the field both pictures cover; None where they do not meet."""
    low = np.maximum(_corners(fixed).min(axis=0), _corners(moving).min(axis=0))
    high = np.minimum(_corners(fixed).max(axis=0), _corners(moving).max(axis=0))
    return (low, high) if np.all(high > low) else None


def _corners(picture: Coarse) -> Array:
    last = np.array(picture.values.shape) - 1
    index = np.array(list(product((0, 1), repeat=3))) * last
    corners: Array = index @ picture.affine_lps_mm[:3, :3].T + picture.affine_lps_mm[:3, 3]
    return corners


def register(fixed: Coarse, moving: Coarse, limits: Mapping[str, Any]) -> Motion | None:
    """Rigid motion of `moving` against `fixed`.

    Coarsely blurred pictures are tried from several starts, the best is refined on finer ones; the fine step is repeated
    on two halves of the field, so that the answer carries its own repeatability. Where the halves differ by more than
    `repeat_mm`, and not so much that the answer is not believed anyway, more points are taken.

    Parameters
    ----------
    fixed, moving
        Pictures on lattices of about `lattice_mm`.
    limits
        The group `motion` of the table `study_sets`, as plain numbers.

    Returns
    -------
    Motion or None
        None where the common field holds too few points.
    """
    small, other = (decimated(item, limits["coarse_lattice_mm"]) for item in (fixed, moving))
    rough = _sample(small, other, limits["coarse_sigma_mm"], int(limits["coarse_points"]))
    if rough is None:
        return None
    start = _best_start(rough, limits["start_mm"])
    found = _refined(fixed, moving, start, limits)
    if found is not None and limits["repeat_mm"] < found.disagreement_mm <= limits["disagreement_max_mm"]:
        found = _refined(fixed, moving, start, {**limits, "fine_points": limits["more_points"]})
    return found


def _refined(fixed: Coarse, moving: Coarse, start: Array, limits: Mapping[str, Any]) -> Motion | None:
    """The fine step from a start, on the whole field and on its two halves."""
    fine = _sample(fixed, moving, limits["fine_sigma_mm"], int(limits["fine_points"]))
    if fine is None:
        return None
    motion, information = _climb(start, fine, FINE_CHANGE)
    halves = [_climb(motion, fine.part(half), FINE_CHANGE)[0] for half in _halves(fine, limits["half_block_mm"])]
    corners = _box_corners(fixed, moving)
    ends = [moved(corners, m, fine) for m in (motion, *halves)]
    return Motion(
        shift_mm=motion[:3],
        rotation_deg=np.degrees(motion[3:] / fine.radius_mm),
        centre_lps_mm=fine.centre_lps_mm,
        residual_mm=ends[0] - corners,
        information=information,
        prominence=_prominence(motion, information, fine, limits["away_mm"]),
        disagreement_mm=float(np.linalg.norm(ends[1] - ends[2], axis=1).max()),
    )


def _box_corners(fixed: Coarse, moving: Coarse) -> Array:
    box = common_box(fixed, moving)
    assert box is not None  # a sample was drawn from it
    return np.array([[box[a][0], box[b][1], box[c][2]] for a, b, c in product((0, 1), repeat=3)])


def _sample(fixed: Coarse, moving: Coarse, sigma_mm: float, n_points: int) -> Sample | None:
    """Points in the common field, most of them where the fixed picture changes."""
    box = common_box(fixed, moving)
    if box is None:
        return None
    blurred, other = smoothed(fixed, sigma_mm), smoothed(moving, sigma_mm)
    generator = np.random.default_rng(20)  # the same points in every run
    points = generator.uniform(*box, size=(6 * n_points, 3))
    _, _, seen = trilinear(other, points)
    points = points[seen]
    values, slopes, inside = trilinear(blurred, points)
    points = points[inside]
    if len(points) < n_points // 4:
        return None
    theirs, other_slopes, _ = trilinear(other, points)
    chance = _chance(slopes, values, other_slopes, theirs)
    chosen = generator.choice(len(points), min(n_points, len(points)), replace=False, p=chance)
    level = equalised(values, values[chosen])
    picture = Coarse(values=equalised(other.values, theirs[chosen]), affine_lps_mm=other.affine_lps_mm)
    half = (box[1] - box[0]) / 2
    return Sample(
        points_lps_mm=points[chosen], fixed_bin=np.clip(np.rint(level[chosen]), 0, BINS - 1).astype(np.intp),
        moving=picture, centre_lps_mm=(box[0] + box[1]) / 2, radius_mm=float(np.linalg.norm(half) / np.sqrt(3)),
    )  # fmt: skip


def _chance(slopes: Array, values: Array, other_slopes: Array, others: Array) -> Array:
    """Points where neither picture changes say nothing about motion; edges of only one of them (shading, a saturation
    band) mislead. A share of all points keeps the bins honest.
    """
    steep = np.linalg.norm(slopes, axis=1) / (np.std(values) + 1e-9)
    other = np.linalg.norm(other_slopes, axis=1) / (np.std(others) + 1e-9)
    both = np.sqrt(steep * other)
    chance = both + 0.2 * both.mean() + 1e-9
    result: Array = chance / chance.sum()
    return result


def _best_start(sample: Sample, start_mm: float) -> Array:
    """Motion with the most information after a climb from the best places of a coarse lattice of translations."""
    steps = [np.array([*step, 0, 0, 0]) * start_mm for step in product((-1.0, 0.0, 1.0), repeat=3)]
    tried = sorted(steps, key=lambda step: -agreement(step, sample)[0])
    # No motion is always among the starts: it is by far the likeliest.
    starts = [np.zeros(6), *(step for step in tried if step.any())][:STARTS]
    climbed = [_climb(start, sample, COARSE_CHANGE) for start in starts]
    return max(climbed, key=lambda found: found[1])[0]


def _climb(start: Array, sample: Sample, least_change: float) -> tuple[Array, float]:
    """Local maximum of the mutual information, and its value; ends where a step gains less than a share of it."""
    from scipy.optimize import minimize

    def down(motion: Array) -> tuple[float, Array]:
        value, gradient = agreement(motion, sample)
        return -100 * value, -100 * gradient

    found = minimize(down, start, jac=True, method="L-BFGS-B", options={"maxiter": 40, "ftol": least_change})
    return np.asarray(found.x), float(-found.fun / 100)


def _halves(sample: Sample, block_mm: float) -> tuple[Any, Any]:
    """A checkerboard of blocks: each half spans the whole field."""
    cells = np.floor(sample.points_lps_mm / block_mm).astype(int).sum(axis=1) % 2
    return cells == 0, cells == 1


def _prominence(motion: Array, information: float, sample: Sample, away_mm: float) -> float:
    """Excess over the mean information at places `away_mm` off along each direction, as a share."""
    if information <= 0:
        return 0.0
    around = [agreement(motion + sign * away_mm * np.eye(6)[axis], sample)[0] for axis in range(3) for sign in (-1, 1)]
    around = [value for value in around if value > 0]
    return float(1 - np.mean(around) / information) if around else 0.0
