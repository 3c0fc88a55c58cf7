"""Which study of the input is read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from spinemets.ingest.facts.moments import iso
from spinemets.ingest.facts.patient import pseudonym
from spinemets.ingest.frames import Image
from spinemets.ingest.header import headers as h
from spinemets.model.errors import SeveralStudies, UsageError
from spinemets.model.study import Unread

Key = tuple[str, str]


def chosen(images: Sequence[Image], study_uid: str | None, unread: list[Unread]) -> list[Image]:
    """Images of the one study, or of the study the user chose; the others become `Unread` rows.

    Parameters
    ----------
    study_uid
        Uid or the beginning of it. Where one uid belongs to several patients, a colon and the pseudonym of the list
        follow (`1.2.3:patient-0ff07be6`).

    Raises
    ------
    SeveralStudies
        If there are several studies or patients and none was chosen.
    UsageError
        If the chosen study is not there, or the beginning of its uid fits several.
    """
    studies = _studies(images)
    if study_uid is None:
        if len(studies) > 1:
            raise SeveralStudies(
                f"The input holds {len(studies)} studies:\n{_table(studies)}\n",
                "Choose one with --study and its uid, or the beginning of it.",
            )
        return list(images)
    uid, _, who = study_uid.partition(":")
    wanted = [key for key in studies if not who or _who(key[1]) == who]
    fitting = [key for key in wanted if key[0] == uid] or [key for key in wanted if key[0].startswith(uid)]
    if len(fitting) != 1:
        what = "No study has" if not fitting else f"{len(fitting)} studies have"
        same = len({key[0] for key in fitting}) == 1
        advice = "Give the uid, a colon and the pseudonym of the patient." if same else "Give one of these uids."
        raise UsageError(f"{what} a uid that begins with {study_uid}:\n{_table(studies)}\n", advice)
    for key, members in studies.items():
        if key != fitting[0]:
            reason = "belongs to another study than the chosen one"
            unread.extend(Unread(file=i.source.name, reason=reason, kind="set aside") for i in members)
    return studies[fitting[0]]


def remarks(images: Sequence[Image]) -> tuple[str, ...]:
    """What must be said of the identity of the images of one study."""
    without = [image for image in images if not image.header.text(h.PATIENT_ID)]
    if not without or len(without) == len(images):
        return ()
    said = (
        f"{len(without)} of {len(images)} images state no patient identifier: taken to be of the patient of their study"
    )
    return (said,)


def _studies(images: Sequence[Image]) -> dict[Key, list[Image]]:
    """Images by study and patient. Without an identifier they are of the one patient of their study, if there is one."""
    studies: dict[Key, list[Image]] = defaultdict(list)
    for image in images:
        studies[image.study_uid, image.header.text(h.PATIENT_ID) or ""].append(image)
    for uid in [uid for uid, patient in studies if uid and not patient]:
        named = [key for key in studies if key[0] == uid and key[1]]
        if len(named) == 1:
            moved = {id(image) for image in (*studies[named[0]], *studies.pop((uid, "")))}
            studies[named[0]] = [image for image in images if id(image) in moved]
    return studies


def _who(patient_id: str) -> str:
    return pseudonym(patient_id) or "no patient identifier"


def _table(studies: dict[Key, list[Image]]) -> str:
    rows = []
    for (uid, patient_id), members in sorted(studies.items()):
        header = members[0].header
        modalities = "/".join(sorted({i.modality or "?" for i in members}))
        n = len({i.series_uid for i in members})
        date = iso(header.text(h.STUDY_DATE) or "") or "no date"
        what = f"{n} series  {len(members)} files"
        rows.append(f"  {date}  {modalities}  {what}  {_who(patient_id)}  {uid or 'no study uid'}")
    return "\n".join(rows)
