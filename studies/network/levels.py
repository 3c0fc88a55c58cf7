"""How often levels are named rightly on the digital spine, from images alone: `python -m studies.network.levels`.

A vertebra is named wrongly in silence if its name is wrong, no doubt is shown (confidence of 0.95 or more), no conflict is said, and no
warning says that such names were counted from one end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from spinemets import phantom
from spinemets.anatomy.evidence import at_risk
from spinemets.anatomy.hypotheses import variants
from spinemets.anatomy.locate import locate
from spinemets.anatomy.options import LevelOptions
from spinemets.model.acquisition import Acquisition
from spinemets.model.series import Recognition, Series
from spinemets.model.spine import Spine
from spinemets.model.study import PatientFacts, Study
from spinemets.phantom.anatomy.sizes import Patient
from spinemets.phantom.cases.case import Case
from spinemets.phantom.imaging.acquisition import default
from spinemets.segmentation.network.segmenter import SpineNetwork

# Variants of the digital spine, by the name that the table `numbering` has for them.
VARIANTS = {
    "usual": "12 thoracic and 5 lumbar vertebrae",
    "sacralised-l5": "L5 fused to the sacrum, L4 the last mobile one",
    "l6": "6 lumbar vertebrae (L6, or S1 free)",
    "t13": "13 thoracic vertebrae",
    "eleven-ribs": "11 thoracic and 5 lumbar vertebrae",
    "eleven-ribs-l6": "11 thoracic and 6 lumbar vertebrae",
    "cervical-rib": "rib on C7",
}
# Series with an anchor in view (sacrum, last rib, first rib, dens), and without any.
ANCHORED = ("ct", "t1", "t2", "t1-cervical", "ct-cervical", "t1-thoracic")
BARE = ("ct-midthoracic", "t1-midthoracic")
REACH_MM = 14.0


@dataclass(frozen=True, kw_only=True)
class Count:
    """Vertebrae of one image: named rightly, named with a doubt, wrongly with a warning, wrongly in silence, and not named."""

    name: str
    variant: str = ""
    right: int = 0
    doubted: int = 0
    warned: int = 0
    wrong: int = 0
    unnamed: int = 0
    false: int = 0
    missed: int = 0

    @property
    def of(self) -> int:
        """Vertebrae of the patient in view."""
        return self.right + self.doubted + self.warned + self.wrong + self.unnamed + self.missed

    @property
    def line(self) -> str:
        """A row of the table."""
        return f"| {self.name} | {self.right} | {self.doubted} | {self.warned} | {self.wrong} | {self.unnamed} | {self.false} | {self.missed} |"


def study_of(patient: phantom.Phantom, sequence: str) -> Study:
    """A study of one series, as if it had been read and recognised."""
    volume = patient.render(sequence, default(sequence))
    kind = {"ct": "ct_bone"}.get(sequence.partition("-")[0], sequence.partition("-")[0])
    one = Series(
        uid="1.2", number=1, label=sequence, acquisition=Acquisition(), load=lambda: volume, grid=volume.grid,
        recognition=Recognition(kind=kind),
    )  # fmt: skip
    return Study(uid="1", patient=PatientFacts(sex="F"), series=(one,))


def count(name: str, spine: Spine, patient: phantom.Phantom) -> Count:
    """Names against the truth: each vertebra found is the one whose centre is nearest."""
    truth = {v.level: np.array(v.frame.origin) for v in patient.anatomy.vertebrae}
    grid = spine.grid
    tally = dict.fromkeys(("right", "doubted", "warned", "wrong", "unnamed", "false"), 0)
    met = set()
    for vertebra in spine.vertebrae:
        centre = vertebra.regions.get("body", next(iter(vertebra.regions.values()))).centroid_lps_mm
        level, far = min(
            ((lv, float(np.linalg.norm(at - centre))) for lv, at in truth.items()), key=lambda item: item[1]
        )
        if far > REACH_MM:
            tally["false"] += 1
            continue
        met.add(level)
        said = vertebra.level
        if said.name is None:
            tally["unnamed"] += 1
        elif said.name == level:
            tally["doubted" if said.assumed else "right"] += 1
        elif said.assumed or said.conflict:
            tally["doubted"] += 1
        else:
            warned = any(at_risk(said.name, warning) for warning in spine.warnings)
            tally["warned" if warned else "wrong"] += 1
    inside = 0
    if grid is not None:
        inside = sum(
            bool(((i := grid.to_ijk(at)) > 2).all() and (i < np.array(grid.shape_ijk) - 3).all())
            for at in truth.values()
        )
    return Count(name=name, missed=max(0, inside - len(met)), **tally)


def counts(sequences: Iterable[str], seeds: Iterable[int]) -> Iterable[Count]:
    """One count for each variant, seed and series."""
    for seed in seeds:
        for variant in VARIANTS:
            case = Case(name="levels", about="Drawn for names.", patient=Patient(variant=variant), awaits="nothing")
            patient = phantom.build(case, seed)
            for sequence in sequences:
                study = study_of(patient, sequence)
                spine = locate(study, SpineNetwork().segment(study), LevelOptions())
                yield replace(count(f"{variant} {sequence} seed {seed}", spine, patient), variant=variant)


def table(rows: list[Count]) -> str:
    """Rows and their sums as Markdown."""
    total = Count(
        name="**all**",
        **{
            key: sum(getattr(r, key) for r in rows)
            for key in ("right", "doubted", "warned", "wrong", "unnamed", "false", "missed")
        },
    )
    head = [
        "| patient and series | right | with doubt | wrong with a warning | wrong in silence | unnamed | false | missed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *(row.line for row in [*rows, total]), ""])


def weighted(rows: list[Count]) -> str:
    """Shares of the vertebrae of a patient at random: variants as often as the table `numbering` has them."""
    often = {v.name: v.prior for v in variants()}
    shares = dict.fromkeys(("right", "doubted", "warned", "wrong", "unnamed", "missed"), 0.0)
    total = sum(often[name] for name in VARIANTS.values())
    for variant, name in VARIANTS.items():
        own = [row for row in rows if row.variant == variant]
        for key in shares:
            shares[key] += often[name] / total * sum(getattr(row, key) for row in own) / sum(row.of for row in own)
    said = ", ".join(f"{key} {share:.1%}" for key, share in shares.items())
    return f"With variants as often as in people: {said}.\n"


def main() -> None:
    """Print both tables."""
    for title, sequences in (("An anchor in view", ANCHORED), ("No anchor in view", BARE)):
        rows = list(counts(sequences, (1,)))
        print(f"## {title}\n")
        print(table(rows))
        print(weighted(rows))


if __name__ == "__main__":
    main()
