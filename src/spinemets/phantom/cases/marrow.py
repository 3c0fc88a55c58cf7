"""Lesions that MR shows and CT does not, or not well."""

from __future__ import annotations

from dataclasses import replace

from spinemets.phantom.anatomy.sizes import LEVELS
from spinemets.phantom.cases.case import Case, Group
from spinemets.phantom.cases.ingredients import LUMBAR_FIELD, LYTIC, MARROW_ONLY, NO_CRITERION, found
from spinemets.phantom.pathology import benign, metastases, treatment

MR = ("t1", "t2", "stir")
DWI = ("dwi", "t1", "stir")


def _marrow_only(_: float | None) -> Case:
    return Case(
        name="marrow-only",
        about="Marrow of L3 replaced between intact trabeculae: MR and PET show it, CT does not.",
        inserts=(MARROW_ONLY,),
        expected=found("L3", "marrow_only"),
        series=("ct", "t1", "stir", "pet", "ctac"),
    )


def _diffuse(_: float | None) -> Case:
    inserts = tuple(metastases.replaced(level, share=0.92, patchy=False) for level in LEVELS)
    expected = tuple(("MR-T1-01", level, None, "present") for level in LUMBAR_FIELD)
    return Case(name="diffuse", about="All marrow replaced: dark on T1 everywhere.", inserts=inserts, expected=expected)


def _bullseye(_: float | None) -> Case:
    island = benign.bulls_eye("L3", radius_mm=6.0, centre_mm=(-4.0, 3.0, 0.0))
    return Case(
        name="bullseye",
        about="Red marrow island of 12 mm in L3 with fat in its middle.",
        inserts=(island,),
        expected=(("CT-02", "L3", None, "absent"), ("MR-STIR-01", "L3", None, "absent")),
        series=("ct", *MR),
    )


def _red_island(_: float | None) -> Case:
    island = benign.red_island("L3", radius_mm=8.0, centre_mm=(-4.0, 2.0, 0.0))
    return Case(
        name="red-island",
        about="Red marrow island of 16 mm in L3: above muscle on T1, fat kept.",
        inserts=(island,),
        expected=(("CT-02", "L3", None, "absent"), ("MR-T1-01", "L3", None, "absent")),
        series=("ct", *MR),
    )


def _t2_bright(_: float | None) -> Case:
    bright = treatment.variant("lytic_tumour", t2_ms=120.0)
    return Case(
        name="t2-bright",
        about="Lytic lesion of most of L3 with a T2 of 120 ms.",
        inserts=(replace(LYTIC, level="L3", tissue=bright, centre_mm=(0.0, 1.0, 0.0), radii_mm=(19.0, 14.0, 11.0)),),
        expected=(("MR-T2-02", "L3", None, "present"), ("MR-T1-03", "L3", None, "present")),
        series=("ct", *MR),
    )


def _t1fs(_: float | None) -> Case:
    lesions = (
        replace(MARROW_ONLY, edge_mm=0.5),
        replace(MARROW_ONLY, id="bright-1", level="L1", tissue="melanoma_melanotic", edge_mm=0.5),
    )
    return Case(
        name="t1fs",
        about="L3 dark and L1 bright on T1 (melanin): fat suppression leaves the bright one bright.",
        inserts=lesions,
        expected=(("MR-T1-03", "L3", None, "present"),),
        series=(*MR, "t2_fs"),
    )


def _dwi(name: str, about: str, **changes: float) -> Case:
    lesion = replace(MARROW_ONLY, tissue=treatment.variant("marrow_only_infiltrate", **changes), edge_mm=0.5)
    return Case(name=name, about=about, inserts=(lesion,), series=DWI, awaits=NO_CRITERION)


def _dwi_hyper(_: float | None) -> Case:
    return _dwi("dwi-hyper", "Lesion of L3 with an ADC of 0.8e-3 mm2/s.", adc_mm2_per_s=0.8e-3)


def _dwi_shine(_: float | None) -> Case:
    about = "Lesion of L3 bright at high b by its T2 of 150 ms, with an ADC of 1.8e-3 mm2/s."
    return _dwi("dwi-shine", about, adc_mm2_per_s=1.8e-3, t2_ms=150.0)


def _dwi_lowsnr(_: float | None) -> Case:
    return _dwi(
        "dwi-lowsnr", "Lesion of L3 with an ADC of 0.8e-3 mm2/s, lost in noise at high b.", adc_mm2_per_s=0.8e-3
    )


def _resp_adc(_: float | None) -> Case:
    """A responder by diffusion: before and after in one patient is the pair `pair-stable` with an ADC of 1.10."""
    after = treatment.treated(replace(MARROW_ONLY, kind="treated"), treatment.usual("diffusion"))
    return Case(
        name="resp-adc",
        about="Treated lesion of L3: ADC 1.10 in place of 0.70e-3 mm2/s, hardly smaller.",
        inserts=(after,),
        series=("dwi", *MR),
        awaits=NO_CRITERION,
    )


def _resp_fibrosis(_: float | None) -> Case:
    scar = replace(MARROW_ONLY, kind="treated", tissue="treated_fibrotic", mineral_retained=None)
    return Case(
        name="resp-fibrosis",
        about="Treated lesion of L3: dark on T1 and on STIR.",
        inserts=(scar,),
        expected=(("MR-T1-03", "L3", None, "present"), ("MR-STIR-01", "L3", None, "absent")),
    )


CASES: Group = {
    "marrow-only": _marrow_only,
    "diffuse": _diffuse,
    "bullseye": _bullseye,
    "red-island": _red_island,
    "t2-bright": _t2_bright,
    "t1fs": _t1fs,
    "dwi-hyper": _dwi_hyper,
    "dwi-shine": _dwi_shine,
    "dwi-lowsnr": _dwi_lowsnr,
    "resp-adc": _resp_adc,
    "resp-fibrosis": _resp_fibrosis,
}
