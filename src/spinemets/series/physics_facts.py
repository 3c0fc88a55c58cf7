"""What the header says about the physics of an MR series, in one form for all vendors.

Unknown stays unknown: a fact is None where the header is silent, and a rule that needs it is then not met.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from spinemets.knowledge import dialects
from spinemets.model.acquisition import Acquisition
from spinemets.series.classes import MrTable
from spinemets.series.companions import Companions


@dataclass(frozen=True, kw_only=True)
class PhysicsFacts:
    """Facts the rules of MR-GEN-01 look at; times in ms, angles in degrees.

    `readout_unsure` is True where the maker writes spin echo over echo planar images too.
    """

    family: str | None
    inversion: bool | None
    fat_suppressed: bool | None
    contrast: bool | None
    diffusion: bool
    etl: int | None
    tr_ms: float | None
    te_ms: float | None
    ti_ms: float | None
    flip_deg: float | None
    field_class: str | None
    image_words: frozenset[str]
    readout_unsure: bool = False
    companions: Companions = field(default_factory=Companions)


def milliseconds(seconds: float | None) -> float | None:
    """Seconds to ms, None stays None."""
    return None if seconds is None else seconds * 1000.0


def words_of(image_type: Sequence[str]) -> frozenset[str]:
    """Values of ImageType, upper case, without blanks around."""
    return frozenset(word.strip().upper() for word in image_type)


def weighted(acquisition: Acquisition) -> bool:
    """Whether a b-value above 0 is stated."""
    own = acquisition.diffusion
    return any(b > 0 for b in acquisition.b_values_s_per_mm2) or (own is not None and own.b_s_per_mm2 > 0)


def readout(acquisition: Acquisition) -> str | None:
    """`se`, `gr` or `epi`; None where the header does not say or says two things (spin and gradient echo mixed)."""
    dialect = dialects.of(acquisition.manufacturer)
    words = {dialect.sequence_families.get(w.strip().upper(), w.strip().upper()) for w in acquisition.scanning_sequence}
    spin, gradient = bool(words & {"SE", "SPIN", "IR"}), bool(words & {"GR", "GRADIENT"})
    if "EP" in words:
        return "epi"
    if gradient and words & {"SE", "SPIN", "BOTH"}:
        return None
    if gradient:
        return "gr"
    if spin and dialect.spin_echo_may_be_epi and weighted(acquisition):
        return None
    return "se" if spin else None


def inversion(acquisition: Acquisition, spectral_ti_max_ms: float) -> bool | None:
    """Whether a non-selective inversion pulse was used.

    A TI above the spectral range needs one whatever the sequence is called; a shorter TI says nothing by itself, because
    fat-only pulses list one too.
    """
    words = {w.strip().upper() for w in acquisition.scanning_sequence}
    if "IR" in words:
        return True
    ti_ms = milliseconds(acquisition.ti_s)
    if ti_ms is not None and ti_ms > spectral_ti_max_ms:
        return True
    return False if words else None


def fat_suppression(acquisition: Acquisition) -> bool | None:
    """Whether fat was suppressed spectrally; None where the header holds no scan options at all."""
    options = {w.strip().upper() for w in acquisition.scan_options}
    if options & set(dialects.of(acquisition.manufacturer).fat_suppression_options):
        return True
    if acquisition.fat_suppressed is not None:
        return acquisition.fat_suppressed
    return False if options else None


def _of_a_set(acquisition: Acquisition, table: MrTable) -> bool:
    """A b = 0 image that calls itself a diffusion image belongs to a set kept as series of their own."""
    listed = bool(acquisition.b_values_s_per_mm2) or acquisition.diffusion is not None
    return listed and bool(words_of(acquisition.image_type) & set(table.diffusion_words))


def facts_of(acquisition: Acquisition, table: MrTable, companions: Companions) -> PhysicsFacts:
    """Facts of one series."""
    ti_ms = milliseconds(acquisition.ti_s)
    diffusion = weighted(acquisition) or companions.weighted or _of_a_set(acquisition, table)
    family = readout(acquisition)
    unsure = family == "se" and dialects.of(acquisition.manufacturer).spin_echo_may_be_epi
    if unsure and diffusion:
        family = None
    return PhysicsFacts(
        family=family,
        inversion=inversion(acquisition, table.spectral_ti_max_ms),
        fat_suppressed=fat_suppression(acquisition),
        contrast=companions.contrast if acquisition.contrast_agent is None else acquisition.contrast_agent,
        diffusion=diffusion,
        etl=acquisition.echo_train_length,
        tr_ms=milliseconds(acquisition.tr_s),
        te_ms=milliseconds(acquisition.te_s),
        ti_ms=ti_ms if ti_ms else None,  # several vendors write 0 where there is no inversion
        flip_deg=acquisition.flip_deg,
        field_class=table.field_class(acquisition.field_t),
        image_words=words_of(acquisition.image_type),
        readout_unsure=unsure,
        companions=companions,
    )
