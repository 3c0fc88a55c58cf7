"""Level-by-level, quantitative, explained assessment of spinal metastatic disease. Research use only.

>>> import spinemets as sm                                  # doctest: +SKIP
>>> study = sm.open_study("STUDY")                          # doctest: +SKIP
>>> assessment = sm.analyze(study, labels=["labels.nii.gz:verse"])   # doctest: +SKIP
>>> assessment.levels["L3"].findings["CT-02"]               # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"
__all__ = ["analyze", "open_study", "report"]


def __getattr__(name: str) -> Any:
    """Load the doors on first use: importing the package costs nothing."""
    if name in ("analyze", "open_study"):
        from spinemets.app import pipeline

        return getattr(pipeline, name)
    if name == "report":
        # `from spinemets import report` would ask this very function for the name again.
        return importlib.import_module("spinemets.report")
    raise AttributeError(f"module 'spinemets' has no attribute {name!r}")
