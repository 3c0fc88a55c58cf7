"""What is no metastasis."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.pathology import benign
from spinemets.phantom.pathology.measure import breaches, measure
from spinemets.phantom.pathology.metastases import sphere


@pytest.fixture(scope="module")
def l3(normal):
    return normal.anatomy.vertebra("L3")


def test_enostosis_has_its_length_and_density(normal, l3):
    """PHA-33: 10 mm, 1190 HU in the mean of the table."""
    insert = benign.enostosis("L3", length_mm=10.0)
    (part,) = insert.all_parts
    assert part.written.hu == pytest.approx(1190)
    volume = measure(insert, l3, {}).volume_mm3
    ball = 4 / 3 * np.pi * 5 * 4.5 * 5
    assert ball < volume < 1.6 * ball
    assert not insert.malignant


def test_bulls_eye(l3):
    """PHA-25: fat over 0.3 of the radius, 0.027 of the volume, fatter than the marrow around it."""
    insert = benign.bulls_eye("L3", radius_mm=6.0)
    island, fat = measure(insert, l3, {}).part_volumes_mm3
    assert fat / (island + fat) == pytest.approx(0.3**3, rel=0.15)
    assert insert.all_parts[1].written.fat_fraction > 2 * insert.all_parts[0].written.fat_fraction


@pytest.mark.parametrize("kind", ["typical", "atypical", "aggressive"])
def test_haemangioma_has_struts_in_a_light_stroma(normal, kind):
    """Struts at least 200 HU above what lies between them: the rule for coarse trabeculae."""
    from spinemets.phantom.imaging.signals import CtContrast

    host = normal.anatomy.hosts["L3"]
    stroma, strut = benign.haemangioma("L3", kind, sphere(8.0)).all_parts
    hu = [sum(CtContrast().spongy(p.written, p.mineral_mg_per_ml(host))[n][0] for n in (0, 1)) for p in (stroma, strut)]
    assert hu[1] - hu[0] > 200
    assert (stroma.written.fat_fraction > 0.5) == (kind == "typical")


def test_infection_erodes_its_endplate(l3):
    """The facing endplate is broken over about half, the other one is whole."""
    oedema, erosion = (i.fitted(l3) for i in benign.infected("L3", "inferior", depth_mm=12.0, eroded_mm=3.0))
    assert not oedema.breaks_cortex
    found = {b.wall: b.share for b in breaches(erosion, l3)}
    assert found["inferior"] == pytest.approx(benign.ERODED_SHARE, abs=0.02)
    assert "superior" not in found


def test_field_ends_in_a_bone(normal, l3):
    """The half above the middle has about half of the body."""
    whole, half = (measure(benign.irradiated("L3", low_mm=low), l3, {}) for low in (None, 0.0))
    assert half.body_share == pytest.approx(whole.body_share / 2, abs=0.03)
    assert half.centroid_lps_mm[2] > whole.centroid_lps_mm[2] + 4


@pytest.mark.parametrize("volume_ml", [2.0, 4.0, 6.0])
def test_cement_has_its_volume(l3, volume_ml):
    """PHA-34: 2 to 6 ml; the largest one meets the shell."""
    found = measure(benign.cement("L3", volume_ml=volume_ml), l3, {}).volume_mm3
    assert found == pytest.approx(1000 * volume_ml, rel=0.02)


def test_red_marrow_keeps_its_trabeculae(normal):
    host = normal.anatomy.hosts["L3"]
    (part,) = benign.red_island("L3", radius_mm=6.0).all_parts
    assert part.mineral_mg_per_ml(host) == host.mineral_mg_per_ml
