"""The classical CT method as a Segmenter: instances without names, on the image's own voxels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets import phantom
from spinemets.anatomy.locate import locate
from spinemets.anatomy.options import LevelOptions
from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.region import Region
from spinemets.model.series import Recognition, Series
from spinemets.model.study import PatientFacts, Study
from spinemets.model.volume import Volume
from spinemets.phantom.imaging.acquisition import default
from spinemets.segmentation.classical_ct.segmenter import SCHEME, ClassicalCt
from spinemets.testing.scene import UPRIGHT


def study_of(array: np.ndarray, grid: Grid, kind: str = "ct", padding=None) -> Study:
    volume = Volume(array=np.array(array), grid=grid, quantity="attenuation", unit="[hnsf'U]", padding=padding)
    series = Series(
        uid="1.2.3",
        number=1,
        label="series 1",
        acquisition=Acquisition(),
        load=lambda: volume,
        grid=grid,
        recognition=Recognition(kind=kind),
    )
    return Study(uid="1", patient=PatientFacts(), series=(series,))


@pytest.fixture(scope="module")
def digital():
    """CT of the digital spine on voxels of 2 mm, and its vertebrae by VerSe number."""
    patient = phantom.build("normal", 1)
    protocol = default("ct_soft3")
    full = patient.grid(protocol)
    affine = np.array(full.affine_lps_mm)
    affine[:3, :3] = full.axes * 2.0
    shape = tuple(int(n * s / 2.0) for n, s in zip(full.shape_ijk, full.spacing_mm, strict=True))
    grid = Grid(shape_ijk=shape, affine_lps_mm=affine)
    volume = patient.render_together((protocol,), grid)[0]
    labels = patient.labels(grid)
    truth = {n: Region.from_mask(str(n), labels == n, grid) for n in range(18, 25)}
    return volume.array, grid, truth


@pytest.fixture(scope="module")
def outlined(digital):
    array, grid, _ = digital
    (found,) = ClassicalCt().segment(study_of(array, grid))
    return found


class TestDigitalSpine:
    def test_every_whole_vertebra_is_found_once(self, outlined, digital, dice):
        """T11 to L5 lie whole in the field."""
        _, _, truth = digital
        best = {n: max((dice(p.region, r), k) for k, p in enumerate(outlined.of("vertebra"))) for n, r in truth.items()}
        assert [k for _, k in best.values()] == list(range(7))
        assert min(score for score, _ in best.values()) > 0.7
        assert np.mean([score for score, _ in best.values()]) > 0.75

    def test_levels_are_not_named(self, outlined):
        """'gives vertebra instances without level (level None), canal'"""
        assert {p.level for p in outlined.parts} == {None}
        assert (outlined.naming, outlined.scheme, outlined.body_only) == ("none", SCHEME, False)
        assert [p.structure for p in outlined.parts] == ["vertebra"] * 7 + ["canal"]

    def test_bound_to_its_series_and_grid(self, outlined, digital):
        assert outlined.series_uid == "1.2.3"
        assert outlined.grid == digital[1]
        assert all(p.region.grid == digital[1] for p in outlined.parts)

    def test_what_it_is_worth_is_said(self, outlined):
        assert "approximate" in outlined.warnings[0]
        assert outlined.source == "classical_ct"

    def test_thick_slices(self, digital, dice):
        """'0.6-5 mm slices'"""
        array, grid, truth = digital
        n = array.shape[2] // 2
        thick = array[:, :, : 2 * n].reshape(*array.shape[:2], n, 2).mean(axis=3).astype(np.int16)
        affine = np.array(grid.affine_lps_mm)
        affine[:3, 3] += affine[:3, 2] / 2
        affine[:3, 2] *= 2
        coarse = Grid(shape_ijk=thick.shape, affine_lps_mm=affine)
        (found,) = ClassicalCt().segment(study_of(thick, coarse))
        lumbar = Region.from_mask("L3", truth[22].full_mask()[:, :, 0 : 2 * n : 2], coarse)
        assert max(dice(p.region, lumbar) for p in found.of("vertebra")) > 0.65

    def test_instances_become_relative_levels(self, outlined, digital):
        array, grid, _ = digital
        spine = locate(study_of(array, grid), (outlined,), LevelOptions())
        assert len(spine.vertebrae) == 7
        assert {v.level.name for v in spine.vertebrae} == {None}


class TestMadeUpPatient:
    @pytest.mark.parametrize(
        "orientation",
        [UPRIGHT, ((2, 0, 1), (True, False, True)), ((1, 2, 0), (False, True, False))],
        ids=["upright", "slices first", "sagittal"],
    )
    def test_any_orientation(self, ct_study, orientation, dice):
        study, truth = ct_study(orientation)
        (found,) = ClassicalCt().segment(study)
        for name, part in zip(("L2", "L3", "L4"), found.of("vertebra"), strict=True):
            (known,) = (p for p in truth.parts if p.level == name)
            assert dice(part.region, known.region) > 0.9

    def test_the_same_voxels_however_the_array_is_stored(self, ct_study):
        counts = []
        for orientation in (UPRIGHT, ((2, 0, 1), (True, False, True))):
            (found,) = ClassicalCt().segment(ct_study(orientation)[0])
            counts.append([p.region.n_voxels for p in found.parts])
        assert counts[0] == counts[1]

    def test_mr_is_not_touched(self, ct_study):
        (found,) = ClassicalCt().segment(ct_study()[0])
        assert found.series_uid == ct_study()[0].series[0].uid

    def test_input_is_left_alone(self, ct_study):
        study, _ = ct_study()
        before = study.series[0].pixels().array.copy()
        ClassicalCt().segment(study)
        assert (study.series[0].pixels().array == before).all()

    def test_padding_is_air(self, ct_study):
        study, _ = ct_study()
        volume = study.series[0].pixels()
        padding = np.zeros(volume.array.shape, bool)
        padding[:, :4] = True
        array = np.where(padding, 3000, volume.array)
        (found,) = ClassicalCt().segment(study_of(array, volume.grid, padding=padding))
        assert len(found.of("vertebra")) == 3


class TestNoSpine:
    """'finds no spine -> empty tuple, no invention'"""

    def grid(self, n: int = 80) -> Grid:
        return Grid(shape_ijk=(n, n, n), affine_lps_mm=np.diag([1.5, 1.5, 1.5, 1.0]))

    def test_noise(self):
        noise = np.random.default_rng(0).normal(40, 200, (80, 80, 80)).astype(np.int16)
        assert ClassicalCt().segment(study_of(noise, self.grid())) == ()

    @pytest.mark.parametrize("hu", [-1000, 0, 40, 1000])
    def test_one_value(self, hu):
        assert ClassicalCt().segment(study_of(np.full((80, 80, 80), hu, np.int16), self.grid())) == ()

    def test_a_limb(self):
        """A tube of cortex around marrow."""
        i, j = np.indices((80, 80)) - 40
        off = np.hypot(i, j) * 1.5
        section = np.where(off < 7, -60, np.where(off < 13, 1200, np.where(off < 50, 45, -1000)))
        limb = np.repeat(section[..., None], 80, axis=2).astype(np.int16)
        assert ClassicalCt().segment(study_of(limb, self.grid())) == ()

    def test_other_kinds_and_a_stack_over_time(self, ct_study):
        study, _ = ct_study()
        volume = study.series[0].pixels()
        assert ClassicalCt().segment(study_of(volume.array, volume.grid, kind="localizer")) == ()
        moving = np.repeat(volume.array[..., None], 2, axis=3)
        assert ClassicalCt().segment(study_of(moving, volume.grid)) == ()

    def test_a_few_slices(self, ct_study):
        study, _ = ct_study()
        volume = study.series[0].pixels()
        few = volume.grid.crop((0, 0, 60), (*volume.array.shape[:2], 8))
        assert ClassicalCt().segment(study_of(volume.array[:, :, 60:68], few)) == ()

    def test_a_study_without_series(self):
        assert ClassicalCt().segment(Study(uid="1", patient=PatientFacts())) == ()

    def test_refused_geometry(self, ct_study):
        from spinemets.model.series import GeometryCheck

        study, _ = ct_study()
        refused = replace(study.series[0], geometry=GeometryCheck(verdict="refused"))
        assert ClassicalCt().segment(replace(study, series=(refused,))) == ()
