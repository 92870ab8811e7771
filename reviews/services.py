"""The doors of reviews: targets, a review that was held, its actions, and the sweep for those due."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse

from placements.lifecycle import LIVE, Status
from placements.models import Invoice, InvoiceLine, Placement, PlacementPeriod
from placements.services import record_match
from reviews.codes import ReviewOutcome
from reviews.models import Action, Review, Target, TargetResult
from reviews.queries import due_review, matches_of, reviews_due
from reviews.rules import ReviewState, check_actions, check_review
from trust.calendar import date_words, last_day, london_date
from trust.errors import RuleBroken
from trust.models import User
from trust.permissions import Permission, Role
from trust.services import DueFlag, clear_flags, clear_leftovers, raise_flags, require, saving

REVIEW_DUE = "review_due"
# Those who hold reviews.
REVIEW_ROLES = (Role.TEAM, Role.SLT, Role.HEAD, Role.LEAD)
RUNNING = (Status.ACTIVE, Status.PAUSED)
ENDING = (ReviewOutcome.END_RETURN, ReviewOutcome.END_OTHER)


def set_target(*, placement_id: int, data: Mapping[str, Any], by: User, now: datetime) -> Target:
    """Add a target to a placement: ``kind``, ``measure``, ``baseline`` and ``goal`` (P6.7).

    Raises ``NotAllowed``, and ``RuleBroken`` for a placement that is over or a target without measure, baseline or
    goal.
    """
    with saving(by=by, reason="Target set"):
        placement = _locked(placement_id)
        require(by, Permission.HOLD_REVIEW, home_id=placement.school_id)
        if placement.status not in LIVE:
            raise RuleBroken("Targets are set for a placement that is approved or running.")
        for field in ("measure", "baseline", "goal"):
            if not data[field].strip():
                raise RuleBroken("A target says what is measured, where the student stands and the goal.", field=field)
        target: Target = Target.objects.create(
            placement=placement,
            kind=data["kind"],
            measure=data["measure"].strip(),
            baseline=data["baseline"].strip(),
            goal=data["goal"].strip(),
            set_on=london_date(now),
            set_by=by,
        )
    return target


def close_target(*, target_id: int, by: User, now: datetime) -> Target:
    """Close a target: no further results are asked for; those given stay. Closing twice changes nothing."""
    with saving(by=by, reason="Target closed"):
        target: Target = Target.objects.select_for_update(of=("self",)).select_related("placement").get(pk=target_id)
        require(by, Permission.HOLD_REVIEW, home_id=target.placement.school_id)
        if target.closed_on is None:
            target.closed_on = london_date(now)
            target.save(update_fields=["closed_on"])
    return target


def hold_review(
    *,
    placement_id: int,
    data: Mapping[str, Any],
    results: Mapping[int, tuple[str, str]],
    actions: Sequence[Mapping[str, Any]],
    by: User,
    now: datetime,
) -> Review:
    """Record a review that was held, and clear what was due (P6.6).

    ``data``: ``held_on``, ``attendees``, ``maths``, ``english``, ``student_view``, ``parent_view``, ``summary``,
    ``outcome``, and ``extend_last`` for an extension. ``results`` maps a target to (result, note), '' for none;
    ``actions`` have ``what``, ``owner`` and ``due_on``. The day by which it was due is frozen; a review beyond those
    that the year asks for was due on the day it was held. Raises ``NotAllowed``, ``RuleBroken`` for what is missing,
    ``CalendarNotLoaded``.
    """
    today = london_date(now)
    held_on: date = data["held_on"]
    with saving(by=by, reason="Review held"):
        placement = _locked(placement_id)
        require(by, Permission.HOLD_REVIEW, home_id=placement.school_id)
        if placement.status not in RUNNING:
            raise RuleBroken("Reviews are held while a placement runs.")
        periods = PlacementPeriod.objects.filter(placement=placement, approved_at__isnull=False).order_by("number")
        ranges = list(periods.values_list("period", flat=True))
        if not ranges or held_on < ranges[0].lower:
            raise RuleBroken("A review cannot be held before the placement began.", field="held_on")
        end = last_day(ranges[-1])
        check_review(
            held_on=held_on,
            today=today,
            maths=data["maths"],
            english=data["english"],
            target_results=[result for result, _ in results.values()],
            outcome=data["outcome"],
            extend_first=end + timedelta(days=1) if end else None,
            extend_last=data.get("extend_last"),
        )
        check_actions([(row["what"], row["owner"], row["due_on"]) for row in actions], held_on)
        given = {pk: given for pk, given in results.items() if given[0]}
        known = Target.objects.filter(placement=placement, closed_on__isnull=True).values_list("pk", flat=True)
        if not given.keys() <= set(known):
            raise RuleBroken(
                "One of the targets was closed after you opened the page.", help="Open it again and compare."
            )
        held_days = sorted(Review.objects.filter(placement=placement).values_list("held_on", flat=True))
        earlier = [day for day in held_days if day < held_on]
        was_due = due_review(placement, held_on, earlier[-1] if earlier else None)
        next_due = None
        if data["outcome"] not in ENDING:
            next_due = due_review(placement, today, max([*held_days, held_on]))
        review: Review = Review.objects.create(
            placement=placement,
            due_on=was_due.on if was_due else held_on,
            held_on=held_on,
            next_due_on=next_due.on if next_due else None,
            recorded_by=by,
            recorded_at=now,
            **{
                field: data[field].strip()
                for field in ("attendees", "maths", "english", "student_view", "parent_view", "summary")
            },
            outcome=data["outcome"],
        )
        TargetResult.objects.bulk_create(
            TargetResult(review=review, target_id=pk, result=result, note=note.strip())
            for pk, (result, note) in sorted(given.items())
        )
        Action.objects.bulk_create(
            Action(review=review, what=row["what"].strip(), owner=row["owner"].strip(), due_on=row["due_on"])
            for row in actions
        )
        clear_flags(kind=REVIEW_DUE, subject=_subject(placement_id), now=now)
    return review


def complete_action(*, action_id: int, by: User, now: datetime) -> Action:
    """Note that an action of a review was done today. Doing so twice changes nothing."""
    with saving(by=by, reason="Action done"):
        action: Action = (
            Action.objects.select_for_update(of=("self",)).select_related("review__placement").get(pk=action_id)
        )
        require(by, Permission.HOLD_REVIEW, home_id=action.review.placement.school_id)
        if action.done_on is None:
            action.done_on = london_date(now)
            action.save(update_fields=["done_on"])
    return action


def match_invoice(*, invoice_id: int, by: User, now: datetime) -> Invoice:
    """Compare an invoice with what was agreed and with the sessions that the providers returned as attended (P1.2).

    Lines as agreed are settled with it; the others show their difference and wait for a reason.
    """
    with saving(by=by, reason="Invoice matched"):
        # Under lock, so that the returns are read after whoever matched before has finished.
        Invoice.objects.select_for_update(of=("self",)).get(pk=invoice_id)
        lines = InvoiceLine.objects.filter(invoice_id=invoice_id).select_related("placement")
        return record_match(invoice_id=invoice_id, matches=matches_of(lines), by=by, now=now)


def raise_review_flags(*, now: datetime, among: Collection[int] | None = None) -> int:
    """Flag the reviews overdue or due within 14 days (P6.6), once per placement and due day; how many are new.

    Running it twice, late or after a missed night gives the same flags. A flag turns urgent when its day has passed;
    flags of placements that ended, or whose day moved, clear. ``among`` are the placements to look at, when the sweep
    goes over them in parts.
    """
    today = london_date(now)
    running = Placement.objects.running()
    placements = {row.pk: row for row in (running if among is None else running.filter(pk__in=among))}
    due = [
        DueFlag(
            subject=_subject(pk),
            period=review.on.isoformat(),
            school_id=placements[pk].school_id,
            path=reverse("reviews:review-hold", args=[pk]),
            sentence=f"Review of placement {pk} due by {date_words(review.on)}, {review.because.value}.",
            urgent=review.state is ReviewState.OVERDUE,
        )
        for pk, review in reviews_due(placements.values(), today).items()
        if review.state is not ReviewState.NOT_DUE
    ]
    with saving(by=None, job=REVIEW_DUE):
        raised = raise_flags(kind=REVIEW_DUE, due=due, roles=REVIEW_ROLES, now=now)
        subjects = None if among is None else [_subject(pk) for pk in among]
        still_due = {(flag.subject, flag.period) for flag in due}
        clear_leftovers(kind=REVIEW_DUE, still_due=still_due, now=now, among=subjects)
    return raised


def _subject(placement_id: int) -> str:
    return f"placement:{placement_id}"


def _locked(placement_id: int) -> Placement:
    placement: Placement = Placement.objects.select_for_update(no_key=True, of=("self",)).get(pk=placement_id)
    return placement
