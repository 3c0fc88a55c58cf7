"""Tables with and without a YAML reader."""

from __future__ import annotations

import builtins
import json

import pytest

from spinemets.knowledge import lookup
from spinemets.model.errors import UsageError

NAMES = sorted(
    path.stem
    for path in (lookup.HERE / "tables").glob("*.yaml")
    if path.stem.startswith(("attenuation", "phantom", "tissue"))
)


@pytest.fixture
def without_yaml(monkeypatch):
    """No PyYAML, and nothing read before."""
    plain = builtins.__import__

    def refuse(name, *rest):
        if name == "yaml":
            raise ImportError(name)
        return plain(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    lookup.table.cache_clear()
    lookup._bundled.cache_clear()
    yield
    lookup.table.cache_clear()
    lookup._bundled.cache_clear()


def test_bundle_gives_back_every_table():
    """Numbers, texts, nulls and keys that are no texts, all equal and of the same kind."""
    found = lookup.unpacked(lookup.bundle())
    assert sorted(found) == NAMES
    for name in NAMES:
        assert found[name] == lookup.table(name)
        assert repr(found[name]) == repr(_plain(lookup.table(name))), name


def _plain(value):
    """Mappings of any kind as dictionaries."""
    if hasattr(value, "items"):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def test_bundle_is_read_where_yaml_is_missing(without_yaml, tmp_path, monkeypatch):
    """By the environment variable."""
    path = tmp_path / "tables.json"
    path.write_text(json.dumps({"tissues": {"__pairs__": [[1.5, "a"], [3, "b"]]}}), encoding="utf-8")
    monkeypatch.setenv(lookup.BUNDLE, str(path))
    assert lookup.table("tissues") == {1.5: "a", 3: "b"}


def test_neither_is_told_in_a_line(without_yaml, monkeypatch):
    """What is missing, and what to do."""
    monkeypatch.delenv(lookup.BUNDLE, raising=False)
    with pytest.raises(UsageError, match="PyYAML is not installed"):
        lookup.table("tissues")
