"""Write a checkpoint's averaged weights as ONNX (half precision in the file) with their card."""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from training.recipe import OWN, TrainingRecipe, read_recipe
from training.train import network_of

OPSET = 18
# CT is cut to these HU before all else: metal and air would take the scale.
CLIP_HU = [-200.0, 700.0]


def folded(net: torch.nn.Module, slices: int, side: int) -> onnx.ModelProto:
    """ONNX graph with the normalisation folded into the convolutions, rows and columns free."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        free = {0: "slabs", 2: "rows", 3: "columns"}
        torch.onnx.export(
            net, (torch.zeros(1, slices, side, side),), str(path), opset_version=OPSET, dynamo=False,
            input_names=["slab"], output_names=["scores"], dynamic_axes={"slab": free, "scores": free},
        )  # fmt: skip
        return onnx.load(path)


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """Weights kept as float16 and cast to float32 where they are used: half the file, the same arithmetic."""
    graph, casts = model.graph, []
    for number, weights in enumerate(list(graph.initializer)):
        if weights.data_type != TensorProto.FLOAT or np.prod(weights.dims) < 64:
            continue
        half = numpy_helper.from_array(numpy_helper.to_array(weights).astype(np.float16), f"{weights.name}.half")
        casts.append(helper.make_node("Cast", [half.name], [weights.name], name=f"cast_{number}", to=TensorProto.FLOAT))
        graph.initializer.remove(weights)
        graph.initializer.append(half)
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    return model


def card(recipe: TrainingRecipe, name: str, about: dict[str, Any], digest: str, weights: str) -> dict[str, Any]:
    """What the package must know of the weights, and where they come from."""
    grid, row = recipe.samples.grid, recipe["network"]
    return {
        "schema": "spinemets-network/1",
        "name": name,
        "weights": weights,
        "sha256": digest,
        "slices": grid["shape"][0],
        "spacing_mm": list(grid["spacing_mm"]),
        "multiple": 2 ** (len(row["channels"]) - 1),
        "classes": list(row["classes"]),
        "offset_unit_mm": recipe["targets"]["offset_unit_mm"],
        "clip_hu": CLIP_HU,
        "percentiles": list(recipe.samples["normalise"]["percentiles"]),
        "training": about,
    }


def main() -> None:
    """Read the command line and write."""
    parser = argparse.ArgumentParser(prog="python -m training.export", description=__doc__)
    parser.add_argument("state", type=Path, help="state.pt of a run")
    parser.add_argument("out", type=Path, help="card to write (spine.json); the weights go beside it")
    parser.add_argument("--recipe", type=Path, default=OWN)
    parser.add_argument("--name", default="spine network")
    options = parser.parse_args()
    recipe = read_recipe(options.recipe)
    state = torch.load(options.state, map_location="cpu", weights_only=True)
    net = network_of(recipe)
    net.load_state_dict(state["average"])
    net.eval()
    grid = recipe.samples.grid
    model = halved(folded(net, grid["shape"][0], grid["shape"][1]))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    weights = options.out.with_suffix(".onnx")
    onnx.save(model, weights)
    about = {
        "data": "synthetic images of the digital spine only; no image and no label map of a patient",
        "channels": recipe["network"]["channels"],
        "steps": state["step"],
        "slabs_seen": state["step"] * recipe["optimiser"]["batch"],
        "slabs_made": state["taken"],
        "seed": state["seed"],
    }
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    options.out.write_text(json.dumps(card(recipe, options.name, about, digest, weights.name), indent=1) + "\n")
    print(f"{weights} ({weights.stat().st_size / 1e6:.1f} MB), step {state['step']}")


if __name__ == "__main__":
    main()
