"""`Assessment`: the whole answer. Plain data only: every output is made from it, and it says all that they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from spinemets.model.acquisition import Acquisition
from spinemets.model.finding import Finding, State
from spinemets.model.level import Level
from spinemets.model.provenance import Provenance
from spinemets.model.series import GeometryCheck, Recognition
from spinemets.model.study import ClinicalFacts, PatientFacts, Unread

SCHEMA = "spinemets-assessment/1"


@dataclass(frozen=True, kw_only=True)
class SeriesSummary:
    """One row of the series table: what it is, why we think so, what it was used for.

    `computed_from`: uids of the series that a map was computed from; empty for what was read.
    """

    uid: str
    number: int
    label: str
    recognition: Recognition
    acquisition: Acquisition
    geometry: GeometryCheck
    n_images: int
    digest: str
    grid: str | None = None
    sides_known: bool = True
    used_for: tuple[str, ...] = ()
    not_used_because: str | None = None
    warnings: tuple[str, ...] = ()
    computed_from: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LesionSummary:
    """A lesion candidate as data (its voxels are in the pictures and the label map)."""

    id: str
    level_id: str
    series_uid: str
    criterion: str
    kind: str
    volume_ml: float
    volume_ci95_ml: tuple[float, float]
    diameters_mm: Mapping[str, float]
    share_of_body: float | None
    compartments: Mapping[str, float]
    values: Mapping[str, float]
    centroid_lps_mm: tuple[float, float, float]
    tiny: bool = False
    caveats: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Hypothesis:
    """One line of a differential: net evidence, certainty word (None = listed without one), signs for and against."""

    name: str
    net: int
    certainty: str | None
    signs_for: tuple[str, ...] = ()
    signs_against: tuple[str, ...] = ()
    not_assessed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ScoreItem:
    """One item of a score: points as a range, what was known, why it is a range."""

    name: str
    low: int
    high: int
    known: str
    unknown_because: str | None = None
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Score:
    """A score as an interval sum of its items."""

    name: str
    level_id: str
    low: int
    high: int
    category: str
    items: tuple[ScoreItem, ...]
    settles: str | None = None
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A rendered slice, WebP bytes (base64 in JSON), with all that a reader needs to trust it.

    `plain` is the same crop without the outline.
    """

    id: str
    finding_id: str | None
    level_id: str | None
    plane: str
    series_uid: str
    series_label: str
    slice_index: int
    position_lps_mm: tuple[float, float, float]
    window: str
    caption: str
    alt: str
    width_px: int
    height_px: int
    image: bytes
    plain: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class LevelAssessment:
    """Everything about one vertebra.

    Attributes
    ----------
    findings
        Key = criterion id, or `criterion:part` for walls and sides. Includes the not assessable ones.
    lesion_type
        LES-01 over all candidates of the level: `lytic`, `blastic`, `mixed`, `marrow_only`, `marrow_replacing`,
        `probably_blastic`.
    statement
        READ item 7.
    coverage
        `complete`, `partial`, with a sentence.
    """

    level: Level
    findings: Mapping[str, Finding]
    lesions: tuple[str, ...] = ()
    lesion_type: str | None = None
    statement: str = ""
    coverage: str = "complete"
    coverage_note: str = ""
    differential: tuple[Hypothesis, ...] = ()
    scores: Mapping[str, Score] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    centroid_lps_mm: tuple[float, float, float] | None = None
    size_mm: Mapping[str, float] = field(default_factory=dict)

    @property
    def abnormal(self) -> bool:
        """Whether any lesion or present/indeterminate finding asks for a page of its own."""
        return bool(self.lesions) or any(
            f.state in (State.PRESENT, State.INDETERMINATE) for f in self.findings.values()
        )


@dataclass(frozen=True, kw_only=True)
class UrgentLine:
    """A fixed urgent sentence (URG-*), its ACR class, or its negative or not-assessed form (`kind`)."""

    id: str
    kind: str
    sentence: str
    actionable_class: int | None = None
    level_id: str | None = None
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Answerability:
    """MOD-21: one clinical question, `answered`, `limited` or `not answerable`, why, and the cheapest addition."""

    question: str
    verdict: str
    why: str
    addition: str | None = None


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A sentence of the summary with the ids of the findings it rests on."""

    text: str
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What a reader changed: both values are kept."""

    what: str
    machine: str
    reader: str
    by: str = "stated on the command line"


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """The answer to one study.

    Attributes
    ----------
    levels
        By level id, head to feet.
    study_findings
        Criteria about the whole study or a series, by `criterion` or `criterion@series number`.
    summary
        Sentences of page 1, worst first.
    protocol
        MOD-21.
    context
        Rows of MOD-TAB shown beside findings: id -> sentence.
    sentences
        Caveat and reason codes that occur -> their sentence.
    methods
        Paragraph written from the run, and its references.
    """

    study_uid: str
    patient: PatientFacts
    clinical: ClinicalFacts
    provenance: Provenance
    levels: Mapping[str, LevelAssessment]
    series: tuple[SeriesSummary, ...] = ()
    unread: tuple[Unread, ...] = ()
    study_findings: Mapping[str, Finding] = field(default_factory=dict)
    lesions: tuple[LesionSummary, ...] = ()
    urgent: tuple[UrgentLine, ...] = ()
    summary: tuple[Statement, ...] = ()
    protocol: tuple[Answerability, ...] = ()
    context: Mapping[str, str] = field(default_factory=dict)
    sentences: Mapping[str, str] = field(default_factory=dict)
    methods: str = ""
    references: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    corrections: tuple[Correction, ...] = ()
    warnings: tuple[str, ...] = ()
    label_sources: tuple[str, ...] = ()
    ignored_labels: tuple[str, ...] = ()
    sides: tuple[str, str] = ("left", "right")
    schema: str = SCHEMA

    def all_findings(self) -> tuple[Finding, ...]:
        """Every record, study first, then levels head to feet."""
        records = list(self.study_findings.values())
        for level in self.levels.values():
            records.extend(level.findings.values())
        return tuple(records)

    @property
    def not_assessable(self) -> tuple[Finding, ...]:
        """Records that say why something could not be assessed."""
        return tuple(f for f in self.all_findings() if f.state is State.NOT_ASSESSABLE)

    def to_json(self) -> str:
        """JSON text of the published schema (`schemas/assessment.schema.json`)."""
        import msgspec  # lazy: `spinemets --help` must not pay for it

        return msgspec.json.encode(self).decode()
