"""Signal of opposed-phase against in-phase images (MR-CSI-01).

Fat and water of one voxel subtract in the opposed-phase image: normal marrow loses signal, marrow replaced by tumour does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.knowledge.lookup import table
from spinemets.maps.blocks import in_blocks, voxels
from spinemets.model.errors import UsageError

Numbers = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class OpposedPhase:
    """What is left of the signal, each of the images' shape; nan where not valid.

    Attributes
    ----------
    ratio
        ``|S_op|/|S_ip|``. Above 1 where T2* decay between the echoes outweighs fat; not monotonic in fat.
    drop_percent
        ``100 (1 - ratio)``.
    valid
        Whether both signals are numbers and the in-phase one lies above the noise floor.
    """

    ratio: Numbers
    drop_percent: Numbers
    valid: NDArray[np.bool_]


def ratio(
    in_phase: ArrayLike, opposed_phase: ArrayLike, *, mask: ArrayLike | None = None, noise_sigma: float = 0.0
) -> OpposedPhase:
    """Ratio of opposed-phase to in-phase magnitude.

    Parameters
    ----------
    in_phase, opposed_phase
        Magnitudes (signs and phases are left out), one shape. The opposed echo has to be the earlier one: otherwise decay adds
        a drop that is not fat's.
    mask
        Boolean, of the images' shape; None = all.
    noise_sigma
        Noise of one channel [unit of the signal]: its floor, ``2 sigma^2`` of the power, is taken off, and in-phase signals below
        3 sigma are not valid.

    Returns
    -------
    OpposedPhase

    Raises
    ------
    UsageError
        If shapes differ.

    Notes
    -----
    Power of a Rician magnitude: ``E[S^2] = A^2 + 2 sigma^2``.
    """
    both = np.asarray(in_phase), np.asarray(opposed_phase)
    if both[0].shape != both[1].shape:
        raise UsageError(
            f"The in-phase image has shape {both[0].shape}, the opposed-phase one {both[1].shape}.",
            "Give images of one grid.",
        )
    (one, where), (other, _) = (voxels(image[..., None], mask) for image in both)
    n = len(one)
    out, valid = np.full(n, np.nan, np.float32), np.zeros(n, bool)
    floor = 2.0 * noise_sigma**2
    least = float(table("diffusion")["floor_sd"]["value"]) * noise_sigma

    def work(part: slice) -> None:
        # Squares of single precision run over from 1e19 on.
        ip, op = (np.abs(image[part, 0]).astype(np.float64) for image in (one, other))
        good = np.isfinite(ip) & np.isfinite(op) & (ip > least)
        if where is not None:
            good &= where[part]
        left = np.maximum(op * op - floor, 0) / np.where(good, ip * ip - floor, 1.0)
        out[part] = np.where(good, np.sqrt(left), np.float32(np.nan))
        valid[part] = good

    in_blocks(work, n, 8)
    shape = both[0].shape
    ratios = out.reshape(shape)
    return OpposedPhase(ratio=ratios, drop_percent=100 * (1 - ratios), valid=valid.reshape(shape))
