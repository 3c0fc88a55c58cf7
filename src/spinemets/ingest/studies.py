"""Which study of the input is read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from spinemets.ingest import headers as h
from spinemets.ingest.frames import Image
from spinemets.ingest.moments import iso
from spinemets.ingest.patient import pseudonym
from spinemets.model.errors import SeveralStudies, UsageError
from spinemets.model.study import Unread

Key = tuple[str, str]


def chosen(images: Sequence[Image], study_uid: str | None, unread: list[Unread]) -> list[Image]:
    """Images of the one study, or of the study the user chose; the others become `Unread` rows.

    Raises
    ------
    SeveralStudies
        If there are several studies or patients and none was chosen.
    UsageError
        If the chosen study is not there, or the beginning of its uid fits several.
    """
    studies: dict[Key, list[Image]] = defaultdict(list)
    for image in images:
        studies[image.study_uid, image.header.text(h.PATIENT_ID) or ""].append(image)
    if study_uid is None:
        if len(studies) > 1:
            raise SeveralStudies(
                f"The input holds {len(studies)} studies:\n{_table(studies)}\n",
                "Choose one with --study and its uid, or the beginning of it.",
            )
        return list(images)
    fitting = [key for key in studies if key[0] == study_uid] or [k for k in studies if k[0].startswith(study_uid)]
    if len(fitting) != 1:
        what = "No study has" if not fitting else f"{len(fitting)} studies have"
        raise UsageError(f"{what} a uid that begins with {study_uid}:\n{_table(studies)}\n", "Give one of these uids.")
    for key, members in studies.items():
        if key != fitting[0]:
            reason = "belongs to another study than the chosen one"
            unread.extend(Unread(file=i.source.name, reason=reason, kind="set aside") for i in members)
    return studies[fitting[0]]


def _table(studies: dict[Key, list[Image]]) -> str:
    rows = []
    for (uid, patient_id), members in sorted(studies.items()):
        header = members[0].header
        modalities = "/".join(sorted({i.modality or "?" for i in members}))
        n = len({i.series_uid for i in members})
        date = iso(header.text(h.STUDY_DATE) or "") or "no date"
        who = pseudonym(patient_id) or "no patient identifier"
        rows.append(f"  {date}  {modalities}  {n} series  {len(members)} files  {who}  {uid or 'no study uid'}")
    return "\n".join(rows)
