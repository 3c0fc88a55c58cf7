"""Who is right about the heights of the labelled torso CT: our masks, or the report that came with the images?

The report of another tool gives heights of L1 to L5 in steps of 1.5 mm. They lie below ours. This study asks the image
itself: along the body's own axis, in the same sixths of its depth, it finds the bright endplate and the place outside it
where the profile has fallen half-way to the disc, and takes the distance between the two as a third opinion.

    python studies/endplate_edges.py [PICTURE.png]

With a file name it also draws the mid-sagittal plane of each body in its own axes, with three bars at the back, middle and
front of the body: the image's endplates (green), our mask (yellow), the report's height centred on ours (red).

Result of 2026-11 (median absolute difference, mm; the images are not in the repository):

    label map                    ours - report   image - report   image - ours
    bodies only (VerSe)          1.3             3.1              1.8
    whole vertebrae              2.8             3.0              0.7

The image puts the endplates about 3 mm further apart than the report, and within a voxel (3 mm) of ours: the heights from
the whole-vertebra map are the ones nearest to the bone, and are left as they are.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
from scipy import ndimage

from spinemets.app import pipeline
from spinemets.app.options import Options

DATA = Path(os.environ.get("SPINEMETS_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
SET = DATA / "ct-torso-ts-labelled"
LEVELS = ("L1", "L2", "L3", "L4", "L5")
MAPS = ("labels_bodies_verse.nii.gz:verse", "labels_vertebrae.nii.gz:totalsegmentator_total_v2")
REACH_MM = 7.0
STEP_MM = 0.25
# The bright endplate is looked for this near to the mask's surface; "outside" begins this far beyond the peak.
PEAK_MM, BEYOND_MM = 4.0, 3.0


def outer_edge_mm(profile: np.ndarray, t: np.ndarray) -> float:
    """Offset (outward positive) at which a profile has fallen half-way from the endplate's peak to the disc."""
    peak = int(np.argmax(np.where(np.abs(t) <= PEAK_MM, profile, -np.inf)))
    beyond = profile[t > t[peak] + BEYOND_MM]
    outside = float(np.median(beyond)) if len(beyond) else float(profile[-1])
    below = np.flatnonzero(profile[peak:] < (profile[peak] + outside) / 2)
    return float(t[peak + below[0]]) if len(below) else np.nan


def heights(vertebra, image: np.ndarray, grid) -> tuple[np.ndarray, np.ndarray]:
    """(anterior, middle, posterior) height by the image and by the mask, median over the middle half of the width."""
    plates, frame = vertebra.endplates, vertebra.frame
    a, wide = plates.anterior_mm, plates.left_mm
    low, high = a.min(), a.max()
    sixth, middle = (high - low) / 6, (low + high) / 2
    parts = ((high - sixth, high), (middle - sixth / 2, middle + sixth / 2), (low, low + sixth))
    inner = np.abs(wide - wide.mean()) < np.ptp(wide) / 4
    t = np.arange(-REACH_MM, REACH_MM + STEP_MM / 2, STEP_MM)
    by_image, by_mask = [], []
    for begin, end in parts:
        found, masked = [], []
        for i, j in np.argwhere(np.isfinite(plates.height_mm) & inner[:, None] & ((a >= begin) & (a <= end))[None, :]):
            offsets = []
            for surface, outward in ((plates.superior_mm[i, j], 1.0), (plates.inferior_mm[i, j], -1.0)):
                along = surface + outward * t
                local = np.stack([np.full_like(along, wide[i]), np.full_like(along, a[j]), along], axis=1)
                index = grid.to_ijk(frame.to_lps_mm(local)).T
                offsets.append(outer_edge_mm(ndimage.map_coordinates(image, index, order=1, mode="nearest"), t))
            found.append(plates.height_mm[i, j] + sum(offsets))
            masked.append(plates.height_mm[i, j])
        by_image.append(np.nanmedian(found))
        by_mask.append(np.median(masked))
    return np.array(by_image), np.array(by_mask)


def draw(rows: list, vertebrae: list, volume, target: Path) -> None:
    """Mid-sagittal plane of each body in its own frame, 0.25 mm a pixel, bars in the three windows."""
    from PIL import Image, ImageDraw

    half_mm, pixel_mm = 32.0, 0.25
    span = np.arange(-half_mm, half_mm, pixel_mm)
    tiles = []
    for (image, mask, theirs), vertebra in zip(rows, vertebrae, strict=True):
        a, s = np.meshgrid(span[::-1], span[::-1])
        local = np.stack([np.zeros_like(a), a, s], axis=-1)
        index = np.moveaxis(volume.grid.to_ijk(vertebra.frame.to_lps_mm(local)), -1, 0)
        grey = ndimage.map_coordinates(volume.array.astype(np.float32), index, order=1, mode="nearest")
        tile = Image.fromarray(np.uint8(np.clip((grey + 200) / 900, 0, 1) * 255)).convert("RGB")
        pen = ImageDraw.Draw(tile)
        depth = vertebra.endplates.anterior_mm
        middles = (depth.max() - np.ptp(depth) / 12, (depth.max() + depth.min()) / 2, depth.min() + np.ptp(depth) / 12)
        for n, place in enumerate(middles):
            column = vertebra.endplates.superior_mm[:, np.argmin(np.abs(depth - place))]
            foot = vertebra.endplates.inferior_mm[:, np.argmin(np.abs(depth - place))]
            centre = (np.nanmedian(column) + np.nanmedian(foot)) / 2
            for shift, (height, colour) in enumerate(((image[n], "lime"), (mask[n], "yellow"), (theirs[n], "red"))):
                x = (half_mm - place) / pixel_mm + 5 * (shift - 1)
                top, bottom = ((half_mm - centre + sign * height / 2) / pixel_mm for sign in (-1, 1))
                pen.line([(x, top), (x, bottom)], fill=colour, width=2)
        tiles.append(tile)
    sheet = Image.new("RGB", (sum(t.width for t in tiles), tiles[0].height))
    for n, tile in enumerate(tiles):
        sheet.paste(tile, (n * tile.width, 0))
    sheet.save(target)


def main() -> int:
    """Print the table."""
    if not SET.is_dir():
        print("the real images are not here")
        return 0
    report = json.loads((SET / "spine_report.json").read_text())["results"]
    print(f"{'level':6} {'image a/m/p':>18} {'mask a/m/p':>18} {'report a/m/p':>18}")
    for labels in MAPS:
        done = pipeline.run(SET / "ct.nii.gz", Options(labels=(str(SET / labels),)))
        volume = done.study.series[0].pixels()
        rows = []
        for name in LEVELS:
            image, mask = heights(done.spine[name], volume.array.astype(np.float64), volume.grid)
            theirs = np.array([report[f"vertebrae_{name}_height_{k}_mm"] for k in ("anterior", "middle", "posterior")])
            rows.append((image, mask, theirs))
            cells = (" ".join(f"{v:5.1f}" for v in part) for part in (image, mask, theirs))
            print(f"{name:6} " + " ".join(f"{cell:>18}" for cell in cells))
        if len(sys.argv) > 1:
            target = Path(sys.argv[1])
            stem = labels.partition(".")[0]
            draw(rows, [done.spine[n] for n in LEVELS], volume, target.with_stem(f"{target.stem}-{stem}"))
        image, mask, theirs = (np.concatenate([row[n] for row in rows]) for n in range(3))
        pairs = {"ours - report": mask - theirs, "image - report": image - theirs, "image - ours": image - mask}
        said = ", ".join(f"{k} {np.median(np.abs(d)):.1f} (mean {d.mean():+.1f})" for k, d in pairs.items())
        print(f"{labels}: median absolute difference, mm: {said}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
