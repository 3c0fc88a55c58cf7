"""Tumour around the sac: the grades of cord compression, and the shapes that such tumour takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from spinemets.phantom.cases.case import Case, Group
from spinemets.phantom.cases.ingredients import NO_CRITERION, at_region
from spinemets.phantom.pathology.canal.epidural import NONE_MM, EpiduralMass, Profile
from spinemets.phantom.pathology.canal.section import StatedSection
from spinemets.phantom.pathology.inserts import Insert

AROUND_T6 = (("T5", -1.0), ("T7", 1.0))
SERIES = ("ct", "t1", "t2", "stir", "t1_gd", "ax_t2")
THORACIC = at_region("thoracic", SERIES)
SECTION = StatedSection(span=(("T5", -0.8), ("T7", 0.8)))

# Depth of the mass inside the sac's outline by angle, so that each grade lies in the middle of its class. CSF is 5.2 mm deep
# behind the cord, 3.35 mm beside it and 1 mm in front of it.
PROFILES: dict[str, Profile] = {
    "1a": ((180, 0.4), (160, 0.1), (-160, 0.1), (140, -0.6), (-140, -0.6), (115, NONE_MM), (-115, NONE_MM)),
    "1b": ((180, 2.1), (160, 1.7), (-160, 1.5), (135, 0.6), (-135, 0.3), (100, NONE_MM), (-110, NONE_MM)),
    "1c": ((90, 3.0), (40, 1.5), (110, 3.0), (130, 2.0), (20, 0.0), (150, NONE_MM), (0, NONE_MM)),
    "2": (
        (90, 4.5),
        (60, 3.6),
        (30, 2.1),
        (115, 4.3),
        (140, 2.6),
        (0, 1.4),
        (160, NONE_MM),
        (-30, 1.3),
        (-60, NONE_MM),
    ),
    "3": (
        (90, 6.0),
        (45, 2.35),
        (0, 1.45),
        (-45, 2.05),
        (-90, 3.8),
        (-135, 4.8),
        (180, 5.65),
        (135, 5.5),
        (60, 3.6),
        (115, 5.5),
    ),
}


# Where the tumour came from: the left half of the body and its pedicle, or the lamina.
VENTRAL = Insert(
    id="lytic-1",
    kind="lytic",
    level="T6",
    tissue="lytic_tumour",
    centre_mm=(7.0, -9.0, 2.0),
    radii_mm=(8.5, 8.0, 7.0),
    mineral_retained=0.2,
    breaks_cortex=True,
    compartments=("body", "pedicle_left"),
)
DORSAL = replace(VENTRAL, centre_mm=(3.0, -35.0, -3.0), radii_mm=(9.0, 7.0, 8.0), compartments=("posterior_elements",))
WITHIN = replace(VENTRAL, centre_mm=(3.0, 0.0, 0.0), breaks_cortex=False, compartments=("body",))


def _epidural_of(grade: str) -> tuple[EpiduralMass, ...]:
    """Mass of a grade; that of 1c comes near the cord without touching it, and presses it a little all the same."""
    if grade == "0":
        return ()
    mass = EpiduralMass(id="epidural-1", span=AROUND_T6, profile=PROFILES[grade], taper_mm=12.0)
    return (replace(mass, stop_mm=0.34, cord_inset_mm=0.035) if grade == "1c" else mass,)


def _escc(grade: str) -> Callable[[float | None], Case]:
    """Case of one grade."""

    def make(_: float | None) -> Case:
        origin = {"0": WITHIN, "1a": DORSAL, "1b": DORSAL}.get(grade, VENTRAL)
        return Case(
            awaits=NO_CRITERION,
            name=f"epi-escc-{grade}",
            about=f"Tumour of T6, epidural compression grade {grade}.",
            inserts=(origin,),
            canal=(SECTION, *_epidural_of(grade)),
            series=THORACIC,
        )

    return make


def lobe(at_deg: float, half_deg: float, depth_mm: float) -> Profile:
    """Profile of one lobe: deepest in its middle, thinning out to both sides."""
    edges = ((0.6, 0.75 * depth_mm), (1.0, -2.0), (1.4, NONE_MM))
    sides = ((at_deg + sign * share * half_deg, depth) for share, depth in edges for sign in (-1, 1))
    return ((at_deg, depth_mm), *sides)


# Two lobes beside an intact median septum, and one that is not held back by it.
CURTAIN: Profile = (
    (0, -1.7), (15, 0.4), (38, 2.4), (58, 1.5), (80, -2.0), (110, NONE_MM),
    (-15, 0.2), (-38, 2.0), (-58, 1.1), (-80, -2.0), (-110, NONE_MM),
)  # fmt: skip
BULGE: Profile = (
    (0, 2.0),
    (20, 2.0),
    (-20, 2.0),
    (45, 0.8),
    (-45, 0.8),
    (75, -2.0),
    (-75, -2.0),
    (105, NONE_MM),
    (-105, NONE_MM),
)


def wall(level: str) -> Insert:
    """Lesion that breaks the back wall of a level."""
    return replace(VENTRAL, level=level, centre_mm=(1.0, -10.0, 0.0), radii_mm=(11.0, 9.0, 8.0), compartments=("body",))


def _draped(_: float | None) -> Case:
    mass = EpiduralMass(id="epidural-1", span=(("T11", 1.0), ("T11", -1.0)), profile=CURTAIN, taper_mm=8.0)
    about = "Tumour behind T11 in two lobes beside the median septum."
    return Case(
        awaits=NO_CRITERION, name="epi-draped", about=about, inserts=(wall("T11"),), canal=(mass,), series=SERIES
    )


def _undraped(_: float | None) -> Case:
    mass = EpiduralMass(id="epidural-1", span=(("T11", 1.0), ("T11", -1.0)), profile=BULGE, taper_mm=8.0)
    about = "Tumour behind T11 that crosses the midline."
    return Case(
        awaits=NO_CRITERION,
        name="epi-undraped",
        about=about,
        inserts=(wall("T11"),),
        canal=(mass,),
        series=SERIES,
    )


def _circumferential(_: float | None) -> Case:
    mass = EpiduralMass(id="epidural-1", span=(("T10", -0.4), ("T12", 0.4)), squeeze=0.55, taper_mm=10.0)
    about = "Tumour all around the sac at T11."
    return Case(
        awaits=NO_CRITERION,
        name="epi-circumferential",
        about=about,
        inserts=(wall("T11"),),
        canal=(mass,),
        series=SERIES,
    )


def _foraminal(_: float | None) -> Case:
    mass = EpiduralMass(
        id="epidural-1",
        span=(("L3", 0.4), ("L3", -1.3)),
        profile=lobe(80.0, 40.0, 1.5),
        taper_mm=10.0,
        foramina=(("L3", "left"),),
    )
    lesion = replace(
        VENTRAL,
        level="L3",
        centre_mm=(17.0, -20.0, 4.0),
        radii_mm=(7.5, 9.0, 8.0),
        compartments=("pedicle_left", "body"),
    )
    about = "Tumour of the left pedicle of L3 that fills the foramen below it."
    return Case(awaits=NO_CRITERION, name="epi-foraminal", about=about, inserts=(lesion,), canal=(mass,), series=SERIES)


def _isolated(_: float | None) -> Case:
    mass = EpiduralMass(
        id="epidural-1", span=(("T11", 1.2), ("T12", 0.6)), profile=lobe(150.0, 55.0, 2.0), taper_mm=12.0
    )
    about = "Dorsal epidural tumour of T11 without a lesion of bone."
    return Case(awaits=NO_CRITERION, name="epi-isolated", about=about, canal=(mass,), series=SERIES)


def _ct_1b(_: float | None) -> Case:
    mass = EpiduralMass(
        id="epidural-1",
        span=(("T11", 1.3), ("T11", -1.3)),
        profile=((105, 1.9), (75, 1.2), (50, 0.4), (25, -1.5), (0, NONE_MM), (135, 1.2), (160, -1.5), (180, NONE_MM)),
        taper_mm=10.0,
    )
    lesion = replace(VENTRAL, level="T11", centre_mm=(10.0, -11.0, 3.0), radii_mm=(9.0, 9.0, 8.0))
    section = StatedSection(span=(("T10", -0.8), ("T12", 0.8)))
    about = "Tumour of T11 that pushes the sac in from the left, on CT."
    return Case(
        awaits=NO_CRITERION,
        name="epi-1b-ct",
        about=about,
        inserts=(lesion,),
        canal=(section, mass),
        series=("ct",),
    )


def _fig04(_: float | None) -> Case:
    mass = EpiduralMass(
        id="epidural-1",
        span=(("L4", 0.7), ("L4", -1.2)),
        profile=lobe(55.0, 50.0, 4.9),
        taper_mm=10.0,
        foramina=(("L4", "left"),),
    )
    lesion = replace(
        VENTRAL,
        level="L4",
        centre_mm=(11.0, -13.0, 0.0),
        radii_mm=(12.0, 10.0, 9.0),
        compartments=("body", "pedicle_left"),
    )
    about = "Tumour of L4 with an epidural part in front and to the left that fills the left foramen."
    return Case(
        awaits=NO_CRITERION,
        name="fig04",
        about=about,
        inserts=(lesion,),
        canal=(mass,),
        series=("ct", "t1", "t2", "ax_t2"),
    )


def _fig07(_: float | None) -> Case:
    lesions = tuple(
        replace(
            VENTRAL,
            id=f"lytic-{level}",
            level=level,
            centre_mm=(0.0, -2.0, 0.0),
            radii_mm=(9.5, 8.5, 6.5),
            compartments=("body",),
        )
        for level in ("C4", "C5")
    )
    mass = EpiduralMass(id="epidural-1", span=(("C4", 0.9), ("C5", -0.9)), profile=lobe(0.0, 60.0, 1.6), taper_mm=8.0)
    about = "Tumour of C4 and C5 with a part in front of the sac."
    return Case(
        awaits=NO_CRITERION,
        name="fig07",
        about=about,
        inserts=lesions,
        canal=(mass,),
        series=at_region("cervical", ("ct", "t1", "t1_gd")),
    )


CASES: Group = {
    **{f"epi-escc-{grade}": _escc(grade) for grade in ("0", *PROFILES)},
    "epi-draped": _draped,
    "epi-undraped": _undraped,
    "epi-circumferential": _circumferential,
    "epi-foraminal": _foraminal,
    "epi-isolated": _isolated,
    "epi-1b-ct": _ct_1b,
    "fig04": _fig04,
    "fig07": _fig07,
}
