"""The demonstration study: images, label map, clinical facts and truth in one folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from spinemets.phantom.files.write import check_format, write_labels, write_series, write_truth
from spinemets.phantom.imaging.acquisition import default
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
    """Write a case: `STUDY/` (its series), `labels.nii.gz`, `clinical.yaml` and `truth.json` into a folder.

    Parameters
    ----------
    sequences
        Series to make, None = those of the case. The label map lies on the grid of the first that is no radiograph, or of the CT
        that could be made.
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
    volumes = [name for name in names if default(name).xray is None]
    grid = phantom.grid(default(volumes[0] if volumes else "ct"))
    demo = Demo(
        study=folder / "STUDY",
        labels=folder / "labels.nii.gz",
        clinical=folder / "clinical.yaml",
        truth=folder / "truth.json",
    )
    write_series(phantom, demo.study, file_format, names)
    write_labels(phantom, demo.labels, grid)
    stated = CLINICAL.format(age=phantom.case.patient.age_years, sex=phantom.case.patient.sex)
    stated += "".join(f"{key}: {value}\n" for key, value in phantom.case.clinical.items())
    write_text(demo.clinical, stated)
    write_truth(phantom, demo.truth, names)
    return demo
