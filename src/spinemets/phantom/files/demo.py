"""The demonstration study: images, label map, clinical facts and truth in one folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from spinemets.phantom.files.write import write_dicom, write_labels, write_truth
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


def make_demo(folder: Path, case: str = "first-light", seed: int = 1) -> Demo:
    """Write `STUDY/` (CT, T1, STIR as DICOM), `labels.nii.gz`, `clinical.yaml` and `truth.json` into a folder."""
    from spinemets.exports.atomic import write_text

    folder = Path(folder)
    phantom = build(case, seed)
    demo = Demo(
        study=folder / "STUDY",
        labels=folder / "labels.nii.gz",
        clinical=folder / "clinical.yaml",
        truth=folder / "truth.json",
    )
    write_dicom(phantom, demo.study)
    write_labels(phantom, demo.labels)
    write_text(demo.clinical, CLINICAL.format(age=phantom.case.patient.age_years, sex=phantom.case.patient.sex))
    write_truth(phantom, demo.truth)
    return demo
