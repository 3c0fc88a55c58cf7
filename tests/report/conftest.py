"""A rich assessment made by hand: named, assumed and relative levels, sides unknown, a SINS range, lesions, refusals."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from spinemets.model.acquisition import Acquisition
from spinemets.model.assessment import (
    Answerability,
    Assessment,
    Correction,
    Hypothesis,
    LesionSummary,
    LevelAssessment,
    Picture,
    Score,
    ScoreItem,
    SeriesSummary,
    Statement,
    UrgentLine,
)
from spinemets.model.finding import Cutoff, Evidence, Finding, State
from spinemets.model.level import Level
from spinemets.model.measurement import Subject, Value
from spinemets.model.provenance import Provenance, StageRecord
from spinemets.model.series import GeometryCheck, Recognition
from spinemets.model.study import ClinicalFacts, PatientFacts, Treatment, Unread

CT, T1, STIR = "1.2.3.4", "1.2.3.5", "1.2.3.6"
NAMES = ("T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5")
CUTS = {
    "CT-04": Cutoff(value=2.0, direction="above", unit="%", mark="E", source="engineering choice",
                    population="none", caveat="no validated cut-off exists", name="focal"),
    "MR-T1-01": Cutoff(value=1.0, direction="below", unit="1", mark="R", source="review 2.7, Carroll1997",
                       population="74 patients, 1.5 T", caveat="red marrow can look the same", name="darker than muscle"),
    "FX-01": Cutoff(value=0.2, direction="above", unit="1", mark="V", source="QIMS2019", population="adults",
                    caveat="developmental wedging looks the same", name="grade 1"),
    "CT-08": Cutoff(value=110.0, direction="up to", unit="[hnsf'U]", mark="V", source="Pickhardt2013",
                    population="1867 adults, 120 kVp", caveat="not a bone density test", name="low"),
    "CT-03": Cutoff(value=885.0, direction="above", unit="[hnsf'U]", mark="N", source="Ulano2016",
                    population="126 enostoses", caveat="untreated disease only", name="mean"),
}  # fmt: skip
TITLES = {
    "CT-02": "Lytic, blastic or mixed lesion", "CT-03": "Very dense focus", "CT-04": "Wall broken",
    "CT-05": "Pedicle involved", "CT-08": "Density of the spongy bone", "FX-01": "Height loss", "G-08": "Body heights",
    "MR-T1-01": "Marrow darker than muscle", "MR-T1-02": "Marrow darker than disc", "MR-STIR-01": "Bright on STIR",
    "CT-09": "Metal and beam hardening", "CT-06": "Epidural soft tissue",
}  # fmt: skip


def webp(width: int, height: int, seed: int) -> bytes:
    """A grey picture with some structure."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    body = 90 + 100 * (np.hypot((x - width / 2) / 90, (y - height / 2) / 70) < 1)
    image = Image.fromarray(np.clip(body + rng.normal(0, 2, body.shape), 0, 255).astype(np.uint8))
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=80)
    return stream.getvalue()


class Builder:
    """Numbers findings within their level as the product does."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def finding(self, criterion, level, state, *, part=None, value=None, unit=None, ci=None, **more):
        prefix = level or "S"
        self.counts[prefix] = self.counts.get(prefix, 0) + 1
        state = State(state)
        cut = CUTS.get(criterion)
        series = T1 if criterion.startswith("MR-T1") else STIR if criterion.startswith("MR-STIR") else CT
        word = state.value.replace("_", " ")
        more.setdefault("statement", f"{level or 'Study'}: {TITLES[criterion].lower()}: {word}.")
        if state is State.NOT_ASSESSABLE:
            more.setdefault("reason", "NA-SERIES")
            more.setdefault("missing", "there is no STIR series in this study")
            more.setdefault("remedy", "add STIR or fat-suppressed T2")
        else:
            more.setdefault("evidence", Evidence(series_uids=(series,), regions=("marrow",), n_voxels=812,
                                                 position_lps_mm=(1.0, -20.5, 104.0)))  # fmt: skip
        return Finding(
            id=f"{prefix}-{self.counts[prefix]:02d}", criterion=criterion, version="1.0", title=TITLES[criterion],
            subject=Subject(level_id=level, part=part), state=state, value=value, unit=unit, ci95=ci,
            cutoffs=(cut,) if cut else (), **more,
        )  # fmt: skip


def level_findings(b: Builder, i: str, n: int, left: str, right: str) -> dict[str, Finding]:
    """Records of one level; L3 (n = 6) is the ill one, T10 is undecided."""
    ill, undecided = n == 6, n == 1
    f: list[Finding] = []
    if ill:
        f.append(b.finding("CT-02", i, "present", category="lytic", value=6.24, unit="mL", ci=(5.5, 7.1),
                           counts_for="metastasis (for, moderate)", caveats=("CV-PV", "CV-OSTEOPOROSIS"),
                           values={"volume_ml": Value(value=6.24, unit="mL", ci95=(5.5, 7.1)),
                                   "share_of_body": Value(value=0.21, unit="1", ci95=(0.18, 0.24))}))  # fmt: skip
    elif undecided:
        f.append(b.finding("CT-02", i, "indeterminate", value=0.31, unit="mL", ci=(0.04, 0.5)))
    else:
        f.append(b.finding("CT-02", i, "absent", caveats=("CV-FN",), statement=f"{i}: no lesion seen on CT."))
    walls = ("anterior", "posterior", left, right, "superior", "inferior")
    for wall in walls:
        if ill and wall == "posterior":
            f.append(b.finding("CT-04", i, "present", part=wall, category="focal", value=38.0, unit="%", ci=(29.0, 47.0),
                               counts_for="metastasis (for, strong)", notes=("An osteophyte lies 4 mm away.",),
                               statement=f"{i}: 38 % of the posterior wall is missing (29 to 47)."))  # fmt: skip
        else:
            f.append(b.finding("CT-04", i, "absent", part=wall, value=0.4, unit="%", ci=(0.0, 1.1)))
    for side in (left, right):
        state = "present" if ill and side == left else "absent"
        share = 35.0 if state == "present" else 2.0
        f.append(b.finding("CT-05", i, state, part=side, value=share, unit="%", ci=(share * 0.8, share * 1.2)))
    loss = 0.34 if ill else 0.04
    expected = 22.0 + 0.6 * n
    losses = {
        "loss_max": Value(value=loss, unit="1", ci95=(loss - 0.03, loss + 0.12)),
        "expected_mid_mm": Value(value=expected, unit="mm", ci95=(expected - 1.4, expected + 1.4)),
    }
    f.append(b.finding("FX-01", i, "present" if ill else "absent", value=loss, unit="1", ci=(loss - 0.03, loss + 0.12),
                       values=losses, category="grade 2" if ill else "grade 0"))  # fmt: skip
    shape = (0.66, 0.72, 0.98) if ill else (0.98, 0.95, 1.0)
    heights = {
        f"h{k[0]}_mm": Value(value=expected * s, unit="mm", ci95=(expected * s - 1.0, expected * s + 1.0))
        for k, s in zip(("anterior", "middle", "posterior"), shape, strict=True)
    }
    f.append(b.finding("G-08", i, "measured", value=heights["hm_mm"].value, unit="mm",
                       ci=heights["hm_mm"].ci95, values=heights))  # fmt: skip
    density = {"mean": Value(value=128.0 - 3 * n, unit="[hnsf'U]", ci95=(122.0 - 3 * n, 134.0 - 3 * n))}
    if n == 8:
        f.append(b.finding("CT-08", i, "not_assessable", reason="NA-ARTEFACT", missing="metal in 30 % of the core",
                           remedy="a reconstruction with metal artefact reduction"))  # fmt: skip
    else:
        f.append(b.finding("CT-08", i, "measured", value=density["mean"].value, unit="[hnsf'U]",
                           ci=density["mean"].ci95, values=density, caveats=("CV-KVP",)))  # fmt: skip
    ratio = 0.75 if ill else 1.02 if undecided else 1.6 + 0.02 * n
    state = "present" if ill else "indeterminate" if undecided else "absent"
    f.append(b.finding("MR-T1-01", i, state, value=ratio, unit="1", ci=(ratio - 0.04, ratio + 0.04)))
    f.append(b.finding("MR-T1-02", i, "absent", value=ratio + 0.3, unit="1", ci=(ratio + 0.2, ratio + 0.4)))
    f.append(b.finding("MR-STIR-01", i, "not_assessable"))
    f.append(b.finding("CT-06", i, "not_assessable", reason="NA-RESOLUTION", missing="slices of 5 mm",
                       remedy="thin slices with a soft-tissue kernel"))  # fmt: skip
    return {x.key: x for x in f}


def lesion(level_id: str, n: int = 1, kind: str = "lytic", left: str = "left") -> LesionSummary:
    return LesionSummary(
        id=f"{level_id}-{n}", level_id=level_id, series_uid=CT, criterion="CT-02", kind=kind, volume_ml=6.24,
        volume_ci95_ml=(5.5, 7.1), diameters_mm={"longest": 24.3, "orthogonal": 18.0, "craniocaudal": 15.5},
        share_of_body=0.21, compartments={"body": 0.82, f"pedicle_{left}": 0.18},
        values={"lytic_ml": 6.1, "blastic_ml": 0.14, "mean_hu": 42.0}, centroid_lps_mm=(4.0, -18.0, 92.0),
        caveats=("CV-PV",), tiny=False,
    )  # fmt: skip


def sins_items(i: str, named: bool) -> tuple[ScoreItem, ...]:
    location = ScoreItem(name="location", low=2, high=2, known="L3, mobile")
    unnamed = ScoreItem(name="location", low=0, high=3, known="", unknown_because="the level has no name")
    return (
        location if named else unnamed,
        ScoreItem(name="pain", low=0, high=3, known="", unknown_because="pain type not supplied"),
        ScoreItem(name="bone lesion", low=2, high=2, known="lytic", findings=(f"{i}-01",)),
        ScoreItem(name="alignment", low=0, high=2, known="", unknown_because="no prior study dates a deformity"),
        ScoreItem(name="collapse", low=2, high=2, known="34 % (31 to 46)", findings=(f"{i}-10",)),
        ScoreItem(name="posterolateral", low=1, high=1, known="one pedicle", findings=(f"{i}-08",)),
    )


def picture(n: int, level_id: str | None, finding_id: str | None, plane: str, width=400, height=400) -> Picture:
    return Picture(
        id=f"{n:03d}", finding_id=finding_id, level_id=level_id, plane=plane, series_uid=CT, series_label="CT series 4",
        slice_index=127, position_lps_mm=(1.0, -20.5, 104.0), window="W 1800 L 400",
        caption=f"{level_id or 'Whole spine'}: look for a gap in the thin bright line of the wall.",
        alt=f"{plane.capitalize()} CT slice through {level_id or 'the whole spine'}, measured region outlined.",
        width_px=width, height_px=height, image=webp(width, height, n), plain=webp(width, height, n + 100),
    )  # fmt: skip


def series_rows() -> tuple[SeriesSummary, ...]:
    return (
        SeriesSummary(
            uid=CT, number=4, label="series 4", n_images=300, digest="ab" * 32, grid="512 x 512 x 300 voxels of 0.7 mm",
            recognition=Recognition(kind="ct_bone", confidence=0.98, evidence=("Modality CT.", "Sharp kernel B70f."),
                                    runner_up=("ct_soft", 0.11)),
            acquisition=Acquisition(modality="CT", kvp=120.0, kernel="B70f", slice_thickness_mm=1.0),
            geometry=GeometryCheck(), used_for=("CT-02", "CT-04", "CT-05", "CT-08"),
        ),
        SeriesSummary(
            uid=T1, number=5, label="t1_sag.nii.gz", n_images=15, digest="cd" * 32, grid="384 x 384 x 15 voxels",
            recognition=Recognition(kind="t1", confidence=0.93, evidence=("TR 520 ms, TE 11 ms: T1 spin echo.",),
                                    conflicts=("The description says T2.",)),
            acquisition=Acquisition(modality="MR", field_t=1.5, tr_s=0.52, te_s=0.011, slice_thickness_mm=4.0,
                                    stated_by_user=("field_t",), contrast_agent=False),
            geometry=GeometryCheck(verdict="resampled", notes=("Spacing varies by 3 %.",)), used_for=("MR-T1-01",),
        ),
        SeriesSummary(
            uid="1.2.3.9", number=6, label="series 6", n_images=3, digest="ef" * 32,
            recognition=Recognition(kind="localizer", confidence=0.99, evidence=("Three planes.",)),
            acquisition=Acquisition(modality="MR"), geometry=GeometryCheck(verdict="refused", notes=("Three planes.",)),
            not_used_because="a localizer is not measured",
        ),
    )  # fmt: skip


def build(named: bool = True, sides: tuple[str, str] = ("left", "right"), pictures: bool = True) -> Assessment:
    """The assessment; `named=False` has relative numbers, `sides=("side_a", "side_b")` no laterality."""
    b = Builder()
    levels = {}
    for n, name in enumerate(NAMES):
        if named:
            level = Level(name=name, position=n + 1, of=9, method="label map", confidence=0.97, runner_up=NAMES[n - 1],
                          runner_up_confidence=0.02, assumed=name == "L5", evidence=("The sacrum lies below.",))  # fmt: skip
        else:
            level = Level(name=None, position=n + 1, of=9, method="relative")
        i = level.id
        ids = (f"{i}-1",) if n == 6 else ()
        score = Score(name="SINS", level_id=i, low=7, high=12, category="potentially unstable", items=sins_items(i, named),
                      settles="pain type", caveats=("CV-LEVEL",))  # fmt: skip
        levels[i] = LevelAssessment(
            level=level, findings=level_findings(b, i, n, *sides), lesions=ids, lesion_type="lytic" if ids else None,
            scores={"SINS": score} if ids else {},
            statement=f"{level.words}: lytic lesion of body and pedicle, most likely metastasis." if ids else "",
            coverage="partial" if n == 0 else "complete", coverage_note="the upper endplate is cut" if n == 0 else "",
            differential=(Hypothesis(name="metastasis", net=6, certainty="most likely", signs_for=(f"wall broken ({i}-03)",),
                                     not_assessed=("STIR",)),
                          Hypothesis(name="haemangioma", net=-3, certainty="unlikely")) if ids else (),
            size_mm={"width": 44.0, "depth": 31.5, "height": 25.0}, centroid_lps_mm=(0.0, -20.0, 100.0 - 30 * n),
        )  # fmt: skip
    ill = "L3" if named else "v07"
    study = b.finding("CT-09", None, "measured", category="ok")
    shown = ()
    if pictures:
        second, wall = f"{ill}-01", f"{ill}-03"
        shown = (picture(1, None, None, "sagittal", 420, 900), picture(2, ill, None, "sagittal"),
                 picture(3, ill, None, "axial"), picture(4, ill, second, "sagittal"), picture(5, ill, second, "axial"),
                 picture(6, ill, wall, "sagittal"), picture(7, ill, wall, "axial"))  # fmt: skip
    where = "L3" if named else "Vertebra 7 of 9 in view"
    return Assessment(
        study_uid="1.2.3", levels=levels, study_findings={study.key: study}, sides=sides,
        patient=PatientFacts(pseudonym="P-0042", age_years=61.0, sex="F", study_date="2026-03-02"),
        clinical=ClinicalFacts(primary="breast", treatments=(Treatment(kind="radiotherapy", date="2025-10", levels=("T7",)),),
                               none_stated=("devices",)),
        series=series_rows(), lesions=(lesion(ill, left=sides[0]),),
        unread=(Unread(file="IM0042", reason="the file ends inside the pixel data"),
                Unread(file="SR0001", reason="a dose report holds no image", kind="set aside")),
        urgent=(UrgentLine(id="URG-01", kind="not assessed", sentence="Cord compression was not assessed: no axial T2."),
                UrgentLine(id="URG-04", kind="urgent", actionable_class=2, level_id=ill, findings=(f"{ill}-03",),
                           sentence=f"Findings of spinal instability at {where} (SINS 7 to 12)."),
                UrgentLine(id="URG-08", kind="always",
                           sentence="Not evaluated by this software; please review the whole image.")),
        summary=(Statement(text=f"{where}: lytic lesion, most likely metastasis; SINS 7 to 12, pain type not supplied.",
                           findings=(f"{ill}-01", f"{ill}-03")),
                 Statement(text="One further level is indeterminate on CT.", findings=()),
                 Statement(text="No lesion seen in 7 of 9 assessed bodies on CT; in one series CT showed 66 % of "
                                "metastases, MR 98 %.")),
        protocol=(Answerability(question="cortex, pedicle, stability", verdict="answered", why="thin CT, sharp kernel"),
                  Answerability(question="early marrow lesion", verdict="limited", why="no STIR", addition="add STIR")),
        context={"MOD-CT": "CT showed 66.2 % of vertebral metastases that MR showed (review 2.3)."},
        methods="CT attenuation was measured in the trabecular core; neighbours served as reference.",
        references=("Example A. Journal 2020. doi:10.1000/xyz",), pictures=shown,
        corrections=(Correction(what="name of the top level", machine="v01", reader="T9"),),
        warnings=("One rib label was not connected.",), label_sources=("labels.nii.gz (verse)",),
        ignored_labels=("99: 120 voxels",),
        provenance=Provenance(software_version="0.1.0", parameter_hash="0123456789abcdef", options_digest="aa11",
                              options={"labels": "labels.nii.gz:verse"}, input_digests={CT: "ab" * 32},
                              stages=(StageRecord(stage="ingest", version="0.1.0", seconds=1.2, peak_memory_mb=310.0),),
                              run_id="r-1", created="2026-03-02T10:00:00Z", libraries={"numpy": "2.4.6"}),
    )  # fmt: skip


@pytest.fixture(scope="session")
def named() -> Assessment:
    return build()


@pytest.fixture(scope="session")
def relative() -> Assessment:
    return build(named=False)


@pytest.fixture(scope="session")
def sideless() -> Assessment:
    return build(sides=("side_a", "side_b"))


@pytest.fixture(scope="session")
def empty() -> Assessment:
    """Nothing could be assessed: no vertebra, no series."""
    made = build(pictures=False)
    return replace(
        made, levels={}, lesions=(), series=(), study_findings={}, urgent=(), summary=(), protocol=(), context={},
        pictures=(), corrections=(), warnings=(), label_sources=(), ignored_labels=(), unread=(), methods="", references=(),
    )  # fmt: skip


@pytest.fixture(scope="session")
def make_assessment():
    return build
