"""A cohort in files."""

from __future__ import annotations

import hashlib
import json

import jsonschema
import nibabel
import pytest

from spinemets.model.errors import UsageError
from spinemets.phantom.cases.drawn import recipe_of
from spinemets.phantom.files.cohort import read_recipe, write_cohort
from tests.phantom.truth.test_record import SCHEMA

SMALL = {"imaging": {"series": ["t1"], "coarser": 3.0}}


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Two patients."""
    folder = tmp_path_factory.mktemp("cohort")
    return write_cohort(folder, 2, 3, recipe_of(SMALL))


def test_a_folder_for_each_patient(cohort):
    """Series, labels and truth of each; the table names them."""
    rows = json.loads(cohort.read_text(encoding="utf-8"))["patients"]
    assert [row["case"] for row in rows] == ["cohort-0000", "cohort-0001"]
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    for row in rows:
        truth = json.loads((cohort.parent / row["truth"]).read_text(encoding="utf-8"))
        jsonschema.validate(truth, schema)
        assert truth["case"] == row["case"]
        image, labels = (
            nibabel.load(cohort.parent / row["case"] / name) for name in ("STUDY/01-t1.nii.gz", "labels.nii.gz")
        )
        assert image.shape == labels.shape
        assert truth["series"][0]["kind"] == "t1"


def test_it_goes_on_where_it_stopped(cohort):
    """A third patient is added, the first two are not made again; they are the same as before."""
    first = cohort.parent / "cohort-0000" / "truth.json"
    before = first.stat().st_mtime_ns
    assert write_cohort(cohort.parent, 3, 3, recipe_of(SMALL)) == cohort
    assert first.stat().st_mtime_ns == before
    assert len(json.loads(cohort.read_text(encoding="utf-8"))["patients"]) == 3


def test_processes_change_nothing(cohort, tmp_path):
    """Two at once: the same bytes."""
    write_cohort(tmp_path, 2, 3, recipe_of(SMALL), processes=2)
    for name in ("cohort-0000", "cohort-0001"):
        one, other = (folder / name / "labels.nii.gz" for folder in (cohort.parent, tmp_path))
        assert hashlib.sha256(one.read_bytes()).digest() == hashlib.sha256(other.read_bytes()).digest()


def test_another_cohort_is_not_written_over(cohort):
    """A folder with another seed's patients is refused."""
    with pytest.raises(UsageError, match="another cohort"):
        write_cohort(cohort.parent, 2, 4, recipe_of(SMALL))


def test_what_makes_no_cohort_is_refused(tmp_path):
    """No patient, no such format, a recipe that is none: one clear line, nothing written."""
    with pytest.raises(UsageError, match="is none"):
        write_cohort(tmp_path / "a", 0, 1, recipe_of())
    with pytest.raises(UsageError, match="no format"):
        write_cohort(tmp_path / "a", 1, 1, recipe_of(), "bmp")
    (tmp_path / "list.yaml").write_text("- 1\n", encoding="utf-8")
    with pytest.raises(UsageError, match="no table of rows"):
        read_recipe(tmp_path / "list.yaml")
    with pytest.raises(UsageError, match="cannot be read"):
        read_recipe(tmp_path / "none.yaml")
    assert not (tmp_path / "a").exists()


def test_a_recipe_file_is_read(tmp_path):
    """Rows of the file over those of the table."""
    (tmp_path / "recipe.yaml").write_text("imaging: {series: [ct]}\n", encoding="utf-8")
    assert read_recipe(tmp_path / "recipe.yaml")["imaging"]["series"] == ["ct"]
