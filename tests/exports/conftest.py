"""A small assessment with every kind of record, and a spine of two named and one unnamed vertebra."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.model.acquisition import Acquisition
from spinemets.model.assessment import Assessment, LevelAssessment, Picture, SeriesSummary, Statement
from spinemets.model.finding import Cutoff, Evidence, Finding, State
from spinemets.model.grid import Grid
from spinemets.model.level import Level
from spinemets.model.measurement import Subject, Value
from spinemets.model.provenance import Provenance
from spinemets.model.region import Region
from spinemets.model.series import GeometryCheck, Recognition
from spinemets.model.spine import Spine, Vertebra
from spinemets.model.study import ClinicalFacts, PatientFacts, Treatment


def finding(number: int, level: str | None, state: State, **more) -> Finding:
    prefix = level or "S"
    fixed = {"criterion": "CT-04", "version": "1", "title": "Wall broken", "statement": f"{prefix}: wall.",
             "subject": Subject(level_id=level, part="posterior" if level else None)}  # fmt: skip
    return Finding(id=f"{prefix}-{number:02d}", state=state, **{**fixed, **more})


@pytest.fixture
def assessment() -> Assessment:
    cut = Cutoff(value=2.0, direction="above", unit="%", mark="E", source="", name="focal")
    present = finding(
        1, "L3", State.PRESENT, value=38.5, unit="%", ci95=(29.0, 47.25), category="focal", cutoffs=(cut,),
        values={"share": Value(value=38.5, unit="%", ci95=(29.0, 47.25)), "gap_mm": Value(value=6.125, unit="mm", sd=0.5)},
        caveats=("CV-PV", "CV-DEGEN"), evidence=Evidence(series_uids=("1.2",), n_voxels=210, lesions=("L3-1",)),
    )  # fmt: skip
    refused = finding(
        2, "L3", State.NOT_ASSESSABLE, criterion="MR-STIR-01", title="=Bright on STIR", reason="NA-SERIES",
        missing="there is no STIR series", remedy="add STIR", subject=Subject(level_id="L3"),
    )  # fmt: skip
    bare = finding(1, "v02", State.MEASURED, value=112.0, unit="[hnsf'U]", ci95=(104.0, 120.0))
    gate = finding(1, None, State.MEASURED, criterion="CT-09", category="ok", subject=Subject(series_uid="1.2"))
    levels = {
        "L3": LevelAssessment(
            level=Level(name="L3", position=1, of=2, method="label map", confidence=0.97, runner_up="L2"),
            findings={present.key: present, refused.key: refused}, lesions=("L3-1",),
        ),
        "v02": LevelAssessment(level=Level(name=None, position=2, of=2, method="relative"), findings={bare.key: bare}),
    }  # fmt: skip
    series = SeriesSummary(
        uid="1.2", number=4, label="@ct.nii.gz", recognition=Recognition(kind="ct", runner_up=("pet", 0.1)),
        acquisition=Acquisition(modality="CT", kvp=120.0, image_type=("ORIGINAL",)), geometry=GeometryCheck(),
        n_images=3, digest="ab",
    )  # fmt: skip
    picture = Picture(
        id="001", finding_id="L3-01", level_id="L3", plane="axial", series_uid="1.2", series_label="series 4",
        slice_index=3, position_lps_mm=(1.0, 2.0, 3.0), window="W", caption="c", alt="a", width_px=2, height_px=2,
        image=b"\x00\xffRIFF", plain=None,
    )  # fmt: skip
    return Assessment(
        study_uid="1.2.3", patient=PatientFacts(pseudonym="P1", age_years=61.0),
        clinical=ClinicalFacts(treatments=(Treatment(kind="radiotherapy", levels=("T7",)),)),
        provenance=Provenance(software_version="0.1.0", parameter_hash="ff", options_digest="00", run_id="r",
                              input_digests={"1.2": "ab"}, libraries={"numpy": "2"}),
        levels=levels, series=(series,), study_findings={"CT-09@4": gate}, pictures=(picture,),
        summary=(Statement(text="L3: broken wall.", findings=("L3-01",)),),
    )  # fmt: skip


@pytest.fixture
def spine() -> Spine:
    """L2 and L3 with a disc between them, an unnamed third vertebra, and a sacrum; oblique anisotropic grid."""
    turn = np.deg2rad(20)
    axes = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, -1]])
    affine = np.eye(4)
    affine[:3, :3] = axes * np.array([0.5, 0.5, 3.0])
    affine[:3, 3] = (-30.0, 12.0, 200.0)
    grid = Grid(shape_ijk=(12, 12, 20), affine_lps_mm=affine)

    def block(name: str, low: int, high: int) -> Region:
        mask = np.zeros(grid.shape_ijk, bool)
        mask[3:9, 3:9, low:high] = True
        return Region.from_mask(name, mask, grid, source="test")

    names = (("L2", 1, 4), ("L3", 5, 8), (None, 9, 12))
    vertebrae = tuple(
        Vertebra(
            level=Level(name=name, position=n, of=3, method="label map"),
            frame=None,
            regions={"vertebra": block("vertebra", low, high)},
        )
        for n, (name, low, high) in enumerate(names, start=1)
    )
    discs = {"L2": block("disc", 3, 6), "v03": block("disc", 12, 13)}
    return Spine(vertebrae=vertebrae, grid=grid, discs=discs, others={"sacrum": block("sacrum", 12, 16)})
