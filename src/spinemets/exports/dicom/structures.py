"""Codes of what is segmented in a spine: PS3.16 CID 7150 (categories), CID 7603 (vertebrae), CID 7604 (discs), CID 7159."""

from __future__ import annotations

from spinemets.exports.dicom.about import Code


def _sct(value: str, meaning: str) -> Code:
    return Code(value=value, scheme="SCT", meaning=meaning)


ANATOMY = _sct("91723000", "Anatomical Structure")
ABNORMALITY = _sct("49755003", "Morphologically Abnormal Structure")
_VERTEBRAE = {
    "C1": "14806007", "C2": "39976000", "C3": "113205007", "C4": "5329002", "C5": "36978003", "C6": "36054005",
    "C7": "87391001", "T1": "64864005", "T2": "53733008", "T3": "1626008", "T4": "73071006", "T5": "56401006",
    "T6": "45296009", "T7": "62487009", "T8": "11068009", "T9": "82687006", "T10": "7610001", "T11": "12989004",
    "T12": "23215003", "L1": "66794005", "L2": "14293000", "L3": "36470004", "L4": "11994002", "L5": "49668003",
}  # fmt: skip
# By the vertebra above.
_DISCS = {
    "C2": "1078209008", "C3": "58820006", "C4": "49400002", "C5": "73959003", "C6": "75095006", "C7": "37414007",
    "T1": "40908007", "T2": "6004007", "T3": "2620004", "T4": "82965004", "T5": "72692000", "T6": "74401007",
    "T7": "28693002", "T8": "9188009", "T9": "113209001", "T10": "34959001", "T11": "1537001", "T12": "76206002",
    "L1": "80064006", "L2": "67459009", "L3": "62551000", "L4": "84020006", "L5": "75782005",
}  # fmt: skip
_BELOW = dict(zip(_VERTEBRAE, [*list(_VERTEBRAE)[1:], "S1"], strict=True))
VERTEBRAE = {level: _sct(value, f"{level} vertebra") for level, value in _VERTEBRAE.items()}
DISCS = {level: _sct(value, f"{level}/{_BELOW[level]} disc") for level, value in _DISCS.items()}
# Of levels without a code of their own (T13, L6).
VERTEBRA = _sct("51282000", "Vertebra")
DISC = _sct("360499006", "Structure of intervertebral disc")
COCCYX = _sct("64688005", "Coccyx")
SACRUM = _sct("54735007", "Sacrum")
SPINAL_CORD = _sct("2748008", "Spinal cord")
CANAL = _sct("61853006", "Vertebral canal")
METASTASIS = _sct("14799000", "Neoplasm, Secondary")
LESION = _sct("52988006", "Lesion")
