"""Fixtures shared by all rooms: grids, regions, and real images where they are at hand."""

from __future__ import annotations

import os
import time
from pathlib import Path

# The suite runs in two processes. If the linear algebra of each also starts a thread per processor, these spin while they wait for
# one another: a fit that needs 7 s of a processor then took 60. Read when numpy is loaded, and by the processes that tests start.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest

from spinemets.model.grid import Grid
from spinemets.model.region import Region
from spinemets.model.volume import Volume
from spinemets.phantom.files.demo import Demo, make_demo


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real images beside the repository; tests that need it skip with the reason where it is absent."""
    stated = os.environ.get("SPINEMETS_SHARED_DATA")
    folder = Path(stated) if stated else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("real images (shared/data beside the repository) are not here; the synthetic patient stands in")
    return folder


# A process that waits for another to make a patient looks this often, and not longer than this.
LOOK_S, PATIENCE_S = 0.5, 600


@pytest.fixture(scope="session")
def first_light_files(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Files of the case `first-light`, made once for all processes of a run. They are read, never written to."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "first-light"
    made = folder.with_name("first-light-made")
    try:
        folder.mkdir()
    except FileExistsError:
        waited = time.monotonic()
        while not made.exists():
            if time.monotonic() - waited > PATIENCE_S:
                pytest.fail("another process did not finish the patient")
            time.sleep(LOOK_S)
    else:
        make_demo(folder)
        made.touch()
    names = {"study": "STUDY", "labels": "labels.nii.gz", "clinical": "clinical.yaml", "truth": "truth.json"}
    return Demo(**{field: folder / name for field, name in names.items()})


@pytest.fixture
def unit_grid() -> Grid:
    """20 x 20 x 20 voxels of 1 mm, LPS axes."""
    return Grid(shape_ijk=(20, 20, 20), affine_lps_mm=np.eye(4))


@pytest.fixture
def make_volume():
    """Build a Volume from an array with isotropic spacing."""

    def build(
        array: np.ndarray, spacing_mm: float = 1.0, unit: str = "[hnsf'U]", quantity: str = "attenuation"
    ) -> Volume:
        affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
        grid = Grid(shape_ijk=array.shape[:3], affine_lps_mm=affine)
        return Volume(array=np.array(array), grid=grid, quantity=quantity, unit=unit, series_uid="1.2.3")

    return build


@pytest.fixture
def make_region():
    """Build a Region from a mask on a Volume's grid."""

    def build(name: str, mask: np.ndarray, volume: Volume) -> Region:
        return Region.from_mask(name, np.array(mask, bool), volume.grid, source="test")

    return build


@pytest.fixture(scope="session")
def catalogue():
    """The product's own catalogue."""
    from spinemets.knowledge.catalogue import load

    return load()


@pytest.fixture(scope="session")
def scene(catalogue):
    """The small patient of `spinemets.testing`, made once for every test that only reads it."""
    from spinemets.testing.scene import build

    return build(catalogue)


@pytest.fixture(scope="session")
def scene_results(scene, catalogue):
    """Gates and measures of the small patient."""
    from spinemets.testing.scene import results

    return results(scene, catalogue)
