"""The compiled loops once more in plain numpy and double precision: slow, and easy to check against their formulas."""

from __future__ import annotations

import numpy as np

from spinemets.phantom.shape.distance import FAR_MM


def coverage(distance, reach_mm):
    return np.clip(0.5 - np.asarray(distance, float) / reach_mm, 0.0, 1.0)


def smooth_min(a, b, blend_mm):
    gap = np.clip(blend_mm - np.abs(np.subtract(a, b, dtype=float)), 0.0, None)
    return np.minimum(a, b) - gap**2 / (4 * blend_mm)


def along_ray(radius, norm, smallest):
    return np.maximum(radius - (radius + 1e-3 * np.asarray(smallest)) / (np.asarray(norm, float) + 1e-3), -smallest)


def ellipse(u, v, half_u, half_v):
    return along_ray(np.hypot(u, v), np.hypot(u / half_u, v / half_v), np.minimum(half_u, half_v))


def superellipse(u, v, half_u, half_v, exponent):
    u, v, p = np.abs(u, dtype=float), np.abs(v, dtype=float), exponent
    norm = np.maximum(((u / half_u) ** p + (v / half_v) ** p) ** (1 / p), 1e-3)
    gradient = norm ** (1 - p) * np.hypot((u / half_u) ** (p - 1) / half_u, (v / half_v) ** (p - 1) / half_v)
    return (norm - 1) / np.maximum(gradient, 1e-3), norm


def points(block):
    """Every sample's place (..., 3) in LPS mm."""
    axes = (first + np.arange(n) for first, n in zip(block.start, block.shape, strict=True))
    index = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    return index @ block.affine[:3, :3].T + block.affine[:3, 3]


def rod(one, block):
    start, end = np.array(one.start), np.array(one.end)
    length = np.linalg.norm(end - start)
    along = (end - start) / length
    first = np.array(one.across) - np.dot(one.across, along) * along
    first /= np.linalg.norm(first)
    t, u, v = np.moveaxis((points(block) - start) @ np.stack([along, first, np.cross(along, first)]).T, -1, 0)
    share = np.clip(t / length, 0, 1)
    half_u, half_v = (a + share * (b - a) for a, b in zip(*one.half_mm, strict=True))
    beyond, cap = t - share * length, np.minimum(half_u, half_v)
    norm = np.sqrt((u / half_u) ** 2 + (v / half_v) ** 2 + (beyond / cap) ** 2)
    return along_ray(np.sqrt(u**2 + v**2 + beyond**2), norm, cap)


def union(block, rods, blend_mm):
    joined = np.full(block.shape, FAR_MM)
    for one in rods:
        found = block.within(one.box)
        if found is not None:
            joined[found[0]] = smooth_min(joined[found[0]], rod(one, found[1]), blend_mm)
    return joined


def fill(channels, place, values, share):
    for channel, value in zip(channels, values, strict=True):
        channel[place] += share * (value - channel[place])


def bone(channels, place, shares, textures, mixtures):
    """`textures` and density by channel; `mixtures` by channel: shell, marrow, then (share, in shell, base, slope) of each layer."""
    outer, inner = shares
    for channel, texture, density, (shell, marrow, layers) in zip(channels, *textures, mixtures, strict=True):
        cortex = np.full(outer.shape, float(shell))
        inside = (marrow[0] + marrow[1] * texture.astype(float)) * density
        for share, in_shell, base, slope in layers:
            value = base + slope * texture
            inside = (1 - share) * inside + share * value
            if in_shell:
                cortex = (1 - share) * cortex + share * value
        channel[place] = channel[place] * (1 - outer) + (outer - inner) * cortex + inner * inside
