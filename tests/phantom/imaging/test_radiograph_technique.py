"""View and distances of a radiograph."""

from __future__ import annotations

import pytest

from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.radiograph_technique import Technique


def technique(**changes):
    """The distances of PHA-56."""
    return Technique(**{"view": "AP", "sid_mm": 1100.0, "sod_mm": 900.0, "focal_spot_mm": 1.2, **changes})


def test_the_patient_stands():
    """PHA-10: radiographs show the standing set of curves."""
    assert technique().posture == "standing"
    assert technique(posture="lying").posture == "lying"


@pytest.mark.parametrize("view", ["AP", "PA", "left lateral", "right lateral"])
def test_views(view):
    assert technique(view=view).view == view


def test_other_views_are_refused():
    """A view that no geometry is known for."""
    with pytest.raises(ValueError, match="oblique"):
        technique(view="oblique")


@pytest.mark.parametrize(("sequence", "view"), [("xr_ap", "AP"), ("xr_lat", "left lateral")])
def test_protocols(sequence, view):
    """PHA-56: 0.15 mm, SID 1100, SOD 900, 1e4 to 1e5 photons a pixel."""
    a = default(sequence)
    assert a.xray == technique(view=view, backwards_mm=a.xray.backwards_mm)
    assert (a.modality, a.plane, a.pixel_mm) == ("DX", "projection", 0.15)
    assert 1e4 <= a.noise <= 1e5


def test_views_are_not_rendered_together():
    """Two views of one patient have two geometries."""
    assert default("xr_ap").geometry != default("xr_lat").geometry
    assert hash(default("xr_ap").geometry) != hash(default("xr_lat").geometry)
