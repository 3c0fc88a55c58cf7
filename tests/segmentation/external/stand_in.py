"""Stands in for the three programs: takes their documented arguments, writes their documented files, writes down how it was called.

Copied under a program's name into a folder on the search path. `STAND_IN_MODE` says how it behaves, `STAND_IN_RECORD` where the
record goes.
"""

import argparse
import json
import os
import sys
from pathlib import Path

import nibabel as nib
import numpy as np


def totalsegmentator(words):
    """`TotalSegmentator -i IMAGE -o FILE --ml --task TASK --roi_subset NAME ...`: one label map, named classes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-i", dest="image", type=Path, required=True)
    parser.add_argument("-o", dest="output", type=Path, required=True)
    parser.add_argument("-ml", "--ml", action="store_true")
    parser.add_argument("-ta", "--task", choices=["total", "total_mr", "vertebrae_mr"], default="total")
    parser.add_argument("-rs", "--roi_subset", nargs="+")
    parser.add_argument("-q", "--quiet", action="store_true")
    args = parser.parse_args(words)
    if not args.ml:
        sys.exit("a folder of masks was not asked for")
    numbers = {"total": (29, 28, 27, 79), "vertebrae_mr": (4, 3, 2, 1), "total_mr": (20, 20, 20, 21)}[args.task]
    return args.image, {args.output: numbers}


def spineps(words):
    """`spineps sample -i IMAGE -ms MODEL ...`: two maps in a folder of derivatives beside the image."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["sample", "dataset"])
    parser.add_argument("-i", dest="image", type=Path, required=True)
    parser.add_argument("-ms", choices=["t2w", "t1w"], required=True)
    parser.add_argument("-mv", default="instance")
    parser.add_argument("-ml", default="t2w_labeling")
    parser.add_argument("-iic", action="store_true")
    parser.add_argument("-dn", default="derivatives_seg")
    args = parser.parse_args(words)
    subject, form = args.image.name.removesuffix(".nii.gz").rsplit("_", 1)
    folder = args.image.parent / args.dn / subject
    (folder / f"output_raw_{form}").mkdir(parents=True)
    (folder / f"output_raw_{form}" / f"{subject}_mod-{form}_seg-vert-raw_msk.nii.gz").write_bytes(b"")
    vert, spine = (folder / f"{subject}_mod-{form}_seg-{kind}_msk.nii.gz" for kind in ("vert", "spine"))
    return args.image, {vert: (22, 23, 24, 26), spine: (49, 49, 49, 60)}


def totalspineseg(words):
    """`totalspineseg INPUT OUTPUT_FOLDER`: the final map is in `step2_output` under the image's name."""
    parser = argparse.ArgumentParser()
    parser.add_argument("image", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--quiet", "-q", action="store_true")
    args = parser.parse_args(words)
    for folder in ("step1_raw", "step2_output"):
        (args.output / folder).mkdir(parents=True)
    raw = args.output / "step1_raw" / args.image.name
    return args.image, {raw: (1, 1, 1, 2), args.output / "step2_output" / args.image.name: (43, 44, 45, 1)}


def slabs(image, numbers):
    """The dense voxels in three slabs from the head down, and the fourth label behind them."""
    array = np.asanyarray(image.dataobj)
    k = np.arange(array.shape[2]) if image.affine[2, 2] > 0 else np.arange(array.shape[2])[::-1]
    slab = 2 - (3 * k) // array.shape[2]
    labels = np.where(array > 100, np.asarray(numbers[:3])[slab], 0)
    labels[:, :2] = numbers[3]
    return labels.astype(np.uint8)


def main():
    """Behave as the mode says."""
    mode, words = os.environ.get("STAND_IN_MODE", "well"), sys.argv[1:]
    home = Path(os.environ.get("TOTALSEG_HOME_DIR", "absent")) / "config.json"
    record = {
        "arguments": words,
        "environment": dict(os.environ),
        "folder": str(Path.cwd()),
        "files": sorted(p.name for p in Path.cwd().iterdir()),
        "config": json.loads(home.read_text()) if home.is_file() else None,
    }
    with Path(os.environ["STAND_IN_RECORD"]).open("a") as file:
        file.write(json.dumps(record) + "\n")
    image_path, outputs = {p.__name__: p for p in (totalsegmentator, spineps, totalspineseg)}[
        Path(sys.argv[0]).name.lower()
    ](words)
    Path(os.environ["TMPDIR"], "left_behind.bin").write_bytes(b"x")
    if mode == "fail":
        sys.exit("RuntimeError: no more memory\x07")
    if mode == "mute":
        sys.exit(3)
    image = nib.load(image_path)
    affine = np.array(image.affine)
    for path, numbers in outputs.items():
        labels = slabs(image, numbers)
        if mode == "nothing":
            continue
        if mode == "empty":
            labels[:] = 0
        if mode == "fractions":
            labels = labels * 0.37
        if mode == "other grid":
            labels, affine = labels[::2], image.affine @ np.diag([2.2, 1, 1, 1])
        if mode == "elsewhere":
            affine = np.array(image.affine)
            affine[:3, 3] += 5000
        if mode == "turned":
            labels, affine = np.ascontiguousarray(labels.transpose(2, 0, 1)), image.affine[:, [2, 0, 1, 3]]
        nib.save(nib.Nifti1Image(labels, affine), path)


if __name__ == "__main__":
    main()
