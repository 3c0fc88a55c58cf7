"""Fat fractions of a study's echoes, each under the name that it has earned (MR-DIX-01)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.maps import fat_fraction, fat_fraction_magnitude
from spinemets.maps.from_study.how import CannotMap, How
from spinemets.maps.from_study.in_opposed import pairs
from spinemets.maps.from_study.stack import Stack, above_noise, attempt, close_to, counted, looked_at, named, stacked
from spinemets.model.parametric_map import MapResult, NotMapped, ParametricMap
from spinemets.model.series import Series
from spinemets.model.study import Study
from spinemets.model.study_view import SeriesSet
from spinemets.series.sets.likeness import component, fat_water_part

KIND = "fat-fraction"
COMPLEX = "least squares of W + F (six peaks), a common phase, field and R2* to complex echoes; neighbours decide between fields"
MAGNITUDE = "least squares of |W + F (six peaks)| exp(-R2* t) to magnitudes, from both sides of one half"
TWO_POINT = "(IP - OP)/(2 IP): no more than one half can be seen"
OF_IMAGES = "F/(W + F) of the scanner's own images of water and fat"
# Stored phases: (span of the values, value of a half turn), as scanners write them; thousandths of radians are Philips's (slope 1.53455,
# intercept -3142: dcm2niix issues 463 and 975).
PHASE_SCALES = ((8192.0, 4096.0), (4096.0, 2048.0), (2000.0 * np.pi, 1000.0 * np.pi), (2.0 * np.pi, np.pi))


def fat_fraction_maps(study: Study, how: How) -> list[MapResult | NotMapped]:
    """What can be said of fat: complex echoes first, magnitudes next, water and fat images, two echoes last."""
    found: list[MapResult | NotMapped] = []
    done: set[str] = set()
    for make, kinds in (
        (_complex, ("phase_magnitude",)),
        (_magnitudes, ("echoes",)),
        (_images, ("in_opposed",)),
        (_two_points, ("in_opposed",)),
    ):
        for group in study.sets:
            if group.kind not in kinds or done & set(group.members):
                continue
            made = make(study, group, how)
            done |= {uid for one in made if isinstance(one, MapResult) for uid in one.series_uids}
            found += made
    return found


def _trains(members: Sequence[Series]) -> list[list[Series]]:
    """Echoes of one excitation: one DICOM series, or series of one field and flip angle; each echo time once."""
    trains: dict[tuple[object, ...], dict[float, Series]] = {}
    stems: dict[str, int] = {}
    for one in members:
        stems[one.uid.partition("#")[0]] = stems.get(one.uid.partition("#")[0], 0) + 1
    for one in members:
        a, stem = one.acquisition, one.uid.partition("#")[0]
        key = (a.field_t, a.flip_deg, stem if stems[stem] > 1 else None)
        if a.te_s:
            trains.setdefault(key, {}).setdefault(a.te_s, one)
    return [[train[te] for te in sorted(train)] for train in trains.values()]


def _facts(train: Sequence[Series]) -> tuple[NDArray[np.float64], float]:
    field_t = train[0].acquisition.field_t
    if field_t is None:
        raise CannotMap("The field strength is not stated.", "State field_t in a facts file.")
    return np.array([one.acquisition.te_s for one in train]), field_t


def weighting_name(flip_deg: float | None) -> tuple[str, str, list[str]]:
    """Name, title and note of a fraction: T1 weighs it unless the flip angle is small."""
    most = float(table("fat_fraction")["largest_flip_deg"]["value"])
    if flip_deg is not None and flip_deg <= most:
        return "pdff", "Proton density fat fraction", []
    said = "the flip angle is not stated" if flip_deg is None else f"the flip angle is {flip_deg:g} degrees"
    return (
        "fat_fraction_t1_weighted",
        "Fat fraction, T1-weighted",
        [f"{said}: T1 weighs the fraction, which is no proton density fat fraction"],
    )


def _complex(study: Study, group: SeriesSet, how: How) -> list[MapResult | NotMapped]:
    members = [study.by_uid(uid) for uid in group.members]
    if any((one.acquisition.modality or "") != "MR" or one.acquisition.b_values_s_per_mm2 for one in members):
        return []
    parts = {
        name: [one for one in members if component(one.acquisition) == name]
        for name in ("MAGNITUDE", "PHASE", "REAL", "IMAGINARY")
    }
    both = ("REAL", "IMAGINARY") if parts["REAL"] and parts["IMAGINARY"] else ("MAGNITUDE", "PHASE")
    if len({one.acquisition.te_s for one in parts[both[0]]}) < 3:
        return []
    return [attempt(KIND, group.name, partial(_of_complex, group.name, (parts[both[0]], parts[both[1]], both), how))]


def _of_complex(source: str, given: tuple[list[Series], list[Series], tuple[str, str]], how: How) -> MapResult:
    one, other, names = given
    times = sorted(
        {s.acquisition.te_s for s in one if s.acquisition.te_s}
        & {s.acquisition.te_s for s in other if s.acquisition.te_s}
    )
    first, second = ([next(s for s in part if s.acquisition.te_s == te) for te in times] for part in (one, other))
    te, field_t = _facts(first)
    stack, beside = stacked(first, motion=False), stacked(second, motion=False)
    if names[0] == "REAL":
        echoes = stack.values + 1j * beside.values
    else:
        echoes = stack.values * np.exp(1j * _radians(beside.values))
    strong, said = _with_signal(np.abs(echoes), stack)
    near = looked_at(how, stack.grid)
    strong &= near
    fitted = fat_fraction.fit(echoes, te, field_t, mask=strong, spectrum=how.spectrum)
    name, title, notes = weighting_name(first[0].acquisition.flip_deg)
    notes.append(said)
    swapped = int(np.count_nonzero(fitted.swap_suspected))
    if fitted.conjugated:
        notes.append("phases turn the other way round on this scanner: the echoes were conjugated")
    if swapped:
        notes.append(f"{swapped} voxels may have water and fat exchanged (map swap_suspected)")
    maps = (
        named(title, name, "1", fitted.pdff),
        named(f"{title}, 95 % interval", f"{name}_ci95", "1", fitted.ci95),
        named("Effective transverse relaxation rate", "r2star_per_s", "/s", fitted.r2star_per_s),
        named("Field map", "field_map_hz", "Hz", fitted.field_map_hz),
        named("Water and fat may be exchanged", "swap_suspected", "1", fitted.swap_suspected.astype(np.uint8)),
    )
    return _result(
        source, (*first, *second), stack, (maps, COMPLEX, notes, _rejected(fitted.valid, near)), (te, field_t, how)
    )


def _with_signal(magnitudes: NDArray[np.float32], stack: Stack) -> tuple[NDArray[np.bool_], str]:
    """Voxels with one echo at least above the noise: in the first one alone water and fat may cancel (marrow at 3 T and 1.2 ms)."""
    return above_noise(magnitudes[..., 0], stack, magnitudes.max(axis=-1))


def _radians(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Phases as scanners store them, in radians.

    Raises
    ------
    CannotMap
        If their span is none that is known.
    """
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    for span, half in PHASE_SCALES:
        if 0.9 * span <= high - low <= 1.01 * span:
            centre = half if low >= 0.0 else 0.0
            return np.asarray((values - centre) * np.float32(np.pi / half))
    raise CannotMap(f"Phases from {low:g} to {high:g} are in no unit that is known.", "Give real and imaginary images.")


def _magnitudes(study: Study, group: SeriesSet, how: How) -> list[MapResult | NotMapped]:
    trains = _trains([study.by_uid(uid) for uid in group.members])
    fewest = int(table("fat_fraction")["fewest_magnitudes"]["value"])
    made: list[MapResult | NotMapped] = []
    for train in trains:
        source = f"{train[0].label} ({len(train)} magnitude echoes)"
        if len(train) < fewest:
            made.append(
                NotMapped(
                    kind=KIND,
                    source=source,
                    reason=f"fewer than {fewest} magnitude echoes cannot part fat from decay",
                    remedy="Export phase images too.",
                )
            )
        else:
            made.append(attempt(KIND, source, partial(_of_magnitudes, source, train, how)))
    return made


def _of_magnitudes(source: str, train: list[Series], how: How) -> MapResult:
    te, field_t = _facts(train)
    stack = stacked(train, motion=how.motion)
    mask, said = _with_signal(stack.values, stack)
    near = close_to(how, stack.grid)
    mask &= near
    fitted = fat_fraction_magnitude.fit(stack.values, te, field_t, mask=mask, spectrum=how.spectrum)
    _, _, notes = weighting_name(train[0].acquisition.flip_deg)
    notes.append(said)
    unsure = int(np.count_nonzero(fitted.prevailing_unsure))
    notes.append(
        f"from magnitudes: in {unsure} of {np.count_nonzero(fitted.valid)} voxels water and fat may be exchanged (map prevailing_unsure);"
        " there the fraction is no more than one of two, and its interval holds both"
    )
    maps = (
        named("Fat fraction of magnitudes", "fat_fraction_magnitude", "1", fitted.fat_fraction_magnitude),
        named("Fat fraction of magnitudes, 95 % interval", "fat_fraction_magnitude_ci95", "1", fitted.ci95),
        named("Effective transverse relaxation rate", "r2star_per_s", "/s", fitted.r2star_per_s),
        named(
            "Whether water or fat prevails is not sure",
            "prevailing_unsure",
            "1",
            fitted.prevailing_unsure.astype(np.uint8),
        ),
    )
    return _result(source, train, stack, (maps, MAGNITUDE, notes, _rejected(fitted.valid, near)), (te, field_t, how))


def _images(study: Study, group: SeriesSet, how: How) -> list[MapResult | NotMapped]:
    members = [study.by_uid(uid) for uid in group.members]
    parts = {part: one for one in reversed(members) if (part := fat_water_part(one.acquisition)) in ("water", "fat")}
    if len(parts) < 2:
        return []
    return [attempt(KIND, group.name, partial(_of_images, group.name, (parts["water"], parts["fat"]), how))]


def _of_images(source: str, pair: tuple[Series, Series], how: How) -> MapResult:
    stack = stacked(pair, motion=False)
    fitted = fat_fraction_magnitude.of_images(stack.values[..., 0], stack.values[..., 1])
    maps = (named("Signal fat fraction", "fat_fraction_signal", "1", fitted.fat_fraction_signal),)
    notes = [
        "of the scanner's own images: decay and T1 weigh it, and swaps are the scanner's; no cut-off of a proton density fat fraction holds"
    ]
    te = np.array([one.acquisition.te_s or np.nan for one in pair])
    return _result(
        source, pair, stack, (maps, OF_IMAGES, notes, _rejected(fitted.valid)), (te, pair[0].acquisition.field_t, how)
    )


def _two_points(study: Study, group: SeriesSet, how: How) -> list[MapResult | NotMapped]:
    source = f"{group.name}: two points"
    return [attempt(KIND, source, partial(_of_two_points, source, pair, how)) for pair in pairs(study, group)]


def _of_two_points(source: str, pair: tuple[Series, Series], how: How) -> MapResult:
    opposed, in_phase = pair
    stack = stacked([in_phase, opposed], motion=how.motion)
    fitted = fat_fraction_magnitude.two_point(stack.values[..., 0], stack.values[..., 1])
    maps = (named("Signal fat fraction, two points", "fat_fraction_signal", "1", fitted.fat_fraction_signal),)
    notes = [
        "two points: decay and T1 weigh it, and fractions above one half are mirrored; no cut-off of a proton density fat fraction holds"
    ]
    te = np.array([one.acquisition.te_s or np.nan for one in pair])
    return _result(
        source, pair, stack, (maps, TWO_POINT, notes, _rejected(fitted.valid)), (te, in_phase.acquisition.field_t, how)
    )


def _result(
    source: str,
    members: Sequence[Series],
    stack: Stack,
    made: tuple[tuple[ParametricMap, ...], str, list[str], dict[str, int]],
    of: tuple[NDArray[np.float64], float | None, How],
) -> MapResult:
    maps, method, notes, rejected = made
    te, field_t, how = of
    spectrum = how.spectrum or table("fat_spectra")["default"]
    return MapResult(
        kind=KIND, source=source, series_uids=tuple(one.uid for one in members), number=min(one.number for one in members),
        grid=stack.grid, maps=maps, method=method,
        inputs={
            "echo_times_s": [float(t) if np.isfinite(t) else None for t in te], "field_t": field_t, "spectrum_of_fat": spectrum,
            "flip_angle_deg": members[0].acquisition.flip_deg,
        },
        rejected=rejected, notes=(*notes, *stack.notes),
    )  # fmt: skip


def _rejected(valid: NDArray[np.bool_], near: NDArray[np.bool_] | None = None) -> dict[str, int]:
    """Voxels without a fraction by reason; near None = all were looked at."""
    near = np.ones_like(valid) if near is None else near
    return counted(not_near_the_spine=~near, no_signal_or_no_fit=near & ~valid)
