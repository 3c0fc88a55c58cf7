"""Lesions of marrow."""

from __future__ import annotations

import numpy as np

from spinemets import phantom


def test_diffuse_case_darkens_every_body():
    """All bodies dark on T1: marrow at or below muscle."""
    from dataclasses import replace

    from spinemets.phantom.imaging.acquisition import default
    from spinemets.phantom.imaging.mr_signals import MrContrast
    from spinemets.phantom.tissue.tissues import tissue

    patient = phantom.build("diffuse", 1)
    acquisition = replace(default("t1"), n_slices=1, noise=float("inf"))
    volume = patient.render("t1", acquisition)
    labels = patient.labels(volume.grid)
    contrast = MrContrast(acquisition)
    base, slope = contrast.spongy(patient.anatomy.hosts["L3"], 0.0)
    scale = 700.0 / (sum(base) + sum(slope))
    muscle = scale * sum(contrast.tissue(tissue("muscle")))
    for number in range(18, 25):
        assert np.median(volume.array[labels == number]) < 1.05 * muscle
