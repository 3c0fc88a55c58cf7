"""Names of the levels of one patient, head to feet, and the variants of their number."""

from __future__ import annotations

from spinemets.knowledge.lookup import table
from spinemets.model.errors import UsageError

CERVICAL = tuple(f"C{n}" for n in range(1, 8))
REGIONS = {"C": "cervical", "T": "thoracic", "L": "lumbar"}
# Numbers of the VerSe scheme.
SACRUM_ID, COCCYX_ID = 26, 27
USUAL = "usual"


def column(variant: str = USUAL) -> tuple[str, ...]:
    """Levels C1 to the last lumbar one.

    Parameters
    ----------
    variant
        Row of `variants` in the table `phantom_anatomy`.

    Raises
    ------
    UsageError
        If there is no such variant.
    """
    rows = table("phantom_anatomy")["variants"]
    if variant not in rows:
        raise UsageError(f"There is no spinal variant {variant!r}.", f"Choose one of {', '.join(rows)}.")
    row = rows[variant]
    thoracic = tuple(f"T{n}" for n in range(1, row["thoracic"] + 1))
    return (*CERVICAL, *thoracic, *(f"L{n}" for n in range(1, row["lumbar"] + 1)))


def sacralised(variant: str) -> bool:
    """Whether the last lumbar level is joined to the sacrum."""
    return bool(table("phantom_anatomy")["variants"][variant].get("sacralised", False))


def region(level: str) -> str:
    """`cervical`, `thoracic` or `lumbar`."""
    return REGIONS[level[0]]


def verse_id(level: str) -> int:
    """Number of a level in the VerSe scheme: C1 = 1 to L6 = 25, T13 = 28."""
    if level == "T13":
        return 28
    return {"C": 0, "T": 7, "L": 19}[level[0]] + int(level[1:])
