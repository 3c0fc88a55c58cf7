"""The demonstration study: images, label map, clinical facts and truth in one folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from spinemets.phantom.files.masks import write_label_maps, write_segmentations
from spinemets.phantom.files.write import check_format, expanded, label_series, write_series, write_truth
from spinemets.phantom.patient import build

CLINICAL = """\
# Clinical facts of the synthetic patient: an example of the file that `--clinical` reads.
# Pain is left out on purpose, so that scores that need it become ranges.
age_years: {age:.0f}
sex: {sex}
primary: breast
"""


@dataclass(frozen=True, kw_only=True)
class Demo:
    """Where the parts of the demonstration lie."""

    study: Path
    labels: Path
    clinical: Path
    truth: Path


def make_demo(
    folder: Path,
    case: str = "first-light",
    seed: int = 1,
    sequences: tuple[str, ...] | None = None,
    file_format: str = "dicom",
) -> Demo:
    """Write a case into a folder: `STUDY/` (its series), `clinical.yaml`, `truth.json` and its masks.

    Masks are `labels.nii.gz`, `lesions.nii.gz` and `regions.nii.gz`, and of a DICOM study `structures.dcm` and `lesions.dcm`.

    Parameters
    ----------
    sequences
        Series to make, None = those of the case. The masks lie on the grid of the first volume, without the tilt of a
        gantry, of the CT that could be made, or of the whole spine where volumes lie in several regions.
    file_format
        `dicom` or `nifti`.

    Raises
    ------
    UsageError
        If there is no such case, series or format.
    """
    from spinemets.exports.atomic import write_text

    check_format(file_format)
    folder = Path(folder)
    phantom = build(case, seed)
    names = sequences or phantom.case.series
    first = label_series(expanded(names))
    grid = phantom.grid(first)
    demo = Demo(
        study=folder / "STUDY",
        labels=folder / "labels.nii.gz",
        clinical=folder / "clinical.yaml",
        truth=folder / "truth.json",
    )
    write_series(phantom, demo.study, file_format, names)
    write_label_maps(phantom, folder, grid)
    if file_format == "dicom":
        write_segmentations(phantom, folder, grid, first)
    stated = CLINICAL.format(age=phantom.case.patient.age_years, sex=phantom.case.patient.sex)
    stated += "".join(f"{key}: {value}\n" for key, value in phantom.case.clinical.items())
    write_text(demo.clinical, stated)
    write_truth(phantom, demo.truth, names)
    return demo
