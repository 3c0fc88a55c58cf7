"""The side file: every fault is one clear sentence."""

from __future__ import annotations

import pytest

from spinemets.model.errors import UsageError
from spinemets.segmentation.user_onnx import side_file


def fault(place, side, **changes) -> str:
    """What is said of a side file with these changes (None removes a key)."""
    changed = {k: v for k, v in {**side, **changes}.items() if v is not None}
    with pytest.raises(UsageError) as caught:
        side_file.read(place(changed))
    assert caught.value.exit_code == 2
    assert caught.value.remedy
    return caught.value.what


def test_a_good_one(place, side):
    found = side_file.read(place(side))
    assert (found.name, found.axes, found.patch, found.scheme) == ("threshold 1.0", "LPS", (16, 16, 16), None)
    assert found.names == {1: "vertebra L3", 2: "vertebra L4"}


def test_overlap_has_a_default(place, side):
    del side["overlap"]
    assert side_file.read(place(side)).overlap == 0.5


def test_a_scheme_by_name(place, side):
    found = side_file.read(place({**side, "labels": "verse"}))
    assert (found.scheme, found.names) == ("verse", {})


@pytest.mark.parametrize(
    "key", ["schema", "name", "sha256", "kinds", "axes", "spacing_mm", "patch", "normalisation", "labels"]
)
def test_a_missing_key_is_named(place, side, key):
    """'Validate with a clear message for each fault (missing key ...)'"""
    said = fault(place, side, **{key: None})
    assert key in said
    assert said.startswith("net.json: ")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"schema": "spinemets-onnx/2"}, "schema is 'spinemets-onnx/2', expected 'spinemets-onnx/1'"),
        ({"colour": "red"}, "colour"),
        ({"kinds": ["ct", "xray"]}, "'xray', which is no kind of series"),
        ({"kinds": []}, "kinds is empty"),
        ({"axes": "LLS"}, "axes is 'LLS'"),
        ({"spacing_mm": [2, 2]}, "spacing_mm"),
        ({"spacing_mm": [2, 0, 2]}, "must be positive"),
        ({"patch": [16, 16, -1]}, "must be positive"),
        ({"patch": [16.5, 16, 16]}, "patch"),
        ({"overlap": 1.0}, "overlap is 1, expected 0 to 0.9"),
        ({"labels": "nobodys"}, "'nobodys', which is no label scheme"),
        ({"labels": {}}, "labels is empty"),
        ({"labels": {"one": "vertebra L3"}}, "'one', expected a whole number"),
        ({"labels": {"0": "vertebra L3"}}, "'0', expected a whole number"),
        ({"labels": {"1": "liver"}}, "1 'liver', which is no structure of the spine"),
        ({"normalisation": {"then": "scale"}}, "either clip_hu or clip_percentiles"),
        (
            {"normalisation": {"then": "scale", "clip_hu": [0, 1], "clip_percentiles": [0, 99]}},
            "either clip_hu or clip_percentiles",
        ),
        ({"normalisation": {"then": "scale", "clip_hu": [100, 0]}}, "clips to 100 and 0"),
        ({"normalisation": {"then": "scale", "clip_percentiles": [0, 101]}}, "clips to 0 and 101"),
        ({"normalisation": {"then": "whiten", "clip_hu": [0, 1]}}, "whiten"),
        ({"normalisation": {"then": "z_score", "clip_hu": [0, 1], "mean": 3.0}}, "mean and sd together"),
        ({"normalisation": {"then": "z_score", "clip_hu": [0, 1], "mean": 3.0, "sd": 0.0}}, "sd above 0"),
    ],
)
def test_what_cannot_be(place, side, changes, said):
    assert said in fault(place, side, **changes)


def test_another_network_than_the_one_described(place, side):
    """'sha mismatch'"""
    said = fault(place, side, sha256="0" * 64)
    assert "net.onnx is not the network that net.json describes" in said


def test_checksum_in_capitals(place, side):
    path = place(side)
    stated = side_file.sha256(path).upper()
    assert side_file.read(place({**side, "sha256": stated})).sha256 == stated


def test_no_json(place, side):
    path = place(side)
    side_file.side_path(path).write_text("{not json")
    with pytest.raises(UsageError, match=r"net\.json: "):
        side_file.read(path)
    side_file.side_path(path).write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"net\.json: "):
        side_file.read(path)


def test_either_file_missing(place, side, tmp_path):
    with pytest.raises(UsageError, match=r"other\.onnx does not exist"):
        side_file.read(tmp_path / "other.onnx")
    path = place(side)
    side_file.side_path(path).unlink()
    with pytest.raises(UsageError, match=r"net\.json does not exist"):
        side_file.read(path)
