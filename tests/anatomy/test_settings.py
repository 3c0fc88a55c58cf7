"""Cut-offs and tuned numbers have one home: the catalogue entries G-02 to G-05."""

from __future__ import annotations

from dataclasses import fields

from spinemets.anatomy.settings import Settings, load
from spinemets.knowledge.catalogue import load as catalogue


def test_every_setting_comes_from_an_entry_and_every_parameter_is_used():
    stated: set[str] = set()
    for name in ("G-02", "G-03", "G-04", "G-05"):
        parameters = set(catalogue()[name].parameters)
        assert not stated & parameters
        stated |= parameters
    assert stated == {f.name for f in fields(Settings)}


def test_types():
    settings = load()
    assert isinstance(settings.min_voxels, int)
    assert all(isinstance(getattr(settings, f.name), int | float) for f in fields(Settings))


def test_values_of_the_specification():
    """G-02 2 %, G-03 inner 80 % and 35 degrees, G-04 45 degrees, rule 0.8: 2 mm, 1.5 voxel, 3 mm, 20 voxels, 0.1 mL."""
    settings = load()
    assert settings.truncated_share == 0.02
    assert settings.inner_share == 0.8
    assert settings.sacrum_tilt_deg == 35.0
    assert settings.wall_angle_deg == 45.0
    assert (settings.erosion_mm, settings.erosion_voxels, settings.endplate_margin_mm) == (2.0, 1.5, 3.0)
    assert (settings.min_voxels, settings.min_volume_ml) == (20, 0.1)
