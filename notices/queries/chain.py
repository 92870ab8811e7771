"""All notices of one placement in order: what a complaint, a review or an appeal asks for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch

from notices.codes import DEADLINE_KINDS, Outcome
from notices.lifecycle import Status
from notices.models import DirectionNotice, NoticeRecipient
from notices.queries.clock import last_days_of
from notices.queries.worklist import no_longer_needed
from notices.rules import outcome_of
from placements.models import Placement
from trust.calendar import date_words, london_date
from trust.models import StoredFile

PDF = "application/pdf"
PICTURES = frozenset({"image/png", "image/jpeg"})


@dataclass(frozen=True)
class ChainPaper:
    """One stored file of the chain: what it is, for whom, and of which notice."""

    notice_id: int
    title: str
    person: str
    file: StoredFile

    @property
    def bindable(self) -> bool:
        """Whether it can stand in one PDF with the others; other files are listed with their hash."""
        return self.file.content_type == PDF or self.picture

    @property
    def picture(self) -> bool:
        """Whether it is a picture, which is set on a page of its own."""
        return self.file.content_type in PICTURES


@dataclass(frozen=True)
class ChainRecipient:
    """One recipient of a notice with how, when and whether in time, in words."""

    recipient: NoticeRecipient
    how: str
    standing: str


@dataclass(frozen=True)
class ChainNotice:
    """One notice of the chain: the facts, its recipients, and its papers in the order in which they are bound.

    ``give_by`` is None when the calendar is not loaded; ``standing`` says in words how it stands against that day. In a
    copy for one person ``recipients`` and ``papers`` are that person's only, ``others`` say of everybody else no more
    than the kind and the day, and ``kept`` what stays in the school's own file.
    """

    notice: DirectionNotice
    period: int
    give_by: date | None
    standing: str
    recipients: tuple[ChainRecipient, ...]
    replaced_by: tuple[int, ...]
    papers: tuple[ChainPaper, ...]
    others: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def chain_of(placement: Placement, today: date) -> list[ChainNotice]:
    """Every notice of a placement, void ones too, in the order in which they were prepared; constant queries."""
    late = NoticeRecipient.objects.filter(notice=OuterRef("pk"), in_time=False)
    recipients = NoticeRecipient.objects.select_related("letter", "translation", "proof_file", "recorded_by").order_by(
        "id"
    )
    notices = list(
        DirectionNotice.objects.filter(placement_period__placement=placement)
        .select_related(
            "placement_period__placement__student",
            "placement_period__placement__school",
            "prepared_by",
            "authorised_by",
            "override_by",
            "voided_by",
            "parent_agreement",
        )
        .annotate(any_late=Exists(late))
        .prefetch_related(Prefetch("recipients", recipients))
        .order_by("prepared_at", "id")
    )
    days = last_days_of(notices, today)
    followers: dict[int, list[int]] = {}
    for notice in notices:
        if notice.follows_id is not None:
            followers.setdefault(notice.follows_id, []).append(notice.pk)
    return [
        ChainNotice(
            notice=notice,
            period=notice.placement_period.number,
            give_by=days[notice.pk],
            standing=_standing(notice, days[notice.pk], today),
            recipients=tuple(ChainRecipient(one, _how(one), _in_time(one)) for one in notice.recipients.all()),
            replaced_by=tuple(followers.get(notice.pk, ())),
            papers=_papers(notice),
        )
        for notice in notices
    ]


def _how(one: NoticeRecipient) -> str:
    if one.sent_at is None or one.deemed_given_on is None:
        return "Not recorded as given."
    return (
        f"{one.get_channel_display()} on {date_words(london_date(one.sent_at))}; counts as given on "
        f"{date_words(one.deemed_given_on)}."
    )


def _in_time(one: NoticeRecipient) -> str:
    if one.deadline_on is None:
        return "–"
    return f"{'In time' if one.in_time else 'Late'}: last day {date_words(one.deadline_on)}"


def _standing(notice: Any, give_by: date | None, today: date) -> str:
    """How a notice read with ``any_late`` stands, in words."""
    if notice.status == Status.VOID:
        return "Void"
    if no_longer_needed(notice) and notice.status != Status.GIVEN:
        return "No longer needed"
    outcome = outcome_of(
        status=notice.status,
        in_time=notice.in_time,
        overridden=bool(notice.override_reason),
        any_late=notice.any_late,
        deadline=give_by,
        today=today,
    )
    if outcome == Outcome.LATE and notice.kind not in DEADLINE_KINDS:
        return "Late (no deadline of the direction depends on it)"
    return str(outcome.label)


def _papers_of(notice: DirectionNotice, one: NoticeRecipient) -> list[ChainPaper]:
    """The papers of one recipient."""
    files = (
        ("Letter", one.letter),
        ("Translation of the letter", one.translation),
        ("Proof of giving", one.proof_file),
    )
    return [ChainPaper(notice.pk, title, one.name, file) for title, file in files if file is not None]


def _papers(notice: DirectionNotice) -> tuple[ChainPaper, ...]:
    found = [paper for one in notice.recipients.all() for paper in _papers_of(notice, one)]
    if notice.parent_agreement is not None:
        found.append(ChainPaper(notice.pk, "Agreement of the parents to late notice", "", notice.parent_agreement))
    return tuple(found)


# --- a copy for one person ---


def _person(one: NoticeRecipient) -> tuple[object, ...]:
    """Who a recipient is, the same in every notice of a placement: a contact, else an office or the student by name."""
    return (one.contact_link_id,) if one.contact_link_id is not None else (one.kind, one.name)


def people_of(chain: Iterable[ChainNotice]) -> list[NoticeRecipient]:
    """Everybody who was to be given a notice of the chain, once each, by their latest place in it."""
    found = {_person(one.recipient): one.recipient for each in chain for one in each.recipients}
    return sorted(found.values(), key=lambda one: (one.kind, one.name, one.pk))


def copy_of(chain: Sequence[ChainNotice], recipient_id: int) -> list[ChainNotice] | None:
    """The chain as one person may have it in hand; None when the recipient is not of this chain.

    Names, addresses and papers of the others are left out, and so are the reasons that staff wrote in their own words,
    the agreement of the parents, and a proof that names others too, such as a certificate for a whole posting.
    """
    people = {one.recipient.pk: _person(one.recipient) for each in chain for one in each.recipients}
    if recipient_id not in people:
        return None
    own = {pk for pk, person in people.items() if person == people[recipient_id]}
    proofs = {
        one.recipient.proof_file.sha256
        for each in chain
        for one in each.recipients
        if one.recipient.pk in own and one.recipient.proof_file is not None
    }
    # Wherever it is kept: a printing has letters of several students.
    shared = set(
        NoticeRecipient.objects.filter(proof_file__sha256__in=proofs)
        .exclude(pk__in=own)
        .values_list("proof_file__sha256", flat=True)
    )
    return [_copied(one, own, shared) for one in chain]


def _copied(one: ChainNotice, own: set[int], shared: set[str]) -> ChainNotice:
    mine = tuple(each for each in one.recipients if each.recipient.pk in own)
    papers, kept = [], []
    for each in mine:
        for paper in _papers_of(one.notice, each.recipient):
            if paper.file.sha256 in shared:
                kept.append("The proof of giving, which is also that of others.")
            else:
                papers.append(paper)
    if one.notice.parent_agreement_id is not None:
        kept.append("The written agreement to late notice.")
    return replace(
        one,
        recipients=mine,
        papers=tuple(papers),
        others=tuple(_other(each.recipient) for each in one.recipients if each.recipient.pk not in own),
        kept=tuple(kept),
    )


def _other(one: NoticeRecipient) -> str:
    given = f"given on {date_words(one.deemed_given_on)}" if one.deemed_given_on else "not recorded as given"
    return f"{one.get_kind_display()}: {given}"
