"""Reading painted samples at points."""

from __future__ import annotations

import numpy as np


def value_at(block, image, point):
    """Value at the sample nearest to a point."""
    index = tuple(np.round(block.inverse[:3, :3] @ point + block.inverse[:3, 3]).astype(int))
    return float(image[index])
