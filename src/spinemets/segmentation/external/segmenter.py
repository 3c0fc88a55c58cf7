"""`ExternalTool`: one program as a Segmenter. Image out, program, labels in; all in a private folder that is then removed."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from spinemets.model.errors import LabelSchemeError, SegmenterFailed, UnreadableInput
from spinemets.model.segmentation import Segmentation
from spinemets.model.series import Series
from spinemets.model.study import Study
from spinemets.segmentation import eligible, label_map, nifti_image
from spinemets.segmentation.external import call, installed
from spinemets.segmentation.external.tools import Output, Run, Tool, load
from spinemets.segmentation.nifti_labels import read_nifti
from spinemets.segmentation.options import LabelFile
from spinemets.segmentation.placement import place
from spinemets.segmentation.voxels import NoLabels

OTHER_GRID = "Labels that do not lie on the image's voxels cannot be trusted; check the version of the tool."


@dataclass(frozen=True, kw_only=True)
class ExternalTool:
    """A segmenter of another maker.

    Attributes
    ----------
    key
        Name in the table `external_segmenters`.
    limit_s
        Time one call may take; None = that of the table.
    """

    key: str
    limit_s: float | None = None

    @property
    def tool(self) -> Tool:
        """What is known of it."""
        return load().tools[self.key]

    @property
    def name(self) -> str:
        """Title and version."""
        number = installed.version(self.tool)
        return self.tool.title if number is None else f"{self.tool.title} {number}"

    def segment(self, study: Study) -> tuple[Segmentation, ...]:
        """Structures of every series the tool was made for; empty where it outlines nothing.

        Raises
        ------
        MissingPart
            If the program or its weights are missing.
        SegmenterFailed
            If it fails, takes too long, or writes no labels on the image's own grid.
        """
        installed.require(self.tool)
        runs = installed.ready(self.tool)
        kinds = [kind for kind in self.tool.kinds if any(kind in run.kinds for run in runs)]
        return tuple(
            found
            for series in eligible.series_for(study, kinds)
            for run in runs
            if series.kind in run.kinds
            for found in self._outlined(series, run, study)
        )

    def _outlined(self, series: Series, run: Run, study: Study) -> list[Segmentation]:
        # Names say nothing of the patient: the folder's is random, the image's is fixed.
        with tempfile.TemporaryDirectory(prefix="spinemets-", ignore_cleanup_errors=True) as private:
            folder = Path(private)
            for name in ("home", "output"):
                (folder / name).mkdir()
            volume = series.pixels()
            if volume.array.ndim != 3:
                return []
            nifti_image.write(volume, folder / self.tool.image)
            self._start(run, folder)
            found = (self._read(folder, output, replace(study, series=(series,))) for output in run.outputs)
            return [one for one in found if one is not None]

    def _start(self, run: Run, folder: Path) -> None:
        weights = installed.weights(self.tool, run)
        words = {
            "image": str(folder / self.tool.image),
            "output": str(folder / "output"),
            "home": str(folder / "home"),
            "weights": str(weights),
        }
        for name, content in self.tool.files.items():
            Path(name.format(**words)).write_text(json.dumps(content), encoding="utf-8")
        stated = {name: value.format(**words) for name, value in self.tool.environment.items()}
        table = load()
        call.run(
            call.Call(
                title=self.tool.title,
                command=[str(installed.require(self.tool)), *(word.format(**words) for word in run.arguments)],
                folder=folder,
                environment={**table.network_off, **stated},
                limit_s=table.time_limit_s.value if self.limit_s is None else self.limit_s,
            )
        )

    def _read(self, folder: Path, output: Output, alone: Study) -> Segmentation | None:
        """Labels of one output on the series' own grid; None if the tool outlined nothing."""
        files = sorted(folder.rglob(output.file))
        label = alone.series[0].label
        if len(files) != 1:
            raise SegmenterFailed(
                f"{self.tool.title} ended without an error on {label}, but wrote "
                f"{'no' if not files else f'{len(files)}'} file {output.file}.",
                "Check the version of the tool, or choose another back end.",
            )
        try:
            labels = label_map.understand(read_nifti(files[0]), LabelFile(path=files[0], scheme=output.scheme))
            placed = place(labels, alone)
        except NoLabels:
            return None
        except (LabelSchemeError, UnreadableInput) as error:
            raise SegmenterFailed(f"{self.tool.title} on {label}: {error.what}", OTHER_GRID) from error
        if placed.series_uid is None:
            raise SegmenterFailed(
                f"{self.tool.title} wrote labels on another grid than that of {label}: {placed.grid.describe()}.",
                OTHER_GRID,
            )
        return self._named(placed)

    def _named(self, placed: Segmentation) -> Segmentation:
        """The same labels, from this tool instead of from a file."""
        parts = tuple(replace(p, region=replace(p.region, source=self.name)) for p in placed.parts)
        return replace(placed, parts=parts, source=self.name)
