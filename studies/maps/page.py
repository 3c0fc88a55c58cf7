"""The page on maps: what each fit is, and every figure beside its bar."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from studies.maps import diffusion, digital_spine, fat, kinetics, qiba, relaxation, uptake, vectors
from studies.maps.rows import Row, reference

HEAD = """# Maps

How `spinemets map` and `spinemets.maps` compute, and how exact they are. The figures are made by `make validate-maps` (`python -m studies.maps
--write`), from public references that lie beside the repository, not in it, and from the digital spine. How fast they are is printed by
`make bench`, beside what numpy and scipy reach in the same run.

## How the fits work

- **ADC** is a straight line through ln S, all b-values alike, in one pass: logarithm, line, share explained, noise floor.
- **IVIM, kinetics**: the curve of a rate (an exponential of b, the input convolved with an exponential of time) enters linearly, so for given rates the
  amplitudes are a small linear problem and only the rates are searched (variable projection; Golub and Pereyra 1973). All voxels share the curves: they are
  tabulated once over 1,025 rates, as splines in the 12 to 25 dimensions that they span, and each voxel is projected on those once. The answer is the exact
  least squares, at thousands of times the speed of a general optimiser.
- **T1 of flip angles** is the exact least squares of the signals, M0 solved for, started from the straight line; of inversion times, every way in which the signs may lie
  is tried at every T1, so that no local minimum is taken.
- **Fat fraction**: water, fat and one common phase are linear (Bydder 2011); field and decay are searched, every minimum over the field is refined, and in an image the
  neighbours decide between fields and unwrap them. Of magnitudes, fractions on either side of one half look much alike: where what the fit leaves over does
  not rule out the other side at 95 %, the voxel is marked and its interval holds both.
- **Intervals** are those of 95 %: from the profile of the residual where one rate is fitted, linear in logarithms where there are two. Long series tell how their
  residuals hang together. `tofts.fit_signal` adds what T1, the baseline and rounding may be wrong by: the signals tell the step they are rounded to; while a curve
  stays within one step its error is common, less so as noise decouples it; the baseline scatters as all points do about the fit. A parameter whose interval spans
  more than a factor of nine is not given as a number: its interval stays.
- **Noise** is estimated from how many voxels lie near 0, or from two images; where that cannot be, a note says so and no floor is applied.

## What is refused or marked

Fewer than two distinct b-values; the scanner's own ADC maps (named, not fitted again); fewer than four b-values for IVIM; an opposed echo later than the in-phase one, or contrast agent, for the
opposed-phase drop; magnitudes or two points under the name of a proton density fat fraction, and flip angles above 5 degrees; plasma volume from volumes more than 10 s apart, plasma flow from more
than 2 s; kinetics without T1; types of curve that noise would decide; motion of more than 5 mm between volumes (less is undone, and said; of a dynamic series the middle and
the last volume are looked at, and none is moved); SUV of a header without the elements it needs, which are named.

## Medians against the best contributed code

The goal of 1.05 times the median error of the best contributed code is missed in a few rows that hold 7 to 38 curves each. The fits are the exact least squares;
which of several codes lies nearest on so few noisy curves is chance, or a gain bought elsewhere:

- Extended Tofts: the linear form of Murase with the trapezoid rule reaches the best figure (1.25e-4; its ve is worse, 4.98e-4 against 4.05e-4). With noise drawn anew
  on the same curves, 300 times, it has the lower median of Ktrans in 51 %.
- Patlak: sums of rectangles reach the best figure (4.86e-4), a rule that is off by half a step's worth of exchange. In 4,000 redraws of noise the exact integral
  has the lower median in 73 %.
- Exchange and uptake of two compartments: lines between samples of the input win one and lose the other, the trapezoid rule wins plasma flow and loses exchange; a
  monotone cubic is kept for both. The bootstrap of the median over the rows (0.028 to 0.083, and 0.015 to 0.17) holds every rule's figure but that of rectangles.
- T1 of the prostate: the reference gives T1 to 1e-4 ms, 1 to 5e-8 /s in R1, which is the bar itself; least squares in double precision reads 5.69e-8.
"""
SECTIONS: tuple[tuple[str, tuple[Callable[[], Iterable[Row]], ...]], ...] = (
    ("Vectors of the forward models' specification", (vectors.all_vectors,)),
    ("Diffusion phantom, scanner's own ADC", (diffusion.phantom,)),
    ("IVIM signals of a public collection", (diffusion.public_signals,)),
    (
        "Kinetic models, concentration and inputs of a public collection",
        (kinetics.curves, kinetics.concentrations, kinetics.inputs),
    ),
    ("QIBA reference objects", (qiba.v6, qiba.v4, qiba.v6_noisy, qiba.v4_noisy)),
    ("T1", (relaxation.vials, relaxation.inversions, relaxation.public_signals)),
    ("Fat and water", (fat.vectors, fat.in_opposed, fat.real_images)),
    ("SUV", (uptake.headers,)),
    ("Digital spine: region medians against what was put in", (digital_spine.region_means,)),
    (
        "Digital spine: what maps say of their own doubt, voxel by voxel",
        (digital_spine.intervals, digital_spine.confident_errors),
    ),
)


def section(title: str, makers: Iterable[Callable[[], Iterable[Row]]]) -> str:
    """One table."""
    lines = [f"## {title}", "", "| what | figure | bar | |", "|---|---|---|---|"]
    for maker in makers:
        for row in maker():
            verdict = "" if row.met is None else "met" if row.met else "**falls short**"
            lines.append(f"| {row.what} | {row.figure} | {row.bar} | {verdict} |")
    return "\n".join(lines) + "\n"


def page() -> str:
    """All sections; what needs the references says so where they are absent."""
    there = reference().is_dir()
    parts = [HEAD]
    for title, makers in SECTIONS:
        if there or title.startswith("Digital spine"):
            parts.append(section(title, makers))
        else:
            parts.append(
                f"## {title}\n\nThe public references were not beside the repository when this page was made.\n"
            )
    return "\n".join(parts)
