"""Vendor files: how each vendor writes what the standard leaves open."""

from __future__ import annotations

import pytest

from spinemets.knowledge import dialects
from spinemets.model.errors import CatalogueError


@pytest.mark.parametrize(
    ("manufacturer", "key"),
    [
        ("SIEMENS", "siemens"), ("Siemens Healthineers", "siemens"), ("GE MEDICAL SYSTEMS", "ge"),
        ("GE Medical Systems", "ge"), ("Philips Medical Systems", "philips"), ("TOSHIBA", "canon"),
        ("CANON_MEC", "canon"), ("HITACHI MEDICAL CORPORATION", "hitachi"), ("UIH", "uih"),
        ("Agegen Imaging", "standard"), ("", "standard"), (None, "standard"),
    ],
)  # fmt: skip
def test_vendor_is_found_by_its_manufacturer(manufacturer, key):
    """An unknown or missing manufacturer is read by the plain standard, never as some vendor."""
    assert dialects.of(manufacturer).key == key


def test_every_vendor_has_mark_and_source():
    """A habit without mark and source does not load."""
    assert len({d.key for d in dialects.load()}) == len(dialects.load()) >= 6
    for dialect in dialects.load():
        assert dialect.mark in ("R", "V", "N", "E") and dialect.source
        assert "FS" in dialect.fat_suppression_options


def test_a_vendor_file_with_a_typing_error_does_not_load(monkeypatch, tmp_path):
    """An unknown field is refused with the name of the file; other files in the folder are no vendors."""
    folder = tmp_path / "vendors"
    folder.mkdir()
    (folder / "notes.txt").write_text("no vendor")
    (folder / "acme.yaml").write_text("{name: A, key: a, matches: a, mark: N, source: s, colour: red}")
    monkeypatch.setattr(dialects, "HERE", tmp_path)
    dialects.load.cache_clear()
    try:
        with pytest.raises(CatalogueError, match=r"acme\.yaml.*colour"):
            dialects.load()
    finally:
        dialects.load.cache_clear()
        dialects.of.cache_clear()  # it holds vendors of the load before, and vendors are compared by identity


def test_every_diffusion_element_says_where_it_comes_from():
    """Private elements live in odd groups, have a creator, mark and source; axes name three different components."""
    for dialect in dialects.load():
        elements = dialect.diffusion.elements
        assert all(e.group % 2 and 0 <= e.element <= 0xFF and e.creator and e.source and e.mark for e in elements)
        assert all(rule.source and rule.mark and "(" in rule.pattern for rule in dialect.diffusion.from_text)
        direction = dialect.diffusion.direction
        if direction is None:
            continue
        assert len(direction.elements) in (1, 3)
        assert (direction.frame == "image") == bool(direction.axes)
        for axes in direction.axes.values():
            assert sorted(abs(n) for n in axes) == [1, 2, 3]
    assert dialects.STANDARD.diffusion.elements == []


def test_image_axes_of_gradients_are_turned_not_mirrored():
    """Components taken over with signs must be a rotation, or directions would be mirrored against each other."""
    import numpy as np

    for dialect in dialects.load():
        for axes in dialect.diffusion.direction.axes.values() if dialect.diffusion.direction else ():
            matrix = np.zeros((3, 3))
            for row, n in enumerate(axes):
                matrix[row, abs(n) - 1] = np.sign(n)
            assert np.linalg.det(matrix) == pytest.approx(1)
