"""MR-GEN-02: which uses the class of an MR series is accepted for."""

from __future__ import annotations

from spinemets.model.measurement import Measured
from spinemets.model.volume import Volume

WRONG_CLASS = "NA-SEQUENCE"
WORDS = {
    "t1": "T1 criteria",
    "t2": "T2 criteria",
    "stir": "STIR criteria",
    "fat_suppressed_t2": "fat-suppressed T2 criteria",
}


def measure(
    *, mr: Volume, series_kind: str, t1: list[str], t2: list[str], stir: list[str], fat_suppressed_t2: list[str]
) -> Measured:
    """Verdict per use: `ok` if the class of the series is in the list of that use, else `NA-SEQUENCE`.

    The numbers of T1 criteria were found on T1 spin echo; T1-FLAIR, gradient echo and images after contrast differ in the
    contrast of bone, disc and muscle. Source: signs.md MR-GEN-02; T1FLAIR (Br J Radiol, PMC4453141: bone-to-disc contrast
    lower on T1-FLAIR at 3 T).
    """
    accepted = {"t1": t1, "t2": t2, "stir": stir, "fat_suppressed_t2": fat_suppressed_t2}
    verdicts = {use: "ok" if series_kind in kinds else WRONG_CLASS for use, kinds in accepted.items()}
    fits = [WORDS[use] for use, verdict in verdicts.items() if verdict == "ok"]
    name = series_kind.replace("_", " ")
    note = (
        f"a {name} series serves {' and '.join(fits)}"
        if fits
        else f"a {name} series serves no criterion of this version"
    )
    return Measured(values={}, n_voxels=int(mr.array[..., 0].size), category=note, verdicts=verdicts, notes=(note,))
