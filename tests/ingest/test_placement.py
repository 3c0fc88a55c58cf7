"""From files to physical points: a known object comes back where it was, whatever the plane, angle, order or position word."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spinemets.ingest.read import read

AXIAL, SAGITTAL, CORONAL = (
    ((1, 0, 0), (0, 1, 0)),
    ((0, 1, 0), (0, 0, -1)),
    ((1, 0, 0), (0, 0, -1)),
)
ROWS, COLUMNS, SLICES = 7, 5, 6
SPACING_MM = (1.25, 0.75)  # between rows, between columns
STEP_MM = 3.5


def object_at(points_mm: np.ndarray) -> np.ndarray:
    """A smooth object without symmetry, in whole numbers."""
    x, y, z = points_mm[..., 0], points_mm[..., 1], points_mm[..., 2]
    return np.rint(1500 + 11 * x - 7 * y + 5 * z + 200 * np.sin(x / 9 + 1) * np.cos(y / 7 - z / 11)).astype(np.uint16)


@pytest.fixture
def write_object(tmp_path, write_image):
    """Slices of the object in a plane turned by a rotation; `order` gives the instance number of each slice."""

    def write(plane, turn, order, positions=None, **extra):
        row, column = (turn.apply(np.array(axis, float)) for axis in plane)
        normal = np.cross(row, column)
        along = STEP_MM * np.arange(SLICES) if positions is None else np.asarray(positions)
        r, c = np.meshgrid(np.arange(ROWS), np.arange(COLUMNS), indexing="ij")
        for k, distance in enumerate(along):
            corner = np.array((-4.0, 3.0, 10.0)) + normal * distance
            points = corner + row * (c * SPACING_MM[1])[..., None] + column * (r * SPACING_MM[0])[..., None]
            values = {"Modality": "MR", "PixelSpacing": list(SPACING_MM), "InstanceNumber": int(order[k]) + 1} | extra
            directions = [f"{v:.12f}"[:16] for v in (*row, *column)]
            write_image(
                tmp_path / f"IM{order[k]:03d}",
                object_at(points),
                tuple(corner),
                ImageOrientationPatient=directions,
                **values,
            )
        return read([tmp_path]).series

    return write


def assert_object(series) -> None:
    """Every voxel holds what the object has at the point where the affine puts it."""
    volume = series.pixels()
    index = np.stack(np.meshgrid(*(np.arange(n) for n in volume.array.shape), indexing="ij"), axis=-1)
    points = index @ volume.grid.affine_lps_mm[:3, :3].T + volume.grid.affine_lps_mm[:3, 3]
    assert np.abs(volume.array.astype(int) - object_at(points)).max() <= 1  # positions are written with 16 characters
    assert np.linalg.det(volume.grid.affine_lps_mm[:3, :3]) > 0


@pytest.mark.parametrize("plane", [AXIAL, SAGITTAL, CORONAL])
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("order", ["forward", "reversed", "shuffled"])
def test_double_oblique_in_every_plane_and_order(write_object, plane, seed, order):
    """Turned about two axes at once; numbers and names of files say nothing of the place."""
    numbers = np.arange(SLICES)
    numbers = {"forward": numbers, "reversed": numbers[::-1]}.get(
        order, np.random.default_rng(seed).permutation(SLICES)
    )
    angles = np.random.default_rng(seed).uniform(-50, 50, 2)
    (series,) = write_object(plane, Rotation.from_euler("xz", angles, degrees=True), numbers)
    assert series.geometry.verdict == "ok" and series.grid.shape_ijk == (COLUMNS, ROWS, SLICES)
    assert_object(series)


@pytest.mark.parametrize("word", ["HFS", "HFP", "FFS", "FFP", "HFDR", "HFDL", "FFDR", "FFDL", None])
def test_the_position_word_never_moves_anything(write_object, word):
    """Prone, decubitus, feet first: positions and directions are in the patient already; no contradiction is invented."""
    (series,) = write_object(SAGITTAL, Rotation.identity(), np.arange(SLICES), PatientPosition=word)
    assert series.acquisition.patient_position == word
    assert series.geometry.verdict == "ok" and not series.geometry.notes and not series.warnings
    assert_object(series)


def test_uneven_spacing_inside_the_limit_is_resampled_to_true_points(write_object):
    """7 % off: a record, and values between the neighbours' within the curvature of the object."""
    (series,) = write_object(
        AXIAL, Rotation.identity(), np.arange(SLICES), positions=[0, 3.5, 7.0, 10.75, 14.25, 17.75]
    )
    assert series.geometry.verdict == "resampled" and "uneven spacing" in series.geometry.notes[0]
    volume = series.pixels()
    index = np.stack(np.meshgrid(*(np.arange(n) for n in volume.array.shape), indexing="ij"), axis=-1)
    points = index @ volume.grid.affine_lps_mm[:3, :3].T + volume.grid.affine_lps_mm[:3, 3]
    assert np.abs(volume.array.astype(int) - object_at(points)).max() <= 4


def test_tilt_and_uneven_spacing_together(tmp_path, write_image):
    """Both at once: both are said, and a linear object is still exact wherever an image covers the voxel."""
    along, tilt = np.array([0.0, 3.0, 6.2, 9.2, 12.2]), 0.25

    def linear(points):
        return np.rint(1000 + 8 * points[..., 0] + 4 * points[..., 1] + 16 * points[..., 2])

    r, c = np.meshgrid(np.arange(12), np.arange(6), indexing="ij")
    for k, z in enumerate(along):
        corner = np.array((0.0, tilt * z, z))
        points = corner + np.stack([c * 1.0, r * 1.0, 0.0 * r], axis=-1)
        write_image(
            tmp_path / str(k), linear(points).astype(np.uint16), tuple(corner), Modality="MR", PixelSpacing=[1.0, 1.0],
            InstanceNumber=k + 1,
        )  # fmt: skip
    (series,) = read([tmp_path]).series
    notes = " ".join(series.geometry.notes)
    assert (
        series.geometry.verdict == "resampled" and "tilted stack (14.0 degrees" in notes and "uneven spacing" in notes
    )
    volume = series.pixels()
    index = np.stack(np.meshgrid(*(np.arange(n) for n in volume.array.shape), indexing="ij"), axis=-1)
    points = index @ volume.grid.affine_lps_mm[:3, :3].T + volume.grid.affine_lps_mm[:3, 3]
    inside = ~volume.padding
    assert inside.mean() > 0.6
    assert np.abs(volume.array - linear(points))[inside].max() <= 2


def test_tilt_and_spacing_beyond_the_limit_are_refused_with_the_reason(tmp_path, write_image, noise):
    """A tilted stack whose spacing cannot be resampled forms no volume."""
    for k, z in enumerate((0.0, 3.0, 6.6, 9.0)):
        write_image(tmp_path / str(k), noise(4, 4), (0.0, 0.25 * z, z), InstanceNumber=k + 1)
    (series,) = read([tmp_path]).series
    assert (
        series.geometry.verdict == "refused"
        and "uneven spacing between images: 2.4 to 3.6 mm" in series.geometry.notes[0]
    )


def test_a_missing_slice_of_a_tilted_stack_is_named(tmp_path, write_image, noise):
    """The gap stays a gap after straightening."""
    for z in (0.0, 3.0, 6.0, 12.0, 15.0):
        write_image(tmp_path / f"{z}", noise(8, 4), (0.0, 0.25 * z, z), InstanceNumber=int(z) + 1)
    (series,) = read([tmp_path]).series
    assert series.geometry.missing_positions_mm == pytest.approx((9.0,))
    assert series.pixels().padding[:, :, 3].all()


def test_a_scout_of_the_same_direction_stays_out_of_the_stack(
    tmp_path, write_series, write_image, noise, axial_positions
):
    """A localizer image between the slices of a series, same size and direction: a volume of its own."""
    kind = ["ORIGINAL", "PRIMARY", "AXIAL"]
    write_series(tmp_path / "s", noise(4, 4, 4), axial_positions(0, 2, 4, 6), ImageType=kind)
    write_image(tmp_path / "scout", noise(4, 4), (0, 0, 8.0), ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    found = {series.label: series.n_images for series in read([tmp_path]).series}
    assert sorted(found.values()) == [1, 4] and any("localizer image" in label for label in found)


def test_volumes_that_differ_in_storage_are_named_by_it(tmp_path, write_image, noise):
    """Another matrix is no other direction: the label says what differs."""
    for k in range(2):
        write_image(tmp_path / f"a{k}", noise(4, 4), (0, 0, 2.0 * k), InstanceNumber=k + 1)
        write_image(tmp_path / f"b{k}", noise(6, 4), (0, 0, 2.0 * k), InstanceNumber=k + 11)
    labels = [series.label for series in read([tmp_path]).series]
    assert labels == ["series 4, 4 x 4 pixels", "series 4, 4 x 6 pixels"]
