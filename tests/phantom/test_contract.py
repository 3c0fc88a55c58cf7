"""What every case promises: tissues as the forward model says, volumes as the truth says, the same bytes in every process."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spinemets import phantom
from spinemets.model.grid import Grid
from spinemets.phantom.cases.named import CASES, GROUPS, case_of
from spinemets.phantom.files.sheet import subject_of
from spinemets.phantom.imaging.acquisition import Acquisition, default
from spinemets.phantom.imaging.activity import ActivityContrast, value_per_suv
from spinemets.phantom.imaging.mr_signals import MrContrast
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.placing import several
from spinemets.phantom.imaging.radiograph import log_attenuation
from spinemets.phantom.imaging.radiograph_signals import AttenuationContrast
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.shape.block import Block
from spinemets.phantom.tissue.tissues import tissue
from tests.phantom.shares import Shares

FIELD_MM, STEP_MM = 72.0, 1.0
OBLIQUE = Rotation.from_euler("zyx", (23, 17, 31), degrees=True).as_matrix()
TISSUES = (
    "muscle",
    "csf",
    "subcutaneous_fat",
    "retroperitoneal_fat",
    "cord_white",
    "nucleus_healthy",
    "annulus",
    "fracture_fluid",
    "lung",
    "aorta_blood_pre",
)
# One case of each group in every run; all of them in `make validate`.
SAMPLE = {next(iter(group.CASES)) for group in GROUPS}


def marked(case, *values):
    """A case, slow unless it is of the sample; one process has all of it, which builds the patient once."""
    marks = [pytest.mark.xdist_group(case), *(() if case in SAMPLE else (pytest.mark.slow,))]
    return pytest.param(case, *values, marks=marks, id="-".join((case, *values)))


def volumetric(name):
    """Whether a series is a stack of slices whose values are those of tissues."""
    a = default(name)
    if a.emission is not None:
        return a.emission.attenuation_corrected and not a.emission.planar
    return a.modality in ("CT", "MR")


def series_of(case):
    """All series of a case, stations and discs one by one."""
    return [name for stated in case.series for name in several(stated)]


def rendered():
    """Every case with each of its series that is a stack of slices."""
    for case in sorted(CASES):
        for name in series_of(case_of(case)):
            if volumetric(name):
                yield marked(case, name)


def projected():
    """Every case with each of its radiographs."""
    for case in sorted(CASES):
        for name in series_of(case_of(case)):
            if default(name).xray is not None:
                yield pytest.param(case, name, marks=() if case == "fig01" else pytest.mark.slow, id=f"{case}-{name}")


EVERY = [marked(case) for case in sorted(CASES)]
RENDERED = list(rendered())
PROJECTED = list(projected())


@cache
def patient(case):
    """Each case once."""
    return phantom.build(case, 1)


def field(case):
    """A small field around what the case is about, isotropic, canal and muscle in it."""
    n = round(FIELD_MM / STEP_MM)
    affine = np.diag([STEP_MM, STEP_MM, STEP_MM, 1.0])
    affine[:3, 3] = subject_of(patient(case)) + np.array([0.0, 28.0, 0.0]) - (n - 1) / 2 * STEP_MM
    return Grid(shape_ijk=(n, n, 12), affine_lps_mm=affine + np.array([[0] * 4, [0] * 4, [0, 0, 0, 24.0], [0] * 4]))


# Faults of a series are no part of what a tissue is: they are tested where they are made.
FAULTS = {
    f.name: f.default
    for f in fields(Acquisition)
    if f.name in ("coil_radius_mm", "b0_offset_hz", "motion_mm", "csf_void")
}


def protocol(name):
    """The declared protocol without noise and faults, on the small field.

    With a soft kernel: what a sharp one adds beside the skin reaches further than two samples (`imaging/test_ct_scan.py` has it).
    """
    return replace(
        default(name), **FAULTS, noise=float("inf") if default(name).modality == "MR" else 0.0, pixel_mm=STEP_MM, slice_mm=STEP_MM,
        gap_mm=0.0, saturation_band=False, acquired_share=(1.0, 1.0), bandwidth_hz_per_px=1e6, echo_spacing_ms=0.0,
        hardening=False, kernel="SOFT", blur_mm=0.0 if default(name).modality == "CT" else 0.01,
    )  # fmt: skip


@pytest.mark.parametrize(("case", "sequence"), RENDERED)
def test_tissues_are_as_the_forward_model_says(case, sequence):
    """Mean of each tissue where it fills the sample and its neighbours: within 2 % of the model (2 HU on CT)."""
    grid, a = field(case), protocol(sequence)
    anatomy = patient(case).anatomy
    (volume,) = patient(case).render_together((a,), grid)
    image = np.asarray(volume.array, float).reshape(*grid.shape_ijk, -1)[..., 0]
    shares = paint(anatomy, Block.of_grid(grid), Shares(TISSUES))
    contrast, scale, absolute = expectation(patient(case), a)
    compared = 0
    for name, share in zip(TISSUES, shares, strict=True):
        inside = eroded(share > 0.999)
        if inside.sum() >= 30:
            channels = contrast.tissue(tissue(name, a.field_t))
            # Fat is turned against water in a gradient echo.
            expected = scale * (contrast.magnitude(channels) if a.modality == "MR" else sum(channels))
            assert image[inside].mean() == pytest.approx(expected, rel=0.02, abs=absolute), name
            compared += 1
    assert compared >= 2


def expectation(made, a):
    """Contrast of a series, what its numbers are multiplied by, and the least deviation that counts."""
    if a.modality == "CT":
        return CtContrast(kvp=a.kvp, iodine_s=a.iodine_s), 1.0, 2.0
    if a.emission is not None:
        scale = value_per_suv(a, made.case.patient.weight_kg)
        return ActivityContrast(a.emission.tracer, made.case.avidity), scale, 0.005 * scale
    return MrContrast(a), a.stored / marrow(made.anatomy, MrContrast(a)), 2.0


@pytest.mark.parametrize(("case", "sequence"), PROJECTED)
def test_rays_are_as_the_forward_model_says(case, sequence):
    """A radiograph holds, in its middle, the attenuation of each tissue times its path, walked along some rays."""
    made = patient(case)
    a = replace(default(sequence), pixel_mm=1.0, fov_mm=(30.0, 20.0), noise=0.0, blur_mm=0.0)
    beam, posed = made.beam(a), made.posed(a.xray.posture)
    found = log_attenuation(posed, beam)
    paths = []
    for i, j in ((5, 4), (14, 9), (24, 16), (8, 15), (20, 3)):
        end = np.asarray(made.grid(a).to_lps_mm((i, j, 0)))
        along = (end - beam.source_lps_mm) / np.linalg.norm(end - beam.source_lps_mm)
        affine = np.eye(4)
        affine[:3, 2], affine[:3, 3] = along * 0.5, beam.source_lps_mm + 600.0 * along
        affine[:3, 0] = np.cross(along, (0, 0, 1))
        affine[:3, 1] = np.cross(affine[:3, 0], along)
        block = Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 1000), reach_mm=0.5)
        paths.append((found[i, j], float(paint(posed, block, AttenuationContrast(50.0)).sum()) * 0.05))
    seen, walked = np.array(paths).T
    assert seen.mean() == pytest.approx(walked.mean(), rel=0.02)


def marrow(anatomy, contrast):
    """Signal of normal marrow, to which series are scaled."""
    base, slope = contrast.spongy(anatomy.hosts["L3"], 0.0)
    return contrast.magnitude(tuple(b + s for b, s in zip(base, slope, strict=True)))


def eroded(inside):
    """Samples at least two from anything else."""
    from scipy.ndimage import binary_erosion

    return binary_erosion(inside, np.ones((5, 5, 5)), border_value=0)


@pytest.mark.parametrize("case", EVERY)
def test_label_maps_hold_the_volumes_of_the_truth(case):
    """Each lesion of 500 mm3 and more, whatever its shape: voxels of 0.5 mm within 1 % of the volume from the functions."""
    made = patient(case)
    for number, (insert, lesion) in enumerate(zip(made.anatomy.inserts, made.truth["lesions"], strict=True), start=1):
        # The volume of a whole bone is a share of its body, its labels are all of the bone.
        if lesion["volume_mm3"] < 500 or insert.whole:
            continue
        centre, reach = insert.region.box
        reach += 2.0
        n = round(2 * reach / 0.5)
        # Oblique and off centre: a sphere counted about its own middle is 1 % off by symmetry alone.
        affine = np.eye(4)
        affine[:3, :3] = OBLIQUE * 0.5
        middle = made.anatomy.vertebra(insert.level).frame.lps(*centre)
        affine[:3, 3] = middle - affine[:3, :3] @ ((n - 1) / 2 + np.array([0.13, 0.31, 0.22]))
        grid = Grid(shape_ijk=(n, n, n), affine_lps_mm=affine)
        volume = np.count_nonzero(made.lesion_labels(grid) == number) * 0.125
        assert volume == pytest.approx(lesion["volume_mm3"], rel=0.01), lesion["id"]


@pytest.mark.parametrize(
    "cases",
    [
        pytest.param(sorted(SAMPLE)[::3], id="sample"),
        pytest.param(sorted(CASES), id="all", marks=pytest.mark.slow),
    ],
)
def test_the_same_bytes_in_another_process(cases):
    """PHA-02: same case and seed, same images and truth, whatever process made them."""
    script = (
        "import json, sys; from tests.phantom.test_contract import digests; print(json.dumps(digests(sys.argv[1:])))"
    )
    command = [sys.executable, "-c", script, *cases]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        own = digests(cases)
        said, _ = other.communicate()
    assert other.returncode == 0
    assert json.loads(said.splitlines()[-1]) == own


def digests(cases):
    """SHA-256 of a noisy series on a small field and of the truth, by case."""
    made = {}
    for case in cases:
        built = phantom.build(case, 2)
        stacks = [name for name in series_of(built.case) if volumetric(name)]
        if stacks:
            (volume,) = built.render_together((default(stacks[0]),), field_of(built))
        else:
            radiograph = next(a for a in map(default, series_of(built.case)) if a.xray is not None)
            (volume,) = built.render_together((replace(radiograph, pixel_mm=2.0, fov_mm=(60.0, 40.0)),))
        words = json.dumps(built.truth, sort_keys=True).encode()
        made[case] = hashlib.sha256(np.ascontiguousarray(volume.array).tobytes() + words).hexdigest()
    return made


def field_of(built):
    """Sixteen millimetres around the middle of L3."""
    affine = np.eye(4)
    affine[:3, 3] = built.anatomy.frames["L3"].origin - 8.0
    return Grid(shape_ijk=(16, 16, 4), affine_lps_mm=affine)


def test_the_contract_would_notice():
    """A tissue painted with another value is found out: the 2 % are not empty."""
    grid, a = field("first-light"), protocol("t1")
    (volume,) = patient("first-light").render_together((replace(a, te_ms=a.te_ms + 4),), grid)
    shares = paint(patient("first-light").anatomy, Block.of_grid(grid), Shares(("muscle",)))
    inside = eroded(shares[0] > 0.999)
    scale = a.stored / marrow(patient("first-light").anatomy, MrContrast(a))
    expected = scale * abs(sum(MrContrast(a).tissue(tissue("muscle"))))
    assert np.asarray(volume.array, float)[inside].mean() != pytest.approx(expected, rel=0.02)
