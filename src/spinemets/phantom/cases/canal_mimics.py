"""What is no tumour in the canal: blood, pus, and diseases of the cord."""

from __future__ import annotations

from collections.abc import Callable

from spinemets.knowledge.lookup import table
from spinemets.phantom.cases.case import Case, Group
from spinemets.phantom.cases.epidural import lobe
from spinemets.phantom.cases.ingredients import NO_CRITERION, at_region
from spinemets.phantom.pathology.canal.epidural import EpiduralMass
from spinemets.phantom.pathology.canal.intramedullary import Intramedullary, Spot
from spinemets.phantom.pathology.canal.region import Layer

SERIES = ("ct", "t1", "t2", "stir", "t1_gd_fs", "ax_t2")
# The stage, and what is mixed into it.
BLOOD = {
    "hyperacute": (Layer(tissue="hematoma_hyperacute"), Layer(tissue="hematoma_acute", share=0.15)),
    "acute": (Layer(tissue="hematoma_acute"), Layer(tissue="hematoma_hyperacute", share=0.15)),
    "subacute": (Layer(tissue="hematoma_late_subacute"), Layer(tissue="hematoma_early_subacute", share=0.15)),
    "chronic": (Layer(tissue="hematoma_chronic"),),
}
OEDEMA = (Layer(tissue="cord_oedema"),)
CORD: dict[str, tuple[str, Intramedullary]] = {
    "ms": (
        "Plaque in the back of the left half of the cord at T6.",
        Intramedullary(
            id="cord",
            at=("T6", 0.0),
            spots=(Spot(half_mm=(1.5, 1.4), length_mm=14.0, beside_mm=(1.4, 1.0), layers=OEDEMA),),
        ),
    ),
    "infarct": (
        "Infarct of the anterior horns at T6.",
        Intramedullary(
            id="cord",
            at=("T6", 0.0),
            spots=tuple(
                Spot(half_mm=(0.9, 0.9), length_mm=35.0, beside_mm=(side * 1.4, -0.8), layers=OEDEMA)
                for side in (1, -1)
            ),
        ),
    ),
    "avm": (
        "Wide vessels on the back of the cord around T6, with oedema.",
        Intramedullary(id="cord", at=("T6", 0.0), oedema_mm=45.0, growth_mm=0.2, vessels_mm=90.0),
    ),
    "ependymoma": (
        "Long central tumour of the cord at T6 with old blood at its border, and oedema.",
        Intramedullary(
            id="cord",
            at=("T6", 0.0),
            spots=(
                Spot(
                    half_mm=(2.8, 2.4),
                    length_mm=44.0,
                    layers=(Layer(tissue="hematoma_chronic"), Layer(tissue="cord_metastasis", inset_mm=0.5)),
                ),
            ),
            oedema_mm=70.0,
            growth_mm=1.2,
        ),
    ),
    "astrocytoma": (
        "Ill-defined tumour beside the middle of the cord at T6.",
        Intramedullary(
            id="cord",
            at=("T6", 0.0),
            spots=(
                Spot(
                    half_mm=(2.2, 2.2),
                    length_mm=50.0,
                    beside_mm=(1.2, 0.0),
                    layers=(Layer(tissue="cord_oedema"), Layer(tissue="cord_metastasis", inset_mm=0.4, share=0.35)),
                ),
            ),
            oedema_mm=75.0,
            growth_mm=0.9,
        ),
    ),
}


def _blood(stage: str) -> Callable[[float | None], Case]:
    """Dorsal haematoma from C6 to T3."""

    def make(_: float | None) -> Case:
        mass = EpiduralMass(
            id="haematoma-1",
            kind="haematoma",
            span=(("C6", 0.5), ("T3", -0.5)),
            profile=lobe(180.0, 70.0, 2.2),
            layers=BLOOD[stage],
            taper_mm=30.0,
            cord_shift_mm=(0.0, -0.4),
        )
        name = f"mim-hematoma-{stage}"
        return Case(
            awaits=NO_CRITERION,
            name=name,
            about=f"Dorsal {stage} haematoma, C6 to T3.",
            canal=(mass,),
            series=at_region("cervical", SERIES),
        )

    return make


def _infection(kind: str) -> Callable[[float | None], Case]:
    """Dorsal collection from L2 to L4."""

    def make(_: float | None) -> Case:
        rim = float(table("phantom_disease")["abscess_rim_mm"])
        core = (Layer(tissue="abscess", inset_mm=rim),) if kind == "abscess" else ()
        mass = EpiduralMass(
            id="collection-1",
            kind="abscess" if kind == "abscess" else "phlegmon",
            span=(("L2", 0.5), ("L4", -0.5)),
            profile=lobe(180.0, 65.0, 5.0 if kind == "abscess" else 2.5),
            layers=(Layer(tissue="phlegmon"), *core),
            taper_mm=20.0,
        )
        return Case(
            awaits=NO_CRITERION,
            name=f"mim-{kind}",
            about=f"Dorsal epidural {kind}, L2 to L4.",
            canal=(mass,),
            series=SERIES,
        )

    return make


def _cord(name: str) -> Callable[[float | None], Case]:
    """Disease of the cord at T6."""
    about, disease = CORD[name]
    series = at_region("thoracic", SERIES)
    return lambda _: Case(awaits=NO_CRITERION, name=f"mim-{name}", about=about, canal=(disease,), series=series)


CASES: Group = {
    **{f"mim-hematoma-{stage}": _blood(stage) for stage in BLOOD},
    **{f"mim-{kind}": _infection(kind) for kind in ("abscess", "phlegmon")},
    **{f"mim-{name}": _cord(name) for name in CORD},
}
