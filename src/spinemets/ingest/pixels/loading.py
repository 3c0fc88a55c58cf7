"""Images of one series into its `Volume`: when asked for, and not before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from spinemets.ingest.frames import Frame
from spinemets.ingest.geometry import Arrangement, straighten
from spinemets.ingest.header import headers as h
from spinemets.ingest.header import reader
from spinemets.ingest.header.values import Values as HeaderValues
from spinemets.ingest.pixels.decoded import DecodedImages
from spinemets.ingest.pixels.lazy import LazyVolume
from spinemets.ingest.pixels.lookup import Lookup, modality_lookup
from spinemets.ingest.pixels.rescale import Values, rescaled
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
    looked_up
        Whether the first image has a modality lookup table (0028,3000): each image is then asked for its own.
    """

    label: str
    frames: Sequence[Frame]
    arrangement: Arrangement | None
    grid: Grid | None
    quantity: str
    unit: str
    uid: str
    looked_up: bool = False


def lazy(plan: Plan, store: DecodedImages) -> LazyVolume:
    """A `Series.load` for that plan."""
    return LazyVolume(lambda: load(plan, store), lambda k: preview(plan, store, k))


def load(plan: Plan, store: DecodedImages) -> Volume:
    """Read, decode, scale and straighten the images.

    Raises
    ------
    UnreadableInput
        If the geometry is not trusted, or the files changed since they were listed.
    OutOfResources
        If memory runs out.
    """
    if plan.grid is None or plan.arrangement is None:
        raise UnreadableInput(f"{plan.label} has no trusted geometry and cannot be used as a volume.")
    ordered = [plan.frames[index] for index in plan.arrangement.order]
    with _explained(plan.label):
        values = _values(plan, ordered, store)
        stack, padding = straighten(values.array, values.padding, plan.arrangement)
    return Volume(
        array=_ijk(stack), grid=plan.grid, quantity=plan.quantity, unit=plan.unit, series_uid=plan.uid,
        padding=None if padding is None else _ijk(padding), warnings=values.warnings,
    )  # fmt: skip


def preview(plan: Plan, store: DecodedImages, k: int) -> NDArray[Any]:
    """Values (i, j) of the k-th image along the stack, decoded alone: before anything is filled in or resampled.

    Raises
    ------
    IndexError
        If there is no such image.
    UnreadableInput, OutOfResources
        As `load`.
    """
    order = range(len(plan.frames)) if plan.arrangement is None else plan.arrangement.order
    if not 0 <= k < len(order):
        raise IndexError(f"{plan.label} has {len(order)} images, not {k + 1}")
    with _explained(plan.label):
        return _ijk(_values(plan, [plan.frames[order[k]]], store).array)[:, :, 0]


def _values(plan: Plan, frames: Sequence[Frame], store: DecodedImages) -> Values:
    return rescaled(frames, store, _lookups(frames)) if plan.looked_up else rescaled(frames, store)


def _lookups(frames: Sequence[Frame]) -> list[Lookup | None]:
    """The table of each image: files of one series need not share theirs."""
    known: dict[str, Lookup | None] = {}
    for frame in frames:
        image, path = frame.image, str(frame.image.source.path)
        if path in known:
            continue
        try:
            header = HeaderValues(reader.read_elements(image.source), frame.index)
        except h.NotDicom as error:
            raise OSError("the file changed") from error
        little = image.header.scanned.little
        known[path], _ = modality_lookup(header, signed=image.layout.signed, little=little)
    return [known[str(frame.image.source.path)] for frame in frames]


def _ijk(stack: NDArray[Any]) -> NDArray[Any]:
    """(k, rows, columns) as a view (i, j, k); the samples of a colour image stay last."""
    return stack.transpose(2, 1, 0, *range(3, stack.ndim))


@contextmanager
def _explained(label: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnreadableInput(f"The files of {label} changed or vanished while in use.", "Read them again.") from error
    except MemoryError as error:
        raise OutOfResources(f"Memory ran out while {label} was read.", "Use a machine with more memory.") from error
