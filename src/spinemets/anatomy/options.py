"""Options of the room `anatomy`: what is said about levels from outside the series that were outlined."""

from __future__ import annotations

from dataclasses import dataclass

from spinemets.model.errors import UsageError
from spinemets.model.level import ORDER, EarlierLevel

Point = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class LevelOptions:
    """What the user, an earlier study and other series say about levels.

    Attributes
    ----------
    anchors
        (level name, LPS mm): this point lies in that vertebra.
    top
        Name of the highest vertebra in view.
    earlier
        Vertebrae of an earlier study of the patient, head to feet.
    elsewhere
        Vertebrae of each series of this study that lies in another patient space, head to feet.
    sex
        `M` or `F` where it decides an expected size; None takes the header's.
    """

    anchors: tuple[tuple[str, Point], ...] = ()
    top: str | None = None
    earlier: tuple[EarlierLevel, ...] = ()
    elsewhere: tuple[tuple[EarlierLevel, ...], ...] = ()
    sex: str | None = None

    def __post_init__(self) -> None:
        for name in (*(a for a, _ in self.anchors), *(() if self.top is None else (self.top,))):
            if name not in ORDER:
                raise UsageError(f"{name!r} is no vertebra.", "Name it like L5, T12, T13 or C2.")
