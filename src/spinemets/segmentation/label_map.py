"""Label files -> named structures. No label integer leaves this room.

Order of trust: what the user states, then names inside the file, then the only scheme that fits integers and anatomy. A
map whose meaning is neither stated nor provable is refused: one wrong level is worse than no answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from spinemets.model.errors import LabelSchemeError, UsageError
from spinemets.model.level import ORDER
from spinemets.model.segmentation import Part, Segmentation
from spinemets.model.study import Study
from spinemets.segmentation.guess import only_scheme
from spinemets.segmentation.name_table import meaning
from spinemets.segmentation.nifti_labels import is_nifti, read_nifti, stem
from spinemets.segmentation.options import LabelFile
from spinemets.segmentation.placement import place
from spinemets.segmentation.schemes import Meaning, Row, Scheme, schemes
from spinemets.segmentation.voxels import Labelled, NoLabels

MASKS = "binary masks"
NAMES_IN_FILE = "names in the file"
BONY = frozenset({"vertebra", "vertebral_body", "vertebrae", "bodies"})


def read(files: Sequence[LabelFile], study: Study) -> tuple[Segmentation, ...]:
    """Read label files and bind them to the series they were drawn on.

    Parameters
    ----------
    files
        NIfTI, DICOM SEG, or folders of either, each with its scheme if the user states one.
    study
        Its series say where labels may lie.

    Returns
    -------
    tuple of Segmentation
        One per file; binary masks on one grid (`T12.nii.gz:T12`, `L1.nii.gz:L1`) together are one.

    Raises
    ------
    LabelSchemeError
        If the meaning of a file is neither stated nor provable, or its labels lie outside every series.
    UsageError
        If a file does not exist or is no label file.
    UnreadableInput
        If a file is damaged.
    """
    read_files = [labels for file in files for labels in _read_file(file)]
    return tuple(place(labels, study) for labels in _together(read_files))


def _read_file(file: LabelFile) -> Iterator[Segmentation]:
    if not file.path.exists():
        raise UsageError(f"The label file {file.path.name} does not exist.", "Check --labels.")
    if file.path.is_dir():
        yield from _read_folder(file)
    elif is_nifti(file.path):
        yield understand(read_nifti(file.path), file)
    else:
        from spinemets.segmentation import dicom_seg  # lazy: pulls in highdicom

        yield understand(dicom_seg.read_seg(file.path), file)


def _read_folder(file: LabelFile) -> Iterator[Segmentation]:
    """A folder of SEG objects, or of NIfTI masks that are named after what they show (`vertebrae_L1.nii.gz`)."""
    found = False
    skipped: list[str] = []
    for path in sorted(p for p in file.path.iterdir() if p.is_file()):
        one = LabelFile(path=path, scheme=file.scheme)
        if not is_nifti(path):
            if path.suffix.lower() in ("", ".dcm", ".seg"):
                found = True
                yield from _read_file(one)
            continue
        shown = meaning(stem(path))
        if file.scheme is None and shown is None:
            skipped.append(path.name)
            continue
        try:
            labels = read_nifti(path)
        except NoLabels:  # segmenters write an empty mask for what is not in view
            continue
        found = True
        yield (
            understand(labels, one) if file.scheme is not None or shown is None else _mask(labels, shown, "self-naming")
        )
    if not found:
        names = f" ({', '.join(skipped[:5])})" if skipped else ""
        raise LabelSchemeError(
            f"No file of the folder {file.path.name} is named after a structure of the spine{names}.",
            "Give the files one by one, each with its scheme or level: FILE:SCHEME.",
        )


def understand(labels: Labelled, file: LabelFile) -> Segmentation:
    """Give every integer its meaning."""
    if file.single is not None:
        shown = meaning(file.single)
        assert shown is not None
        return _mask(labels, shown, "stated")
    named = {n: m for n, name in labels.names.items() if n in labels.counts and (m := meaning(name)) is not None}
    if file.scheme is not None:
        scheme = schemes()[file.scheme]
        return _by_scheme(labels, scheme, "stated", conflicts(labels, scheme, named))
    if named:
        return _by_names(labels, named)
    if labels.names:
        listed = ", ".join(sorted({name for n, name in labels.names.items() if n in labels.counts})[:8])
        raise LabelSchemeError(
            f"No name inside {labels.source} is understood as a structure of the spine: {listed}.",
            "If its integers follow a scheme all the same, state it: FILE:SCHEME.",
        )
    scheme, record = only_scheme(labels)
    return _by_scheme(labels, scheme, "only scheme that fits", (record,))


def conflicts(labels: Labelled, scheme: Scheme, named: Mapping[int, Meaning]) -> tuple[str, ...]:
    """Sentence for names in the file that say something else than the stated scheme. The stated scheme is kept."""
    different = []
    for n, shown in sorted(named.items()):
        stated = scheme.meanings(n)
        # An integer the scheme does not list is ignored and listed, not contradicted; a plain instance map states no
        # names at all: names in the file then only say more.
        if scheme.lists(n) and scheme.every_integer is None and not any(_same(shown, m) for m in stated):
            words = ", ".join(m.words for m in stated) or "not of the spine"
            different.append(f"{n} is {labels.names[n]} in the file and {words} in {scheme.name}")
    if not different:
        return ()
    more = f" and {len(different) - 3} more" if len(different) > 3 else ""
    return (
        f"CONFLICT: the names inside {labels.source} contradict the stated scheme: {'; '.join(different[:3])}{more}. "
        "The stated scheme was used; every level named here rests on it.",
    )


def _same(one: Meaning, other: Meaning) -> bool:
    bony = {"vertebra", "vertebral_body"}
    alike = one.structure == other.structure or {one.structure, other.structure} <= bony
    sacral = {one.structure, other.structure} == {"sacrum", "sacral_segment"}
    return sacral or (alike and (one.level == other.level or None in (one.level, other.level)))


def _by_scheme(labels: Labelled, scheme: Scheme, naming: str, warnings: tuple[str, ...]) -> Segmentation:
    rows: tuple[Row, ...] = scheme.rows
    if scheme.every_integer is not None:
        rows = tuple(Row(meaning=Meaning(structure=scheme.every_integer), integers=(n,)) for n in sorted(labels.counts))
    parts = [p for row in rows if (p := _part(labels, row.meaning, row.integers)) is not None]
    if not parts:
        present = ", ".join(str(n) for n in sorted(labels.counts)[:20])
        raise LabelSchemeError(
            f"{labels.source} holds the integers {present}, and {scheme.name} lists none of them as a structure of the spine.",
            "State the scheme the file was written in: FILE:SCHEME.",
        )
    parts = [_level_of_lowest_disc(p, parts, labels, scheme) for p in parts]
    if not any(p.structure in BONY for p in parts):
        caution = scheme.cautions[0] if scheme.cautions else "other structures only"
        warnings = (*warnings, f"{labels.source} holds no vertebra ({scheme.name}: {caution}).")
    nameless = scheme.every_integer is not None or not any(p.level for p in parts)
    return Segmentation(
        grid=labels.grid,
        parts=tuple(parts),
        scheme=scheme.name,
        naming="none" if nameless else naming,
        body_only=scheme.body_only,
        source=labels.source,
        ignored=tuple((n, c) for n, c in sorted(labels.counts.items()) if not scheme.lists(n)),
        warnings=(*labels.warnings, *warnings),
    )


def _level_of_lowest_disc(part: Part, parts: Sequence[Part], labels: Labelled, scheme: Scheme) -> Part:
    """A disc that means "above the sacrum" belongs to the lowest lumbar vertebra present, L5 only if that is L5."""
    if part.structure != "disc" or part.level is not None or not scheme.lowest_lumbar_disc:
        return part
    lumbar = [p.level for p in parts if p.structure == "vertebra" and p.level is not None and p.level.startswith("L")]
    return replace(part, level=max(lumbar, key=ORDER.index)) if lumbar else part


def _by_names(labels: Labelled, named: Mapping[int, Meaning]) -> Segmentation:
    parts = [p for n, m in sorted(named.items()) if (p := _part(labels, m, (n,))) is not None]
    sacral = tuple(n for n, m in sorted(named.items()) if m.structure in ("sacrum", "sacral_segment"))
    parts = [p for p in parts if p.structure != "sacrum"]
    whole = _part(labels, Meaning(structure="sacrum"), sacral)
    if whole is not None:  # S1 and the rest of the sacrum are one bone, whatever the labels cut out of it
        parts.append(whole)
    return Segmentation(
        grid=labels.grid,
        parts=tuple(parts),
        scheme=NAMES_IN_FILE,
        naming="self-naming" if any(p.level for p in parts) else "none",
        body_only=_bodies_only(parts),
        source=labels.source,
        ignored=tuple((n, c) for n, c in sorted(labels.counts.items()) if n not in labels.names),
        warnings=labels.warnings,
    )


def _bodies_only(parts: Sequence[Part]) -> bool:
    structures = {p.structure for p in parts}
    return bool(structures & {"vertebral_body", "bodies"}) and not structures & {
        "vertebra",
        "vertebrae",
        "posterior_elements",
    }


def _part(labels: Labelled, shown: Meaning, integers: Sequence[int]) -> Part | None:
    region = labels.region(shown.words, integers)
    if not region.n_voxels:
        return None
    return Part(structure=shown.structure, level=shown.level, region=region, side=shown.side)


def _mask(labels: Labelled, shown: Meaning, naming: str) -> Segmentation:
    """A binary mask of one structure."""
    if len(labels.counts) > 1:
        present = ", ".join(str(n) for n in sorted(labels.counts)[:20])
        raise LabelSchemeError(
            f"{labels.source} is read as a mask of {shown.words}, but holds several integers: {present}.",
            "Give a label scheme for a map of several structures: FILE:SCHEME.",
        )
    part = _part(labels, shown, tuple(labels.counts))
    assert part is not None
    return Segmentation(
        grid=labels.grid,
        parts=(part,),
        scheme=MASKS,
        naming=naming if part.level is not None else "none",
        body_only=shown.structure == "vertebral_body",
        source=labels.source,
        warnings=labels.warnings,
    )


def _together(read_files: Sequence[Segmentation]) -> list[Segmentation]:
    """Binary masks on one grid become one segmentation; everything else stays as it is."""
    joined: list[Segmentation] = []
    for labels in read_files:
        for n, earlier in enumerate(joined):
            if labels.scheme == earlier.scheme == MASKS and labels.grid == earlier.grid:
                joined[n] = replace(
                    earlier,
                    parts=(*earlier.parts, *labels.parts),
                    naming=earlier.naming if earlier.naming != "none" else labels.naming,
                    body_only=earlier.body_only and labels.body_only,
                    source=f"{earlier.source}, {labels.source}",
                    warnings=(*earlier.warnings, *labels.warnings),
                )
                break
        else:
            joined.append(labels)
    return joined
