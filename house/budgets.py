"""Sizes of the source against its budgets: `python -m house.budgets` prints them and fails where one is broken."""

from __future__ import annotations

import ast
import statistics
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULE_LINES = 400
FUNCTION_LINES = 60
PARAMETERS = 6
FORBIDDEN = frozenset({"utils", "helpers", "common", "misc", "core", "manager", "base"})
# A criterion is called by keyword with what its catalogue entry needs: no limit on parameters there.
CRITERIA = ("src/spinemets/measures/", "src/spinemets/findings/")


@dataclass(frozen=True, kw_only=True)
class Function:
    """One function: where it is, its physical lines (docstring included) and its parameters."""

    place: str
    lines: int
    parameters: int


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Sizes of one source tree."""

    modules: dict[str, int]
    functions: tuple[Function, ...]


def line_count(path: Path) -> int:
    """Physical lines."""
    return len(path.read_text(encoding="utf-8").splitlines())


def sources(folder: Path) -> list[Path]:
    """Python files, in order."""
    return sorted(folder.rglob("*.py"))


def functions(path: Path, name: str) -> Iterable[Function]:
    """Every function and method of a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            taken = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            own = [arg for arg in taken if arg.arg not in ("self", "cls")]
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield Function(place=f"{name}:{node.name}", lines=lines, parameters=len(own))


def measure(folder: Path, root: Path = ROOT) -> Sizes:
    """Sizes of all Python files under a folder."""
    modules: dict[str, int] = {}
    found: list[Function] = []
    for path in sources(folder):
        name = path.relative_to(root).as_posix()
        modules[name] = line_count(path)
        found.extend(functions(path, name))
    return Sizes(modules=modules, functions=tuple(found))


def broken(sizes: Sizes) -> list[str]:
    """One sentence per budget that is not kept."""
    lines = [f"{name}: {n} lines, at most {MODULE_LINES}" for name, n in sizes.modules.items() if n > MODULE_LINES]
    for name in sizes.modules:
        parts = {part.removesuffix(".py").strip("_") for part in name.split("/")}
        lines += [f"{name}: the name {part!r} says nothing; choose the domain's word" for part in parts & FORBIDDEN]
    for function in sizes.functions:
        if function.lines > FUNCTION_LINES:
            lines.append(f"{function.place}: {function.lines} lines, at most {FUNCTION_LINES}")
        if function.parameters > PARAMETERS and not function.place.startswith(CRITERIA):
            lines.append(f"{function.place}: {function.parameters} parameters, at most {PARAMETERS}")
    return lines


def share(values: Iterable[int], percent: int) -> int:
    """Nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else 0


def ratio(root: Path = ROOT) -> float:
    """Test lines per source line."""
    tests = sum(line_count(path) for path in sources(root / "tests"))
    return tests / max(1, sum(line_count(path) for path in sources(root / "src")))


def row(sizes: Sizes, tests_per_line: float) -> str:
    """The numbers by which packages are compared: files, lines, module median / p90, function median / p95, t/s."""
    modules = list(sizes.modules.values())
    lengths = [function.lines for function in sizes.functions]
    return (
        f"{len(modules)} files, {sum(modules)} lines, module median {statistics.median(modules):.0f} / p90 "
        f"{share(modules, 90)}, function median {statistics.median(lengths):.0f} / p95 {share(lengths, 95)}, "
        f"test lines per source line {tests_per_line:.2f}"
    )


def main() -> int:
    """Print sizes and broken budgets."""
    sizes = measure(ROOT / "src")
    tests_per_line = ratio()
    print(row(sizes, tests_per_line))
    faults = broken(sizes)
    if tests_per_line < 1:
        faults.append(f"tests: {tests_per_line:.2f} test lines per source line, at least 1")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
