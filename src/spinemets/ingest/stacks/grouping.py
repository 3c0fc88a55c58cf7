"""Which images of one series form one volume: by direction, size and frame of reference, then by what differs."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from spinemets.ingest.frames import Frame
from spinemets.ingest.geometry import Placement, Rules
from spinemets.ingest.header import headers as h
from spinemets.ingest.stacks import marks


@dataclass(frozen=True, kw_only=True)
class Group:
    """Images of one volume.

    Attributes
    ----------
    what
        How it differs from the other volumes of the series ("echo time 12 ms"), empty if it is the only one.
    placed
        Whether its images state position, orientation and spacing.
    repeated
        Images at a place that another image already fills, for no reason the headers give, each with the image used.
    """

    frames: tuple[Frame, ...]
    what: str = ""
    placed: bool = True
    repeated: tuple[tuple[Frame, Frame], ...] = ()


@dataclass
class _Bin:
    orientation: tuple[float, ...]
    frames: list[Frame] = field(default_factory=list)


def groups(frames: Sequence[Frame], rule: Rules) -> list[Group]:
    """Volumes of one series, in a fixed order."""
    placed = [_is_placed(f, rule) for f in frames]
    unplaced = tuple(f for f, known in zip(frames, placed, strict=True) if not known)
    bins = _by_direction([f for f, known in zip(frames, placed, strict=True) if known], rule)
    found: list[Group] = []
    known = marks.Known()
    for what, members in zip(_stacks(bins, rule), bins, strict=True):
        found.extend(_renamed(group, what) for group in _apart(members, known, rule))
    if unplaced:
        found.append(Group(frames=unplaced, what="images without position" if found else "", placed=False))
    return found


def placement(frames: Sequence[Frame]) -> Placement:
    """Positions and mean directions of the images of one group."""
    directions = np.array([f.orientation for f in frames], dtype=np.float64).mean(axis=0)
    spacing = frames[0].spacing_mm or (0.0, 0.0)
    return Placement(
        positions_mm=np.array([f.position_mm for f in frames], dtype=np.float64),
        row=directions[:3] / np.linalg.norm(directions[:3]),
        column=directions[3:] / np.linalg.norm(directions[3:]),
        spacing_mm=(spacing[1], spacing[0]), thickness_mm=frames[0].thickness_mm,
    )  # fmt: skip


def _is_placed(frame: Frame, rule: Rules) -> bool:
    """Whether position, directions and spacing are stated and can be true of a patient in a scanner."""
    if frame.position_mm is None or frame.orientation is None or frame.spacing_mm is None:
        return False
    numbers = np.array((*frame.position_mm, *frame.orientation, *frame.spacing_mm))
    if not np.isfinite(numbers).all() or np.abs(numbers).max() > rule.farthest_mm:
        return False
    row, column = numbers[3:6], numbers[6:9]
    return bool(0.5 < row @ row < 2 and 0.5 < column @ column < 2)


def _by_direction(frames: Sequence[Frame], rule: Rules) -> list[list[Frame]]:
    """Images that could lie in one stack: same size, spacing, frame of reference and direction."""
    kinds: dict[tuple[object, ...], list[_Bin]] = defaultdict(list)
    known: dict[tuple[object, ...], _Bin] = {}
    for frame in frames:
        orientation = frame.orientation or ()
        spacing = frame.spacing_mm or (0.0, 0.0)
        size = (
            frame.image.layout,
            frame.rows,
            frame.columns,
            frame.image.frame_of_reference,
            round(spacing[0], 4),
            round(spacing[1], 4),
        )
        key = (*size, orientation)
        if key not in known:
            near = (b for b in kinds[size] if _close(b.orientation, orientation, rule.same_direction))
            found = next(near, None)
            if found is None:
                found = _Bin(orientation)
                kinds[size].append(found)
            known[key] = found
        known[key].frames.append(frame)
    bins = [b.frames for group in kinds.values() for b in group]
    return sorted(bins, key=lambda members: min(map(_rank, members)))


def _rank(frame: Frame) -> tuple[float, int]:
    """By InstanceNumber, then by the number of the frame in its file."""
    if frame.marks is None:
        return frame.number, 0
    return frame.image.header.number(h.INSTANCE_NUMBER) or 0, frame.number


def _stacks(bins: Sequence[Sequence[Frame]], rule: Rules) -> list[str]:
    """How each stack differs from the others: direction, size, spacing or storage; empty for a single one."""
    firsts = [members[0] for members in bins]
    directions: list[tuple[float, ...]] = []
    for frame in firsts:
        if not any(_close(known, frame.orientation or (), rule.same_direction) for known in directions):
            directions.append(frame.orientation or ())
    texts = [
        {
            "direction": _direction(frame, directions, rule), "size": f"{frame.columns} x {frame.rows} pixels",
            "spacing": "pixels of {1:g} x {0:g} mm".format(*(frame.spacing_mm or (0.0, 0.0))),
            "storage": _storage(frame), "frame": f"frame of reference {frame.image.frame_of_reference}",
        }
        for frame in firsts
    ]  # fmt: skip
    varying = [name for name in texts[0] if len({text[name] for text in texts}) > 1] if texts else []
    return [", ".join(text[name] for name in varying) for text in texts]


def _direction(frame: Frame, directions: Sequence[tuple[float, ...]], rule: Rules) -> str:
    number = next(n for n, d in enumerate(directions, 1) if _close(d, frame.orientation or (), rule.same_direction))
    return f"direction {number}"


def _storage(frame: Frame) -> str:
    layout = frame.image.layout
    kind = "floating point" if layout.real else "signed" if layout.signed else "unsigned"
    kind = "colour" if layout.samples > 1 else kind
    return f"{kind} {layout.stored} bits" + (", inverted display" if layout.inverted else "")


def _close(a: tuple[float, ...], b: tuple[float, ...], tolerance: float) -> bool:
    return all(abs(x - y) <= tolerance for x, y in zip(a, b, strict=True))


def _places(frames: Sequence[Frame], rule: Rules) -> list[int]:
    """Number of the place of each image along the stack."""
    place = placement(frames)
    along = place.positions_mm @ place.normal
    order = np.argsort(along, kind="stable")
    number = np.concatenate([[0], np.cumsum(np.diff(along[order]) > rule.same_place_mm)])
    places = np.empty(len(frames), int)
    places[order] = number
    return [int(p) for p in places]


def _repeats(frames: Sequence[Frame], rule: Rules) -> tuple[int, int]:
    """Images too many, and the most images at one place."""
    count = Counter(_places(frames, rule))
    return len(frames) - len(count), max(count.values())


def _renamed(group: Group, what: str) -> Group:
    return Group(
        frames=group.frames, what=", ".join(text for text in (what, group.what) if text), repeated=group.repeated
    )


_Parts = dict[str, list[Frame]]


def _parts(frames: Sequence[Frame], known: marks.Known, name: str) -> _Parts:
    """Images by the value of one mark, in the order of their numbers, then of the values."""
    found: _Parts = defaultdict(list)
    for frame in frames:
        mark = known[frame]
        found[f"{name} {mark[name]}" if name in mark else f"without {name}"].append(frame)
    return dict(sorted(found.items(), key=lambda item: (min(map(_rank, item[1])), _value(item[0]))))


def _value(text: str) -> tuple[float, str]:
    """For sorting: the first number in a text, then the text."""
    number = re.search(r"-?\d+(\.\d+)?", text)
    return (float(number[0]) if number else 0.0, text)


def _apart(frames: list[Frame], known: marks.Known, rule: Rules) -> list[Group]:
    """Volumes of one direction: what must never be mixed is separated first, whether or not images share a place."""
    stacks: list[tuple[str, list[Frame]]] = [("", frames)]
    if not marks.alike(frames, marks.APART, marks.APART_TAGS):
        for name in marks.APART:
            stacks = [
                (", ".join(text for text in (what, more if len(parts) > 1 else "") if text), members)
                for what, stack in stacks
                for parts in (_parts(stack, known, name),)
                for more, members in parts.items()
            ]
    return [_renamed(group, what) for what, stack in stacks for group in _split(stack, known, rule)]


def _split(frames: list[Frame], known: marks.Known, rule: Rules) -> list[Group]:
    """Images that share places, by the mark that explains most of it: physics before numbers and times."""
    surplus, most = _repeats(frames, rule)
    if not surplus:
        return [Group(frames=tuple(frames))]
    names = list(dict.fromkeys(name for frame in frames for name in known[frame]))
    for physics in (True, False):
        best: tuple[int, _Parts] | None = None
        for name in (n for n in names if (n in marks.PHYSICS) == physics):
            parts = _parts(frames, known, name)
            # a value that differs from image to image tells slices apart, not volumes
            if not 1 < len(parts) <= most:
                continue
            left = sum(_repeats(part, rule)[0] for part in parts.values())
            if left < surplus and (best is None or left < best[0]):
                best = (left, parts)
        if best is not None:
            return [_renamed(group, what) for what, part in best[1].items() for group in _split(part, known, rule)]
    return _by_turn(frames, rule)


def _by_turn(frames: list[Frame], rule: Rules) -> list[Group]:
    """Repeats the headers do not explain: whole repeats become volumes by image number, single ones are set apart."""
    turns: dict[int, list[tuple[int, Frame]]] = defaultdict(list)
    seen: Counter[int] = Counter()
    order = sorted(zip(_places(frames, rule), frames, strict=True), key=lambda item: _rank(item[1]))
    for place, frame in order:
        turns[seen[place]].append((place, frame))
        seen[place] += 1
    if len(set(seen.values())) == 1:
        return [Group(frames=tuple(f for _, f in part), what=f"repeat {n + 1}") for n, part in turns.items()]
    used = dict(turns[0])
    rest = tuple((f, used[place]) for n, part in turns.items() if n for place, f in part)
    return [Group(frames=tuple(used.values()), repeated=rest)]
