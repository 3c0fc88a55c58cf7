"""How the loops over samples are compiled: once per machine, for stated types, and without holding the interpreter."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

Loop = TypeVar("Loop", bound=Callable[..., object])

# numba's notation of float32 samples that a loop only reads: three axes, rows contiguous; and of one row.
SEEN = "Array(float32, 3, 'C', True)"
ROW = "Array(float32, 1, 'C', True)"


def compiled(*signatures: str) -> Callable[[Loop], Loop]:
    """Decorator of a loop: machine code for these signatures (numba's notation), kept beside the module between runs.

    A sum of products may be rounded once instead of twice, and a quotient taken as a product with the reciprocal: both
    stay within float32 rounding. Division by zero gives infinity, as in numpy. Modules of such loops are imported where
    they are first needed (numba takes a third of a second), and call no compiled loop of another module: a kept
    machine code would not notice that the other has changed.
    """
    from numba import njit  # lazy: heavy import

    def machine_code(loop: Loop, kept: bool) -> Loop:
        rounding = {"contract", "arcp", "nsz"}
        make = njit(list(signatures), cache=kept, nogil=True, error_model="numpy", fastmath=rounding)
        return cast(Loop, make(loop))

    def compile_loop(loop: Loop) -> Loop:
        try:
            return machine_code(loop, kept=True)
        except RuntimeError:
            # Nowhere to keep it (installed read-only, no home folder): compiled anew in each run.
            return machine_code(loop, kept=False)

    return compile_loop
