"""What speaks for the names of vertebrae (G-09): landmarks, other studies and the user, as anchors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spinemets.anatomy.earlier import Match
from spinemets.anatomy.hypotheses import Anchor, Variant, variants
from spinemets.anatomy.label_names import Candidate
from spinemets.anatomy.options import LevelOptions
from spinemets.model.errors import UsageError
from spinemets.model.level import Level

Rules = Mapping[str, Any]
# Ways of naming that count from landmarks or from one named vertebra.
COUNTED = ("landmarks", "anchor")


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is known besides the label names. Places count the vertebrae in view, 0 = highest.

    Attributes
    ----------
    naming
        How the label names are known (`Segmentation.naming`).
    sacrum
        Vertebra that lies directly on the sacrum.
    c2, first_rib, last_rib
        Vertebra with the dens; vertebra that bears the first or the last rib.
    conus
        Place of the tip of the cord, between vertebrae too (3.5 = disc below the fourth).
    other_series
        (place, name, confidence) from another series or date.
    earlier
        What the sizes of an earlier study's bodies say.
    header_regions
        Letters of the regions that body part or description name (`L`): they never name, they only contradict.
    """

    naming: str = "none"
    sacrum: int | None = None
    c2: int | None = None
    first_rib: int | None = None
    last_rib: int | None = None
    conus: float | None = None
    other_series: tuple[tuple[int, str, float], ...] = ()
    earlier: Match | None = None
    header_regions: tuple[str, ...] = ()


def stated(vertebrae: Sequence[Candidate], options: LevelOptions, rules: Rules) -> list[Anchor]:
    """What the user says: a point in a vertebra, the highest vertebra."""
    centroids = np.array([v.centroid_lps_mm for v in vertebrae])
    reach = float(rules["anchor_reach_mm"])
    found = []
    for name, point in options.anchors:
        distance = np.linalg.norm(centroids - np.asarray(point), axis=1)
        nearest = int(np.argmin(distance))
        if distance[nearest] > reach:
            x, y, z = centroids[nearest]
            raise UsageError(
                f"The point given for {name} lies in no vertebra: the nearest centre is {distance[nearest]:.0f} mm away, "
                f"at LPS ({x:.0f}, {y:.0f}, {z:.0f}) mm.",
                "Give LPS millimetres of a point inside the vertebral body.",
            )
        words = f"the point given for {name}"
        found.append(Anchor(kind="user", index=nearest, name=name, reliability=rules["reliability_user"], words=words))
    if options.top is not None:
        words = f"the highest vertebra stated as {options.top}"
        found.append(Anchor(kind="top", index=0, name=options.top, reliability=rules["reliability_user"], words=words))
    return found


def landmarks(evidence: Evidence, rules: Rules) -> list[Anchor]:
    """Landmarks in view, and other series and an earlier study that are sure enough."""
    places = (
        ("c2", evidence.c2, "the dens"),
        ("first_rib", evidence.first_rib, "the first rib"),
        ("last_rib", evidence.last_rib, "the last rib"),
        ("sacrum", evidence.sacrum, "the sacrum"),
    )
    found = [
        Anchor(kind=kind, index=place, reliability=rules[f"reliability_{kind}"], words=words)
        for kind, place, words in places
        if place is not None
    ]
    for place, name, confidence in evidence.other_series:
        if confidence < rules["assume_at"]:
            continue
        reliability = rules["reliability_other_series"] * confidence
        words = f"another series, which shows {name},"
        found.append(Anchor(kind="other_series", index=place, name=name, reliability=reliability, words=words))
    if evidence.earlier is not None and evidence.earlier.confidence >= rules["assume_at"]:
        name = evidence.earlier.name
        reliability = rules["reliability_other_series"] * evidence.earlier.confidence
        words = f"the earlier study, whose {name} has the sizes of this vertebra,"
        found.append(
            Anchor(kind="earlier", index=evidence.earlier.place, name=name, reliability=reliability, words=words)
        )
    return found


def label_anchors(names: Sequence[str | None], rules: Rules) -> list[Anchor]:
    """The first name of a map that names some of its vertebrae; the others were checked to agree with it."""
    place, name = next((n, name) for n, name in enumerate(names) if name is not None)
    words = f"the label map, which shows {name},"
    return [Anchor(kind="label", index=place, name=name, reliability=rules["reliability_label_map"], words=words)]


def from_below() -> str:
    """What is said where thoracic vertebrae are counted from below, with how often that goes wrong (`numbering`)."""
    return (
        f"Thoracic vertebrae are counted upwards from the lumbar ones: with {_unusual()} thoracic vertebrae every thoracic and "
        "cervical name here is one level off; C2 or the first rib in view, or a named point, would tell."
    )


def from_above() -> str:
    """What is said where lumbar vertebrae are counted from above, with how often that goes wrong (`numbering`)."""
    return (
        f"Lumbar vertebrae are counted downwards from the thoracic ones: with {_unusual()} thoracic vertebrae, where the last rib may be "
        "short, T12 and every lumbar name here are one level off; the sacrum in view, or a named point, would tell."
    )


def from_first_rib() -> str:
    """What is said where the first rib alone names levels, with how often that goes wrong (`numbering`)."""
    share = sum(v.prior for v in variants() if v.sequence[v.first_rib][0] == "C")
    return (
        f"Levels are counted from the first rib in view: with a rib on C7 ({share:.1%} of people) every name here is one level off; C2 or the "
        "last rib in view, or a named point, would tell."
    )


def _unusual() -> str:
    """Numbers of thoracic vertebrae other than twelve, and how often they are met."""
    shares = {n: sum(v.prior for v in variants() if _thoracic(v) == n) for n in (11, 13)}
    return " or ".join(f"{n} ({p:.1%} of people)" for n, p in shares.items())


def _thoracic(variant: Variant) -> int:
    return sum(name[0] == "T" for name in variant.sequence)


def at_risk(name: str, warning: str) -> bool:
    """Whether a level's name is one that such a warning is about."""
    if warning == from_first_rib():
        return True
    if warning == from_below():
        return name[0] in "CT"
    return warning == from_above() and (name[0] == "L" or name in ("T12", "T13"))


def counted_from_one_end(levels: Sequence[Level], evidence: Evidence, options: LevelOptions) -> tuple[str, ...]:
    """Warnings where nothing in view tells how many thoracic vertebrae there are.

    From the sacrum and the last rib upwards, eleven or thirteen thoracic vertebrae look like twelve; so they do from the
    neck downwards where the last rib is short and the sacrum out of view. A rib on C7 looks like the first one where
    neither the dens nor the last rib is in view.
    """
    told = [name for name, _ in options.anchors] + ([] if options.top is None else [options.top])
    told_above = any(name[0] in "CT" for name in told)
    above = evidence.c2 is not None or evidence.first_rib is not None or told_above
    below = evidence.sacrum is not None or any(name[0] == "L" or name == "T12" for name in told)
    if evidence.earlier is not None or (above and below):
        return ()
    warnings = [from_above() if above else from_below()]
    if evidence.first_rib is not None and evidence.c2 is None and evidence.last_rib is None and not told_above:
        warnings.append(from_first_rib())
    counted = [level.name for level in levels if level.name is not None and level.method in COUNTED]
    return tuple(warning for warning in warnings if any(at_risk(name, warning) for name in counted))
