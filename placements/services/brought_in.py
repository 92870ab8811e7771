"""Going live: placements that ran before the system was in use come in with their earlier steps as facts."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from placements.codes import ROUTE_RULES, NoticeRule, PeriodKind, Route
from placements.lifecycle import Status
from placements.models import Placement, PlacementPeriod
from placements.queries import planned_cost, planned_sessions
from placements.rules import (
    BROUGHT_IN,
    check_brought_in,
    check_not_same_person,
    check_slots,
    counted_from,
    placed,
)
from placements.services._money import commit_period
from placements.services._moves import add_slots, agree_prices, lock_programme, locked, move, save, say_why
from placements.services.proposal import check_at_provider
from providers.models import Programme, Provider, Site
from referrals.services import bring_in_referral, close_brought_in_referral, confirm_brought_in_referral
from trust.calendar import date_words, last_day, london_date, to_range
from trust.errors import RuleBroken
from trust.models import Student, User
from trust.permissions import Permission
from trust.queries import calendar_of
from trust.services import clear_flags, require, saving


def bring_in_placement(
    *, student_id: int, data: Mapping[str, Any], facts: Mapping[str, Any], by: User, now: datetime
) -> Placement:
    """Record a placement that runs already; it counts once the Headteacher or the chief executive has confirmed it.

    ``data``: provider_id, programme_id, site_id, route, first (may lie in the past), last (inclusive), start_time,
    report_to, slots (as for a proposal), review_weeks; primary_reason, aims, needs and exclusion_alternative of the
    earlier decision. ``facts``: notice_given_on, approved_on, approved_by, last_review_on, words; each may be empty.
    The steps that were made before are neither late nor overridden; the next extension meets every rule. Source: domain
    page, 'Going live'.
    """
    today = london_date(now)
    route = Route(data["route"])
    notice_on = facts.get("notice_given_on")
    with saving(by=by, reason="Placement brought in"):
        student = Student.objects.select_for_update(no_key=True).get(pk=student_id)
        require(by, Permission.PROPOSE_PLACEMENT, home_id=student.school_id)
        first: date = data["first"]
        check_brought_in(calendar_of(student.school_id), first, data.get("last"), today, route, notice_on)
        last: date = data["last"]
        provider, programme, site = _place(data, student.school_id)
        check_slots(data["slots"])
        timetable = placed(data["slots"], site.pk, programme.pk)
        begins = counted_from(first, today)
        check_at_provider(timetable, provider.pk, today)
        placement = Placement(
            referral=bring_in_referral(student_id=student_id, data=data, words=BROUGHT_IN, by=by, now=now),
            student=student,
            school_id=student.school_id,
            provider=provider,
            programme=programme,
            site=site,
            host_school_id=provider.school_id,
            route=route,
            start_time=data["start_time"],
            report_to=data["report_to"],
            review_weeks=data.get("review_weeks") or 6,
            brought_in=True,
            brought_in_facts=facts_words(facts),
            proposed_by=by,
            proposed_at=now,
        )
        placement.save()
        if not planned_sessions(placement, begins, last, timetable):
            raise RuleBroken("No half-day of this timetable falls between the first and the last day.", field="slots")
        asked = ROUTE_RULES[route].notice != NoticeRule.NONE
        period = PlacementPeriod.objects.create(
            placement=placement,
            number=1,
            kind=PeriodKind.INITIAL,
            period=to_range(first, last),
            # What was not given before cannot be given now: the fact stands on the placement.
            notice_needed=asked and notice_on is not None,
            notice_given_on=notice_on if asked else None,
            cost=sum(amount for _, amount in planned_cost(placement, begins, last, timetable)),
            proposed_by=by,
            proposed_at=now,
        )
        agree_prices(period, {programme_id for _, programme_id in timetable.values()})
        # Cost and half-days of this academic year only.
        add_slots(placement, period, timetable, to_range(begins, last))
    return placement


def bring_in_placements(*, rows: Iterable[Any], by: User, now: datetime) -> tuple[Placement, ...]:
    """Bring in every row of a checked list (``student_id``, ``data`` and ``facts`` each), all or none of them."""
    with saving(by=by, reason="Placements brought in"):
        return tuple(
            bring_in_placement(student_id=row.student_id, data=row.data, facts=row.facts, by=by, now=now)
            for row in rows
        )


def confirm_brought_in(*, placement_id: int, by: User, now: datetime, over_budget_reason: str = "") -> Placement:
    """Let a brought-in placement count: by the Headteacher or the chief executive, never by who brought it in.

    It runs from now on, its half-days are taken, the money of this academic year is promised. Expected here are
    sessions, contacts and reviews from today on; what was before nobody kept here. Source: P1.2; domain page.
    """
    with saving(by=by, reason="Brought in and confirmed"):
        placement = locked(placement_id)
        if not placement.brought_in:
            raise RuleBroken("This placement was proposed in the usual way: decide it.")
        period = placement.periods.get(number=1)
        move(placement, Status.APPROVED, by)
        check_not_same_person(placement.proposed_by_id, by.pk)
        final = last_day(period.period)
        if final is not None and final < london_date(now):
            raise RuleBroken(f"It ended on {date_words(final)}: only what still runs is brought in.")
        if placement.student.school_id != placement.school_id:
            raise RuleBroken("The student has changed school since this was brought in: decline it.")
        lock_programme(placement)
        placement.referral = confirm_brought_in_referral(
            referral_id=placement.referral_id, reason=BROUGHT_IN, by=by, now=now
        )
        commit_period(placement, period, over_budget_reason, by)
        period.approved_by, period.approved_at = by, now
        period.save()
        placement.decided_by, placement.decided_at, placement.decision_reason = by, now, BROUGHT_IN
        # The half-days follow ``live`` by cascade: here the database refuses a student in two places.
        save(placement)
        move(placement, Status.ACTIVE, by, instead=Permission.APPROVE_PLACEMENT)
        placement.started_at, placement.started_by = now, by
        save(placement)
        clear_flags(kind="not_started", subject=f"placement:{placement.pk}", now=now)
    return placement


def decline_brought_in(*, placement_id: int, reason: str, by: User, now: datetime) -> Placement:
    """Decline a brought-in placement and its referral, with the reason; never by who brought it in."""
    why = say_why(reason, "declining it")
    with saving(by=by, reason=why):
        placement = locked(placement_id)
        if not placement.brought_in:
            raise RuleBroken("This placement was proposed in the usual way: decide it.")
        move(placement, Status.DECLINED, by)
        check_not_same_person(placement.proposed_by_id, by.pk)
        placement.decided_by, placement.decided_at, placement.decision_reason = by, now, why
        save(placement)
        close_brought_in_referral(referral_id=placement.referral_id, declined=True, reason=why, by=by, now=now)
    return placement


def facts_words(facts: Mapping[str, Any]) -> str:
    """The earlier steps in words, one line each; what is not known is said to be unknown."""

    def on(name: str) -> str:
        day: date | None = facts.get(name)
        return date_words(day) if day else "not known"

    approved_by = str(facts.get("approved_by") or "").strip()
    lines = [
        f"Notice given: {on('notice_given_on')}.",
        f"Approved: {on('approved_on')}{f', by {approved_by}' if approved_by else ''}.",
        f"Last review: {on('last_review_on')}.",
        str(facts.get("words") or "").strip(),
    ]
    return "\n".join(line for line in lines if line)


def _place(data: Mapping[str, Any], school_id: int) -> tuple[Provider, Programme, Site]:
    provider = Provider.objects.get(pk=data["provider_id"])
    programme = Programme.objects.filter(pk=data["programme_id"], provider=provider).first()
    site = Site.objects.filter(pk=data["site_id"], provider=provider).first()
    if programme is None:
        raise RuleBroken("This programme belongs to another provider.", field="programme")
    if site is None:
        raise RuleBroken("This site belongs to another provider.", field="site")
    if provider.school_id == school_id:
        raise RuleBroken("The student is on the roll of this school already.", field="provider")
    return provider, programme, site
