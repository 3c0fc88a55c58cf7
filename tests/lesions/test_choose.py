import numpy as np
import pytest

from spinemets.lesions.choose import anchor, coverage, for_vertebra
from spinemets.model.grid import Grid
from spinemets.model.series import GeometryCheck
from spinemets.model.volume import Volume

KINDS = ["ct_bone", "ct", "ct_soft"]


@pytest.fixture
def series_on(make_series):
    def build(uid, kind, z_mm, spacing=1.0, number=1):
        affine = np.diag([1.0, 1.0, spacing, 1.0])
        affine[:3, 3] = (-24, -20, z_mm[0])
        shape = (48, 64, int((z_mm[1] - z_mm[0]) / spacing))
        grid = Grid(shape_ijk=shape, affine_lps_mm=affine)
        volume = Volume(array=np.zeros(shape, np.int16), grid=grid, quantity="attenuation", unit="[hnsf'U]")
        return make_series(uid, kind, volume, number)

    return build


def test_kind_then_coverage_then_slice(blocks, make_study, series_on):
    """MR-GEN-02: "Several candidates: best coverage, then thinnest slice; all listed"."""
    spine = blocks(levels=("L1", "L2")).spine
    lower = spine["L2"]
    whole, thick = series_on("whole", "ct_soft", (0, 64), number=1), series_on("thick", "ct_soft", (0, 64), 2.0, 2)
    half, bone = series_on("half", "ct_soft", (12, 64), number=3), series_on("bone", "ct_bone", (20, 64), 4.0, 4)
    choice = for_vertebra(make_study(thick, half, bone, whole), lower, KINDS)
    assert [s.uid for s in choice.series] == ["bone", "whole", "thick", "half"]
    assert choice.coverage[1] == 1
    assert 0 < choice.coverage[3] < 1


def test_series_elsewhere_of_other_kind_or_refused_are_no_candidates(blocks, make_study, series_on):
    from dataclasses import replace

    spine = blocks(levels=("L1", "L2")).spine
    away, other = series_on("away", "ct", (200, 240)), series_on("t1", "t1", (0, 64))
    refused = replace(series_on("tilt", "ct", (0, 64)), geometry=GeometryCheck(verdict="refused"))
    assert for_vertebra(make_study(away, other, refused), spine["L2"], KINDS).series == ()


def test_coverage_of_nothing_is_zero(blocks, series_on):
    from dataclasses import replace

    body = blocks(levels=("L1",)).spine["L1"].regions["body"]
    series = series_on("a", "ct", (0, 64))
    assert coverage(body, series) == 1
    assert coverage(body, replace(series, grid=None)) == 0


def test_anchor_is_the_body_or_the_largest_region(blocks):
    from dataclasses import replace

    vertebra = blocks(levels=("L1",)).spine["L1"]
    assert anchor(vertebra).name == "body"
    rest = {n: r for n, r in vertebra.regions.items() if n in ("pedicle_left", "posterior_elements")}
    assert anchor(replace(vertebra, regions=rest)).name == "posterior_elements"
    assert anchor(replace(vertebra, regions={})) is None
