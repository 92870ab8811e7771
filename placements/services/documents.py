"""Provider packs and placement agreements: made in versions, shared, signed; and the qualifications worked for."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from placements.codes import Answer, DocumentKind, Party, ShareChannel
from placements.documents import paper_pdf
from placements.lifecycle import LIVE, Status
from placements.models import DocumentShare, PlacementDocument, PlacementQualification, Signing
from placements.queries import TEMPLATE_VERSION, content_of, permission_to_read
from placements.rules import check_signing
from placements.services._moves import locked
from trust.calendar import date_words, london_date
from trust.codes import FileKind
from trust.errors import RuleBroken
from trust.models import User
from trust.permissions import Permission
from trust.services import require, saving, store_file

_FILE_KIND = {DocumentKind.PACK: FileKind.PROVIDER_PACK, DocumentKind.AGREEMENT: FileKind.AGREEMENT}


def make_document(*, placement_id: int, kind: str, by: User, now: datetime) -> PlacementDocument:
    """Make the next version of a provider pack or a placement agreement and keep its bytes for good.

    A pack leaves the school only for an approved placement. ``RuleBroken`` when the newest version already says what
    would be said now. Source: the trust's page on documents; P3.12, P4.1, P5.3; UK GDPR article 5(1)(c).
    """
    if kind not in DocumentKind.values:
        raise RuleBroken("Choose a provider pack or a placement agreement.", field="kind")
    words = DocumentKind(kind).label
    today = london_date(now)
    with saving(by=by, reason=f"{words} made"):
        placement = locked(placement_id)
        require(by, Permission.PROPOSE_PLACEMENT, home_id=placement.school_id)
        if kind == DocumentKind.PACK and placement.status not in LIVE:
            raise RuleBroken("A provider pack is made for an approved placement that is not over.")
        if placement.status not in LIVE | {Status.PROPOSED}:
            raise RuleBroken("This placement is over or was not approved: no agreement is made for it.")
        content = content_of(kind, placement, today)
        require(by, permission_to_read(kind, content), home_id=placement.school_id)
        newest = PlacementDocument.objects.filter(placement=placement, kind=kind).first()
        if newest is not None and newest.content == content:
            raise RuleBroken(f"Version {newest.number} says the same already.")
        number = newest.number + 1 if newest else 1
        stored = store_file(
            kind=_FILE_KIND[DocumentKind(kind)],
            content=paper_pdf(content, number=number, made_on=date_words(today)),
            content_type="application/pdf",
            by=by,
            now=now,
        )
        document: PlacementDocument = PlacementDocument.objects.create(
            placement=placement,
            kind=kind,
            number=number,
            file=stored,
            content=content,
            template_version=TEMPLATE_VERSION,
            made_by=by,
            made_at=now,
        )
    return document


def record_share(
    *, document_id: int, shared_with: str, channel: str, shared_on: date, by: User, now: datetime
) -> DocumentShare:
    """Record to whom a version was given, how (a code of ``ShareChannel``) and on which day."""
    with saving(by=by, reason="Paper shared"):
        document = _document(document_id)
        require(by, Permission.PROPOSE_PLACEMENT, home_id=document.placement.school_id)
        require(by, permission_to_read(document.kind, document.content), home_id=document.placement.school_id)
        if not shared_with.strip():
            raise RuleBroken("Say to whom it was given.", field="shared_with")
        if channel not in ShareChannel.values:
            raise RuleBroken("Choose how it was given.", field="channel")
        _check_day(shared_on, document, now, "shared_on")
        share: DocumentShare = DocumentShare.objects.create(
            document=document,
            shared_with=shared_with.strip(),
            channel=channel,
            shared_on=shared_on,
            recorded_by=by,
            recorded_at=now,
        )
    return share


def record_signing(
    *,
    document_id: int,
    party: str,
    name: str,
    answer: str,
    words: str,
    conduct_accepted: bool,
    signed_on: date,
    by: User,
    now: datetime,
) -> Signing:
    """Record what one party said to the newest placement agreement: agreed, or objected in their words (P4.1, P5.3)."""
    with saving(by=by, reason="Agreement answered"):
        document = _document(document_id)
        require(by, Permission.PROPOSE_PLACEMENT, home_id=document.placement.school_id)
        if party not in Party.values:
            raise RuleBroken("Choose who answered.", field="party")
        if answer not in Answer.values:
            raise RuleBroken("Choose what they said.", field="answer")
        if not name.strip():
            raise RuleBroken("Give the name of the person.", field="name")
        check_signing(document.kind, party, answer, words, conduct_accepted)
        newer = PlacementDocument.objects.filter(
            placement_id=document.placement_id, kind=document.kind, number__gt=document.number
        )
        if newer.exists():
            raise RuleBroken("There is a newer version of this agreement: that one is signed.")
        _check_day(signed_on, document, now, "signed_on")
        signing: Signing = Signing.objects.create(
            document=document,
            party=party,
            name=name.strip(),
            answer=answer,
            words=words.strip(),
            conduct_accepted=conduct_accepted,
            signed_on=signed_on,
            recorded_by=by,
            recorded_at=now,
        )
    return signing


def add_qualification(*, placement_id: int, data: Mapping[str, Any], by: User, now: datetime) -> PlacementQualification:
    """Record a qualification that the student works for here (P3.6).

    ``data``: title, level, awarding_body, entered_on, achieved_on, grade.
    """
    with saving(by=by, reason="Qualification recorded"):
        placement = locked(placement_id)
        require(by, Permission.HOLD_REVIEW, home_id=placement.school_id)
        if placement.status not in LIVE | {Status.ENDED}:
            raise RuleBroken("Qualifications belong to a placement that was approved.")
        row = PlacementQualification(placement=placement, recorded_by=by, recorded_at=now)
        _fill(row, data, london_date(now))
    return row


def change_qualification(
    *, qualification_id: int, data: Mapping[str, Any], by: User, now: datetime
) -> PlacementQualification:
    """Record the entry, the award and the grade, or put them right; the history keeps what stood there."""
    with saving(by=by, reason="Qualification changed"):
        placement_id = PlacementQualification.objects.values_list("placement_id", flat=True).get(pk=qualification_id)
        placement = locked(placement_id)
        require(by, Permission.HOLD_REVIEW, home_id=placement.school_id)
        row = PlacementQualification.objects.get(pk=qualification_id)
        row.recorded_by, row.recorded_at = by, now
        _fill(row, data, london_date(now))
    return row


def _fill(row: PlacementQualification, data: Mapping[str, Any], today: date) -> None:
    for name, words in (("title", "the qualification"), ("awarding_body", "who awards it")):
        if not data[name].strip():
            raise RuleBroken(f"Name {words}.", field=name)
    for name in ("entered_on", "achieved_on"):
        if data[name] is not None and data[name] > today:
            raise RuleBroken("The day lies ahead: record it when it has come.", field=name)
    if data["grade"].strip() and data["achieved_on"] is None:
        raise RuleBroken("A grade belongs to a qualification that was achieved: give the day.", field="achieved_on")
    for name in ("title", "level", "awarding_body", "grade"):
        setattr(row, name, data[name].strip())
    row.entered_on, row.achieved_on = data["entered_on"], data["achieved_on"]
    row.save()


def _document(document_id: int) -> PlacementDocument:
    """The document with its placement under lock."""
    placement = locked(PlacementDocument.objects.values_list("placement_id", flat=True).get(pk=document_id))
    document: PlacementDocument = PlacementDocument.objects.get(pk=document_id)
    document.placement = placement
    return document


def _check_day(day: date, document: PlacementDocument, now: datetime, field: str) -> None:
    if day > london_date(now):
        raise RuleBroken("The day lies ahead.", field=field)
    if day < london_date(document.made_at):
        raise RuleBroken(f"This version was made on {date_words(london_date(document.made_at))}.", field=field)
