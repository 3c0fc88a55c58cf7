"""`assessment.json`: the whole answer as data, written and read back without loss (REP-01, REP-12)."""

from __future__ import annotations

from pathlib import Path

from spinemets.exports.atomic import write_bytes
from spinemets.model.assessment import SCHEMA, Assessment
from spinemets.model.errors import UnreadableInput


def write_json(assessment: Assessment, path: Path) -> None:
    """Write the assessment. Keys keep their order (levels head to feet), so equal assessments give equal bytes.

    The text is read back before it gets its name: a not-a-number, which JSON cannot carry, is an error here and never
    a silent null in the file.

    Raises
    ------
    ValueError
        If the text does not say what the assessment says.
    """
    import msgspec

    text = assessment.to_json().encode()
    try:
        again = msgspec.json.decode(text, type=Assessment)
    except msgspec.ValidationError as error:
        raise ValueError(f"the assessment cannot be written as JSON without loss: {error}") from error
    if again != assessment:
        raise ValueError("the assessment cannot be written as JSON without loss: a value changes when it is read back")
    write_bytes(path, text + b"\n")


def read_json(path: Path) -> Assessment:
    """Read an assessment that `write_json` wrote.

    Raises
    ------
    UnreadableInput
        If the file is no assessment, or one of another schema version.
    """
    import msgspec

    try:
        assessment = msgspec.json.decode(Path(path).read_bytes(), type=Assessment)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise UnreadableInput(
            f"{Path(path).name} is not an assessment of this program: {error}.",
            "Give the assessment.json that an analysis wrote.",
        ) from error
    if assessment.schema != SCHEMA:
        raise UnreadableInput(
            f"{Path(path).name} follows schema {assessment.schema}; this version reads {SCHEMA}.",
            "Analyse the study again, or read the file with the version that wrote it.",
        )
    return assessment
