"""Builders of findings for the reading model's tests."""

from __future__ import annotations

import pytest

from spinemets.model.finding import Finding, State
from spinemets.model.level import Level
from spinemets.model.measurement import Subject, Value


@pytest.fixture
def level():
    def build(name: str | None, **more) -> Level:
        return Level(name=name, position=3, of=9, method="label map" if name else "relative", **more)

    return build


@pytest.fixture
def finding():
    def build(criterion: str, state: str, **more) -> Finding:
        values = {k: Value(value=v[0], unit="1", ci95=v[1:]) for k, v in more.pop("values", {}).items()}
        return Finding(
            id=f"L3-{criterion}", criterion=criterion, version="1.0", title=more.pop("title", criterion),
            subject=Subject(level_id="L3", part=more.pop("part", None)), state=State(state), statement="", values=values, **more,
        )  # fmt: skip

    return build
