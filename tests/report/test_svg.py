"""Drawings: escaped, closed, rounded."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from spinemets.report import svg


def test_text_and_attributes_are_escaped():
    """Labels come from files: they must not become markup."""
    made = svg.text(1.0, 2.0, '<script>"&', class_='a"b')
    assert "<script>" not in made
    parsed = ElementTree.fromstring(made)
    assert parsed.text == '<script>"&'
    assert parsed.get("class") == 'a"b'


def test_numbers_are_short():
    assert svg.line(1.0, 2.25, 3.14159, -0.04, "x") == '<line x1="1" y1="2.2" x2="3.1" y2="-0" class="x"/>'


def test_names_of_attributes():
    made = ElementTree.fromstring(svg.drawing(10.0, 20.0, "Title", svg.rectangle(0, 0, 1, 1, "r")))
    assert made.get("viewBox") == "0 0 10 20"
    assert made.get("aria-label") == "Title"
    assert made.find("title").text == "Title"


def test_none_is_left_out():
    assert svg.text(0.0, 0.0, "x") == '<text x="0" y="0">x</text>'


def test_a_box_never_has_a_negative_width():
    assert 'width="0"' in svg.rectangle(0, 0, -3.0, 1, "x")


@pytest.mark.parametrize("shape", ["circle", "square", "diamond", "triangle", "bar", "ring"])
def test_shapes_differ(shape):
    others = {s: svg.symbol(s, 5.0, 5.0, 4.0, "m") for s in ("circle", "square", "diamond", "triangle", "bar", "ring")}
    assert len(set(others.values())) == 6
    ElementTree.fromstring(others[shape])
