"""Feeds the public contract battery with every entry of the catalogue."""

from __future__ import annotations

import pytest

from spinemets.knowledge import catalogue as knowledge
from spinemets.testing import scene as made_up


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "entry" in metafunc.fixturenames:
        entries = knowledge.load()
        metafunc.parametrize("entry", list(entries.values()), ids=list(entries))


@pytest.fixture(scope="session")
def catalogue():
    return knowledge.load()


@pytest.fixture(scope="session")
def scene(catalogue):
    return made_up.build(catalogue)


@pytest.fixture(scope="session")
def results(scene, catalogue):
    return made_up.results(scene, catalogue)
