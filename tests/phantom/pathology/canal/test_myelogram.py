"""Contrast medium in the CSF."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.pathology.canal.myelogram import Myelogram


def test_iodine_by_height(normal):
    """Below the block all of it, above it what passes."""
    site = normal.anatomy.site
    medium = Myelogram(mg_per_ml=10.0, block=("T8", 0.0), completeness=0.3)
    z = np.array([site.z((level, 0.0)) for level in ("T11", "T8", "T5")], np.float32)
    assert medium.iodine_mg_per_ml(site, z) == pytest.approx([10.0, 8.5, 7.0])


def test_layering(normal):
    """Heavier behind: 10 % more over 10 mm; the middle keeps its value."""
    site, z = normal.anatomy.site, np.zeros(3, np.float32)
    found = Myelogram(mg_per_ml=8.0, layering=0.1).iodine_mg_per_ml(site, z, np.array([-10.0, 0.0, 10.0]))
    assert found == pytest.approx([7.2, 8.0, 8.8])


def test_the_whole_sac_is_filled(normal):
    """No part of the label map; from the end of the sac to the neck."""
    region = Myelogram().region(normal.anatomy.canal, normal.anatomy.site)
    assert not region.labelled
    assert region.box[0][2] < normal.anatomy.canal.end_z
    assert region.box[1][2] > normal.anatomy.site.z(("C3", 0.0))
