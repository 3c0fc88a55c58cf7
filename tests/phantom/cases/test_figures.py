"""The demonstration patient."""

from __future__ import annotations

from spinemets.phantom.cases.named import case_of


def test_the_demonstration_holds_one_lesion_of_each_kind_and_a_wedge():
    """Lytic L2, blastic L4, healed wedge of L1; every other level in view is expected free of lesions."""
    case = case_of("first-light")
    assert {(i.kind, i.level) for i in case.inserts} == {("lytic", "L2"), ("blastic", "L4")}
    assert set(case.collapses) == {"L1"}
    assert {level for _, level, _, state in case.expected if state == "absent"} == {
        "T11",
        "T12",
        "L1",
        "L3",
        "L5",
        "L4",
    }


def test_the_patient_of_the_demonstration():
    """A lytic, a blastic, an epidural and a benign-fracture level, in CT, MR, PET and bone scan."""
    case = case_of("multimodality")
    assert {(i.kind, i.level) for i in case.inserts} == {("lytic", "L2"), ("blastic", "L4")}
    assert set(case.collapses) == {"L1"} and [mass.span[0][0] for mass in case.canal] == ["L2"]
    assert {"ct", "t1", "t2", "stir", "t1_gd", "dwi", "ax_t2", "pet", "bone_scan"} == set(case.series)
    assert ("CT-04", "L2", "posterior", "present") in case.expected


def test_radiographs_of_the_figures():
    """Figure 1: the lateral radiograph beside T1. Figure 2: blastic foci of thoracic and lumbar spine to be compared with a bone scan."""
    assert case_of("fig01").series == ("t1", "xr_lat")
    many = case_of("fig02")
    assert many.series == ("bone_scan", "xr_ap", "xr_lat")
    assert [i.level for i in many.inserts if i.kind == "blastic"] == ["T5", "T8", "T10", "T12", "L2", "L4"]
    assert [i.compartments for i in many.inserts if i.kind == "lytic"] == [("pedicle_right",)]
    assert [f.bone for f in many.foci].count("sacrum") == 2
    assert sum(f.bone.startswith("rib_") for f in many.foci) == 5
