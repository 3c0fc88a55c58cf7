"""Volumes of one series: "several volumes in one classic series -> split by what differs"."""

from __future__ import annotations

import numpy as np
import pytest

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


@pytest.fixture
def interleaved(tmp_path, write_image, noise):
    """Two slices of each volume, interleaved by place; `volumes` gives the elements of each volume."""

    def build(*volumes: dict, modality="MR"):
        number = 0
        for z in (0.0, 4.0):
            for n, extra in enumerate(volumes):
                number += 1
                write_image(
                    tmp_path / f"{number:03d}",
                    noise(4, 4, seed=n),
                    (0, 0, z),
                    Modality=modality,
                    InstanceNumber=number,
                    **extra,
                )
        found = read([tmp_path]).series
        for series in found:
            images = {image.tobytes() for image in series.pixels().array.transpose(2, 1, 0)}
            assert series.n_images == 2 and len(images) == 1  # both slices of one volume hold the same image here
        return [series.label.partition(", ")[2] for series in found]

    return build


@pytest.mark.parametrize(
    ("element", "values", "labels"),
    [
        ("EchoTime", (2.4, 4.8), ["echo time 2.4 ms", "echo time 4.8 ms"]),
        ("InversionTime", (50, 400, 2500), ["inversion time 50 ms", "inversion time 400 ms", "inversion time 2500 ms"]),
        ("FlipAngle", (2, 15), ["flip angle 2 degrees", "flip angle 15 degrees"]),
        ("TemporalPositionIdentifier", (1, 2, 3), ["time point 1", "time point 2", "time point 3"]),
        ("TriggerTime", (0, 500), ["trigger time 0 ms", "trigger time 500 ms"]),
        ("ConvolutionKernel", ("B30f", "B70f"), ["kernel B30f", "kernel B70f"]),
        ("ContrastBolusAgent", (None, "Gd"), ["without contrast agent", "contrast agent Gd"]),
        ("AcquisitionNumber", (1, 2), ["acquisition 1", "acquisition 2"]),
        ("ImageType", (["O", "P", "M"], ["O", "P", "P"]), ["complex component MAGNITUDE", "complex component PHASE"]),
        ("ImageType", (["O", "P", "R"], ["O", "P", "I"]), ["complex component REAL", "complex component IMAGINARY"]),
        (
            "ImageType", (["DERIVED", "PRIMARY", "W"], ["DERIVED", "PRIMARY", "F"]),
            ["image type DERIVED\\PRIMARY\\W", "image type DERIVED\\PRIMARY\\F"],
        ),
    ],
)  # fmt: skip
def test_interleaved_volumes_are_separated_by_what_varies(interleaved, element, values, labels):
    """One attribute at a time: each volume holds its own images and is named by the attribute."""
    assert interleaved(*({element: value} for value in values)) == labels


def test_acquisition_time_is_the_last_resort(interleaved):
    """Phases that differ in nothing but the clock."""
    phases = ({"AcquisitionDate": "20240102", "AcquisitionTime": clock} for clock in ("101500", "101530"))
    assert interleaved(*phases) == ["acquisition time 2024-01-02T10:15:00", "acquisition time 2024-01-02T10:15:30"]


def test_private_component_of_one_vendor(tmp_path, write_image, noise):
    """Real and imaginary images whose ImageType is the same: the private number tells them apart."""
    import pydicom

    for n in range(4):
        path = write_image(
            tmp_path / str(n), noise(4, 4, seed=n), (0, 0, 4.0 * (n // 2)), Modality="MR", InstanceNumber=n
        )
        dataset = pydicom.dcmread(path)
        dataset.private_block(0x43, "GEMS_PARM_01", create=True).add_new(0x2F, "SS", 2 + n % 2)
        dataset.save_as(path)
    assert _labels(read([tmp_path])) == ["series 4, complex component REAL", "series 4, complex component IMAGINARY"]


def test_two_echoes_of_magnitude_and_phase_at_three_times(interleaved):
    """Twelve volumes: physics first, then the time."""
    volumes = [
        {"EchoTime": te, "ImageType": ["ORIGINAL", "PRIMARY", kind], "TemporalPositionIdentifier": t}
        for t in (1, 2, 3)
        for te in (2.4, 4.8)
        for kind in ("M", "P")
    ]
    labels = interleaved(*volumes)
    assert len(labels) == 12 and len(set(labels)) == 12
    assert labels[0] == "complex component MAGNITUDE, echo time 2.4 ms, time point 1"


def test_b_values_that_share_no_place_are_still_two_volumes(tmp_path, write_image, noise):
    """Half of one weighting and half of another: never one stack."""
    for k in range(4):
        b = 0.0 if k < 2 else 800.0
        write_image(
            tmp_path / str(k), noise(4, 4), (0, 0, 3.0 * k), Modality="MR", DiffusionBValue=b, InstanceNumber=k + 1
        )
    assert _labels(read([tmp_path])) == ["series 4, b-value 0 s/mm2", "series 4, b-value 800 s/mm2"]


def test_what_hardly_ever_differs_is_said(tmp_path, write_image, noise):
    """One volume with two echo times, no place shared: kept, with a sentence."""
    for k in range(4):
        write_image(
            tmp_path / str(k),
            noise(4, 4),
            (0, 0, 3.0 * k),
            Modality="MR",
            EchoTime=10.0 + (k > 2),
            InstanceNumber=k + 1,
        )
    (series,) = read([tmp_path]).series
    assert series.warnings == ("the images of this volume differ in echo time: 10 ms, 11 ms",)


def test_a_derived_image_without_weighting_never_becomes_b_zero(tmp_path, write_image, noise):
    """A map beside weighted images that all state b = 800: no b-value is made up for it."""
    for k in range(2):
        common = {"Modality": "MR", "InstanceNumber": k + 1}
        write_image(
            tmp_path / f"a{k}",
            noise(4, 4),
            (0, 0, 3.0 * k),
            DiffusionBValue=800.0,
            ImageType=["ORIGINAL", "PRIMARY"],
            **common,
        )
        write_image(tmp_path / f"b{k}", noise(4, 4), (0, 0, 3.0 * k), ImageType=["DERIVED", "PRIMARY", "ADC"], **common)
    weightings = {s.label: s.acquisition.b_values_s_per_mm2 for s in read([tmp_path]).series}
    assert sorted(weightings.values()) == [(), (800.0,)]
