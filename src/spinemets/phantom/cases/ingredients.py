"""What many cases share: usual lesions, levels in view, and what must be found of each kind.

An expectation is (criterion, level, part, state).
"""

from __future__ import annotations

from spinemets.phantom.pathology.inserts import Insert

Expected = tuple[tuple[str, str, str | None, str], ...]

LYTIC = Insert(
    id="lytic-1",
    kind="lytic",
    level="L2",
    tissue="lytic_tumour",
    centre_mm=(5.0, 2.0, 0.5),
    radii_mm=(8.5, 8.5, 8.5),
    edge_mm=2.0,
    mineral_retained=0.2,
)
BLASTIC = Insert(
    id="blastic-1",
    kind="blastic",
    level="L4",
    tissue="blastic_tumour",
    centre_mm=(-7.0, 1.0, -0.5),
    radii_mm=(7.5, 7.5, 7.5),
    edge_mm=1.0,
)

MIXED = Insert(
    id="mixed-1",
    kind="mixed",
    level="L3",
    tissue="lytic_tumour",
    centre_mm=(0.0, 2.0, 0.0),
    radii_mm=(14.0, 11.0, 9.5),
    mineral_retained=0.2,
    lytic_share=0.55,
)
LYTIC_PEDICLE = Insert(
    id="pedicle-1",
    kind="lytic",
    level="L3",
    tissue="lytic_tumour",
    centre_mm=(16.0, -22.0, 5.0),
    radii_mm=(7.5, 9.0, 8.0),
    mineral_retained=0.1,
    breaks_cortex=True,
    compartments=("pedicle_left", "body"),
)
MARROW_ONLY = Insert(
    id="marrow-1",
    kind="marrow_only",
    level="L3",
    tissue="marrow_only_infiltrate",
    centre_mm=(-4.0, 2.0, 0.0),
    radii_mm=(10.0, 9.0, 9.0),
    mineral_retained=1.0,
)

# Why a case cannot be checked yet.
NO_CRITERION = "no criterion of the catalogue reads this yet"
WHAT_COUNTS = "what counts is what the report says it could not assess"

# Levels that the default series hold whole.
LUMBAR_FIELD = ("T11", "T12", "L1", "L2", "L3", "L4", "L5")


def at_region(region: str, series: tuple[str, ...]) -> tuple[str, ...]:
    """The same series over another region of the spine."""
    return tuple(f"{name}-{region}" for name in series)


def found(level: str, kind: str) -> Expected:
    """Expectations for a focal lesion."""
    by_kind = {
        "lytic": (("CT-02", "present"), ("MR-T1-03", "present"), ("MR-STIR-01", "present"), ("MR-T1-01", "present")),
        "blastic": (("CT-02", "present"), ("MR-T1-03", "present"), ("MR-STIR-01", "absent")),
        "mixed": (("CT-02", "present"), ("MR-T1-03", "present")),
        "marrow_only": (("CT-02", "absent"), ("MR-T1-03", "present"), ("MR-STIR-01", "present")),
    }
    return tuple((criterion, level, None, state) for criterion, state in by_kind[kind])


def unseen(level: str, *criteria: str) -> Expected:
    """Criteria that the series of a case cannot answer; a part follows after a colon (`CT-04:posterior`)."""
    split = (criterion.partition(":") for criterion in criteria)
    return tuple((name, level, part or None, "not_assessable") for name, _, part in split)


def absent(levels: tuple[str, ...], *criteria: str) -> Expected:
    """Criteria that must find nothing at these levels; unless named, those that find a lesion."""
    named = criteria or ("CT-02", "MR-T1-03")
    return tuple((criterion, level, None, "absent") for level in levels for criterion in named)
