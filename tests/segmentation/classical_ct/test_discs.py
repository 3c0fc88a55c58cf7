"""Discs: two endplates that face each other across something darker."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.segmentation.classical_ct import discs
from spinemets.segmentation.classical_ct.curve import FRONT_MM

MARROW, ENDPLATE, DISC = 160.0, 400.0, 80.0


def column(places, half=4, length=220, tilt=0.0, blur=0.0) -> np.ndarray:
    """Sagittal picture (along, front) of a column with its posterior wall 9 mm in front of the curve."""
    along = np.arange(length)[:, None] - tilt * (FRONT_MM[None, :] - 21.5)
    picture = np.full((length, len(FRONT_MM)), MARROW)
    for place in places:
        off = np.abs(along - place)
        picture = np.where(off < half, DISC, np.where(off < half + 2, ENDPLATE, picture))
    if blur:
        from scipy.ndimage import gaussian_filter1d

        picture = gaussian_filter1d(picture, blur, axis=0)
    inside = (FRONT_MM > 9) & (FRONT_MM < 42)
    picture = np.where(inside[None, :], picture, 40.0)
    picture[:, np.argmin(np.abs(FRONT_MM - 9.5))] = 300
    return picture.astype(np.float32)


class TestPosteriorWall:
    def test_where_bone_begins(self, settings):
        wall = discs.posterior_wall(column([40, 75]), settings)
        assert wall == pytest.approx(9.5, abs=1.0)

    def test_without_bone_the_middle_of_the_range(self, settings):
        near, far = settings.wall_mm
        assert (discs.posterior_wall(np.zeros((50, len(FRONT_MM)), np.float32), settings) == (near + far) / 2).all()


class TestFind:
    @pytest.mark.parametrize(("gap", "half"), [(18, 3), (27, 4), (36, 5)])
    def test_every_disc_and_nothing_else(self, settings, gap, half):
        """'disc planes (minima of bone density profile along the column curve)'"""
        places = list(range(25, 200, gap))
        picture = column(places, half)
        found = discs.find(picture, discs.posterior_wall(picture, settings), 1.5, settings)
        assert [d.along_mm for d in found] == pytest.approx(places, abs=2)

    def test_distances_that_grow_downwards(self, settings):
        places = [20, 56, 90, 121, 149, 174, 197]
        picture = column(places)
        found = discs.find(picture, discs.posterior_wall(picture, settings), 1.5, settings)
        assert [d.along_mm for d in found] == pytest.approx(places, abs=2)

    def test_the_tilt_is_followed(self, settings):
        picture = column([40, 75, 110, 145], tilt=np.tan(np.deg2rad(15)))
        found = discs.find(picture, discs.posterior_wall(picture, settings), 1.5, settings)
        assert [np.rad2deg(np.arctan(d.tilt)) for d in found] == pytest.approx([15] * 4, abs=5.1)

    def test_half_distance_of_the_endplates(self, settings):
        picture = column([40, 75, 110, 145], half=4)
        found = discs.find(picture, discs.posterior_wall(picture, settings), 1.5, settings)
        assert {d.half_mm for d in found} <= {4, 5}

    def test_thick_slices_show_one_band(self, settings):
        places = [30, 54, 78, 102, 126, 150]
        picture = column(places, half=2, blur=2.5)
        wall = discs.posterior_wall(picture, settings)
        assert [d.along_mm for d in discs.find(picture, wall, 5.0, settings)] == pytest.approx(places, abs=2)

    def test_marrow_without_discs_is_no_column(self, settings):
        rng = np.random.default_rng(2)
        picture = (column([]) + rng.normal(0, 5, (220, len(FRONT_MM)))).astype(np.float32)
        assert discs.find(picture, discs.posterior_wall(picture, settings), 1.5, settings) == ()

    def test_too_short_for_two_discs(self, settings):
        picture = column([5], length=10)
        assert discs.find(picture, discs.posterior_wall(picture, settings), 1.5, settings) == ()

    def test_made_up_patient(self, upright):
        """Four discs lie between its five vertebrae."""
        places = upright.curve.points[[d.along_mm for d in upright.discs], 2]
        assert places == pytest.approx([47, 85, 123, 161], abs=2)


def test_the_middle_of_a_body_answers_less_than_a_disc(settings):
    picture = column([40, 75, 110, 145])
    response, _, _ = discs.responses(picture, discs.posterior_wall(picture, settings), False, settings)
    assert response[57] <= 0
    assert response[75] > 100


def test_the_slab_around_the_midline_is_averaged(upright):
    assert discs.middle_of(upright.straight).shape == (len(upright.curve), len(FRONT_MM))
