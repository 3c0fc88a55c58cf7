"""How fractures look on MR and CT."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets import phantom


@pytest.fixture(scope="module")
def read(clean):
    """Function: mean in a ball of 1.5 mm around a point of a level's frame."""
    known = {}

    def mean(case, sequence, level, point):
        if (case, sequence) not in known:
            patient = phantom.build(case, 1)
            protocol = clean(sequence)
            # Nothing is read farther than 16 mm from the middle: eleven slices of a sagittal stack reach there.
            few = replace(protocol, n_slices=11) if protocol.plane == "sagittal" else protocol
            known[case, sequence] = (patient, patient.render(sequence, few))
        patient, volume = known[case, sequence]
        values = np.asarray(volume.array, float)
        affine = np.asarray(volume.grid.affine_lps_mm)
        centre = np.linalg.inv(affine) @ [*patient.anatomy.frames[level].lps(*point), 1.0]
        spacing = np.asarray(volume.grid.spacing_mm)
        low = np.maximum(np.floor(centre[:3] - 1.5 / spacing).astype(int), 0)
        high = np.ceil(centre[:3] + 1.5 / spacing).astype(int) + 1
        return float(values[low[0] : high[0], low[1] : high[1], low[2] : high[2]].mean())

    return mean


def test_band_is_dark_and_its_surroundings_bright(read):
    """The compacted band is darker than marrow on T1; oedema is darker than marrow on T1, brighter on STIR, and brighter than the band."""
    band, oedema, marrow = (3.0, 0.0, 5.0), (3.0, 8.0, 0.5), (3.0, 0.0, 0.0)
    t1 = {name: read("fx-band", "t1", "L1", at) for name, at in (("band", band), ("oedema", oedema))}
    host = read("fx-band", "t1", "L3", marrow)
    assert t1["band"] < 0.7 * host
    stir = [
        read("fx-full-edema", "stir", level, at)
        for level, at in (("L1", (3.0, 0.0, -4.0)), ("L1", band), ("L3", marrow))
    ]
    assert stir[0] > 2.0 * stir[2]
    assert stir[0] > 1.3 * stir[1]


def test_cleft_is_as_bright_as_fluid(read):
    """Fluid sign of fig10: far brighter than the oedema around it on T2."""
    assert read("fig10", "t2", "T11", (0.0, 1.5, 3.0)) > 2.0 * read("fig10", "t2", "T11", (0.0, 5.0, -4.0))


def test_healed_fracture_has_normal_marrow(read):
    """No oedema and no band in a healed wedge, on average over places: marrow is patchy."""
    places = [(side * 7.0, ahead, 0.0) for side in (-1, 1) for ahead in (-5.0, 0.0, 5.0)]
    for sequence in ("t1", "stir"):
        healed, normal = (
            np.mean([read("fx-grades-40", sequence, level, place) for place in places]) for level in ("L1", "L2")
        )
        assert healed == pytest.approx(normal, rel=0.08)


def test_tumour_replaces_body_and_pedicles_on_both_sides(read):
    """Malignant: the whole marrow dark on T1, pedicles too; the pedicle of a benign one keeps its fat."""
    host = read("fx-malignant-typical", "t1", "L3", (3.0, 0.0, 0.0))
    for point in ((0.0, 8.0, 0.0), (0.0, -6.0, -6.0)):
        assert read("fx-malignant-typical", "t1", "L1", point) < 0.7 * host
    pedicles = [(side * 15.5, -22.0, 4.5) for side in (1, -1)]
    malignant, benign = (
        [read(case, "t1", "L1", at) for at in pedicles] for case in ("fx-malignant-typical", "fx-pedicle-edema")
    )
    assert malignant[1] < 0.85 * benign[1]
    assert benign[0] < 0.85 * benign[1]


def test_band_is_dense_on_ct(read):
    """Mineral of the lost volume stands in the band."""
    band, host = read("fx-band", "ct", "L1", (3.0, 0.0, 5.0)), read("fx-band", "ct", "L3", (3.0, 0.0, 0.0))
    assert band > host + 60
