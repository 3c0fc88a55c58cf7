"""Which slices a report shows, and what is written below them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from spinemets.knowledge.catalogue import Catalogue, load, table
from spinemets.model.assessment import Assessment, LevelAssessment, Picture
from spinemets.model.finding import Finding, State
from spinemets.model.region import Region
from spinemets.model.series import Series
from spinemets.model.spine import Spine
from spinemets.model.study import Study
from spinemets.model.volume import Volume
from spinemets.report import cards, lexicon, wording
from spinemets.report.drawing import Contour, Drawn, Style, draw
from spinemets.report.slicing import Slice, Turned, cut, fullest, mask_on

BOTH_PLANES = ("sagittal", "axial")
KNOWN_SIDES = ("left", "right")


@dataclass(frozen=True, kw_only=True, eq=False)
class Shown:
    """A series being shown: its pixels, how to look at them, its window."""

    series: Series
    volume: Volume
    turned: Turned
    sides: tuple[str, str] | None

    @property
    def note(self) -> str:
        """Words at the lower edge of every picture whose sides are not known."""
        return "" if self.sides == KNOWN_SIDES else "side unknown"


@dataclass(frozen=True, kw_only=True, eq=False)
class Wish:
    """A picture that is wanted: plane, point, regions to outline, whose it is, what to look for."""

    plane: str
    at: tuple[float, float, float]
    outlines: tuple[tuple[Region, str, bool], ...]
    level_id: str | None
    finding: Finding | None
    subject: str
    look_for: str


def take(assessment: Assessment, study: Study, spine: Spine, outlines: Mapping[str, Region]) -> Assessment:
    """The assessment with its pictures.

    For each study one sagittal overview; for each abnormal level a sagittal and an axial slice of its best series; for
    each present or indeterminate record with an outline the slices that hold most of it. Series are decoded once each.

    Parameters
    ----------
    assessment
        Without pictures.
    study
        Source of the pixels.
    spine
        Vertebrae, for overview and level pictures.
    outlines
        Region that was measured by finding id; region of a lesion by lesion id.
    """
    gathered: list[Picture] = []
    left_out: list[str] = []
    limit = int(settings()["most_per_level"]["value"])
    for series in study.series:
        if not series.measurable or series.kind in ("localizer", "derived"):
            continue
        wishes = list(_wishes(assessment, spine, outlines, series, study))
        if not wishes:
            continue
        volume = series.pixels()
        # A series of unknown side in a study of known sides cannot even be said to have a side A.
        sides = assessment.sides if series.sides_known or assessment.sides != KNOWN_SIDES else None
        shown = Shown(series=series, volume=volume, turned=Turned.of(volume.grid), sides=sides)
        gathered += _render(wishes, shown, assessment)
    kept: list[Picture] = []
    counts: dict[str | None, int] = {}
    for picture in sorted(gathered, key=lambda p: _weight(p, assessment)):
        counts[picture.level_id] = counts.get(picture.level_id, 0) + 1
        if picture.level_id is not None and counts[picture.level_id] > limit:
            left_out.append(picture.level_id)
            continue
        kept.append(replace(picture, id=f"{len(kept) + 1:03d}"))
    warnings = assessment.warnings
    if left_out:
        places = wording.listed(list(dict.fromkeys(left_out)))
        warnings = (*warnings, f"{wording.count(len(left_out), 'further picture')} at {places} not shown.")
    return replace(assessment, pictures=tuple(kept), warnings=warnings)


def settings() -> dict[str, Any]:
    """Sizes of pictures (`tables/windows.yaml`)."""
    return cast(dict[str, Any], table("windows")["pictures"])


def window_of(shown: Shown, criterion: str | None) -> tuple[tuple[float, float], str]:
    """Values shown black and white, and how that is printed.

    CT has fixed presets by criterion; other series get one window from percentiles of all their values, so that levels
    of one series can be compared by eye.
    """
    windows = table("windows")
    # A NIfTI file does not say its unit; the recognised kind does.
    if shown.volume.unit == "[hnsf'U]" or shown.series.kind.startswith("ct"):
        name = windows["ct_by_criterion"].get(criterion, windows["ct_default"])
        width, level = windows["ct"][name]["width_hu"], windows["ct"][name]["level_hu"]
        return (level - width / 2, level + width / 2), f"Window W {width} L {level}"
    low, high = windows["mr"]["low_percentile"], windows["mr"]["high_percentile"]
    values = shown.turned.view(shown.volume.array)
    step = tuple(slice(None, None, max(1, n // 96)) for n in values.shape)
    sample = values[step].astype(np.float64)
    sample = sample[np.isfinite(sample)]
    ends = np.percentile(sample, (low, high)) if sample.size else np.array([0.0, 1.0])
    if ends[1] <= ends[0]:
        ends[1] = ends[0] + 1.0
    window, unit = (float(ends[0]), float(ends[1])), shown.volume.unit
    shown_ends = f"{wording.interval(window, unit)} {wording.unit_text(unit)}".strip()
    return window, f"Window from percentile {low:g} to {high:g} ({shown_ends})"


def _wishes(
    assessment: Assessment, spine: Spine, outlines: Mapping[str, Region], series: Series, study: Study
) -> Iterator[Wish]:
    """Pictures wanted from one series."""
    if spine.vertebrae and series.uid in _level_series(study)[:1]:
        yield from _overview(spine, series)
    for level in assessment.levels.values():
        if not level.abnormal:
            continue
        if series.uid in _level_series(study):
            mine = [x.id for x in assessment.lesions if x.id in level.lesions and x.series_uid == series.uid]
            yield from _level_wishes(level, spine, series, {i: outlines[i] for i in mine if i in outlines})
        for finding in level.findings.values():
            if finding.state in (State.PRESENT, State.INDETERMINATE):
                yield from _finding_wishes(finding, level, series, outlines)


def _level_series(study: Study) -> list[str]:
    """Series that show a level best, best first."""
    order = settings()["level_series_kinds"]
    ranked = sorted(
        (s for s in study.series if s.measurable and s.kind in order), key=lambda s: (order.index(s.kind), s.number)
    )
    best: dict[str, str] = {}
    for series in ranked:
        best.setdefault(series.kind.split("_")[0], series.uid)
    return list(best.values())[: int(settings()["level_series_most"])]


def _overview(spine: Spine, series: Series) -> Iterator[Wish]:
    """Whole spine in the sagittal plane through the middle of the bodies, each body outlined and named."""
    bodies = [(v, v.regions.get("body", v.regions.get("vertebra"))) for v in spine.vertebrae]
    placed = [(v, r) for v, r in bodies if r is not None and r.n_voxels]
    if not placed or series.grid is None:
        return
    centres = np.stack([r.centroid_lps_mm for _, r in placed])
    middle = np.append(np.median(centres[:, :1], axis=0), (centres[:, 1:].min(axis=0) + centres[:, 1:].max(axis=0)) / 2)
    drawn = tuple((r, v.level.id, True) for v, r in placed)
    yield Wish(
        plane="sagittal", at=(float(middle[0]), float(middle[1]), float(middle[2])), outlines=drawn, level_id=None,
        finding=None, subject="the whole spine",
        look_for="What to look for: each outline lies on its vertebral body and the names run without gap or repeat. "
        "In a curved spine the plane leaves some bodies.",
    )  # fmt: skip


def _level_wishes(
    level: LevelAssessment, spine: Spine, series: Series, lesions_here: Mapping[str, Region]
) -> Iterator[Wish]:
    """Sagittal and axial slice of a level through its largest lesion in this series, else through its middle."""
    body = _body(spine, level.level.id)
    at = level.centroid_lps_mm
    if body is not None and body.n_voxels:
        x, y, z = (float(v) for v in body.centroid_lps_mm)
        at = (x, y, z)
    if at is None or series.grid is None or not _inside(series, at):
        return
    lesions = [(r, name, False) for name, r in lesions_here.items() if r.n_voxels and r.grid == series.grid]
    name = "" if lesions else level.level.id
    bodies = [(body, name, True)] if body is not None and body.n_voxels else []
    turned = Turned.of(series.grid)
    for plane in BOTH_PLANES:
        # The plane through a lesion says more than the one through the middle of the body, which may miss it.
        largest = max((r for r, _, _ in lesions), key=lambda r: r.n_voxels, default=None)
        yield Wish(
            plane=plane, at=at if largest is None else fullest(largest, turned, plane),
            outlines=(*bodies, *lesions), level_id=level.level.id, finding=None, subject=level.level.words,
            look_for="What to look for: the outlines follow what you see; compare with the vertebra above and below.",
        )  # fmt: skip


def _finding_wishes(
    finding: Finding, level: LevelAssessment, series: Series, outlines: Mapping[str, Region]
) -> Iterator[Wish]:
    """The slices that hold most of what a record measured, in the series it was measured in."""
    uids = cards.series_uids(finding)
    if series.uid not in uids or series.grid is None:
        return
    names = [finding.id] if finding.id in outlines else [i for i in finding.evidence.lesions if i in outlines]
    regions = [(outlines[n], n) for n in names if outlines[n].n_voxels and outlines[n].grid == series.grid]
    if not regions:
        return
    largest = max(regions, key=lambda r: r[0].n_voxels)[0]
    turned = Turned.of(series.grid)
    for n, plane in enumerate(_planes(finding)):
        yield Wish(
            plane=plane, at=fullest(largest, turned, plane), outlines=tuple((r, name, False) for r, name in regions),
            level_id=level.level.id, finding=finding, subject=level.level.words,
            look_for=look_for(finding) if n == 0 else "",
        )  # fmt: skip


def look_for(finding: Finding) -> str:
    """What the sign looks like, from the catalogue entry of the criterion."""
    entry = _catalogue().get(finding.criterion)
    return entry.shows.strip() if entry is not None else ""


def _planes(finding: Finding) -> Sequence[str]:
    entry = _catalogue().get(finding.criterion)
    wanted = entry.picture if entry is not None else "both"
    return {"both": BOTH_PLANES, "none": ()}.get(wanted, (wanted,))


def _catalogue() -> Catalogue:
    return load()


def _body(spine: Spine, level_id: str) -> Region | None:
    vertebra = next((v for v in spine.vertebrae if v.level.id == level_id), None)
    return None if vertebra is None else vertebra.regions.get("body", vertebra.regions.get("vertebra"))


def _inside(series: Series, at: tuple[float, float, float]) -> bool:
    assert series.grid is not None
    index = series.grid.to_ijk(at)
    return bool(np.all(index > -0.5) and np.all(index < np.asarray(series.grid.shape_ijk) - 0.5))


def _render(wishes: list[Wish], shown: Shown, assessment: Assessment) -> list[Picture]:
    return [_picture(wish, shown, assessment) for wish in wishes]


def _picture(wish: Wish, shown: Shown, assessment: Assessment) -> Picture:
    """One wish as a picture."""
    s = settings()
    size_mm, size_px, bar = _sizes(wish, s)
    plane = cut(shown.volume, shown.turned, wish.plane, wish.at, size_mm)
    criterion = wish.finding.criterion if wish.finding is not None else None
    window, window_words = window_of(shown, criterion)
    contours = [
        Contour(mask=mask_on(plane, _on_grid(region, shown.volume), shown.turned), label=label, second=second)
        for region, label, second in wish.outlines
    ]
    letters = edge_letters(plane.letters, shown.sides)
    style = Style(
        outline_px=s["outline_px"]["value"], halo_px=s["halo_px"]["value"], scale_bar_mm=bar,
        quality=int(s["quality"]["value"]), field_mm=size_mm[0] if wish.level_id is not None else None,
    )  # fmt: skip
    drawn = draw(replace(plane, letters=letters), window, size_px, contours, style, shown.note)
    return _described(wish, shown, plane, drawn, window_words)


def _described(wish: Wish, shown: Shown, plane: Slice, drawn: Drawn, window_words: str) -> Picture:
    kind = lexicon.series_kind(shown.series.kind)
    what = f"{wish.plane.capitalize()} {kind} slice through {wish.subject}"
    measured = f". Outlined: {cards.title(wish.finding).lower()}" if wish.finding is not None else ""
    reformat = "" if plane.array_axis == 2 else ", reformatted"
    side = " Side unknown." if shown.note else ""
    return Picture(
        id="", finding_id=wish.finding.id if wish.finding is not None else None, level_id=wish.level_id,
        plane=f"{wish.plane}{reformat}", series_uid=shown.series.uid,
        series_label=f"series {shown.series.number} ({kind})", slice_index=plane.array_index,
        position_lps_mm=cast(tuple[float, float, float], tuple(round(v, 1) for v in plane.position_lps_mm)),
        window=window_words, caption=" ".join(f"{what}{measured}. {wish.look_for}{side}".split()), alt=f"{what}{measured}.{side}",
        width_px=drawn.width_px, height_px=drawn.height_px, image=drawn.marked, plain=drawn.plain,
    )  # fmt: skip


def _sizes(wish: Wish, s: dict[str, Any]) -> tuple[tuple[float, float], tuple[int, int], float]:
    """Crop in mm, greatest picture size in pixels, scale bar."""
    if wish.level_id is not None:
        side, width = float(s["level_crop_mm"]["value"]), int(s["width_px"]["value"])
        return (side, side), (width, width), float(s["scale_bar_mm"]["value"])
    corners = np.concatenate([_corners(region) for region, _, _ in wish.outlines])
    margin = 2 * float(s["overview_margin_mm"]["value"])
    extent = corners.max(axis=0) - corners.min(axis=0) + margin
    height = int(s["overview_height_px"]["value"])
    return (float(extent[1]), float(extent[2])), (height, height), float(s["overview_scale_bar_mm"]["value"])


def _corners(region: Region) -> np.ndarray[Any, np.dtype[np.float64]]:
    """LPS of the corners of a region's box."""
    low = np.asarray(region.start_ijk)
    high = low + np.asarray(region.mask.shape) - 1
    return region.grid.to_lps_mm(
        np.array([[a, b, c] for a in (low[0], high[0]) for b in (low[1], high[1]) for c in (low[2], high[2])])
    )


def _on_grid(region: Region, volume: Volume) -> Region:
    """The region on the grid of the image that is shown (masks move, images never do)."""
    if region.grid == volume.grid:
        return region
    from spinemets.geometry.resampling import region_on_grid

    return region_on_grid(region, volume.grid)


def edge_letters(letters: tuple[str, str, str, str], sides: tuple[str, str] | None) -> tuple[str, str, str, str]:
    """Edge letters; where the laterality guard forbids L and R, the names of the sides stand there, or a question mark."""
    if sides == KNOWN_SIDES:
        return letters
    names = {"L": "?", "R": "?"}
    if sides is not None:
        names = {"L": lexicon.words_of_part(sides[0]), "R": lexicon.words_of_part(sides[1])}
    first, second, third, fourth = ("".join(names.get(c, c) for c in letter) for letter in letters)
    return first, second, third, fourth


def _weight(picture: Picture, assessment: Assessment) -> tuple[int, int, int]:
    """Order of pictures: overview, then levels head to feet, level pictures before those of records."""
    order = list(assessment.levels)
    level = order.index(picture.level_id) + 1 if picture.level_id in order else 0
    ids = [f.id for f in assessment.all_findings()]
    return (level, ids.index(picture.finding_id) + 1 if picture.finding_id in ids else 0, 0)
