"""Fixtures shared by all rooms: grids, regions, and real images where they are at hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Folder that is filled once for all processes of a run. It is read, never written to."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    made = folder.with_name(f"{name}-made")
    try:
        folder.mkdir()
    except FileExistsError:
        waited = time.monotonic()
        while not made.exists():
            if time.monotonic() - waited > PATIENCE_S:
                pytest.fail("another process did not finish the patient")
            time.sleep(LOOK_S)
    else:
        make(folder)
        made.touch()
    return folder


@pytest.fixture(scope="session")
def first_light_files(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Files of the case `first-light`, made once for all processes of a run."""
    folder = once(tmp_path_factory, "first-light", make_demo)
    names = {"study": "STUDY", "labels": "labels.nii.gz", "clinical": "clinical.yaml", "truth": "truth.json"}
    return Demo(**{field: folder / name for field, name in names.items()})


# No socket can be made in this process, and every try is written down.
CLOSED = """
import sys
def watch(event, arguments):
    if event.startswith("socket.") or event in ("urllib.Request", "http.client.connect", "ftplib.connect"):
        print("network:", event, file=sys.stderr)
        raise OSError("the network is closed")
sys.addaudithook(watch)
"""
COMMAND_LINE = "from spinemets.app.cli.main import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture(scope="session")
def closed() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Function: run the command line in a process of its own that can make no socket; `behind` replaces it."""

    def run(*arguments: str, behind: str = COMMAND_LINE) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        command = [sys.executable, "-c", CLOSED + behind, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    return run


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory, closed: Callable[..., Any]) -> Path:
    """Patient of `phantom make demo` and `report`, what `analyze` made of it: once for all processes, network closed.

    What each command said lies beside them, for the test that asks: `make.json` and `analyze.json`.
    """

    def make(folder: Path) -> None:
        commands = {
            "make": ("phantom", "make", "demo", "--out", str(folder)),
            "analyze": ("analyze", str(folder / "STUDY"), "--out", str(folder / "report")),
        }
        for name, command in commands.items():
            done = closed(*command)
            said = {"returncode": done.returncode, "stdout": done.stdout, "stderr": done.stderr}
            (folder / f"{name}.json").write_text(json.dumps(said))

    return once(tmp_path_factory, "demonstration", make)


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
