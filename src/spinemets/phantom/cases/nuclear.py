"""What tracers show: avid and cold lesions of known uptake."""

from __future__ import annotations

from dataclasses import replace

from spinemets.phantom.anatomy.sizes import Collapse, Patient
from spinemets.phantom.cases.case import Avidity, Case, Group
from spinemets.phantom.cases.ingredients import LUMBAR_FIELD, NO_CRITERION
from spinemets.phantom.pathology import metastases
from spinemets.phantom.pathology.degenerative import FACET, BenignChange
from spinemets.phantom.pathology.inserts import Insert
from spinemets.phantom.pathology.metastases import sphere
from spinemets.phantom.pathology.treatment import variant
from spinemets.phantom.tissue.tissues import Tissue, tissue

PET, BONE = ("pet", "ctac"), ("bone_scan", "ct")
COLD_RATIO = 0.3
# SUV 2 to 12 and radius 3 to 15 mm (phantom specification, section 6); the largest is flattened to stay within its body.
BALLS = (
    (12.0, (3.0, 3.0, 3.0)), (12.0, (5.0, 5.0, 5.0)), (8.0, (6.0, 6.0, 6.0)), (8.0, (8.0, 8.0, 8.0)),
    (4.0, (10.0, 10.0, 10.0)), (4.0, (12.0, 12.0, 12.0)), (2.0, (15.0, 14.0, 12.5)),
)  # fmt: skip


def _avid(suv: float, of: str = "marrow_only_infiltrate") -> Tissue:
    """A tissue with another FDG uptake."""
    return variant(of, name=f"{of}-suv-{suv:g}", uptake=replace(tissue(of).uptake, fdg_suv_g_per_ml=suv))


def _ball(level: str, suv: float, radii_mm: tuple[float, float, float]) -> Insert:
    """A ball between intact trabeculae, so that CT has no say."""
    return Insert(
        id=f"avid-{level}", kind="marrow_only", level=level, tissue=_avid(suv), centre_mm=(0.0, 1.0, 0.0),
        radii_mm=radii_mm, edge_mm=0.5, mineral_retained=1.0,
    )  # fmt: skip


def _pet_suv(_: float | None) -> Case:
    balls = tuple(
        replace(_ball(level, suv, radii), kind="grid") for level, (suv, radii) in zip(LUMBAR_FIELD, BALLS, strict=True)
    )
    return Case(
        name="pet-suv", about="Balls of SUV 2 to 12 and 3 to 15 mm radius, T11 to L5.", inserts=balls,
        series=("pet", "pet_admin", "pet_uncorrected", "ctac"), awaits=NO_CRITERION,
    )  # fmt: skip


def _pet_focal(_: float | None) -> Case:
    return Case(
        name="pet-focal",
        about="Focus of L2 of SUV 4.1, far above normal bodies, and one of L4 of 2.1, hardly above them.",
        inserts=(_ball("L2", 4.1, (11.0, 11.0, 11.0)), _ball("L4", 2.1, (11.0, 11.0, 11.0))),
        series=PET,
        awaits=NO_CRITERION,
    )


def _fig08_pet(_: float | None) -> Case:
    lytic = tuple(
        metastases.lytic(level, sphere(7.0, (4.0, 2.0, 0.0))) for level in ("L1", "L3", "L5", "T5", "T8", "T11")
    )
    dense = tuple(
        replace(metastases.nodule(level, sphere(6.0, (-5.0, 2.0, 0.0))), kind="treated", tissue="treated_sclerotic")
        for level in ("T6", "T10", "T12", "L2", "L4")
    )
    return Case(
        name="fig08-pet",
        about="Six lytic lesions of SUV 5.5, five treated sclerotic ones of 1.5, T5 to L5, and a wedge of T3.",
        inserts=(*lytic, *dense),
        collapses={"T3": Collapse(anterior=0.35, middle=0.2, posterior=0.0)},
        series=("ct", *PET),
        expected=tuple(("CT-02", level, None, "present") for level in LUMBAR_FIELD),
    )


def _nm_cold(_: float | None) -> Case:
    """Uptake of 0.3 of the normal one (physics specification, section 10)."""
    uptake = tissue("lytic_tumour").uptake
    cold = replace(
        uptake,
        bone_scan_ratio=COLD_RATIO,
        bone_scan_suv_g_per_ml=uptake.bone_scan_suv_g_per_ml * COLD_RATIO / uptake.bone_scan_ratio,
    )
    lesion = Insert(
        id="cold-1", kind="lytic", level="L2", tissue=variant("lytic_tumour", uptake=cold),
        centre_mm=(0.0, -12.0, 0.0), radii_mm=(34.0, 34.0, 18.0), mineral_retained=0.2, breaks_cortex=True,
        compartments=("body", "pedicle_left", "pedicle_right"),
    )  # fmt: skip
    return Case(
        name="nm-cold", about="Body and pedicles of L2 destroyed without reactive bone: a cold vertebra.", inserts=(lesion,),
        series=BONE, awaits=NO_CRITERION,
    )  # fmt: skip


def _nm_superscan(_: float | None) -> Case:
    """All bone x 4, kidneys and soft tissue x 0.3 (physics specification, section 10)."""
    return Case(
        name="nm-superscan",
        about="All bone four times as avid as usual, kidneys and soft tissue hardly seen.",
        patient=Patient(age_years=68.0, sex="male", height_cm=176.0, weight_kg=80.0),
        avidity=Avidity(bone_factor=4.0, soft_factor=0.3),
        series=BONE,
        awaits=NO_CRITERION,
    )


def _spect_loc(_: float | None) -> Case:
    through = Insert(
        id="blastic-L2", kind="blastic", level="L2", tissue="blastic_tumour", compartments=("body", "pedicle_left"),
        centre_mm=(14.0, -16.0, 5.0), radii_mm=(9.0, 13.0, 8.0), edge_mm=1.0,
    )  # fmt: skip
    return Case(
        name="spect-loc",
        about="Foci of body and left pedicle of L2, of the body alone of T12, and of the right facet joint of L4.",
        inserts=(through, metastases.nodule("T12", sphere(8.0, (-5.0, 5.0, 0.0)))),
        benign=(BenignChange(kind=FACET, level="L4", part="right"),),
        series=("spect", *BONE),
        awaits=NO_CRITERION,
    )


CASES: Group = {
    "pet-suv": _pet_suv,
    "pet-focal": _pet_focal,
    "fig08-pet": _fig08_pet,
    "nm-cold": _nm_cold,
    "nm-superscan": _nm_superscan,
    "spect-loc": _spect_loc,
}
