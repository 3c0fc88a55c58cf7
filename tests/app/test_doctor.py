"""`doctor`: versions, decoders, back ends, threads, memory, cache, parameter hash."""

from __future__ import annotations

import importlib
import json

import pytest

from spinemets.app import doctor
from spinemets.model.errors import CatalogueError


@pytest.fixture(scope="module")
def state() -> dict:
    return doctor.examine()


def test_this_installation_is_in_order(state: dict):
    assert state["faults"] == []
    assert state["ok"]


def test_every_transfer_syntax_names_its_decoders(state: dict):
    """JPEG, JPEG-LS, JPEG 2000, HTJ2K and RLE files occur in the wild: each has a decoder that needs no second install."""
    names = " ".join(state["decoders"])
    for family in ("JPEG Baseline", "JPEG Lossless", "JPEG-LS", "JPEG 2000", "High-Throughput", "RLE"):
        assert family in names
    assert all(syntax["available"] for syntax in state["decoders"].values())


def test_state_is_plain_json(state: dict):
    assert json.loads(json.dumps(state)) == state


def test_text_names_versions_and_absent_back_ends(state: dict):
    text = doctor.text(state)
    assert state["spinemets"]["parameters"] in text
    assert "network: yes, spine network" in text
    assert text.endswith("All is in order.")


def test_every_back_end_is_listed_and_an_absent_one_explained(monkeypatch: pytest.MonkeyPatch, tmp_path):
    """'each optional ... its absence explained by `spinemets doctor`'"""
    monkeypatch.setenv("PATH", str(tmp_path))
    found = doctor.segmenters()
    assert {"label_map", "network", "classical_ct", "onnx", "totalsegmentator", "spineps", "totalspineseg"} == set(
        found
    )
    for name in ("totalsegmentator", "spineps", "totalspineseg"):
        assert found[name]["available"] is False
        assert "pip install" in str(found[name]["why"])


def test_an_absent_back_end_is_no_fault(state: dict):
    assert not any(word in fault for fault in state["faults"] for word in ("TotalSegmentator", "spineps"))


def test_a_library_that_does_not_import_is_a_sentence(monkeypatch: pytest.MonkeyPatch, state: dict):
    def fail(name: str) -> None:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", fail)
    fault = doctor.library("numba")
    assert fault == {"version": None, "fault": "ImportError: No module named 'numba'"}
    broken = {**state, "ok": False, "faults": ["numba: gone"], "libraries": {"numba": fault}}
    assert "numba DOES NOT WORK: ImportError" in doctor.text(broken)
    assert doctor.text(broken).endswith("Faults: numba: gone")


def test_memory_is_told_where_the_system_tells_it(state: dict):
    if state["memory_mb"]:
        assert 0 < state["memory_mb"]["available"] <= state["memory_mb"]["installed"]


def test_cache_folder_can_be_stated(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "absent"))
    assert doctor.numba_cache() == {"writable": False, "stated": True}


def test_a_catalogue_that_does_not_load_is_a_fault(monkeypatch: pytest.MonkeyPatch):
    from spinemets.knowledge import catalogue

    def fail() -> None:
        raise CatalogueError("catalogue entry CT-02.yaml: a field is unknown")

    monkeypatch.setattr(catalogue, "load", fail)
    known, faults = doctor.catalogue()
    assert known["entries"] == 0
    assert faults == ["catalogue entry CT-02.yaml: a field is unknown"]
