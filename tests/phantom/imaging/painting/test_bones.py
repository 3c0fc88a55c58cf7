"""Cortex around marrow."""

from __future__ import annotations

import numpy as np

from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.signals import CtContrast
from tests.phantom.imaging.samples import value_at


def test_cortex_is_painted_thin(first_light, plane):
    """A shell of 0.45 mm in samples of 1 mm peaks far below cortical bone, far above marrow."""
    image = paint(first_light.anatomy, plane, CtContrast())[0]
    frame, size = first_light.anatomy.frames["L3"], first_light.anatomy.sizes["L3"]
    front = -size.mean_depth / 2
    line = [value_at(plane, image, frame.origin + np.array([0, front + d, 0])) for d in np.arange(-4, 4, 0.5)]
    assert 450 < max(line) < 1300
