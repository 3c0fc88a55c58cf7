"""CT series: class of the reconstruction kernel (CT-01)."""

from __future__ import annotations

import re

from spinemets.knowledge import dialects
from spinemets.model.acquisition import Acquisition
from spinemets.model.series import Recognition
from spinemets.series.classes import CtTable, Kernel, KernelTable
from spinemets.series.physics_facts import words_of


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


def classify(acquisition: Acquisition, table: CtTable, kernels: KernelTable) -> Recognition:
    """Recognise one CT series from its header: `ct_bone`, `ct_soft`, `ct_lung`, or `ct` where the kernel is not known."""
    row = kernel_class(acquisition.kernel, acquisition.manufacturer, kernels)
    evidence = ["modality CT"]
    if row is None:
        said = f"kernel {acquisition.kernel} is in no kernel table" if acquisition.kernel else "kernel not stated"
        kind, confidence = table.kernel_kinds["unknown"], 0.8
        evidence.append(said)
    else:
        kind = table.kernel_kinds[row.class_]
        confidence = 1.0 if row.mark in ("R", "V") else 0.9
        origin = "read in vendor documents" if row.mark == "V" else "by common use of the name, not verified"
        evidence.append(f"kernel {acquisition.kernel} counts as {row.class_} ({origin})")
    reformatted = sorted(words_of(acquisition.image_type) & set(table.reformatted_words))
    if reformatted:
        evidence.append(f"reformatted images ({', '.join(reformatted)}): the kernel is that of the source images")
    return Recognition(kind=kind, confidence=confidence, evidence=tuple(evidence))
