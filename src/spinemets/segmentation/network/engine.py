"""Engines that run a network's weights: onnxruntime, or OpenVINO where it is installed and asked for."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from spinemets.model.errors import UsageError

ENGINES = ("onnxruntime", "openvino")


class Engine(Protocol):
    """Runs slabs through the network."""

    def run(self, slabs: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, slices, rows, columns) to scores (n, channels, rows, columns)."""
        ...


class OnnxRuntime:
    """The weights in onnxruntime, on the processor."""

    def __init__(self, weights: Path, threads: int) -> None:
        import onnxruntime  # lazy: heavy import

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # A thread that waits would take the processor from whatever else runs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def run(self, slabs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of slabs."""
        scores: NDArray[np.float32] = self._session.run(None, {self._input: slabs})[0]
        return scores


class OpenVino:
    """The weights in OpenVINO, on the processor, without its telemetry."""

    def __init__(self, weights: Path, threads: int) -> None:
        # Without the module that sends, the library takes an empty one of its own.
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
        try:
            import openvino  # lazy: optional
        except ImportError:
            raise UsageError(
                "The engine openvino is not installed.", "Install it (pip install openvino), or take onnxruntime."
            ) from None
        core = openvino.Core()
        self._compiled: Any = core.compile_model(str(weights), "CPU", {"INFERENCE_NUM_THREADS": threads})

    def run(self, slabs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of slabs."""
        scores: NDArray[np.float32] = np.asarray(self._compiled(slabs)[0])
        return scores


def engine_of(name: str, weights: Path) -> Engine:
    """Engine of a name.

    Raises
    ------
    UsageError
        If there is no such engine, or it is not installed.
    """
    if name not in ENGINES:
        raise UsageError(f"There is no engine {name!r}.", f"Engines: {', '.join(ENGINES)}.")
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return OnnxRuntime(weights, threads) if name == "onnxruntime" else OpenVino(weights, threads)
