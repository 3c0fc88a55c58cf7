"""`Level`: the name of a vertebra, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CERVICAL = tuple(f"C{n}" for n in range(1, 8))
THORACIC = tuple(f"T{n}" for n in range(1, 14))
LUMBAR = tuple(f"L{n}" for n in range(1, 7))
SACRAL = tuple(f"S{n}" for n in range(1, 6))
# Head to feet, variants (T13, L6) at their place: never sort levels by an integer label.
ORDER = CERVICAL + THORACIC + LUMBAR + SACRAL
# Schema of `levels.json`, and the sizes in it by which a later study knows a body again: of the body, and the distance of its
# centre to that of the next one below.
LEVELS_SCHEMA = "spinemets-levels/1"
BODY_SIZES = ("height_mm", "width_mm", "depth_mm", "spacing_mm")


@dataclass(frozen=True, kw_only=True)
class Level:
    """Name of one vertebra.

    Attributes
    ----------
    name
        `L3`, or None where nothing named it: then only its place is known.
    position, of
        Place among the vertebrae in view, 1 = highest.
    method
        How it was named: "label map", "label map and anchor", "anchor", "top stated", "landmarks",
        "earlier study", "relative".
    confidence
        Probability of the name, None for a relative number.
    runner_up, runner_up_confidence
        Next best name.
    conflict
        Sentence if two sources disagree.
    assumed
        True where the name carries a doubt that every statement must show (0.80 <= confidence < 0.95).
    evidence
        One sentence for each source that spoke.
    """

    name: str | None
    position: int
    of: int
    method: str
    confidence: float | None = None
    runner_up: str | None = None
    runner_up_confidence: float | None = None
    conflict: str | None = None
    assumed: bool = False
    evidence: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Key used in files: `L3`, or `v03` without a name."""
        return self.name if self.name is not None else f"v{self.position:02d}"

    @property
    def words(self) -> str:
        """Name as a reader sees it, with its doubt."""
        if self.name is None:
            return f"vertebra {self.position} of {self.of} in view"
        if self.assumed and self.runner_up:
            return f"{self.name} (numbering assumed, alternative {self.runner_up})"
        return self.name

    @property
    def region(self) -> str | None:
        """`C`, `T`, `L` or `S`; None without a name."""
        return self.name[0] if self.name else None


@dataclass(frozen=True, kw_only=True)
class EarlierLevel:
    """A vertebra as an earlier study had it.

    Attributes
    ----------
    name, confidence
        Its name there (None: it had none) and how sure that was.
    size_mm
        What `BODY_SIZES` names, as far as it was measured.
    """

    name: str | None
    confidence: float
    size_mm: Mapping[str, float]
