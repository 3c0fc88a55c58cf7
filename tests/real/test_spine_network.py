"""The network of the package on real images that it was never trained on (read in place; skipped where they are absent).

The whole table of figures is `docs/explanation/validation.md`; here stand the floors below which a change has broken something.
"""

from __future__ import annotations

import numpy as np
import pytest

from studies.network import images
from studies.network.measured import in_order, network, outline, scored

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("network"), pytest.mark.usefixtures("shared_data")]
FLOORS = {
    "marrow": 0.865,
    "disc": 0.85,
    "body": 0.915,
    "torso": 0.91,
    "thoracic": 0.915,
    "crop-ct": 0.91,
    "crop-mr": 0.80,
    "cord": 0.80,
}


def mean(scores, structure: str) -> float:
    return float(np.mean([s.dice for s in scores if s.structure == structure]))


def all_scores(known):
    return [score for one in known for score in scored(one, outline(one))]


def test_every_labelled_lumbar_body_is_a_vertebra_of_its_own_in_order():
    """'every labelled body its own instance, order right: 93 of 93'."""
    bodies, met = 0, 0
    for one in images.lumbar_bodies():
        scores = scored(one, outline(one))
        assert in_order(one, scores), one.name
        own = [s for s in scores if s.structure == "marrow"]
        bodies += len(own)
        met += sum(s.own > 0 for s in own)
    assert (bodies, met) == (93, 93)


@pytest.mark.parametrize(
    ("make", "structure", "floor"),
    [
        (images.lumbar_bodies, "marrow", FLOORS["marrow"]),
        (images.lumbar_discs, "disc", FLOORS["disc"]),
        (images.torso, "body", FLOORS["body"]),
        (images.torso, "vertebra", FLOORS["torso"]),
        (images.thoracic, "vertebra", FLOORS["thoracic"]),
        (lambda: images.crops()[:1], "vertebra", FLOORS["crop-ct"]),
        (lambda: images.crops()[1:], "vertebra", FLOORS["crop-mr"]),
        (images.cervical, "cord", FLOORS["cord"]),
    ],
    ids=["mr-bodies", "mr-discs", "ct-bodies", "ct-whole", "cta-t12", "crop-ct", "crop-mr", "cord"],
)
def test_dice(make, structure, floor):
    assert mean(all_scores(make()), structure) >= floor


def test_every_vertebra_of_a_thoracic_ct_of_5_mm_is_its_own(shared_data):
    """`ct-thoracic-dx-a0001`, seen in pictures: C7 or T1 down to T12 or L1, none left out, none twice."""
    from spinemets.app.pipeline import open_study
    from spinemets.segmentation.network.instances import instances_of
    from spinemets.segmentation.network.segmenter import seen

    study = open_study(shared_data / "ct-thoracic-dx-a0001" / "series-kernel-B.tar.xz")
    volume, of = study.series[0].pixels(), network(ct=True)
    scores = seen(volume.array, volume.grid, of, ct=True)
    centres = instances_of(scores, of[0]).centres_mm
    pitches = np.linalg.norm(np.diff(centres, axis=0), axis=1)
    assert 13 <= len(centres) <= 16
    assert (pitches[1:-1] > 14).all() and (pitches < 36).all()
