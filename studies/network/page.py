"""The page of figures: real images, the digital spine, and where each bar is met or missed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from spinemets.segmentation.network.card import card_of, said
from studies.network import images
from studies.network.images import Known
from studies.network.measured import in_order, outline, scored
from studies.network.scores import Score

SEQUENCES = (
    "ct", "ct_soft5", "ct_80kv", "ct_contrast", "ct_myelogram", "t1", "t2", "stir", "t2_fs", "t1_gd", "t1_gd_fs", "t1_flair", "ax_t2", "t2star",
    "dwi", "in_phase", "opposed_phase", "dixon", "vfa", "dce", "t1_3t", "t2_3t", "stir_3t",
)  # fmt: skip
# Cases and series of the digital spine by the region in view: every kind of contrast, collapsed and destroyed bodies among them.
SYNTHETIC = {
    "digital spine, lumbar": [
        *(("first-light", s) for s in SEQUENCES),
        *(("fx-malignant-typical", s) for s in ("ct", "t1", "stir")),
        *(("fx-grades", s) for s in ("ct", "t2")),
        *(("degenerated", s) for s in ("ct", "t2")),
        *(("ct-blastic-diffuse", s) for s in ("ct", "t1")),
        *(("diffuse", s) for s in ("t1", "stir")),
        *(("pit-hardware", s) for s in ("ct", "t1")),
    ],
    "digital spine, thoracic": [("first-light", f"{s}-thoracic") for s in ("ct", "t1", "t2", "stir")],
    "digital spine, cervical": [("first-light", f"{s}-cervical") for s in ("ct", "t1", "t2", "stir")],
}


@dataclass(frozen=True, kw_only=True)
class Bar:
    """What must be reached on a set, for one structure."""

    set: str
    structure: str
    must: float
    aim: float


REAL = {
    "mr-lumbar-vb": images.lumbar_bodies,
    "mr-lumbar-discs": images.lumbar_discs,
    "ct-torso-ts-labelled": images.torso,
    "ct-thoracic-cta": images.thoracic,
    "vertebra-crops-tptbox CT": lambda: images.crops()[:1],
    "vertebra-crops-tptbox MR": lambda: images.crops()[1:],
    "mr-cervical-sct": images.cervical,
}
BARS = [
    Bar(set="mr-lumbar-vb", structure="marrow", must=0.87, aim=0.92),
    Bar(set="mr-lumbar-discs", structure="disc", must=0.83, aim=0.88),
    Bar(set="ct-torso-ts-labelled", structure="body", must=0.92, aim=0.94),
    Bar(set="ct-torso-ts-labelled", structure="vertebra", must=0.91, aim=0.94),
    Bar(set="ct-thoracic-cta", structure="vertebra", must=0.90, aim=0.93),
    Bar(set="vertebra-crops-tptbox CT", structure="vertebra", must=0.90, aim=0.93),
    Bar(set="vertebra-crops-tptbox MR", structure="vertebra", must=0.80, aim=0.88),
    Bar(set="mr-cervical-sct", structure="cord", must=0.75, aim=0.88),
    Bar(set="digital spine", structure="body", must=0.92, aim=0.96),
    Bar(set="digital spine", structure="vertebra", must=0.88, aim=0.94),
]
HEAD = """# Validation of the outlines

Written by `python -m studies.network --write` ({weights}). No image on this page was trained on: the networks saw
synthetic images only. The real ones lie beside the repository, not in it ([status](status.md)). They were looked at while the networks
were made, so take their figures as optimistic. HD95 = 95th percentile of the distances between the two surfaces, both ways;
volume = ours against that of the masks.

"Marrow" leaves cortex and endplates out, as the masks of the MR sets do; "body" holds them, as those of the CT sets do.
"""


def page() -> str:
    """The whole page as Markdown."""
    rows: dict[str, list[tuple[Known, list[Score], float]]] = {}
    if images.SHARED.is_dir():
        rows = {name: _measured(make()) for name, make in REAL.items()}
    rows |= {name: _measured(images.synthetic(*pair) for pair in pairs) for name, pairs in SYNTHETIC.items()}
    weights = " and ".join(said(card_of(ct=ct)) for ct in (True, False))
    parts = [HEAD.format(weights=weights), _against(rows), _orders(rows), _borders(rows)]
    parts += [_table(name, measured) for name, measured in rows.items()]
    return "\n".join(parts)


def _measured(known: Iterable[Known]) -> list[tuple[Known, list[Score], float]]:
    found = []
    for one in known:
        outlined = outline(one)
        found.append((one, scored(one, outlined), outlined.seconds))
    return found


def _of(measured: Sequence[tuple[Known, list[Score], float]], structure: str) -> list[Score]:
    return [s for _, scores, _ in measured for s in scores if s.structure == structure]


def _against(rows: dict[str, list[tuple[Known, list[Score], float]]]) -> str:
    lines = [
        "## Against the bars",
        "",
        "| set | structure | n | Dice | lowest | HD95 mm | volume | bar | aim | |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for bar in BARS:
        scores = [s for name, own in rows.items() if name.startswith(bar.set) for s in _of(own, bar.structure)]
        if scores:
            mean, low, far, volume = _summary(scores)
            verdict = "aim met" if mean >= bar.aim else "met" if mean >= bar.must else "**falls short**"
            lines.append(
                f"| {bar.set} | {bar.structure} | {len(scores)} | {mean:.3f} | {low:.2f} | {far:.1f} | {volume:.2f} "
                f"| {bar.must:.2f} | {bar.aim:.2f} | {verdict} |"
            )
    return "\n".join([*lines, ""])


def _orders(rows: dict[str, list[tuple[Known, list[Score], float]]]) -> str:
    """Labelled bodies that are vertebrae of their own, in order."""
    measured = rows.get("mr-lumbar-vb", [])
    if not measured:
        return ""
    bodies = _of(measured, "marrow")
    met, ordered = sum(s.own > 0 for s in bodies), sum(in_order(known, scores) for known, scores, _ in measured)
    return f"Of {len(bodies)} labelled MR bodies {met} are vertebrae of their own; order right in {ordered} of {len(measured)} exams.\n"


def _borders(rows: dict[str, list[tuple[Known, list[Score], float]]]) -> str:
    """Both readings of where a body ends, for the sets that this page has as marrow."""
    measured = rows.get("mr-lumbar-vb", [])
    if not measured:
        return ""
    lines = [
        "## Where a body ends",
        "",
        "The MR bodies come from two sets of readers. Both readings for each. The masks of `vb2` hold the wall.",
        "",
        "| set | n | as marrow: Dice | HD95 mm | volume | with cortex and endplates: Dice | HD95 mm | volume |",
        "|---|---|---|---|---|---|---|---|",
    ]
    nearest = []
    for name in ("vb1", "vb2"):
        own = [one for one in measured if one[0].name.startswith(name)]
        cells, readings = [name, str(len(_of(own, "marrow")))], {}
        for structure in ("marrow", "body"):
            scores = _of(own, structure)
            mean, _, far, volume = _summary(scores)
            cells += [f"{mean:.3f}", f"{far:.1f}", f"{volume:.2f}"]
            readings[abs(np.log(volume))] = scores
        nearest += readings[min(readings)]
        lines.append("| " + " | ".join(cells) + " |")
    mean, low, far, _ = _summary(nearest)
    lines += [
        "",
        f"Each set by the reading whose volume is nearer: {mean:.3f} (lowest {low:.2f}, HD95 {far:.1f} mm).",
        "",
    ]
    return "\n".join(lines)


def _table(name: str, measured: Sequence[tuple[Known, list[Score], float]]) -> str:
    lines = [
        f"## {name}",
        "",
        "| image | structure | n | Dice | lowest | HD95 mm | volume | seconds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for known, scores, seconds in measured:
        for structure in dict.fromkeys(s.structure for s in scores):
            own = [s for s in scores if s.structure == structure]
            mean, low, far, volume = _summary(own)
            lines.append(
                f"| {known.name} | {structure} | {len(own)} | {mean:.3f} | {low:.2f} | {far:.1f} | {volume:.2f} | {seconds:.1f} |"
            )
    return "\n".join([*lines, ""])


def _summary(scores: Sequence[Score]) -> tuple[float, float, float, float]:
    """Mean and lowest Dice, median HD95, mean volume against the truth's."""
    values, volumes = [s.dice for s in scores], [s.volume for s in scores]
    return float(np.mean(values)), min(values), float(np.median([s.hd95_mm for s in scores])), float(np.mean(volumes))
