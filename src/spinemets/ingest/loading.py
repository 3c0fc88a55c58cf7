"""Images of one series into its `Volume`: when asked for, and not before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spinemets.ingest.decoded import DecodedImages
from spinemets.ingest.frames import Frame
from spinemets.ingest.geometry import Arrangement, straighten
from spinemets.ingest.lazy import LazyVolume
from spinemets.ingest.pixels import rescaled
from spinemets.model.errors import OutOfResources, UnreadableInput
from spinemets.model.grid import Grid
from spinemets.model.volume import Volume


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """What is known of a volume before its pixels are read.

    Attributes
    ----------
    label
        Name of the series in messages.
    frames
        Its images, in any order; `arrangement` says in which order they lie.
    grid, arrangement
        None where the geometry is not trusted: loading is then refused.
    quantity, unit, uid
        As in `Volume`.
    """

    label: str
    frames: Sequence[Frame]
    arrangement: Arrangement | None
    grid: Grid | None
    quantity: str
    unit: str
    uid: str


def lazy(plan: Plan, store: DecodedImages) -> LazyVolume:
    """A `Series.load` for that plan."""
    return LazyVolume(lambda: load(plan, store))


def load(plan: Plan, store: DecodedImages) -> Volume:
    """Read, decode, scale and straighten the images.

    Raises
    ------
    UnreadableInput
        If the geometry is not trusted, or the files changed since they were listed.
    OutOfResources
        If memory runs out.
    """
    label, grid, arrangement = plan.label, plan.grid, plan.arrangement
    if grid is None or arrangement is None:
        raise UnreadableInput(f"{label} has no trusted geometry and cannot be used as a volume.")
    ordered = [plan.frames[index] for index in arrangement.order]
    try:
        stack, padding = rescaled(ordered, store.take(ordered))
        stack, padding = straighten(stack, padding, arrangement)
    except OSError as error:
        raise UnreadableInput(f"The files of {label} changed or vanished while in use.", "Read them again.") from error
    except MemoryError as error:
        raise OutOfResources(f"Memory ran out while {label} was read.", "Use a machine with more memory.") from error
    return Volume(
        array=stack.transpose(2, 1, 0), grid=grid, quantity=plan.quantity, unit=plan.unit, series_uid=plan.uid,
        padding=None if padding is None else padding.transpose(2, 1, 0),
    )  # fmt: skip
