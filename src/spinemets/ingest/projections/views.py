"""Which view a projection is, and what else its header says of it. A view that is not stated stays so."""

from __future__ import annotations

import re
from collections.abc import Iterable

from spinemets.ingest.frames import Image
from spinemets.ingest.header.values import Values
from spinemets.ingest.projections import nuclear
from spinemets.knowledge.catalogue import table
from spinemets.model.planar import PlanarView

NOT_STATED = "not stated"
Said = tuple[str, ...]


def nuclear_views(image: Image, v: Values) -> tuple[list[PlanarView], Said]:
    """Views of a planar nuclear medicine file, one an image, and sentences where the header contradicts itself."""
    vectors = {name: nuclear.numbers(v, keyword) for name, keyword in table("planar")["vectors"].items()}
    turning = "TOMO" in " ".join(image.header.texts(0x00080008)[2:3]).upper()
    found, said = [], []
    for index in range(image.n_frames):
        detector = nuclear.detector(v, vectors, index)
        candidates = [] if turning else _nuclear_candidates(image, v, detector)
        name = candidates[0][0] if candidates else NOT_STATED
        if len({candidate for candidate, _ in candidates}) > 1:
            said.append("views contradict each other: " + ", ".join(f"{c} by {how}" for c, how in candidates))
        columns, rows = _towards(v)
        facts = (*_windows(v, vectors, index), *_detector_facts(v, vectors, index, detector), *_by(candidates))
        found.append(PlanarView(name=name, columns_towards=columns, rows_towards=rows, facts=facts))
    return found, tuple(dict.fromkeys(said))


def _nuclear_candidates(image: Image, v: Values, detector: Values | None) -> list[tuple[str, str]]:
    """Views by code, by words and by start angle, each with how it was found."""
    sources = [v] if detector is None else [detector, v]
    coded = next((name for name in (by_code(source) for source in sources) if name), None)
    # words of the whole file tell the view of an image only where there is one
    words = [v.text("ViewPosition"), v.text("ImageID")] if image.n_frames == 1 else []
    worded = next((name for name in map(by_word, words) if name), None)
    angled = None if detector is None else _by_angle(detector.number("StartAngle"))
    both = ((coded, "view code"), (worded, "its words"), (angled, "start angle"))
    return [(name, how) for name, how in both if name is not None]


def _by(candidates: list[tuple[str, str]]) -> tuple[str, ...]:
    return (f"view by {candidates[0][1]}",) if candidates else ()


def _by_angle(angle_deg: float | None) -> str | None:
    if angle_deg is None:
        return None
    rows = table("planar")["start_angle_deg"]
    for name in ("anterior", "posterior"):
        apart = (angle_deg - rows[name] + 180) % 360 - 180
        if abs(apart) <= rows["tolerance"]["value"]:
            return name
    return None


def _windows(v: Values, vectors: dict[str, tuple[float, ...]], index: int) -> tuple[str, ...]:
    """Energy window of an image, with its name and limits."""
    windows, vector = v.items("EnergyWindowInformationSequence"), vectors["energy window"]
    number = int(vector[index]) if index < len(vector) else 1
    if not 0 < number <= len(windows):
        return (f"energy window {number}",) if vector else ()
    window = windows[number - 1]
    limits = []
    for one in window.items("EnergyWindowRangeSequence"):
        low, high = one.number("EnergyWindowLowerLimit"), one.number("EnergyWindowUpperLimit")
        if low is not None and high is not None:
            limits.append(f"{low:g} to {high:g} keV")
    what = ", ".join(text for text in (window.text("EnergyWindowName"), *limits) if text)
    return (f"energy window {number}" + (f" ({what})" if what else ""),)


def _detector_facts(
    v: Values, vectors: dict[str, tuple[float, ...]], index: int, detector: Values | None
) -> tuple[str, ...]:
    found = [f"{name} {value}" for name, value in nuclear.marks(vectors, index).items() if name != "energy window"]
    angle = None if detector is None else detector.number("StartAngle")
    if angle is not None:
        found.append(f"start angle {angle:g} degrees")
    turned = _turned(v, vectors, index)
    return (*found, turned) if turned else tuple(found)


def _turned(v: Values, vectors: dict[str, tuple[float, ...]], index: int) -> str:
    """Angle of one projection of a tomographic acquisition."""
    angular, rotations = vectors["angular view"], v.items("RotationInformationSequence")
    rotation = int(vectors["rotation"][index]) if index < len(vectors["rotation"]) else 1
    if index >= len(angular) or not 0 < rotation <= len(rotations):
        return ""
    turn = rotations[rotation - 1]
    start, step = turn.number("StartAngle"), turn.number("AngularStep")
    if start is None or step is None:
        return ""
    sign = -1 if turn.text("RotationDirection") == "CW" else 1
    return f"projection at {(start + sign * step * (angular[index] - 1)) % 360:g} degrees"


def radiograph_view(v: Values) -> tuple[PlanarView, Said]:
    """View of a radiograph, and sentences where code, words and description say different things."""
    position = v.text("ViewPosition")
    worded, coded = by_word(position), by_code(v)
    said = []
    if worded and coded and worded != coded:
        said.append(f"ViewPosition (0018,5101) says {position}, the view code (0054,0220) {coded}")
    name = worded or coded or position or NOT_STATED
    said += _described(name, v.text("SeriesDescription"))
    columns, rows = _towards(v)
    laterality = v.text("ImageLaterality") or v.text("Laterality")
    facts = (f"laterality {laterality}",) if laterality else ()
    return PlanarView(name=name, columns_towards=columns, rows_towards=rows, facts=facts), tuple(said)


def _described(name: str, description: str | None) -> list[str]:
    """A sentence where the description calls the view something else."""
    words = set(re.findall(r"[A-Z]+", (description or "").upper()))
    rows = table("planar")["described_views"]
    called = [kind for kind, row in rows.items() if words & set(row["words"])]
    if name == NOT_STATED or len(called) != 1:
        return []
    if any(word in name for word in rows[called[0]]["agrees_with"]):
        return []
    return [f"the header states the view {name}, the description says {called[0]}"]


def by_code(v: Values) -> str | None:
    """View of the view code sequence."""
    codes = {item.text("CodeValue") for item in v.items("ViewCodeSequence")}
    return _first(name for name, known in table("planar")["view_codes"].items() if codes & set(known))


def by_word(text: str | None) -> str | None:
    """View that a short text names: all of it, or one word of it; None if it names none or two."""
    whole = (text or "").upper().strip()
    rows = table("planar")["view_words"]
    exact = _first(name for name, words in rows.items() if whole in words)
    if exact or not whole:
        return exact
    parts = set(re.findall(r"[A-Z]+", whole))
    found = [name for name, words in rows.items() if parts & {word for word in words if len(word) > 2}]
    return found[0] if len(found) == 1 else None


def _first(names: Iterable[str]) -> str | None:
    return next(iter(names), None)


def _towards(v: Values) -> tuple[str | None, str | None]:
    """Patient directions along the columns' numbers and along the rows' numbers."""
    stated = v.texts("PatientOrientation")
    return (stated[0], stated[1]) if len(stated) == 2 else (None, None)
