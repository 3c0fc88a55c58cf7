"""Organs of the abdomen and the bases of the lungs."""

from __future__ import annotations

import numpy as np

from spinemets.phantom.anatomy.trunk.column import Column
from spinemets.phantom.anatomy.trunk.structures import Soft, ellipsoid_in_box
from spinemets.phantom.shape.texture import stream


def organs(col: Column, seed: int) -> list[Soft]:
    """Liver, spleen, kidneys with their sinus fat, lung bases, bowel with some gas."""
    z, x0 = col.z_of, float(np.mean(col.x.values))
    y = {level: float(col.y.at(np.asarray(height))) for level, height in z.items()}
    shapes: list[tuple[str, str, tuple[float, float, float], tuple[float, float, float]]] = [
        ("liver", "liver", (x0 - 78, y["T12"] - 62, z["T12"] + 6), (72, 66, 74)),
        ("spleen", "liver", (x0 + 92, y["T12"] - 4, z["T12"] + 4), (30, 34, 46)),
        ("stomach", "bowel", (x0 + 52, y["T12"] - 78, z["T12"] - 4), (38, 30, 46)),
        ("lung_right", "lung", (x0 - 66, y["T10"] + 12, z["T10"] + 26), (48, 56, 62)),
        ("lung_left", "lung", (x0 + 66, y["T10"] + 8, z["T10"] + 26), (48, 58, 66)),
        ("kidney_right", "kidney_cortex", (x0 - 62, y["L2"] + 2, z["L2"] + 6), (27, 29, 54)),
        ("sinus_right", "epidural_fat", (x0 - 52, y["L2"] - 4, z["L2"] + 6), (11, 10, 26)),
        ("kidney_left", "kidney_cortex", (x0 + 62, y["L1"] + 2, z["L1"] - 4), (27, 29, 55)),
        ("sinus_left", "epidural_fat", (x0 + 52, y["L1"] - 4, z["L1"] - 4), (11, 10, 26)),
        ("pancreas", "liver", (x0 + 14, y["L1"] - 56, z["L1"] + 2), (52, 9, 13)),
    ]
    generator = stream(seed, "bowel")
    for number in range(16):
        across = generator.uniform(-75, 75)
        front = generator.uniform(-118, -66)
        up = generator.uniform(z["S1"] - 70, z["L1"] - 10)
        radius = generator.uniform(12, 20)
        centre = (x0 + across, y["L3"] + front, up)
        shapes.append((f"bowel_{number}", "bowel", centre, (radius * 1.3, radius, radius * 1.2)))
        inside = (radius * 0.7, radius * 0.45, radius * 0.7)
        tissue = "gas" if number % 3 == 0 else "interspinous"
        shapes.append((f"content_{number}", tissue, (centre[0], centre[1] - radius * 0.3, centre[2]), inside))
    made = []
    for name, tissue, centre, half in shapes:
        distance, box = ellipsoid_in_box(centre, half)
        made.append(Soft(name=name, tissue=tissue, distance=distance, box=box))
    return made
