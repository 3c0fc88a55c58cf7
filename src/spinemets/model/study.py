"""`Study`: everything that was in the input, read or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from spinemets.model.parametric_map import NotMapped
from spinemets.model.series import Series
from spinemets.model.study_view import SeriesMotion, SeriesSet


@dataclass(frozen=True, kw_only=True)
class Unread:
    """An input file that is not part of any volume, and why.

    `kind` is `unreadable` for a damaged file and `set aside` for a readable object that is no image of a volume
    (dose report, presentation state, ...). `file` is relative to the input. Both texts are one printable line: what a
    damaged header says may be quoted in them.
    """

    file: str
    reason: str
    kind: str = "unreadable"

    def __post_init__(self) -> None:
        for name, text in (("file", self.file), ("reason", self.reason)):
            if not text.isprintable():
                plain = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
                object.__setattr__(self, name, plain)


@dataclass(frozen=True, kw_only=True)
class PatientFacts:
    """What headers (or the clinical file) say of the patient; None = not known. No name is kept."""

    pseudonym: str | None = None
    age_years: float | None = None
    sex: str | None = None
    study_date: str | None = None
    accession: str | None = None
    study_description: str | None = None
    weight_kg: float | None = None
    height_m: float | None = None


@dataclass(frozen=True, kw_only=True)
class Device:
    """An implant, cement or other device the user states: kind and levels."""

    kind: str
    levels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """A treatment the user states: kind, date, levels (empty = systemic or unknown)."""

    kind: str
    date: str | None = None
    levels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ClinicalFacts:
    """Clinical file as supplied. None or an empty tuple is shown as "not supplied"; `()` given on purpose is `none_stated`.

    `pain` is one of `mechanical`, `occasional`, `none` (SINS item); `neurology` free words; `prior_imaging` says whether
    a prior study is known. `others`: further facts by name, echoed and used by no criterion.
    """

    age_years: float | None = None
    sex: str | None = None
    primary: str | None = None
    pain: str | None = None
    neurology: str | None = None
    treatments: tuple[Treatment, ...] = ()
    devices: tuple[Device, ...] = ()
    alignment: str | None = None
    height_cm: float | None = None
    none_stated: tuple[str, ...] = ()
    others: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class Study:
    """One patient's study.

    Attributes
    ----------
    uid
        StudyInstanceUID, or a digest for NIfTI input.
    series
        In a fixed order: by series number, then by uid.
    unread
        Files that are in no series: nothing is dropped.
    label_files
        DICOM SEG objects found in the input, by path (an offer for `--labels`, never used unasked).
    sets, motions
        Series that belong together, and motion between series: empty until the room `series` has spoken.
    not_mapped
        Maps that could not be made of its series, and why: empty until the room `maps` has spoken.
    """

    uid: str
    patient: PatientFacts
    clinical: ClinicalFacts = field(default_factory=ClinicalFacts)
    series: tuple[Series, ...] = ()
    unread: tuple[Unread, ...] = ()
    label_files: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    sets: tuple[SeriesSet, ...] = ()
    motions: tuple[SeriesMotion, ...] = ()
    not_mapped: tuple[NotMapped, ...] = ()

    def by_uid(self, uid: str) -> Series:
        """Series of that uid.

        Raises
        ------
        KeyError
            If there is none.
        """
        for series in self.series:
            if series.uid == uid:
                return series
        raise KeyError(uid)
