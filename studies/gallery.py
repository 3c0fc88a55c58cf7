"""The gallery: every case of the digital spine with its picture, its truth and the command that makes it.

    python -m studies.gallery [--only CASE] [--write]

Without --write it says how large the pictures would be. Writes `docs/explanation/gallery.md` and `docs/assets/gallery/`.
"""

from __future__ import annotations

import argparse
import io
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

from spinemets import phantom
from spinemets.phantom.cases.named import GROUPS
from spinemets.phantom.files.sheet import sheet
from spinemets.phantom.imaging.placing import several

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "explanation" / "gallery.md"
PICTURES = ROOT / "docs" / "assets" / "gallery"
# Rows of a picture, its width and its compression: a hundred pictures stay within a few megabytes.
SERIES_SHOWN, WIDTH_PX, QUALITY = 2, 760, 55
HEAD = """\
# Gallery of the digital spine

Every case with seed 1: sagittal, coronal and axial slice of one or two of its series, and the first again with its truth: lesions
outlined in red, fractured levels in yellow, names of the levels. Simulated images of no person.
[How they are made, and where they still differ from real ones](digital-spine.md). Written by `python -m studies.gallery --write`.
"""


def main() -> int:
    """Write the gallery."""
    parser = argparse.ArgumentParser(prog="python -m studies.gallery", description=__doc__)
    parser.add_argument("--only", metavar="CASE")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    lines, size = [HEAD], 0
    names = [name for group in GROUPS for name in group.CASES if args.only in (None, name)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        made = dict(zip(names, pool.map(_case, names), strict=True))
    for group in GROUPS:
        lines += [f"\n## {_title(group)}\n"]
        for name in group.CASES:
            if name in made:
                picture, text = made[name]
                size += len(picture)
                lines += text
                if args.write:
                    PICTURES.mkdir(parents=True, exist_ok=True)
                    (PICTURES / f"{name}.webp").write_bytes(picture)
    if args.write and not args.only:
        PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{size / 1e6:.1f} MB of pictures")
    return 0


def _title(group: ModuleType) -> str:
    """First line of what the group says of itself."""
    return (group.__doc__ or group.__name__).strip().splitlines()[0].rstrip(".")


def _case(name: str) -> tuple[bytes, list[str]]:
    """Picture and text of one case."""
    made = phantom.build(name, 1)
    image = sheet(made, _shown(made.case.series))
    image.thumbnail((WIDTH_PX, 10 * WIDTH_PX))
    file = io.BytesIO()
    image.save(file, "WEBP", quality=QUALITY)
    text = [f"### {name}\n", made.case.about + "\n", f"![{name}](../assets/gallery/{name}.webp)\n"]
    truth = list(_truth(made.truth))
    text += [f"- {line}" for line in truth] + ([""] if truth else [])
    return file.getvalue(), [*text, f"Made by `spinemets phantom make {name} --seed 1 --out {name}`\n"]


def _shown(series: tuple[str, ...]) -> tuple[str, ...]:
    """The first of its series, one of those that stand for several."""
    return tuple(several(name)[0] for name in series[:SERIES_SHOWN])


def _truth(truth: dict[str, Any]) -> Iterator[str]:
    """The planted findings, one line each."""
    for lesion in truth["lesions"]:
        yield f"{lesion['level']}: {lesion['kind'].replace('_', ' ')} of {lesion['volume_mm3'] / 1000:.2f} mL"
    for fracture in truth["fractures"]:
        losses = ", ".join(f"{place} {100 * loss:.0f} %" for place, loss in fracture["loss"].items())
        yield f"{fracture['level']}: height loss {losses} (Genant {fracture['genant_grade']})"
    for metal in truth["hardware"]:
        yield f"{metal.get('level', 'implant')}: {metal.get('kind', 'screw')} {metal.get('side', '')}".rstrip()
    for mass in truth["soft_lesions"]:
        yield f"{str(mass['kind']).replace('_', ' ')} of {mass['volume_mm3'] / 1000:.2f} mL"
    for grade in truth["epidural"]:
        yield f"{grade['level']}: epidural grade {grade['escc']}"


if __name__ == "__main__":
    raise SystemExit(main())
