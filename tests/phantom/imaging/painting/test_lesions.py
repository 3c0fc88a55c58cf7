"""What inserts write into bone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets import phantom
from spinemets.knowledge.lookup import table
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.painting.marrow import textures
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.pathology.inserts import lattice
from spinemets.phantom.tissue.tissues import tissue
from tests.phantom.shape import twins


@pytest.mark.parametrize("case", ["first-light", "ct-mixed"])
def test_lesions_equal_their_twin(case):
    """Shell, marrow, vein and lesions of one vertebra over air, against numpy, value by value."""
    patient = phantom.build(case, 1).anatomy
    insert = patient.inserts[0]
    vertebra, host = patient.vertebra(insert.level), patient.hosts[insert.level]
    block = lattice(vertebra.frame.lps(*insert.centre_mm), np.array([20.0, 20.0, 12.0]), 1.0)
    bone = vertebra.bone(block)
    shares = twins.coverage(bone.outer, 1.0), twins.coverage(bone.inner, 1.0)
    texture = textures(("mineral",), patient.texture, (bone, shares[1] > 0), vertebra)[0]
    contrast = CtContrast()

    def spongy(of, mineral):
        (base,), (slope,) = contrast.spongy(of, mineral)
        return base + slope * texture.astype(float)

    marrow = spongy(host, host.mineral_mg_per_ml)
    shell = np.full(block.shape, float(contrast.tissue(tissue("cortical_bone"))[0]))
    vein = _vein_share(vertebra, bone)
    written = tissue(insert.tissue)
    lesion = spongy(written, insert.mineral_retained * host.mineral_mg_per_ml)
    if insert.kind == "mixed":
        dense = spongy(tissue("blastic_tumour"), tissue("blastic_tumour").mineral_mg_per_ml)
        lesion = dense + insert.all_parts[1].pattern.share_at(bone, patient.fields, 1.0) * (lesion - dense)
    member = insert.membership(bone, 1.0)
    blood = contrast.tissue(tissue("basivertebral"))[0]
    shell, marrow = (part + vein * (blood - part) for part in (shell, marrow))
    marrow = marrow + member * (lesion - marrow)
    if insert.breaks_cortex:
        shell = shell + member * (lesion - shell)
    expected = -1000 * (1 - shares[0]) + (shares[0] - shares[1]) * shell + shares[1] * marrow
    alone = replace(patient, soft=(), discs=(), roots=(), other_bone=(), metal=(), vertebrae=(vertebra,))
    inside = (shares[0] == 1) & (twins.coverage(bone.body, 1.0) == 1)
    assert inside.sum() > 5000
    assert paint(alone, block, contrast)[0][inside] == pytest.approx(expected[inside], abs=0.02)


def test_an_even_lesion_has_no_texture():
    """The same tissue, in its mean, at every sample well inside; as patchy as marrow where it is not even."""
    patient = phantom.build("first-light", 1).anatomy
    insert = replace(patient.inserts[0], edge_mm=0.5)
    block = lattice(patient.vertebra(insert.level).frame.lps(*insert.centre_mm), np.array([4.0, 4.0, 4.0]), 1.0)
    contrast = CtContrast()
    (base,), (slope,) = contrast.spongy(
        insert.all_parts[0].written, insert.all_parts[0].mineral_mg_per_ml(patient.hosts[insert.level])
    )
    even, patchy = (
        paint(replace(patient, inserts=(replace(insert, even=yes),)), block, contrast)[0] for yes in (True, False)
    )
    assert even == pytest.approx(np.full(block.shape, base + slope), abs=0.01)
    assert patchy.std() > 10 * max(even.std(), 0.01)


def _vein_share(vertebra, bone):
    """Share of the basivertebral vein, everywhere in the block."""
    rows, depth = table("phantom_anatomy")["basivertebral"], vertebra.body.size.mean_depth
    l, a, s = bone.local  # noqa: E741
    behind = a + depth / 2
    norm = np.hypot(l / (rows["width_mm"] / 2), s / (rows["height_mm"] / 2))
    return np.where(behind > -4, np.clip(1 - norm - behind / (rows["depth_share"] * depth), 0, 0.4) / 0.4, 0.0)
