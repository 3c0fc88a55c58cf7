"""'Existence of the mirror is itself tested': every source module has its test at the same place."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "spinemets"
# Modules that hold only names of what others do.
NO_TEST_OF_THEIR_OWN = frozenset({"__init__.py", "__main__.py"})


def modules() -> list[Path]:
    return sorted(p.relative_to(SOURCE) for p in SOURCE.rglob("*.py") if p.name not in NO_TEST_OF_THEIR_OWN)


@pytest.mark.parametrize("module", modules(), ids=str)
def test_module_has_its_test(module: Path):
    """'Tests mirror the source: tests/<room>/test_<module>.py'"""
    name = f"test_{module.stem.lstrip('_')}.py"
    assert (ROOT / "tests" / module.parent / name).is_file(), f"tests/{module.parent}/{name} does not exist"


def test_every_criterion_has_module_entry_and_test():
    """'One new criterion = one file + its entry + its test'"""
    from spinemets.knowledge.catalogue import load

    rooms = {"measure": "measures", "gate": "measures", "weigh": "findings", "score": "impression"}
    for entry in load().values():
        if entry.module is None:
            continue
        room = rooms[entry.kind]
        assert (SOURCE / room / f"{entry.module}.py").is_file(), entry.id
        assert (ROOT / "tests" / room / f"test_{entry.module}.py").is_file(), entry.id
