"""CT of the synthetic patient: sub-slabs through the slice profile and the kernel, then noise, metal and rounding."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.model.errors import UsageError
from spinemets.model.grid import Grid
from spinemets.model.volume import Volume
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging import ct_metal, slabs
from spinemets.phantom.imaging.acquisition import Acquisition
from spinemets.phantom.imaging.ct_sections import Sections, sections
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.pathology.hardware import Implant
from spinemets.phantom.shape.block import Array, Block
from spinemets.physics.ct_kernel import PointSpread, noise_amplitude
from spinemets.physics.slice_profile import SliceProfile, slice_profile

HU_RANGE = (-1024, 3071)
# Slices rendered together at least: each slab paints the flanks of its first and last slice again.
LEAST_SLICES = 6
# A stack whose slices lie straight above each other shares their sub-slabs.
STRAIGHT = 1e-6


def kernel_row(name: str) -> dict[str, Any]:
    """What the table says of a kernel.

    Raises
    ------
    UsageError
        If it does not know the kernel.
    """
    rows = table("phantom_ct")["kernels"]
    if name not in rows:
        raise UsageError(f"The synthetic scanner has no kernel {name!r}.", f"Choose one of {', '.join(rows)}.")
    row: dict[str, Any] = rows[name]
    return row


@dataclass(frozen=True, kw_only=True, eq=False)
class Scan:
    """One CT series in the making."""

    anatomy: Anatomy
    acquisition: Acquisition
    grid: Grid
    seeds: NDArray[np.int64]
    sections: Sections | None

    @cached_property
    def normal(self) -> NDArray[np.float64]:
        """Across the slices, to the next one."""
        axes = self.grid.axes
        across = np.cross(axes[:, 0], axes[:, 1])
        return np.asarray(across * np.sign(across @ axes[:, 2]))

    @cached_property
    def profile(self) -> SliceProfile:
        """Sub-slabs of a slice, along the normal."""
        return profile_of(self.grid, self.acquisition)

    @cached_property
    def spread(self) -> PointSpread:
        """Point spread in the slice."""
        a, row = self.acquisition, kernel_row(self.acquisition.kernel)
        if a.blur_mm is not None:
            return PointSpread(fwhm_mm=a.blur_mm)
        return PointSpread(fwhm_mm=row["fwhm_mm"], overshoot=row["overshoot"])

    @cached_property
    def colour(self) -> NDArray[np.float32]:
        """Amplitudes of the noise of a picture of `noise_shape`."""
        f0 = kernel_row(self.acquisition.kernel)["f0_per_mm"]
        return noise_amplitude(self.noise_shape, self.grid.spacing_mm[0], f0)

    @cached_property
    def noise_shape(self) -> tuple[int, int]:
        """At least that of a picture; lengths whose transform is fast."""
        from scipy.fft import next_fast_len  # lazy: heavy import

        n_i, n_j = (next_fast_len(n, real=True) for n in self.grid.shape_ijk[:2])
        return n_i, n_j

    @cached_property
    def rods(self) -> tuple[Implant, ...]:
        """Metal that streaks: none in pictures that the gantry did not make."""
        drawn = self.sections is not None and self.acquisition.hardening and self.sections.gantry.of_pictures
        return ct_metal.rods_of(self.anatomy) if drawn else ()

    def slab(self, first: int, end: int) -> Array:
        """HU (k, i, j) of slices [first, end), as float32."""
        a = self.acquisition
        pixel = self.grid.spacing_mm[0]
        # Pixels are painted as means over themselves.
        image = self.spread.blurred(self._painted(first, end), pixel, pixel)
        if self.sections is not None and a.hardening:
            for k in range(first, end):
                image[k - first] += self.sections.at(self.sections.hardening_hu, self.grid, k)
                self._streak(image[k - first], k)
        if not a.noise_free:
            self._add_noise(image, first)
        return image

    def _painted(self, first: int, end: int) -> Array:
        """Slices (k, i, j) as weighted means of their sub-slabs, before the kernel."""
        profile, contrast = self.profile, CtContrast(kvp=self.acquisition.kvp, iodine_s=self.acquisition.iodine_s)
        n_weights, per_step = len(profile.weights), profile.per_step
        straight = np.linalg.norm(np.cross(self.normal, self.grid.axes[:, 2])) < STRAIGHT
        if profile.apart or not straight:
            alone = [paint(self.anatomy, self._block(k, n_weights), contrast)[0] for k in range(first, end)]
            return np.stack([self._mean(planes, slice(0, n_weights), 1) for planes in alone])[:, 0]
        number = (end - 1 - first) * per_step + n_weights
        planes = paint(self.anatomy, self._block(first, number), contrast)[0]
        return self._mean(planes, slice(0, number), per_step)

    def _mean(self, planes: Array, among: slice, per_step: int) -> Array:
        """Weighted means of planes, from one slice to the next so many planes further."""
        weights = self.profile.weights
        last = among.stop - len(weights) + 1
        image = np.zeros((len(range(0, last, per_step)), *planes.shape[1:]), np.float32)
        for n, weight in enumerate(weights):
            image += np.float32(weight) * planes[n : last + n : per_step]
        return image

    def _block(self, k: int, number: int) -> Block:
        """Sub-slabs from the first one of slice k on, as many as stated."""
        grid, height = self.grid, self.profile.height_mm
        affine = np.array(grid.affine_lps_mm)
        affine[:3, 3] += k * affine[:3, 2] + self.profile.offsets_mm[0] * self.normal
        affine[:3, 2] = height * self.normal
        pixel = grid.spacing_mm[0]
        return Block(
            affine=slabs.slices_first(affine),
            start=(0, 0, 0),
            shape=(number, *grid.shape_ijk[:2]),
            reach_mm=(2 * pixel + height) / 3,
        )

    def _add_noise(self, image: Array, first: int) -> None:
        """Coloured noise of slices (k, i, j), correlated along z as far as slices share sub-slabs."""
        from scipy.fft import irfft2, rfft2  # lazy: heavy import

        a, profile = self.acquisition, self.profile
        n_i, n_j = image.shape[1:]
        at = first * profile.per_step
        # Every sub-slab draws from a stream of its own: slabs and threads change nothing.
        white: dict[int, Array] = {}
        norm = math.sqrt(sum(w * w for w in profile.weights))
        thickness = table("phantom_ct")["reference"]["slice_mm"] / a.slice_mm
        sd = a.noise * math.sqrt(thickness)
        for k in range(len(image)):
            total = np.zeros(self.noise_shape, np.float32)
            for n, weight in enumerate(profile.weights):
                q = at + k * profile.per_step + n
                if q not in white:
                    white[q] = np.random.default_rng(self.seeds[q]).standard_normal(self.noise_shape, np.float32)
                total += np.float32(weight / norm) * white[q]
            white = {q: field for q, field in white.items() if q >= at + (k + 1) * profile.per_step}
            noise = irfft2(rfft2(total) * self.colour, self.noise_shape)[:n_i, :n_j]
            factor = 1.0 if self.sections is None else self.sections.at(self.sections.factor, self.grid, first + k)
            image[k] += np.float32(sd) * factor * noise

    def _streak(self, image: Array, k: int) -> None:
        """Streaks of metal on picture k."""
        scan = self.sections
        if scan is None or not self.rods:
            return
        gantry, a = scan.gantry, self.acquisition
        places = gantry.to(self.grid.to_lps_mm(np.array([0.0, 0.0, k])))
        side = float(np.sign(self.normal @ gantry.axes[:, 2]))
        heights = places[2] + side * self.profile.offsets_mm
        found = ct_metal.raster(self.rods, gantry, (heights, np.asarray(self.profile.weights)))
        if found is None:
            return
        corners = gantry.to(self.grid.corners_lps_mm)[:, :2]
        half_width = float(np.linalg.norm(np.abs(corners).max(axis=0)))
        photons = None if a.noise_free else table("phantom_ct")["detector"]["photons_per_mm"] * a.slice_mm
        generator = np.random.default_rng([int(self.seeds[k * self.profile.per_step]), 1])
        error = ct_metal.error_mm(found, scan, (float(places[2]), half_width), photons, generator)
        ct_metal.add_streaks(image, self.grid, k, scan, error)


def profile_of(grid: Grid, acquisition: Acquisition) -> SliceProfile:
    """Sub-slabs of the slices of a grid: as thick as the protocol says, as far apart as the grid does."""
    row = table("phantom_ct")["slice"]
    axes = grid.axes
    step = abs(float(np.cross(axes[:, 0], axes[:, 1]) @ grid.affine_lps_mm[:3, 2]))
    return slice_profile(
        step_mm=step, slice_mm=acquisition.slice_mm, ramp_mm=row["flank_mm"], thickest_mm=row["sub_slab_mm"]
    )


def render_ct(anatomy: Anatomy, acquisition: Acquisition, grid: Grid, generator: np.random.Generator) -> Volume:
    """CT in HU, int16, on any grid whose pixels are square.

    Noise and hardening need the whole cross-section of the body: it is followed coarsely first. A grid that is steeper
    than 45 degrees to the axial plane counts as reformatted: its slices still are as thick as the protocol says, and
    metal does not streak on it.
    """
    profile = profile_of(grid, acquisition)
    n_i, n_j, n_k = grid.shape_ijk
    seeds = generator.integers(2**63, size=(n_k - 1) * profile.per_step + len(profile.weights))
    needed = acquisition.hardening or not acquisition.noise_free
    scan = Scan(
        anatomy=anatomy,
        acquisition=acquisition,
        grid=grid,
        seeds=seeds,
        sections=sections(anatomy, acquisition, grid) if needed else None,
    )
    thick = max(LEAST_SLICES, slabs.SLAB_SAMPLES // (n_i * n_j * profile.per_step))
    stored = np.empty(grid.shape_ijk, np.int16)

    def slab(first: int) -> None:
        image = scan.slab(first, min(first + thick, n_k))
        stored[:, :, first : first + thick] = np.moveaxis(np.clip(np.rint(image), *HU_RANGE), 0, -1)

    slabs.in_threads(slab, range(0, n_k, thick))
    return Volume(array=stored, grid=grid, quantity="attenuation", unit="[hnsf'U]")
