"""`Eye`: looks at a few slices of a series, once for the volumes of one series that show the same."""

from __future__ import annotations

from collections.abc import Hashable

from spinemets.model.series import Series
from spinemets.series.companions import dicom_uid
from spinemets.series.looked import NOTHING, Looked


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
            self._seen[key] = NOTHING
        return self._seen[key]
