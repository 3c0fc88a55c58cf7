"""Tumour in the CSF and in the cord, and masses beside the column."""

from __future__ import annotations

from spinemets.phantom.cases.case import Case, Group
from spinemets.phantom.cases.epidural import lobe
from spinemets.phantom.cases.ingredients import NO_CRITERION, at_region
from spinemets.phantom.pathology.canal.epidural import EpiduralMass
from spinemets.phantom.pathology.canal.intramedullary import Intramedullary, Spot
from spinemets.phantom.pathology.canal.leptomeningeal import Leptomeningeal
from spinemets.phantom.pathology.canal.region import Layer
from spinemets.phantom.pathology.inserts import Insert
from spinemets.phantom.pathology.paraspinal import Lobule, ParaspinalMass

WITH_AGENT = ("ct", "t1", "t2", "t1_gd", "t1_gd_fs")
CAUDA = (("L2", 0.0), ("L5", 0.5))


def _lm_film(_: float | None) -> Case:
    disease = Leptomeningeal(id="film", span=(("T10", 0.5), ("L1", -0.5)), film_mm=1.0)
    about = "Film of tumour on the cord from T10 to L1."
    return Case(awaits=NO_CRITERION, name="lm-film", about=about, canal=(disease,), series=WITH_AGENT)


def _fig12(_: float | None) -> Case:
    sizes = (4.0, 6.0, 3.0, 5.0, 3.5, 6.0, 4.5, 5.5, 3.0)
    disease = Leptomeningeal(id="cauda", span=CAUDA, nodules_mm=sizes)
    return Case(
        awaits=NO_CRITERION,
        name="fig12",
        about="Nine nodules on the cauda equina.",
        canal=(disease,),
        series=WITH_AGENT,
    )


def _fig13(_: float | None) -> Case:
    disease = Leptomeningeal(
        id="cauda", span=(("T12", 0.0), ("L5", -1.0)), film_mm=1.0, enhancing=True, layering_mm=8.0
    )
    about = "Hazy CSF with sediment, and a film of tumour on conus and cauda equina."
    return Case(awaits=NO_CRITERION, name="fig13", about=about, canal=(disease,), series=WITH_AGENT)


def _im_haemorrhage(_: float | None) -> Case:
    blood = (Layer(tissue="hematoma_early_subacute"), Layer(tissue="hematoma_acute", inset_mm=0.8))
    disease = Intramedullary(
        id="cord",
        at=("T11", 0.3),
        spots=(Spot(half_mm=(2.6, 2.2), length_mm=11.0, layers=blood),),
        oedema_mm=40.0,
        growth_mm=0.5,
    )
    about = "Bleeding metastasis in the cord at T11."
    return Case(awaits=NO_CRITERION, name="im-hemorrhage", about=about, canal=(disease,), series=WITH_AGENT)


def _fig14(_: float | None) -> Case:
    melanin = (Layer(tissue="melanoma_melanotic"),)
    disease = Intramedullary(
        id="cord",
        at=("T3", 0.0),
        spots=(Spot(half_mm=(2.4, 1.8), length_mm=12.0, beside_mm=(0.0, 0.8), layers=melanin),),
        oedema_mm=70.0,
        growth_mm=0.5,
    )
    bone = Insert(
        id="melanoma-1",
        kind="lytic",
        level="T5",
        tissue="melanoma_melanotic",
        centre_mm=(-3.0, 1.0, 0.0),
        radii_mm=(8.0, 8.0, 6.5),
        mineral_retained=0.3,
    )
    mass = ParaspinalMass(
        id="mass-1",
        lobules=(
            Lobule(level="T3", centre_mm=(28.0, -12.0, 0.0), half_mm=(11.0, 10.0, 12.0)),
            Lobule(level="T4", centre_mm=(27.0, -8.0, 3.0), half_mm=(9.0, 11.0, 10.0)),
        ),
        tissue="melanoma_melanotic",
        erosion_mm=0.5,
    )
    about = "Melanoma in the cord at T3, in T5 and beside T3 and T4."
    return Case(
        awaits=NO_CRITERION,
        name="fig14",
        about=about,
        inserts=(bone,),
        canal=(disease,),
        masses=(mass,),
        series=at_region("thoracic", ("ct", "t1")),
    )


def _par_mass(_: float | None) -> Case:
    mass = ParaspinalMass(
        id="mass-1",
        lobules=(
            Lobule(level="T9", centre_mm=(31.0, -11.0, 0.0), half_mm=(16.7, 17.2, 18.1)),
            Lobule(level="T10", centre_mm=(34.0, -8.0, 0.0), half_mm=(21.1, 19.6, 19.1)),
            Lobule(level="T11", centre_mm=(33.0, -11.0, 4.0), half_mm=(16.7, 17.2, 17.7)),
        ),
    )
    about = "Mass of 62 ml at the left of T9 to T11."
    return Case(
        awaits=NO_CRITERION, name="par-mass", about=about, masses=(mass,), series=at_region("thoracic", WITH_AGENT)
    )


def _fig11(_: float | None) -> Case:
    mass = ParaspinalMass(
        id="mass-1",
        lobules=(
            Lobule(level="T10", centre_mm=(25.0, -19.0, -3.0), half_mm=(19.0, 19.0, 17.0)),
            Lobule(level="T11", centre_mm=(27.0, -19.0, 0.0), half_mm=(21.0, 20.0, 19.0)),
            Lobule(level="T12", centre_mm=(27.0, -19.0, 3.0), half_mm=(17.0, 18.0, 16.0)),
        ),
        tissue="sarcoma",
        erosion_mm=6.0,
    )
    inside = EpiduralMass(
        id="epidural-1",
        span=(("T10", 0.0), ("T12", 0.0)),
        profile=lobe(95.0, 45.0, 1.2),
        layers=(Layer(tissue="sarcoma"),),
        taper_mm=10.0,
        foramina=(("T10", "left"), ("T11", "left")),
    )
    about = "Sarcoma at the left of T10 to T12 that eats into the pedicles and enters the canal through the foramina."
    return Case(
        awaits=NO_CRITERION,
        name="fig11",
        about=about,
        canal=(inside,),
        masses=(mass,),
        series=at_region("thoracic", ("ct", "t1", "t1_gd_fs", "stir")),
    )


CASES: Group = {
    "lm-film": _lm_film,
    "fig12": _fig12,
    "fig13": _fig13,
    "im-hemorrhage": _im_haemorrhage,
    "fig14": _fig14,
    "par-mass": _par_mass,
    "fig11": _fig11,
}
