"""Grids: what is stepped through, step by step."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.cases.grids import ADC_MM2_PER_S, FAT_FRACTIONS, IVIM, RADII_MM, SMALL_MM
from spinemets.phantom.cases.ingredients import LUMBAR_FIELD
from spinemets.phantom.cases.named import case_of
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.mr_signals import MrContrast
from spinemets.phantom.pathology.measure import measure


def test_radii_of_the_lesion_grid():
    """One ball a level, and the number in the name is the mineral left."""
    case = case_of("lesion-grid-0.60")
    assert tuple(insert.region.radii_mm[0] for insert in case.inserts) == RADII_MM
    assert {insert.mineral_retained for insert in case.inserts} == {0.6}


def test_diffusion_steps():
    found = [insert.tissue.diffusion.adc_mm2_per_s for insert in case_of("adc-grid").inserts]
    assert tuple(found) == ADC_MM2_PER_S


def test_steps_of_two_exponentials():
    """Share, D and D* as stated, and no fat that would be displaced into or out of a ball; enough weightings to tell them."""
    case = case_of("ivim-grid")
    found = [insert.tissue.diffusion for insert in case.inserts]
    assert tuple((d.perfused_share, d.d_mm2_per_s, d.dstar_mm2_per_s) for d in found) == IVIM
    assert {insert.tissue.fat_fraction for insert in case.inserts} == {0.0}
    assert len({insert.tissue.name for insert in case.inserts}) == len(IVIM)
    b = default(case.series[0]).b_s_per_mm2
    assert len(b) == 9 and sum(1 <= one <= 150 for one in b) >= 4


@pytest.mark.parametrize(("name", "t2star_ms"), [("pdff-grid", 5.0), ("pdff-grid-30", 30.0)])
def test_fat_steps(name, t2star_ms):
    """Eleven fat fractions, two balls a level on either side, at one T2*."""
    inserts = case_of(name).inserts
    assert [i.tissue.fat_fraction for i in inserts] == pytest.approx(FAT_FRACTIONS, abs=2e-3)
    assert {i.tissue.t2star_ms for i in inserts} == {t2star_ms}
    assert inserts[0].centre_mm[0] == -inserts[1].centre_mm[0] > 0
    assert inserts[0].level == inserts[1].level


def test_curves_differ_in_kinetics():
    """Leak and plasma grow from level to level."""
    perfusion = [insert.tissue.perfusion for insert in case_of("dce-types").inserts]
    assert [p.ktrans_per_min for p in perfusion] == sorted(p.ktrans_per_min for p in perfusion)
    assert perfusion[-1].vp > perfusion[1].vp


def test_bright_and_dark_of_the_suppression_table():
    """Fat and blood are bright on T1; only fat goes dark with suppression."""
    by_name = {insert.tissue.name: insert.tissue for insert in case_of("fs-table").inserts}

    def signal(sequence, name):
        return abs(sum(MrContrast(default(sequence)).tissue(by_name[name])))

    assert min(signal("t1", "fat"), signal("t1", "blood")) > 1.5 * signal("t1", "tumour")
    assert signal("stir", "fat") < 0.2 * signal("stir", "tumour")


@pytest.mark.slow
def test_pedicle_shares():
    """The share of each left pedicle grows from level to level."""
    lesions = phantom.build("xr-pedicle", 1).truth["lesions"]
    shares = [x["arch_shares"]["pedicle_left"] for x in lesions]
    assert shares == sorted(shares)
    assert shares[2] == pytest.approx(0.35, abs=0.03)
    assert shares[-1] == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("name", ["xr-detect-grid", "xr-pedicle", "xr-scallop"])
def test_radiograph_grids_have_radiographs(name):
    """Both views, with the CT that tells what they should show."""
    assert case_of(name).series == ("ct", "xr_ap", "xr_lat")


def test_mineral_loss_of_the_detection_grid():
    """The number in the name is the share of the mineral lost; diameters of 5 to 20 mm."""
    inserts = case_of("xr-detect-grid-0.80").inserts
    assert {round(insert.mineral_retained, 6) for insert in inserts} == {0.2}
    assert [2 * insert.region.radii_mm[0] for insert in inserts] == [5.0, 7.5, 10.0, 12.5, 15.0, 17.5, 20.0]


@pytest.mark.parametrize("name", ["lesion-grid", "xr-detect-grid", "adc-grid", "ivim-grid", "fs-table", "pet-suv"])
def test_one_ball_a_level_from_head_to_feet(name):
    """Each level of the field once, in order, in the middle of the body and of one id each."""
    inserts = case_of(name).inserts
    assert tuple(i.level for i in inserts) == LUMBAR_FIELD
    assert {i.region.centre_mm[0] for i in inserts} == {0.0}
    assert len({i.id for i in inserts}) == len(inserts)


@pytest.mark.parametrize("name", ["adc-grid", "ivim-grid", "csi-grid", "pdff-grid", "fs-table", "dce-types"])
def test_balls_of_a_grid_lie_clear_of_each_other_and_of_bone(name, normal):
    """Whole balls inside the marrow, all of one volume; two of one level do not touch."""
    inserts = case_of(name).inserts
    for insert in inserts:
        vertebra = normal.anatomy.vertebra(insert.level)
        volume = measure(insert, vertebra, normal.anatomy.fields).volume_mm3
        assert volume == pytest.approx(4 / 3 * np.pi * SMALL_MM**3, rel=0.02), insert.id
    for one, other in pairwise(inserts):
        if one.level == other.level:
            assert np.linalg.norm(np.subtract(one.centre_mm, other.centre_mm)) > 2 * SMALL_MM


@pytest.mark.parametrize("name", ["adc-grid", "ivim-grid", "csi-grid", "pdff-grid", "fs-table", "dce-types"])
def test_balls_of_mr_grids_keep_their_mineral(name):
    """CT must have no say: trabeculae stay between the changed marrow."""
    assert {(i.mineral_retained, i.kind) for i in case_of(name).inserts} == {(1.0, "grid")}


def test_balls_are_as_even_as_a_test_object():
    """Every voxel holds the stated fat fraction: marrow's own patches (a quarter of its fat here) would take 0.9 above 1."""
    patient = phantom.build("pdff-grid", 1)
    clean = {"noise": float("inf"), "acquired_share": (1.0, 1.0), "bandwidth_hz_per_px": 1e9, "stored": 2500.0}
    acquisition = replace(default("dixon"), **clean, n_slices=8, echoes_ms=(2.2, 4.6))
    found = patient.render("dixon", acquisition)
    places = found.grid.to_lps_mm(np.stack(np.meshgrid(*map(np.arange, found.grid.shape_ijk), indexing="ij"), axis=-1))
    contrast = [MrContrast(acquisition, volume) for volume in (0, 1)]
    for insert, ball in zip(patient.case.inserts, patient.truth["lesions"], strict=True):
        inside = np.linalg.norm(places - np.array(ball["centroid_lps_mm"]), axis=-1) < 3.0
        ratio = found.array[inside, 0] / found.array[inside, 1].astype(float)
        expected = [one.magnitude(one.tissue(insert.tissue)) for one in contrast]
        assert ratio == pytest.approx(expected[0] / expected[1], abs=0.02), insert.id


@pytest.mark.parametrize("loss", [0.1, 0.3, 0.9])
def test_the_number_is_kept_in_the_name(loss):
    """The case of a number is found again under its own name, and equals itself."""
    case = case_of(f"xr-detect-grid-{loss:.2f}")
    assert case == case_of(case.name)
    assert case.inserts[0].mineral_retained == pytest.approx(1 - loss)


def test_hollows_of_back_walls_deepen():
    """1 to 6 mm, every one in the posterior wall, nothing left in it."""
    inserts = case_of("xr-scallop").inserts
    depths = [i.shape.depth_mm for i in inserts]
    assert depths == sorted(depths) and (depths[0], depths[-1]) == (1.0, 6.0)
    assert {(i.shape.wall, i.mineral_retained, i.breaks_cortex) for i in inserts} == {("posterior", 0.0, True)}
