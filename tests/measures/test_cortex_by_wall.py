from dataclasses import replace

import numpy as np
import pytest

from spinemets.findings.judge import judge_cuts
from spinemets.knowledge import catalogue
from spinemets.measures.cortex_by_wall import adjoins, category, measure
from spinemets.model.finding import State
from spinemets.model.lesion import Lesion
from spinemets.model.measurement import Refused
from spinemets.model.reference import Reference
from spinemets.model.region import CortexProfile, Surface
from spinemets.model.spine import Completeness

ENTRY = catalogue.load()["CT-04"]
NORMAL = Reference(
    tissue="normal_marrow", median=160, spread=25, standard_error=2, n_voxels=900, n_effective=400, members=("L2", "L4")
)


def wall(share=0.0, name="posterior", peak=720.0, gap_peak=180.0, outside=45.0):
    """A wall of 30 x 25 mm whose first columns have lost their peak."""
    u, v = (a.ravel() for a in np.meshgrid(np.arange(0, 30, 0.5), np.arange(0, 25, 0.5), indexing="ij"))
    n = len(u)
    surface = Surface(
        name=name,
        points_lps_mm=np.stack([u + 5, np.full(n, 20.0), v + 5], axis=1),
        normals=np.tile([0.0, 1.0, 0.0], (n, 1)),
        areas_mm2=np.full(n, 0.25),
        uv_mm=np.stack([u, v], axis=1),
        excluded=np.zeros(n, bool),
    )
    peaks = np.where(u < 30 * share, gap_peak, peak)
    return CortexProfile(surface=surface, peak_hu=peaks, second_peak=np.zeros(n, bool), outside_hu=np.full(n, outside))


@pytest.fixture
def call(make_volume, make_region):
    def run(cortex, neighbours=None, lesion_at=None, normal=NORMAL, **facts):
        spacing, endplate = facts.get("spacing", 1.0), facts.get("endplate", False)
        ct = make_volume(np.zeros((40, 40, 40), np.float32), spacing_mm=spacing)
        lesions = ()
        if lesion_at is not None:
            mask = np.zeros((40, 40, 40), bool)
            i, j, k = (np.asarray(lesion_at) / spacing).astype(int)
            mask[i : i + 4, j : j + 4, k : k + 4] = True
            lesions = (
                Lesion(
                    id="L3-1",
                    level_id="L3",
                    series_uid="1",
                    criterion="CT-02",
                    region=make_region("lesion", mask, ct),
                    volume_ml=1,
                    volume_ci95_ml=(0.5, 1.5),
                    diameters_mm={},
                    share_of_body=None,
                    compartments={},
                    kind="lytic",
                    values={"at_upper_endplate": float(endplate), "at_lower_endplate": 0.0},
                    centroid_lps_mm=np.zeros(3),
                ),
            )
        return measure(
            ct=ct,
            normal=normal,
            cortex=cortex,
            neighbour_cortex=(wall(), wall(peak=700)) if neighbours is None else neighbours,
            lesions=lesions,
            completeness=Completeness(complete=facts.get("complete", True)),
            **ENTRY.values(),
        )

    return run


def state(answer):
    return judge_cuts(answer.values["broken_share"].ci95, ENTRY.judge.cuts)


@pytest.mark.parametrize(
    ("share", "graded", "judged"),
    [
        (0.0, "intact", State.ABSENT),
        (0.05, "focal", State.PRESENT),
        (0.10, "focal", State.PRESENT),
        (0.25, "focal", State.PRESENT),
        (0.50, "extensive", State.PRESENT),
        (0.75, "extensive", State.PRESENT),
    ],
)
def test_shares(call, share, graded, judged):
    """CT-04: "intact < 2 %, focal 2-50 %, extensive >= 50 %; present if lower bound > 2 %"; `case cortex-frac`."""
    answer = call(wall(share))
    assert answer.category == graded
    assert state(answer) is judged
    assert answer.values["broken_share"].value == pytest.approx(share, abs=0.01)


def test_breach_vector(call):
    """CT-04: "CTp 180, ref 720, m0 + 2 s0 210 -> breach"."""
    assert call(wall(0.1, gap_peak=180)).values["broken_mm2"].value == pytest.approx(75, abs=2)
    assert call(wall(0.1, gap_peak=365)).values["broken_mm2"].value == 0
    thin = (wall(peak=380), wall(peak=380))  # half of 380 is 190: m0 + 2 s0 = 210 decides
    assert call(wall(0.1, peak=380, gap_peak=200), neighbours=thin).values["broken_mm2"].value > 0
    assert call(wall(0.1, peak=380, gap_peak=215), neighbours=thin).values["broken_mm2"].value == 0


def test_category_limits():
    assert [category(s, 0.02, 0.5) for s in (0.0199, 0.02, 0.499, 0.5)] == ["intact", "focal", "focal", "extensive"]


def test_thick_voxels_are_refused(call):
    """CT-04, CT-01: "> 3 mm `NA-RESOLUTION`"."""
    assert call(wall(0.25), spacing=3.5).code == "NA-RESOLUTION"
    assert not isinstance(call(wall(0.25), spacing=3.0), Refused)


def test_no_readable_neighbour_is_refused(call):
    assert call(wall(0.25), neighbours=()).code == "NA-REFERENCE"


def test_wall_outside_the_image_is_refused(call):
    gone = wall()
    gone.peak_hu[:] = np.nan
    assert call(gone).code == "NA-COVERAGE"


def test_resolution_that_breaks_the_neighbours_too_is_refused(call):
    """A shell that cannot be told in normal neighbours cannot be missed here."""
    answer = call(wall(0.25), neighbours=(wall(0.2), wall(0.0)))
    assert answer.code == "NA-RESOLUTION"


def test_what_neighbours_show_is_taken_off_the_lower_end(call):
    plain = call(wall(0.10)).values["broken_share"].ci95
    worn = call(wall(0.10), neighbours=(wall(0.03), wall(0.03)))
    assert worn.values["usual_share"].value == pytest.approx(0.033, abs=0.001)
    assert worn.values["broken_share"].ci95[0] == pytest.approx(plain[0] - worn.values["usual_share"].value, abs=1e-9)


def test_gap_no_larger_than_those_of_the_neighbours_is_not_assessable(call):
    """What a whole wall shows at this resolution is no breach, unless a focus adjoins it."""
    worn = (wall(), wall(), wall(0.1))
    assert call(wall(0.1), neighbours=worn).code == "NA-RESOLUTION"
    assert call(wall(0.25), neighbours=worn).category == "focal"
    assert state(call(wall(0.1), neighbours=worn, lesion_at=(6, 17, 8))) is State.PRESENT
    assert state(call(wall(), neighbours=worn)) is State.ABSENT


def test_cut_vertebra_is_refused_unless_a_focus_adjoins(call):
    """G-02: part of a wall is not adequate data for `absent`, nor for a gap that nothing explains."""
    assert call(wall(), complete=False).code == "NA-COVERAGE"
    assert call(wall(0.25), complete=False).code == "NA-COVERAGE"
    assert state(call(wall(0.25), complete=False, lesion_at=(6, 17, 8))) is State.PRESENT


def test_osteoporosis_keeps_small_gaps_uncertain(call):
    """CT-04: "`indeterminate` if CT-08 <= 110 HU and patch < 25 mm2"."""
    weak = replace(NORMAL, median=100)
    small, large = wall(), wall(0.10)
    uv = small.surface.uv_mm
    small.peak_hu[(uv[:, 0] < 4.8) & (uv[:, 1] < 4.8)] = 100
    answer = call(small, normal=weak)
    assert answer.values["broken_mm2"].value == 25
    uv = small.surface.uv_mm
    small.peak_hu[uv[:, 1] >= 4] = 720
    answer = call(small, normal=weak)
    assert answer.values["broken_mm2"].value == 20
    assert "CV-OSTEOPOROSIS" in answer.caveats
    assert answer.values["broken_share"].ci95[0] == 0
    assert "CV-OSTEOPOROSIS" not in call(small).caveats
    assert state(call(large, normal=weak)) is State.PRESENT


def test_endplate_gap_needs_an_adjoining_focus(call):
    """CT-04 Cv: CV-DEGEN; a Schmorl node breaks an endplate."""
    gap = wall(0.25, name="superior")
    assert state(call(gap)) is State.INDETERMINATE
    assert "CV-DEGEN" in call(gap).caveats
    assert state(call(gap, lesion_at=(6, 17, 8))) is State.PRESENT
    assert state(call(gap, lesion_at=(6, 17, 8), endplate=True)) is State.INDETERMINATE


def test_coarse_voxels_need_an_adjoining_focus(call):
    """CT-01: up to 1.5 mm good, up to 3 mm limited."""
    gap = wall(0.25)
    coarse = call(gap, spacing=2.0)
    assert state(coarse) is State.INDETERMINATE
    assert "CV-PV" in coarse.caveats
    assert state(call(gap, spacing=2.0, lesion_at=(6, 17, 8))) is State.PRESENT


def test_notes(call):
    """CT-04: "Give area, %, largest gap, outward soft tissue"."""
    answer = call(wall(0.25), lesion_at=(6, 17, 8))
    assert answer.notes == (
        "A lesion candidate adjoins the gap (L3-1).",
        "Outside the gap lies soft tissue (45 HU).",
    )
    alone = call(wall(0.25, outside=-80))
    assert alone.notes == ("No lesion candidate adjoins the gap.",)
    assert call(wall()).notes == ()
    assert answer.values["largest_gap_mm"].value == pytest.approx(np.hypot(7, 24.5) + 0.5, abs=1)


def test_opening_of_the_vein_counts_where_a_focus_adjoins(call):
    """CT-04: "basivertebral foramen ... excluded unless lesion marrow adjoins"."""
    opened = wall(0.2)
    opened.surface.excluded[opened.surface.uv_mm[:, 0] < 6] = True
    closed = call(opened)
    assert closed.values["broken_mm2"].value == 0
    assert closed.notes == ("The opening of the basivertebral vein (150 mm2) was not judged.",)
    assert call(opened, lesion_at=(6, 17, 8)).values["broken_mm2"].value == pytest.approx(150, abs=2)


def test_adjoining_is_measured_in_millimetres(call):
    assert not adjoins(np.zeros((0, 3)), (), 3)
    assert state(call(wall(0.25, name="superior"), lesion_at=(6, 4, 8))) is State.INDETERMINATE
