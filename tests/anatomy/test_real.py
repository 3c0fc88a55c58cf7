"""Frames, order, heights and regions on real label maps (read in place; skipped where they are absent)."""

from __future__ import annotations

import json
from itertools import pairwise

import nibabel as nib
import numpy as np
import pytest
from scipy.ndimage import find_objects

from spinemets.knowledge.catalogue import load, table
from spinemets.measures.body_heights import measure
from spinemets.model.grid import Grid
from spinemets.model.measurement import Measured
from spinemets.model.region import Region
from spinemets.model.segmentation import Part, Segmentation

PARAMETERS = load()["G-08"].values()
VERSE = {
    **{n: f"C{n}" for n in range(1, 8)},
    **{n + 7: f"T{n}" for n in range(1, 13)},
    **{n + 19: f"L{n}" for n in range(1, 6)},
}
TOTAL = {26: "S1", 27: "L5", 28: "L4", 29: "L3", 30: "L2", 31: "L1", 32: "T12", 33: "T11"}


def read(path, names=None, *, structure="vertebra", body_only=False, every=(1, 1, 1)) -> Segmentation:
    """Label map as a segmentation, of each axis one voxel in so many; RAS of NIfTI becomes LPS."""
    image = nib.load(path)
    array = np.asarray(image.dataobj)[tuple(slice(None, None, n) for n in every)]
    array = array if array.dtype.kind in "iu" else array.astype(np.uint8)
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine @ np.diag([*every, 1.0])
    grid = Grid(shape_ijk=array.shape, affine_lps_mm=affine)
    parts = []
    for value, box in enumerate(find_objects(array), 1):
        if box is None:
            continue
        kind = structure[value] if isinstance(structure, dict) else structure
        start = tuple(int(s.start) for s in box)
        region = Region.from_mask(kind, array[box] == value, grid, source=path.name, start_ijk=start)
        parts.append(Part(structure=kind, level=names[value] if names else None, region=region))
    return Segmentation(
        grid=grid,
        parts=tuple(parts),
        scheme="test",
        naming="stated" if names else "none",
        body_only=body_only,
        source=path.name,
    )


def heights(vertebra) -> np.ndarray | None:
    if vertebra.endplates is None:
        return None
    answer = measure(
        endplates=vertebra.endplates, completeness=vertebra.completeness, size_mm=vertebra.size_mm, **PARAMETERS
    )
    if not isinstance(answer, Measured):
        return None
    return np.array([answer.values[n].value for n in ("ha_mm", "hm_mm", "hp_mm")])


@pytest.fixture(scope="module")
def torso(shared_data, locate_all):
    folder = shared_data / "ct-torso-ts-labelled"
    whole = read(folder / "labels_vertebrae.nii.gz", TOTAL)
    bodies = read(folder / "labels_bodies_verse.nii.gz", VERSE, structure="vertebral_body", body_only=True)
    discs = read(folder / "labels_body_disc.nii.gz", structure={1: "bodies", 2: "discs"})
    report = json.loads((folder / "spine_report.json").read_text())["results"]
    return locate_all(whole), locate_all(bodies), locate_all(whole, bodies, discs), report


def reported(report, level: str) -> np.ndarray:
    return np.array([report[f"vertebrae_{level}_height_{p}_mm"] for p in ("anterior", "middle", "posterior")])


class TestTorso:
    """CT T11 to pelvis, 3 mm cubes, labels of a network, another tool's heights in steps of 1.5 mm."""

    def test_heights_against_another_tool(self, torso):
        """Bodies: median absolute difference <= 1.5 mm."""
        differences = [np.abs(heights(torso[1][n]) - reported(torso[3], n)) for n in ("L1", "L2", "L3", "L4", "L5")]
        assert np.median(differences) <= 1.5

    def test_two_networks_agree_within_a_voxel(self, torso):
        """Whole-vertebra labels of another network: half a voxel more on either endplate, no more."""
        differences = [np.abs(heights(torso[0][n]) - heights(torso[1][n])) for n in ("L1", "L2", "L3", "L4", "L5")]
        assert np.median(differences) <= 2.0
        assert np.max(differences) <= 2 * 3.0

    def test_the_cut_top_says_why(self, torso):
        """T11 and the top of T12 are cut by the upper border: T12 has no height."""
        whole = torso[0]
        assert "superior endplate" in whole["T12"].completeness.notes[0]
        assert not whole["T12"].completeness.heights_valid
        assert "no body" in whole["T11"].completeness.notes[0]
        assert whole["T11"].missing["body"][0] == "NA-COVERAGE"
        assert all(whole[n].completeness.heights_valid for n in ("L1", "L2", "L3", "L4", "L5"))

    def test_the_cut_body_keeps_its_axis(self, torso):
        """One endplate out of view: the other one gives the axis, near the neighbour's."""
        for spine in torso[:3]:
            assert spine["T12"].frame.superior @ spine["L1"].frame.superior > np.cos(np.radians(15.0))
            assert any("superior endplate cannot be fitted" in f for f in spine["T12"].frame.flags)

    def test_order_and_names(self, torso):
        assert [v.level.name for v in torso[0].vertebrae] == ["T11", "T12", "L1", "L2", "L3", "L4", "L5", "S1"]

    def test_bodies_found_alike(self, torso):
        """Body cut from the whole vertebra against the bodies another network drew."""
        for name in ("L1", "L2", "L3", "L4"):
            mine = {tuple(v) for v in torso[0][name].regions["body"].indices}
            theirs = {tuple(v) for v in torso[1][name].regions["body"].indices}
            assert 2 * len(mine & theirs) / (len(mine) + len(theirs)) > 0.88

    def test_merged_maps(self, torso):
        """Bodies define `body` exactly; discs come from the mass."""
        merged = torso[2]
        for name in ("L1", "L2", "L3", "L4", "L5"):
            assert merged[name].regions["body"].n_voxels == torso[1][name].regions["body"].n_voxels
            assert "pedicle_side_a" in merged[name].regions
        assert set(merged.discs) == {"T12", "L1", "L2", "L3", "L4", "L5"}
        assert merged.warnings == ()
        assert merged["L3"].regions["marrow"].n_voxels > 100


VOLUNTEER_LUMBAR = "sub-verse010_seg-vert_msk.nii.gz"
VOLUNTEER_CERVICAL = "sub-gl003_dir-ax_seg-vert_msk.nii.gz"


@pytest.fixture(scope="module")
def expert(shared_data, locate_all):
    folder = shared_data / "masks-verse"
    lumbar = read(folder / VOLUNTEER_LUMBAR, VERSE)
    # Every second voxel in the plane is still half of a slice's distance, and a quarter of the work.
    cervical = read(folder / VOLUNTEER_CERVICAL, VERSE, every=(2, 2, 1))
    return locate_all(lumbar), locate_all(cervical)


class TestExpertMasks:
    """Expert masks C1 to T5 (0.29 x 0.29 x 1.25 mm, read at 0.59 mm in the plane) and L1 to L5 (1 mm, PIR)."""

    @pytest.mark.parametrize("place", [0, 1])
    def test_sizes_are_plausible(self, expert, place: int):
        rows = table("morphometry")["levels"]
        for vertebra in expert[place].vertebrae:
            row = rows.get(vertebra.level.name)
            if row is None or vertebra.level.name == "L1":
                continue
            found = heights(vertebra)
            assert found is not None
            assert found / [row[p] for p in ("ant", "mid", "post")] == pytest.approx(1.0, abs=0.42)
            assert vertebra.size_mm["depth_mm"] / row["depth"] == pytest.approx(1.0, abs=0.25)
            assert vertebra.size_mm["width_mm"] / row["width"] == pytest.approx(1.0, abs=0.35)

    @pytest.mark.parametrize("place", [0, 1])
    def test_frames_turn_smoothly(self, expert, place: int):
        frames = [v.frame for v in expert[place].vertebrae if "body" in v.regions]
        for one, other in pairwise(frames):
            assert one.superior @ other.superior > np.cos(np.radians(30.0))
            assert one.left @ other.left > np.cos(np.radians(16.0))

    def test_published_centroids_lie_in_the_bodies(self, expert, shared_data):
        """`*_ctd.json`: for C1 the whole vertebra, for the others a point in the body."""
        path = shared_data / "masks-verse" / VOLUNTEER_LUMBAR.replace("-vert_msk.nii.gz", "-subreg_ctd.json")
        points = {VERSE[c["label"]]: c for c in json.loads(path.read_text()) if "label" in c}
        for name, point in points.items():
            vertebra = expert[0][name]
            lps = expert[0].grid.to_lps_mm([point["X"], point["Y"], point["Z"]])
            assert np.linalg.norm(vertebra.frame.origin_lps_mm - lps) < 10.0

    def test_c1_and_c2(self, expert):
        spine = expert[1]
        assert spine["C1"].missing["body"][0] == "NA-ANATOMY"
        assert spine["C2"].endplates is None
        body = spine["C2"].regions["body"].volume_mm3
        assert 0.5 < body / spine["C3"].regions["body"].volume_mm3 < 1.6
        assert "dens" in spine["C2"].regions

    def test_cervical_bodies_stop_at_the_transverse_processes(self, expert):
        for name in ("C3", "C4", "C5", "C6"):
            vertebra = expert[1][name]
            assert vertebra.size_mm["width_mm"] < 30.0
            assert vertebra.regions["transverse_side_a"].n_voxels > 100

    def test_partition(self, expert):
        for spine in expert:
            for vertebra in spine.vertebrae:
                if "body" not in vertebra.regions:
                    continue
                regions = vertebra.regions
                assert regions["body"].n_voxels + regions["posterior_elements"].n_voxels == regions["vertebra"].n_voxels


@pytest.fixture(scope="module")
def lumbar_mr(shared_data, locate_all):
    folder = shared_data / "mr-lumbar-vb"
    exams = json.loads((folder / "exams.json").read_text())
    spines = {}
    for exam in exams:
        path = folder / f"{exam['file']}_msk.nii.gz"
        spines[exam["file"]] = locate_all(read(path, structure="vertebral_body", body_only=True))
    return exams, spines


class TestLumbarMr:
    """11 MR exams, bodies only, numbers in no order."""

    def test_all_bodies_in_order(self, lumbar_mr, shared_data):
        exams, spines = lumbar_mr
        assert sum(len(s.vertebrae) for s in spines.values()) == 93
        for exam in exams:
            array = np.asarray(nib.load(shared_data / "mr-lumbar-vb" / f"{exam['file']}_msk.nii.gz").dataobj)
            found = []
            for vertebra in spines[exam["file"]].vertebrae:
                i, j, k = vertebra.regions["body"].indices.T
                found.append(int(np.bincount(array[i, j, k].astype(int)).argmax()))
            assert found == [c["label"] for c in exam["cranial_to_caudal"]]

    @pytest.mark.parametrize(
        "pair", [("vb1_02", "vb1_03"), ("vb1_06", "vb1_07"), ("vb1_06", "vb1_08"), ("vb1_07", "vb1_08")]
    )
    def test_one_patient_twice(self, lumbar_mr, pair):
        """Heights of the same patient's exams agree within their intervals (lowest body, cut at the side, left out)."""
        spines = lumbar_mr[1]
        outside, differences = 0, []
        for one, other in zip(spines[pair[0]].vertebrae[:-1], spines[pair[1]].vertebrae[:-1], strict=True):
            first, second = heights(one), heights(other)
            if first is None or second is None:
                continue
            differences.extend(np.abs(first - second))
            outside += int((np.abs(first - second) > 1.96 * np.sqrt(2) * 0.79).sum())
        assert np.median(differences) < 1.0
        assert outside <= 1

    def test_every_body_has_marrow(self, lumbar_mr):
        for spine in lumbar_mr[1].values():
            for vertebra in spine.vertebrae:
                assert vertebra.regions["marrow"].volume_mm3 > 3000.0

    def test_a_lowest_body_that_may_be_the_sacrum(self, lumbar_mr):
        """By eye the lowest labelled body is S1 in vb1, L5 in vb2."""
        flagged = {
            name: any("possible sacrum" in f for f in spine.vertebrae[-1].flags) for name, spine in lumbar_mr[1].items()
        }
        assert sum(flagged[n] for n in flagged if n.startswith("vb1")) >= 5
        assert not any(flagged[n] for n in flagged if n.startswith("vb2"))


def test_body_cut_against_drawn_subregions(shared_data, locate_all):
    """One lumbar CT vertebra with subregion labels: corpus (49, 50) against the body cut from the whole."""
    folder = shared_data / "vertebra-crops-tptbox"
    spine = locate_all(read(folder / "sub-ct_seg-vert_label-22_msk.nii.gz", {21: "L2", 22: "L3", 23: "L4"}))
    image = nib.load(folder / "sub-ct_seg-subreg_label-22_msk.nii.gz")
    truth = np.isin(np.asarray(image.dataobj), (49, 50)) & (
        np.asarray(nib.load(folder / "sub-ct_seg-vert_label-22_msk.nii.gz").dataobj) == 22
    )
    mine = spine["L3"].regions["body"].full_mask()
    assert 2 * (mine & truth).sum() / (mine.sum() + truth.sum()) > 0.93
