"""What is installed, found without starting anything."""

from __future__ import annotations

import pytest

from spinemets.model.errors import MissingPart
from spinemets.segmentation.external import installed
from spinemets.segmentation.external.tools import load

KEYS = ("totalsegmentator", "spineps", "totalspineseg")


def tool(key: str = "totalsegmentator"):
    return load().tools[key]


@pytest.mark.parametrize("key", KEYS)
class TestAbsent:
    def test_says_what_is_missing_and_what_to_do(self, key, nothing_installed):
        """'its absence explained by spinemets doctor'"""
        usable, why = installed.available(tool(key))
        assert not usable
        assert f"{tool(key).program} is not on the search path" in why
        assert "pip install" in why

    def test_asking_for_it_is_an_error(self, key, nothing_installed):
        with pytest.raises(MissingPart, match="cannot be used here") as caught:
            installed.require(tool(key))
        assert caught.value.exit_code == 6

    def test_has_no_version(self, key, nothing_installed):
        assert installed.version(tool(key)) is None


@pytest.mark.parametrize("key", KEYS)
class TestPresent:
    def test_is_available(self, key, install):
        install(key)
        usable, why = installed.available(tool(key))
        assert usable
        assert "without network and usage statistics" in why
        assert "missing" not in why

    def test_nothing_is_started_to_find_out(self, key, install):
        there = install(key)
        installed.available(tool(key))
        installed.require(tool(key))
        assert there.calls() == []

    def test_without_weights_it_is_not(self, key, install, monkeypatch, tmp_path):
        install(key)
        for place in tool(key).weights:
            if place.variable is not None:
                monkeypatch.setenv(place.variable, str(tmp_path / "empty"))
        usable, why = installed.available(tool(key))
        assert not usable
        assert "weights are missing and are never fetched" in why

    def test_without_weights_it_is_an_error(self, key, install, monkeypatch, tmp_path):
        there = install(key)
        for child in there.weights.iterdir():
            child.rename(tmp_path / child.name)
        with pytest.raises(MissingPart, match="weights are missing"):
            installed.require(tool(key))


class TestWeights:
    def test_some_runs_only(self, install):
        there = install("totalsegmentator")
        for name in ("Dataset756_x", "Dataset850_x"):
            (there.weights / name).rmdir()
        assert [run.kinds[0] for run in installed.ready(tool())] == ["ct_bone"]
        usable, why = installed.available(tool())
        assert usable
        assert "weights are missing for t2, t1" in why

    def test_the_usual_place_in_the_home(self, install, monkeypatch, tmp_path):
        there = install("totalsegmentator")
        monkeypatch.delenv("TOTALSEG_WEIGHTS_PATH")
        usual = tmp_path / ".totalsegmentator" / "nnunet" / "results"
        usual.parent.mkdir(parents=True)
        there.weights.rename(usual)
        assert installed.weights(tool(), tool().runs[0]) == usual

    def test_below_a_stated_home(self, install, monkeypatch, tmp_path):
        there = install("totalsegmentator")
        monkeypatch.delenv("TOTALSEG_WEIGHTS_PATH")
        monkeypatch.setenv("TOTALSEG_HOME_DIR", str(tmp_path / "elsewhere"))
        (tmp_path / "elsewhere" / "nnunet").mkdir(parents=True)
        there.weights.rename(tmp_path / "elsewhere" / "nnunet" / "results")
        assert installed.weights(tool(), tool().runs[0]) == tmp_path / "elsewhere" / "nnunet" / "results"

    @pytest.mark.parametrize("key", ["spineps", "totalspineseg"])
    def test_inside_the_package(self, install, monkeypatch, tmp_path, key):
        there = install(key)
        packages = tmp_path / "lib" / "python3.11" / "site-packages"
        (packages / key).mkdir(parents=True)
        there.weights.rename(packages / key / "models")
        assert installed.weights(tool(key), tool(key).runs[0]) == packages / key / "models"


def test_version_from_the_package_record(install, tmp_path):
    install("totalsegmentator")
    packages = tmp_path / "lib" / "python3.11" / "site-packages"
    (packages / "other-1.0.dist-info").mkdir(parents=True)
    (packages / "TotalSegmentator-2.5.0.dist-info").mkdir()
    assert installed.version(tool()) == "2.5.0"
    assert installed.available(tool())[1].startswith("TotalSegmentator 2.5.0 runs")
