"""`Looked`: what the picture of a series says of itself. Everything is None where the picture cannot say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Looked:
    """Findings of the picture check.

    Attributes
    ----------
    fat
        Fat under the skin against deeper tissue (MR): `bright` or `dark`.
    texture
        Noise texture (CT): `sharp` or `smooth`.
    values_wrong
        Sentence where the values of a CT are no Hounsfield units.
    canal_hu
        Median value inside the bony canal (CT).
    region, region_confidence
        Body region in the picture (`head`, `thorax`, `limb`, ...).
    sentences
        What was seen, with numbers.
    """

    fat: Literal["bright", "dark"] | None = None
    texture: Literal["sharp", "smooth"] | None = None
    values_wrong: str | None = None
    canal_hu: float | None = None
    region: str | None = None
    region_confidence: float = 0.0
    sentences: tuple[str, ...] = ()


NOTHING = Looked()
