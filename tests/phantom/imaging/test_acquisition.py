"""Protocols of the demonstration study."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spinemets.model.errors import UsageError
from spinemets.phantom.imaging.acquisition import Acquisition, default, sequences


@pytest.mark.parametrize(
    ("sequence", "modality", "timing"),
    [("ct", "CT", (0.0, 0.0, 0.0)), ("t1", "MR", (550.0, 10.0, 0.0)), ("stir", "MR", (4000.0, 60.0, 160.0))],
)
def test_defaults(sequence, modality, timing):
    """T1 SE 550/10; STIR 4000/60/160 at 1.5 T; CT at 120 kVp with a bone kernel."""
    found = default(sequence)
    assert found.modality == modality
    assert (found.tr_ms, found.te_ms, found.ti_ms) == timing
    assert found.field_t == 1.5
    assert (found.kvp, found.kernel) == (120.0, "BONE")


def test_sagittal_stacks_cover_the_bodies():
    """Slices of 4.0 mm with 10 % gap; both MR series share their geometry."""
    t1, stir = default("t1"), default("stir")
    assert (t1.slice_mm, t1.gap_mm, t1.n_slices) == (4.0, 0.4, 17)
    for name in ("pixel_mm", "slice_mm", "gap_mm", "n_slices", "fov_mm", "plane"):
        assert getattr(t1, name) == getattr(stir, name)


def test_ct_slices_allow_cortex_and_heights():
    """At most 1.25 mm slices and 0.8 mm pixels: fine enough for every CT criterion."""
    found = default("ct")
    assert found.slice_mm <= 1.25
    assert found.pixel_mm <= 1.0


@pytest.mark.parametrize(("noise", "free"), [(0.0, True), (float("inf"), True), (16.0, False)])
def test_noise_free(noise, free):
    """No noise: sd 0 on CT, endless SNR on MR."""
    made = Acquisition(sequence="ct", plane="axial", pixel_mm=1, slice_mm=1, fov_mm=(10, 10), noise=noise)
    assert made.noise_free == free


def test_unknown_series_are_refused():
    """By name, with what there is."""
    with pytest.raises(UsageError, match="no series 'ultrasound'"):
        default("ultrasound")


@pytest.mark.parametrize("name", sequences())
def test_every_protocol_is_whole(name):
    """Geometry, noise and, on MR, the timing its method needs."""
    a = default(name)
    assert a.sequence == name and a.description and a.about and a.noise > 0 and min(a.fov_mm) > 100
    if a.modality == "MR":
        assert a.tr_ms > 2 * a.te_ms > 0 and 50 < a.stored < 1500
        assert (a.ti_ms > 0) == (a.method == "inversion_recovery")
        assert (a.train_ms > 0) == (a.echo_train_length > 1)
        ways = [len(a.b_s_per_mm2), len(a.components or a.echoes_ms), len(a.flips_deg), a.n_times]
        assert a.n_volumes == max(1, *ways) and sum(n > 0 for n in ways) == a.several


def test_series_of_one_geometry():
    """Sagittal spin echoes are rendered together, diffusion and axial stacks are not."""
    assert default("t1").geometry == default("t2").geometry == default("t1_gd_fs").geometry
    assert len({default(name).geometry for name in ("t1", "dwi", "ax_t2", "ct")}) == 4
    assert default("in_phase").geometry == default("opposed_phase").geometry
    assert default("vfa").geometry == default("dce").geometry


def test_gradient_echoes_of_the_specification():
    """PHA-47 to PHA-50: timing, echoes, flip angles, volumes in time."""
    pair = {1.5: ("in_phase", "opposed_phase"), 3.0: ("in_phase_3t", "opposed_phase_3t")}
    for field_t, (first, second) in pair.items():
        a, b = default(first), default(second)
        assert (a.field_t, a.tr_ms, a.flip_deg) == (b.field_t, b.tr_ms, b.flip_deg) == (field_t, 120.0, 60.0)
        # 2.3 ms is opposed at 1.5 T and in phase at 3 T; both are stored on the scale of the in-phase picture.
        assert a.te_ms == 2 * b.te_ms == b.reference_te_ms == pytest.approx(6.9 / field_t)
    assert default("dixon").echoes_ms == default("dixon_3t").echoes_ms == (1.2, 2.2, 3.2, 4.2, 5.2, 6.2)
    dce, vfa, t2star = default("dce"), default("vfa"), default("t2star")
    assert (dce.tr_ms, dce.flip_deg, dce.n_times, dce.step_s, dce.n_before) == (5.0, 15.0, 60, 4.0, 6)
    assert vfa.flips_deg == (3.0, 15.0) and vfa.tr_ms == dce.tr_ms and vfa.te_ms == dce.te_ms
    assert (t2star.tr_ms, t2star.te_ms, t2star.flip_deg) == (600.0, 15.0, 20.0)
    assert dce.volumetric and not t2star.volumetric and not default("t1").volumetric


def test_one_volume_of_several():
    """Its echo, flip angle, component or time after the agent; a series of one volume stays as it is."""
    assert [default("dixon").at(n).te_ms for n in (0, 5)] == [1.2, 6.2]
    assert [default("vfa").at(n).flip_deg for n in (0, 1)] == [3.0, 15.0]
    dce = default("dce")
    assert [dce.at(n).agent_min for n in (0, 5, 6, 21)] == [None, None, 0.0, 1.0]
    assert dce.start_s(59) == 236.0
    four = replace(default("dixon2"), components=("in", "opposed", "water", "fat"))
    assert [four.at(n).te_ms for n in range(4)] == [4.6, 2.3, 4.6, 4.6]
    assert [four.at(n).components for n in (2, 3)] == [("water",), ("fat",)]
    assert default("t1").at(0) == default("t1")
    assert default("dwi").at(2) == default("dwi")


def test_volumes_differ_in_one_way():
    """Echoes and flip angles at once, or components without their two echoes, are refused."""
    with pytest.raises(ValueError, match="more than one way"):
        replace(default("dixon"), flips_deg=(3.0, 15.0))
    with pytest.raises(ValueError, match="two echoes"):
        replace(default("dixon2"), echoes_ms=(2.3,))
    with pytest.raises(ValueError, match="components"):
        replace(default("dixon2"), components=("water", "butter"))


def test_a_blur_left_to_the_kernel_is_no_number():
    """A CT's point spread is its kernel's; PET and radiographs state theirs."""
    assert default("pet").stated_blur_mm == 6.0
    with pytest.raises(ValueError, match="ct states no blur"):
        _ = default("ct").stated_blur_mm
