"""The catalogue of criteria: one YAML entry each, checked on loading. The catalogue *is* the registry.

An entry with an unknown field, a cut-off without mark, source, population and caveat, or a statement without its state
does not load (design rule 2). Marks of origin: R the review, V verified by look-up, N literature not verified,
E engineering choice; only R and V may be called published.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml

from spinemets.knowledge import lookup
from spinemets.model.errors import CatalogueError

# Files of the package lie in a folder wherever it is installed; importlib.resources would bring zipfile, tempfile and
# shutil into every start.
HERE = Path(__file__).parent
# The tables beside the catalogue, under the name that the rooms know.
table = lookup.table
# A source, population or caveat that is empty is as bad as none.
Text = Annotated[str, msgspec.Meta(min_length=1)]
Mark = Literal["R", "V", "N", "E"]
Kind = Literal["gate", "measure", "weigh", "score", "data"]
Per = Literal["study", "series", "vertebra", "wall", "side", "disc", "lesion"]
StateName = Literal["present", "absent", "indeterminate", "measured", "not_assessable"]


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every part of an entry refuses fields it does not know."""


class Parameter(Strict, frozen=True):
    """A number the criterion is called with."""

    value: float | int | str | list[float | str]
    unit: str
    mark: Mark
    about: str
    source: str = ""


class Given(Strict, frozen=True):
    """A number the criterion returns. `plausible` bounds are checked in tests and shown in the docs."""

    quantity: str
    unit: str
    about: str = ""
    plausible: tuple[float, float] | None = None


class Cut(Strict, frozen=True):
    """A cut-off: `side` says on which side of `value` the sign counts as present."""

    name: str
    value: float
    side: Literal["above", "below"]
    mark: Mark
    source: Text
    population: Text
    caveat: Text


class Band(Strict, frozen=True):
    """A band up to `up_to` (None = the rest), with the state it stands for."""

    name: str
    state: StateName
    mark: Mark
    source: Text
    population: Text
    caveat: Text
    up_to: float | None = None


class Validity(Strict, frozen=True):
    """Where the cut-off holds. Elsewhere the value is reported with `otherwise`: a state, a reason or caveat code."""

    otherwise: Literal["measured", "not_assessable"]
    code: str
    levels: list[str] | None = None
    kinds: list[str] | None = None
    kvp: tuple[float, float] | None = None
    field_t: list[tuple[float, float]] | None = None


class Judge(Strict, frozen=True):
    """How numbers become a state.

    by
        `cut`: interval of `of` against each cut (signs.md 0.5); `bands`; `category`: the measure's own category, by the
        table `categories`; `verdict`: a gate; `none`: measured only.
    interval
        Interval that is compared.
    """

    by: Literal["cut", "bands", "category", "verdict", "none"]
    of: str | None = None
    cuts: list[Cut] = []
    bands: list[Band] = []
    categories: dict[str, StateName] = {}
    interval: Literal["ci95", "ci68"] = "ci95"
    valid_when: list[Validity] = []


class Needs(Strict, frozen=True):
    """What the runner brings, by argument name.

    volumes
        argument -> accepted series kinds, best first. The judged image is never resampled.
    regions
        Region names of the vertebra (MR and CT alike); the mask comes to the volume's grid.
    references
        `muscle`, `disc`, `fat`: reference tissue in the same series near the level.
    normal
        True: argument `normal`, marrow of the normal neighbours in the same series (G-07).
    lesions
        argument -> criterion whose candidates in this series and vertebra are passed.
    focus
        Criteria, best first: argument `focus`, the leading candidate of this level that a search of theirs found in another
        series, on the grid of this one (for maps, which are not searched themselves).
    cortex
        True: arguments `cortex` and `neighbour_cortex` for the wall (per: wall) or the pedicle shell (per: side).
    anatomy
        Any of `endplates`, `frame`, `completeness`, `level`, `size_mm`.
    acquisition
        Header facts passed by name, None where the header is silent; for maps also what they were computed with.
    gates
        Gate criterion -> use that must be `ok` or `limited`.
    results
        For `weigh` and `score`: criteria whose results of all levels are passed as `results[ID]`.
    facts
        For `weigh` and `score`: any of `patient`, `clinical`, `levels`, `study`.
    tables
        Knowledge tables passed by name.
    optional
        Arguments passed as None where they cannot be had (all others lead to a refusal that names them).
    repeat
        `eroded`: called again with regions eroded by one voxel.
    """

    volumes: dict[str, list[str]] = {}
    regions: list[str] = []
    references: list[str] = []
    normal: bool = False
    lesions: dict[str, str] = {}
    focus: list[str] = []
    cortex: bool = False
    anatomy: list[str] = []
    acquisition: list[str] = []
    gates: dict[str, str] = {}
    results: list[str] = []
    facts: list[str] = []
    tables: list[str] = []
    optional: list[str] = []
    repeat: Literal["eroded"] | None = None


class Weight(Strict, frozen=True):
    """What a state of this criterion counts for in the reading model (READ 6): hypothesis, strength -3..3, group.

    `parts` limits it to some walls or sides; `beside` to levels where another criterion is present in one of the
    categories named (a broken posterior wall counts as strong only with a lytic focus).
    """

    hypothesis: str
    strength: int
    group: str
    mark: Mark
    source: str
    parts: list[str] = []
    beside: dict[str, list[str]] = {}


class Truth(Strict, frozen=True):
    """A case of the synthetic patient with the state or value that must come out."""

    case: str
    level: str
    state: StateName | None = None
    part: str | None = None
    category: str | None = None
    value: float | None = None
    tolerance: float | None = None


class Criterion(Strict, frozen=True):
    """One catalogue entry.

    `invalidates` lists criteria whose reference does not exist where this one is present (they become NA-REFERENCE).
    """

    id: str
    version: str
    title: str
    asks: str
    shows: str
    decided: str
    kind: Kind
    per: Per
    modalities: list[Literal["CT", "MR", "PET"]]
    module: str | None = None
    needs: Needs = Needs()
    parameters: dict[str, Parameter] = {}
    gives: dict[str, Given] = {}
    judge: Judge = Judge(by="none")
    statements: dict[StateName, str] = {}
    caveats: list[str] = []
    absent_caveats: list[str] = []
    pitfalls: list[str] = []
    remedy: str = ""
    sources: dict[str, str] = {}
    weights: dict[StateName, list[Weight]] = {}
    truth: list[Truth] = []
    invalidates: list[str] = []
    picture: Literal["axial", "sagittal", "both", "none"] = "both"

    def values(self) -> dict[str, Any]:
        """Parameters by keyword."""
        return {name: p.value for name, p in self.parameters.items()}


Catalogue = Mapping[str, Criterion]


def decode(text: str, name: str) -> Criterion:
    """Decode one entry.

    Raises
    ------
    CatalogueError
        With the path of the wrong field.
    """
    try:
        return msgspec.convert(yaml.load(text, Loader=yaml.CSafeLoader), Criterion, strict=False)
    except (msgspec.ValidationError, yaml.YAMLError) as error:
        raise CatalogueError(f"catalogue entry {name}: {error}") from error


@cache
def entry(name: str) -> Criterion:
    """One entry by its id, without reading the others.

    Raises
    ------
    CatalogueError
        If there is none, or it is wrong.
    """
    item = HERE / "criteria" / f"{name}.yaml"
    if not item.is_file():
        raise CatalogueError(f"the catalogue has no entry {name}")
    found = decode(item.read_text(encoding="utf-8"), item.name)
    if found.id != name:
        raise CatalogueError(f"catalogue entry {item.name}: its id is {found.id}; name the file {found.id}.yaml")
    return found


@cache
def load() -> Catalogue:
    """All entries by id, in the order in which they can run (what is needed comes first)."""
    folder = HERE / "criteria"
    names = sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml"))
    return ordered({name: entry(name) for name in names})


def ordered(entries: dict[str, Criterion]) -> Catalogue:
    """Topological order over gates and results.

    Raises
    ------
    CatalogueError
        If an entry needs one that does not exist, or entries need each other in a circle.
    """
    done: dict[str, Criterion] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in done:
            return
        if name in path:
            raise CatalogueError(f"catalogue: {' needs '.join((*path, name))}: a circle")
        if name not in entries:
            raise CatalogueError(f"catalogue entry {path[-1]} needs {name}, which does not exist")
        needs = entries[name].needs
        for needed in (*needs.gates, *needs.results):
            visit(needed, (*path, name))
        done[name] = entries[name]

    for name in sorted(entries, key=lambda n: (entries[n].kind != "gate", n)):
        visit(name, ())
    return done


@cache
def parameter_hash() -> str:
    """SHA-256 over every file of `knowledge/` (names and contents), first 16 hex digits."""
    import hashlib

    digest = hashlib.sha256()
    root = HERE
    for folder in ("criteria", "tables", "vendors"):
        directory = root / folder
        if not directory.is_dir():
            continue
        for item in sorted(directory.iterdir(), key=lambda p: p.name):
            if item.name.endswith((".yaml", ".json")):
                digest.update(item.name.encode())
                digest.update(item.read_bytes())
    return digest.hexdigest()[:16]
