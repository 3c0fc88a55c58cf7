"""G-10: series of one kind must show the same place where their headers claim to overlap."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
from pydicom import dcmread
from scipy.ndimage import gaussian_filter

from spinemets.model.grid import Grid
from spinemets.model.volume import Volume
from spinemets.series.motion.agreement import check, shift_words
from spinemets.series.motion.coarse import coarse, refine
from spinemets.series.recognise import recognise

SHAPE = (48, 40, 60)


@pytest.fixture(scope="module")
def body() -> np.ndarray:
    """Smooth random tissue in air, 3 mm cubes."""
    rng = np.random.default_rng(7)
    tissue = 400 * gaussian_filter(rng.normal(size=SHAPE), 2) / 0.05
    array = np.full(SHAPE, -1000.0)
    array[4:-4, 4:-4, :] = np.clip(tissue, -900, 900)[4:-4, 4:-4, :] + 40
    return array.astype(np.float32)


def from_file(path: Path, number: int, make_series):
    image = nibabel.load(path)
    array = np.asarray(image.dataobj)
    affine = np.diag([-1, -1, 1, 1.0]) @ image.affine
    origin = tuple(affine[:3, 3])
    series = make_series(array, number=number, label=path.name, kind="ct", spacing_mm=3.0, origin=origin)
    grid = Grid(shape_ijk=array.shape, affine_lps_mm=affine)
    volume = Volume(array=array, grid=grid, quantity="attenuation", unit="[hnsf'U]")
    return replace(series, grid=grid, load=lambda: volume)


def test_real_wrong_origin_is_noticed(make_series, make_study, shared_data: Path):
    """Data README: the quirk file is slices 82-111 with the full image's origin, 246 mm wrong in z: checks must notice."""
    folder = shared_data / "ct-torso-ts-labelled"
    whole = from_file(folder / "ct.nii.gz", 1, make_series)
    part = from_file(folder / "quirk_wrong_origin_top30.nii.gz", 2, make_series)
    for order in ((whole, part), (part, whole)):
        found = check(make_study(*order))
        bad = found.by_uid(part.uid)
        assert bad.geometry.verdict == "refused" and not bad.measurable
        assert "246 mm further up (r = 1.00): its position is not believed" in bad.geometry.notes[0]
        assert found.by_uid(whole.uid).geometry.verdict == "ok"
        assert found.warnings == bad.geometry.notes


def test_part_at_its_true_place_agrees(make_series, make_study, shared_data: Path):
    """The same slices with their true origin are believed."""
    whole = from_file(shared_data / "ct-torso-ts-labelled" / "ct.nii.gz", 1, make_series)
    grid = whole.grid.crop((0, 0, 82), (122, 101, 30))
    volume = Volume(array=whole.pixels().array[:, :, 82:112], grid=grid, quantity="attenuation", unit="[hnsf'U]")
    part = replace(whole, uid="part", number=2, label="part", grid=grid, load=lambda: volume)
    study = make_study(whole, part)
    assert check(study) is study


def test_two_kernels_of_one_scan_agree(make_series, make_study, shared_data: Path):
    """Must not fire for two kernels of the same scan (ct-thoracic-dx-a0001)."""

    def read(name: str) -> tuple[np.ndarray, float]:
        slices = []
        with tarfile.open(shared_data / "ct-thoracic-dx-a0001" / f"{name}.tar.xz") as tar:
            for member in tar:
                if member.isfile():
                    slices.append(dcmread(io.BytesIO(tar.extractfile(member).read())))
        slices.sort(key=lambda s: float(s.ImagePositionPatient[2]))
        slices = [s for s in slices if -300 <= float(s.ImagePositionPatient[2]) <= -230]
        array = np.stack([s.pixel_array.T * float(s.RescaleSlope) + float(s.RescaleIntercept) for s in slices], axis=-1)
        return array[::6, ::6].astype(np.float32), float(slices[0].ImagePositionPatient[2])

    series = []
    for number, name in enumerate(("series-kernel-B", "series-kernel-L-10slices"), 1):
        array, z = read(name)
        if array.shape[-1] < 3:
            pytest.skip("no common slices in this range")
        kind = "ct_soft" if number == 1 else "ct_lung"
        series.append(make_series(array, number=number, kind=kind, spacing_mm=5.0, origin=(0, 0, z), frame="1.2.3"))
    study = make_study(*series)
    assert check(study) is study


def test_shifted_copy_is_refused(body, make_series, make_study):
    """A part whose header is wrong by 60 mm: found, named, refused; the larger one stays."""
    whole = make_series(body, number=1, kind="ct")
    part = make_series(body[:, :, 30:54], number=2, kind="ct_bone", origin=(0, 0, 30.0))
    found = check(make_study(whole, part))
    assert found.series[1].geometry.verdict == "refused"
    assert "60 mm further up" in found.series[1].geometry.notes[0]


def test_small_shift_is_left_to_registration(body, make_series, make_study):
    """<= 5 mm: apply transform; patient movement is no wrong origin."""
    whole = make_series(body, number=1, kind="ct")
    part = make_series(body[:, :, 20:50], number=2, kind="ct", origin=(0, 0, 63.0))
    study = make_study(whole, part)
    assert check(study) is study


def test_shift_of_3_mm_is_found(body, make_series, make_study):
    """G-10 T: shift 3 mm -> found within 0.5 mm."""
    large = coarse(make_series(body, kind="ct").pixels(), 3.0)
    small = coarse(make_series(body[8:40, 8:32, 20:50], kind="ct", origin=(24.0 + 3.0, 24.0, 60.0)).pixels(), 3.0)
    shift, r, _ = refine(small, large, np.zeros(3), -2000.0)
    assert shift == pytest.approx([-3.0, 0.0, 0.0], abs=0.5)
    assert r > 0.99


def test_contents_that_match_nowhere_are_only_warned(body, make_series, make_study):
    """Another patient's slices: no true place is known, so nothing is refused, and the doubt is said."""
    rng = np.random.default_rng(3)
    other = (300 * gaussian_filter(rng.normal(size=(40, 30, 20)), 2) / 0.05).astype(np.float32)
    found = check(
        make_study(make_series(body, number=1, kind="ct"), make_series(other, number=2, kind="ct", origin=(12, 12, 30)))
    )
    assert found.series[1].geometry.verdict == "ok"
    assert "could not be confirmed" in found.series[1].warnings[0]
    assert found.warnings


@pytest.mark.parametrize(
    ("first", "second", "frames"),
    [
        ("ct", "t1", (None, None)),
        ("t1", "stir", (None, None)),
        ("unknown", "unknown", (None, None)),
        ("dce", "dce", (None, None)),
        ("ct", "ct", ("1.1", "1.2")),
    ],
)
def test_never_compared(body, make_series, make_study, first, second, frames):
    """Must not fire for CT vs MR, for T1 vs STIR, for series nobody recognised, for time points between which an agent arrives, or
    across two frames of reference."""
    one = make_series(body, number=1, kind=first, frame=frames[0])
    two = make_series(body[:, :, ::-1].copy(), number=2, kind=second, frame=frames[1])
    study = make_study(one, two)
    assert check(study) is study


def test_series_that_do_not_overlap_claim_nothing(body, make_series, make_study):
    """Two stations of one spine: no claimed overlap, nothing to contradict."""
    study = make_study(
        make_series(body, number=1, kind="t1"), make_series(body, number=2, kind="t1", origin=(0, 0, 3.0 * SHAPE[2]))
    )
    assert check(study) is study


def test_same_class_of_mr_is_compared(body, make_series, make_study):
    """One MR class of one frame: a wrong origin is noticed there too (rescaled signal included)."""
    signal = (body + 1000) / 3
    whole = make_series(signal, number=1, kind="t2")
    part = make_series(2.5 * signal[:, :, 30:54], number=2, kind="t2", origin=(0, 0, 30.0))
    assert check(make_study(whole, part)).series[1].geometry.verdict == "refused"


def test_shift_words_keep_laterality():
    """G-12: without known sides no left or right."""
    shift = np.array([12.0, -5.0, 1.0])
    assert shift_words(shift, True) == "12 mm to the patient's left and 5 mm further forward"
    assert shift_words(shift, False) == "12 mm sideways and 5 mm further forward"
    assert shift_words(np.array([0.0, 0.0, -30.0]), True) == "30 mm further down"


def test_agreement_after_recognition(make_series, make_study, shared_data: Path):
    """The two rooms' doors in a row on the real files without any header facts."""
    folder = shared_data / "ct-torso-ts-labelled"
    series = [
        from_file(folder / n, i, make_series) for i, n in enumerate(("ct.nii.gz", "quirk_wrong_origin_top30.nii.gz"), 1)
    ]
    found = check(recognise(make_study(*series)))
    assert [s.measurable for s in found.series] == [True, False]


def test_a_series_of_which_nothing_decodes_doubts_nobody(body, make_series, make_study):
    """Padding everywhere says nothing of the place: no word against the good series beside it, in either order."""
    good = make_series(body, number=1, kind="ct", spacing_mm=3.0)
    volume = make_series(np.full(SHAPE, -1000.0, np.float32), number=2, kind="ct", spacing_mm=3.0).pixels()
    empty = replace(volume, padding=np.ones(SHAPE, bool))
    lost = replace(make_series(body, number=2, kind="ct", spacing_mm=3.0), load=lambda: empty)
    for order in ((good, lost), (lost, good)):
        found = check(make_study(*order))
        assert found.warnings == () and all(series.warnings == () for series in found.series)
        assert found.by_uid(good.uid).measurable
