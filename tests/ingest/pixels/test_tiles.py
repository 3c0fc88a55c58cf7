"""Tiles: cut from pictures that are read once, in any order, plain or compressed; a picture that fails loses its tiles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.ingest.files.source_file import SourceFile
from spinemets.ingest.header import reader
from spinemets.ingest.pixels import tiles
from spinemets.ingest.pixels.decoded import DecodedImages
from spinemets.ingest.stacks import dicom

RLE = "1.2.840.10008.1.2.5"


class Collected:
    """Receiver that keeps what it is given."""

    def __init__(self) -> None:
        self.values: dict[int, np.ndarray] = {}
        self.reasons: dict[int, str] = {}

    def room(self, n):
        return np.empty((2, 3), np.uint16)

    def done(self, n, stored):
        self.values[n] = np.array(stored)

    def failed(self, n, reason):
        self.reasons[n] = reason


@pytest.fixture
def opened(tmp_path, write_image):
    """Frame of one written picture, and the store that has looked at it."""

    def build(array, syntax="1.2.840.10008.1.2.1"):
        import pydicom

        path = write_image(tmp_path / "a.dcm", array, Modality="MR")
        if syntax != "1.2.840.10008.1.2.1":
            dataset = pydicom.dcmread(path)
            dataset.compress(syntax)
            dataset.save_as(path)
        source = SourceFile(path=path, name="a.dcm", size=path.stat().st_size, kind="dicom")
        image = dicom.open_image(source, reader.HeaderReader().header(source))
        store = DecodedImages()
        return dicom.classic_frame(image), store, store.check(image)

    return build


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", RLE])
def test_each_tile_is_its_part_of_the_picture(opened, noise, syntax):
    """Plain, and compressed: numbers of the tiles are kept, whatever their order."""
    picture = noise(4, 9)
    frame, store, refusal = opened(picture, syntax)
    assert refusal is None
    places = [(2, 6), (0, 0), (0, 3), (2, 0)]
    found = Collected()
    tiles.deliver([replace(frame, tile=(r, c, 2, 3)) for r, c in places], store, found)
    for n, (r, c) in enumerate(places):
        np.testing.assert_array_equal(found.values[n], picture[r : r + 2, c : c + 3])


def test_whole_images_pass_unchanged(opened, noise):
    """Without tiles nothing is cut."""
    picture = noise(2, 3)
    frame, store, _ = opened(picture)
    found = Collected()
    tiles.deliver([frame], store, found)
    np.testing.assert_array_equal(found.values[0], picture)


def test_a_picture_that_cannot_be_decoded_loses_all_its_tiles(opened, noise):
    """Each tile is told why."""
    frame, store, _ = opened(noise(4, 9), RLE)
    store.task = lambda n, one: "cut off"
    found = Collected()
    tiles.deliver([replace(frame, tile=(0, 3 * k, 2, 3)) for k in range(3)], store, found)
    assert found.reasons == dict.fromkeys(range(3), "cut off") and not found.values
