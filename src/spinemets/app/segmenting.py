"""`segment`: a study in; outlines, regions and levels out. The first half of `analyze`, for those who want the masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spinemets
from spinemets.app import pipeline
from spinemets.app.options import Options
from spinemets.model.spine import Spine
from spinemets.model.study import Study


@dataclass(frozen=True, kw_only=True, eq=False)
class Outlined:
    """A study with its spine."""

    study: Study
    spine: Spine
    segmenter: str


def segment(paths: Sequence[Path], options: Options, progress: pipeline.Progress) -> Outlined:
    """Read, outline, name."""
    progress("reading")
    study = pipeline.opened(paths, options)
    progress("levels and regions")
    segmenter = pipeline.segmenter_of(options, options.report.out)
    spine = pipeline.located(study, segmenter, options, walls=False)
    return Outlined(study=study, spine=spine, segmenter=segmenter.name)


def write(done: Outlined, said: dict[str, Any], out: Path) -> dict[str, Path]:
    """Write labels, regions and levels (`said`: the document); masks only where there is a spine.

    Returns
    -------
    dict of str to Path
        Output name -> path.
    """
    from spinemets.exports import labels, levels_json, regions

    out.mkdir(parents=True, exist_ok=True)
    written: dict[str, Path] = {}
    if done.spine.vertebrae:
        written["labels.nii.gz"] = out / "labels.nii.gz"
        labels.write_labels(done.spine, written["labels.nii.gz"])
        written["regions.nii.gz"] = out / "regions.nii.gz"
        regions.write_regions(done.spine, written["regions.nii.gz"])
    written["levels.json"] = out / "levels.json"
    levels_json.write_levels(said, written["levels.json"])
    return written


def document(done: Outlined) -> dict[str, Any]:
    """All that `levels.json` says."""
    from spinemets.exports import levels_json
    from spinemets.impression.methods import digests

    made = {
        "software": f"spinemets {spinemets.__version__}",
        "segmenter": done.segmenter,
        "inputs": dict(digests(done.study)),
    }
    return levels_json.levels_document(done.spine, made, done.study.warnings)
