"""MR series by physics (MR-GEN-01): the rows of the table `series_mr` scored against the header."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from spinemets.model.series import Recognition
from spinemets.series.classes import MrClass, MrTable, NoneOrBelow, Range, Rule
from spinemets.series.companions import Companions
from spinemets.series.physics_facts import PhysicsFacts

MET, ABSENT, OUTSIDE = "met", "absent", "outside"
FAMILY_WORDS = {"se": "spin echo", "gr": "gradient echo", "epi": "echo planar"}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of a row: met, absent (header silent) or outside (header contradicts), with a sentence."""

    verdict: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class ClassScore:
    """How well a header fits a class: met cells over non-blank cells; `outside` cells exclude it."""

    kind: str
    score: float
    rule_met: bool
    cells: tuple[Cell, ...]

    @property
    def excluded(self) -> bool:
        """Whether a header value contradicts the class."""
        return any(cell.verdict == OUTSIDE for cell in self.cells)


def score(kind: str, row: MrClass, facts: PhysicsFacts) -> ClassScore:
    """Score one class: met / non-blank cells of its row (rule, TR, TE, TI, flip angle)."""
    rule = rule_cell(row.rule, facts)
    cells = [rule, *_time_cells(row, facts)]
    met = sum(cell.verdict == MET for cell in cells)
    return ClassScore(kind=kind, score=met / len(cells), rule_met=rule.verdict == MET, cells=tuple(cells))


def rule_cell(rule: Rule, facts: PhysicsFacts) -> Cell:
    """The rule as one cell: outside if any condition is contradicted, met if all are known and true."""
    checks = [*_state_checks(rule, facts), *_count_checks(rule, facts)]
    for verdict in (OUTSIDE, ABSENT):
        sentences = [sentence for v, sentence in checks if v == verdict]
        if sentences:
            return Cell(verdict=verdict, sentence="; ".join(sentences))
    return Cell(verdict=MET, sentence="; ".join(sentence for _, sentence in checks))


def _state_checks(rule: Rule, facts: PhysicsFacts) -> list[tuple[str, str]]:
    checks: list[tuple[str, str]] = []
    if rule.family is not None:
        name = FAMILY_WORDS.get(facts.family or "", "readout not stated")
        verdict = ABSENT if facts.family is None else MET if facts.family in rule.family else OUTSIDE
        checks.append((verdict, name))
    words = {"inversion": "inversion pulse", "fat_suppressed": "fat suppression"}
    for attribute, word in words.items():
        wanted, found = getattr(rule, attribute), getattr(facts, attribute)
        if wanted is None:
            continue
        if found is None:
            checks.append((ABSENT, f"{word} neither stated nor ruled out by the header"))
        else:
            checks.append((MET if found == wanted else OUTSIDE, word if found else f"no {word}"))
    if rule.contrast is not None:
        checks.append(_contrast_check(rule.contrast, facts.contrast))
    if rule.diffusion is not None:
        said = "b-values above 0" if facts.diffusion else "no b-value above 0"
        checks.append((MET if facts.diffusion == rule.diffusion else OUTSIDE, said))
    return checks


def _contrast_check(wanted: bool, found: bool | None) -> tuple[str, str]:
    """Silence counts as "none given" for the plain classes and rules the others not out: that becomes a doubt."""
    if found is None:
        return (ABSENT if wanted else MET), "no contrast agent stated"
    said = "contrast agent stated or given before" if found else "no contrast agent given, as far as the study says"
    return (MET if found == wanted else OUTSIDE), said


def _count_checks(rule: Rule, facts: PhysicsFacts) -> list[tuple[str, str]]:
    checks: list[tuple[str, str]] = []
    if rule.etl_max is not None and facts.etl is not None:
        verdict = MET if facts.etl <= rule.etl_max else OUTSIDE
        checks.append((verdict, f"echo train {facts.etl} (up to {rule.etl_max})"))
    named = bool(facts.image_words & set(rule.or_image_type or ()))
    if rule.image_type_any is not None:
        found = facts.image_words & set(rule.image_type_any)
        checks.append(
            (MET, f"image type {', '.join(sorted(found))}") if found else (OUTSIDE, "image type names no such map")
        )
    counts = (
        (rule.echoes_min, rule.echoes_max, facts.companions.echoes, "echo times"),
        (rule.flips_min, None, facts.companions.flips, "flip angles"),
    )
    for low, high, count, what in counts:
        if low is None or (named and what == "echo times"):
            continue
        inside = count >= low and (high is None or count <= high)
        checks.append((MET if inside else OUTSIDE, f"{count} {what} at this geometry"))
    if named:
        checks.append((MET, "image type names a fat-water component"))
    if rule.times_min is not None:
        checks.append(_time_check(rule.times_min, rule.step_max_s, facts.companions))
    return checks


def _time_check(times_min: int, step_max_s: float | None, companions: Companions) -> tuple[str, str]:
    if companions.volumes < times_min:
        return OUTSIDE, f"{companions.volumes} volumes at this geometry"
    if companions.times < times_min or companions.step_s is None:
        return ABSENT, f"{companions.volumes} volumes at this geometry, their times are not stated"
    said = f"{companions.times} time points, {companions.step_s:.3g} s apart"
    return (MET if step_max_s is None or companions.step_s <= step_max_s else OUTSIDE), said


def _time_cells(row: MrClass, facts: PhysicsFacts) -> list[Cell]:
    cells: list[Cell] = []
    tr = row.tr_ms_by_field.get(facts.field_class or "", row.tr_ms)
    if tr is not None:
        cells.append(_range_cell("TR", "ms", facts.tr_ms, [tr]))
    if row.te_ms is not None:
        cells.append(_range_cell("TE", "ms", facts.te_ms, [row.te_ms]))
    if row.te_ms_by_field:
        cells.append(_field_cell("TE", facts.te_ms, facts.field_class, row.te_ms_by_field))
    if row.ti_ms_by_field:
        by_field = {name: [bounds] for name, bounds in row.ti_ms_by_field.items()}
        cells.append(_field_cell("TI", facts.ti_ms, facts.field_class, by_field))
    elif row.ti_ms is not None:
        cells.append(_inversion_cell(row.ti_ms, facts.ti_ms))
    if row.flip_deg is not None:
        cells.append(_range_cell("flip angle", "degrees", facts.flip_deg, [row.flip_deg]))
    return cells


def _inversion_cell(wanted: Range | str | NoneOrBelow, ti_ms: float | None) -> Cell:
    if isinstance(wanted, tuple):
        return _range_cell("TI", "ms", ti_ms, [wanted])
    if ti_ms is None:
        return Cell(verdict=MET, sentence="no TI stated")
    if isinstance(wanted, NoneOrBelow):
        verdict = MET if ti_ms < wanted.none_or_below else OUTSIDE
        return Cell(verdict=verdict, sentence=f"TI {ti_ms:g} ms (spectral pulse below {wanted.none_or_below:g})")
    return Cell(verdict=OUTSIDE, sentence=f"TI {ti_ms:g} ms stated, none expected")


def _field_cell(
    name: str,
    value: float | None,
    field_class: str | None,
    by_field: Mapping[str, list[tuple[float, float]] | list[Range]],
) -> Cell:
    if field_class is None or field_class not in by_field:
        return Cell(verdict=ABSENT, sentence=f"no {name} range for this field strength, or field strength not stated")
    return _range_cell(name, "ms", value, list(by_field[field_class]))


def _range_cell(name: str, unit: str, value: float | None, ranges: list[Range]) -> Cell:
    if value is None:
        return Cell(verdict=ABSENT, sentence=f"{name} not stated")
    inside = any((low is None or value >= low) and (high is None or value <= high) for low, high in ranges)
    words = " or ".join(_range_words(low, high) for low, high in ranges)
    relation = "lies in" if inside else "lies outside"
    return Cell(verdict=MET if inside else OUTSIDE, sentence=f"{name} {value:.4g} {unit} {relation} {words}")


def _range_words(low: float | None, high: float | None) -> str:
    if high is None:
        return f"{low:g} and above"
    return f"up to {high:g}" if low is None else f"{low:g} to {high:g}"


def classify(
    facts: PhysicsFacts, table: MrTable, score_min: float, margin_min: float, shift: Mapping[str, float] | None = None
) -> Recognition:
    """Recognise one MR series from its physics.

    The class with score >= `score_min` whose rule is met wins if it leads every class it is not nested with by
    `margin_min`; of nested classes the most specific. A single component of fat-water imaging never is a plain class.
    What could still be true and is more specific is a doubt.

    Parameters
    ----------
    shift
        What the picture adds to or takes from the score of a class (MR-GEN-01: +-0.2).
    """
    scores = [_shifted(score(kind, row, facts), shift or {}) for kind, row in table.classes.items()]
    open_ = [s for s in scores if not s.excluded]
    component = bool(facts.image_words & set(table.component_words))
    passed = [s for s in open_ if s.rule_met and s.score >= score_min and not (component and _plain(s.kind, table))]
    passed = [s for s in passed if not any(s.kind in table.ancestors(o.kind) for o in passed)]
    passed.sort(key=lambda s: (-s.score, s.kind))
    if not passed:
        return _unknown(open_, component, score_min)
    best = passed[0]
    relatives = {best.kind, *table.ancestors(best.kind)}
    rivals = [s for s in open_ if s.kind not in relatives and best.kind not in table.ancestors(s.kind)]
    rival = max(rivals, key=lambda s: s.score, default=None)
    runner_up = None if rival is None else (rival.kind, rival.score)
    # scores are sums of fifths: a lead of exactly the margin must not fail by the last bit
    if rival is not None and best.score - rival.score < margin_min - 1e-9:
        said = f"{best.kind} ({best.score:.2f}) and {rival.kind} ({rival.score:.2f}) fit this header equally well"
        return Recognition(kind="unknown", evidence=(said,), runner_up=(best.kind, best.score))
    evidence = tuple(c.sentence for c in best.cells if c.verdict == MET)
    missing = tuple(c.sentence for c in best.cells if c.verdict == ABSENT)
    return Recognition(
        kind=best.kind, score=best.score, evidence=evidence + missing, runner_up=runner_up,
        doubts=_doubts(best, open_, facts, table),
    )  # fmt: skip


def _shifted(found: ClassScore, shift: Mapping[str, float]) -> ClassScore:
    return replace(found, score=min(1.0, max(0.0, found.score + shift.get(found.kind, 0.0))))


def _doubts(best: ClassScore, open_: list[ClassScore], facts: PhysicsFacts, table: MrTable) -> tuple[str, ...]:
    """Classes nested in the winner that the header does not rule out, and what a missing image type leaves open."""
    doubts = [
        f"{other.kind} is not ruled out: {_why_open(other)}"
        for other in open_
        if best.kind in table.ancestors(other.kind)
    ]
    if facts.readout_unsure and _timed_as(best.kind, table.classes["dwi"], facts):
        doubts.append(
            "dwi is not ruled out: echo planar images of this maker may say SE, and neither a b-value nor an echo planar "
            "factor is stated"
        )
    if not facts.image_words:
        doubts.append("the image type is not stated: a computed image or a planning image is not ruled out")
    return tuple(doubts)


def _timed_as(kind: str, row: MrClass, facts: PhysicsFacts) -> bool:
    """Whether the times of a header would also fit another class."""
    return kind not in ("dwi", "dwi_tse") and all(cell.verdict == MET for cell in _time_cells(row, facts))


def _why_open(found: ClassScore) -> str:
    return "; ".join(cell.sentence for cell in found.cells if cell.verdict == ABSENT) or "its score is low"


def _plain(kind: str, table: MrTable) -> bool:
    return kind not in ("dixon", "ip_op", "adc")


def _unknown(open_: list[ClassScore], component: bool, score_min: float) -> Recognition:
    if component:
        said = "one component of fat-water imaging (water, fat or opposed phase): not a plain weighting"
        return Recognition(kind="unknown", evidence=(said,))
    best = max(open_, key=lambda s: s.score, default=None)
    if best is None or best.score == 0:
        return Recognition(kind="unknown", evidence=("no class of MR series fits what the header says",))
    missing = "; ".join(c.sentence for c in best.cells if c.verdict == ABSENT)
    said = f"nearest class {best.kind} reaches {best.score:.2f} (at least {score_min:g} with its rule met): {missing}"
    return Recognition(kind="unknown", evidence=(said,), runner_up=(best.kind, best.score))


def phase_of_echo(te_ms: float, field_t: float | None, table: MrTable) -> str | None:
    """`in phase`, `opposed phase`, or None where the echo time is neither or no figure exists for the field.

    Opposed TE = 1 / (2 * 3.4 ppm * gamma B0): 2.30 ms at 1.5 T but 1.15 ms at 3 T, where 2.30 ms is in phase.
    """
    row = table.echo_phase.get(table.field_class(field_t) or "")
    if row is None:
        return None
    if abs(te_ms - row.in_) <= row.half_width:
        return "in phase"
    return "opposed phase" if abs(te_ms - row.opposed) <= row.half_width else None
