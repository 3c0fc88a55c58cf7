"""Plants disease into a canal: the canal as it is then, and the regions that disease fills."""

from __future__ import annotations

from spinemets.knowledge.catalogue import table
from spinemets.phantom.anatomy.canal import Canal
from spinemets.phantom.pathology.canal.deformation import DeformedCanal, deformed
from spinemets.phantom.pathology.canal.epidural import EpiduralMass, Push
from spinemets.phantom.pathology.canal.region import Region
from spinemets.phantom.pathology.canal.section import StatedSection
from spinemets.phantom.pathology.canal.site import Site
from spinemets.phantom.shape.block import Array, Block

CanalInsert = StatedSection | EpiduralMass


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
    masses = tuple((i, i.placed(site, own, pole)) for i in inserts if isinstance(i, EpiduralMass))
    canal = deformed(own, sections=sections, pushes=tuple(push for _, push in masses), swellings=())
    return canal, tuple(_epidural(canal, mass, push, site) for mass, push in masses)


def _epidural(canal: DeformedCanal, mass: EpiduralMass, push: Push, site: Site) -> Region:
    def inner(block: Block) -> Array:
        return canal.inner(push, block)

    return mass.region(push, canal, inner, site)
