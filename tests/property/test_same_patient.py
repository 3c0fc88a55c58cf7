"""design 6: what must not change the answer: where the patient lies, how the signal is scaled, how arrays are stored.

The whole chain from label map to findings runs on the small patient of `spinemets.testing`, moved, scaled, cropped,
resampled, and with things beside it that are none of its business.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spinemets.anatomy.locate import locate
from spinemets.anatomy.options import LevelOptions
from spinemets.findings.weigh import weigh
from spinemets.lesions.find import find
from spinemets.measures.runner import run
from spinemets.model.finding import Finding, State
from spinemets.model.grid import Grid
from spinemets.model.region import Region
from spinemets.model.segmentation import Part, Segmentation
from spinemets.model.series import Recognition, Series
from spinemets.model.study import Study
from spinemets.model.volume import Volume

# What is read off the image, beside the ratios that are judged.
SIGNALS = ("signal", "muscle", "disc", "reference", "fat")
RATIOS = ("MR-T1-01", "MR-T1-02", "MR-T1-03", "MR-STIR-01")


def segmentation(scene, grid: Grid, order: int = 1) -> Segmentation:
    """The labels of the scene on a grid of the same shape, parts in either order."""
    parts = tuple(
        Part(
            structure="vertebra",
            level=v.level.name,
            region=Region.from_mask("vertebra", v.regions["vertebra"].full_mask(), grid, source="test"),
        )
        for v in scene.spine.vertebrae[::order]
    )
    return Segmentation(grid=grid, parts=parts, scheme="test", naming="stated", body_only=False, source="test")


def holding(series: Series, array: np.ndarray, grid: Grid | None = None, **more) -> Series:
    """The series with other voxels."""
    old = series.pixels()
    volume = replace(old, array=np.ascontiguousarray(array), grid=grid or old.grid, **more)
    return replace(series, grid=volume.grid, load=partial(_given, volume))


def _given(volume: Volume) -> Volume:
    return volume


def findings(catalogue, study: Study, labels: Segmentation) -> dict[tuple, Finding]:
    """Everything the chain says, by criterion and subject."""
    spine = locate(study, (labels,), LevelOptions())
    found = find(study, spine, catalogue)
    weighed = weigh(run(catalogue, study, spine, found), catalogue, study, spine)
    return {(f.criterion, f.subject): f for f in weighed.findings}


@pytest.fixture(scope="module")
def still(scene, catalogue):
    """Findings of the patient as it is."""
    return findings(catalogue, scene.study, segmentation(scene, scene.spine.grid))


def same(mine, theirs, catalogue, *, share: float = 0.0, mm: float = 0.0, skip: tuple[str, ...] = ()) -> None:
    """Same subjects, states, reasons; numbers within a share of themselves (and millimetres within `mm`)."""
    assert set(mine) == set(theirs)
    for key, one in mine.items():
        other = theirs[key]
        if one.criterion in skip or catalogue[one.criterion].kind == "gate":
            continue
        assert (other.state, other.reason) == (one.state, one.reason), key
        for name, value in one.values.items():
            tolerance = max(share * abs(value.value), mm if value.unit == "mm" else share, 1e-9)
            assert other.values[name].value == pytest.approx(value.value, abs=tolerance), (key, name)


@pytest.mark.parametrize(
    ("turn_deg", "shift_mm"),
    [((0, 0, 0), (211.0, -340.5, 1000.25)), ((12, 0, 0), (0, 0, 0)), ((-9, 4, 15), (-30.0, 20.0, 700.0))],
    ids=["shifted", "bent back", "turned"],
)
def test_where_the_patient_lies_does_not_matter(scene, catalogue, still, turn_deg, shift_mm):
    """P3: 'every measure is made in the vertebra's own frame'; scanner axes are nobody's anatomy."""
    move = np.eye(4)
    move[:3, :3] = Rotation.from_euler("xyz", turn_deg, degrees=True).as_matrix()
    move[:3, 3] = shift_mm
    moved = {}
    for series in scene.study.series:
        grid = replace(series.grid, affine_lps_mm=move @ series.grid.affine_lps_mm)
        moved[series.uid] = holding(series, series.pixels().array, grid)
    study = replace(scene.study, series=tuple(moved.values()))
    grid = replace(scene.spine.grid, affine_lps_mm=move @ scene.spine.grid.affine_lps_mm)
    there = findings(catalogue, study, segmentation(scene, grid))
    turned = any(turn_deg)
    same(still, there, catalogue, share=0.02 if turned else 1e-3, mm=0.3 if turned else 0.01)


@pytest.mark.parametrize("gain", [0.125, 8.0])
def test_the_gain_of_the_receiver_does_not_matter(scene, catalogue, still, gain):
    """P4: 'MR signal has no unit': only ratios inside one series are judged."""
    louder = tuple(
        holding(s, (s.pixels().array * gain).astype(np.float32)) if s.kind in ("t1", "stir") else s
        for s in scene.study.series
    )
    there = findings(catalogue, replace(scene.study, series=louder), segmentation(scene, scene.spine.grid))
    for key, one in still.items():
        assert there[key].state is one.state, key
        if one.criterion in RATIOS:
            for name, value in one.values.items():
                expected = value.value * gain if name in SIGNALS else value.value
                assert there[key].values[name].value == pytest.approx(expected, rel=0.02, abs=0.02), (key, name)


def test_the_order_of_labels_does_not_matter(scene, catalogue, still):
    """'Never sort levels by an integer label': the vertebrae stand where they stand."""
    there = findings(catalogue, scene.study, segmentation(scene, scene.spine.grid, order=-1))
    same(still, there, catalogue)


def test_the_order_of_series_does_not_matter(scene, catalogue, still):
    """Files come in any order: the same series serve."""
    study = replace(scene.study, series=scene.study.series[::-1])
    same(still, findings(catalogue, study, segmentation(scene, scene.spine.grid)), catalogue)


def test_air_around_the_patient_does_not_matter(scene, catalogue, still):
    """A larger field of view adds nothing: ten voxels of air (CT) and nothing (MR) on the sides and in front."""
    wider = []
    for series in scene.study.series:
        volume = series.pixels()
        width = ((10, 10), (10, 0), (0, 0), (0, 0))[: volume.array.ndim]
        array = np.pad(volume.array, width, constant_values=-1000 if series.kind[:2] == "ct" else 0)
        affine = np.array(volume.grid.affine_lps_mm)
        affine[:3, 3] = volume.grid.to_lps_mm([-10, -10, 0])
        wider.append(holding(series, array, replace(volume.grid, shape_ijk=array.shape[:3], affine_lps_mm=affine)))
    there = findings(catalogue, replace(scene.study, series=tuple(wider)), segmentation(scene, scene.spine.grid))
    same(still, there, catalogue, share=1e-6, skip=("CT-01", "MR-ART-02"))


def test_another_series_is_not_their_business(scene, catalogue, still):
    """A localizer and an unknown series are listed, and change no number."""
    first = scene.study.series[0]
    extra = tuple(
        replace(first, uid=f"2.25.{n}", number=n, label=f"series {n}", recognition=Recognition(kind=kind))
        for n, kind in ((50, "localizer"), (51, "unknown"))
    )
    study = replace(scene.study, series=(*scene.study.series, *extra))
    same(still, findings(catalogue, study, segmentation(scene, scene.spine.grid)), catalogue)


@pytest.mark.parametrize("gone", ["ct", "t1", "stir"])
def test_a_series_less_takes_its_own_answers_only(scene, catalogue, still, gone):
    """What another series shows stays as it was; what needed the lost one says so, and nothing becomes present.

    A map looks where another series shows a focus: without that series it looks elsewhere.
    """
    left = tuple(s for s in scene.study.series if not s.kind.startswith(gone))
    there = findings(catalogue, replace(scene.study, series=left), segmentation(scene, scene.spine.grid))
    lost = 0
    for key, one in still.items():
        if key not in there:
            continue  # gates of the lost series
        other = there[key]
        if other.state is State.NOT_ASSESSABLE and one.state is not State.NOT_ASSESSABLE:
            assert other.reason in ("NA-SERIES", "NA-SEQUENCE", "NA-FEW", "NA-REFERENCE"), key
            lost += 1
        elif one.evidence.series_uids and not looked_by(gone, one, catalogue):
            assert (other.state, other.value) == (one.state, one.value), key
    assert lost >= 5


def looked_by(gone, finding, catalogue) -> bool:
    """Whether a map was looked at where the lost series shows a focus, or by what CT says of its sclerosis."""
    suffix = {"ct": "", "t1": "t1", "stir": "stir"}[gone]
    named = re.compile(rf"L\d-\d+{suffix}")
    return bool(catalogue[finding.criterion].needs.focus) and (
        gone == "ct" or any(named.fullmatch(name) for name in finding.evidence.lesions)
    )


def test_finer_voxels_of_the_same_patient(scene, catalogue, still):
    """Every voxel cut into eight: sizes within the old voxel, attenuation and ratios within their spread."""

    def finer(grid: Grid) -> Grid:
        affine = np.array(grid.affine_lps_mm)
        affine[:3, :3] /= 2
        affine[:3, 3] = grid.to_lps_mm([-0.25, -0.25, -0.25])
        return replace(grid, shape_ijk=tuple(2 * n for n in grid.shape_ijk), affine_lps_mm=affine)

    def cut(array: np.ndarray) -> np.ndarray:
        return np.repeat(np.repeat(np.repeat(array, 2, 0), 2, 1), 2, 2)

    ct = scene.study.series[0]
    study = replace(scene.study, series=(holding(ct, cut(ct.pixels().array), finer(ct.grid)),))
    grid = finer(scene.spine.grid)
    parts = tuple(
        Part(structure="vertebra", level=v.level.name, region=Region.from_mask(
            "vertebra", cut(v.regions["vertebra"].full_mask()), grid, source="test"))
        for v in scene.spine.vertebrae[:3]
    )  # fmt: skip
    labels = Segmentation(grid=grid, parts=parts, scheme="test", naming="stated", body_only=False, source="test")
    there = findings(catalogue, study, labels)
    compared = 0
    for key, one in still.items():
        if key not in there or not one.values or not there[key].values:
            continue
        if one.criterion == "G-08":
            for name in ("ha_mm", "hm_mm", "hp_mm"):
                assert there[key].values[name].value == pytest.approx(one.values[name].value, abs=1.0), (key, name)
            compared += 1
        if one.criterion == "CT-08":
            assert there[key].value == pytest.approx(one.value, abs=3.0), key
            compared += 1
    assert compared == 6
