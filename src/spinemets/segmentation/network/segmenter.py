"""The port's answer of the spine network: which series it outlines, and what it hands over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.model.grid import Grid
from spinemets.model.region import Region
from spinemets.model.segmentation import Part, Segmentation
from spinemets.model.series import Series
from spinemets.model.study import Study
from spinemets.segmentation.network import inference
from spinemets.segmentation.network.bone_edge import to_the_edge
from spinemets.segmentation.network.card import Card, card_of, said
from spinemets.segmentation.network.engine import Engine, engine_of
from spinemets.segmentation.network.inference import Scores
from spinemets.segmentation.network.instances import Instances, instances_of
from spinemets.segmentation.network.locating import spine_box
from spinemets.segmentation.network.painting import PARTS, Box, painted
from spinemets.segmentation.network.quality import Verdict, judge
from spinemets.segmentation.network.sampling import Lattice
from spinemets.segmentation.network.stations import joined

CT = "ct"
# A field of no more than this from side to side, down and to the back is looked at whole.
WHOLE_MM = (130.0, 520.0, 300.0)
# The search looks at every third slice (9 mm apart).
SEARCH_EVERY = 3
# Slices of the image closer than this are labelled at half of the network's step. At 2 mm that took a second of a lumbar MR for 0.002
# of its Dice coefficients.
THIN_MM = 1.75
# Vertebrae are outlined with a mean probability of 0.9 and more, noise with 0.6 to 0.75: a column of less is none.
LEAST_SURE = 0.8


@dataclass(frozen=True, kw_only=True)
class SpineNetwork:
    """Outlines the spine with the networks of the package, one for CT and one for MR; names no level."""

    engine: str = "onnxruntime"

    @property
    def name(self) -> str:
        """Names of the weights with the beginning of their checksums, and the engine where it is not the usual one."""
        both = " and ".join(said(card_of(ct=ct)) for ct in (True, False))
        return both if self.engine == "onnxruntime" else f"{both} in {self.engine}"

    def segment(self, study: Study) -> tuple[Segmentation, ...]:
        """Structures of the series that leads, joined with those that reach beyond it in the same patient space."""
        chosen = leading(study.series)
        if not chosen:
            return ()
        networks = {ct: network(self.engine, ct=ct) for ct in map(_is_ct, chosen)}
        found = [one for series in chosen if (one := outlined(series, networks[_is_ct(series)])) is not None]
        if not found:
            return ()
        whole = joined(found)
        return (replace(whole, warnings=(*whole.warnings, *elsewhere(study.series, whole.grid))),)


def network(engine: str, *, ct: bool) -> tuple[Card, Engine]:
    """Card of the network that reads CT, or MR, and its weights in an engine."""
    card = card_of(ct=ct)
    return card, engine_of(engine, card.weights)


def leading(series: Sequence[Series]) -> list[Series]:
    """Series to outline, the leading one first."""
    rules = table("segmentation")
    usable = [s for s in series if _usable(s, rules)]
    if not usable:
        return []
    lengths = {s.uid: _reach(s) for s in usable}
    longest = max(high - low for low, high in lengths.values())
    reach = rules["lead_reach"]["value"] * longest

    def rank(one: Series) -> tuple[int, float]:
        assert one.grid is not None
        return rules["kinds"].index(one.kind), -float(np.prod(one.grid.shape_ijk))

    lead = min((s for s in usable if lengths[s.uid][1] - lengths[s.uid][0] >= reach), key=rank)
    chosen, (low, high) = [lead], lengths[lead.uid]
    assert lead.grid is not None
    for one in sorted(usable, key=rank):
        assert one.grid is not None
        first, last = lengths[one.uid]
        farther = max(low - first, last - high)
        if one is not lead and one.grid.same_frame(lead.grid) and farther >= rules["farther_mm"]["value"]:
            chosen.append(one)
            low, high = min(low, first), max(high, last)
    return chosen


def elsewhere(series: Sequence[Series], grid: Grid) -> list[str]:
    """A sentence for each series that could have been outlined but lies in another patient space."""
    rules = table("segmentation")
    return [
        f"{one.label} has another frame of reference than what was outlined: nothing is measured in it level by level. "
        "Assess it alone to have it outlined."
        for one in series
        if _usable(one, rules) and one.grid is not None and not one.grid.same_frame(grid)
    ]


def _usable(series: Series, rules: Any) -> bool:
    if not series.measurable or series.grid is None or series.kind not in rules["kinds"]:
        return False
    low, high = _reach(series)
    long_enough = high - low >= float(rules["least_length_mm"]["value"])
    return long_enough and min(series.grid.shape_ijk) >= int(rules["least_slices"]["value"])


def _is_ct(series: Series) -> bool:
    return series.kind.startswith(CT)


def _reach(series: Series) -> tuple[float, float]:
    """Lowest and highest point of a series' grid."""
    assert series.grid is not None
    heights = series.grid.corners_lps_mm[:, 2]
    return float(heights.min()), float(heights.max())


def outlined(series: Series, of: tuple[Card, Engine]) -> Segmentation | None:
    """Structures of one series, None where there is no spine."""
    card, _ = of
    volume = series.pixels()
    array = volume.array[..., 0] if volume.array.ndim == 4 else volume.array
    ct = _is_ct(series)
    scores = seen(array, volume.grid, of, ct=ct)
    if scores is None:
        return None
    found = instances_of(scores, card)
    if not len(found) or float(np.median(found.confidence)) < LEAST_SURE:
        return None
    box, parts, numbers = drawn(array, scores, found, card, ct=ct)
    start = (box[0].start, box[1].start, box[2].start)
    made = _parts(parts, numbers, found, judge(scores, found), (volume.grid, start, card.name))
    if not made:
        return None
    return Segmentation(
        grid=volume.grid,
        parts=tuple(made),
        scheme="network",
        naming="none",
        body_only=False,
        series_uid=series.uid,
        source=f"{card.name} on {series.label}",
    )


def seen(array: NDArray[Any], grid: Grid, of: tuple[Card, Engine], *, ct: bool) -> Scores | None:
    """Scores over the spine of an image: in a large one a few slices tell where it lies. None where they show none."""
    card, _ = of
    box: Lattice | None = inference.whole_lattice(grid, card)
    assert box is not None
    if (np.array(box.shape) * box.spacing_mm > WHOLE_MM).any():
        coarse = inference.search(array, box, of, ct=ct, every=SEARCH_EVERY)
        box = spine_box(coarse, card, box)
    if box is None:
        return None
    finer = 2 if grid.spacing_mm[box.axes[0].source] <= THIN_MM else 1
    return inference.scores_of(array, box, of, ct=ct, finer=finer)


def drawn(
    array: NDArray[Any], scores: Scores, found: Instances, card: Card, *, ct: bool
) -> tuple[Box, NDArray[np.uint8], NDArray[np.uint8]]:
    """What was found in an image, on its own grid, as `painted` gives it; on CT arches go on to where bone ends."""
    box, parts, numbers = painted(scores, found, card)
    if ct:
        to_the_edge(parts, numbers, array[box], scores.lattice.image.spacing_mm)
    return box, parts, numbers


def _parts(
    parts: NDArray[np.uint8],
    numbers: NDArray[np.uint8],
    found: Instances,
    verdicts: Sequence[Verdict],
    where: tuple[Grid, tuple[int, int, int], str],
) -> list[Part]:
    """Vertebrae with body and disc, then what the spine has once."""
    grid, start, source = where
    code = {name: n for n, name in enumerate(PARTS)}
    body = (parts == code["body"]) | (parts == code["border"])
    bone, disc = body | (parts == code["posterior"]), parts == code["disc"]

    def region(name: str, mask: NDArray[np.bool_], flags: tuple[str, ...] = ()) -> Region:
        made = Region.from_mask(name, mask, grid, source=source, start_ijk=start)
        return Region(name=name, mask=made.mask, start_ijk=made.start_ijk, grid=grid, source=source, flags=flags)

    made: list[Part] = []
    sacrum = parts == code["sacrum"]
    for number in range(1, len(found) + 1):
        own = numbers == number
        if found.sacral[number - 1]:
            sacrum |= own & bone
            continue
        verdict = verdicts[number - 1]
        for structure, mask in (("vertebra", own & bone), ("vertebral_body", own & body)):
            if mask.any():
                held = region(structure, mask, verdict.flags if structure == "vertebra" else ())
                made.append(Part(structure=structure, level=None, region=held, confidence=verdict.confidence))
    for number in range(1, len(found) + 1):
        own = (numbers == number) & disc
        if own.any():
            made.append(Part(structure="disc", level=None, region=region("disc", own)))
    canal = (parts == code["canal"]) | (parts == code["cord"])
    whole = (("sacrum", sacrum), ("canal", canal), ("cord", parts == code["cord"]), ("rib", parts == code["rib"]))
    return made + [
        Part(structure=name, level=None, region=region(name, mask)) for name, mask in whole if made and mask.any()
    ]
