"""Networks made by the tests themselves: a threshold as an ONNX graph, with its side file."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.series import Recognition, Series
from spinemets.model.study import PatientFacts, Study
from spinemets.model.volume import Volume

PATCH = (16, 16, 16)


def graph(path: Path, patch=PATCH, cuts=(0.5,), channels: int = 1) -> None:
    """Class n wins where the value lies above the n-th cut and below the next: scores n * value - sum of the cuts."""
    onnx = pytest.importorskip("onnx", reason="onnx, which makes the networks of these tests, is not installed")
    n = len(cuts) + 1
    weight = np.arange(n, dtype=np.float32).reshape(n, 1, 1, 1, 1).repeat(channels, axis=1)
    bias = -np.concatenate([[0.0], np.cumsum(cuts)]).astype(np.float32)
    helper, float32 = onnx.helper, onnx.TensorProto.FLOAT
    made = helper.make_graph(
        [helper.make_node("Conv", ["image", "weight", "bias"], ["scores"])],
        "threshold",
        [helper.make_tensor_value_info("image", float32, [1, channels, *patch])],
        [helper.make_tensor_value_info("scores", float32, [1, n, *patch])],
        [onnx.numpy_helper.from_array(weight, "weight"), onnx.numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    path.write_bytes(model.SerializeToString())


@pytest.fixture
def side() -> dict:
    """What a side file says, before its checksum."""
    return {
        "schema": "spinemets-onnx/1",
        "name": "threshold 1.0",
        "sha256": "",
        "kinds": ["ct"],
        "axes": "LPS",
        "spacing_mm": [2.0, 2.0, 2.0],
        "patch": list(PATCH),
        "overlap": 0.5,
        "normalisation": {"then": "scale", "clip_hu": [0, 1000]},
        "labels": {"1": "vertebra L3", "2": "vertebra L4"},
    }


@pytest.fixture
def place(tmp_path):
    """Function: put a network file and its side file in place; a side file without a checksum gets the right one."""

    def build(side: dict, network: bytes | None = b"network", name: str = "net.onnx") -> Path:
        path = tmp_path / name
        if network is not None:
            path.write_bytes(network)
        stated = dict(side)
        if stated.get("sha256") == "":
            stated["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
        path.with_suffix(".json").write_text(json.dumps(stated))
        return path

    return build


@pytest.fixture
def place_graph(tmp_path, place):
    """Function: the same with a network that can be run."""

    def build(side: dict, **graph_facts) -> Path:
        pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
        graph(tmp_path / "net.onnx", **graph_facts)
        return place(side, network=None)

    return build


@pytest.fixture
def blocks():
    """Function: a study whose image holds a block of 400 HU above one of 800 HU, stored in an oblique, anisotropic grid."""

    def build(kind: str = "ct", shape=(40, 36, 30), turn_deg: float = 0.0) -> Study:
        c, s = np.cos(np.deg2rad(turn_deg)), np.sin(np.deg2rad(turn_deg))
        affine = np.eye(4)
        affine[:3, :3] = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) * [1.5, 1.5, 2.5]
        affine[:3, 3] = (-20, 10, 50)
        grid = Grid(shape_ijk=shape, affine_lps_mm=affine)
        array = np.zeros(shape, np.int16)
        array[10:30, 10:26, 16:26] = 400
        array[10:30, 10:26, 4:14] = 800
        volume = Volume(array=array, grid=grid, quantity="attenuation", unit="[hnsf'U]")
        series = Series(
            uid="1.2.3",
            number=1,
            label="series 1",
            acquisition=Acquisition(),
            load=lambda: volume,
            grid=grid,
            recognition=Recognition(kind=kind),
        )
        return Study(uid="1", patient=PatientFacts(), series=(series,))

    return build
