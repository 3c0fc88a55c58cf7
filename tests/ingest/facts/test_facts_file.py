"""Facts file (REP-15): "every value is echoed with stated by user; a disagreement is a conflict line"."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from spinemets.ingest.facts import facts_file as facts
from spinemets.ingest.options import ReadingOptions
from spinemets.ingest.read import read
from spinemets.knowledge.catalogue import table
from spinemets.model.acquisition import Acquisition
from spinemets.model.errors import UsageError


@pytest.fixture
def study(tmp_path, write_nifti, write_image, noise):
    """A NIfTI CT, a NIfTI MR and a DICOM CT, read with a facts file."""

    def build(text: str):
        folder = tmp_path / "in"
        folder.mkdir(exist_ok=True)
        write_nifti(folder / "ct.nii.gz", noise(3, 4, 5).astype(np.int16), np.eye(4))
        write_nifti(folder / "t1.nii.gz", noise(3, 4, 5, seed=1).astype(np.int16), np.eye(4))
        write_image(folder / "slice", noise(4, 4))
        path = tmp_path / "facts.yaml"
        path.write_text(text)
        found = read([folder], ReadingOptions(facts=path))
        return found, {s.label: s for s in found.series}

    return build


def test_facts_reach_the_series_they_name(study):
    """By file name; milliseconds become seconds; stated fields are marked."""
    _, series = study("t1.nii.gz: {kind: t1, modality: MR, tr_ms: 600, te_s: 0.011, field_t: 1.5, contrast: false}\n")
    one = series["t1"].acquisition
    assert (one.stated_kind, one.modality, one.tr_s, one.te_s, one.field_t) == ("t1", "MR", 0.6, 0.011, 1.5)
    assert one.contrast_agent is False
    assert one.stated_by_user == ("stated_kind", "modality", "tr_s", "te_s", "field_t", "contrast_agent")
    assert series["ct"].acquisition == Acquisition()


def test_globs_labels_and_uids(study):
    """A glob, a series label and a SeriesInstanceUID name series too; what fits nothing is said."""
    found, series = study("'*.nii.gz': {body_part: LSPINE}\nseries 4: {kernel: bone}\nabsent.nii: {kind: ct}\n")
    assert series["ct"].acquisition.body_part == series["t1"].acquisition.body_part == "LSPINE"
    assert series["series 4"].acquisition.kernel == "bone"
    assert found.warnings[0] == "facts for 'absent.nii' fit no file or series of the input"
    _, series = study("1.2.3.4: {kernel: soft}\n")
    assert series["series 4"].acquisition.kernel == "soft"


def test_conflict_with_the_header_is_a_line(study):
    """The stated value is used, and both are shown."""
    _, series = study("series 4: {kvp: 100}\n")
    one = series["series 4"]
    assert one.acquisition.kvp == 100
    assert one.warnings == ("tube voltage in kV: stated 100, header says 120.0; the stated one is used",)


def test_sides_unknown(study):
    """`sides: unknown` is accepted (G-12), and so is its opposite."""
    _, series = study("ct.nii.gz: {sides: unknown}\nt1.nii.gz: {sides_known: false}\nseries 4: {sides: known}\n")
    assert not series["ct"].sides_known and not series["t1"].sides_known and series["series 4"].sides_known


@pytest.mark.parametrize("text", ["{kind: ct_bone}", "{modality: CT}", "{units: hu}"])
def test_stated_ct_is_in_hounsfield(study, text):
    """A NIfTI file has no unit: the user states it, directly or by the kind."""
    _, series = study(f"ct.nii.gz: {text}\n")
    volume = series["ct"].pixels()
    assert (volume.quantity, volume.unit) == ("attenuation", "[hnsf'U]")
    assert series["t1"].pixels().quantity == "unknown"


def test_wrong_facts_are_all_listed(tmp_path, study):
    """Unknown keys and values out of range: one message with every line."""
    with pytest.raises(UsageError) as error:
        study("ct.nii.gz:\n  kvpp: 120\n  field_t: 300\nt1.nii.gz: {sides: maybe}\n")
    text = str(error.value)
    assert "line 2, ct.nii.gz: unknown key 'kvpp'; known are" in text
    assert "line 3, ct.nii.gz > field_t" in text and "line 4, t1.nii.gz > sides" in text


def test_every_field_of_the_table_exists():
    """The table only names fields of Acquisition, and describes each key."""
    known = {f.name for f in fields(Acquisition)}
    for name, row in table("facts_fields").items():
        assert row["field"] is None or row["field"] in known, name
        assert row["about"]


def test_published_schema_is_the_one_in_use():
    """`schemas/facts.schema.json` is generated and may not drift."""
    path = Path(__file__).parents[3] / "schemas" / "facts.schema.json"
    assert json.loads(path.read_text()) == facts.schema()
