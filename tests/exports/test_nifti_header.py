"""The header made by hand against nibabel: the same fields, the same affine, for every type and orientation."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spinemets.exports.nifti_header import CODES, header, orientation


def turned(angles_deg, spacing=(0.7, 0.9, 3.0), flip=False) -> np.ndarray:
    """Affine of a turned grid off the origin."""
    affine = np.eye(4)
    for axis, angle in enumerate(np.radians(angles_deg)):
        c, s = np.cos(angle), np.sin(angle)
        step = np.eye(3)
        a, b = [n for n in range(3) if n != axis]
        step[a, a], step[a, b], step[b, a], step[b, b] = c, -s, s, c
        affine[:3, :3] = affine[:3, :3] @ step
    affine[:3, :3] *= spacing
    if flip:
        affine[:3, 2] *= -1
    affine[:3, 3] = (-90.5, 12.25, 333.0)
    return affine


def parsed(data: bytes) -> nib.Nifti1Header:
    assert len(data) == 352 and data[348:] == bytes(4)
    return nib.Nifti1Header(data[:348])


@pytest.mark.parametrize("name", sorted(CODES))
def test_types_and_shape(name):
    """Type, shape, voxel sizes, units and place of the data."""
    found = parsed(header((4, 5, 6), np.dtype(name), turned((10, 20, 30)), "about"))
    assert found.get_data_dtype() == np.dtype(name) and found.get_data_shape() == (4, 5, 6)
    assert found.get_zooms() == pytest.approx((0.7, 0.9, 3.0), rel=1e-6)
    assert found.get_xyzt_units() == ("mm", "sec") and found["vox_offset"] == 352
    assert bytes(found["descrip"]).rstrip(b"\0") == b"about" and found.get_slope_inter() == (1.0, 0.0)


# Near half turns the scalar part of the quaternion is the root of what three 32-bit numbers leave of 1: 6e-4 at worst, twice
# that in a direction, times a voxel of 3 mm.
QFORM_MM = 5e-3


@given(st.tuples(*[st.floats(-180, 180)] * 3), st.booleans())
@example(angles=(0.0, 177.0, 178.0), flip=False)
def test_any_orientation_is_the_same_in_sform_and_qform(angles, flip):
    """Both matrices give the affine, also half turns and mirrored grids; nibabel's own header has the same quaternion."""
    affine = turned(angles, flip=flip)
    found = parsed(header((4, 5, 6), np.dtype(np.int16), affine))
    np.testing.assert_allclose(found.get_sform(), affine, atol=1e-4)
    np.testing.assert_allclose(found.get_qform(), affine, atol=QFORM_MM)
    theirs = nib.Nifti1Header()
    theirs.set_data_shape((4, 5, 6))
    theirs.set_qform(affine, 1)
    np.testing.assert_allclose(theirs.get_qform(), found.get_qform(), atol=QFORM_MM)
    assert found.get_sform(coded=True)[1] == found.get_qform(coded=True)[1] == 1


def test_a_sheared_affine_keeps_its_sform():
    """sform holds it exactly, qform the nearest rotation."""
    affine = turned((0, 0, 0))
    affine[1, 2] = 0.4
    found = parsed(header((4, 5, 6), np.dtype(np.int16), affine))
    np.testing.assert_allclose(found.get_sform(), affine, atol=1e-5)
    quaternion, handed, spacing = orientation(affine)
    assert np.linalg.norm(quaternion) < 0.2 and handed == 1 and spacing[2] == pytest.approx(np.hypot(3, 0.4))


def test_several_volumes_and_colour():
    """A fourth axis; colour as RGB24, its samples no axis."""
    assert parsed(header((4, 5, 6, 7), np.dtype(np.float32), np.eye(4))).get_data_shape() == (4, 5, 6, 7)
    timed = parsed(header((4, 5, 6, 7), np.dtype(np.float32), np.eye(4), step_s=2.5))
    assert timed.get_zooms()[3] == 2.5
    colour = parsed(header((4, 5, 6, 3), np.dtype(np.uint8), np.eye(4)))
    assert colour["datatype"] == 128 and colour["bitpix"] == 24 and colour.get_data_shape() == (4, 5, 6)


@pytest.mark.parametrize(("shape", "dtype"), [((40000, 2, 2), np.int16), ((2, 2, 2), np.complex64)])
def test_what_nifti_1_cannot_hold(shape, dtype):
    """Said, not wrapped round."""
    with pytest.raises(ValueError, match="no place"):
        header(shape, np.dtype(dtype), np.eye(4))
