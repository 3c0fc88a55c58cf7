"""'Existence of the mirror is itself tested': every source module has its test at the same place."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "spinemets"
# Modules that hold only names of what others do.
NO_TEST_OF_THEIR_OWN = frozenset({"__init__.py", "__main__.py"})


def acts(path: Path) -> bool:
    """Whether a module does anything: a value without a single method has nothing to be tested on its own."""
    return any(isinstance(node, ast.FunctionDef) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def modules() -> list[Path]:
    found = [p for p in SOURCE.rglob("*.py") if p.name not in NO_TEST_OF_THEIR_OWN and acts(p)]
    return sorted(p.relative_to(SOURCE) for p in found)


def mirrored(module: Path) -> bool:
    """`tests/<room>/test_<module>.py`; the small values of `model` are tested together."""
    room = ROOT / "tests" / module.parent
    if (room / f"test_{module.stem.lstrip('_')}.py").is_file():
        return True
    together = room / "test_values.py"
    return together.is_file() and f"from spinemets.{module.parent}.{module.stem} import" in together.read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("module", modules(), ids=str)
def test_module_has_its_test(module: Path):
    """'Tests mirror the source: tests/<room>/test_<module>.py'"""
    assert mirrored(module), f"tests/{module.parent}/test_{module.stem}.py does not exist"


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
