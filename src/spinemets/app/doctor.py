"""The state of an installation: what it can read and do, and why not where it cannot."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import shutil
from pathlib import Path
from typing import Any

from spinemets import __version__
from spinemets.model.errors import CatalogueError

LIBRARIES = (
    "numpy",
    "scipy",
    "numba",
    "pydicom",
    "python-gdcm",
    "pyjpegls",
    "pylibjpeg",
    "pylibjpeg-openjpeg",
    "pylibjpeg-rle",
    "nibabel",
    "isal",
    "highdicom",
    "connected-components-3d",
    "edt",
    "scikit-image",
    "msgspec",
    "jsonschema",
    "jinja2",
    "pillow",
    "pyyaml",
    "onnxruntime",
)
# Name of the distribution -> name it is imported by, where they differ.
IMPORTED_AS = {
    "python-gdcm": "gdcm",
    "pyjpegls": "jpeg_ls",
    "pylibjpeg-openjpeg": "openjpeg",
    "pylibjpeg-rle": "rle",
    "connected-components-3d": "cc3d",
    "scikit-image": "skimage",
    "pillow": "PIL",
    "pyyaml": "yaml",
}
# Programs that spinemets can do without; what they are for.
PROGRAMS = {
    "chromium": "prints the page to PDF by hand and runs the browser tests",
    "dcm2niix": "an independent converter the reading tests compare with",
}


def examine() -> dict[str, Any]:
    """Look at everything; nothing raises, a fault is a sentence."""
    knowledge, unloaded = catalogue()
    libraries = {name: library(name) for name in LIBRARIES}
    decoders = codecs()
    cache = numba_cache()
    faults = [f"{name}: {state['fault']}" for name, state in libraries.items() if state["fault"]]
    faults += [f"{name}: no decoder works" for name, state in decoders.items() if not state["available"]]
    faults += unloaded
    return {
        "schema": "spinemets-doctor/1",
        "ok": not faults,
        "faults": faults,
        "spinemets": {"version": __version__, **knowledge},
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "libraries": libraries,
        "decoders": decoders,
        "segmenters": segmenters(),
        "programs": {name: {"found": shutil.which(name) is not None, "for": why} for name, why in PROGRAMS.items()},
        "threads": threads(),
        "memory_mb": memory_mb(),
        "numba_cache": cache,
    }


def catalogue() -> tuple[dict[str, str | int], list[str]]:
    """Hash of all parameters and number of entries, and the fault if the catalogue does not load."""
    from spinemets.knowledge.catalogue import load, parameter_hash

    try:
        return {"parameters": parameter_hash(), "entries": len(load())}, []
    except CatalogueError as error:
        return {"parameters": parameter_hash(), "entries": 0}, [error.what]


def library(name: str) -> dict[str, str | None]:
    """Version of a library, and the fault if it does not import."""
    try:
        importlib.import_module(IMPORTED_AS.get(name, name))
        return {"version": importlib.metadata.version(name), "fault": None}
    except (ImportError, OSError, importlib.metadata.PackageNotFoundError) as error:
        return {"version": None, "fault": f"{type(error).__name__}: {error}"}


def codecs() -> dict[str, dict[str, Any]]:
    """Per compressed DICOM transfer syntax: plug-ins that decode it here, and what the others lack."""
    from pydicom import uid
    from pydicom.pixels.decoders.base import get_decoder

    syntaxes = (
        *uid.JPEGTransferSyntaxes,
        *uid.JPEGLSTransferSyntaxes,
        uid.JPEG2000Lossless,
        uid.JPEG2000,
        uid.HTJ2KLossless,
        uid.HTJ2KLosslessRPCL,
        uid.HTJ2K,
        *uid.RLETransferSyntaxes,
    )
    state = {}
    for syntax in syntaxes:
        decoder = get_decoder(syntax)
        missing = dict(line.split(" - ", 1) for line in decoder.missing_dependencies)
        state[syntax.name] = {"uid": str(syntax), "available": list(decoder.available_plugins), "missing": missing}
    return state


def segmenters() -> dict[str, dict[str, str | bool]]:
    """Back ends that find the vertebrae: whether each can be used here, and why not or with what."""
    from spinemets.segmentation import backends

    state: dict[str, dict[str, str | bool]] = {}
    for name, backend in backends.BACKENDS.items():
        usable, why = backend.available()
        state[name] = {"available": usable, "why": why}
    return state


def threads() -> dict[str, int]:
    """Processors this process may use, and threads numba would start."""
    import numba

    return {"processors": len(os.sched_getaffinity(0)), "numba": numba.get_num_threads()}


def memory_mb() -> dict[str, int]:
    """Installed memory and what is free now; empty where the system does not say."""
    source = Path("/proc/meminfo")
    if not source.exists():
        return {}
    lines = dict(line.split(":", 1) for line in source.read_text().splitlines())
    return {
        "installed": int(lines["MemTotal"].split()[0]) // 1024,
        "available": int(lines["MemAvailable"].split()[0]) // 1024,
    }


def numba_cache() -> dict[str, Any]:
    """Whether compiled loops can be kept between runs."""
    stated = os.environ.get("NUMBA_CACHE_DIR")
    folder = Path(stated) if stated else Path(__file__).resolve().parents[1]
    return {"writable": os.access(folder, os.W_OK), "stated": stated is not None}


def text(state: dict[str, Any]) -> str:
    """The state for a person."""
    own = state["spinemets"]
    lines = [
        f"spinemets {own['version']}, catalogue of {own['entries']} entries, parameters {own['parameters']}",
        f"Python {state['python']} on {state['system']}",
        f"{state['threads']['processors']} processors, {state['threads']['numba']} numba threads",
        *(f"memory {kind}: {mb} MB" for kind, mb in state["memory_mb"].items()),
        f"compiled loops are {'kept between runs' if state['numba_cache']['writable'] else 'compiled anew in each run'}",
        "",
        "Libraries",
        *(f"  {name} {s['version'] or 'DOES NOT WORK: ' + s['fault']}" for name, s in state["libraries"].items()),
        "",
        "Compressed DICOM transfer syntaxes and what decodes them (uncompressed ones need nothing)",
        *(f"  {name}: {', '.join(s['available']) or 'NONE'}" for name, s in state["decoders"].items()),
        "",
        "Back ends that find the vertebrae",
        *(f"  {name}: {'yes' if s['available'] else 'no'}, {s['why']}" for name, s in state["segmenters"].items()),
        "",
        "Programs that are used if present",
        *(f"  {name}: {'found' if s['found'] else 'absent'}, {s['for']}" for name, s in state["programs"].items()),
        "",
        "All is in order." if state["ok"] else "Faults: " + "; ".join(state["faults"]),
    ]
    return "\n".join(lines)
