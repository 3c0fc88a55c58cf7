"""`Eye`: looks at a few slices of a series, once for the volumes of one series that show the same."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from spinemets.model.series import Series
from spinemets.series.companions import dicom_uid
from spinemets.series.picture import ct as ct_picture
from spinemets.series.picture import mr as mr_picture
from spinemets.series.picture import repeats
from spinemets.series.picture.looked import NOTHING, Looked
from spinemets.series.picture.slices import Picture, coarser, pictures
from spinemets.series.picture.table import PictureTable, picture_table

Region = tuple[str, float, str]


class Eye:
    """Looks at series and remembers what it saw.

    Parameters
    ----------
    open_
        Whether pixels may be decoded at all.
    """

    def __init__(self, *, open_: bool) -> None:
        self.open_ = open_
        self._seen: dict[Hashable, Looked] = {}

    def look(self, series: Series, modality: str | None) -> Looked:
        """What the picture says; nothing where it may not or cannot be seen."""
        if not self.open_ or modality not in ("CT", "MR") or not series.measurable:
            return NOTHING
        acquisition = series.acquisition
        key = (dicom_uid(series), acquisition.te_s, acquisition.image_type, acquisition.kernel)
        if key not in self._seen:
            seen = pictures(series, picture_table())
            self._seen[key] = (ct_look if modality == "CT" else mr_look)(seen, picture_table())
        return self._seen[key]


def ct_look(seen: Sequence[Picture], table: PictureTable) -> Looked:
    """What CT slices say."""
    if not seen:
        return NOTHING
    coarse = [coarser(p, table.coarse_px_mm) for p in seen]
    wrong = [said for p in coarse if (said := ct_picture.values_wrong(p, table.hounsfield))]
    if wrong and len(wrong) > len(seen) / 2:
        return Looked(values_wrong=wrong[0])
    ratios = [r for p in seen if (r := ct_picture.texture(p, table.texture)) is not None]
    canals = [hu for p in coarse if (hu := ct_picture.canal_hu(p, table.canal)) is not None]
    found = _ct_region(seen, coarse, table)
    sentences: tuple[str, ...] = () if found is None else (found[2],)
    word = ct_picture.texture_word(ratios, table.texture)
    if word is not None:
        sentences += (f"its noise looks {word} (fine to coarse {np.median(ratios):.2f})",)
    return Looked(
        texture=word, canal_hu=max(canals, default=None), sentences=sentences,
        region=None if found is None else found[0], region_confidence=0.0 if found is None else found[1],
    )  # fmt: skip


def _ct_region(seen: Sequence[Picture], coarse: Sequence[Picture], table: PictureTable) -> Region | None:
    """Head or thorax where every axial slice shows it; the height of vertebrae in sagittal slices."""
    if seen[0].plane == "sagittal":
        return _spine(seen, table)
    if seen[0].plane != "axial":
        return None
    brains = [ct_picture.brain_cm2(p, table.head) for p in coarse]
    if min(brains) > 0:
        said = f"bone closes around {np.median(brains):.0f} cm2 of tissue without fat: a head"
        return "head", table.head.confidence, said
    lungs = [ct_picture.lung_cm2(p, table) for p in coarse]
    if min(lungs) >= table.thorax.area_min_cm2:
        said = f"{np.median(lungs):.0f} cm2 of lung in every slice looked at: a thorax"
        return "thorax", table.thorax.confidence, said
    return None


def mr_look(seen: Sequence[Picture], table: PictureTable) -> Looked:
    """What MR slices say."""
    ratios = [r for p in seen if (r := mr_picture.fat_ratio(p, table.fat)) is not None]
    bright = [r for r in ratios if r >= table.fat.bright_min]
    is_bright = len(bright) >= min(table.fat.slices_min, max(1, len(seen))) and len(bright) > len(ratios) / 2
    found = _spine(seen, table) if seen and seen[0].plane == "sagittal" else None
    sentences: tuple[str, ...] = () if found is None else (found[2],)
    if is_bright:
        sentences += (f"fat under the skin is bright ({np.median(bright):.1f} times the tissue below it)",)
    return Looked(
        fat="bright" if is_bright else None, sentences=sentences,
        region=None if found is None else found[0], region_confidence=0.0 if found is None else found[1],
    )  # fmt: skip


def _spine(seen: Sequence[Picture], table: PictureTable) -> Region | None:
    return repeats.region([hit for p in seen for hit in repeats.hits(p, table.repeat)], table.repeat)
