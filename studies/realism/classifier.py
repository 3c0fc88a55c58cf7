"""Can a machine tell real from simulated? Gradient boosting on features of patches of 32 mm; 0.5 = no, 1.0 = always."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, stats

from studies.realism.exams import Exam

SIDE = 32
PATCHES = 60
QUANTILES = (1, 5, 10, 25, 50, 75, 90, 95, 99)
ANGLES = ((0, 1), (1, 0), (1, 1), (1, -1))
GREYS = 16
BLURS_PX = (0.7, 1.0, 1.5, 2.0, 3.0, 4.0)
RINGS = 8
# What the numbers of `features` are, in their order.
NAMES = (
    *(f"percentile {q}" for q in QUANTILES), "mean", "standard deviation", "skewness", "kurtosis",
    *(f"gradient, percentile {q}" for q in (5, 25, 50, 75, 95)), "Laplacian", "gradient down over across",
    *(f"what a blur of {s} mm takes" for s in BLURS_PX),
    *(f"co-occurrence {way}: {what}" for way in ("across", "down", "diagonal", "other diagonal")
      for what in ("contrast", "energy", "homogeneity", "correlation")),
    *(f"power in ring {n} of {RINGS}" for n in range(1, RINGS + 1)),
)  # fmt: skip


def patches(exam: Exam, generator: np.random.Generator) -> list[NDArray[np.float32]]:
    """Patches that hold some marrow, at random, scaled by the exam's mean marrow."""
    scale = exam.image[exam.bodies > 0].mean()
    holds = ndimage.uniform_filter((exam.bodies > 0).astype(np.float32), (1, SIDE, SIDE))
    half = SIDE // 2
    holds[:, :half], holds[:, -half:], holds[:, :, :half], holds[:, :, -half:] = 0, 0, 0, 0
    places = np.argwhere(holds > 0.15)
    chosen = places[generator.choice(len(places), min(PATCHES, len(places)), replace=False)]
    return [exam.image[k, j - half : j + half, i - half : i + half] / scale for k, j, i in chosen]


def features(patch: NDArray[np.float32]) -> list[float]:
    """First-order and texture features of one patch: 50 numbers."""
    gy, gx = np.gradient(patch)
    steep = np.hypot(gy, gx)
    found = [float(v) for v in np.percentile(patch, QUANTILES)]
    found += [
        float(v) for v in (patch.mean(), patch.std(), stats.skew(patch, axis=None), stats.kurtosis(patch, axis=None))
    ]
    found += [float(v) for v in np.percentile(steep, (5, 25, 50, 75, 95))]
    found += [float(np.mean(np.abs(ndimage.laplace(patch)))), float(np.mean(np.abs(gy)) / np.mean(np.abs(gx)))]
    found += [float((patch - ndimage.gaussian_filter(patch, s)).std()) for s in BLURS_PX]
    found += _co_occurrence(patch)
    return [*found, *_ring_power(patch)]


def _co_occurrence(patch: NDArray[np.float32]) -> list[float]:
    """Contrast, energy, homogeneity and correlation of grey levels one pixel apart, in four directions."""
    low, high = np.percentile(patch, (1, 99))
    levels = np.clip((patch - low) / max(high - low, 1e-6) * GREYS, 0, GREYS - 1).astype(int)
    made = []
    for dj, di in ANGLES:
        a, b = levels[: SIDE - dj], levels[dj:]
        a, b = (a[:, : SIDE - di], b[:, di:]) if di >= 0 else (a[:, -di:], b[:, : SIDE + di])
        joint = np.zeros((GREYS, GREYS))
        np.add.at(joint, (a.ravel(), b.ravel()), 1.0)
        joint /= joint.sum()
        i, j = np.indices(joint.shape)
        correlation = float(np.corrcoef(a.ravel(), b.ravel())[0, 1])
        made += [float((joint * (i - j) ** 2).sum()), float((joint**2).sum()), float((joint / (1 + abs(i - j))).sum())]
        made.append(correlation)
    return made


def _ring_power(patch: NDArray[np.float32]) -> list[float]:
    """Log power in eight rings of frequency."""
    window = np.outer(np.hanning(SIDE), np.hanning(SIDE))
    power = np.abs(np.fft.fft2((patch - patch.mean()) * window)) ** 2
    frequency = np.hypot(*np.meshgrid(*(np.fft.fftfreq(SIDE),) * 2))
    edges = np.linspace(0.03, 0.5, RINGS + 1)
    rings = (power[(frequency >= a) & (frequency < b)].mean() for a, b in pairwise(edges))
    return [float(np.log(p + 1e-9)) for p in rings]


def _sampled(exams: list[Exam], seed: int) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]]:
    """Features of patches of all exams, whether each is real, and the number of its exam."""
    generator = np.random.default_rng(seed)
    rows, real, group = [], [], []
    for number, exam in enumerate(exams):
        for patch in patches(exam, generator):
            rows.append(features(patch))
            real.append(exam.real)
            group.append(number)
    return np.array(rows), np.array(real), np.array(group)


def telling(exams: list[Exam], n: int = 4, seed: int = 1) -> list[tuple[str, float]]:
    """The single features that tell most: name, and area under the curve by it alone; over 0.5: higher in real ones."""
    rows, real, _ = _sampled(exams, seed)
    ranks = stats.rankdata(rows, axis=0)
    above = ranks[real].sum(axis=0) - real.sum() * (real.sum() + 1) / 2
    alone = above / (real.sum() * (~real).sum())
    best = np.argsort(-np.abs(alone - 0.5), kind="stable")[:n]
    return [(NAMES[k], float(alone[k])) for k in best]


def auc(exams: list[Exam], seed: int = 1) -> float:
    """Area under the curve, each exam judged by a model that never saw it.

    Raises
    ------
    ImportError
        Where scikit-learn is not installed: it serves this study alone.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import GroupKFold, cross_val_predict

    rows, real, group = _sampled(exams, seed)
    folds = GroupKFold(n_splits=min(5, len(exams)))
    model = HistGradientBoostingClassifier(max_iter=100, max_leaf_nodes=8, random_state=seed)
    judged = cross_val_predict(model, rows, real, groups=group, cv=folds, method="predict_proba")
    return float(roc_auc_score(real, judged[:, 1]))
