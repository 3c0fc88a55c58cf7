"""Radiographs of the synthetic patient: ray sums, blur of focal spot and detector, scatter, photons, logarithm."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.model.grid import Grid
from spinemets.model.volume import Volume
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging.acquisition import Acquisition
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.painting.canvas import Boxed
from spinemets.phantom.imaging.projection import Beam
from spinemets.phantom.imaging.radiograph_rays import Sampling, ray_sums
from spinemets.phantom.imaging.radiograph_signals import AttenuationContrast
from spinemets.phantom.imaging.radiograph_technique import Technique
from spinemets.phantom.shape.block import Array, Block, Box
from spinemets.physics import ct, radiograph

# Levels that the picture is centred on; it reaches as far below the endplate of S1 as from T11 to the picture's top.
FIELD = ("T11", "T12", "L1", "L2", "L3", "L4", "L5", "S1")
# How far below S1 the picture's middle would lie if nothing were shown of the sacrum.
SACRUM_MM = 50.0
# Rays that lost less than this met little of the patient: scatter is a share of what usually comes through.
OPEN_BEAM = 1.0
# Fine slabs of a picture with large pixels are no thicker.
THICKEST_MM = 2.0
STORED_LIMIT = 65535


def beam_of(anatomy: Anatomy, acquisition: Acquisition, xray: Technique) -> Beam:
    """Source and detector: the central ray passes through the middle of the lumbar spine."""
    seen = np.array([anatomy.frames[name].origin for name in FIELD if name in anatomy.frames])
    low, high = seen.min(axis=0), seen.max(axis=0)
    centre = (low + high) / 2 + np.array([0.0, xray.backwards_mm, -SACRUM_MM / 2])
    return Beam(
        view=xray.view,
        centre_lps_mm=centre,
        projection=radiograph.Projection(sid_mm=xray.sid_mm, sod_mm=xray.sod_mm, focal_spot_mm=xray.focal_spot_mm),
        pixel_mm=acquisition.pixel_mm,
        shape=(
            round(acquisition.fov_mm[0] / acquisition.pixel_mm),
            round(acquisition.fov_mm[1] / acquisition.pixel_mm),
        ),
    )


def energy_kev() -> float:
    """Effective energy of radiographs."""
    return float(table("attenuation")["radiograph"]["effective_energy_kev"])


def sampling_of(pixel_mm: float) -> Sampling:
    """The usual rays and slabs, wider where pixels are."""
    usual = Sampling()
    wider = max(1.0, pixel_mm / usual.pitch_mm)
    return Sampling(pitch_mm=usual.pitch_mm * wider, step_mm=min(usual.step_mm * wider, THICKEST_MM))


def log_attenuation(anatomy: Anatomy, beam: Beam) -> NDArray[np.float64]:
    """Log attenuation of every pixel, (columns, rows), before blur and noise."""
    from scipy.ndimage import affine_transform  # lazy: heavy import

    contrast = AttenuationContrast(energy_kev())

    def painter(block: Block) -> Array:
        return np.asarray(paint(anatomy, block, contrast)[0])

    sampling = sampling_of(beam.pixel_mm)
    sums = ray_sums(painter, bony_boxes(anatomy), beam, sampling)
    # Rays and pixels lie about the same middle.
    scale = beam.pixel_mm / sampling.pitch_mm
    first = [(n - 1) / 2 - scale * (wanted - 1) / 2 for n, wanted in zip(sums.shape, beam.shape, strict=True)]
    picture = affine_transform(sums, [scale, scale], first, output_shape=beam.shape, order=3, mode="nearest")
    return np.asarray(picture, np.float64)


def bony_boxes(anatomy: Anatomy) -> list[Box]:
    """Boxes of everything with sharp, dense borders."""
    low = anatomy.sacrum
    parts: tuple[Boxed, ...] = (*anatomy.vertebrae, *anatomy.other_bone, *anatomy.metal)
    return [*(part.box for part in parts), low.box, low.coccyx_box, anatomy.atlas.box]


def blur_sigma_px(acquisition: Acquisition, beam: Beam) -> float:
    """Blur of detector and focal spot together, as one Gaussian.

    The shadow of a uniform focal spot of width w has the variance ``w^2/12``.
    """
    detector = ct.sigma_from_fwhm_mm(acquisition.stated_blur_mm)
    spot = beam.projection.penumbra_mm / math.sqrt(12.0)
    return math.hypot(detector, spot) / acquisition.pixel_mm


def expected_photons(attenuation: NDArray[np.float64], photons_in: float, sigma_px: float) -> NDArray[np.float64]:
    """Photons expected in each pixel: the blurred primary beam, and a uniform scatter.

    Scatter is a share of the median primary behind the patient: that of the open beam beside it would fog the picture.
    """
    from scipy.ndimage import gaussian_filter  # lazy: heavy import

    share = float(table("attenuation")["radiograph"]["scatter_to_primary_with_grid"])
    primary = radiograph.expected_photons(attenuation, photons_in=photons_in)
    behind = attenuation > OPEN_BEAM
    scatter = share * float(np.median(primary[behind])) if behind.any() else 0.0
    return np.asarray(gaussian_filter(primary, sigma_px, mode="nearest", truncate=4.0) + scatter)


def render_radiograph(
    anatomy: Anatomy, acquisition: Acquisition, where: tuple[Beam, Grid], generator: np.random.Generator
) -> Volume:
    """One radiograph, uint16 (columns, rows, 1): ``stored x ln(photons before the patient / photons counted)``.

    Parameters
    ----------
    where
        The beam, and the detector's pixels.
    """
    beam, grid = where
    a = acquisition
    attenuation = log_attenuation(anatomy, beam)
    photons_in = 1.0 if a.noise_free else a.noise
    photons = expected_photons(attenuation, photons_in, blur_sigma_px(a, beam))
    if not a.noise_free:
        # A pixel that counted none is shown as one that counted half a photon.
        photons = np.maximum(generator.poisson(photons), 0.5)
    stored = np.clip(np.rint(a.stored * np.log(photons_in / photons)), 0, STORED_LIMIT)
    return Volume(array=stored.astype(np.uint16)[..., None], grid=grid, quantity="log_attenuation", unit="1")
