"""Patients without lesion or fracture."""

from __future__ import annotations

from spinemets.phantom.cases.case import Case, Group
from spinemets.phantom.cases.ingredients import LUMBAR_FIELD, absent


def _normal(_: float | None) -> Case:
    return Case(name="normal", about="No lesion and no fracture.", expected=absent(LUMBAR_FIELD))


CASES: Group = {
    "normal": _normal,
}
