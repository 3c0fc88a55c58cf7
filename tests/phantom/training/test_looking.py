"""Pictures and files of samples."""

from __future__ import annotations

import nibabel
import numpy as np

from spinemets.phantom.training import looking


def test_sheet_has_head_up_and_front_to_the_left(small, generator):
    """In the sagittal picture of the labels the canal lies to the right of the bodies; all panels are there."""
    del small
    sample = generator.sample(0)
    picture = np.asarray(looking.sheet([sample, sample]))
    width = 40 + looking.MARGIN_PX
    assert picture.shape == (2 * (40 + looking.MARGIN_PX), picture.shape[1], 3)
    assert np.array_equal(picture[: 40 + 4], picture[40 + 4 :])
    labels = picture[:40, width : 2 * width]
    body, canal = (np.argwhere((labels == looking.COLOURS[c]).all(-1)) for c in (1, 5))
    if len(canal) > 5:
        assert canal[:, 1].mean() > body[:, 1].mean()


def test_files_hold_the_sample_in_its_place(tmp_path, generator):
    """NIfTI is RAS: the first two axes of the affine change sign."""
    sample = generator.sample(1)
    looking.write([sample], tmp_path)
    image, labels = (nibabel.load(tmp_path / f"000-{name}.nii.gz") for name in ("image", "labels"))
    assert np.array_equal(np.asarray(labels.dataobj), sample.labels)
    assert np.allclose(np.asarray(image.dataobj), sample.image)
    assert np.allclose(image.affine, np.diag([-1, -1, 1, 1]) @ sample.affine_lps_mm, atol=1e-4)
