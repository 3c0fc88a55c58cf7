"""The external tools against a stand-in that behaves as they are documented to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.model.errors import MissingPart, SegmenterFailed
from spinemets.segmentation.external import installed
from spinemets.segmentation.external.segmenter import ExternalTool
from spinemets.segmentation.external.tools import load

KEYS = ("totalsegmentator", "spineps", "totalspineseg")
KIND = {"totalsegmentator": "ct", "spineps": "t2", "totalspineseg": "t2"}
SCHEMES = {
    "totalsegmentator": ["totalsegmentator_total_v2"],
    "spineps": ["spineps_vert", "spineps_subreg"],
    "totalspineseg": ["totalspineseg"],
}


@pytest.mark.parametrize("key", KEYS)
class TestEveryTool:
    def test_levels_as_the_tool_gave_them(self, key, install, patient):
        install(key)
        found = ExternalTool(key=key).segment(patient(KIND[key]))
        assert [s.scheme for s in found] == SCHEMES[key]
        vertebrae = found[0].of("vertebra")
        assert sorted(str(p.level) for p in vertebrae) == ["L3", "L4", "L5"]
        heights = {p.level: p.region.centroid_lps_mm[2] for p in vertebrae}
        assert heights["L3"] > heights["L4"] > heights["L5"]

    def test_voxels_as_the_tool_gave_them(self, key, install, patient):
        install(key)
        study = patient(KIND[key])
        found = ExternalTool(key=key).segment(study)[0]
        whole = np.logical_or.reduce([p.region.full_mask() for p in found.of("vertebra")])
        dense = study.series[0].pixels().array > 100
        assert (whole == dense).all()

    def test_bound_to_the_series_and_named_after_the_tool(self, key, install, patient):
        install(key)
        study = patient(KIND[key])
        for found in ExternalTool(key=key).segment(study):
            assert found.series_uid == study.series[0].uid
            assert found.grid == study.series[0].grid
            assert found.naming in ("stated", "none")
            assert found.source == load().tools[key].title
            assert {p.region.source for p in found.parts} == {found.source}

    def test_no_identifiers_reach_the_program(self, key, install, patient):
        """'No patient identifiers in file names or command lines.'"""
        there = install(key)
        ExternalTool(key=key).segment(patient(KIND[key]))
        (call,) = there.calls()
        said = " ".join([*call["arguments"], *call["files"], call["folder"], *call["environment"].values()])
        for word in ("DOE", "JOHN", "ACC4711", "1.2.888", "1.2.999", "scan"):
            assert word not in said

    def test_the_network_is_closed(self, key, install, patient):
        there = install(key)
        ExternalTool(key=key).segment(patient(KIND[key]))
        environment = there.calls()[0]["environment"]
        for name, value in load().network_off.items():
            assert environment[name] == value

    def test_it_works_in_a_private_folder_that_is_gone_afterwards(self, key, install, patient):
        there = install(key)
        ExternalTool(key=key).segment(patient(KIND[key]))
        (call,) = there.calls()
        assert call["folder"].startswith(str(there.private))
        assert call["environment"]["TMPDIR"].startswith(call["folder"])
        assert list(there.private.iterdir()) == []

    def test_it_is_told_where_its_weights_are(self, key, install, patient):
        there = install(key)
        ExternalTool(key=key).segment(patient(KIND[key]))
        name = next(n for n, v in load().tools[key].environment.items() if v == "{weights}")
        assert there.calls()[0]["environment"][name] == str(there.weights)

    @pytest.mark.parametrize(
        ("mode", "said"),
        [
            ("fail", r"ended with exit code 1: RuntimeError: no more memory"),
            ("mute", r"ended with exit code 3"),
            ("nothing", r"ended without an error on series 1, but wrote no file"),
            ("other grid", r"labels on another grid than that of series 1|does not overlap"),
            ("elsewhere", r"does not overlap any series"),
            ("fractions", r"holds fractions"),
        ],
    )
    def test_each_failure_is_one_line_and_leaves_nothing(self, key, install, patient, mode, said):
        """'A failure of the tool is one clear line: what, where, what to do, and leaves no files behind.'"""
        there = install(key, mode)
        with pytest.raises(SegmenterFailed, match=said) as caught:
            ExternalTool(key=key).segment(patient(KIND[key]))
        assert load().tools[key].title in caught.value.what
        assert caught.value.remedy
        assert "\n" not in str(caught.value)
        assert str(caught.value).isprintable()
        assert list(there.private.iterdir()) == []

    def test_a_program_that_hangs_is_stopped(self, key, install, patient):
        there = install(key, script="#!/bin/sh\n/bin/sleep 60 &\n/bin/sleep 60\n")
        with pytest.raises(SegmenterFailed, match=r"did not end within 0\.5 s"):
            ExternalTool(key=key, limit_s=0.5).segment(patient(KIND[key]))
        assert list(there.private.iterdir()) == []

    def test_a_program_that_cannot_be_started(self, key, install, patient):
        there = install(key, script="#!/absent/interpreter\n")
        with pytest.raises(SegmenterFailed, match="cannot be started"):
            ExternalTool(key=key).segment(patient(KIND[key]))
        assert list(there.private.iterdir()) == []

    def test_labels_in_another_axis_order_are_the_same_voxels(self, key, install, patient):
        install(key, "turned")
        study = patient(KIND[key])
        found = ExternalTool(key=key).segment(study)[0]
        whole = np.logical_or.reduce([p.region.full_mask() for p in found.of("vertebra")])
        assert (whole == (study.series[0].pixels().array > 100)).all()

    def test_nothing_outlined_is_no_failure(self, key, install, patient):
        install(key, "empty")
        assert ExternalTool(key=key).segment(patient(KIND[key])) == ()

    def test_absent(self, key, nothing_installed, patient):
        with pytest.raises(MissingPart, match="cannot be used here"):
            ExternalTool(key=key).segment(patient(KIND[key]))

    def test_other_kinds_are_not_given_to_it(self, key, install, patient):
        there = install(key)
        assert ExternalTool(key=key).segment(patient("localizer")) == ()
        assert there.calls() == []

    def test_a_stack_over_time_is_left_alone(self, key, install, patient):
        there = install(key)
        study = patient(KIND[key])
        volume = study.series[0].pixels()
        moving = replace(volume, array=np.repeat(np.array(volume.array)[..., None], 2, axis=3))
        study = replace(study, series=(replace(study.series[0], load=lambda: moving),))
        assert ExternalTool(key=key).segment(study) == ()
        assert there.calls() == []


class TestTotalSegmentator:
    def test_usage_statistics_are_off(self, install, patient):
        there = install("totalsegmentator")
        ExternalTool(key="totalsegmentator").segment(patient("ct"))
        (call,) = there.calls()
        assert call["config"]["send_usage_stats"] is False
        assert call["environment"]["TOTALSEG_HOME_DIR"].startswith(call["folder"])

    def test_the_users_own_settings_are_left_alone(self, install, patient, tmp_path):
        own = tmp_path / ".totalsegmentator" / "config.json"
        own.parent.mkdir()
        own.write_text('{"send_usage_stats": true}')
        install("totalsegmentator")
        ExternalTool(key="totalsegmentator").segment(patient("ct"))
        assert own.read_text() == '{"send_usage_stats": true}'

    def test_mr_runs_two_tasks(self, install, patient):
        """'vertebrae_mr/total_mr for MR': names from the one, discs and cord from the other."""
        there = install("totalsegmentator")
        found = ExternalTool(key="totalsegmentator").segment(patient("t2"))
        assert [s.scheme for s in found] == ["totalsegmentator_vertebrae_mr", "totalsegmentator_total_mr"]
        assert {p.structure for p in found[1].parts} == {"discs", "cord"}
        tasks = [c["arguments"][c["arguments"].index("--task") + 1] for c in there.calls()]
        assert tasks == ["vertebrae_mr", "total_mr"]

    def test_a_run_without_weights_is_left_out(self, install, patient):
        there = install("totalsegmentator")
        (there.weights / "Dataset850_x").rmdir()
        found = ExternalTool(key="totalsegmentator").segment(patient("t2"))
        assert [s.scheme for s in found] == ["totalsegmentator_vertebrae_mr"]


class TestSpineps:
    @pytest.mark.parametrize(("kind", "model"), [("t2", "t2w"), ("t1", "t1w")])
    def test_the_model_fits_the_contrast(self, install, patient, kind, model):
        there = install("spineps")
        ExternalTool(key="spineps").segment(patient(kind))
        words = there.calls()[0]["arguments"]
        assert words[words.index("-ms") + 1] == model

    def test_the_naming_model_is_asked_for(self, install, patient):
        """Without it the integers count from the top and are no levels."""
        there = install("spineps")
        ExternalTool(key="spineps").segment(patient("t2"))
        words = there.calls()[0]["arguments"]
        assert words[words.index("-ml") + 1] == "t2w_labeling"


def test_name_holds_the_version(install, tmp_path):
    install("spineps")
    (tmp_path / "lib" / "python3.11" / "site-packages" / "spineps-2.0.1.dist-info").mkdir(parents=True)
    assert ExternalTool(key="spineps").name == "SPINEPS 2.0.1"


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS)
def test_the_real_program(key, shared_data, tmp_path):
    """'An integration test per tool that runs for real only where tool and weights are present.'"""
    from spinemets.app.pipeline import open_study

    usable, why = installed.available(load().tools[key])
    if not usable:
        pytest.skip(why)
    facts = tmp_path / "facts.yaml"
    facts.write_text(f"'*.nii.gz': {{kind: {KIND[key]}, sides: known}}\n")
    name = "ct-torso-ts-labelled/ct.nii.gz" if KIND[key] == "ct" else "mr-lumbar-vb/vb2_02_img.nii.gz"
    if not (shared_data / name).is_file():
        pytest.skip(f"{name} is not here")
    found = ExternalTool(key=key).segment(open_study(shared_data / name, facts=facts))
    assert len(found[0].of("vertebra")) >= 4
