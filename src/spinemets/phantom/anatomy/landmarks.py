"""26 landmarks of one vertebra: endplates, walls, pedicles, canal and processes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from spinemets.phantom.anatomy.alignment import Place
from spinemets.phantom.anatomy.arch import SIDES, Arch
from spinemets.phantom.anatomy.body import Body
from spinemets.phantom.shape.distance import Rod

Point = NDArray[np.float64]
# Where on an endplate the outer points lie, as a share of the half width or depth: inside the rounded rim.
RIM_SHARE = 0.92
# Ends of a process within this of its tip belong to the tip (a spinous process may be forked).
TIP_MM = 1.0


def landmarks(frame: Place, body: Body, arch: Arch) -> dict[str, Point]:
    """Landmarks in LPS mm by name.

    Ten lie on the endplates (centre and four outer points each), four on the walls at mid-height, two in the pedicles' axes, three
    along the midline of the canal and behind it (centre, middle of the laminae's joint, tip of the spinous process), and one at the
    end of each transverse and articular process, and at the base of the spinous process. A worn or broken body has them where it
    now is.
    """
    found = {f"endplate_{name}": frame.lps(*p) for name, p in _endplates(body).items()}
    found |= {f"wall_{name}": frame.lps(*p) for name, p in _walls(body).items()}
    wall, canal = -body.size.mean_depth / 2, body.size.canal[0]
    found["canal_centre"] = frame.lps(0.0, wall - canal / 2, 0.0)
    found["lamina_junction"] = _mean(arch.rods[f"lamina_{side}"][0].end for side in SIDES)
    found["spinous_base"] = np.asarray(arch.rods["spinous"][0].start, float)
    found["spinous_tip"] = _tip(arch.rods["spinous"], -frame.anterior)
    for side in SIDES:
        pedicle = arch.rods[f"pedicle_{side}"][0]
        found[f"pedicle_centre_{side}"] = _mean((pedicle.start, pedicle.end))
        found[f"transverse_tip_{side}"] = _tip(arch.rods[f"transverse_{side}"], SIDES[side] * frame.left)
        for end, up in (("superior", 1.0), ("inferior", -1.0)):
            rods = arch.rods[f"{end}_articular_{side}"]
            found[f"{end}_articular_tip_{side}"] = _tip(rods, up * frame.superior)
    return found


def _endplates(body: Body) -> dict[str, tuple[float, float, float]]:
    """Points of both endplates in the local frame."""
    found = {}
    for n, name in enumerate(("superior", "inferior")):
        half_w, half_d = body.size.width[n] / 2 * RIM_SHARE, body.size.depth[n] / 2 * RIM_SHARE
        outer = {"anterior": (0.0, half_d), "posterior": (0.0, -half_d), "left": (half_w, 0.0), "right": (-half_w, 0.0)}
        rim = (0.5 - n) * float(np.mean(body.size.height))
        for where, (l, a) in {"centre": (0.0, 0.0), **outer}.items():  # noqa: E741  # left, the frame's letter
            u, v, w = (np.full((1,), x, np.float32) for x in (l, a, rim))
            _, norm = body.footprint(u, v, w)
            found[f"{name}_{where}"] = (l, a, float(body.endplates(norm, v)[n][0]))
    return found


def _walls(body: Body) -> dict[str, tuple[float, float, float]]:
    """Points of the walls at mid-height, where the wall is met along the axes of the frame."""
    found = {}
    reach = np.linspace(0.0, max(body.size.mean_width, body.size.mean_depth), 4001, dtype=np.float32)
    zero = np.zeros_like(reach)
    for name, (l, a) in {"anterior": (0, 1), "posterior": (0, -1), "left": (1, 0), "right": (-1, 0)}.items():  # noqa: E741
        side, _ = body.footprint(l * reach, a * reach, zero)
        far = float(reach[np.argmax(side > 0)])
        found[name] = (l * far, a * far, 0.0)
    return found


def _tip(rods: tuple[Rod, ...], towards: Point) -> Point:
    """End of a process: the farthest end of its rods in a direction, ends as far averaged."""
    ends = np.array([rod.end for rod in rods], float)
    far = ends @ towards
    tip: Point = ends[far > far.max() - TIP_MM].mean(axis=0)
    return tip


def _mean(points: Iterable[tuple[float, float, float]]) -> Point:
    """Mean of some points."""
    middle: Point = np.array(list(points), float).mean(axis=0)
    return middle
