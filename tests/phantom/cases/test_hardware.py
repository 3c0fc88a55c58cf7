"""Metal."""

from __future__ import annotations

import numpy as np

from spinemets import phantom


def test_screws_of_the_metal_case():
    """Four titanium screws through the pedicles of L3 and L4, up to the end of the scale."""
    from dataclasses import replace

    from spinemets.phantom.imaging.acquisition import default
    from spinemets.phantom.imaging.ct_scan import render_ct

    patient = phantom.build("hw-ct", 1)
    assert len(patient.anatomy.metal) == len(patient.truth["hardware"]) == 4
    grid = patient.grid(default("ct"))
    rod = patient.anatomy.metal[0]
    index = np.round(grid.to_ijk((np.add(rod.start, rod.end)) / 2)).astype(int)
    part = grid.crop((0, 0, int(index[2])), (220, 220, 1))
    volume = render_ct(patient.anatomy, replace(default("ct"), noise=0.0), part, np.random.default_rng(0))
    assert volume.array[index[0], index[1], 0] > 2500
