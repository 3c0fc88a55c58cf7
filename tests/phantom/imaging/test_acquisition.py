"""Protocols of the demonstration study."""

from __future__ import annotations

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
        assert a.n_volumes == max(1, len(a.b_s_per_mm2))


def test_series_of_one_geometry():
    """Sagittal spin echoes are rendered together, diffusion and axial stacks are not."""
    assert default("t1").geometry == default("t2").geometry == default("t1_gd_fs").geometry
    assert len({default(name).geometry for name in ("t1", "dwi", "ax_t2", "ct")}) == 4
