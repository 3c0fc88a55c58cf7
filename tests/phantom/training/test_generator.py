"""Samples: the same everywhere, in their place, with what they promise in them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from spinemets.knowledge.lookup import BUNDLE, bundle
from spinemets.model.grid import Grid
from spinemets.phantom.anatomy.levels import verse_id
from spinemets.phantom.patient import Phantom
from spinemets.phantom.shape.texture import stream
from spinemets.phantom.training import field as fields
from spinemets.phantom.training.generator import Generator
from spinemets.phantom.training.patients import drawn_patient
from tests.phantom.training.conftest import HEALTHY, SMALL

SOURCE = Path(__file__).parents[3] / "src"

# A fresh interpreter that refuses every package but these, and draws a sample.
ALONE = """
import hashlib, json, sys
ALLOWED = {"numpy", "scipy", "numba", "llvmlite", "spinemets"} | set(sys.stdlib_module_names)

class Gate:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        # Names that a standard library or a compiled module makes up for its own files.
        if top not in ALLOWED and not top.startswith(("_sysconfigdata", "_distutils", "_cython")):
            raise ImportError(f"{name} is not there")
        return None

sys.meta_path.insert(0, Gate())
from spinemets.phantom.training import Generator, recipe_of
sample = Generator(recipe_of("volume", json.loads(sys.argv[1])), seed=5).sample(1)
foreign = {"yaml", "msgspec", "pydicom", "nibabel", "jinja2", "PIL", "skimage", "SimpleITK"} & set(sys.modules)
print(json.dumps([sorted(foreign), hashlib.sha256(sample.image.tobytes() + sample.labels.tobytes()).hexdigest()]))
"""


def digest(sample):
    """Of image and labels."""
    return hashlib.sha256(sample.image.tobytes() + sample.labels.tobytes()).hexdigest()


@pytest.fixture(scope="module")
def sample(generator):
    """One sample."""
    return generator.sample(1)


@pytest.fixture(scope="module")
def patient(healthy):
    """Function: the patient of a generator's sample, as the digital spine knows them."""

    def of(generator, number):
        name = f"training/{generator.worker}/patient/{generator.patient_of(number)}"
        drawn = drawn_patient(generator.recipe, stream(generator.seed, name))
        seed = int(stream(generator.seed, f"{name}/seed").integers(2**31))
        return Phantom(case=drawn.case, seed=seed, anatomy=fields.assemble(drawn.case, seed))

    return of


def test_shapes_and_types(sample):
    """What a network is fed: float32 of mean 0 and sd 1, byte labels of the recipe's codes."""
    assert sample.image.shape == sample.labels.shape == sample.instances.shape == (36, 40, 40)
    assert (sample.image.dtype, sample.labels.dtype, sample.instances.dtype) == (np.float32, np.uint8, np.uint8)
    assert abs(sample.image.mean()) < 0.1
    assert sample.image.std() == pytest.approx(1.0, abs=0.1)
    assert set(np.unique(sample.labels)) <= set(range(10))


def test_runs_alone_in_a_fresh_process_with_the_same_bytes(tmp_path, sample):
    """Without YAML and all else but numpy, scipy and numba, in another process: the same bytes."""
    tables = tmp_path / "tables.json"
    tables.write_text(bundle(), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", ALONE, json.dumps(SMALL)],
        env={**os.environ, BUNDLE: str(tables), "PYTHONPATH": str(SOURCE), "NUMBA_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[], digest(sample)]


def test_a_number_gives_one_sample_whatever_was_made_before(generator, sample):
    """Order does not count, seed, worker and number do."""
    again = Generator(generator.recipe, seed=5)
    third = again.sample(3)
    assert digest(again.sample(1)) == digest(sample)
    assert digest(third) != digest(sample)
    assert digest(next(iter(again))) == digest(again.sample(0))


@pytest.mark.slow
def test_workers_and_seeds_have_samples_of_their_own(generator, sample):
    """No two workers make the same."""
    others = [Generator(generator.recipe, seed=s, worker=w).sample(1) for s, w in ((5, 1), (6, 0))]
    assert len({digest(sample), *map(digest, others)}) == 3


def test_patients_take_turns(small):
    """Two at a time, each for as many samples as the recipe says."""
    turns = Generator(small(patients_in_turn=2, samples_per_patient=3))
    assert [turns.patient_of(number) for number in range(9)] == [0, 1, 0, 1, 0, 1, 2, 3, 2]


@pytest.mark.parametrize("kind", ["slab", "volume"])
def test_labels_are_those_of_the_digital_spine_on_the_samples_own_grid(small, patient, kind):
    """No flip and no shift: on the grid that the sample states, the phantom labels the same voxels, level by level."""
    made = Generator(small(kind, pose={**SMALL["pose"], "turn_deg": [-15.0, 15.0]}), seed=2)
    got = made.sample(0)
    phantom = patient(made, 0)
    truth = phantom.labels(Grid(shape_ijk=got.image.shape, affine_lps_mm=got.affine_lps_mm))
    codes = made.recipe["labels"]["codes"]
    bone = np.isin(got.labels, [codes["body"], codes["border"], codes["posterior"]])
    checked = 0
    for number, level in enumerate(got.instance_names[1:-1], start=2):
        for mine, theirs in (
            (bone & (got.instances == number), truth == verse_id(level)),
            ((got.labels == codes["disc"]) & (got.instances == number), truth == 100 + verse_id(level)),
        ):
            if theirs.sum() > 150:
                dice = 2 * (mine & theirs).sum() / (mine.sum() + theirs.sum())
                assert dice > 0.85, (level, dice)
                checked += 1
    assert checked >= 4


def test_left_is_left_front_is_front_and_up_is_up(generator, sample):
    """A marker painted into the field by its place in the patient comes out there, in image and labels alike."""
    field = generator._patient(0).field
    codes = generator.recipe["labels"]["codes"]
    inverse = np.linalg.inv(sample.affine_lps_mm)
    canal = np.argwhere(sample.labels == codes["canal"])
    body = np.argwhere(np.isin(sample.labels, [codes["body"], codes["border"]]))
    to_lps = sample.affine_lps_mm
    # The canal lies behind the bodies; instances run down.
    assert (canal @ to_lps[:3, :3].T).mean(0)[1] > (body @ to_lps[:3, :3].T).mean(0)[1] + 15
    heights = [sample.seeds_ijk[n] @ to_lps[2, :3] for n in np.argsort(sample.seed_instances)]
    assert (np.diff(heights) < 0).all()
    # A mark of metal to the left of the spine.
    centre = field.middle + np.array([32.0, 0.0, 0.0])
    index = np.round(np.linalg.inv(field.affine) @ [*centre, 1.0])[:3].astype(int)
    marked = Generator(generator.recipe, seed=5)
    own = marked._patient(0).field
    around = tuple(slice(i - 4, i + 5) for i in index)
    own.where[around] = field.parts.number(codes["rib"], 0)
    seen = np.argwhere(marked.sample(1).labels == codes["rib"])
    expected = inverse[:3, :3] @ centre + inverse[:3, 3]
    near = seen[np.abs(seen - expected).max(axis=1) < 6]
    assert len(near) > 50
    assert np.abs(near.mean(0) - expected).max() < 1.5


def test_seeds_lie_in_their_bodies(generator):
    """Centre of each body in its own body, midline of the canal in canal or cord."""
    codes = generator.recipe["labels"]["codes"]
    bodies = 0
    for number in range(4):
        sample = generator.sample(number)
        for seed, instance in zip(sample.seeds_ijk, sample.seed_instances, strict=True):
            at = tuple(np.round(seed).astype(int))
            if all(2 <= i < n - 2 for i, n in zip(at, sample.labels.shape, strict=True)):
                assert sample.instances[at] == instance
                assert sample.labels[at] in (codes["body"], codes["sacral_body"])
                bodies += 1
        inside = [sample.labels[tuple(np.round(p).astype(int))] for p in sample.canal_ijk]
        assert np.isin(inside, [codes["canal"], codes["cord"]]).mean() > 0.9
    assert bodies >= 6


def test_classes_have_their_volumes(healthy, patient):
    """Bodies of all voxels as large as the functions say; a border is the thin part of them."""
    made = Generator(healthy, seed=4)
    sample, phantom = made.sample(0), patient(made, 0)
    codes = made.recipe["labels"]["codes"]
    voxel = abs(np.linalg.det(sample.affine_lps_mm[:3, :3]))
    level = sample.instance_names[sample.seed_instances[np.argmin(np.abs(sample.seeds_ijk[:, 2] - 20))] - 1]
    of_level = sample.instances == sample.instance_names.index(level) + 1
    mine = voxel * (of_level & np.isin(sample.labels, [codes["body"], codes["border"]])).sum()
    grid = Grid(shape_ijk=(70, 70, 50), affine_lps_mm=_around(phantom.anatomy.frames[level].origin))
    block = fields.Block.of_grid(grid)
    bone = phantom.anatomy.vertebra(level).bone(block)
    theirs = float(((bone.body < 0) & (bone.outer < 0)).sum())
    assert mine == pytest.approx(theirs, rel=0.06)
    border = (of_level & (sample.labels == codes["border"])).sum() * voxel
    assert 0.1 < border / mine < 0.5


def _around(centre):
    affine = np.eye(4)
    affine[:3, 3] = np.asarray(centre) - (35, 35, 25)
    return affine


def test_degradation_and_contrast_move_no_label(generator, small):
    """With every degradation and other contrasts the labels of a sample stay."""
    harsh = {"ghosts": {"share": 1.0}, "zipper": {"share": 1.0}, "coil": {"share": 1.0}, "station": {"share": 1.0}}
    worst = Generator(small(degradation=harsh, texture={"other": [0.3, 0.4]}), seed=5)
    other, usual = worst.sample(2), generator.sample(2)
    assert np.array_equal(other.labels, usual.labels)
    assert not np.array_equal(other.image, usual.image)


def test_edges_repeat_and_strips_are_empty_in_image_and_labels_alike(small):
    """Repeated slices carry repeated labels; where nothing was measured nothing is labelled."""
    repeated = Generator(small("slab", pose={**SMALL["pose"], "edge": 1.0}), seed=3).sample(0)
    same = [np.array_equal(repeated.labels[n], repeated.labels[n + 1]) for n in range(4)]
    assert any(same)
    assert [np.array_equal(repeated.image[n], repeated.image[n + 1]) for n in range(4)] == same
    cut = Generator(small("slab", pose={**SMALL["pose"], "cut_off": 1.0}), seed=3).sample(0)
    empty = np.ptp(cut.image, axis=(0, 1)) == 0, np.ptp(cut.image, axis=(0, 2)) == 0
    strips = [cut.labels[:, :, empty[0]], cut.labels[:, empty[1]]]
    assert any(e.any() for e in empty)
    assert all((strip == 0).all() for strip in strips)


def test_levels_are_named_for_checks_only(sample):
    """Numbers count from the head, whatever the level; names stand apart."""
    assert sample.instance_names[0] == "C1"
    assert sample.instance_names[-1] == "sacrum"
    assert sample.about["patient"] == "training/0/patient/0"
    assert HEALTHY["samples_per_patient"] == SMALL["samples_per_patient"]


def test_ways_of_contrast_come_in_their_shares(small):
    """Half random, the rest physics; three planes; every sample says how it was made."""
    made = Generator(small("slab", samples_per_patient=200), seed=11)
    about = [made.sample(number).about for number in range(120)]
    ways = [row["way"] for row in about]
    assert ways.count("random") / len(ways) == pytest.approx(0.5, abs=0.13)
    assert {"mr", "ct"} < set(ways)
    assert {row["plane"] for row in about} == {"sagittal", "axial", "coronal"}
    assert all(2.0 <= row["slice_mm"] <= 6.0 for row in about)
    assert [row["number"] for row in about[:3]] == [0, 1, 2]


def test_only_patients_in_turn_are_kept(small):
    """Memory is bounded: an old field goes when a new one comes, and comes again the same."""
    made = Generator(small("slab", samples_per_patient=1, patients_in_turn=1), seed=11)
    first = digest(made.sample(0))
    made.sample(1)
    assert list(made._patients) == [1]
    assert digest(made.sample(0)) == first


def test_labels_keep_a_vertebra_where_its_image_is_void(small):
    """Screws blank an MR image; the bodies and arches they go through stay in the labels."""
    kinds = {"lesions": 0.0, "collapse": 0.0, "destroyed": 0.0, "sclerosis": 0.0, "diffuse": 0.0, "cement": 0.0,
             "screws": 1.0, "cage": 0.0, "scoliosis": 0.0, "modic": 0.0, "schmorl": 0.0, "haemangioma": 0.0,
             "infection": 0.0, "slip": 0.0, "irradiated": 0.0}  # fmt: skip
    with_screws = Generator(small("slab", disease={"share": 1.0, "kinds": kinds}), seed=4)
    none = dict.fromkeys(kinds, 0.0)
    without = Generator(small("slab", disease={"share": 1.0, "kinds": none}), seed=4)
    metal, plain = with_screws.sample(0), without.sample(0)
    assert len(with_screws._patient(0).field.metal)
    assert not len(without._patient(0).field.metal)
    assert metal.about["diseases"] == ("screws",)
    assert np.allclose(metal.affine_lps_mm, plain.affine_lps_mm)
    assert np.array_equal(metal.labels, plain.labels)
    assert (metal.labels == with_screws.recipe["labels"]["codes"]["body"]).sum() > 0


def test_values_are_cut_at_the_stated_percentiles(small):
    """Narrow percentiles leave many voxels at either end."""
    wide = Generator(small("slab"), seed=6).sample(0).image
    narrow = Generator(small("slab", normalise={"percentiles": [20.0, 80.0]}), seed=6).sample(0).image
    at_ends = ((narrow == narrow.min()) | (narrow == narrow.max())).mean()
    assert at_ends == pytest.approx(0.4, abs=0.08)
    assert ((wide == wide.min()) | (wide == wide.max())).mean() < 0.2
    assert narrow.max() < wide.max()


def test_stretched_patients_keep_the_stated_spacing(generator):
    """The network is told the nominal voxel; the affine holds the patient's own size within 8 %."""
    for number in range(4):
        sample = generator.sample(number)
        own = np.linalg.norm(sample.affine_lps_mm[:3, :3], axis=0)
        assert sample.spacing_mm == (2.0, 2.0, 2.0)
        assert (np.abs(own / sample.spacing_mm - 1) < 0.09).all()


def test_seeds_are_in_the_grid_and_named(generator):
    """Each seed has a number of a level that `instance_names` names; none lies outside."""
    for number in range(4):
        sample = generator.sample(number)
        assert len(sample.seeds_ijk) == len(sample.seed_instances)
        shape = np.array(sample.image.shape)
        for points in (sample.seeds_ijk, sample.canal_ijk):
            assert ((points > -0.5) & (points < shape - 0.5)).all()
        assert max(sample.seed_instances) <= len(sample.instance_names)
        assert min(sample.seed_instances) >= 2
