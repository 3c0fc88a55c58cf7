"""What the user says about levels."""

from __future__ import annotations

import pytest

from spinemets.anatomy.options import LevelOptions
from spinemets.model.errors import UsageError


def test_nothing_said():
    assert LevelOptions() == LevelOptions(anchors=(), top=None, sex=None)


@pytest.mark.parametrize("options", [{"anchors": (("L9", (0, 0, 0)),)}, {"top": "dorsal 6"}])
def test_names_are_checked_at_the_door(options):
    with pytest.raises(UsageError, match="is no vertebra"):
        LevelOptions(**options)
