"""What is never measured: planning images, screen pictures, computed images, other modalities."""

from __future__ import annotations

from spinemets.model.acquisition import Acquisition
from spinemets.model.series import Recognition
from spinemets.series.classes import CtTable, MrTable
from spinemets.series.physics_facts import words_of


def classify(acquisition: Acquisition, ct: CtTable, mr: MrTable) -> Recognition | None:
    """Recognise a series that is no measured volume; None where nothing of the kind is stated."""
    words = words_of(acquisition.image_type)
    modality = (acquisition.modality or "").upper()
    families = (("screen_capture", ct.screen_capture_words), ("localizer", ct.localizer_words))
    for kind, names in families:
        found = sorted(words & set(names))
        if found:
            return _certain(kind, f"image type {', '.join(found)}")
    if modality in ct.modality_kinds:
        return _certain(ct.modality_kinds[modality], f"modality {modality}")
    adc_words = set(mr.classes["adc"].rule.image_type_any or ())
    if words & adc_words:
        return None
    changed = sorted(words & set(ct.changed_values_words))
    if changed:
        return _certain("derived", f"image type {', '.join(changed)}: values are no longer those of the source images")
    return _derived_mr(words, modality, ct, mr)


def _derived_mr(words: frozenset[str], modality: str, ct: CtTable, mr: MrTable) -> Recognition | None:
    """MR images derived and secondary: a map or a mixture unless the header says that they were only reformatted.

    CT images keep their Hounsfield meaning when they are called derived (compression, reformatting).
    """
    if modality != "MR" or not {"DERIVED", "SECONDARY"} <= words:
        return None
    kept = set(ct.reformatted_words) | set(mr.component_words)
    if words & kept:
        return None
    return _certain("derived", "image type DERIVED, SECONDARY without a word that the values were kept")


def _certain(kind: str, sentence: str) -> Recognition:
    return Recognition(kind=kind, confidence=1.0, evidence=(sentence,))
