"""United Imaging grids: each tile lies where its own item says, in whatever order; without the items there is no volume."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.ingest.read import read


@pytest.fixture
def write_grid(tmp_path, write_image):
    """Write a stack as a grid of `across` tiles a row, positions in 0065,xx51."""
    import pydicom

    def write(stack, positions, across):
        n, rows, columns = stack.shape
        down = -(-n // across)
        picture = np.zeros((down * rows, across * columns), stack.dtype)
        for k, image in enumerate(stack):
            r, c = divmod(k, across)
            picture[r * rows : (r + 1) * rows, c * columns : (c + 1) * columns] = image
        path = write_image(
            tmp_path / "grid.dcm", picture, Modality="MR", ImageType=["ORIGINAL", "PRIMARY", "M", "VFRAME"],
            ImagePositionPatient=None, PixelSpacing=[2.0, 2.0],
        )  # fmt: skip
        dataset = pydicom.dcmread(path)
        items = []
        for position in positions:
            item = pydicom.Dataset()
            if position is not None:
                item.ImagePositionPatient = list(position)
            items.append(item)
        block = dataset.private_block(0x65, "Image Private Header", create=True)
        block.add_new(0x51, "SQ", pydicom.Sequence(items))
        dataset.save_as(path)
        return tmp_path

    return write


@pytest.mark.parametrize(("n", "across"), [(20, 5), (7, 3), (1, 1), (9, 3)])
def test_tiles_row_by_row(write_grid, noise, n, across):
    """The grid is as near to a square as the number of slices allows, wider than high."""
    stack = noise(n, 4, 6)
    folder = write_grid(stack, [(1.0, 2.0, 4.2 * k) for k in range(n)], across)
    (series,) = read([folder]).series
    np.testing.assert_array_equal(series.pixels().array, stack.transpose(2, 1, 0))
    np.testing.assert_allclose(series.grid.affine_lps_mm[:3, 3], (1, 2, 0))


def test_order_is_that_of_the_positions(write_grid, noise):
    """Interleaved and reversed items: position decides, not the place of the tile."""
    stack = noise(6, 4, 4)
    order = np.array([3, 1, 5, 0, 4, 2])
    folder = write_grid(stack, [(0.0, 0.0, 3.0 * z) for z in order], 3)
    (series,) = read([folder]).series
    np.testing.assert_array_equal(series.pixels().array, stack[np.argsort(order)].transpose(2, 1, 0))


def test_a_missing_tile_position_refuses_the_picture(write_grid, noise):
    """One slice without a place: nothing is guessed from its neighbours."""
    folder = write_grid(noise(4, 4, 4), [(0, 0, 0), (0, 0, 3), None, (0, 0, 9)], 2)
    (series,) = read([folder]).series
    assert "position of its slice 3 is not stated" in series.geometry.notes[0]


def test_without_its_private_sequence_there_is_no_volume(tmp_path, write_image, noise):
    """Anonymised: the reason names what is missing."""
    write_image(tmp_path / "a.dcm", noise(8, 8), Modality="MR", ImageType=["ORIGINAL", "PRIMARY", "M", "VFRAME"])
    (series,) = read([tmp_path]).series
    assert not series.measurable
    assert "private header is missing" in series.geometry.notes[0]


def test_a_grid_that_does_not_divide_is_refused(write_grid, noise):
    """Ten items on a 2 x 2 picture of 8 x 8 pixels: a grid of 4 x 3 has no whole tiles."""
    folder = write_grid(noise(4, 4, 4), [(0.0, 0.0, 3.0 * k) for k in range(10)], 2)
    (series,) = read([folder]).series
    assert "8 x 8 pixels do not hold 10 tiles" in series.geometry.notes[0]
