from dataclasses import replace

import numpy as np
import pytest

from spinemets.knowledge import catalogue
from spinemets.measures.lytic_blastic import measure
from spinemets.model.lesion import Lesion
from spinemets.model.measurement import Measured, Refused
from spinemets.model.reference import Reference
from spinemets.model.spine import Completeness

ENTRY = catalogue.load()["CT-02"]
NORMAL = Reference(
    tissue="normal_marrow", median=160, spread=25, standard_error=2, n_voxels=900, n_effective=400, members=("L2", "L4")
)


@pytest.fixture
def scene(make_volume, make_region):
    """Marrow of 30 mm cubes; `lesion(kind, ml)` makes a candidate of that volume."""
    ct = make_volume(np.full((40, 40, 40), 160.0, np.float32))
    mask = np.zeros((40, 40, 40), bool)
    mask[5:35, 5:35, 5:35] = True
    marrow = make_region("marrow", mask, ct)

    def lesion(kind, lytic=0.0, blastic=0.0, endplate=False, share=0.1, number=1):
        total = lytic + blastic
        spot = np.zeros((40, 40, 40), bool)
        spot[10:20, 10:20, 10:20] = True
        return Lesion(
            id=f"L3-{number}",
            level_id="L3",
            series_uid="1",
            criterion="CT-02",
            region=make_region("lesion", spot, ct),
            volume_ml=total,
            volume_ci95_ml=(0.8 * total, 1.2 * total),
            diameters_mm={"longest": 10.0, "orthogonal": 10.0, "craniocaudal": 10.0},
            share_of_body=share,
            compartments={"body": 1.0},
            kind=kind,
            values={
                "lytic_ml": lytic,
                "blastic_ml": blastic,
                "mean_hu": 45.0,
                "peak_hu": 60.0,
                "margin_mm": 1.2,
                "at_upper_endplate": float(endplate),
                "at_lower_endplate": 0.0,
            },
            centroid_lps_mm=np.zeros(3),
            notes=("Lies at mid-height.",),
        )

    def call(*lesions, normal=NORMAL, completeness=None, volume=ct):
        return measure(
            ct=volume,
            marrow=marrow,
            normal=normal,
            lesions=lesions,
            completeness=completeness or Completeness(),
            **ENTRY.values(),
        )

    call.lesion = lesion
    return call


def test_limits_vector(scene):
    """CT-02: "m0 160, s0 25 -> t_L 97.5, t_B 310"."""
    answer = scene()
    assert answer.values["lytic_at_most_hu"].value == 97.5
    assert answer.values["blastic_at_least_hu"].value == 310


def test_mixed_vector(scene):
    """CT-02: "3.0 mL lytic + 2.0 blastic -> f_B 0.40 mixed"."""
    answer = scene(scene.lesion("lytic", lytic=3.0), scene.lesion("blastic", blastic=2.0, number=2))
    assert answer.values["f_blastic"].value == pytest.approx(0.40)
    assert answer.category == "mixed"
    assert answer.values["volume_ml"].value == 5
    assert answer.values["volume_ml"].ci95 == (pytest.approx(4), pytest.approx(6))


@pytest.mark.parametrize(
    ("lytic", "blastic", "kind"), [(1.0, 0.1, "lytic"), (0.1, 1.0, "blastic"), (0.8, 0.2, "mixed"), (0.2, 0.8, "mixed")]
)
def test_kind_by_share(scene, lytic, blastic, kind):
    """CT-02: "lytic f_B < 0.2, blastic > 0.8, else mixed"."""
    assert scene(scene.lesion(kind, lytic=lytic, blastic=blastic)).category == kind


def test_absent(scene):
    answer = scene()
    assert answer.values["volume_ml"].value == 0
    assert answer.values["volume_ml"].ci95 == (0, 0)
    assert answer.values["share_of_body"].value == 0
    assert answer.category is None
    assert answer.outline.name == "marrow"


def test_cut_vertebra_without_focus_is_refused(scene):
    """`absent` means looked for with adequate data: a part of a vertebra does not suffice (G-02)."""
    cut = Completeness(complete=False)
    answer = scene(completeness=cut)
    assert isinstance(answer, Refused)
    assert answer.code == "NA-COVERAGE"
    assert isinstance(scene(scene.lesion("lytic", lytic=1.0, share=None), completeness=cut), Measured)


def test_share_of_body(scene):
    answer = scene(scene.lesion("lytic", lytic=1.0, share=0.2), scene.lesion("lytic", lytic=1.0, share=0.4))
    share = answer.values["share_of_body"]
    assert share.value == pytest.approx(0.6)
    assert share.ci95 == (pytest.approx(0.48), pytest.approx(0.72))
    assert "share_of_body" not in scene(scene.lesion("lytic", lytic=1.0, share=None)).values


def test_endplate_focus_counts_in_the_upper_end_only(scene):
    """CT-02 Cv: endplate sclerosis and Schmorl node: the interval straddles the least volume, hence indeterminate."""
    low, high = scene(scene.lesion("blastic", blastic=0.8, endplate=True)).values["volume_ml"].ci95
    assert low == 0
    assert high > 0.05
    both = scene(scene.lesion("blastic", blastic=0.8, endplate=True), scene.lesion("lytic", lytic=1.0))
    assert both.values["volume_ml"].ci95[0] == pytest.approx(0.8)


def test_osteoporosis_makes_lytic_foci_uncertain(scene):
    """CT-02: "osteoporosis shrinks the contrast (m0 < 60: lytic `indeterminate`)"."""
    weak = replace(NORMAL, median=55)
    lytic, blastic = scene.lesion("lytic", lytic=1.0), scene.lesion("blastic", blastic=1.0)
    assert scene(lytic, normal=weak).values["volume_ml"].ci95[0] == 0
    assert "CV-OSTEOPOROSIS" in scene(lytic, normal=weak).caveats
    assert scene(blastic, normal=weak).values["volume_ml"].ci95[0] > 0
    assert scene(lytic, normal=replace(NORMAL, median=60)).values["volume_ml"].ci95[0] > 0


def test_fat_in_the_marrow_has_its_line(scene, make_volume):
    """CT-02: "fat part (HU < -30) >= 50 % -> not lytic, but hemangioma (MIM-01a) or focal fat"."""
    array = np.full((40, 40, 40), 160.0, np.float32)
    array[10:20, 10:20, 10:20] = -70
    assert any("1.0 mL of the marrow measures as fat" in n for n in scene(volume=make_volume(array)).notes)
    fatty = replace(NORMAL, median=20, spread=30)
    assert not any("fat" in n for n in scene(volume=make_volume(array), normal=fatty).notes)


def test_every_focus_has_its_sentence(scene):
    notes = scene(scene.lesion("lytic", lytic=3.0), scene.lesion("blastic", blastic=2.0, number=2)).notes
    assert notes[0].startswith("L3-1: lytic, 3 mL, 10 mm")
    assert notes[1].startswith("L3-2: blastic, 2 mL")
    assert "mid-height" in notes[0]


def test_margin_of_the_largest_focus_is_reported_where_it_exists(scene):
    assert scene(scene.lesion("lytic", lytic=3.0)).values["margin_mm"].value == 1.2
    lesion = scene.lesion("lytic", lytic=3.0)
    bare = replace(lesion, values={k: v for k, v in lesion.values.items() if k != "margin_mm"})
    assert "margin_mm" not in scene(bare).values


def test_cement_is_uncertain_and_named(scene):
    """MIM-14: "cement ... median >= 1600 HU, >= 0.3 ml"."""
    lesion = scene.lesion("blastic", blastic=1.0)
    cement = replace(lesion, values={**lesion.values, "mean_hu": 1800.0})
    answer = scene(cement)
    assert answer.values["volume_ml"].ci95[0] == 0
    assert "L3-1 is as dense as bone cement." in answer.notes
