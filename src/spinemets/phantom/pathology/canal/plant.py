"""Plants disease into a canal: the canal as it is then, and the regions that disease fills."""

from __future__ import annotations

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.canal import Canal
from spinemets.phantom.pathology.canal.deformation import DeformedCanal, deformed
from spinemets.phantom.pathology.canal.epidural import EpiduralMass, Push
from spinemets.phantom.pathology.canal.intramedullary import Intramedullary
from spinemets.phantom.pathology.canal.leptomeningeal import Leptomeningeal
from spinemets.phantom.pathology.canal.myelogram import Myelogram
from spinemets.phantom.pathology.canal.region import Region
from spinemets.phantom.pathology.canal.section import StatedSection
from spinemets.phantom.pathology.canal.site import Site
from spinemets.phantom.shape.block import Array, Block

CanalInsert = StatedSection | EpiduralMass | Intramedullary | Leptomeningeal | Myelogram


def plant(own: Canal, site: Site, inserts: tuple[CanalInsert, ...]) -> tuple[Canal, tuple[Region, ...]]:
    """The canal with its inserts, and their regions in the same order.

    Parameters
    ----------
    own
        The patient's canal without disease; given back as it is where there are no inserts.
    """
    if not inserts:
        return own, ()
    sections = tuple(i.placed(site) for i in inserts if isinstance(i, StatedSection))
    pole = sections[0].centre_mm if sections else float(table("phantom_disease")["pole_mm"])
    pushes = {i.id: i.placed(site, own, pole) for i in inserts if isinstance(i, EpiduralMass)}
    grown = tuple(s for i in inserts if isinstance(i, Intramedullary | Leptomeningeal) for s in i.swellings(site))
    canal = deformed(own, sections=sections, pushes=tuple(pushes.values()), swellings=grown)
    regions: list[Region] = []
    for insert in inserts:
        if isinstance(insert, EpiduralMass):
            regions.append(_epidural(canal, insert, pushes[insert.id], site))
        elif isinstance(insert, Intramedullary):
            regions += insert.regions(canal, site, pole)
        elif isinstance(insert, Leptomeningeal):
            regions += insert.regions(canal, site)
        elif isinstance(insert, Myelogram):
            regions.append(insert.region(canal, site))
    return canal, tuple(regions)


def _epidural(canal: DeformedCanal, mass: EpiduralMass, push: Push, site: Site) -> Region:
    def inner(block: Block) -> Array:
        return canal.inner(push, block)

    return mass.region(push, canal, inner, site)
