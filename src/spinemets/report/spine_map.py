"""The spine map: one row per vertebra, drawn to its measured heights, with lesion letter, epidural, height loss, SINS.

Meaning is carried by shape, letter and pattern; colour only repeats it. Rows lead to their level. The same rows are
printed as a list for narrow screens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from markupsafe import Markup

from spinemets.model.assessment import Assessment, LevelAssessment
from spinemets.model.finding import Finding, State
from spinemets.model.level import CERVICAL, LUMBAR, ORDER, THORACIC
from spinemets.report import lexicon, svg, wording

ROW = 19.0
HEAD = 22.0
X_NAME, X_BODY, X_LESION = 44.0, 54.0, 98.0
LESION_WIDTH = 68.0
# Columns that are drawn only if a row has something in them: title -> width.
COLUMNS = {"epidural": 58.0, "height loss": 108.0, "SINS": 54.0}
URGENT_WIDTH = 22.0
BODY_WIDTH, BODY_HEIGHT = 30.0, 13.0
USUAL = (*CERVICAL, *THORACIC[:12], *LUMBAR[:5], "S1")


@dataclass(frozen=True, kw_only=True)
class MapRow:
    """One vertebra on the map.

    Attributes
    ----------
    view
        `seen`, `not assessed` (in view, no lesion search possible; dotted) or `not located` (hatched).
    letter, shape
        Lesion type of the level (LES-01).
    heights
        Anterior, middle and posterior height as a share of the expected one; None if not measured.
    """

    name: str
    words: str
    view: str
    target: str | None
    doubtful: bool = False
    letter: str = ""
    shape: str = ""
    lesion_words: str = "no lesion seen"
    epidural: str = ""
    loss: str = ""
    sins: str = ""
    urgent: bool = False
    heights: tuple[float, float, float] | None = None

    @property
    def cells(self) -> dict[str, str]:
        """Texts by column."""
        return {"epidural": self.epidural, "height loss": self.loss, "SINS": self.sins}

    @property
    def sentence(self) -> str:
        """The row in words, for the list and for screen readers."""
        if self.view == "not located":
            return f"{self.words}: not located"
        parts = [self.lesion_words if self.view == "seen" else "lesion search not assessed"]
        said = {"/": "not assessed", "?": "indeterminate", "+": "present"}
        parts += [f"epidural {said.get(self.epidural, self.epidural)}"] if self.epidural else []
        parts += [f"height loss {said.get(self.loss, self.loss)}"] if self.loss else []
        parts += [f"SINS {self.sins}"] if self.sins else []
        parts += ["urgent line"] if self.urgent else []
        return f"{self.words}: {', '.join(parts)}"


def rows(assessment: Assessment) -> tuple[MapRow, ...]:
    """Rows head to feet. With names, usual levels out of view have a row too; without, only what is in view has one."""
    levels = assessment.levels
    own = {level_id: _row(level, assessment) for level_id, level in levels.items()}
    if not levels or any(level.level.name is None for level in levels.values()):
        return tuple(own.values())
    shown = [name for name in ORDER if name in levels or name in USUAL]
    return tuple(
        own[n] if n in own else MapRow(name=n, words=n, view="not located", target=None)
        for n in [*shown, *(i for i in levels if i not in ORDER)]
    )


def list_rows(drawn: tuple[MapRow, ...]) -> tuple[MapRow, ...]:
    """Rows of the list: neighbours that are not located share one line."""
    merged: list[MapRow] = []
    for row in drawn:
        if merged and row.view == merged[-1].view == "not located":
            first = merged[-1].words.partition(" to ")[0]
            merged[-1] = replace(merged[-1], words=f"{first} to {row.words}")
        else:
            merged.append(row)
    return tuple(merged)


def draw(assessment: Assessment) -> Markup:
    """SVG of the map."""
    drawn = rows(assessment)
    places, width = _columns(drawn)
    body = [_draw_row(row, HEAD + ROW * n, places, width) for n, row in enumerate(drawn)]
    titles = [("level", X_NAME, "end"), ("lesion", X_LESION, None), *((t, x, None) for t, x in places.items())]
    head = [svg.text(x, 14.0, words, "axis", anchor) for words, x, anchor in titles]
    title = "Spine map, head at the top, front of the body beside the name"
    return svg.drawing(
        width, HEAD + ROW * len(drawn) + 4.0, title, _patterns(), *head, *body, class_="spine-map"
    )  # fmt: skip


def _columns(drawn: tuple[MapRow, ...]) -> tuple[dict[str, float], float]:
    """Left edge of each column that has an answer, and the width of the map.

    A heading above nothing but empty cells would read as "none found".
    """
    places: dict[str, float] = {}
    x = X_LESION + LESION_WIDTH
    for title, width in COLUMNS.items():
        if any(row.cells[title] for row in drawn):
            places[title] = x
            x += width
    return places, x + URGENT_WIDTH


def _row(level: LevelAssessment, assessment: Assessment) -> MapRow:
    lesions = [x for x in assessment.lesions if x.id in level.lesions]
    kind = lexicon.lesion_kind(level.lesion_type) if level.lesion_type else None
    view = "seen" if lesions or _searched(level) else "not assessed"
    words = kind["words"] if kind else "tiny, not counted"
    return MapRow(
        name=level.level.name or str(level.level.position),
        words=level.level.words,
        view=view,
        target=f"#level-{level.level.id}",
        doubtful=level.level.assumed or level.level.conflict is not None,
        letter=kind["letter"] if kind else "",
        shape=kind["shape"] if kind else "",
        lesion_words=f"{wording.count(len(lesions), 'lesion')}, {words}" if lesions else "no lesion seen",
        epidural=_short_state(_first(level, lexicon.lexicon()["epidural_criteria"])),
        loss=_loss(level),
        sins=_sins(level),
        urgent=any(u.level_id == level.level.id and lexicon.is_urgent(u) for u in assessment.urgent),
        heights=_heights(level),
    )


def _searched(level: LevelAssessment) -> bool:
    wanted = lexicon.lexicon()["lesion_criteria"]
    return any(f.criterion in wanted and f.state is not State.NOT_ASSESSABLE for f in level.findings.values())


def _first(level: LevelAssessment, wanted: list[str]) -> Finding | None:
    return next((f for name in wanted for f in level.findings.values() if f.criterion == name), None)


def _short_state(finding: Finding | None) -> str:
    if finding is None:
        return ""
    if finding.state is State.NOT_ASSESSABLE:
        return "/"
    if finding.state in (State.PRESENT, State.INDETERMINATE):
        return finding.category or lexicon.state_sign(finding.state)
    return "none" if finding.state is State.ABSENT else (finding.category or "measured")


def _loss(level: LevelAssessment) -> str:
    finding = _first(level, lexicon.lexicon()["columns"]["height"]["criteria"])
    if finding is None or finding.value is None:
        return _short_state(finding)
    if finding.state is State.ABSENT:
        return "none"
    number = wording.number(100 * finding.value if finding.unit == "1" else finding.value, "%")
    if finding.ci95 is None:
        return f"{number} %"
    scale = 100 if finding.unit == "1" else 1
    low, high = (wording.number(scale * v, "%") for v in finding.ci95)
    return f"{number} % ({low} to {high})"


def _sins(level: LevelAssessment) -> str:
    score = next((s for s in level.scores.values() if s.name.upper().startswith("SINS")), None)
    return "" if score is None else wording.points(score.low, score.high)


def _heights(level: LevelAssessment) -> tuple[float, float, float] | None:
    """Anterior, middle, posterior height as a share of the expected height, else of the tallest of the three."""
    plot = lexicon.lexicon()["plots"]["heights"]
    numbers: dict[str, float] = {}
    for name in lexicon.lexicon()["height_criteria"]:
        finding = level.findings.get(name)
        if finding is not None:
            numbers = {**{key: v.value for key, v in finding.values.items()}, **numbers}
    measured = [_named(numbers, plot["lines"][line]) for line in ("anterior", "middle", "posterior")]
    if any(m is None for m in measured):
        return None
    three = [m for m in measured if m is not None]
    expected = _named(numbers, plot["band"]) or max(three)
    if expected <= 0:
        return None
    a, m, p = (min(1.15, max(0.2, v / expected)) for v in three)
    return (a, m, p)


def _named(numbers: Mapping[str, float], names: list[str]) -> float | None:
    return next((numbers[n] for n in names if n in numbers), None)


def _draw_row(row: MapRow, y: float, places: Mapping[str, float], width: float) -> Markup:
    middle = y + ROW / 2
    base = middle + 4.0
    label = row.name + ("?" if row.doubtful else "")
    parts = [svg.text(X_NAME, base, label, "name", "end"), _body(row, middle)]
    if row.letter:
        x = X_LESION + 6.0
        mark = svg.symbol(row.shape, x, middle, 5.5, f"mark lesion-{row.letter}")
        parts += [mark, svg.text(x + 9.0, base, row.letter, "strong")]
    elif row.view == "seen":
        parts.append(svg.text(X_LESION, base, "-", "quiet"))
    if row.view != "seen":
        parts.append(svg.text(X_LESION, base, row.view, "quiet"))
    if row.view != "not located":
        parts += [svg.text(x, base, row.cells[title]) for title, x in places.items() if row.cells[title]]
    if row.urgent:
        parts.append(svg.text(width - 2.0, base, "[!]", "strong", "end"))
    shape = svg.group(svg.element("title", row.sentence), *parts, class_="map-row")
    if row.target is None:
        return shape
    hit = svg.rectangle(0.0, y, width, ROW, "hit")
    return svg.element("a", hit, shape, href=row.target, aria_label=row.sentence)


def _body(row: MapRow, middle: float) -> Markup:
    """Vertebral body seen from the patient's left, front at the left edge, drawn to its heights."""
    a, m, p = row.heights or (1.0, 1.0, 1.0)
    x0, x1, x2 = X_BODY, X_BODY + BODY_WIDTH / 2, X_BODY + BODY_WIDTH
    half = BODY_HEIGHT / 2
    floor = middle + half
    points = [(x0, floor), (x2, floor), (x2, floor - BODY_HEIGHT * p)]
    points += [(x1, floor - BODY_HEIGHT * m), (x0, floor - BODY_HEIGHT * a)]
    style = {"seen": "body", "not assessed": "body dotted", "not located": "body hatched"}[row.view]
    return svg.polygon(points, style)


def _patterns() -> Markup:
    """Hatch for what is not located."""
    stroke = svg.line(0.0, 0.0, 0.0, 5.0, "hatch-line")
    pattern = svg.element(
        "pattern", stroke, id="hatch", width=5, height=5, patternUnits="userSpaceOnUse", patternTransform="rotate(45)"
    )
    return svg.element("defs", pattern)
