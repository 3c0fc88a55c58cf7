"""Network, loss and a run of a few steps; torch is in the training environment only, elsewhere these tests skip."""

from __future__ import annotations

import argparse

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is in the training environment only (training/README.md)")


def test_scores_for_every_pixel():
    from training.network import SpineNet

    net = SpineNet(7, [8, 12, 16], 10)
    assert net.multiple == 4
    assert net(torch.zeros(2, 7, 32, 24)).shape == (2, 13, 32, 24)


def test_a_perfect_answer_costs_nothing():
    from training.loss import losses

    labels = torch.from_numpy(np.random.default_rng(1).integers(0, 10, (2, 16, 16)).astype(np.uint8))
    scores = torch.zeros(2, 13, 16, 16)
    scores[:, :10] = 40 * torch.nn.functional.one_hot(labels.long(), 10).movedim(-1, 1)
    scores[:, 10] = -40
    batch = {"labels": labels, "core": torch.zeros(2, 16, 16), "offset": torch.zeros(2, 2, 16, 16)}
    assert all(float(term) == pytest.approx(0, abs=1e-3) for term in losses(scores, batch, 10).values())


def test_what_is_not_asked_for_costs_nothing():
    """Outside a small field any answer is right."""
    from training.loss import losses
    from training.supply import UNASKED

    labels = torch.zeros(1, 16, 16, dtype=torch.uint8)
    labels[:, 8:] = UNASKED
    batch = {"labels": labels, "core": torch.zeros(1, 16, 16), "offset": torch.full((1, 2, 16, 16), float("nan"))}
    one = torch.zeros(1, 13, 16, 16)
    one[:, 0] = 20
    other = one.clone()
    other[:, :, 8:] = torch.randn(1, 13, 8, 16) * 9
    first, second = losses(one, batch, 10), losses(other, batch, 10)
    assert {name: float(term) for name, term in first.items()} == pytest.approx(
        {name: float(term) for name, term in second.items()}, abs=1e-6
    )


def test_a_stopped_run_goes_on_as_if_it_had_not(tmp_path):
    """'Deterministic given a seed, resumable': four steps at once, or two and two."""
    from training.recipe import read_recipe
    from training.train import train

    def run(folder, *stops):
        for steps in stops:
            recipe = read_recipe()
            recipe.rows["network"]["channels"] = [4, 6]
            recipe.rows["buffer"]["slabs"] = 24
            recipe.rows["validation"].update(slabs=2, every_steps=2)
            # The rate follows the length of the whole run: the same here.
            recipe.rows["optimiser"].update(power=0.0, warm_up_steps=1)
            train(folder, recipe, argparse.Namespace(seed=3, device="cpu", steps=steps, weights=None))
        return torch.load(folder / "state.pt", weights_only=True)

    once, twice = run(tmp_path / "a", 4), run(tmp_path / "b", 2, 4)
    assert once["step"] == twice["step"] == 4 and once["taken"] == twice["taken"]
    for name, weights in once["net"].items():
        assert torch.allclose(weights.float(), twice["net"][name].float(), atol=1e-4), name
    assert "dice" in (tmp_path / "a" / "log.tsv").read_text()


# The locked torch still has this way of writing ONNX; the new one needs one more package.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_exported_weights_give_the_same_scores(tmp_path, monkeypatch):
    """Half precision in the file, the normalisation folded in: the same within its rounding."""
    pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    from training.export import folded, halved
    from training.network import SpineNet

    torch.manual_seed(1)
    net = SpineNet(7, [8, 12, 16], 10).eval()
    import onnx

    onnx.save(halved(folded(net, 7, 32)), tmp_path / "net.onnx")
    slab = torch.randn(2, 7, 48, 32)
    session = onnxruntime.InferenceSession(str(tmp_path / "net.onnx"), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"slab": slab.numpy()})
    with torch.no_grad():
        assert np.abs(found - net(slab).numpy()).max() < 2e-2
