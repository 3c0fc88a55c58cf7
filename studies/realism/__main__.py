"""The realism table of `docs/explanation/realism.md`.

    python -m studies.realism [--write]

Prints it; with --write it writes the page. Needs the public test images beside the repository, and scikit-learn for the
classifier (`pip install scikit-learn`; it serves this study alone).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from studies.realism import ct
from studies.realism.classifier import auc, telling
from studies.realism.exams import ROOT, Exam, real_exams, simulated_exams
from studies.realism.numbers import body_patches, distances, ratios, spectrum_slope
from studies.realism.regions import NAMES, body_variation

PAGE = ROOT / "docs" / "explanation" / "realism.md"
TEMPLATE = Path(__file__).with_name("page.md")
SEQUENCES = ("t1", "t2", "stir")
ONE_PIXEL_MM = 1.0


def main() -> int:
    """Print or write the page."""
    real = real_exams()
    if not real:
        print("The real images do not lie beside the repository: nothing to compare with.", file=sys.stderr)
        return 2
    text = TEMPLATE.read_text(encoding="utf-8").replace(
        "<!-- tables -->", "\n".join(tables(list(real + simulated_exams())))
    )
    if "--write" in sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
    print(text)
    return 0


def tables(exams: list[Exam]) -> Iterator[str]:
    """All tables as lines of the page."""
    yield from _histograms(exams)
    yield from _ratios(exams)
    yield from _ct()
    yield from _texture(exams)
    yield from _classifier(exams)


def _of(exams: list[Exam], sequence: str) -> list[Exam]:
    return [exam for exam in exams if exam.sequence == sequence]


def _spread(values: list[float], digits: int = 2) -> str:
    """Median, and the range."""
    if not values:
        return "-"
    return f"{np.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def _histograms(exams: list[Exam]) -> Iterator[str]:
    yield from ("## Histograms", "")
    yield "Wasserstein-1 distance between the intensities of a region in two exams of one sequence, in units of mean marrow:"
    yield "median and range over all pairs. Goal: real to simulated no further than real to real."
    yield from ("", "| sequence | region | real to real | real to simulated |", "|---|---|---|---|")
    for sequence in SEQUENCES:
        for name, (among, between) in distances(_of(exams, sequence)).items():
            yield f"| {sequence} | {name} | {_spread(among)} | {_spread(between)} |"
    yield ""


def _both(exams: list[Exam], number: Callable[[Exam], float | None]) -> tuple[list[float], list[float]]:
    """A number of the real and of the simulated exams."""
    made: tuple[list[float], list[float]] = ([], [])
    for exam in exams:
        value = number(exam)
        if value is not None:
            made[not exam.real].append(value)
    return made


def _ratios(exams: list[Exam]) -> Iterator[str]:
    yield from ("## Contrast", "", "Median of a region over median marrow of the same exam.", "")
    yield from (
        "| sequence | ratio | real | simulated, scanned alike | simulated, our protocol |",
        "|---|---|---|---|---|",
    )
    usual = list(simulated_exams(as_real=False))
    for sequence in SEQUENCES:
        for name in NAMES[1:]:
            of = lambda exam, name=name: ratios(exam).get(name)  # noqa: E731
            real, made = _both(_of(exams, sequence), of)
            _, plain = _both(_of(usual, sequence), of)
            yield f"| {sequence} | {name} / marrow | {_spread(real)} | {_spread(made)} | {_spread(plain)} |"
    yield ""


def _ct() -> Iterator[str]:
    yield from ("## CT: noise and edges", "")
    yield "Slices of 5 mm, pixels of 0.84 mm: a chest CT with two kernels, the simulated lumbar CT with kernels meant to be like them."
    yield from ("", "| kernel | number | real | simulated | difference |", "|---|---|---|---|---|")
    for kernel in ct.KERNELS:
        found = ct.looks(kernel)
        for name, label in (
            ("noise_hu", "noise, HU"),
            ("noise_per_mm", "mean frequency of the noise, 1/mm"),
            ("edge_mm", "10-90 % width of edges from soft tissue to bone, mm"),
        ):
            made = getattr(found["simulated"], name)
            real = getattr(found["real"], name) if "real" in found else float("nan")
            yield f"| {kernel} | {label} | {real:.2f} | {made:.2f} | {100 * (made / real - 1):+.0f} % |"
    yield ""


def _texture(exams: list[Exam]) -> Iterator[str]:
    yield from ("## Texture of marrow", "")
    yield "Coefficient of variation inside an eroded body, and slope of log power over log frequency (0.08 to 0.35 per mm)."
    yield from ("", "| sequence | number | real | simulated |", "|---|---|---|---|")
    for sequence in SEQUENCES:
        of = _of(exams, sequence)
        for label, number in (
            ("coefficient of variation", lambda exam: float(np.median(body_variation(exam)))),
            ("spectrum slope", lambda exam: spectrum_slope(body_patches(exam), ONE_PIXEL_MM)),
        ):
            real, made = _both(of, number)
            yield f"| {sequence} | {label} | {_spread(real)} | {_spread(made)} |"
    yield ""


def _classifier(exams: list[Exam]) -> Iterator[str]:
    yield from ("## A classifier", "")
    yield "Gradient boosting on 50 features of patches of 32 mm, each exam judged by a model that never saw it. Area under"
    yield "the curve: 0.5 cannot tell them apart, 1.0 always can."
    yield from ("", "| sequence | AUC |", "|---|---|")
    for sequence in SEQUENCES:
        try:
            yield f"| {sequence} | {auc(_of(exams, sequence)):.3f} |"
        except ImportError:
            yield f"| {sequence} | not run: scikit-learn is not installed |"
    yield from (
        "",
        "What gives it away: the single numbers that tell most, with the area under the curve of each alone (near 1:",
    )
    yield "higher in real exams, near 0: lower)."
    yield from ("", "| sequence | numbers |", "|---|---|")
    for sequence in SEQUENCES:
        yield f"| {sequence} | {'; '.join(f'{name} {alone:.2f}' for name, alone in telling(_of(exams, sequence)))} |"
    yield ""


if __name__ == "__main__":
    sys.exit(main())
