"""CT-01: fitness of a CT series for cortex, soft tissue, density and lesions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.model.measurement import Estimate, Measured, Refused
from spinemets.model.volume import Volume

Array = NDArray[np.float64]
USES = ("cortex", "soft_tissue", "density", "lesion")
# Values below are padding of scanners, not air.
PADDING_HU = -1500.0
N_SAMPLES = 400_000
# Slices on which noise is measured, spread over the stack; pixels around their middle, at most this many to a side.
NOISE_SLICES, NOISE_SIDE = 9, 400
# Sharp structure is told from noise by a Gaussian of this width.
BACKGROUND_MM = 3.0
HISTOGRAM_HU = 5.0
# Where the smoothed image climbs faster there is an edge of bone, fat or air, and no noise is measured.
EDGE_HU_PER_MM = 5.0
# Published slice limits are whole numbers; headers write 2.999999.
ROUNDING_MM = 0.01
LEAST_NOISE_VOXELS = 500


@dataclass(frozen=True, kw_only=True)
class _Noise:
    sd_hu: float
    smoothed_sd_hu: float
    texture: float
    n: int


def measure(
    *,
    ct: Volume,
    series_kind: str,
    slice_thickness_mm: float | None,
    slice_spacing_mm: float,
    kvp: float | None,
    contrast_agent: bool | None,
    slice_good_mm: float,
    slice_limit_mm: float,
    noise_max_hu: float,
    smooth_fwhm_mm: float,
    kvp_wanted: float,
    air_hu: list[float],
    fat_hu: list[float],
    muscle_hu: list[float],
    air_share_min: float,
    peak_prominence: float,
    texture_sharp: float,
) -> Measured | Refused:
    """Verdicts for the uses `cortex`, `soft_tissue`, `density` and `lesion`.

    Slice [mm] = the larger of stated thickness and largest voxel spacing. Hounsfield scale: median of air, most frequent values
    of fat and of muscle against their ranges; at least one must be seen, and every one seen must fit, else nothing is
    measured. Noise [HU] = 1.4826 MAD of the image minus its Gaussian mean (sigma 3 mm) where that mean is soft tissue; texture =
    the same for neighbour differences over sqrt(2), divided by it (white noise 1, smooth kernels lower). Valid for CT with
    soft tissue in view. Source: signs.md CT-01 (engineering limits); review 2.3.
    """
    seen = _scale(ct, air_share_min, peak_prominence)
    if not seen:
        return Refused(
            code="NA-META",
            missing="neither air, fat nor muscle could be found, so the Hounsfield scale could not be checked",
            remedy="Needs images with some soft tissue around the bone.",
        )
    slice_mm = max(slice_thickness_mm or 0.0, slice_spacing_mm)
    noise = _noise(ct, smooth_fwhm_mm)
    wrong = _off_scale(seen, {"air": air_hu, "fat": fat_hu, "muscle": muscle_hu})
    notes = [_slice_words(slice_mm, slice_thickness_mm)]
    if wrong:
        notes.append(f"the values are not on the Hounsfield scale ({wrong})")
        verdicts, caveats = dict.fromkeys(USES, "NA-META"), list[str]()
    else:
        soft, why = _soft_tissue(series_kind, noise, noise_max_hu, smooth_fwhm_mm)
        density, density_notes, caveats = _density(series_kind, kvp, contrast_agent, kvp_wanted)
        verdicts = {
            "cortex": _cortex(slice_mm, slice_good_mm, slice_limit_mm, series_kind),
            "soft_tissue": soft,
            "density": density,
            "lesion": "limited" if series_kind == "ct_lung" else "ok",
        }
        notes += [n for n in (why, *density_notes, _texture_words(series_kind, noise, texture_sharp)) if n]
    return Measured(
        values=_numbers(slice_mm, seen, noise),
        n_voxels=noise.n if noise is not None else 0,
        category=_words(verdicts),
        verdicts=verdicts,
        notes=tuple(notes),
        caveats=tuple(caveats),
    )


def _off_scale(seen: dict[str, float], ranges: dict[str, list[float]]) -> str:
    """Tissues outside their range, in words; empty if all fit."""
    wrong = [name for name, hu in seen.items() if not ranges[name][0] <= hu <= ranges[name][1]]
    return ", ".join(f"{name} at {seen[name]:.0f}" for name in wrong)


def _numbers(slice_mm: float, seen: dict[str, float], noise: _Noise | None) -> dict[str, Estimate]:
    """Everything that was measured, by name."""
    numbers = {"slice_mm": slice_mm, **{f"{name}_hu": hu for name, hu in seen.items()}}
    if noise is not None:
        numbers |= {
            "noise_hu": noise.sd_hu, "noise_smoothed_hu": noise.smoothed_sd_hu, "noise_texture": noise.texture
        }  # fmt: skip
    return {name: Estimate(value=number) for name, number in numbers.items()}


def _words(verdicts: dict[str, str]) -> str:
    """The verdicts as a reader sees them."""
    said = {"ok": "yes", "limited": "with limits"}
    return ", ".join(f"{use.replace('_', ' ')} {said.get(verdict, 'no')}" for use, verdict in verdicts.items())


def _cortex(slice_mm: float, good_mm: float, limit_mm: float, kind: str) -> str:
    if slice_mm > limit_mm + ROUNDING_MM:
        return "NA-RESOLUTION"
    # A lung kernel overshoots at edges: a cortex looks denser than it is.
    return "ok" if slice_mm <= good_mm + ROUNDING_MM and kind != "ct_lung" else "limited"


def _soft_tissue(kind: str, noise: _Noise | None, noise_max_hu: float, fwhm_mm: float) -> tuple[str, str]:
    if kind == "ct_soft":
        return "ok", ""
    if noise is None:
        return (
            "NA-FEW",
            "noise could not be measured, so a kernel that is not known to be soft is not used for soft tissue",
        )
    if noise.sd_hu <= noise_max_hu and kind != "ct_lung":
        return "ok", f"noise {noise.sd_hu:.0f} HU although the kernel is not known to be soft"
    if noise.smoothed_sd_hu <= noise_max_hu:
        return (
            "limited",
            f"noise {noise.sd_hu:.0f} HU, {noise.smoothed_sd_hu:.0f} HU after smoothing with FWHM {fwhm_mm:g} mm",
        )
    return "NA-SEQUENCE", f"noise {noise.smoothed_sd_hu:.0f} HU even after smoothing: too much for soft tissue"


def _density(
    kind: str, kvp: float | None, contrast_agent: bool | None, kvp_wanted: float
) -> tuple[str, list[str], list[str]]:
    if kind == "ct_lung":
        return "NA-SEQUENCE", ["a lung kernel falsifies attenuation at edges"], []
    verdict, notes, caveats = "ok", [], []
    if kvp is None or abs(kvp - kvp_wanted) > 0.5:
        verdict = "limited"
        caveats.append("CV-KVP")
        notes.append(
            "tube voltage not stated" if kvp is None else f"tube voltage {kvp:g} kVp, figures hold for {kvp_wanted:g}"
        )
    if contrast_agent is not False:
        caveats.append("CV-IVCONTRAST")
        if contrast_agent:
            verdict = "limited"
            notes.append("contrast medium is stated")
        else:
            notes.append("contrast medium neither stated nor ruled out by the header")
    return verdict, notes, caveats


def _slice_words(slice_mm: float, stated_mm: float | None) -> str:
    origin = "" if stated_mm is not None else ", from the voxel spacing because the header states no thickness"
    return f"slices of {slice_mm:.3g} mm{origin}"


def _texture_words(kind: str, noise: _Noise | None, sharp: float) -> str:
    if noise is None or kind != "ct_soft" or noise.texture < sharp:
        return ""
    return f"the kernel counts as soft, the noise looks like that of a sharp one (texture {noise.texture:.2f})"


def _scale(ct: Volume, air_share_min: float, prominence: float) -> dict[str, float]:
    """HU of air, fat and muscle where each stands out of the histogram."""
    step = max(1, int(np.ceil((ct.array.size / N_SAMPLES) ** (1 / 3))))
    lattice = (slice(None, None, step),) * 3
    values = ct.array[lattice].astype(np.float64)
    known = np.isfinite(values) & (values > PADDING_HU)
    if ct.padding is not None:
        known &= ~ct.padding[lattice]
    values = values[known]
    if values.size == 0:
        return {}
    found: dict[str, float] = {}
    air = values[values < -900]
    if air.size >= air_share_min * values.size:
        found["air"] = float(np.median(air))
    for name, low, high in (("fat", -180.0, -40.0), ("muscle", -60.0, 160.0)):
        peak = _peak(values, low, high, prominence)
        if peak is not None:
            found[name] = peak
    return found


def _peak(values: Array, low: float, high: float, prominence: float) -> float | None:
    """Most frequent value in [low, high] if it stands above both ends of the range by the factor `prominence`."""
    edges = np.arange(low, high + HISTOGRAM_HU, HISTOGRAM_HU)
    counts, _ = np.histogram(values, bins=edges)
    smooth = np.convolve(counts, np.ones(5) / 5, mode="valid")
    top = int(np.argmax(smooth))
    if smooth[top] < 20 or smooth[top] < prominence * max(smooth[0], smooth[-1]):
        return None
    return float(edges[top + 2] + HISTOGRAM_HU / 2)


def _noise(ct: Volume, fwhm_mm: float) -> _Noise | None:
    """Noise of soft tissue on some slices; None where too little soft tissue is in view."""
    from scipy.ndimage import gaussian_filter

    stack, spacing = _finest_planes(ct)
    sigma = [BACKGROUND_MM / d for d in spacing]
    fine = [fwhm_mm / 2.3548 / d for d in spacing]
    raw, smoothed, steps = [], [], []
    for plane in stack:
        image = np.nan_to_num(plane.astype(np.float64), nan=-1000.0)
        mean = gaussian_filter(image, sigma)
        soft = (mean > 10) & (mean < 90)
        slope = np.hypot(*(np.gradient(mean, d, axis=a) for a, d in enumerate(spacing)))
        soft &= slope < EDGE_HU_PER_MM
        if not soft.any():
            continue
        raw.append((image - mean)[soft])
        calm = gaussian_filter(image, fine)
        smoothed.append((calm - gaussian_filter(calm, sigma))[soft])
        steps.append(np.diff(image, axis=0)[soft[:-1]] / np.sqrt(2))
    if sum(r.size for r in raw) < LEAST_NOISE_VOXELS:
        return None
    sd, calm_sd, step_sd = (_spread(np.concatenate(x)) for x in (raw, smoothed, steps))
    texture = step_sd / sd if sd > 0 else 0.0
    return _Noise(sd_hu=sd, smoothed_sd_hu=calm_sd, texture=texture, n=sum(r.size for r in raw))


def _spread(values: Array) -> float:
    return float(1.4826 * np.median(np.abs(values - np.median(values))))


def _finest_planes(ct: Volume) -> tuple[list[NDArray[np.generic]], tuple[float, float]]:
    """Middle parts of a few planes along the two finest axes, and their spacing."""
    spacing = ct.grid.spacing_mm
    axis = int(np.argmax(np.round(spacing, 3)[::-1]))
    across = 2 - axis
    i, j = (a for a in range(3) if a != across)
    n = ct.array.shape[across]
    chosen = np.unique(np.linspace(0, n - 1, min(NOISE_SLICES, n)).astype(int))
    middle = []
    for a in (i, j):
        size = ct.array.shape[a]
        start = max(0, (size - NOISE_SIDE) // 2)
        middle.append(slice(start, start + NOISE_SIDE))
    planes = [np.take(ct.array, k, axis=across)[tuple(middle)] for k in chosen]
    return planes, (spacing[i], spacing[j])
