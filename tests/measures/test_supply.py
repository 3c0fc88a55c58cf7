"""design 4: what a criterion needs is found by the runner's supply, or named as missing; never replaced by another thing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.knowledge.catalogue import Criterion, Needs
from spinemets.lesions.choose import anchor, coverage
from spinemets.lesions.contrast import eroded
from spinemets.measures.supply import Supply, lesion_arguments, series_facts
from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.lesion import Found, Lesion
from spinemets.model.level import Level
from spinemets.model.measurement import Refused
from spinemets.model.parametric_map import Computed, NotMapped
from spinemets.model.reference import NoReference, Reference
from spinemets.model.region import CortexProfile, Region, Surface
from spinemets.model.series import GeometryCheck, Recognition, Series
from spinemets.model.spine import Spine, Vertebra
from spinemets.model.study import PatientFacts, Study
from spinemets.model.study_view import SeriesMotion
from spinemets.model.volume import Volume


def grid(shape=(20, 20, 20), spacing=(1.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0), frame: str | None = None) -> Grid:
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = origin
    return Grid(shape_ijk=shape, affine_lps_mm=affine, frame_of_reference_uid=frame)


def series(number: int, kind: str, where: Grid | None, **more) -> Series:
    def load() -> Volume:
        assert where is not None
        array = np.full(where.shape_ijk, 100.0, np.float32)
        return Volume(array=array, grid=where, quantity="attenuation", unit="[hnsf'U]", series_uid=f"1.{number}")

    return Series(
        uid=f"1.{number}", number=number, label=f"series {number}", acquisition=Acquisition(modality="CT", kvp=100.0),
        load=load, grid=where, recognition=Recognition(kind=kind), **more,
    )  # fmt: skip


def cube(name: str = "body", low: int = 5, high: int = 11, where: Grid | None = None) -> Region:
    where = where or grid()
    mask = np.zeros(where.shape_ijk, bool)
    mask[low:high, low:high, low:high] = True
    return Region.from_mask(name, mask, where)


def vertebra(name: str = "L3", **more) -> Vertebra:
    level = Level(name=name, position=1, of=1, method="label map")
    return Vertebra(**{"level": level, "frame": None, "regions": {"body": cube()}, **more})


def supply(*members: Series, labels: Grid | None = None, found: Found | None = None, **more) -> Supply:
    spine = Spine(vertebrae=(vertebra(**more),), grid=labels or grid())
    return Supply(study=Study(uid="9", patient=PatientFacts(), series=members), spine=spine, found=found or Found())


class TestCandidates:
    """MR-GEN-02: 'Several candidates: best coverage, then thinnest slice'."""

    def order(self, kinds, *members: Series) -> list[int]:
        chosen = supply(*members).candidates(kinds, vertebra())
        assert not isinstance(chosen, Refused), chosen
        return [s.number for s in chosen]

    def test_the_entrys_order_of_kinds_comes_first(self):
        thin_soft = series(1, "ct_soft", grid())
        thick_bone = series(2, "ct_bone", grid(shape=(20, 20, 7), spacing=(1, 1, 3)))
        assert self.order(["ct_bone", "ct_soft"], thin_soft, thick_bone) == [2, 1]
        assert self.order(["ct_soft", "ct_bone"], thin_soft, thick_bone) == [1, 2]

    def test_then_the_series_that_covers_more_of_the_vertebra(self):
        half = series(1, "ct_bone", grid(shape=(20, 20, 8)))
        whole = series(2, "ct_bone", grid(shape=(20, 20, 7), spacing=(1, 1, 3)))
        assert self.order(["ct_bone"], half, whole) == [2, 1]

    def test_then_the_thinner_slice(self):
        thick = series(1, "ct_bone", grid(shape=(20, 20, 7), spacing=(1, 1, 3)))
        thin = series(2, "ct_bone", grid(shape=(20, 20, 20)))
        assert self.order(["ct_bone"], thick, thin) == [2, 1]

    def test_then_the_number_so_that_two_runs_agree(self):
        """REP-12: 'Two runs on the same input are byte-equal'."""
        a, b = series(2, "ct_bone", grid()), series(1, "ct_bone", grid())
        assert self.order(["ct_bone"], a, b) == [1, 2]

    def test_without_a_vertebra_kind_and_number_decide(self):
        members = (series(3, "t1", grid()), series(2, "stir", grid()), series(1, "stir", grid()))
        chosen = supply(*members).candidates(["stir", "t1"], None)
        assert not isinstance(chosen, Refused)
        assert [s.number for s in chosen] == [1, 2, 3]

    @pytest.mark.parametrize(
        ("members", "kinds", "code", "word"),
        [
            ((), ["stir"], "NA-SERIES", "no STIR series"),
            ((("ct_bone", "ok"),), ["t2"], "NA-SERIES", "no T2 series"),
            ((("t1_flair", "ok"),), ["t1"], "NA-SEQUENCE", "series 1 is t1_flair; needs T1 spin echo"),
            ((("ct_soft", "ok"),), ["ct_bone"], "NA-SEQUENCE", "needs CT with a bone kernel"),
            ((("t1", "refused"),), ["t1"], "NA-GEOMETRY", "series 1: slices missing"),
        ],
    )
    def test_why_there_is_none(self, members, kinds, code, word):
        """signs.md 0.6: which of the codes, and what was found instead."""
        made = [
            series(n, kind, grid(), geometry=GeometryCheck(verdict=verdict, notes=("slices missing",)))
            for n, (kind, verdict) in enumerate(members, 1)
        ]
        refused = supply(*made).candidates(kinds, vertebra())
        assert isinstance(refused, Refused)
        assert (refused.code, word in refused.missing) == (code, True), refused
        assert refused.remedy

    def test_a_refusal_without_a_note_still_says_why(self):
        bent = series(1, "t1", grid(), geometry=GeometryCheck(verdict="refused"))
        refused = supply(bent).candidates(["t1"], None)
        assert isinstance(refused, Refused)
        assert "no trusted geometry" in refused.missing

    def test_a_series_that_moved_too_far(self):
        """G-10: 'more, or no overlap: criteria needing both `NA-REGISTRATION`'; one that is bent too keeps its own reason."""
        gone = GeometryCheck(verdict="refused", notes=("content 9 mm down",))
        bent = GeometryCheck(verdict="refused", notes=("slices missing",))
        moved, broken = series(2, "t1", grid(), geometry=gone), series(3, "t1", grid(), geometry=bent)
        motion = SeriesMotion(reference_uid="1.1", moving_uid="1.2", verdict="refused", sentence="content 9 mm down")
        for members, code in (((moved,), "NA-REGISTRATION"), ((moved, broken), "NA-GEOMETRY")):
            given = supply(*members)
            refused = replace(given, study=replace(given.study, motions=(motion,))).candidates(["t1"], vertebra())
            assert isinstance(refused, Refused)
            assert refused.code == code
            assert "content 9 mm down" in refused.missing

    @pytest.mark.parametrize(
        ("kinds", "words"),
        [
            (["ct", "ct_bone", "ct_soft"], "no CT series"),
            (["ct_bone", "ct_soft"], "no CT with a bone kernel or CT with a soft-tissue kernel series"),
            (["t2_fs", "stir"], "no STIR or fat-suppressed T2 series"),
        ],
    )
    def test_kinds_are_named_as_a_reader_knows_them(self, kinds, words):
        refused = supply().candidates(kinds, None)
        assert isinstance(refused, Refused)
        assert refused.missing == words

    def test_another_frame_of_reference_is_not_measured_with_these_labels(self):
        """P2: 'never overlay across frames of reference'."""
        refused = supply(series(1, "t1", grid(frame="1.5")), labels=grid(frame="1.6")).candidates(["t1"], vertebra())
        assert isinstance(refused, Refused)
        assert refused.code == "NA-REGISTRATION"

    def test_unknown_frames_are_not_contradicted(self):
        chosen = supply(series(1, "t1", grid(frame="1.5")), labels=grid()).candidates(["t1"], vertebra())
        assert not isinstance(chosen, Refused)

    def test_a_level_outside_is_named(self):
        far = series(1, "t1", grid(origin=(0, 0, 300)))
        refused = supply(far).candidates(["t1"], vertebra())
        assert isinstance(refused, Refused)
        assert (refused.code, refused.missing) == ("NA-COVERAGE", "L3 is outside series 1")


def share_in_view(one, member) -> float:
    """Coverage by the rule that `candidates` uses; a vertebra without a voxel has nothing to cover."""
    stands_for_it = anchor(one)
    return 0.0 if stands_for_it is None else coverage(stands_for_it, member)


class TestCoverage:
    @pytest.mark.parametrize(("slices", "share"), [(20, 1.0), (8, 0.5), (6, 1 / 6), (5, 0.0)])
    def test_share_of_the_body_in_view(self, slices: int, share: float):
        """Voxel centres 5 to 10 along z against a grid of so many slices."""
        member = series(1, "t1", grid(shape=(20, 20, slices)))
        assert share_in_view(vertebra(), member) == pytest.approx(share, abs=0.02)

    def test_nothing_to_cover(self):
        member = series(1, "t1", grid())
        assert share_in_view(vertebra(regions={}), member) == 0.0
        assert share_in_view(vertebra(), replace(member, grid=None)) == 0.0
        empty = Region.from_mask("body", np.zeros((20, 20, 20), bool), grid())
        assert share_in_view(vertebra(regions={"body": empty}), member) == 0.0

    def test_another_region_stands_in_for_the_body(self):
        member = series(1, "t1", grid())
        assert share_in_view(vertebra(regions={"posterior_elements": cube()}), member) == 1.0


class TestRegions:
    def test_the_mask_comes_to_the_image_and_is_remembered(self):
        """Style habit 4: 'the measured image is never resampled'."""
        coarse = series(1, "t1", grid(shape=(10, 10, 10), spacing=(2, 2, 2)))
        one = supply(coarse)
        region = one.region(vertebra(), "body", coarse)
        assert isinstance(region, Region)
        assert region.grid == coarse.grid
        assert region.volume_mm3 == pytest.approx(216, rel=0.3)
        assert one.region(vertebra(), "body", coarse) is region

    def test_a_region_between_the_slices_is_na_few(self):
        """'Missing, too small: a refusal. Never 0.'"""
        thin = Region.from_mask("body", np.eye(20, dtype=bool)[:, :, None] & (np.arange(20) == 6), grid())
        gaps = series(1, "t1", grid(shape=(20, 20, 2), spacing=(1, 1, 15)))
        refused = supply(gaps).region(vertebra(regions={"body": thin}), "body", gaps)
        assert isinstance(refused, Refused)
        assert refused.code == "NA-FEW"
        assert "no voxel of the body in series 1" in refused.missing

    @pytest.mark.parametrize(
        "code",
        ["NA-SEGMENTATION", "NA-COVERAGE", "NA-ANATOMY", "NA-RESOLUTION", "NA-FEW", "NA-GEOMETRY", "NA-ARTEFACT",
         "NA-REFERENCE", "NA-META"],
    )  # fmt: skip
    def test_why_a_vertebra_lacks_a_region(self, code):
        lacking = vertebra(regions={}, missing={"pedicle_left": (code, "it is cut")})
        refused = supply().region(lacking, "pedicle_left", series(1, "t1", grid()))
        assert isinstance(refused, Refused)
        assert (refused.code, refused.missing) == (code, "L3: it is cut")

    def test_a_region_nobody_spoke_of(self):
        refused = supply().region(vertebra(), "pedicle_left", series(1, "t1", grid()))
        assert isinstance(refused, Refused)
        assert (refused.code, "pedicle left was not found" in refused.missing) == ("NA-SEGMENTATION", True)

    def test_one_voxel_smaller_on_every_side(self):
        """0.9: 'repeat with the region eroded by one voxel'."""
        smaller = eroded(cube())
        assert smaller.n_voxels == 4**3
        assert smaller.start_ijk == (6, 6, 6)
        assert (smaller.name, smaller.grid) == ("body", cube().grid)

    def test_a_thin_region_vanishes(self):
        assert eroded(cube(low=5, high=7)).n_voxels == 0

    def test_erosion_does_not_stop_at_the_bounding_box(self):
        """A region that fills its own box still loses its outer layer."""
        whole = cube(low=0, high=20)
        assert eroded(whole).n_voxels == 18**3


class TestMaps:
    """Maps are not searched: their focus is what another series shows."""

    def lesion(self, name, uid, criterion, ml, *, kind="t1_dark", endplate=0.0) -> Lesion:
        values = {"at_upper_endplate": endplate, "at_lower_endplate": 0.0}
        return Lesion(
            id=name, level_id="L3", series_uid=uid, criterion=criterion, region=cube("lesion", 6, 9), kind=kind,
            volume_ml=ml, volume_ci95_ml=(0, 1), diameters_mm={}, share_of_body=None, compartments={}, values=values,
            centroid_lps_mm=np.zeros(3),
        )  # fmt: skip

    def focus(
        self, *lesions, searched=(("1.1", "MR-T1-03"), ("1.2", "CT-02")), criteria=("MR-T1-03", "CT-02"), frame=None
    ):
        coarse = grid(shape=(10, 10, 10), spacing=(2, 2, 2), frame=frame)
        members = [series(1, "t1", grid()), series(2, "ct", grid(frame="1.2")), series(3, "adc_map", coarse)]
        found = Found(lesions=lesions, searched=frozenset((uid, "L3", c) for uid, c in searched))
        return supply(*members, found=found).focus(vertebra(), criteria, members[2])

    def test_the_first_criterion_that_shows_one(self):
        got = self.focus(
            self.lesion("L3-1", "1.2", "CT-02", 9, kind="blastic"), self.lesion("L3-1t1", "1.1", "MR-T1-03", 1)
        )
        assert (
            got.lesion_id == "L3-1t1" and got.kinds == {"t1_dark", "blastic"} and got.searched == ("MR-T1-03", "CT-02")
        )
        assert got.region.grid.shape_ijk == (10, 10, 10) and got.region.n_voxels > 0

    def test_the_largest_that_no_endplate_explains(self):
        got = self.focus(
            self.lesion("L3-1t1", "1.1", "MR-T1-03", 9, endplate=1.0),
            self.lesion("L3-2t1", "1.1", "MR-T1-03", 1),
            self.lesion("L3-3t1", "1.1", "MR-T1-03", 2),
        )
        assert got.lesion_id == "L3-3t1"

    def test_none_found_is_not_none_searched(self):
        assert self.focus().searched == ("MR-T1-03", "CT-02") and self.focus().region is None
        assert self.focus(searched=()).searched == ()

    def test_another_patient_space_is_not_used(self):
        got = self.focus(self.lesion("L3-1", "1.2", "CT-02", 9), frame="9.9")
        assert got.region is None and got.searched == ("MR-T1-03",)

    def test_facts_of_a_map(self):
        """What it was computed with comes before the header of its source."""
        computed = Computed(map_kind="adc", quantity="q", from_uids=("1.1",), method="m", facts={"noise_sigma": 2.0})
        one = series(1, "adc_map", grid(), computed=computed)
        assert series_facts(one, ["noise_sigma", "kvp"]) == {"noise_sigma": 2.0, "kvp": 100.0}

    def test_why_there_is_no_map(self):
        reason = NotMapped(kind="adc", source="series 5", reason="There is one b-value.", remedy="Give two.")
        other = NotMapped(kind="suv", source="series 6", reason="No dose.")
        spine = Spine(vertebrae=(vertebra(),), grid=grid())
        study = Study(uid="9", patient=PatientFacts(), series=(series(1, "dwi", grid()),), not_mapped=(reason, other))
        refused = Supply(study=study, spine=spine, found=Found()).candidates(["adc_map"], vertebra())
        assert refused == Refused(code="NA-META", missing="series 5: there is one b-value", remedy="Give two.")
        assert "ADC" not in Supply(study=study, spine=spine, found=Found()).candidates(["t1"], vertebra()).missing


class TestReferences:
    def test_no_neighbour_known(self):
        refused = supply().normal(vertebra(), series(1, "t1", grid()))
        assert isinstance(refused, Refused)
        assert refused.code == "NA-REFERENCE"

    def test_the_reason_of_the_search_is_passed_on(self):
        nothing = NoReference(
            tissue="normal_marrow", code="NA-REFERENCE", missing="no neighbour", remedy="More levels."
        )
        refused = supply(found=Found(normal={("1.1", "L3"): nothing})).normal(vertebra(), series(1, "t1", grid()))
        assert refused == Refused(code="NA-REFERENCE", missing="no neighbour", remedy="More levels.")

    def test_normal_marrow_is_that_of_this_series(self):
        normal = Reference(
            tissue="normal_marrow", median=1, spread=1, standard_error=1, n_voxels=9, n_effective=4, members=("L2",)
        )
        one = supply(found=Found(normal={("1.1", "L3"): normal}))
        assert one.normal(vertebra(), series(1, "t1", grid())) is normal
        assert isinstance(one.normal(vertebra(), series(2, "t1", grid())), Refused)

    def test_a_reference_is_looked_for_once(self, monkeypatch):
        calls = []
        muscle = Reference(tissue="muscle", median=1, spread=1, standard_error=1, n_voxels=9, n_effective=4, members=())
        monkeypatch.setattr("spinemets.measures.supply.reference", lambda *given: calls.append(given[3]) or muscle)
        member = series(1, "t1", grid())
        one = supply(member)
        assert [one.reference(vertebra(), "muscle", member) for _ in range(2)] == [muscle, muscle]
        assert calls == ["muscle"]

    def test_no_reference_is_a_refusal(self, monkeypatch):
        nothing = NoReference(tissue="disc", code="NA-COVERAGE", missing="no disc in view")
        monkeypatch.setattr("spinemets.measures.supply.reference", lambda *given: nothing)
        member = series(1, "t1", grid())
        assert supply(member).reference(vertebra(), "disc", member) == Refused(
            code="NA-COVERAGE", missing="no disc in view"
        )


def surface(n: int = 3) -> Surface:
    points = np.full((n, 3), 8.0) + np.arange(n)[:, None] * [0, 0, 1]
    return Surface(
        name="anterior", points_lps_mm=points, normals=np.tile([0.0, -1.0, 0.0], (n, 1)), areas_mm2=np.ones(n),
        uv_mm=np.zeros((n, 2)), excluded=np.zeros(n, bool),
    )  # fmt: skip


class TestCortex:
    def test_a_wall_is_walked_once(self):
        member = series(1, "ct_bone", grid())
        one, ct = supply(member), member.pixels()
        walled = vertebra(surfaces={"anterior": surface()})
        profile = one.cortex(walled, "anterior", "wall", member, ct)
        assert isinstance(profile, CortexProfile)
        assert one.cortex(walled, "anterior", "wall", member, ct) is profile

    def test_pedicles_have_surfaces_of_their_own(self):
        member = series(1, "ct_bone", grid())
        both = vertebra(surfaces={"left": surface(3)}, pedicle_surfaces={"left": surface(5)})
        one, ct = supply(member), member.pixels()
        sizes = [one.cortex(both, "left", per, member, ct).peak_hu.size for per in ("wall", "side")]
        assert sizes == [3, 5]

    @pytest.mark.parametrize("surfaces", [{}, {"posterior": surface(0)}])
    def test_a_wall_that_was_not_found(self, surfaces):
        """G-12: bodies-only labels have no pedicle; their walls next to it are not measured as if whole."""
        member = series(1, "ct_bone", grid())
        lacking = vertebra(surfaces=surfaces, missing={"posterior wall": ("NA-SEGMENTATION", "hidden by the arch")})
        refused = supply(member).cortex(lacking, "posterior", "wall", member, member.pixels())
        assert refused == Refused(
            code="NA-SEGMENTATION",
            missing="L3: hidden by the arch",
            remedy="Give a label map that holds this structure.",
        )
        refused = supply(member).cortex(lacking, "left", "side", member, member.pixels())
        assert isinstance(refused, Refused)
        assert "pedicle left was not found" in refused.missing

    def test_neighbours_without_that_wall_are_left_out(self):
        member = series(1, "ct_bone", grid())
        whole = vertebra("L2", surfaces={"anterior": surface()})
        spine = Spine(vertebrae=(whole, vertebra("L3"), vertebra("L4")), grid=grid())
        one = Supply(study=Study(uid="9", patient=PatientFacts(), series=(member,)), spine=spine, found=Found())
        assert len(one.neighbour_cortex(("L2", "L4"), "anterior", "wall", member, member.pixels())) == 1


def test_facts_of_the_header_by_name():
    """None = the header does not say (never a default)."""
    member = series(1, "ct_bone", grid(shape=(20, 20, 4), spacing=(0.5, 0.5, 2.5)))
    facts = series_facts(member, ["kvp", "field_t", "series_kind", "slice_spacing_mm"])
    assert facts == {"kvp": 100.0, "field_t": None, "series_kind": "ct_bone", "slice_spacing_mm": 2.5}
    assert series_facts(replace(member, grid=None), ["slice_spacing_mm"]) == {"slice_spacing_mm": float("inf")}


def entry(**needs) -> Criterion:
    return Criterion(
        id="XX-01", version="1", title="t", asks="?", shows="s", decided="d", kind="measure", per="vertebra",
        modalities=["CT"], needs=Needs(**needs),
    )  # fmt: skip


class TestLesions:
    """0.4: '`absent` means looked for with adequate data and not found'."""

    FOCUS = Lesion(
        id="L3-1", level_id="L3", series_uid="1.1", criterion="CT-02", region=cube(), volume_ml=1.0,
        volume_ci95_ml=(0.8, 1.2), diameters_mm={}, share_of_body=None, compartments={}, kind="lytic", values={},
        centroid_lps_mm=np.zeros(3),
    )  # fmt: skip

    def test_an_unmade_search_is_a_refusal(self):
        refused = lesion_arguments(entry(lesions={"foci": "CT-02"}), Found(), "L3", series(1, "ct_bone", grid()))
        assert isinstance(refused, Refused)
        assert (refused.code, "not searched" in refused.missing) == ("NA-REFERENCE", True)

    def test_an_optional_one_is_empty(self):
        needs = entry(lesions={"foci": "CT-02"}, optional=["foci"])
        assert lesion_arguments(needs, Found(), "L3", series(1, "ct_bone", grid())) == {"foci": ()}

    def test_a_made_search_gives_what_it_found_there(self):
        found = Found(
            lesions=(self.FOCUS, replace(self.FOCUS, level_id="L4")),
            searched=frozenset({("1.1", "L3", "CT-02"), ("1.1", "L5", "CT-02")}),
        )
        needs, member = entry(lesions={"foci": "CT-02"}), series(1, "ct_bone", grid())
        assert lesion_arguments(needs, found, "L3", member) == {"foci": (self.FOCUS,)}
        assert lesion_arguments(needs, found, "L5", member) == {"foci": ()}
