"""MR-GEN-01, CT-01 on real headers: scanners of six vendors, headers that lie about the body part."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from spinemets.series.recognise import recognise


def facts_of(content: Path | io.BytesIO) -> dict[str, Any]:
    """Acquisition facts as the standard's elements state them."""
    header = dcmread(content, stop_before_pixels=True, force=True)

    def several(name: str) -> tuple[str, ...]:
        value = header.get(name)
        return () if value in (None, "") else (value,) if isinstance(value, str) else tuple(value)

    def seconds(name: str) -> float | None:
        value = header.get(name)
        return None if value in (None, "") else float(value) / 1000

    options = several("ScanOptions")
    text = {"manufacturer": "Manufacturer", "body_part": "BodyPartExamined", "description": "SeriesDescription"}
    return {
        "modality": header.Modality,
        "tr_s": seconds("RepetitionTime"),
        "te_s": seconds("EchoTime"),
        "ti_s": seconds("InversionTime"),
        "flip_deg": header.get("FlipAngle"),
        "field_t": header.get("MagneticFieldStrength"),
        "echo_train_length": header.get("EchoTrainLength"),
        "scanning_sequence": several("ScanningSequence"),
        "scan_options": options,
        "fat_suppressed": ("FS" in options) if "ScanOptions" in header else None,
        "image_type": several("ImageType"),
        "kernel": header.get("ConvolutionKernel"),
        **{name: header.get(element) for name, element in text.items()},
    }


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("dicom-singles-spine/mr-lumbar-t2-sag-hitachi.dcm", "t2"),
        ("dicom-singles-spine/mr-cervical-t2-sag-says-lspine.dcm", "t2"),
        ("dicom-singles-spine/ct-lumbar-axial-disc.dcm", "ct_soft"),
        ("dicom-singles-spine/ct-head-says-cspine.dcm", "ct_soft"),
        ("dicom-singles-spine/cr-cspine-lat-16px.dcm", "radiograph"),
        ("dicom-singles-spine/pt-thorax-fdg.dcm", "pet"),
        ("dicom-robustness/fo-dicom/GH1339.dcm", "t2"),
        ("dicom-robustness/fo-dicom/GH178.dcm", "screen_capture"),
        ("dicom-objects/adc-pelvis-vendor-map.dcm", "adc"),
        ("dicom-nema-wg04/JLSN/MR4_JLSN", "unknown"),
        ("dicom-nema-wg04/JLSL/CT2_JLSL", "ct_soft"),
    ],
)
def test_real_single(make_series, make_study, shared_data: Path, file: str, kind: str):
    """Real headers; an ADC map of a scanner without units must not be taken for a diffusion series."""
    found = recognise(make_study(make_series(**facts_of(shared_data / file)))).series[0].recognition
    assert found.kind == kind, found


def test_header_that_lies_is_only_quoted(make_series, make_study, shared_data: Path):
    """LSPINE on a cervical image cannot be told from the header: what it states is shown as unchecked."""
    path = shared_data / "dicom-singles-spine" / "mr-cervical-t2-sag-says-lspine.dcm"
    found = recognise(make_study(make_series(**facts_of(path)))).series[0].recognition
    assert any("LSPINE (not checked" in sentence for sentence in found.evidence)


@pytest.mark.parametrize(("archive", "kind"), [("series-kernel-B", "ct_soft"), ("series-kernel-L-10slices", "ct_lung")])
def test_two_kernels_of_one_scan(make_series, make_study, shared_data: Path, archive: str, kind: str):
    """Both series are described as "5mm"; only the kernel tells them apart."""
    with tarfile.open(shared_data / "ct-thoracic-dx-a0001" / f"{archive}.tar.xz") as tar:
        member = next(m for m in tar if m.isfile())
        content = io.BytesIO(tar.extractfile(member).read())
    found = recognise(make_study(make_series(**facts_of(content)))).series[0].recognition
    assert found.kind == kind
    assert not found.conflicts


def test_sagittal_reformats_of_real_ct(make_series, make_study, shared_data: Path):
    """Sagittal and coronal CT reformats of two vendors stay CT with the kernel of their source."""
    for path in sorted((shared_data / "dicom-singles-spine").glob("ct-sagittal-pair-*.tar.xz")):
        with tarfile.open(path) as tar:
            for member in tar:
                if member.isfile():
                    content = io.BytesIO(tar.extractfile(member).read())
                    found = recognise(make_study(make_series(**facts_of(content)))).series[0].recognition
                    assert found.kind == "ct_soft", (member.name, found)
