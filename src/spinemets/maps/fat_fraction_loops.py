"""The loop of fat fractions from complex echoes: fields and decays on a lattice, then each candidate refined."""

from __future__ import annotations

from typing import Any

import numpy as np

from spinemets.compiled import compiled

VECTOR, MATRIX, ECHOES = "float64[::1]", "float64[:, ::1]", "complex128[::1]"
SEEN, SEEN_MATRIX = "Array(float64, 1, 'C', True)", "Array(float64, 2, 'C', True)"
SEEN_ECHOES, SEEN_TURNS = "Array(complex128, 1, 'C', True)", "Array(complex128, 2, 'C', True)"
ROWS = "Array(complex64, 2, 'C', True)"
# Columns of a candidate.
CANDIDATE = ("field_hz", "rate_per_s", "water", "fat", "cost", "sd")
KEPT, TRIED = 2, 3
MOST_STEPS = 30
# Relative fall of the residual below which refining ends, and damping above which it does.
STILL, MOST_DAMPING = 1e-9, 1e9
# Residual below this share of the energy: single precision says no more.
NOTHING = 1e-14
# Two candidates closer than this are one.
APART_HZ = 2.0
UNKNOWNS = 5


@compiled(f"UniTuple(float64, 5)({ECHOES}, {SEEN_ECHOES}, {SEEN}, {SEEN})")
def explained(turned: Any, fat: Any, decay: Any, inverse: Any) -> Any:
    """Energy that real water and fat of one common phase explain, water, fat, and that phase (as its cosine and sine).

    For projections ``v`` on both shapes and the inverse normal matrix ``N`` the best phase is half the angle of ``v N v``
    (Bydder M, Magn Reson Imaging 2011; 29:216).
    """
    one, other = 0.0j, 0.0j
    for k in range(len(turned)):
        seen = decay[k] * turned[k]
        one += seen
        other += seen * fat[k].conjugate()
    p, q, s = inverse[0], inverse[1], inverse[2]
    x, y = p * one + q * other, q * one + s * other
    square = one * x + other * y
    whole = (one.conjugate() * x + other.conjugate() * y).real
    phase = 0.5 * np.arctan2(square.imag, square.real)
    cosine, sine = np.cos(phase), np.sin(phase)
    water, lipid = x.real * cosine + x.imag * sine, y.real * cosine + y.imag * sine
    if water + lipid < 0.0:
        water, lipid, cosine, sine = -water, -lipid, -cosine, -sine
    return 0.5 * (whole + abs(square)), water, lipid, cosine, sine


@compiled(
    f"void({VECTOR}, Array(int64, 1, 'C', False), {ECHOES}, Tuple(({SEEN_ECHOES}, {SEEN_TURNS}, {SEEN_MATRIX}, {SEEN_MATRIX})))"
)
def profile(energy: Any, rate: Any, echoes: Any, tables: Any) -> None:
    """Most energy that any decay explains at each field of the lattice, and the number of that decay."""
    fat, turns, decays, inverses = tables
    turned = np.empty_like(echoes)
    n = len(echoes)
    for f in range(len(energy)):
        for k in range(n):
            turned[k] = echoes[k] * turns[f, k]
        energy[f], rate[f] = -1.0, 0
        for r in range(len(decays)):
            one, other = 0.0j, 0.0j
            for k in range(n):
                seen = decays[r, k] * turned[k]
                one += seen
                other += seen * fat[k].conjugate()
            p, q, s = inverses[r, 0], inverses[r, 1], inverses[r, 2]
            x, y = p * one + q * other, q * one + s * other
            square = one * x + other * y
            here = 0.5 * ((one.conjugate() * x + other.conjugate() * y).real + abs(square))
            if here > energy[f]:
                energy[f], rate[f] = here, r


@compiled(f"float64({MATRIX}, {VECTOR}, {VECTOR}, {ECHOES}, Tuple(({SEEN_ECHOES}, {SEEN})))")
def linearised(normal: Any, gradient: Any, at: Any, echoes: Any, known: Any) -> float:
    """Normal matrix and gradient by water, fat, phase, field and decay rate; the residual sum of squares."""
    fat, times = known
    normal[:] = 0.0
    gradient[:] = 0.0
    left = 0.0
    column = np.empty(UNKNOWNS, np.complex128)
    for k in range(len(echoes)):
        angle = at[2] + 2.0 * np.pi * at[3] * times[k]
        size = np.exp(-at[4] * times[k])
        column[0] = complex(size * np.cos(angle), size * np.sin(angle))
        column[1] = column[0] * fat[k]
        signal = at[0] * column[0] + at[1] * column[1]
        column[2] = 1j * signal
        column[3] = 2.0j * np.pi * times[k] * signal
        column[4] = -times[k] * signal
        rest = echoes[k] - signal
        left += rest.real * rest.real + rest.imag * rest.imag
        for a in range(UNKNOWNS):
            gradient[a] += column[a].real * rest.real + column[a].imag * rest.imag
            for b in range(a + 1):
                normal[a, b] += column[a].real * column[b].real + column[a].imag * column[b].imag
    return left


@compiled(f"boolean({MATRIX}, {VECTOR}, {MATRIX}, {VECTOR}, float64)")
def solved(lower: Any, step: Any, normal: Any, gradient: Any, damping: float) -> bool:
    """Step of the damped normal equations by Cholesky's factors; an unknown without any effect stays where it is."""
    for a in range(UNKNOWNS):
        for b in range(a + 1):
            total = normal[a, b] * (1.0 + damping if a == b else 1.0)
            for c in range(b):
                total -= lower[a, c] * lower[b, c]
            if a == b:
                if normal[a, a] == 0.0:
                    lower[a, a] = 1.0
                elif not (total > 1e-14 * normal[a, a]):
                    return False
                else:
                    lower[a, a] = np.sqrt(total)
            else:
                lower[a, b] = total / lower[b, b]
    for a in range(UNKNOWNS):
        total = gradient[a]
        for c in range(a):
            total -= lower[a, c] * step[c]
        step[a] = total / lower[a, a]
    for a in range(UNKNOWNS - 1, -1, -1):
        total = step[a]
        for c in range(a + 1, UNKNOWNS):
            total -= lower[c, a] * step[c]
        step[a] = total / lower[a, a]
    return True


@compiled(f"void({MATRIX}, {VECTOR}, boolean)")
def held(normal: Any, gradient: Any, without_decay: bool) -> None:
    """Leave the decay rate where it is."""
    if without_decay:
        gradient[4] = 0.0
        for b in range(UNKNOWNS):
            normal[4, b] = 0.0


@compiled(f"float64({VECTOR}, {ECHOES}, Tuple(({SEEN_ECHOES}, {SEEN})), boolean)")
def refine(at: Any, echoes: Any, known: Any, without_decay: bool) -> float:
    """Least squares of all five unknowns from a start, in place (Marquardt); the residual sum of squares."""
    normal, lower = np.zeros((UNKNOWNS, UNKNOWNS)), np.zeros((UNKNOWNS, UNKNOWNS))
    gradient, step, then = np.empty(UNKNOWNS), np.empty(UNKNOWNS), np.empty(UNKNOWNS)
    left = linearised(normal, gradient, at, echoes, known)
    held(normal, gradient, without_decay)
    energy = 0.0
    for k in range(len(echoes)):
        energy += echoes[k].real ** 2 + echoes[k].imag ** 2
    damping = 1e-3
    for _ in range(MOST_STEPS):
        if not solved(lower, step, normal, gradient, damping):
            damping = 10.0 * damping + 1e-6
            if damping > MOST_DAMPING:
                break
            continue
        for a in range(UNKNOWNS):
            then[a] = at[a] + step[a]
        other = linearised(normal, gradient, then, echoes, known)
        held(normal, gradient, without_decay)
        if other <= left:
            fall = left - other
            at[:] = then
            left = other
            damping *= 0.1
            if fall <= STILL * left or left <= NOTHING * energy:
                break
        else:
            damping = 10.0 * damping + 1e-6
            linearised(normal, gradient, at, echoes, known)
            held(normal, gradient, without_decay)
            if damping > MOST_DAMPING:
                break
    return float(left)


@compiled(f"float64({VECTOR}, {ECHOES}, Tuple(({SEEN_ECHOES}, {SEEN})), boolean)")
def spread_of(at: Any, echoes: Any, known: Any, without_decay: bool) -> float:
    """Standard deviation of the fat fraction for noise of 1 in each channel; infinite where it is not told."""
    normal, lower = np.zeros((UNKNOWNS, UNKNOWNS)), np.zeros((UNKNOWNS, UNKNOWNS))
    gradient, step = np.empty(UNKNOWNS), np.empty(UNKNOWNS)
    linearised(normal, gradient, at, echoes, known)
    held(normal, gradient, without_decay)
    total = at[0] + at[1]
    gradient[:] = 0.0
    gradient[0], gradient[1] = -at[1] / (total * total), at[0] / (total * total)
    if not solved(lower, step, normal, gradient, 0.0):
        return np.inf
    return float(np.sqrt(max(gradient[0] * step[0] + gradient[1] * step[1], 0.0)))


@compiled(f"int64({VECTOR}, boolean, Array(int64, 1, 'C', False))")
def peaks(energy: Any, around: bool, found: Any) -> int:
    """The highest local maxima of a profile, up to `TRIED`, highest first; the profile goes around where fields repeat."""
    n, count = len(energy), 0
    for f in range(n):
        before = energy[f - 1] if f > 0 else (energy[n - 1] if around else -1.0)
        after = energy[f + 1] if f < n - 1 else (energy[0] if around else -1.0)
        if not (energy[f] >= before and energy[f] > after):
            continue
        place = min(count, TRIED)
        while place > 0 and energy[found[place - 1]] < energy[f]:
            if place < TRIED:
                found[place] = found[place - 1]
            place -= 1
        if place < TRIED:
            found[place] = f
            count = min(count + 1, TRIED)
    return count


@compiled(f"void({MATRIX}, {VECTOR}, float64, float64)")
def keep(out: Any, at: Any, cost: float, period: float) -> None:
    """Put a candidate among those kept, unless it is one of them."""
    field = at[3]
    if period > 0.0:
        field -= period * np.floor(field / period + 0.5)
    for n in range(KEPT):
        apart = abs(field - out[n, 0])
        if period > 0.0 and apart < np.inf:
            apart = abs(apart - period * np.floor(apart / period + 0.5))
        if apart < APART_HZ:
            if cost >= out[n, 4]:
                return
            for later in range(n, KEPT - 1):
                out[later] = out[later + 1]
            out[KEPT - 1] = np.inf
            break
    place = KEPT
    while place > 0 and cost < out[place - 1, 4]:
        place -= 1
    if place == KEPT:
        return
    for later in range(KEPT - 1, place, -1):
        out[later] = out[later - 1]
    out[place, 0], out[place, 1], out[place, 2] = field, at[4], at[0]
    out[place, 3], out[place, 4], out[place, 5] = at[1], cost, np.inf


@compiled(
    f"void(float64[:, :, ::1], {ROWS}, Array(uint8, 1, 'C', True), Tuple(({SEEN_ECHOES}, {SEEN_TURNS}, {SEEN_MATRIX}, {SEEN_MATRIX})),"
    f" Tuple(({SEEN}, {SEEN}, {SEEN})), UniTuple(float64, 2))"
)
def candidates(out: Any, rows: Any, wanted: Any, tables: Any, lattice: Any, numbers: Any) -> None:
    """The best explanations of each voxel's echoes.

    Parameters
    ----------
    out
        (n, `KEPT`, `CANDIDATE`), written, least cost first; cost infinite where there is none.
    rows
        complex64 (n, echoes).
    wanted
        uint8 (n,).
    tables
        Modulation of fat (echoes,); turns back by each field of the lattice (fields, echoes); decays (rates, echoes), and
        the inverse normal matrix of water and fat of each, its three entries.
    lattice
        Echo times [s], fields [Hz], rates [1/s].
    numbers
        Period of the field [Hz], 0 = none; 1 where the rate is not fitted.
    """
    fat, turns, decays, inverses = tables
    times, fields, rates = lattice
    period, without_decay = numbers[0], numbers[1] > 0.0
    echoes, turned = np.empty(len(times), np.complex128), np.empty(len(times), np.complex128)
    energy, rate = np.empty(len(fields)), np.empty(len(fields), np.int64)
    found, at = np.zeros(TRIED + 1, np.int64), np.empty(UNKNOWNS)
    for v in range(len(rows)):
        out[v] = np.inf
        if wanted[v] == 0:
            continue
        for k in range(len(times)):
            echoes[k] = complex(rows[v, k])
        profile(energy, rate, echoes, tables)
        for n in range(peaks(energy, period > 0.0, found)):
            f = found[n]
            for k in range(len(times)):
                turned[k] = echoes[k] * turns[f, k]
            _, at[0], at[1], cosine, sine = explained(turned, fat, decays[rate[f]], inverses[rate[f]])
            at[2], at[3], at[4] = np.arctan2(sine, cosine), fields[f], rates[rate[f]]
            cost = refine(at, echoes, (fat, times), without_decay)
            if at[0] + at[1] < 0.0:
                at[0], at[1], at[2] = -at[0], -at[1], at[2] + np.pi
            total = at[0] + at[1]
            # Opposite signs of water and fat are no mixture: they fit where the field is wrong.
            if not (total > 0.0) or min(at[0], at[1]) < -0.2 * total:
                continue
            keep(out[v], at, cost, period)
        for n in range(KEPT):
            if out[v, n, 4] < np.inf:
                at[0], at[1], at[3], at[4] = out[v, n, 2], out[v, n, 3], out[v, n, 0], out[v, n, 1]
                at[2] = 0.0
                out[v, n, 5] = spread_of(at, echoes, (fat, times), without_decay)
