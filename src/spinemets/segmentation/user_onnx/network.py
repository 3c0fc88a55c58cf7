"""The ONNX network itself: loaded once, asked patch by patch, on the processor, without network or telemetry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.model.errors import MissingPart, SegmenterFailed, UsageError
from spinemets.segmentation.user_onnx.side_file import SideFile

Scores = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """A loaded network: patches in, scores (class, i, j, k) out."""

    session: Any
    input_name: str
    file: str
    side: SideFile

    def predict(self, patch: Scores) -> Scores:
        """Scores of one patch.

        Raises
        ------
        SegmenterFailed
            If the network cannot be run.
        UsageError
            If it answers in another shape than the side file says.
        """
        try:
            answer = np.asarray(self.session.run(None, {self.input_name: patch[None, None]})[0], np.float32)
        except Exception as error:
            raise SegmenterFailed(
                f"{self.file} cannot be run ({type(error).__name__}).", "Check that the network is complete."
            ) from error
        if answer.ndim != 5 or answer.shape[0] != 1 or answer.shape[2:] != patch.shape:
            raise UsageError(
                f"{self.file} answers with {_times(answer.shape)} scores to a patch of {_times(patch.shape)} voxels, "
                f"expected 1 x classes x {_times(patch.shape)}.",
                "The patch of the side file must be the network's.",
            )
        highest = max(self.side.names, default=0)
        if highest >= answer.shape[1]:
            raise UsageError(
                f"{self.file} has {answer.shape[1]} classes, background included, but its side file names label {highest}.",
                "The label is the number of the class.",
            )
        scores: Scores = answer[0]
        return scores


def load(path: Path, side: SideFile) -> Network:
    """Load a network and compare its input with the side file.

    Raises
    ------
    MissingPart
        If the inference engine is not installed.
    UsageError
        If the file is no network, or its input does not fit the patch.
    """
    try:
        import onnxruntime  # lazy: slow to import, and needed by this back end only
    except ImportError as error:
        raise MissingPart("A network needs onnxruntime, which is not installed.", "pip install onnxruntime") from error
    onnxruntime.disable_telemetry_events()
    try:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:
        raise UsageError(f"{path.name} is no ONNX network that can be loaded ({type(error).__name__}).") from error
    inputs = session.get_inputs()
    wanted = (1, 1, *side.patch)
    shape = inputs[0].shape
    fits = len(inputs) == 1 and len(shape) == 5
    if not fits or any(isinstance(n, int) and n != m for n, m in zip(shape, wanted, strict=True)):
        given = "; ".join(_times(one.shape) for one in inputs)
        raise UsageError(
            f"{path.name} takes {given}, but the patch of its side file makes {_times(wanted)} (batch, channel, patch).",
            "Correct `patch` in the side file.",
        )
    return Network(session=session, input_name=inputs[0].name, file=path.name, side=side)


def _times(shape: Any) -> str:
    return " x ".join(str(n) for n in shape)
