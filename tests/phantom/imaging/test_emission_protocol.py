"""What emission adds to a protocol."""

from __future__ import annotations

import pytest

from spinemets.phantom.imaging.acquisition import default, sequences
from spinemets.phantom.imaging.emission_protocol import Emission

GIVEN = {"tracer": "fdg", "dose_mbq": 250.0, "uptake_min": 60.0, "frame_s": 120.0}


def test_protocols_of_the_table():
    """PHA-54: PET 4 x 4 x 3 mm, 6 mm, FDG after 60 min, values at the start, at injection, or not corrected; CV 12 %."""
    pet = default("pet")
    assert (pet.modality, pet.pixel_mm, pet.slice_mm, pet.blur_mm, pet.noise) == ("PT", 4.0, 3.0, 6.0, 0.12)
    assert (pet.emission.tracer, pet.emission.uptake_min, pet.emission.planar) == ("fdg", 60.0, False)
    how = {name: default(name).emission.decay_correction for name in ("pet", "pet_admin", "pet_uncorrected")}
    assert how == {"pet": "START", "pet_admin": "ADMIN", "pet_uncorrected": "NONE"}
    assert not default("pet_nac").emission.attenuation_corrected
    assert {name for name in sequences() if default(name).modality in ("PT", "NM")} == {
        name for name in sequences() if default(name).emission is not None
    }


@pytest.mark.parametrize("change", [{"tracer": "psma"}, {"decay_correction": "SCAN"}])
def test_unknown_words(change):
    """A tracer or a convention that is none is refused where it is stated."""
    with pytest.raises(ValueError, match="is not one of"):
        Emission(**{**GIVEN, **change})


def test_views_are_what_has_counts():
    """A stated number of counts makes a planar scan."""
    assert Emission(**GIVEN, counts=1e6).planar and not Emission(**GIVEN).planar
