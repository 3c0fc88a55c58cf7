"""Train the network: `python -m training.train FOLDER --steps N`; the same command goes on where a run was stopped."""

from __future__ import annotations

import argparse
import copy
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spinemets.phantom.training import Generator
from training.loss import dice_by_class, losses
from training.network import SpineNet
from training.recipe import OWN, TrainingRecipe, read_recipe
from training.supply import Buffer, Workers
from training.targets import slab_of

SAVED_EVERY_S = 300.0
SAID_EVERY = 100


class Run:
    """State of a run: weights, their average, optimiser, step."""

    def __init__(self, recipe: TrainingRecipe, seed: int, device: str) -> None:
        self.recipe, self.seed, self.device, self.step = recipe, seed, device, 0
        torch.manual_seed(seed)
        self.net = network_of(recipe).to(device, memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net)
        row = recipe["optimiser"]
        self.optimiser = torch.optim.SGD(
            self.net.parameters(),
            lr=row["rate"],
            momentum=row["momentum"],
            nesterov=True,
            weight_decay=row["weight_decay"],
        )

    def rate(self, steps: int) -> float:
        """Learning rate of this step: up at first, then down to nothing at the last one."""
        row = self.recipe["optimiser"]
        left = max(1 - self.step / steps, 1e-3)
        return float(row["rate"] * min(1.0, (self.step + 1) / row["warm_up_steps"]) * left ** row["power"])

    def learn(self, batch: dict[str, Any], steps: int) -> dict[str, float]:
        """One step; returns the terms of the loss."""
        row, classes = self.recipe["optimiser"], len(self.recipe.classes)
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate(steps)
        given = {name: torch.from_numpy(array).to(self.device) for name, array in batch.items()}
        image = given["image"].to(memory_format=torch.channels_last)
        with torch.autocast(self.device, torch.bfloat16):
            scores = self.net(image)
        terms = losses(scores, given, classes)
        total = sum(self.recipe["loss"][name] * term for name, term in terms.items())
        assert isinstance(total, Tensor)
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), row["clip"])
        self.optimiser.step()
        self.step += 1
        self._follow(min(row["average"], self.step / (self.step + 10)))
        return {name: float(term.detach()) for name, term in terms.items()}

    def _follow(self, keep: float) -> None:
        with torch.no_grad():
            for own, new in zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True):
                own.lerp_(new, 1 - keep) if own.is_floating_point() else own.copy_(new)

    def save(self, folder: Path, buffer: Buffer, taken: int) -> None:
        """Write a checkpoint; the one before stays until the new one is whole."""
        buffer.save(folder / "buffer.part.npz")
        state = {
            "step": self.step, "seed": self.seed, "taken": taken, "net": self.net.state_dict(),
            "average": self.average.state_dict(), "optimiser": self.optimiser.state_dict(),
        }  # fmt: skip
        torch.save(state, folder / "state.part")
        (folder / "buffer.part.npz").replace(folder / "buffer.npz")
        (folder / "state.part").replace(folder / "state.pt")

    def load(self, path: Path) -> int:
        """Read a checkpoint; returns how many slabs had been taken."""
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = int(state["step"])
        return int(state["taken"])

    def begin_with(self, path: Path) -> None:
        """Take the weights of another run, not its step."""
        weights = torch.load(path, map_location=self.device, weights_only=True)["average"]
        self.net.load_state_dict(weights)
        self.average.load_state_dict(weights)


def network_of(recipe: TrainingRecipe) -> SpineNet:
    """The network of a recipe, weights at random."""
    row = recipe["network"]
    return SpineNet(int(recipe.samples.grid["shape"][0]), row["channels"], len(row["classes"]))


def held_out(recipe: TrainingRecipe) -> dict[str, Tensor]:
    """Slabs of patients that are never trained on."""
    row = recipe["validation"]
    # As few of each patient as possible.
    generator = Generator(recipe.samples, row["seed"], worker=0)
    each = int(recipe.samples["samples_per_patient"])
    apart = max(1, each // 8)
    made = [
        slab_of(generator.sample(n * apart), recipe.samples["labels"]["codes"], recipe["targets"])
        for n in range(row["slabs"])
    ]
    return {
        "image": torch.from_numpy(np.stack([s.image for s in made]).astype(np.float32)),
        "labels": torch.from_numpy(np.stack([s.labels for s in made])),
    }


def check(net: SpineNet, known: dict[str, Tensor], classes: list[str], device: str) -> dict[str, float]:
    """Dice coefficient of each class on held-out slabs."""
    net.eval()
    found = []
    with torch.no_grad(), torch.autocast(device, torch.bfloat16):
        for part in known["image"].split(16):
            scores = net(part.to(device, memory_format=torch.channels_last))
            found.append(scores[:, : len(classes)].argmax(dim=1).cpu())
    net.train()
    scored = dice_by_class(torch.cat(found), known["labels"].long(), len(classes))
    return dict(zip(classes, scored.tolist(), strict=True))


def train(folder: Path, recipe: TrainingRecipe, options: argparse.Namespace) -> None:
    """Train until the last step, from the folder's checkpoint where there is one."""
    folder.mkdir(parents=True, exist_ok=True)
    run, buffer = Run(recipe, options.seed, options.device), Buffer(recipe, options.seed)
    stopped = folder / "state.pt"
    taken = run.load(stopped) if stopped.exists() else 0
    if not taken and options.weights:
        run.begin_with(options.weights)
    workers = Workers(recipe, options.seed, taken)
    known = held_out(recipe)
    buffer.load(folder / "buffer.npz") if taken else buffer.fill(workers)
    saved, seen = time.monotonic(), []
    with (folder / "log.tsv").open("a", buffering=1) as log:
        while run.step < options.steps:
            seen.append(run.learn(buffer.batch(run.step, workers), options.steps))
            last = run.step == options.steps
            if run.step % SAID_EVERY == 0:
                log.write(_line(run, "loss", {name: float(np.mean([s[name] for s in seen])) for name in seen[0]}))
                seen = []
            if last or run.step % int(recipe["validation"]["every_steps"]) == 0:
                log.write(_line(run, "dice", check(run.average, known, recipe.classes, options.device)))
            if last or time.monotonic() - saved > SAVED_EVERY_S:
                run.save(folder, buffer, workers.taken)
                saved = time.monotonic()
    workers.end()


def _line(run: Run, kind: str, values: dict[str, float]) -> str:
    """A line of the log: when, step, what."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    return "\t".join([now, str(run.step), kind, *(f"{name}={value:.4f}" for name, value in values.items())]) + "\n"


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__)
    parser.add_argument("folder", type=Path, help="where checkpoints and the log lie; an interrupted run goes on there")
    parser.add_argument("--steps", type=int, required=True, help="steps of the whole run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--recipe", type=Path, default=OWN)
    parser.add_argument("--weights", type=Path, help="state.pt of another run to begin with")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    train(options.folder, read_recipe(options.recipe), options)


if __name__ == "__main__":
    main()
