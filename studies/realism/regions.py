"""Regions found the same way in real and simulated exams: only the bodies are labelled, the rest lies where it must beside them."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from studies.realism.exams import STEP_MM, Exam

NAMES = ("body", "disc", "canal", "muscle")
# A disc's middle: this near to the line between two bodies, in the middle of the space between their marrow.
DISC_RADIUS_MM, DISC_SHARE = 7.0, 0.3
# Behind the marrow of a body: the canal with its fat, cord or roots; beside the midline and further back the muscle.
CANAL_MM, CANAL_HALF_WIDTH_MM = (5.0, 15.0), 4.0
MUSCLE_MM, MUSCLE_BESIDE_MM = (32.0, 48.0), (14.0, 22.0)
SAME_HEIGHT_MM = 8.0
EROSION_MM = 2.0


@cache
def regions(exam: Exam) -> dict[str, NDArray[np.float32]]:
    """Intensities of an exam by region, in units of its mean marrow.

    Bodies that the border of the image cuts are left out.
    """
    found: dict[str, list[NDArray[np.float32]]] = {name: [] for name in NAMES}
    places = _bodies(exam)
    for number, middle in places:
        inside = exam.bodies == number
        found["body"].append(exam.image[_eroded(inside)])
        columns = np.nonzero(inside.any(axis=(0, 1)))[0]
        back = float(columns.max())
        for name, mask in _behind(exam, middle, back).items():
            found[name].append(exam.image[mask])
    for (upper, above), (lower, below) in pairwise(places):
        found["disc"].append(exam.image[_between(exam, (upper, above), (lower, below))])
    joined = {name: np.concatenate(parts) if parts else np.zeros(0, np.float32) for name, parts in found.items()}
    return {name: values / joined["body"].mean() for name, values in joined.items()}


def body_variation(exam: Exam) -> list[float]:
    """Coefficient of variation inside each eroded body."""
    inside = [exam.image[_eroded(exam.bodies == number)] for number, _ in _bodies(exam)]
    return [float(v.std() / v.mean()) for v in inside if v.size > 200]


def _bodies(exam: Exam) -> list[tuple[int, NDArray[np.float64]]]:
    """(number, middle in voxels) from head to feet."""
    numbers = [n for n in np.unique(exam.bodies) if n and not _cut(exam.bodies == n)]
    middles = ndimage.center_of_mass(exam.bodies > 0, exam.bodies, numbers)
    return sorted(zip(numbers, np.array(middles), strict=True), key=lambda pair: pair[1][1])


def _cut(inside: NDArray[np.bool_]) -> bool:
    return bool(inside[:, [0, -1]].any() or inside[:, :, [0, -1]].any())


def _eroded(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Well inside; the distances are worked out in the box of what is inside, a hundredth of the image."""
    box = ndimage.find_objects(inside.astype(np.int8))[0]
    made = np.zeros(inside.shape, bool)
    within = ndimage.distance_transform_edt(np.pad(inside[box], 1), STEP_MM)
    made[box] = within[1:-1, 1:-1, 1:-1] > EROSION_MM
    return made


def _behind(exam: Exam, middle: NDArray[np.float64], back: float) -> dict[str, NDArray[np.bool_]]:
    """Canal and muscle of the slices and rows of one body."""
    slices, rows, columns = (np.arange(n) for n in exam.image.shape)
    beside = np.abs(slices - middle[0]) * STEP_MM[0]
    level = np.abs(rows - middle[1]) * STEP_MM[1] < SAME_HEIGHT_MM
    behind = (columns - back) * STEP_MM[2]
    made = {}
    for name, (low, high), near in (
        ("canal", CANAL_MM, beside < CANAL_HALF_WIDTH_MM),
        ("muscle", MUSCLE_MM, (beside > MUSCLE_BESIDE_MM[0]) & (beside < MUSCLE_BESIDE_MM[1])),
    ):
        made[name] = near[:, None, None] & level[:, None] & ((behind > low) & (behind < high))
    return made


def _between(
    exam: Exam, upper: tuple[int, NDArray[np.float64]], lower: tuple[int, NDArray[np.float64]]
) -> NDArray[np.bool_]:
    """Middle of the disc between two bodies: as far from the one's marrow as from the other's, near the line between them."""
    window = np.s_[:, int(upper[1][1]) : int(lower[1][1]) + 1, :]
    to_upper, to_lower = (
        ndimage.distance_transform_edt(exam.bodies[window] != number, STEP_MM) for number in (upper[0], lower[0])
    )
    index = np.indices(exam.bodies[window].shape).transpose(1, 2, 3, 0) + np.array([0, int(upper[1][1]), 0])
    line = (lower[1] - upper[1]) * STEP_MM
    away = (index - upper[1]) * STEP_MM
    along = away @ line / (line @ line)
    from_line = np.linalg.norm(away - along[..., None] * line, axis=-1)
    gap = to_upper + to_lower
    mask = np.zeros(exam.bodies.shape, bool)
    mask[window] = (np.abs(to_upper - to_lower) < DISC_SHARE * gap) & (from_line < DISC_RADIUS_MM) & (gap < 25)
    return mask
