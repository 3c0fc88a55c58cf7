"""`Phantom`: one synthetic patient, from whom series, label maps and truth are drawn."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid
from spinemets.model.volume import Volume
from spinemets.phantom.anatomy.alignment import Posture
from spinemets.phantom.assembly import Anatomy, assemble
from spinemets.phantom.cases.case import Case
from spinemets.phantom.cases.named import case_of
from spinemets.phantom.imaging.acquisition import Acquisition, default
from spinemets.phantom.imaging.projection import Beam
from spinemets.phantom.imaging.radiograph_technique import Technique
from spinemets.phantom.shape.texture import stream


def uid(*parts: str) -> str:
    """DICOM UID `2.25.<number>` from a hash of names: the same names give the same UID."""
    digest = hashlib.sha256("/".join(("spinemets digital spine", *parts)).encode()).digest()
    # 122 bits of a UUID-like number keep the UID within its 64 characters.
    return f"2.25.{int.from_bytes(digest[:15], 'big')}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Phantom:
    """One patient: same case and seed give identical images, bytes and truth."""

    case: Case
    seed: int
    anatomy: Anatomy

    @property
    def frame_of_reference_uid(self) -> str:
        """Shared by all series of the patient."""
        return uid(self.case.name, str(self.seed), "frame")

    def grid(self, acquisition: Acquisition) -> Grid:
        """Voxel grid of a series; for a radiograph the pixels of its detector, in the frame of `standing`."""
        from spinemets.phantom.imaging.field import grid_of  # lazy: rendering is not needed for truth

        if acquisition.xray is not None:
            return self.beam(acquisition).grid(self.frame_of_reference_uid)
        return grid_of(self.anatomy, acquisition, self.frame_of_reference_uid)

    def posed(self, posture: Posture) -> Anatomy:
        """The patient lying, as in CT and MR, or standing, as in radiographs: same bones, other curves."""
        return self.anatomy if posture == "lying" else self._standing

    @cached_property
    def _standing(self) -> Anatomy:
        return assemble(self.case, self.seed, "standing")

    def beam(self, acquisition: Acquisition) -> Beam:
        """Source and detector of a radiograph, and where points of the patient in its posture fall.

        Raises
        ------
        ValueError
            If the series is no radiograph.
        """
        from spinemets.phantom.imaging.radiograph import beam_of  # lazy: see `grid`

        if acquisition.xray is None:
            raise ValueError(f"{acquisition.sequence} is no radiograph")
        return beam_of(self.posed(acquisition.xray.posture), acquisition, acquisition.xray)

    def render(self, sequence: str, acquisition: Acquisition | None = None) -> Volume:
        """One series. CT: int16 HU; MR: uint16 magnitude, (i, j, k, t) where it has several weightings; PET: Bq/ml; SPECT:
        counts; bone scan: counts (i, 1, k, view) of the anterior and the posterior view, both with i to the left.

        Radiographs: uint16 log attenuation (columns, rows, 1) on the grid of the detector.

        Parameters
        ----------
        sequence
            Name of a protocol (`spinemets.phantom.imaging.acquisition.sequences`).
        acquisition
            None = that protocol as it stands.
        """
        chosen = acquisition or default(sequence)
        if chosen.sequence != sequence:
            raise ValueError(f"the acquisition is for {chosen.sequence}, not for {sequence}")
        return self.render_together((chosen,))[0]

    def render_together(self, acquisitions: tuple[Acquisition, ...], grid: Grid | None = None) -> tuple[Volume, ...]:
        """Series of one geometry, each as `render` gives it, in little more than the time of one.

        Parameters
        ----------
        grid
            None = that of the protocol.

        Raises
        ------
        ValueError
            If they differ in geometry, or a grid is given for radiographs.
        """
        from spinemets.phantom.imaging import emission, planar_scan  # lazy: see `grid`
        from spinemets.phantom.imaging.render import render

        if len({a.geometry for a in acquisitions}) != 1:
            raise ValueError("series rendered together share their geometry")
        streams = [stream(self.seed, f"noise/{self.case.name}/{a.scan or a.sequence}") for a in acquisitions]
        if acquisitions[0].xray is not None:
            if grid is not None:
                raise ValueError("the detector of a radiograph lies where its protocol says")
            return tuple(self._radiograph(a, a.xray, s) for a, s in zip(acquisitions, streams, strict=True) if a.xray)
        grid = grid or self.grid(acquisitions[0])
        if acquisitions[0].emission is not None:
            emitted = planar_scan.render_views if acquisitions[0].emission.planar else emission.render_volume
            return tuple(
                emitted(self.anatomy, a, grid, s, self.case) for a, s in zip(acquisitions, streams, strict=True)
            )
        return render(self.anatomy, acquisitions, grid, streams)

    def _radiograph(self, acquisition: Acquisition, xray: Technique, generator: np.random.Generator) -> Volume:
        from spinemets.phantom.imaging.radiograph import render_radiograph  # lazy: see `grid`

        beam, grid = self.beam(acquisition), self.grid(acquisition)
        return render_radiograph(self.posed(xray.posture), acquisition, (beam, grid), generator)

    def labels(self, grid: Grid) -> NDArray[np.int16]:
        """Vertebrae (VerSe numbers), sacrum 26, discs 100 + number of the vertebra above."""
        from spinemets.phantom.imaging.labels import structure_labels  # lazy: see `grid`

        return structure_labels(self.anatomy, grid)

    def lesion_labels(self, grid: Grid) -> NDArray[np.int16]:
        """Number of each lesion in the order of `truth["lesions"]`, from 1."""
        from spinemets.phantom.imaging.labels import lesion_labels  # lazy: see `grid`

        return lesion_labels(self.anatomy, grid)

    def region_labels(self, grid: Grid) -> NDArray[np.int16]:
        """Parts of vertebrae and discs (table `phantom_anatomy`, block `regions`)."""
        from spinemets.phantom.imaging.regions import region_labels  # lazy: see `grid`

        return region_labels(self.anatomy, grid)

    def body_labels(self, grid: Grid) -> NDArray[np.int16]:
        """Tissues, organs and bones of the whole trunk (table `phantom_anatomy`, block `body_map`)."""
        from spinemets.phantom.imaging.bodies import body_labels  # lazy: see `grid`

        return body_labels(self.anatomy, grid)

    def coverage(self, grid: Grid) -> dict[str, str]:
        """`whole`, `cut` or `absent` by level, for a series on that grid."""
        from spinemets.phantom.imaging.coverage import coverage  # lazy: see `grid`

        return coverage(self.anatomy, grid)

    @cached_property
    def truth(self) -> dict[str, Any]:
        """Truth record (schemas/truth.schema.json)."""
        from spinemets.phantom.truth.record import truth  # lazy: volumes take a second

        return truth(self.case, self.seed, self.anatomy)


def build(case: str | Case = "first-light", seed: int = 1) -> Phantom:
    """Build a synthetic patient.

    Parameters
    ----------
    case
        Name of a case (`spinemets.phantom.cases.named.CASES`), or a case of one's own.
    seed
        Draws sizes, alignment, texture and noise.

    Raises
    ------
    UsageError
        If there is no such case.
    """
    chosen = case_of(case) if isinstance(case, str) else case
    return Phantom(case=chosen, seed=seed, anatomy=assemble(chosen, seed))
