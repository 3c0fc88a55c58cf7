"""The segmenter for some options."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.model.errors import UsageError
from spinemets.segmentation.choose import LabelMaps, NoSegmenter, choose
from spinemets.segmentation.kept import Kept
from spinemets.segmentation.network.segmenter import SpineNetwork
from spinemets.segmentation.options import LabelFile, SegmenterOptions
from spinemets.segmentation.port import Segmenter


def test_the_network_outlines_where_nothing_is_given(tmp_path):
    """'`analyze` uses the same by default: from here on it needs no `--labels`'."""
    assert isinstance(choose(SegmenterOptions()), SpineNetwork)
    kept = choose(SegmenterOptions(keep_in=tmp_path))
    assert isinstance(kept, Kept)
    assert kept.name == SpineNetwork().name


def test_a_back_end_nobody_knows():
    with pytest.raises(UsageError, match="no back end 'magic'"):
        choose(SegmenterOptions(backend="magic"))


def test_none_outlines_nothing(make_study):
    chosen: Segmenter = choose(SegmenterOptions(backend="none"))
    assert isinstance(chosen, NoSegmenter)
    assert chosen.segment(make_study()) == ()
    assert chosen.name == "none"


def test_label_files(make_study, write_labels, column):
    files = (LabelFile(path=write_labels(column([20])), scheme="verse"),)
    chosen = choose(SegmenterOptions(labels=files))
    assert isinstance(chosen, LabelMaps)
    (labels,) = chosen.segment(make_study())
    assert [p.level for p in labels.parts] == ["L1"]
    assert labels.parts[0].region.mask.dtype == np.bool_


def test_choosing_is_cheap():
    """Heavy readers are imported only when files are read."""
    import subprocess
    import sys

    code = "import sys, spinemets.segmentation.choose; print([m for m in ('nibabel', 'highdicom', 'cc3d', 'onnxruntime', 'scipy') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
