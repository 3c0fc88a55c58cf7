"""Which text files speak about an image: those of its name, and in BIDS folders those it inherits from.

BIDS: a side file applies to every image at or below its folder whose name has the same suffix and all the entities
(`key-value` parts) of the side file's name; what is nearer and more particular speaks last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from spinemets.ingest.files.source_file import SourceFile, stem

Entities = frozenset[tuple[str, str]]
ENDINGS = (".json", ".bval", ".bvec")


class SideFiles:
    """Text files of an input, found by the image they speak about.

    Attributes
    ----------
    taken
        Names of those that spoke about some image.
    """

    def __init__(self, files: Sequence[SourceFile]) -> None:
        self.taken: set[str] = set()
        self._by_name: dict[str, SourceFile] = {}
        self._by_entities: dict[tuple[str, str, str, Entities], SourceFile] = {}
        self._keys: dict[tuple[str, str, str], set[frozenset[str]]] = defaultdict(set)
        for source in files:
            name = _plain(source.name)
            self._by_name[name] = source
            ending = name[name.rfind(".") :].lower()
            folder, suffix, entities = _parts(_plain(stem(source)))
            if ending in ENDINGS and suffix:
                self._by_entities[folder, suffix, ending, entities] = source
                self._keys[folder, suffix, ending].add(frozenset(key for key, _ in entities))

    def of(self, image: SourceFile, ending: str) -> list[SourceFile]:
        """Side files of an image with that ending (`.json`, `.bval`, `.bvec`), the most general first.

        An image outside BIDS has at most the one of its own name.
        """
        found = self._inherited(image, ending)
        own = self._own(image, ending)
        if own is not None and all(own.name != other.name for other in found):
            found.append(own)
        self.taken.update(one.name for one in found)
        return found

    def _own(self, image: SourceFile, ending: str) -> SourceFile | None:
        name = stem(image) + ending
        known = self._by_name.get(_plain(name))
        if known is not None or image.keep is not None:
            return known
        path = image.path.with_name(name.rsplit("/", 1)[-1])
        return SourceFile(path=path, name=name, size=path.stat().st_size, kind="side") if path.is_file() else None

    def _inherited(self, image: SourceFile, ending: str) -> list[SourceFile]:
        folder, suffix, entities = _parts(_plain(stem(image)))
        if not suffix or "sub" not in dict(entities):
            return []
        found: list[SourceFile] = []
        for place in _upwards(folder):
            here = []
            for keys in self._keys.get((place, suffix, ending), ()):
                chosen = frozenset(entity for entity in entities if entity[0] in keys)
                one = self._by_entities.get((place, suffix, ending, chosen))
                if one is not None and len(chosen) == len(keys):
                    here.append((len(keys), one.name, one))
            found.extend(one for _, _, one in sorted(here, key=lambda row: row[:2]))
        return found


def _upwards(folder: str) -> list[str]:
    """The folder and those above it, the highest first."""
    found = [""]
    parts = folder.split("/") if folder else []
    found.extend("/".join(parts[: n + 1]) for n in range(len(parts)))
    return found


def _parts(name: str) -> tuple[str, str, Entities]:
    """Folder, suffix and entities of a name without ending; an empty suffix where the name is no BIDS name."""
    folder, _, last = name.rpartition("/")
    *pairs, suffix = last.split("_")
    entities = [tuple(pair.split("-", 1)) for pair in pairs]
    if not suffix.isalnum() or any(len(entity) != 2 for entity in entities):
        return folder, "", frozenset()
    return folder, suffix, frozenset((entity[0], entity[1]) for entity in entities)


def _plain(name: str) -> str:
    """Name with members of archives as if they lay in a folder."""
    return name.replace("!", "/")
