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


def test_a_back_end_by_name():
    """'choose(SegmenterOptions(labels=..., backend=...)) picks it'"""
    assert choose(SegmenterOptions(backend="classical_ct")).name == "classical_ct"


def test_label_files_come_before_a_back_end(tmp_path):
    files = (LabelFile(path=tmp_path / "a.nii.gz"),)
    assert choose(SegmenterOptions(labels=files, backend="totalsegmentator")).name == "label map"


def test_a_time_limit_is_handed_on():
    assert choose(SegmenterOptions(backend="spineps", limit_s=5.0)).limit_s == 5.0


def test_an_unknown_back_end_is_a_wrong_call():
    with pytest.raises(UsageError, match="is no back end"):
        choose(SegmenterOptions(backend="nobodys"))
