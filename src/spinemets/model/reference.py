"""`Reference`: what "normal" is for one series: neighbour marrow, disc, muscle, fat."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A robust centre and spread of a reference tissue or of normal neighbours in one series.

    Attributes
    ----------
    tissue
        `normal_marrow`, `disc`, `muscle`, `fat`.
    median, spread
        Median and 1.4826 MAD over the reference voxels.
    standard_error
        Of the median, with the voxel correlation of signs.md 0.9.
    n_voxels, n_effective
        Counts.
    members
        Level ids that take part.
    refused
        (level id, sentence) left out, and why.
    caveats
        Caveat codes (`CV-FEWREF`, ...).
    """

    tissue: str
    median: float
    spread: float
    standard_error: float
    n_voxels: int
    n_effective: float
    members: tuple[str, ...]
    refused: tuple[tuple[str, str], ...] = ()
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NoReference:
    """Why there is no reference: reason code, sentence, remedy."""

    tissue: str
    code: str
    missing: str
    remedy: str = ""
