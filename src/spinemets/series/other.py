"""What is never measured: planning images, screen pictures, computed images; and vendor maps kept as ordinary MR."""

from __future__ import annotations

import re

from spinemets.model.acquisition import Acquisition
from spinemets.model.series import Recognition
from spinemets.series import nuclear
from spinemets.series.classes import CtTable, MrTable
from spinemets.series.conflicts import said
from spinemets.series.physics_facts import words_of

# An answer that rests on a description, after the header has said that the values were computed.
BY_DESCRIPTION = 0.8


def modality_of(acquisition: Acquisition, ct: CtTable) -> str | None:
    """Modality as stated, else that of the storage class."""
    if acquisition.modality and acquisition.modality.strip():
        return acquisition.modality.strip().upper()
    return ct.sop_class_modalities.get(acquisition.sop_class or "")


def classify(acquisition: Acquisition, ct: CtTable, mr: MrTable) -> Recognition | None:
    """Recognise a series that is no measured volume; None where nothing of the kind is stated."""
    words = words_of(acquisition.image_type)
    modality = modality_of(acquisition, ct)
    families = (("screen_capture", ct.screen_capture_words), ("localizer", ct.localizer_words))
    for kind, names in families:
        found = sorted(words & set(names))
        if found:
            return certain(kind, f"image type {', '.join(found)}")
    if modality in ct.modality_kinds:
        return certain(ct.modality_kinds[modality], f"modality {modality}")
    if modality == "OT":
        return _of_no_modality(words)
    computed = _computed(acquisition, words, modality, ct, mr)
    if computed is not None:
        return computed
    return nuclear.classify(acquisition, modality, ct.nuclear) if modality in ("PT", "NM") else None


def _of_no_modality(words: frozenset[str]) -> Recognition:
    """Modality OT: pictures of screens and computed maps alike; neither is measured."""
    kind = "derived" if "DERIVED" in words else "screen_capture"
    doubt = "modality OT says little: a picture of a screen and a computed image both carry it"
    return Recognition(kind=kind, score=1.0, evidence=("modality OT",), doubts=(doubt,))


def _computed(
    acquisition: Acquisition, words: frozenset[str], modality: str | None, ct: CtTable, mr: MrTable
) -> Recognition | None:
    """Maps, projections and phase images, by image type; a map the description names, where the header says derived."""
    map_words = sorted(words & set(mr.classes["adc"].rule.image_type_any or ()))
    if modality == "MR" and map_words:
        return certain("adc", f"image type {', '.join(map_words)}")
    if modality == "MR" and "DERIVED" in words:
        named = _named_map(acquisition, mr)
        if named is not None:
            return named
    changed = sorted(words & set(ct.changed_values_words))
    if "DERIVED" in words:
        changed += sorted(words & set(ct.changed_if_derived_words))
    if changed:
        return certain("derived", f"image type {', '.join(changed)}: values are no longer those of the source images")
    part = acquisition.complex_component
    if part is not None and part.upper() in ("PHASE", "IMAGINARY"):
        return certain("derived", f"complex component {part}: no signal magnitude")
    return _derived_mr(words, modality, ct, mr)


def _named_map(acquisition: Acquisition, mr: MrTable) -> Recognition | None:
    """A map of a scanner that writes neither its units nor its name into the image type."""
    for kind, pattern in mr.map_words.items():
        if re.search(pattern, said(acquisition)):
            sentence = (
                f"derived images that their description calls {kind.upper()}: already computed, not to be fitted again"
            )
            return Recognition(kind=kind, score=BY_DESCRIPTION, evidence=("image type DERIVED", sentence))
    return None


def _derived_mr(words: frozenset[str], modality: str | None, ct: CtTable, mr: MrTable) -> Recognition | None:
    """MR images derived and secondary: a map or a mixture unless the header says that they were only reformatted.

    CT images keep their Hounsfield meaning when they are called derived (compression, reformatting).
    """
    if modality != "MR" or not {"DERIVED", "SECONDARY"} <= words:
        return None
    kept = set(ct.reformatted_words) | set(mr.component_words)
    if words & kept:
        return None
    return certain("derived", "image type DERIVED, SECONDARY without a word that the values were kept")


def certain(kind: str, sentence: str) -> Recognition:
    """An answer the header gives in so many words."""
    return Recognition(kind=kind, score=1.0, evidence=(sentence,))
