"""Volumes of one series: "several volumes in one classic series -> split by what differs"."""

from __future__ import annotations

import numpy as np

from spinemets.ingest.read import read


def _labels(study) -> list[str]:
    return [s.label for s in study.series]


def test_dual_echo_is_two_volumes(tmp_path, write_series, noise, axial_positions):
    """Same position twice with differing echo time: two series, named by the echo time, uid with a suffix."""
    positions = axial_positions(0, 3, 6)
    for n, te in enumerate((12.0, 90.0)):
        write_series(
            tmp_path / str(n), noise(3, 4, 4, seed=n), positions, n, Modality="MR", EchoTime=te, RepetitionTime=3000
        )
    study = read([tmp_path])
    assert sorted(_labels(study)) == ["series 4, echo time 12 ms", "series 4, echo time 90 ms"]
    assert {s.uid for s in study.series} == {"1.2.3.4#1", "1.2.3.4#2"}
    assert sorted(s.acquisition.te_s for s in study.series) == [0.012, 0.09]
    first = next(s for s in study.series if s.acquisition.te_s == 0.012)
    np.testing.assert_array_equal(first.pixels().array, noise(3, 4, 4, seed=0).transpose(2, 1, 0).astype(np.int16))


def test_diffusion_is_split_by_b_value_then_by_turn(tmp_path, write_series, noise, axial_positions):
    """Two b-values, the second measured twice without a stated direction: three volumes."""
    positions = axial_positions(0, 3)
    for n, b in enumerate((0.0, 800.0, 800.0)):
        write_series(
            tmp_path / str(n),
            noise(2, 4, 4, seed=n),
            positions,
            0,
            Modality="MR",
            DiffusionBValue=b,
            InstanceNumber=n + 1,
        )
    study = read([tmp_path])
    assert _labels(study) == [
        "series 4, b-value 0 s/mm2",
        "series 4, b-value 800 s/mm2, repeat 1",
        "series 4, b-value 800 s/mm2, repeat 2",
    ]
    assert [s.acquisition.b_values_s_per_mm2 for s in study.series] == [(0.0,), (800.0,), (800.0,)]


def test_a_number_that_differs_from_image_to_image_splits_nothing(tmp_path, write_image, noise):
    """Acquisition numbers that run with the slices tell slices apart, not volumes."""
    for k in range(4):
        write_image(tmp_path / str(k), noise(4, 4, seed=k), (0, 0, 2.0 * k), AcquisitionNumber=k, InstanceNumber=k)
    assert _labels(read([tmp_path])) == ["series 4"]


def test_three_planes_of_a_localizer_are_three_volumes(tmp_path, write_series, noise):
    """Images of several directions in one series never share a stack."""
    planes = {"ax": (1, 0, 0, 0, 1, 0), "sag": (0, 1, 0, 0, 0, -1), "cor": (1, 0, 0, 0, 0, -1)}
    for n, (name, orientation) in enumerate(planes.items()):
        normal = np.cross(orientation[:3], orientation[3:])
        write_series(
            tmp_path / name, noise(3, 4, 4), [5.0 * k * normal for k in range(3)], 0, Modality="MR",
            ImageOrientationPatient=list(orientation), InstanceNumber=n,
        )  # fmt: skip
    study = read([tmp_path])
    assert _labels(study) == [f"series 4, direction {n}" for n in (1, 2, 3)]
    assert all(s.geometry.verdict == "ok" and s.n_images == 3 for s in study.series)


def test_small_differences_of_direction_are_one_stack(tmp_path, write_image, noise):
    """Directions rounded differently from image to image: one volume with the mean direction."""
    for k in range(3):
        tilt = 2e-4 * k
        write_image(
            tmp_path / str(k),
            noise(4, 4, seed=k),
            (0, 0, 2.0 * k),
            ImageOrientationPatient=[1, 0, 0, 0, 1 - tilt**2, tilt],
        )
    assert len(read([tmp_path]).series) == 1


def test_sizes_and_spacings_never_mix(tmp_path, write_image, noise):
    """Images of another matrix or pixel size belong to another volume."""
    write_image(tmp_path / "a", noise(4, 4), (0, 0, 0))
    write_image(tmp_path / "b", noise(6, 4), (0, 0, 2))
    write_image(tmp_path / "c", noise(4, 4), (0, 0, 4), PixelSpacing=[0.7, 0.7])
    assert len(read([tmp_path]).series) == 3


def test_one_repeated_position_is_set_apart_with_a_line(tmp_path, write_series, write_image, noise, axial_positions):
    """A repeat that the headers do not explain: the first image is used, the other has a line."""
    write_series(tmp_path / "s", noise(3, 4, 4), axial_positions(0, 2, 4))
    write_image(tmp_path / "extra", noise(4, 4, seed=9), (0, 0, 2), InstanceNumber=99)
    study = read([tmp_path])
    (series,) = study.series
    assert series.n_images == 3 and series.geometry.verdict == "ok"
    (line,) = study.unread
    assert line.file == "extra" and line.reason.startswith("repeated position in series 4, which s/IM")
    assert line.reason.endswith("fills with other pixels: not used")
    assert series.warnings == (
        "1 more image lies at places that images of this volume fill already, for no stated reason: not used, "
        "listed with the files",
    )


def test_images_without_position_do_not_disturb_the_stack(tmp_path, write_series, write_image, noise, axial_positions):
    """An image without position or with a senseless one forms a series of its own, whose geometry is refused."""
    write_series(tmp_path / "s", noise(3, 4, 4), axial_positions(0, 2, 4))
    write_image(tmp_path / "bare", noise(4, 4), ImagePositionPatient=None)
    write_image(tmp_path / "null", noise(4, 4), ImageOrientationPatient=[0, 0, 0, 0, 0, 0])
    stack, rest = read([tmp_path]).series
    assert stack.measurable and stack.n_images == 3
    assert rest.geometry.verdict == "refused" and rest.n_images == 2 and not rest.sides_known
    assert rest.label == "series 4, images without position"
