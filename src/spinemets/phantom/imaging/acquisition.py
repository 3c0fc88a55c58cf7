"""How a series of the synthetic patient is made: geometry, timing, blur and noise."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from spinemets.knowledge.lookup import table
from spinemets.model.errors import UsageError
from spinemets.phantom.imaging.emission_protocol import Emission
from spinemets.phantom.imaging.placing import placed
from spinemets.phantom.imaging.radiograph_technique import Technique

COMPONENTS = ("in", "opposed", "water", "fat")
MAGNITUDE, PHASE = "magnitude", "phase"


@dataclass(frozen=True, kw_only=True)
class Acquisition:
    """Protocol of one series.

    Attributes
    ----------
    description, about
        What the series is called in its header, and what it is.
    plane
        `axial` (i to the left, j to the back, k upwards), `sagittal` (i to the back, j downwards, k to the right), `coronal`
        (i to the left, j downwards, k to the back), or `projection` (radiographs: i along columns, j along rows).
    region
        Part of the spine that the field shows (table `phantom_protocols`, block `regions`).
    disc
        Level above the disc that the slices follow (axial only); empty = slices across the body.
    station, seams_mm
        Number of this station from 1, head to feet (0 = no station), and how far each station reaches into the next one
        (negative: a gap).
    tilt_deg
        Tilt of the gantry (CT): the pictures lean with their back up, the stack stays upright.
    pixel_mm, slice_mm, gap_mm
        Voxel sides and gap between slices. Radiographs: side of a pixel on the detector.
    fov_mm
        Length along i and j.
    n_slices
        Number of slices; None = as many as cover the spine (axial only).
    blur_mm
        FWHM of a Gaussian in place of the kernel's point spread (CT; 0 = the kernel's), of the detector (radiographs).
    acquired_share
        Share of k-space that is measured along i and j (MR; the rest is zero-filled and rings at edges).
    noise
        CT: sd in HU in the reference cylinder of water (table `phantom_ct`), slices of 1 mm. MR: SNR of normal marrow in
        the first volume; infinite = none. Radiographs: photons per pixel before the patient.
    kernel
        Of the table `phantom_ct`.
    iodine_s
        Seconds after an injection of iodine into a vein reached the arteries (CT); None = before.
    hardening
        Whether the beam hardens in bone and metal (CT).
    method
        How an MR signal is made: `spin_echo`, `fast_spin_echo`, `inversion_recovery`, `diffusion`, `gradient_echo`.
    b_s_per_mm2, echoes_ms, flips_deg
        One volume for each weighting, echo time or flip angle; at most one of them, empty = one volume.
    components
        One volume each of a separation from two echoes (`echoes_ms`: opposed, in phase): `in`, `opposed`, `water`, `fat`.
    n_times, step_s, n_before
        Dynamic series: volumes, time from one to the next, and how many come before the contrast agent.
    fat_suppressed
        Whether a spectral pulse saturates fat.
    agent_min
        Minutes after an injection of gadolinium; None = before.
    bandwidth_hz_per_px, echo_spacing_ms
        Readout bandwidth, the readout runs along j; spacing of the lines of echo planar imaging, which displaces fat along i.
    stored
        What normal marrow of the first volume is stored as; radiographs: one unit of log attenuation.
    part, scan
        What of the complex signal the series shows (MR): `magnitude` or `phase`, stored as one half turn = 4096; and the scan
        that it belongs to, whose noise all its series show (empty = a scan of its own).
    reference_te_ms
        Echo time of the marrow that `noise` and `stored` speak of, where it is not that of the first volume: series of
        one scan (in and opposed phase) share their scale.
    reference_plain
        Whether that marrow is the one before the agent: a series after it then has the receiver gain of that before it.
    coil_radius_mm
        Radius of the loops behind the back that receive; None = received evenly. `noise` is that of L3.
    coil_corrected
        Share of the logarithm of their fall-off that the scanner takes out again.
    b0_offset_hz
        How far the field is off at the edge of the picture; it grows with the square of the distance from the middle.
    motion_mm, motion_period_lines
        Amplitude of a motion of the whole patient along the phase encoding (i), and its period in lines: ghosts.
    csf_void
        Strength v of the flow voids in thoracic CSF, down to exp(-v) of its signal.
    emission
        Tracer, dose and times of PET, SPECT and bone scan; there `noise` is the coefficient of variation in liver (FDG) or
        normal bone, `blur_mm` the FWHM in all directions, `stored` what a normal vertebra of SPECT holds.
    xray
        View and distances of a radiograph.
    """

    sequence: str
    plane: Literal["axial", "sagittal", "coronal", "projection"]
    pixel_mm: float
    slice_mm: float
    fov_mm: tuple[float, float]
    description: str = ""
    about: str = ""
    modality: str = "MR"
    region: str = "lumbar"
    disc: str = ""
    station: int = 0
    seams_mm: tuple[float, ...] = ()
    tilt_deg: float = 0.0
    gap_mm: float = 0.0
    n_slices: int | None = None
    noise: float = float("inf")
    blur_mm: float = 0.0
    acquired_share: tuple[float, float] = (0.85, 0.95)
    field_t: float = 1.5
    method: str = "spin_echo"
    tr_ms: float = 0.0
    te_ms: float = 0.0
    ti_ms: float = 0.0
    train_ms: float = 0.0
    echo_train_length: int = 1
    echo_spacing_ms: float = 0.0
    flip_deg: float = 90.0
    b_s_per_mm2: tuple[float, ...] = ()
    echoes_ms: tuple[float, ...] = ()
    flips_deg: tuple[float, ...] = ()
    components: tuple[str, ...] = ()
    n_times: int = 0
    step_s: float = 0.0
    n_before: int = 0
    fat_suppressed: bool = False
    agent_min: float | None = None
    bandwidth_hz_per_px: float = 250.0
    kvp: float = 120.0
    kernel: str = "BONE"
    iodine_s: float | None = None
    hardening: bool = True
    saturation_band: bool = True
    stored: float = 700.0
    part: Literal["magnitude", "phase"] = "magnitude"
    scan: str = ""
    reference_te_ms: float | None = None
    reference_plain: bool = False
    coil_radius_mm: float | None = None
    coil_corrected: float = 0.0
    b0_offset_hz: float = 0.0
    motion_mm: float = 0.0
    motion_period_lines: float = 9.0
    csf_void: float = 0.0
    emission: Emission | None = None
    xray: Technique | None = None

    def __post_init__(self) -> None:
        ways = (self.b_s_per_mm2, self.flips_deg, self.components or self.echoes_ms, self.n_times)
        if sum(bool(way) for way in ways) > 1:
            raise ValueError(f"the volumes of {self.sequence} differ in more than one way")
        if self.components and (len(self.echoes_ms) != 2 or set(self.components) - set(COMPONENTS)):
            raise ValueError(f"components of {self.sequence}: two echoes, and some of {', '.join(COMPONENTS)}")

    @property
    def noise_free(self) -> bool:
        """Whether no noise is added."""
        return self.noise in (0.0, float("inf"))

    @property
    def geometry(self) -> tuple[object, ...]:
        """What series must share to be rendered together."""
        where = (self.region, self.disc, self.station, self.seams_mm, self.tilt_deg)
        voxels = (self.plane, self.pixel_mm, self.slice_mm, self.gap_mm, self.n_slices, self.fov_mm)
        return (self.modality, *voxels, *where, self.xray)

    @property
    def _numbers(self) -> tuple[int, ...]:
        """Volumes by each way in which they can differ."""
        echoes = self.components or self.echoes_ms
        return (len(self.b_s_per_mm2), len(self.flips_deg), len(echoes), self.n_times)

    @property
    def several(self) -> bool:
        """Whether the series has a dimension of volumes, be it of one."""
        return any(self._numbers)

    @property
    def n_volumes(self) -> int:
        """Volumes of the series: one for each weighting, echo, flip angle, component or time."""
        return max(1, *self._numbers)

    @property
    def volumetric(self) -> bool:
        """Whether the slices are partitions of one excited slab: gradient echoes without gap."""
        return self.method == "gradient_echo" and self.gap_mm == 0.0

    def start_s(self, volume: int) -> float:
        """When a volume of a dynamic series begins, after the first."""
        return volume * self.step_s

    def at(self, volume: int) -> Acquisition:
        """Protocol of one volume alone: its echo time, flip angle or time after the agent; weightings stay as they are."""
        if self.components:
            opposed, in_phase = self.echoes_ms
            name = self.components[volume]
            te_ms = opposed if name == "opposed" else in_phase
            return replace(self, te_ms=te_ms, echoes_ms=self.echoes_ms, components=(name,))
        if self.echoes_ms:
            return replace(self, te_ms=self.echoes_ms[volume], echoes_ms=())
        if self.flips_deg:
            return replace(self, flip_deg=self.flips_deg[volume], flips_deg=())
        if self.n_times and volume >= self.n_before:
            return replace(self, agent_min=(volume - self.n_before) * self.step_s / 60.0)
        return self


def sequences() -> tuple[str, ...]:
    """Names of the series that can be made."""
    return tuple(table("phantom_protocols")["sequences"])


def default(name: str) -> Acquisition:
    """Protocol of a series by name: a sequence, after a dash the place where it is not the lumbar field.

    A place is a region (`t1-thoracic`), of an axial stack the level above a disc (`ax_t2-L4`), of a whole-body sequence
    the number of a station (`wb_stir-2`).

    Raises
    ------
    UsageError
        If there is no such series.
    """
    rows = table("phantom_protocols")
    sequence, _, place = name.partition("-")
    if sequence not in rows["sequences"]:
        raise UsageError(
            f"The synthetic patient has no series {sequence!r}.", f"Choose one of {', '.join(sequences())}."
        )
    row: dict[str, Any] = dict(rows["sequences"][sequence])
    stated = {**(rows[row.pop("geometry")] if "geometry" in row else {}), **row}
    stated.update(placed(name, stated, place))
    known = {field.name for field in fields(Acquisition)}
    values: dict[str, Any] = {
        name: tuple(v) if isinstance(v, list) else v for name, v in stated.items() if name in known
    }
    if "emission" in values:
        values["emission"] = Emission(**values["emission"])
    if "xray" in values:
        values["xray"] = Technique(**values["xray"])
    return Acquisition(sequence=name, **values)
