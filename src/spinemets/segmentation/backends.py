"""Every back end by name: whether it can be used here, and how it is made."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from spinemets.model.errors import CatalogueError, UsageError
from spinemets.segmentation.port import Segmenter

ONNX = "onnx"


@dataclass(frozen=True, kw_only=True)
class Backend:
    """One back end.

    Attributes
    ----------
    after_colon
        Whether something follows its name after a colon: `never`, `maybe`, or `always`.
    available
        Whether it can be used here, and a sentence: with what, or what is missing and what to do.
    make
        Segmenter, given what follows the colon of its name and the time limit [s]; None where no name makes one.
    """

    available: Callable[[], tuple[bool, str]]
    make: Callable[[str, float | None], Segmenter] | None
    after_colon: str = "never"


def names() -> tuple[str, ...]:
    """What may be asked for by name."""
    return tuple(f"{name}:PATH" if name == ONNX else name for name, one in BACKENDS.items() if one.make is not None)


def segmenter(name: str, limit_s: float | None = None) -> Segmenter:
    """Segmenter of a back end; `onnx:PATH` for a network file, `network:openvino` for another engine.

    Raises
    ------
    UsageError
        If there is no back end of that name, or a network is asked for without its file.
    """
    key, colon, rest = name.partition(":")
    backend = BACKENDS.get(key)
    if backend is None or backend.make is None or not _well_formed(backend, colon, rest):
        raise UsageError(f"{name!r} is no back end.", f"Choose one of {', '.join(names())}.")
    return backend.make(rest, limit_s)


def _well_formed(backend: Backend, colon: str, rest: str) -> bool:
    if not colon:
        return backend.after_colon != "always"
    return backend.after_colon != "never" and bool(rest)


def _label_map() -> tuple[bool, str]:
    return True, "reads a label map made elsewhere (--labels FILE:SCHEME)"


def _network() -> tuple[bool, str]:
    from spinemets.segmentation.network.card import card_of, said
    from spinemets.segmentation.network.engine import engine_of

    try:
        cards = [card_of(ct=ct) for ct in (True, False)]
        for card in cards:
            engine_of("onnxruntime", card.weights)
    except (CatalogueError, ImportError, OSError) as error:
        return False, f"{getattr(error, 'what', error)}; give a label map with --labels"
    return True, f"{' and '.join(map(said, cards))}, the default; weights in the package"


def _make_network(rest: str, limit_s: float | None) -> Segmenter:
    from spinemets.segmentation.network.segmenter import SpineNetwork

    return SpineNetwork(engine=rest or "onnxruntime")


def _classical() -> tuple[bool, str]:
    return True, "outlines vertebrae in CT without a network and without names; approximate"


def _make_classical(rest: str, limit_s: float | None) -> Segmenter:
    from spinemets.segmentation.classical_ct.segmenter import ClassicalCt

    return ClassicalCt()


def _onnx() -> tuple[bool, str]:
    try:
        version = importlib.metadata.version("onnxruntime")
    except importlib.metadata.PackageNotFoundError:
        return False, "onnxruntime is not installed; pip install onnxruntime"
    return True, f"runs a network of your own with onnxruntime {version}: onnx:FILE with its side file beside it"


def _make_onnx(rest: str, limit_s: float | None) -> Segmenter:
    from spinemets.segmentation.user_onnx.segmenter import UserOnnx

    return UserOnnx(path=Path(rest))


def _external(key: str) -> tuple[bool, str]:
    from spinemets.segmentation.external import installed, tools

    return installed.available(tools.load().tools[key])


def _make_external(key: str, rest: str, limit_s: float | None) -> Segmenter:
    from spinemets.segmentation.external.segmenter import ExternalTool

    return ExternalTool(key=key, limit_s=limit_s)


BACKENDS = {
    "label_map": Backend(available=_label_map, make=None),
    # `network:openvino` runs the same weights in another engine.
    "network": Backend(available=_network, make=_make_network, after_colon="maybe"),
    "classical_ct": Backend(available=_classical, make=_make_classical),
    ONNX: Backend(available=_onnx, make=_make_onnx, after_colon="always"),
    **{
        key: Backend(available=partial(_external, key), make=partial(_make_external, key))
        for key in ("totalsegmentator", "spineps", "totalspineseg")
    },
}
