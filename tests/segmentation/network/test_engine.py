"""Engines: the weights run on the processor, without telemetry."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from spinemets.model.errors import UsageError
from spinemets.segmentation.network.engine import engine_of


def test_slabs_of_any_size_and_number(card):
    engine = engine_of("onnxruntime", card.weights)
    for rows, columns in ((card.multiple, 2 * card.multiple), (3 * card.multiple, card.multiple)):
        scores = engine.run(np.zeros((2, card.slices, rows, columns), np.float32))
        assert scores.shape == (2, len(card.classes) + 3, rows, columns)
        assert np.isfinite(scores).all()


def test_an_engine_nobody_knows(card):
    with pytest.raises(UsageError, match="There is no engine 'tensorflow'"):
        engine_of("tensorflow", card.weights)


def test_openvino_gives_the_same_or_says_what_to_install(card):
    slabs = np.random.default_rng(3).normal(size=(1, card.slices, 64, 64)).astype(np.float32)
    try:
        fast = engine_of("openvino", card.weights)
    except UsageError as error:
        assert "pip install openvino" in error.remedy
        return
    one, other = fast.run(slabs), engine_of("onnxruntime", card.weights).run(slabs)
    assert np.abs(one - other).max() < 0.05 * np.abs(other).max()


def test_openvino_sends_nothing(tmp_path, card):
    """'its telemetry off, tested': the module that sends cannot be imported once the engine is asked for."""
    code = (
        "import sys, pathlib\n"
        "from spinemets.segmentation.network.engine import engine_of\n"
        f"try: engine_of('openvino', pathlib.Path({str(card.weights)!r}))\n"
        "except Exception: pass\n"
        "assert sys.modules['openvino_telemetry'] is None\n"
        "import pathlib; assert not (pathlib.Path.home() / 'intel').exists()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"HOME": str(tmp_path), "PATH": ""}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
