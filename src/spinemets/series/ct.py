"""CT series: class of the reconstruction kernel (CT-01), and the CT myelogram (CTM-01)."""

from __future__ import annotations

import re
from dataclasses import replace

from spinemets.knowledge import dialects
from spinemets.model.acquisition import Acquisition
from spinemets.model.series import Recognition
from spinemets.series.classes import CtTable, Kernel, KernelTable, Myelogram
from spinemets.series.physics_facts import words_of
from spinemets.series.picture.looked import NOTHING, Looked

# Score of a kernel by where its meaning was read: in a vendor's document, in common use, or nowhere.
BY_DOCUMENT, BY_PRACTICE, BY_MODALITY = 1.0, 0.9, 0.8
# What a kernel class leads one to expect of the noise.
TEXTURE = {"bone": "sharp", "lung": "sharp", "soft": "smooth"}


def first_word(kernel: str) -> str:
    """Kernel name without the second value that some vendors append after a backslash."""
    return re.split(r"[\\,;\[\]' ]+", kernel.strip().strip("[]'"))[0].upper()


def kernel_class(kernel: str | None, manufacturer: str | None, table: KernelTable) -> Kernel | None:
    """Row of the kernel table for a ConvolutionKernel, None where it is missing or in no row.

    Where the manufacturer is unknown, only plain words ("bone", "soft") are understood: letters and numbers mean
    different things at different vendors.
    """
    if not kernel or not kernel.strip():
        return None
    names = (first_word(kernel), kernel.strip().upper())
    vendor = dialects.of(manufacturer).key
    rows: tuple[Kernel, ...] = (*table.vendors.get(vendor, ()), *table.words)
    for row in rows:
        if any(re.fullmatch(row.pattern, name) for name in names):
            return row
    return None


def classify(acquisition: Acquisition, table: CtTable, kernels: KernelTable, looked: Looked = NOTHING) -> Recognition:
    """Recognise one CT series: `ct_bone`, `ct_soft`, `ct_lung`, `ctm`, or `ct` where the kernel is not known.

    The header names the kernel; the picture only confirms it or raises a conflict.
    """
    row = kernel_class(acquisition.kernel, acquisition.manufacturer, kernels)
    evidence = ["modality CT"]
    if row is None:
        said = f"kernel {acquisition.kernel} is in no kernel table" if acquisition.kernel else "kernel not stated"
        kind, score = table.kernel_kinds["unknown"], BY_MODALITY
        evidence.append(said)
    else:
        kind = table.kernel_kinds[row.class_]
        score = BY_DOCUMENT if row.mark in ("R", "V") else BY_PRACTICE
        origin = "read in a document" if row.mark == "V" else "by common use of the name, not verified"
        evidence.append(f"kernel {acquisition.kernel} counts as {row.class_} ({origin})")
    words = words_of(acquisition.image_type)
    reformatted = sorted(words & set(table.reformatted_words))
    if reformatted:
        evidence.append(f"reformatted images ({', '.join(reformatted)}): the kernel is that of the source images")
    doubts = () if words else ("the image type is not stated: a planning or computed image is not ruled out",)
    found = Recognition(
        kind=kind, score=score, evidence=tuple(evidence), doubts=doubts,
        conflicts=_against_picture(row, bool(reformatted), looked),
    )  # fmt: skip
    return _myelogram(acquisition, found, table.myelogram, looked)


def _against_picture(row: Kernel | None, reformatted: bool, looked: Looked) -> tuple[str, ...]:
    """Where the values or their noise speak against the header. Reformatting smooths: its texture is not asked."""
    conflicts = [] if looked.values_wrong is None else [looked.values_wrong]
    expected = None if row is None or reformatted else TEXTURE.get(row.class_)
    if expected is not None and looked.texture is not None and looked.texture != expected:
        conflicts.append(f"its kernel counts as {row.class_ if row else ''}, its noise looks {looked.texture}")
    return tuple(conflicts)


def _myelogram(acquisition: Acquisition, found: Recognition, rule: Myelogram, looked: Looked) -> Recognition:
    """A CT whose header speaks of a myelogram, unless the picture shows a canal without contrast.

    A picture alone never makes a myelogram: a vessel after contrast into a vein is as bright as the sac.
    """
    words = " ".join(text for text in (acquisition.description, acquisition.protocol) if text).lower()
    if not re.search(rule.pattern, words):
        return found
    said = "the header speaks of a myelogram or of contrast medium into the sac"
    if looked.canal_hu is None:
        doubt = "the contrast in the canal could not be seen: that it is a myelogram rests on words"
        return replace(found, kind="ctm", evidence=(*found.evidence, said), doubts=(*found.doubts, doubt))
    seen = f"the median inside the bony canal is {looked.canal_hu:.0f} HU"
    if looked.canal_hu >= rule.canal_min_hu:
        return replace(found, kind="ctm", evidence=(*found.evidence, said, seen))
    if looked.canal_hu <= rule.canal_plain_max_hu:
        return replace(found, conflicts=(*found.conflicts, f"{said}, but {seen}: taken as plain CT"))
    return replace(found, kind="ctm", evidence=(*found.evidence, said), doubts=(*found.doubts, seen))
