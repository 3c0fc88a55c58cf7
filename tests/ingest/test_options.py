"""Options: "a parameter exists in three places: a field of its stage's options, the stage, its test"."""

from __future__ import annotations

import dataclasses

import pytest

from spinemets.ingest.options import ReadingOptions


def test_nothing_is_stated_by_default():
    """Without options every study is read as its headers say."""
    assert ReadingOptions() == ReadingOptions(study_uid=None, facts=None, leave_out=())


def test_options_are_values():
    """Frozen, keyword-only."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        ReadingOptions().study_uid = "1"  # type: ignore[misc]
    with pytest.raises(TypeError):
        ReadingOptions("1.2")  # type: ignore[misc]
