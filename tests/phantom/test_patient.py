"""Building a patient."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.model.errors import UsageError
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.patient import Phantom, uid


def test_build_is_the_door():
    """`phantom.build(case, seed)` gives a Phantom; the demonstration is the default."""
    patient = phantom.build()
    assert isinstance(patient, Phantom)
    assert (patient.case.name, patient.seed) == ("first-light", 1)


def test_unknown_case():
    """A name that does not exist is a usage error."""
    with pytest.raises(UsageError):
        phantom.build("other")


def test_uids():
    """PHA-60: UIDs are 2.25. + hash: deterministic, different by name, at most 64 characters."""
    assert uid("a", "b") == uid("a", "b")
    assert uid("a", "b") != uid("ab")
    for name in map(str, range(50)):
        made = uid(name)
        assert made.startswith("2.25.")
        assert len(made) <= 64
        assert made[5:].isdigit()
        assert made[5] != "0"


def test_frame_of_reference_is_the_patients():
    """One frame for all series of a patient, another for another seed."""
    one, same, other = phantom.build("normal", 1), phantom.build("normal", 1), phantom.build("normal", 2)
    assert one.frame_of_reference_uid == same.frame_of_reference_uid != other.frame_of_reference_uid


def test_seed_changes_the_patient():
    """Seeds draw sizes and alignment."""
    one, other = phantom.build("normal", 1), phantom.build("normal", 2)
    assert one.anatomy.sizes["L3"] != other.anatomy.sizes["L3"]
    assert not np.allclose(one.anatomy.frames["T11"].origin, other.anatomy.frames["T11"].origin)


def test_cases_of_one_seed_are_one_patient():
    """A lesion changes no size: the same seed is the same person."""
    one, other = phantom.build("normal", 1), phantom.build("ct-lytic", 1)
    assert one.anatomy.sizes == other.anatomy.sizes
    assert np.array_equal(one.anatomy.frames["T10"].origin, other.anatomy.frames["T10"].origin)


def test_truth_is_worked_out_once(first_light):
    """Truth is cached."""
    assert first_light.truth is first_light.truth


def test_postures():
    """Lying is the patient as built; standing has the same bones in other places, and is made once."""
    patient = phantom.build("normal", 1)
    assert patient.posed("lying") is patient.anatomy
    standing = patient.posed("standing")
    assert standing is patient.posed("standing")
    assert standing.sizes == patient.anatomy.sizes
    assert not np.allclose(standing.frames["T12"].origin, patient.anatomy.frames["T12"].origin, atol=1.0)
    assert standing.hosts["L3"] == patient.anatomy.hosts["L3"]


def test_beams_are_those_of_radiographs():
    """The grid of a radiograph is its detector; other series have no beam, and radiographs take no other grid."""
    patient, a = phantom.build("normal", 1), default("xr_ap")
    assert patient.grid(a).shape_ijk == (*patient.beam(a).shape, 1)
    assert patient.beam(a).pixels(patient.grid(a).to_lps_mm((3, 5, 0))) == pytest.approx([3, 5], abs=1e-6)
    with pytest.raises(ValueError, match="t1"):
        patient.beam(default("t1"))
    with pytest.raises(ValueError, match="detector"):
        patient.render_together((a,), patient.grid(default("ct")))
