"""Studies as NIfTI files: every value and place as read, nothing dropped without a line, nothing left half written."""

from __future__ import annotations

import dataclasses
import json

import nibabel as nib
import numpy as np
import pytest

from spinemets.exports import conversion
from spinemets.model.acquisition import Acquisition, Diffusion
from spinemets.model.errors import UsageError
from spinemets.model.grid import Grid
from spinemets.model.series import GeometryCheck, Recognition, Series
from spinemets.model.study import PatientFacts, Study, Unread
from spinemets.model.study_view import SeriesSet
from spinemets.model.volume import Volume

TILT = np.array([[0.8, 0, 0, -10.0], [0, 0.6, -1.8, 20.0], [0, 0.45, 2.4, 30.0], [0, 0, 0, 1]])


def series(number: int, array: np.ndarray, affine=TILT, **facts) -> Series:
    """One volume held in memory, laid out as the reader lays it out."""
    grid = Grid(shape_ijk=array.shape[:3], affine_lps_mm=affine)
    stored = np.ascontiguousarray(array.transpose(2, 1, 0, *range(3, array.ndim)))
    volume = Volume(
        array=stored.transpose(2, 1, 0, *range(3, array.ndim)), grid=grid, quantity="mr_signal", unit="1",
        padding=array[..., :3] == 3 if array.ndim == 3 else None, warnings=facts.pop("warned", ()),
    )  # fmt: skip
    return Series(
        uid=f"1.2.{number}", number=number, label=f"series {number}", load=lambda: volume, grid=grid,
        acquisition=Acquisition(modality="MR", **facts), recognition=Recognition(kind="t2_fs"), source="DICOM",
    )  # fmt: skip


def study(*members: Series, **more) -> Study:
    return Study(uid="1.2", patient=PatientFacts(), series=members, **more)


@pytest.fixture
def values(noise):
    """(4, 5, 6) int16."""
    return noise(4, 5, 6).astype(np.int16)


@pytest.fixture
def noise():
    def build(*shape, seed=0):
        return np.random.default_rng(seed).integers(0, 3000, shape)

    return build


@pytest.mark.parametrize("gz", [False, True])
def test_values_and_place_come_back(values, tmp_path, gz):
    """nibabel reads what was in memory, at the RAS place of its LPS grid."""
    ((target,), lines) = conversion.plan(study(series(7, values)))
    done = conversion.convert(target, tmp_path, gz=gz)
    assert [path.name for path in done.files] == [f"007-t2-fs.nii{'.gz' if gz else ''}", "007-t2-fs.json"]
    image = nib.load(done.files[0])
    np.testing.assert_array_equal(np.asanyarray(image.dataobj), values)
    assert image.get_data_dtype() == np.int16
    np.testing.assert_allclose(image.affine, np.diag([-1, -1, 1, 1]) @ TILT, atol=1e-5)
    assert lines == [] and not list(tmp_path.glob(".partial*"))


def test_an_array_in_another_order_is_written_the_same(values, tmp_path):
    """Views that do not lie slice by slice in memory are copied, slice by slice."""
    one = series(1, values)
    other = Volume(array=np.ascontiguousarray(values), grid=one.grid, quantity="mr_signal", unit="1")
    ((target,), _) = conversion.plan(study(dataclasses.replace(one, load=lambda: other)))
    image = nib.load(conversion.convert(target, tmp_path, gz=False).files[0])
    np.testing.assert_array_equal(np.asanyarray(image.dataobj), values)


def test_colour_is_written_as_colour(noise, tmp_path):
    """(i, j, k, 3) becomes RGB24."""
    array = noise(4, 5, 6, 3).astype(np.uint8)
    ((target,), _) = conversion.plan(study(series(1, array)))
    image = nib.load(conversion.convert(target, tmp_path, gz=False).files[0])
    found = np.asanyarray(image.dataobj)
    np.testing.assert_array_equal(np.stack([found["R"], found["G"], found["B"]], -1), array)


def weighted(noise, *b: float) -> list[Series]:
    """Volumes of a diffusion set, directions turning."""
    found = []
    for n, value in enumerate(b):
        direction = None if value == 0 else tuple(np.eye(3)[n % 3])
        diffusion = Diffusion(b_s_per_mm2=value, direction_lps=direction, source="test")
        found.append(series(n + 1, noise(4, 5, 6, seed=n).astype(np.int16), diffusion=diffusion))
    return found


def grouped(members, kind="b_values") -> SeriesSet:
    return SeriesSet(kind=kind, name="diffusion", members=tuple(m.uid for m in members), varies=("",) * len(members))


def test_a_diffusion_set_is_one_file_with_its_gradients(noise, tmp_path):
    """b-values in order; directions along the voxel axes, the first one turned round as FSL wants it for this grid."""
    members = weighted(noise, 0, 800, 50.5)
    ((target,), lines) = conversion.plan(study(*members, sets=(grouped(members),)))
    done = conversion.convert(target, tmp_path, gz=False)
    assert [path.suffix for path in done.files] == [".nii", ".json", ".bval", ".bvec"] and lines == []
    image = nib.load(done.files[0])
    assert image.shape == (4, 5, 6, 3)
    for n, member in enumerate(members):
        np.testing.assert_array_equal(np.asanyarray(image.dataobj)[..., n], member.load().array)
    assert done.files[2].read_text() == "0 800 50.5\n"
    vectors = np.loadtxt(done.files[3])
    axes = TILT[:3, :3] / np.linalg.norm(TILT[:3, :3], axis=0)
    assert np.linalg.det(axes) > 0
    for column, direction in zip(vectors.T, ((0, 0, 0), (0, 1, 0), (0, 0, 1)), strict=True):
        along = np.array(direction) @ axes
        np.testing.assert_allclose(column, along * (-1, 1, 1), atol=1e-5)
    assert json.loads(done.files[1].read_text())["Spinemets"]["Diffusion"][1]["b"] == 800


def test_a_wider_volume_widens_the_whole_set(noise, tmp_path):
    """int16 first, int32 and float32 later: the file is begun again, no value is cut."""
    members = weighted(noise, 0, 800, 1000)
    for kind in (np.int32, np.float32):
        array = (noise(4, 5, 6, seed=9) * 50).astype(kind)
        wide = dataclasses.replace(series(2, array), acquisition=members[1].acquisition)
        mixed = [members[0], wide, members[2]]
        ((target,), _) = conversion.plan(study(*mixed, sets=(grouped(mixed),)))
        image = nib.load(conversion.convert(target, tmp_path, gz=False).files[0])
        assert image.get_data_dtype() == kind
        np.testing.assert_array_equal(np.asanyarray(image.dataobj)[..., 1], array)


def test_what_does_not_lie_together_stays_apart(noise):
    """Other size, other place, no b-value: single volumes, and why."""
    members = weighted(noise, 0, 800)
    moved = TILT.copy()
    moved[0, 3] += 1
    for odd, why in (
        (series(2, noise(4, 5, 7).astype(np.int16), diffusion=members[1].acquisition.diffusion), "sizes differ"),
        (series(2, noise(4, 5, 6).astype(np.int16), moved, diffusion=members[1].acquisition.diffusion), "places"),
        (series(2, noise(4, 5, 6).astype(np.int16)), "1 of them state no b-value"),
    ):
        pair = [members[0], odd]
        targets, (line,) = conversion.plan(study(*pair, sets=(grouped(pair),)))
        assert len(targets) == 2 and why in line


def test_other_sets_are_single_volumes(noise):
    """Echoes and dynamic phases: one file each."""
    members = weighted(noise, 0, 800)
    targets, _ = conversion.plan(study(*members, sets=(grouped(members, "echoes"),)))
    assert [target.name for target in targets] == ["001-t2-fs", "002-t2-fs"]


def test_nothing_is_dropped_without_a_line(values):
    """Refused geometry, files set aside, label maps."""
    refused = dataclasses.replace(
        series(2, values), grid=None, geometry=GeometryCheck(verdict="refused", notes=("no position",))
    )
    unread = (Unread(file="x", reason="damaged"),)
    targets, lines = conversion.plan(study(series(1, values), refused, unread=unread, label_files=("seg",)))
    assert len(targets) == 1
    assert lines == [
        "not written: 2 (series 2): no position", "unreadable: x: damaged",
        "not written: seg: a segmentation, not an image",
    ]  # fmt: skip


def test_existing_files_are_kept(values, tmp_path):
    """Looked for before anything is read."""
    targets, _ = conversion.plan(study(series(1, values)))
    conversion.refuse_existing(targets, tmp_path, gz=False)
    (tmp_path / "001-t2-fs.json").write_text("mine")
    with pytest.raises(UsageError, match=r"001-t2-fs.json exists already"):
        conversion.refuse_existing(targets, tmp_path, gz=False)
    conversion.refuse_existing(targets, tmp_path / "elsewhere", gz=False)


def test_a_volume_that_fails_leaves_nothing(values, tmp_path):
    """No image, no side file, no temporary file."""

    def vanished():
        raise OSError("gone")

    (target,), _ = conversion.plan(study(dataclasses.replace(series(1, values), load=vanished)))
    with pytest.raises(OSError, match="gone"):
        conversion.convert(target, tmp_path, gz=False)
    assert list(tmp_path.iterdir()) == []


def test_images_that_could_not_be_decoded_are_said(values, tmp_path):
    """Warnings of the volume become lines, and stand in the side file."""
    (target,), _ = conversion.plan(study(series(1, values, warned=("image 3 cannot be decoded",))))
    done = conversion.convert(target, tmp_path, gz=False)
    assert done.lines == ("001-t2-fs.nii: image 3 cannot be decoded",)
    assert "image 3 cannot be decoded" in json.loads(done.files[1].read_text())["Spinemets"]["Warnings"]
