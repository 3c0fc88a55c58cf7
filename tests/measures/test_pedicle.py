from dataclasses import replace

import numpy as np
import pytest

from spinemets.knowledge import catalogue
from spinemets.measures.pedicle import category, least_width_mm, measure
from spinemets.model.lesion import Lesion
from spinemets.model.measurement import Estimate, Measured, Refused
from spinemets.model.reference import Reference
from spinemets.model.region import CortexProfile, Surface
from spinemets.model.spine import Completeness, Frame

ENTRY = catalogue.load()["CT-05"]
NORMAL = Reference(
    tissue="normal_marrow", median=160, spread=25, standard_error=2, n_voxels=900, n_effective=400, members=("L2", "L4")
)
FRAME = Frame(
    origin_lps_mm=np.zeros(3),
    left=np.array([1.0, 0, 0]),
    anterior=np.array([0, -1.0, 0]),
    superior=np.array([0, 0, 1.0]),
)


def shell(loss=0.0, radius=5.0, length=12.0):
    """Cylinder along y whose peak is lost over a share of its turn."""
    angle, y = (a.ravel() for a in np.meshgrid(np.arange(0, 2 * np.pi, 0.1), np.arange(0, length, 0.5), indexing="ij"))
    n = len(angle)
    normals = np.stack([np.cos(angle), np.zeros(n), np.sin(angle)], axis=1)
    surface = Surface(
        name="pedicle_left",
        points_lps_mm=normals * radius + np.stack([np.full(n, 15.0), y + 4, np.full(n, 15.0)], axis=1),
        normals=normals,
        areas_mm2=np.full(n, 0.25),
        uv_mm=np.stack([angle * radius, y], axis=1),
        excluded=np.zeros(n, bool),
    )
    peak = np.where(angle < 2 * np.pi * loss, 150.0, 720.0)
    return CortexProfile(surface=surface, peak_hu=peak, second_peak=np.zeros(n, bool), outside_hu=np.zeros(n))


@pytest.fixture
def call(make_volume, make_region):
    def run(loss=0.0, share=0.0, neighbours=None, spacing=1.0, **facts):
        cortex, kind, pedicle_slices = facts.get("cortex"), facts.get("kind", "lytic"), facts.get("pedicle_slices", 12)
        ct = make_volume(np.zeros((30, 30, 30), np.float32), spacing_mm=spacing)
        x, y, z = np.indices((30, 30, 30)) * 1.0
        tube = ((x - 15) ** 2 + (z - 15) ** 2 <= 25) & (y >= 4) & (y < 4 + pedicle_slices)
        pedicle = make_region("pedicle_left", tube, ct)
        lesions = ()
        if share:
            inside = np.argwhere(tube)
            taken = np.zeros_like(tube)
            taken[tuple(inside[np.argsort(inside[:, 1], kind="stable")][: round(share * len(inside))].T)] = True
            lesions = (
                Lesion(
                    id="L3-1",
                    level_id="L3",
                    series_uid="1",
                    criterion="CT-02",
                    region=make_region("lesion", taken, ct),
                    volume_ml=1.0,
                    volume_ci95_ml=(0.8, 1.2),
                    diameters_mm={},
                    share_of_body=None,
                    compartments={},
                    kind=kind,
                    values={},
                    centroid_lps_mm=np.zeros(3),
                ),
            )
        return measure(
            ct=ct,
            pedicle=pedicle,
            normal=NORMAL,
            cortex=cortex or shell(loss),
            neighbour_cortex=(shell(), shell()) if neighbours is None else neighbours,
            lesions=lesions,
            frame=FRAME,
            completeness=Completeness(complete=facts.get("complete", True)),
            **ENTRY.values(),
        )

    return run


def test_destroyed_and_absent_vector(call):
    """CT-05: "share 0.35, ring loss 0.6 left; 0.02, 0.03 right -> destroyed left, absent right"."""
    left, right = call(loss=0.6, share=0.35), call(loss=0.03, share=0.02)
    assert left.category == "destroyed"
    assert left.values["lesion_share"].value == pytest.approx(0.35, abs=0.01)
    assert left.values["ring_loss"].value == pytest.approx(0.6, abs=0.03)
    assert right.category == "whole"
    assert ENTRY.judge.categories["destroyed"] == "present"
    assert ENTRY.judge.categories["whole"] == "absent"


@pytest.mark.parametrize(("loss", "share"), [(0.35, 0.0), (0.0, 0.2), (0.35, 0.2)])
def test_involved(call, loss, share):
    """CT-05: "involved if share >= 10 % or ring loss >= 25 %"."""
    assert call(loss=loss, share=share).category == "involved"


@pytest.mark.parametrize(("loss", "share"), [(0.25, 0.0), (0.0, 0.1)])
def test_interval_across_a_limit_is_uncertain(call, loss, share):
    assert call(loss=loss, share=share).category == "uncertain"


def test_category_by_intervals():
    limits = (0.1, 0.25, 0.5)

    def at(share, ring):
        return category(Estimate(value=share[0], ci95=share), Estimate(value=ring[0], ci95=ring), limits)

    assert at((0, 0), (0.5, 0.6)) == "destroyed"
    assert at((0, 0), (0.4, 0.6)) == "involved"
    assert at((0, 0.2), (0, 0)) == "uncertain"
    assert at((0, 0.05), (0, 0.2)) == "whole"
    assert category(Estimate(value=0.2), Estimate(value=0.0), limits) == "involved"


def test_refusals(call):
    """CT-05: "NA slice > 3 mm"; no neighbour; shell outside the image."""
    assert call(spacing=3.5).code == "NA-RESOLUTION"
    assert call(neighbours=()).code == "NA-REFERENCE"
    assert call(pedicle_slices=0).code == "NA-FEW"
    gone = shell()
    gone.peak_hu[:] = np.nan
    assert call(cortex=gone).code == "NA-COVERAGE"


def test_unreadable_rings_leave_only_the_lesion_share(call):
    worn = (shell(0.3), shell(0.2))
    refused = call(loss=0.3, neighbours=worn)
    assert isinstance(refused, Refused)
    assert refused.code == "NA-RESOLUTION"
    lesion = call(loss=0.3, share=0.4, neighbours=worn)
    assert isinstance(lesion, Measured)
    assert lesion.category == "involved"
    assert lesion.values["ring_loss"].ci95 == (0, 1)


def test_one_broken_neighbour_does_not_spoil_the_reference(call):
    assert call(loss=0.6, share=0.3, neighbours=(shell(), shell(0.8), shell())).category == "destroyed"


def test_cut_vertebra(call):
    """G-02: a part in view cannot be called whole; a destroyed pedicle stays one."""
    assert call(complete=False).code == "NA-COVERAGE"
    assert call(loss=0.6, share=0.3, complete=False).category == "destroyed"


def test_note_names_the_lesion(call):
    assert call(share=0.3, kind="blastic").notes == ("L3-1 (blastic) reaches into it.",)
    assert call().notes == ()


@pytest.mark.parametrize("turn", [0.0, 0.5, 1.2])
def test_least_width_of_an_elliptic_tube(make_volume, make_region, turn):
    """An ellipse of 7 x 12 mm keeps its width in any rotation of the tube around its axis."""
    ct = make_volume(np.zeros((50, 50, 50), np.float32), spacing_mm=0.5)
    x, y, z = np.indices((50, 50, 50)) * 0.5 - 12.25
    a, b = x * np.cos(turn) + z * np.sin(turn), -x * np.sin(turn) + z * np.cos(turn)
    tube = ((a / 3.5) ** 2 + (b / 6.0) ** 2 <= 1) & (np.abs(y) < 6)
    assert least_width_mm(make_region("pedicle_left", tube, ct), FRAME) == pytest.approx(7, abs=0.4)


def test_waist_gives_the_least_width(make_volume, make_region):
    ct = make_volume(np.zeros((50, 50, 50), np.float32), spacing_mm=0.5)
    x, y, z = np.indices((50, 50, 50)) * 0.5 - 12.25
    tube = (x**2 + z**2 <= np.where(np.abs(y) < 1.5, 2.5, 5.0) ** 2) & (np.abs(y) < 6)
    assert least_width_mm(make_region("pedicle_left", tube, ct), FRAME) < 7


def test_a_speck_still_has_a_width(make_volume, make_region):
    ct = make_volume(np.zeros((5, 5, 5), np.float32))
    mask = np.zeros((5, 5, 5), bool)
    mask[2, 2, 2:4] = True
    turned = replace(FRAME, anterior=np.array([0.0, 0.0, 1.0]), superior=np.array([0.0, 1.0, 0.0]))
    assert least_width_mm(make_region("pedicle_left", mask, ct), turned) == pytest.approx(2 ** (1 / 3))
