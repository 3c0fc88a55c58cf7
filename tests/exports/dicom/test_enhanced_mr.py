"""Enhanced MR images: one object a series, functional groups shared where nothing varies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spinemets.exports.dicom.about import Code, Contrast, PrivateElement
from spinemets.exports.dicom.enhanced_mr import ENHANCED_MR_IMAGE_STORAGE, write_enhanced_mr
from spinemets.exports.dicom.mr import MrFacts, MrPoint
from spinemets.exports.dicom.stored import Scale
from spinemets.ingest.read import read
from spinemets.model.acquisition import Diffusion
from spinemets.model.errors import UsageError

GADOBUTROL = Contrast(
    agent="Gadobutrol", code=Code(value="407976008", scheme="SCT", meaning="Gadobutrol"), volume_ml=7.0
)
DIRECTIONS = ((0.6, 0.0, 0.8), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@pytest.fixture
def t1() -> MrFacts:
    """T1 turbo spin echo."""
    return MrFacts(
        slice_thickness_mm=4.0, scanning_sequence=("SE",), sequence_variant=("SK",), scan_options=("SP",), tr_ms=550.0,
        te_ms=10.0, flip_deg=90.0, echo_train_length=3, bandwidth_hz_per_px=200.0, field_t=1.5, phase_direction="ROW",
        frame_type=("ORIGINAL", "PRIMARY", "T1", "NONE"), weighting="T1",
    )  # fmt: skip


def protocols(t1: MrFacts) -> dict[str, MrFacts]:
    """The series of the specification's table that an enhanced scanner would write."""
    weightings = [Diffusion(b_s_per_mm2=0.0), *(Diffusion(b_s_per_mm2=400.0, direction_lps=v) for v in DIRECTIONS)]
    weightings.append(Diffusion(b_s_per_mm2=800.0, averaged=True))
    gre = replace(
        t1, scanning_sequence=("GR",), sequence_variant=("SP",), scan_options=(), echo_train_length=1, flip_deg=10.0
    )
    return {
        "t1": t1,
        "t2": replace(t1, tr_ms=3500.0, te_ms=100.0, echo_train_length=16, scan_options=("FC", "PFP"), weighting="T2",
                      frame_type=("ORIGINAL", "PRIMARY", "T2", "NONE"), phase_direction="COL"),
        "stir": replace(t1, scanning_sequence=("SE", "IR"), ti_ms=165.0, weighting="STIR",
                        frame_type=("ORIGINAL", "PRIMARY", "STIR", "NONE")),
        "fat-saturated with agent": replace(t1, scan_options=("FS",), contrast=GADOBUTROL),
        "diffusion": replace(t1, scanning_sequence=("SE", "EP"), scan_options=("FS",), weighting="DIFFUSION", echo_train_length=8,
                             frame_type=("ORIGINAL", "PRIMARY", "DIFFUSION", "NONE"),
                             points=tuple(MrPoint(diffusion=one) for one in weightings)),
        "echoes": replace(gre, te_ms=None, acquisition_3d=True, points=tuple(MrPoint(te_ms=1.2 * n) for n in (1, 2, 3)),
                          frame_type=("ORIGINAL", "PRIMARY", "MULTIECHO", "NONE"), weighting="T2_STAR"),
        "dynamic": replace(gre, points=tuple(MrPoint(start_s=4.0 * t) for t in range(3)), contrast=GADOBUTROL, duration_s=4.0,
                           frame_type=("ORIGINAL", "PRIMARY", "DYNAMIC", "NONE"), weighting="PERFUSION"),
        "flip angles": replace(gre, points=(MrPoint(flip_deg=3.0), MrPoint(flip_deg=15.0)), sequence_variant=("SS",)),
        "magnitude and phase": replace(gre, points=(MrPoint(), MrPoint(component="PHASE"))),
        "water and fat": replace(gre, frame_type=("DERIVED", "PRIMARY", "DIXON", "WATER")),
        "map": replace(t1, frame_type=("DERIVED", "PRIMARY", "DIFFUSION", "ADC"), weighting="DIFFUSION", te_ms=None,
                       flip_deg=None, field_t=None, bandwidth_hz_per_px=None, scale=Scale(slope=1e-6)),
    }  # fmt: skip


NAMES = ("t1", "t2", "stir", "fat-saturated with agent", "diffusion", "echoes", "dynamic", "flip angles",
         "magnitude and phase", "water and fat", "map")  # fmt: skip


def values_of(facts: MrFacts, shape=(6, 8, 5)):
    """Noise with as many volumes as the facts describe; small real numbers for a map."""
    rng, n = np.random.default_rng(4), len(facts.points)
    if facts.frame_type[3] == "ADC":
        return rng.uniform(0.0, 3e-3, shape)
    array = rng.integers(-100 if n == 2 else 0, 4000, (*shape, n))
    return array if n > 1 else array[..., 0]


@pytest.mark.parametrize("name", NAMES)
def test_complete_modules(*, name, about, t1, make_grid, volume_of, verify, tmp_path):
    """dciodvfy prints no error of any protocol, and no warning but that two words are younger than it."""
    facts = protocols(t1)[name]
    young = (
        ("Unrecognized defined term = <DIXON>", "Unrecognized defined term = <WATER>")
        if name == "water and fat"
        else ()
    )
    verify(
        write_enhanced_mr(volume_of(values_of(facts), make_grid("sagittal")), tmp_path / "e.dcm", about, facts), *young
    )


@pytest.mark.parametrize("name", NAMES)
def test_comes_back(*, name, about, t1, make_grid, volume_of, read_back, assert_same, tmp_path):
    """The reader gives back one volume a point, in order, at the same places, with what it was made with."""
    facts, grid = protocols(t1)[name], make_grid("sagittal")
    array = values_of(facts)
    write_enhanced_mr(volume_of(array, grid), tmp_path / "e.dcm", about, facts)
    found = read_back(tmp_path / "e.dcm")
    volumes, derived = array.reshape(*array.shape[:3], -1), facts.frame_type[0] == "DERIVED"
    assert len(found) == len(facts.points)
    for t, (series, volume) in enumerate(found):
        assert_same(volume, volumes[..., t], grid, atol=6e-7 if name == "map" else 0.0)
        point, made = facts.points[t], series.acquisition
        te_ms = facts.te_ms if point.te_ms is None else point.te_ms
        flip_deg = facts.flip_deg if point.flip_deg is None else point.flip_deg
        assert made.te_s == (None if te_ms is None else pytest.approx(te_ms * 1e-3))
        assert (made.tr_s, made.flip_deg, made.field_t) == (
            None if name == "map" else facts.tr_ms * 1e-3,
            flip_deg,
            facts.field_t,
        )
        assert made.ti_s == (None if facts.ti_ms is None else facts.ti_ms * 1e-3)
        assert made.contrast_agent == (True if facts.contrast else None)
        assert made.fat_suppressed == (None if derived else "FS" in facts.scan_options)
        assert made.complex_component == (point.component or facts.component)
        stated = point.diffusion
        assert (made.diffusion is None) == (stated is None)
        if stated is not None:
            assert (made.diffusion.b_s_per_mm2, made.diffusion.direction_lps) == (
                stated.b_s_per_mm2,
                stated.direction_lps,
            )
        if name == "dynamic":
            assert (made.time_s, made.temporal_position) == (4.0 * t, t + 1)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    orientation=st.sampled_from(["axial", "sagittal", "coronal", "oblique"]), low=st.floats(-1e3, 0), high=st.floats(1e-3, 1e5),
    per_image=st.booleans(), slices=st.integers(1, 4), n=st.integers(1, 3),
)  # fmt: skip
def test_any_values_come_back(
    *, orientation, low, high, per_image, slices, n, about, t1, make_grid, volume_of, tmp_path_factory
):
    """Property: real values, negative ones too, in any orientation, one or more slices and volumes: half a step away."""
    grid = make_grid(orientation, (0.7, 0.9, 4.0), (6, 8, slices))
    array = np.random.default_rng(6).uniform(low, high, (6, 8, slices, n))
    facts = replace(t1, points=tuple(MrPoint(start_s=2.0 * t) for t in range(n)), scale=Scale(per_image=per_image))
    path = write_enhanced_mr(volume_of(array, grid), tmp_path_factory.mktemp("e") / "e.dcm", about, facts)
    for t, series in enumerate(read([path]).series):
        step = np.abs(array).max() / 32767
        assert np.abs(series.pixels().array - array[..., t]).max() <= 0.51 * step + 1e-6 * np.abs(array).max()
        np.testing.assert_allclose(series.grid.corners_lps_mm, grid.corners_lps_mm, atol=1e-4)


def test_groups_stand_where_they_vary(*, about, t1, make_grid, volume_of, tmp_path):
    """PS3.3 C.7.6.16: a functional group is shared or in each frame, never both."""
    facts = protocols(t1)["diffusion"]
    d = pydicom.dcmread(write_enhanced_mr(volume_of(values_of(facts), make_grid()), tmp_path / "e.dcm", about, facts))
    (shared,) = d.SharedFunctionalGroupsSequence
    own = {element.keyword for frame in d.PerFrameFunctionalGroupsSequence for element in frame}
    assert "MRDiffusionSequence" in own and "MREchoSequence" in shared and "PlaneOrientationSequence" in shared
    assert own.isdisjoint({element.keyword for element in shared})
    assert (d.SOPClassUID, d.NumberOfFrames) == (ENHANCED_MR_IMAGE_STORAGE, 25)


def test_dimensions_name_what_varies(*, about, t1, make_grid, volume_of, tmp_path):
    """PS3.3 7.5.2: "The first item of the Dimension Index Sequence shall be the slowest varying index"."""
    facts = protocols(t1)["diffusion"]
    d = pydicom.dcmread(write_enhanced_mr(volume_of(values_of(facts), make_grid()), tmp_path / "e.dcm", about, facts))
    names = [one.DimensionDescriptionLabel for one in d.DimensionIndexSequence]
    assert names == ["DiffusionBValue", "DiffusionGradientOrientation", "InStackPositionNumber"]
    index = [list(f.FrameContentSequence[0].DimensionIndexValues) for f in d.PerFrameFunctionalGroupsSequence]
    assert index[::5] == [[1, 1, 1], [2, 2, 1], [2, 3, 1], [2, 4, 1], [3, 1, 1]]
    assert index[7] == [2, 2, 3] and len({tuple(one) for one in index}) == 25


def test_mixed_frames_say_so(*, about, t1, make_grid, volume_of, verify, tmp_path):
    """Image Type and Complex Image Component of the object are MIXED where its frames differ."""
    points = (MrPoint(), MrPoint(component="PHASE", frame_type=("DERIVED", "PRIMARY", "T1", "NONE")))
    facts = replace(t1, points=points)
    path = write_enhanced_mr(volume_of(values_of(facts), make_grid()), tmp_path / "e.dcm", about, facts)
    verify(path)
    d = pydicom.dcmread(path)
    assert list(d.ImageType) == ["MIXED", "PRIMARY", "T1", "NONE"] and d.ComplexImageComponent == "MIXED"


def test_time_of_a_volume(*, about, t1, make_grid, volume_of, tmp_path):
    """Frame duration: a repetition for each train of echoes unless stated (ROW: 6 columns in trains of 3, TR 550 ms)."""

    def frame(facts):
        d = pydicom.dcmread(
            write_enhanced_mr(volume_of(values_of(facts), make_grid()), tmp_path / "e.dcm", about, facts)
        )
        return d.PerFrameFunctionalGroupsSequence[0].FrameContentSequence[
            0
        ].FrameAcquisitionDuration, d.AcquisitionDuration

    assert frame(t1) == pytest.approx((1100.0, 1.1))
    assert frame(replace(t1, acquisition_3d=True, matrix=(6, 6), averages=2.0)) == pytest.approx(
        (2 * 550 * 5 * 2, 11.0)
    )
    assert frame(replace(t1, duration_s=7.0)) == pytest.approx((7000.0, 7.0))


@pytest.mark.parametrize("orientation", ["axial", "sagittal", "coronal", "oblique"])
def test_other_readers_agree(*, orientation, about, t1, make_grid, volume_of, assert_converted, tmp_path):
    """dcm2niix gives the same values, scaled, at the same places."""
    grid, array = make_grid(orientation), np.random.default_rng(8).uniform(-3.0, 50.0, (6, 8, 5))
    write_enhanced_mr(volume_of(array, grid), tmp_path / "e.dcm", about, t1)
    assert_converted(tmp_path, array, grid, atol=50 / 32767)


@pytest.mark.parametrize("name", ["diffusion", "dynamic", "echoes"])
def test_converter_agrees_on_series_of_volumes(
    *, name, about, t1, make_grid, volume_of, converted, assert_converted, tmp_path
):
    """dcm2niix gives the volumes of one object in their order; echoes it splits into files."""
    # dcm2niix of 2022 reads the dimensions of makers it knows only; it takes averages over directions for maps
    about = replace(about, equipment=replace(about.equipment, manufacturer="Philips"))
    facts, grid = protocols(t1)[name], make_grid("sagittal")
    facts = replace(facts, points=facts.points[:4])
    array = values_of(facts)
    write_enhanced_mr(volume_of(array, grid), tmp_path / "e.dcm", about, facts)
    if name != "echoes":
        assert_converted(tmp_path, array, grid)
        return
    found = converted(tmp_path)
    assert sum(values.reshape(*values.shape[:3], -1).shape[3] for values, _ in found) == 3


@pytest.mark.parametrize("orientation", ["axial", "sagittal", "coronal", "oblique"])
def test_simpleitk_agrees(*, orientation, about, t1, make_grid, volume_of, assert_sitk, tmp_path):
    """SimpleITK gives the same values, scaled, at the same places."""
    grid, array = make_grid(orientation), np.random.default_rng(8).uniform(-3.0, 50.0, (6, 8, 5))
    path = write_enhanced_mr(volume_of(array, grid), tmp_path / "e.dcm", about, t1)
    assert_sitk(path, array, grid, atol=50 / 32767)


def test_same_input_same_bytes(*, about, t1, make_grid, volume_of, tmp_path):
    """Nothing in an object depends on when or where it was written."""
    facts = protocols(t1)["diffusion"]
    volume = volume_of(values_of(facts), make_grid())
    first, second = (write_enhanced_mr(volume, tmp_path / f"{name}.dcm", about, facts) for name in "ab")
    assert first.read_bytes() == second.read_bytes()


ELEMENT = PrivateElement(creator="SPINEMETS", group=0x99, element=1, vr="LO", value="x")


@pytest.mark.parametrize(("change", "said"), [
    ({"points": (MrPoint(), MrPoint())}, "say the same of themselves"),
    ({"points": (MrPoint(diffusion=Diffusion(b_s_per_mm2=0.0)), MrPoint())}, "State b = 0"),
    ({"points": (MrPoint(private=(ELEMENT,)), MrPoint(start_s=None))}, "classic images only"),
    ({"points": (MrPoint(start_s=0.0), MrPoint(start_s=1.0)), "te_ms": None}, "must state te_ms"),
    ({"points": (MrPoint(start_s=0.0), MrPoint(start_s=1.0)), "field_t": None}, "must state field_t"),
    ({"points": (MrPoint(start_s=0.0), MrPoint(start_s=1.0)), "contrast": Contrast(agent="x")}, "code of the contrast agent"),
    ({"points": (MrPoint(),)}, "2 volumes and 1 points"),
])  # fmt: skip
def test_refused(*, change, said, about, t1, make_grid, volume_of, tmp_path):
    """What original images must state, and what has no place, is told in one line; no file appears."""
    array = np.zeros((6, 8, 5, 2), np.int16)
    with pytest.raises(UsageError, match=said):
        write_enhanced_mr(volume_of(array, make_grid()), tmp_path / "e.dcm", about, replace(t1, **change))
    assert list(tmp_path.iterdir()) == []


def test_unknown_body_part_is_refused(*, about, t1, make_grid, volume_of, tmp_path):
    """The anatomic region is required, so a body part without a code is refused."""
    with pytest.raises(UsageError, match="Body part 'HEAD' has no code here"):
        write_enhanced_mr(
            volume_of(values_of(t1), make_grid()), tmp_path / "e.dcm", replace(about, body_part="HEAD"), t1
        )
