"""`Series`: one volume of a study, what its header says, and what it is believed to be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.parametric_map import Computed
from spinemets.model.planar import Planar
from spinemets.model.volume import Volume


@dataclass(frozen=True, kw_only=True)
class Recognition:
    """What a series is, and why.

    Attributes
    ----------
    kind
        Class of MR-GEN-01 or CT-01: `t1`, `stir`, `ct_bone`, `ct_soft`, `ct`, `localizer`, `derived`, `unknown`, ...
    confidence
        How often such an answer was right in the recognition study (`docs/explanation/recognition.md`), 0 to 1; 0 where
        nothing was recognised.
    score
        Share of the winning rule's cells that the header meets, after the check of the picture, 0 to 1.
    evidence, conflicts, doubts
        Sentences: what speaks for the kind, what contradicts it or the body part, and what is not ruled out.
    body_region, body_confidence
        Where the picture itself says what it shows (`head`, `thorax`, ...), and how sure that is; None and 0 where it
        does not.
    runner_up
        Next best class and its score, None if there is none.
    method
        "header", "stated by user".
    """

    kind: str = "unknown"
    confidence: float = 0.0
    score: float = 0.0
    evidence: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    body_region: str | None = None
    body_confidence: float = 0.0
    runner_up: tuple[str, float] | None = None
    method: str = "header"


@dataclass(frozen=True, kw_only=True)
class GeometryCheck:
    """Verdict of G-01: `ok`, `resampled`, `refused`, or `planar` for pictures of no volume, with sentences that say why."""

    verdict: str = "ok"
    notes: tuple[str, ...] = ()
    missing_positions_mm: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Series:
    """One volume.

    Attributes
    ----------
    uid
        SeriesInstanceUID (with a suffix where one DICOM series held several volumes), or a digest of the file.
    number
        Running number inside the study, 1-based, as shown in the report.
    label
        Short name a reader can find it by: "series 4" or the NIfTI file's name. No patient data.
    grid
        None where no volume can be formed; the reason is then in `geometry`.
    sides_known
        False where orientation codes are missing, contradictory, or the user says so (G-12): no left or right anywhere.
    kvp, field ... are in `acquisition`; `recognition` is empty until the room `series` has spoken.
    planar
        Set for pictures that lie in no patient grid (radiograph, planar bone scan): views and pixel size.
    n_images
        Number of images.
    digest_of
        Gives `digest`, when it is asked for: hashing costs as much as reading the pixels.
    computed
        Set for a map that was computed from other series of the study; None for what was read.
    """

    uid: str
    number: int
    label: str
    acquisition: Acquisition
    load: Callable[[], Volume]
    grid: Grid | None = None
    geometry: GeometryCheck = field(default_factory=GeometryCheck)
    recognition: Recognition = field(default_factory=Recognition)
    planar: Planar | None = None
    sides_known: bool = True
    n_images: int = 1
    digest_of: Callable[[], str] = str
    source: str = ""
    warnings: tuple[str, ...] = ()
    computed: Computed | None = None

    @property
    def digest(self) -> str:
        """SHA-256 over the file contents, computed at the first call; empty where there are no files.

        Raises
        ------
        UnreadableInput
            If a file changed or vanished since it was read.
        """
        return self.digest_of()

    @property
    def kind(self) -> str:
        """Recognised class."""
        return self.recognition.kind

    @property
    def measurable(self) -> bool:
        """Whether a volume with a trusted grid exists."""
        return self.grid is not None and self.geometry.verdict != "refused"

    def pixels(self) -> Volume:
        """Decode and scale the volume (cached by the reader until released)."""
        return self.load()

    def with_recognition(self, recognition: Recognition) -> Series:
        """The same series, recognised."""
        return replace(self, recognition=recognition)
