"""Words of classic MR headers as attributes of enhanced ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spinemets.exports.dicom.modules import BODY_PARTS
from spinemets.exports.dicom.mr import MrFacts, MrPoint
from spinemets.exports.dicom.mr_groups import echo_planar, echo_pulse, frame_type, is_original, of_volume, steps
from spinemets.model.acquisition import Diffusion
from spinemets.model.errors import UsageError


@pytest.fixture
def facts() -> MrFacts:
    """A spin echo with everything an original image must state."""
    return MrFacts(
        slice_thickness_mm=4.0, scanning_sequence=("SE",), tr_ms=550.0, te_ms=10.0, ti_ms=165.0, flip_deg=90.0,
        echo_train_length=4, bandwidth_hz_per_px=200.0, field_t=1.5,
    )  # fmt: skip


def groups(facts, point=None):
    return of_volume(facts, point or MrPoint(), BODY_PARTS["LSPINE"], (6, 8))


@pytest.mark.parametrize(("words", "pulse", "trains"), [
    (("SE",), "SPIN", (4, 4, 0)), (("GR",), "GRADIENT", (4, 0, 1)), (("SE", "EP"), "SPIN", (4, 1, 4)),
    (("GR", "EP"), "GRADIENT", (4, 0, 4)), (("SE", "GR"), "BOTH", (4, 4, 0)),
])  # fmt: skip
def test_echoes(words, pulse, trains, facts):
    """Radio frequency echoes are refocused ones; lines of an echo planar readout are gradient echoes."""
    made = replace(facts, scanning_sequence=words)
    timing = groups(made)["MRTimingAndRelatedParametersSequence"]
    assert (echo_pulse(made), echo_planar(made)) == (pulse, "EP" in words)
    assert (timing.EchoTrainLength, timing.RFEchoTrainLength, timing.GradientEchoTrainLength) == trains


def test_modifiers(facts):
    """IR, SP, FC and partial Fourier have attributes of their own."""
    plain = groups(facts)["MRModifierSequence"]
    assert (plain.InversionRecovery, plain.SpatialPresaturation, plain.PartialFourier, plain.Spoiling) == (
        "NO",
        "NONE",
        "NO",
        "NONE",
    )
    assert "InversionTimes" not in plain and "FlowCompensationDirection" not in plain
    words = replace(
        facts, scanning_sequence=("SE", "IR"), scan_options=("SP", "FC", "PFF"), sequence_variant=("SK", "SP")
    )  # fmt: skip
    found = groups(words)["MRModifierSequence"]
    assert (found.InversionRecovery, found.InversionTimes, found.SpatialPresaturation) == ("YES", 165.0, "SLAB")
    assert (found.FlowCompensation, found.PartialFourierDirection, found.Spoiling) == ("VELOCITY", "FREQUENCY", "RF")


def test_steps_follow_the_phase_direction(facts):
    """Phase along rows takes as many steps as there are columns, unless a matrix is stated."""
    assert steps(replace(facts, phase_direction="ROW"), (6, 8)) == (8, 6)
    assert steps(replace(facts, phase_direction="COL"), (6, 8)) == (6, 8)
    assert steps(replace(facts, matrix=(320, 240)), (6, 8)) == (320, 240)
    geometry = groups(replace(facts, phase_direction="COL", acquisition_3d=True))["MRFOVGeometrySequence"]
    assert geometry.InPlanePhaseEncodingDirection == "COLUMN"
    assert geometry.MRAcquisitionPhaseEncodingStepsOutOfPlane == 1


def test_weighting(facts):
    """One direction, an average over directions, none at b = 0."""

    def found(**weighting):
        return groups(facts, MrPoint(diffusion=Diffusion(**weighting)))["MRDiffusionSequence"]

    assert found(b_s_per_mm2=0.0).DiffusionDirectionality == "NONE"
    assert found(b_s_per_mm2=800.0).DiffusionDirectionality == "ISOTROPIC"
    one = found(b_s_per_mm2=400.0, direction_lps=(0.0, 0.6, 0.8))
    assert (one.DiffusionDirectionality, one.DiffusionBValue) == ("DIRECTIONAL", 400.0)
    assert list(one.DiffusionGradientDirectionSequence[0].DiffusionGradientOrientation) == [0.0, 0.6, 0.8]


def test_original_images_state_how_they_were_made(facts):
    """All that is missing is named at once; a map leaves those groups out."""
    with pytest.raises(UsageError, match="must state te_ms, flip_deg, field_t, bandwidth_hz_per_px"):
        groups(replace(facts, te_ms=None, flip_deg=None, field_t=None, bandwidth_hz_per_px=None))
    derived = replace(facts, te_ms=None, frame_type=("DERIVED", "PRIMARY", "DIFFUSION", "ADC"))
    assert set(groups(derived)) == {"FrameAnatomySequence", "MRImageFrameTypeSequence"}
    assert "MREchoSequence" in groups(replace(derived, te_ms=75.0))
    assert is_original(facts, MrPoint()) and not is_original(derived, MrPoint())


def test_a_volume_may_differ_from_its_series(facts):
    """What a point states stands before what the series states."""
    point = MrPoint(te_ms=20.0, component="PHASE", start_s=8.0)
    found = groups(facts, point)
    assert found["MREchoSequence"].EffectiveEchoTime == 20.0
    assert found["TemporalPositionSequence"].TemporalPositionTimeOffset == 8.0
    assert frame_type(facts, point).ComplexImageComponent == "PHASE"
