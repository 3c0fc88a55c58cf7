"""What is minimised: cross-entropy and soft Dice of the classes, cross-entropy of the core, distance of the offsets."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from training.supply import UNASKED

SMOOTH = 1.0


def losses(scores: Tensor, batch: Mapping[str, Tensor], classes: int) -> dict[str, Tensor]:
    """Each term by name, in float32."""
    scores = scores.float()
    labels, core, offset = batch["labels"].long(), batch["core"].float(), batch["offset"].float()
    found, deep, way = scores[:, :classes], scores[:, classes], scores[:, classes + 1 :]
    known = labels != UNASKED
    asked = ~torch.isnan(offset)
    missed = functional.smooth_l1_loss(way, torch.nan_to_num(offset), reduction="none", beta=0.3)
    return {
        "cross_entropy": functional.cross_entropy(found, labels, ignore_index=UNASKED),
        "dice": soft_dice(functional.softmax(found, dim=1), labels, known),
        "core": functional.binary_cross_entropy_with_logits(deep[known], core[known]),
        "offset": (missed * asked).sum() / asked.sum().clamp(min=1),
    }


def soft_dice(shares: Tensor, labels: Tensor, known: Tensor) -> Tensor:
    """1 minus the Dice coefficient over what is known of the batch, mean of the classes without background that occur."""
    truth = functional.one_hot(torch.where(known, labels, 0), shares.shape[1]).movedim(-1, 1).to(shares.dtype)
    shares, truth = shares * known[:, None], truth * known[:, None]
    axes = (0, 2, 3)
    both, either = (shares * truth).sum(axes)[1:], (shares + truth).sum(axes)[1:]
    occurs = truth.sum(axes)[1:] > 0
    dice = (2 * both + SMOOTH) / (either + SMOOTH)
    return 1 - dice[occurs].mean() if bool(occurs.any()) else shares.sum() * 0


def dice_by_class(found: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Dice coefficient of each class over all slabs, NaN where it does not occur."""
    both, either = (
        torch.stack([((found == n) & (labels == n)).sum() for n in range(classes)]).float(),
        torch.stack([(found == n).sum() + (labels == n).sum() for n in range(classes)]).float(),
    )
    return 2 * both / either
