"""Scores to single vertebrae: seeds deep in the bodies, and every bone voxel to the seed that its offset points at."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spinemets.segmentation.network.card import Card
from spinemets.segmentation.network.inference import Scores

# A voxel is deep in a body where the core's probability is above this (a network's output: 255ths).
CORE = 102
# Pieces of cores smaller than this are noise; bodies smaller than that are no vertebrae, unless the image's border cuts them.
LEAST_CORE_ML = 0.15
LEAST_BODY_ML = 1.2
LEAST_CUT_ML = 0.4
# Seeds whose offsets point at the same place in the sagittal plane, and lie so close from side to side, are one body's.
SAME_MM, SAME_ACROSS_MM = 7.0, 26.0
# A voxel belongs to the seed that it points at only within this from side to side, and by this in the sagittal plane.
BODY_REACH_MM = (38.0, 16.0)
ARCH_REACH_MM = (65.0, 24.0)
DISC_REACH_MM = 24.0
# Around a body there is so much canal, arch or sacrum within this reach.
CANAL_REACH_MM, CANAL_ML = 14.0, 0.5
# Centres of neighbours lie so far apart (a collapsed neck vertebra, a missing lumbar one), and this much volume counts.
LEAST_PITCH_MM, MOST_PITCH_MM, FULL_ML = 7.0, 80.0, 25.0
# Cosine of the angle between two steps (50 degrees: a sharp kyphosis, or a slip beside a collapsed body).
STRAIGHT = 0.64
# What is smaller than this share of both neighbours, which are no farther apart than so many usual distances, is a false body.
WEDGED, WEDGED_PITCH = 0.35, 1.35
# A core is split where two places that its voxels point at lie so many of their spreads apart, the lesser one with this share.
APART, LEAST_PART, SPLIT_ROUNDS = 4.0, 0.12, 8
# A core is split where two places that its voxels point at lie so many of their spreads apart, the lesser one with this share.
APART, LEAST_PART, SPLIT_ROUNDS = 4.0, 0.12, 8
# Pieces below this share of a vertebra.
CRUMB = 0.05
ACROSS = 0.35
GROUPS = {
    "background": ("background",),
    "bone": ("body", "border", "sacral_body"),
    "posterior": ("posterior",),
    "disc": ("disc",),
    "canal": ("canal", "cord"),
    "sacrum": ("sacrum",),
    "rib": ("rib",),
}
BONE, POSTERIOR, DISC, CANAL, SACRUM, RIB = range(1, 7)


@dataclass(frozen=True, kw_only=True, eq=False)
class Instances:
    """Vertebrae on the network's lattice.

    Attributes
    ----------
    groups
        uint8, number of the group in `GROUPS`.
    numbers
        uint8, number of the vertebra from the head down, 1 = highest; 0 elsewhere. Bodies and arches.
    discs
        uint8, number of the vertebra above.
    centres_mm
        (n, 3), centre of each body, in mm from the lattice's first sample along its axes.
    sacral
        Whether the network takes each for the first body of the sacrum.
    confidence
        Mean probability of bone over each body.
    """

    groups: NDArray[np.uint8]
    numbers: NDArray[np.uint8]
    discs: NDArray[np.uint8]
    centres_mm: NDArray[np.float64]
    sacral: NDArray[np.bool_]
    confidence: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.centres_mm)

    @property
    def bodies(self) -> NDArray[np.bool_]:
        """Voxels of all bodies."""
        return np.asarray((self.numbers > 0) & (self.groups == BONE))


def instances_of(scores: Scores, card: Card) -> Instances:
    """Vertebrae from the head down."""
    spacing = np.array(scores.lattice.spacing_mm)
    groups = grouped(scores.shares, card)
    bone = groups == BONE
    centres = _seeds(scores, bone, spacing)
    numbers = np.zeros(groups.shape, np.uint8)
    _assign(numbers, scores, bone, centres, BODY_REACH_MM)
    bodies = _chain([b for b in _bodies(numbers, spacing) if _beside_canal(b, groups, spacing)], spacing)
    bodies = _without_wedged(bodies)
    numbers, centres, sacral = _column(bodies, scores.shares, groups, card)
    _assign(numbers, scores, groups == POSTERIOR, centres, ARCH_REACH_MM)
    _drop_crumbs(numbers)
    return Instances(
        groups=groups,
        numbers=numbers,
        discs=_discs(groups == DISC, centres, spacing),
        centres_mm=centres,
        sacral=sacral,
        confidence=_confidence(scores.shares, numbers, groups, card, len(centres)),
    )


def grouped(shares: NDArray[np.uint8], card: Card) -> NDArray[np.uint8]:
    """Most probable group of each voxel: a body's marrow and border count together."""
    best, most = np.zeros(shares.shape[1:], np.uint8), np.zeros(shares.shape[1:], np.uint16)
    for number, names in enumerate(GROUPS.values()):
        total = shares[[card.number(n) for n in names]].astype(np.uint16).sum(axis=0, dtype=np.uint16)
        better = total > most
        best[better], most[better] = number, total[better]
    return best


def _pointed(scores: Scores, at: NDArray[np.intp], spacing: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 3) mm: where voxels say that the centre of their body is, their own place from side to side."""
    place = at * spacing
    place[:, 1:] += scores.offset_mm[:, at[:, 0], at[:, 1], at[:, 2]].T
    return place


def _seeds(scores: Scores, bone: NDArray[np.bool_], spacing: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centres of bodies: pieces of the core, those that point at one place united."""
    from scipy import ndimage  # lazy: heavy import

    pieces, _ = ndimage.label((scores.core > CORE) & bone)
    voxel_ml = float(np.prod(spacing)) / 1000
    found: list[tuple[float, NDArray[np.float64]]] = []
    for n, box in enumerate(ndimage.find_objects(pieces), start=1):
        at = np.argwhere(pieces[box] == n) + [s.start for s in box]
        for part in _split(_pointed(scores, at, spacing)):
            if len(part) * voxel_ml >= LEAST_CORE_ML:
                found.append((float(len(part)), part.mean(axis=0)))
    return _united(found)


def _split(pointed: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """A piece of core whose voxels point at two places far apart is that of two bodies (fused, or joined by a thick slice)."""
    down = pointed[:, 1]
    centres = np.array([down.min(), down.max()])
    near = np.zeros(len(down), bool)
    for _ in range(SPLIT_ROUNDS):
        near = np.abs(down - centres[0]) < np.abs(down - centres[1])
        if near.all() or not near.any():
            return [pointed]
        centres = np.array([down[near].mean(), down[~near].mean()])
    # The other side may hold several bodies.
    spread = min(float(down[near].std()), float(down[~near].std()))
    if centres[1] - centres[0] < max(LEAST_PITCH_MM, APART * spread) or min(near.mean(), 1 - near.mean()) < LEAST_PART:
        return [pointed]
    return [*_split(pointed[near]), *_split(pointed[~near])]


def _united(found: list[tuple[float, NDArray[np.float64]]]) -> NDArray[np.float64]:
    """Weighted means of the places that are one body's, from the head down."""
    groups: list[list[tuple[float, NDArray[np.float64]]]] = []
    for weight, place in sorted(found, key=lambda item: -item[0]):
        near = [group for group in groups if _one_body(_mean(group), place)]
        if near:
            near[0].append((weight, place))
        else:
            groups.append([(weight, place)])
    return np.array(sorted((_mean(group) for group in groups), key=lambda centre: centre[1])).reshape(-1, 3)


def _mean(group: list[tuple[float, NDArray[np.float64]]]) -> NDArray[np.float64]:
    weights, places = zip(*group, strict=True)
    return np.asarray(np.average(places, axis=0, weights=weights), np.float64)


def _one_body(centre: NDArray[np.float64], place: NDArray[np.float64]) -> bool:
    across, down, back = place - centre
    return bool(np.hypot(down, back) < SAME_MM and abs(across) < SAME_ACROSS_MM)


def _assign(
    numbers: NDArray[np.uint8],
    scores: Scores,
    where: NDArray[np.bool_],
    centres: NDArray[np.float64],
    reach_mm: tuple[float, float],
) -> None:
    """Give voxels the number of the centre that they point at, within a reach from side to side and in the slice."""
    at = np.argwhere(where)
    if not len(at) or not len(centres):
        return
    weights = np.array([ACROSS, 1.0, 1.0])
    spacing = np.array(scores.lattice.spacing_mm)
    pointed = _pointed(scores, at, spacing)
    best, least = np.zeros(len(at), np.uint8), np.full(len(at), np.inf)
    for number, centre in enumerate(centres, start=1):
        way = (pointed - centre) * weights
        far = np.einsum("ij,ij->i", way, way)
        closer = far < least
        best[closer], least[closer] = number, far[closer]
    astray = pointed - centres[best - 1]
    held = (np.abs(astray[:, 0]) < reach_mm[0]) & (np.hypot(astray[:, 1], astray[:, 2]) < reach_mm[1])
    numbers[tuple(at[held].T)] = best[held]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Body:
    """Voxels of one body and their centre."""

    at: NDArray[np.intp]
    centre_mm: NDArray[np.float64]


def _bodies(numbers: NDArray[np.uint8], spacing: NDArray[np.float64]) -> list[_Body]:
    """Largest piece of each body from the head down; what is too small for a body is none."""
    from scipy import ndimage  # lazy: heavy import

    voxel_ml = float(np.prod(spacing)) / 1000
    held = []
    for n, box in enumerate(ndimage.find_objects(numbers), start=1):
        if box is None:
            continue
        pieces, _ = ndimage.label(numbers[box] == n)
        largest = int(np.argmax(np.bincount(pieces.ravel())[1:])) + 1
        at = np.argwhere(pieces == largest) + [s.start for s in box]
        cut = bool((at == 0).any() or (at == np.array(numbers.shape) - 1).any())
        if len(at) * voxel_ml >= (LEAST_CUT_ML if cut else LEAST_BODY_ML):
            held.append(_Body(at=at, centre_mm=at.mean(axis=0) * spacing))
    return sorted(held, key=lambda body: float(body.centre_mm[1]))


def _beside_canal(body: _Body, groups: NDArray[np.uint8], spacing: NDArray[np.float64]) -> bool:
    """Whether canal, arch or sacrum lies behind a body: bowel and vessels have none of them. True where none is in view."""
    behind = np.isin(groups, (CANAL, POSTERIOR, SACRUM))
    if not behind.any():
        return True
    reach = np.ceil(CANAL_REACH_MM / spacing).astype(int)
    low, high = np.maximum(body.at.min(axis=0) - reach, 0), body.at.max(axis=0) + reach + 1
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return int(behind[box].sum()) * float(np.prod(spacing)) / 1000 >= CANAL_ML


def _chain(bodies: list[_Body], spacing: NDArray[np.float64]) -> list[_Body]:
    """The one column among bodies: each next one lies below the last, in nearly the direction of the step before.

    Of all such chains the one of most volume, each body counted up to that of a lumbar one.
    """
    if not bodies:
        return []
    voxel_ml = float(np.prod(spacing)) / 1000
    worth = [min(len(body.at) * voxel_ml, FULL_ML) for body in bodies]
    centres = [body.centre_mm for body in bodies]
    # By the last step (from, to): what the best chain that ends with it is worth, and the body before.
    best: dict[tuple[int, int], tuple[float, int]] = {}
    for low in range(len(bodies)):
        for high in range(low):
            if not _follows(centres[high], centres[low]):
                continue
            found = (worth[high] + worth[low], -1)
            for before in range(high):
                if (before, high) in best and _goes_on(centres[before], centres[high], centres[low]):
                    found = max(found, (best[before, high][0] + worth[low], before))
            best[high, low] = found
    alone = int(np.argmax(worth))
    if not best or max(value for value, _ in best.values()) <= worth[alone]:
        return [bodies[alone]]
    step = max(best, key=lambda key: best[key][0])
    chain = [step[1]]
    while step[0] >= 0:
        chain.append(step[0])
        before = best[step][1]
        step = (before, step[0]) if before >= 0 else (-1, -1)
    return [bodies[n] for n in reversed(chain)]


def _goes_on(first: NDArray[np.float64], second: NDArray[np.float64], third: NDArray[np.float64]) -> bool:
    """Whether two steps have nearly one direction."""
    one, other = second - first, third - second
    return float(one @ other) >= STRAIGHT * float(np.linalg.norm(one) * np.linalg.norm(other))


def _without_wedged(bodies: list[_Body]) -> list[_Body]:
    """Bodies without small ones that stand in the disc of two neighbours no farther apart than others are.

    Where a vertebra has collapsed its neighbours are farther apart than that: it stays.
    """
    kept = list(bodies)
    while len(kept) > 3:
        sizes = [len(body.at) for body in kept]
        pitches = [float(np.linalg.norm(b.centre_mm - a.centre_mm)) for a, b in pairwise(kept)]
        usual = float(np.median(sorted(pitches)[len(pitches) // 2 :]))
        wedged = [
            n for n in range(1, len(kept) - 1)
            if sizes[n] < WEDGED * min(sizes[n - 1], sizes[n + 1])
            and np.linalg.norm(kept[n + 1].centre_mm - kept[n - 1].centre_mm) < WEDGED_PITCH * usual
        ]  # fmt: skip
        if not wedged:
            break
        del kept[min(wedged, key=lambda n: sizes[n])]
    return kept


def _follows(high: NDArray[np.float64], low: NDArray[np.float64]) -> bool:
    """Whether a body can be the next one below another: left, down and back in mm."""
    across, down, back = low - high
    far = float(np.hypot(down, back))
    return bool(LEAST_PITCH_MM <= far <= MOST_PITCH_MM and down > -0.3 * far and abs(across) <= 8 + 0.6 * far)


def _column(
    bodies: list[_Body], shares: NDArray[np.uint8], groups: NDArray[np.uint8], card: Card
) -> tuple[NDArray[np.uint8], NDArray[np.float64], NDArray[np.bool_]]:
    """Bodies numbered from the head down, their centres, and which one is the sacrum's; below that one all is sacrum."""
    numbers = np.zeros(groups.shape, np.uint8)
    of_sacrum, of_body = shares[card.number("sacral_body")], shares[card.number("body")]
    centres, sacral = [], []
    for number, body in enumerate(bodies, start=1):
        place = tuple(body.at.T)
        centres.append(body.centre_mm)
        sacral.append(bool(of_sacrum[place].mean() > of_body[place].mean()))
        numbers[place] = number
        if sacral[-1]:
            break
    for body in bodies[len(centres) :]:
        groups[tuple(body.at.T)] = SACRUM
    return numbers, np.array(centres).reshape(-1, 3), np.array(sacral, bool)


def _drop_crumbs(numbers: NDArray[np.uint8]) -> None:
    """Pieces of a vertebra apart from the rest that are small against it are none of it."""
    from scipy import ndimage  # lazy: heavy import

    for n, box in enumerate(ndimage.find_objects(numbers), start=1):
        if box is None:
            continue
        pieces, number = ndimage.label(numbers[box] == n, structure=np.ones((3, 3, 3)))
        sizes = np.bincount(pieces.ravel(), minlength=number + 1)[1:]
        small = np.flatnonzero(sizes < CRUMB * sizes.sum()) + 1
        numbers[box][np.isin(pieces, small)] = 0


def _discs(where: NDArray[np.bool_], centres: NDArray[np.float64], spacing: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Each disc voxel to the pair of neighbours between whose centres it lies."""
    discs = np.zeros(where.shape, np.uint8)
    at = np.argwhere(where)
    if not len(at) or len(centres) < 1:
        return discs
    place = at * spacing
    # Middles between neighbours, and one as far beyond either end.
    gaps = np.diff(centres, axis=0) if len(centres) > 1 else np.array([[0.0, 30.0, 0.0]])
    middles = np.concatenate(
        [centres[:1] - gaps[:1] / 2, centres[: len(gaps)] + gaps / 2, centres[-1:] + gaps[-1:] / 2]
    )
    middles = middles if len(centres) > 1 else np.concatenate([centres - gaps / 2, centres + gaps / 2])
    far = np.stack([np.linalg.norm((place - middle) * [ACROSS, 1, 1], axis=1) for middle in middles])
    best = far.argmin(axis=0)
    # Number 0 lies above the highest vertebra: no vertebra in view is above it.
    discs[tuple(at.T)] = np.where(far.min(axis=0) < DISC_REACH_MM, best, 0)
    return discs


def _confidence(
    shares: NDArray[np.uint8], numbers: NDArray[np.uint8], groups: NDArray[np.uint8], card: Card, count: int
) -> NDArray[np.float64]:
    """Mean probability of bone over each body."""
    of_bone = [shares[card.number(n)] for n in GROUPS["bone"]]
    found = np.zeros(count)
    for n in range(1, count + 1):
        own = (numbers == n) & (groups == BONE)
        found[n - 1] = sum(s[own].mean() for s in of_bone) / 255
    return found
