"""Diffusion weighting of an image and of a series: what the header states, in the patient's axes, never invented.

The standard elements come first; where each vendor writes it otherwise is data (`knowledge/vendors/*.yaml`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from spinemets.geometry import gradients
from spinemets.ingest.facts import weighting as w
from spinemets.knowledge import dialects
from spinemets.knowledge.catalogue import table
from spinemets.knowledge.dialects import Dialect, DirectionRule
from spinemets.model.acquisition import Diffusion

if TYPE_CHECKING:  # headers.py asks this module which tags to keep
    from spinemets.ingest.header.headers import Header
    from spinemets.ingest.header.values import Values

Vector = tuple[float, float, float]
TAGS = w.wanted_tags()
INFERRED = "not stated: b = 0 because the other images of the series state theirs"
REPEAT = "a number below 1 marks a repeat of b = 0"
TEXT = "found in a text; no direction is read from there"
NO_DIRECTION = "no single direction: an average of directions, or a volume the scanner made"


def of_header(header: Header) -> Diffusion | None:
    """Weighting a classic file states, None if it states none.

    Parameters
    ----------
    header
        Scanned with `TAGS` among the wanted ones.
    """
    image = w.OfHeader(header)
    return _stated(image) if image.text(w.MODALITY) in ("MR", None) else None


def is_map(image_type: str) -> bool:
    """Whether an ImageType or FrameType, parts joined by backslashes, names a map made of weighted images (ADC, FA, ...)."""
    return not _maps().isdisjoint(part.strip() for part in image_type.upper().split("\\"))


def of_values(v: Values) -> Diffusion | None:
    """Weighting one frame of a multi-frame file states, None if it states none."""
    return _stated(w.OfValues(v))


def completed(found: Sequence[Diffusion | None]) -> tuple[list[Diffusion | None], tuple[str, ...]]:
    """Rules over all images of one series, and a sentence for each that was used.

    A missing weighting is b = 0 where the others state theirs and none of them is b = 0 already; numbers below 1 are
    repeats of b = 0; a weighted image without a direction among images with directions is said.

    Parameters
    ----------
    found
        One entry an image, in any order.
    """
    pooled = [_pooled(one) for one in found]
    said = [_remark(one) for one in pooled if one is not None]
    filled, sentences = _filled(pooled)
    directions = any(one is not None and one.direction_lps is not None for one in filled)
    least = cut("weighted_from_s_per_mm2")
    lone = {
        f"{one.b_s_per_mm2:g}"
        for one in filled
        if directions and one is not None and one.direction_lps is None and one.b_s_per_mm2 >= least
    }
    if lone:
        sentences.append(f"images with b = {', '.join(sorted(lone))} s/mm2 have {NO_DIRECTION}")
    return filled, tuple(dict.fromkeys([*sentences, *(text for text in said if text)]))


def _filled(found: list[Diffusion | None]) -> tuple[list[Diffusion | None], list[str]]:
    stated = [one for one in found if one is not None]
    missing = len(found) - len(stated)
    if not stated or not missing:
        return found, []
    if any(one.b_s_per_mm2 == 0 for one in stated):
        return found, [
            f"{missing} of {len(found)} images state no b-value although others state b = 0: unknown weighting"
        ]
    zero = Diffusion(b_s_per_mm2=0.0, source=INFERRED)
    sentence = (
        f"{missing} of {len(found)} images state no b-value: b = 0, because the other images of the series state theirs"
    )
    return [one or zero for one in found], [sentence]


def _pooled(one: Diffusion | None) -> Diffusion | None:
    if one is None or not 0 < one.b_s_per_mm2 < cut("zero_below_s_per_mm2"):
        return one
    source = f"{one.source.partition(': ')[0]}: {REPEAT}"
    return replace(one, b_s_per_mm2=0.0, direction_lps=None, averaged=None, source=source)


def _remark(one: Diffusion) -> str:
    address, _, remark = one.source.partition(": ")
    return f"b-value from {address}: {remark}" if remark else ""


def _stated(image: w.Stated) -> Diffusion | None:
    """Weighting of one image; a map keeps none, although its header may repeat that of its sequence."""
    if is_map(image.text(w.FRAME_TYPE) or image.text(w.IMAGE_TYPE) or ""):
        return None
    b, source, dialect = _b_value(image)
    if b is None:
        return None
    direction, length, reason = _direction(image, dialect)
    remarks = [source.partition(": ")[2]]
    if dialect.diffusion.length_scales_b and not source.startswith("0018,9087") and _scaling(length):
        remarks.append(f"scaled by the squared length {length:.3g} of its direction")
        b = round(b * length**2, 3)
    averaged = _averaged(image, dialect)
    if b < cut("zero_below_s_per_mm2"):
        direction, averaged, reason = None, None, ""
    remarks.append(reason if not averaged else "")
    remark = "; ".join(text for text in remarks if text)
    address = source.partition(": ")[0]
    return Diffusion(
        b_s_per_mm2=b, direction_lps=None if averaged else direction, averaged=averaged,
        source=f"{address}: {remark}" if remark else address,
    )  # fmt: skip


def _b_value(image: w.Stated) -> tuple[float | None, str, Dialect]:
    """b-value, where it stands, and the vendor whose elements the image uses."""
    standard = _plausible(image.numbers(w.B_VALUE)[:1])
    own, address, dialect = _private_b_value(image)
    if standard is not None and not (own is not None and _prefers_own(dialect)):
        return standard, "0018,9087", dialect
    if own is not None:
        return own, address, dialect
    for rule in dialect.diffusion.from_text:
        match = re.search(rule.pattern, image.text(rule) or "")
        if match and (value := _plausible((float(match[1]),))) is not None:
            return value, f"{rule.tag >> 16:04X},{rule.tag & 0xFFFF:04X}: {TEXT}", dialect
    return None, "", dialect


def _private_b_value(image: w.Stated) -> tuple[float | None, str, Dialect]:
    for dialect in dialects.load():
        element = dialect.diffusion.b_value
        found = image.private(element, dialect) if element is not None else None
        if element is None or found is None:
            continue
        numbers = w.numbers_of(found[0])[:1]
        if element.offset and numbers and numbers[0] >= element.offset:
            numbers = (numbers[0] - element.offset,)
        value = _plausible(numbers)
        if value is not None:
            return value, found[1] + _protocol(image, dialect, value), dialect
    return None, "", dialects.of(image.text(w.MANUFACTURER))


def _protocol(image: w.Stated, dialect: Dialect, effective: float) -> str:
    """What the protocol asked for, where it differs from the effective weighting."""
    element = dialect.diffusion.nominal
    found = image.private(element, dialect) if element is not None else None
    nominal = _plausible(w.numbers_of(found[0])[:1]) if found else None
    if nominal is None or found is None or abs(nominal - effective) < 0.5:
        return ""
    return f": effective b = {effective:.6g}, the protocol states {nominal:g} ({found[1]})"


def _prefers_own(dialect: Dialect) -> bool:
    element = dialect.diffusion.b_value
    return element is not None and element.before_standard


def _direction(image: w.Stated, dialect: Dialect) -> tuple[Vector | None, float, str]:
    """Direction in the patient, its stated length, and why it is not read although stated."""
    standard = image.numbers(w.DIRECTION)
    if len(standard) == 3 and (unit := _unit(standard)):
        return unit[0], unit[1], ""
    rule = dialect.diffusion.direction
    numbers = _private_direction(image, rule, dialect) if rule else ()
    if rule and len(numbers) == 3 and (unit := _unit(numbers)):
        if rule.frame == "patient":
            return unit[0], unit[1], ""
        return _from_image_axes(image, rule, unit)
    return _of_matrix(image, dialect), 1.0, ""


def _private_direction(image: w.Stated, rule: DirectionRule, dialect: Dialect) -> w.Numbers:
    found: list[float] = []
    for element in rule.elements:
        value = image.private(element, dialect)
        found.extend(w.numbers_of(value[0]) if value else ())
    return tuple(found)


def _of_matrix(image: w.Stated, dialect: Dialect) -> Vector | None:
    """Direction of a b-matrix that stands for one."""
    numbers = image.matrix()
    element = dialect.diffusion.b_matrix
    if not numbers and element is not None and (found := image.private(element, dialect)):
        numbers = w.numbers_of(found[0])
    return gradients.of_b_matrix(numbers, cut("one_direction_share")) if len(numbers) == 6 else None


def _from_image_axes(
    image: w.Stated, rule: DirectionRule, unit: tuple[Vector, float]
) -> tuple[Vector | None, float, str]:
    stored, length = unit
    axes = rule.axes.get("ANY") or rule.axes.get((image.text(w.PHASE_ENCODING) or "")[:3].upper())
    orientation = image.numbers(w.ORIENTATION)
    if len(orientation) != 6:
        return None, length, "direction not read: it lies in image axes and no orientation is stated"
    if axes is None:
        return None, length, "direction not read: it lies in image axes and no phase encoding direction is stated"
    if rule.positions and image.text(w.PATIENT_POSITION) not in rule.positions:
        return None, length, f"direction not read: its axes are known for {' or '.join(rule.positions)} only"
    if rule.axial_only and abs(gradients.normal(orientation)[2]) < cut("axial_cosine"):
        return None, length, "direction not read: its axes are known for axial slices only"
    along = tuple(stored[abs(n) - 1] * (1 if n > 0 else -1) for n in axes)
    return gradients.to_patient((along[0], along[1], along[2]), orientation), length, ""


def _averaged(image: w.Stated, dialect: Dialect) -> bool | None:
    word = (image.text(w.DIRECTIONALITY) or "").upper()
    if word in ("ISOTROPIC", "DIRECTIONAL", "BMATRIX"):
        return word == "ISOTROPIC"
    element = dialect.diffusion.averaged
    found = image.private(element, dialect) if element is not None else None
    if found is None:
        return None
    word = w.words_of(found[0]).upper()
    known = {
        **dict.fromkeys(dialect.diffusion.averaged_words, True),
        **dict.fromkeys(dialect.diffusion.single_words, False),
    }
    return known.get(word)


def _unit(numbers: w.Numbers) -> tuple[Vector, float] | None:
    length = sum(n * n for n in numbers) ** 0.5
    if length < cut("zero_length_below"):
        return None
    return (numbers[0] / length, numbers[1] / length, numbers[2] / length), length


def _scaling(length: float) -> bool:
    return length < 1 - cut("unit_length_within")


def _plausible(numbers: w.Numbers) -> float | None:
    if not numbers or not 0 <= numbers[0] <= cut("most_s_per_mm2"):
        return None
    return float(numbers[0])


@cache
def cut(name: str) -> float:
    """Number of the table `diffusion`."""
    return float(table("diffusion")[name]["value"])


@cache
def _maps() -> frozenset[str]:
    return frozenset(table("diffusion")["maps"]["value"])
