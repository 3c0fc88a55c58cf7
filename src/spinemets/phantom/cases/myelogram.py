"""CT after contrast medium was given into the CSF."""

from __future__ import annotations

from collections.abc import Callable

from spinemets.phantom.cases.case import Case, Group
from spinemets.phantom.cases.ingredients import NO_CRITERION
from spinemets.phantom.pathology.canal.epidural import EpiduralMass
from spinemets.phantom.pathology.canal.leptomeningeal import Leptomeningeal
from spinemets.phantom.pathology.canal.myelogram import Myelogram
from spinemets.phantom.pathology.canal.section import StatedSection

MEDIUM = Myelogram(layering=0.1)
BLOCK = ("T8", 0.0)


def _block(name: str, squeeze: float, completeness: float) -> Callable[[float | None], Case]:
    """Case of a mass around the sac at T8 that holds the medium up."""

    def make(_: float | None) -> Case:
        mass = EpiduralMass(id="epidural-1", span=(("T8", 1.1), ("T8", -1.1)), squeeze=squeeze, taper_mm=8.0)
        medium = Myelogram(block=BLOCK, completeness=completeness)
        about = f"Mass around the sac at T8, {name} block of contrast medium."
        section = StatedSection(span=(("T7", 0.0), ("T9", 0.0)))
        return Case(
            awaits=NO_CRITERION,
            name=f"ctm-block-{name}",
            about=about,
            canal=(section, mass, medium),
            series=("ct_myelogram-thoracic",),
        )

    return make


def _lm_thick(_: float | None) -> Case:
    disease = Leptomeningeal(id="cauda", span=(("L2", 0.0), ("L5", -1.0)), root_factor=2.4)
    return Case(
        awaits=NO_CRITERION,
        name="lm-thick",
        about="Roots 2.4 times as thick.",
        canal=(disease, MEDIUM),
        series=("ct_myelogram",),
    )


def _lm_nodules(_: float | None) -> Case:
    disease = Leptomeningeal(id="cauda", span=(("L2", 0.0), ("L5", 0.0)), nodules_mm=(5.0, 5.0, 5.0, 5.0))
    return Case(
        awaits=NO_CRITERION,
        name="lm-nodules",
        about="Four nodules of 5 mm on the roots.",
        canal=(MEDIUM, disease),
        series=("ct_myelogram",),
    )


CASES: Group = {
    "ctm-block-partial": _block("partial", 0.725, 0.3),
    "ctm-block-complete": _block("complete", 1.0, 1.0),
    "lm-thick": _lm_thick,
    "lm-nodules": _lm_nodules,
}
