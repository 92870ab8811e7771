"""The questions of the gate, each with the sentence that is shown when the answer is no, and its source."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from placements.codes import ROUTE_RULES, Consent, Gate, Route
from placements.rules.gate_facts import CheckFact, GateCode, GateFacts, GateOutcome, GateResult
from placements.rules.thresholds import (
    HOME_VISIT_AHEAD_DAYS,
    HOME_VISIT_DAYS,
    UNREGISTERED_HOURS,
    UNREGISTERED_SESSIONS,
    UNREGISTERED_STUDENTS,
    in_force,
)
from providers.codes import CheckKind, ProviderKind
from providers.lifecycle import Status as ProviderStatus
from providers.rules import counts_until
from trust.calendar import SchoolCalendar, date_words


def answer(code: GateCode, passed: bool, why: str, good: str, source: str, *, overridable: bool = False) -> GateResult:
    outcome = GateOutcome.PASSED if passed else GateOutcome.FAILED
    return GateResult(code, outcome, good if passed else why, source, overridable and not passed)


def provider_facts(facts: GateFacts, asked: Gate) -> list[GateResult]:
    if asked == Gate.TRUST_SCHOOL:
        standing = "The standing agreement between the trust's schools serves."
        return [
            GateResult(GateCode.AGREEMENT, GateOutcome.PASSED, standing, "P3.9"),
            host_accepted(facts),
            _dual_registration(facts),
        ]
    results = [
        _agreement(facts),
        _check(facts, CheckKind.STAFF_CHECKS),
        _check(facts, CheckKind.SAFEGUARDING_POLICY),
    ]
    if asked == Gate.HOME_ONLINE:
        return [*results, _check(facts, CheckKind.ACCREDITATION), _home_visit(facts)]
    results += [_check(facts, CheckKind.INSURANCE), _check(facts, CheckKind.VISIT)]
    if facts.provider_kind == ProviderKind.UNREGISTERED:
        results.append(_unregistered(facts))
    return results


def provider_kind(facts: GateFacts) -> GateResult:
    """A route that names kinds of provider accepts no other, and an online provider is for students who are confined
    to home (P3.3, P3.4, P3.13).
    """
    kinds = ROUTE_RULES[Route(facts.route)].provider_kinds
    at_home = facts.route in (Route.HOME_ONLINE, Route.LA_ARRANGED)
    if facts.provider_kind == ProviderKind.ONLINE and not at_home:
        why = "An online provider is for students who are confined to home: choose the route 'online at home'."
        return answer(GateCode.PROVIDER_KIND, False, why, "", "P3.4")
    return answer(
        GateCode.PROVIDER_KIND,
        kinds is None or facts.provider_kind in kinds,
        f"The route '{Route(facts.route).label}' is not possible at a provider of this kind.",
        "This kind of provider is possible on this route.",
        "P3.3",
    )


def provider_approved(facts: GateFacts) -> GateResult:
    """Only an approved provider takes students (P3.12)."""
    return answer(
        GateCode.PROVIDER_APPROVED,
        facts.provider_status == ProviderStatus.APPROVED,
        f"The provider is {ProviderStatus(facts.provider_status).label.lower()}, not approved.",
        "The provider is approved.",
        "P3.12",
    )


def specialist(facts: GateFacts) -> GateResult:
    """'Medical support ... must be a specialist provision' (P2.2)."""
    return answer(
        GateCode.SPECIALIST,
        facts.medical_specialist,
        "Medical needs are met only by specialist, hospital or home-tuition providers.",
        "The provider is specialist, hospital or home tuition.",
        "P2.2",
    )


def _agreement(facts: GateFacts) -> GateResult:
    """No approval and no start without an agreement that covers the whole period (P3.9)."""
    gap = _first_gap(facts.agreements, facts.first, facts.last or facts.first)
    return answer(
        GateCode.AGREEMENT,
        gap is None,
        f"No service level agreement covers {date_words(gap)}." if gap else "",
        "A service level agreement covers the whole period.",
        "P3.9",
    )


def _first_gap(periods: Iterable[tuple[dt.date, dt.date]], first: dt.date, last: dt.date) -> dt.date | None:
    """The first day from ``first`` to ``last`` that no period holds."""
    day = first
    for begins, ends in sorted(periods):
        if begins <= day <= ends:
            day = ends + dt.timedelta(days=1)
    return day if day <= last else None


@dataclass(frozen=True)
class _CheckRule:
    code: GateCode
    source: str


_CHECK_RULES: dict[CheckKind, _CheckRule] = {
    CheckKind.STAFF_CHECKS: _CheckRule(GateCode.STAFF_CHECKS, "P3.12; Keeping children safe in education"),
    CheckKind.SAFEGUARDING_POLICY: _CheckRule(GateCode.SAFEGUARDING_POLICY, "P3.12"),
    CheckKind.INSURANCE: _CheckRule(GateCode.INSURANCE, "P3.9"),
    CheckKind.VISIT: _CheckRule(GateCode.VISIT, "P3.12"),
    CheckKind.ACCREDITATION: _CheckRule(GateCode.ACCREDITATION, "P3.4"),
}


def check_valid_until(kind: str, fact: CheckFact) -> dt.date | None:
    """The last day on which a check counts; None without a limit.

    Staff checks and visits count for 12 months, less when they state an earlier last day; insurance counts to
    its stated last day, so without one it has ended on the day it was done.
    """
    return counts_until(kind, fact.done_on, fact.expires_on)


def _check(facts: GateFacts, kind: CheckKind) -> GateResult:
    """A check is done, in date on the day of asking and on the first day; one that runs out before the end
    warns.
    """
    rule = _CHECK_RULES[kind]
    fact = facts.checks.get(kind)
    if fact is None or fact.done_on > facts.on:
        waits = "It is recorded, but the trust AP lead has not confirmed it."
        why = waits if kind in facts.unconfirmed else "None is recorded."
        return answer(rule.code, False, why, "", rule.source, overridable=True)
    until = check_valid_until(kind, fact)
    needed = max(facts.on, facts.first)
    if until is not None and until < needed:
        why = f"It counted to {date_words(until)} and is needed on {date_words(needed)}."
        return answer(rule.code, False, why, "", rule.source, overridable=True)
    if until is not None and facts.last is not None and until < facts.last:
        why = f"It counts to {date_words(until)}, before the placement ends: have it renewed."
        return GateResult(rule.code, GateOutcome.WARNING, why, rule.source)
    good = f"Recorded on {date_words(fact.done_on)}" + (f", counts to {date_words(until)}." if until else ".")
    return answer(rule.code, True, "", good, rule.source)


def subjects(facts: GateFacts) -> GateResult:
    """'Always maths and English': a full-time programme teaches both; part-time says who teaches them and
    when (P3.5).
    """
    if facts.teaches_maths_and_english:
        return answer(GateCode.MATHS_AND_ENGLISH, True, "", "The programme teaches both.", "P3.5")
    if facts.full_time:
        why = "A full-time programme teaches maths and English, without exception."
        return answer(GateCode.MATHS_AND_ENGLISH, False, why, "", "P3.5")
    return answer(
        GateCode.MATHS_AND_ENGLISH,
        bool(facts.maths_and_english_how.strip()),
        "Record who teaches maths and English, and when.",
        f"Taught beside the placement: {facts.maths_and_english_how.strip()}",
        "P3.5",
    )


def _unregistered(facts: GateFacts) -> GateResult:
    """More than 18 hours a week at an unregistered provider is full-time education, which only a school may
    give.

    Refused for a student with an EHC plan or looked after, or for five of our students; otherwise
    overridable. More than four sessions a week warns. Source: Education Act 1996 s.463, Education and Skills
    Act 2008 s.96, DfE guidance.
    """
    limits = [in_force(rows, facts.on) for rows in (UNREGISTERED_HOURS, UNREGISTERED_STUDENTS, UNREGISTERED_SESSIONS)]
    most_hours, students, most_sessions = (limit.value for limit in limits)
    source = limits[0].source
    hours = f"{facts.weekly_hours.normalize():f} hours a week at an unregistered provider"
    if facts.weekly_hours > most_hours:
        limit = f"{hours}, more than {most_hours}"
        if facts.ehc_plan or facts.looked_after:
            who = "an EHC plan" if facts.ehc_plan else "a place in care"
            why = f"{limit}, for a student with {who}: the provider would have to register."
            return answer(GateCode.UNREGISTERED, False, why, "", source)
        if facts.others_over_hours + 1 >= students:
            why = f"{limit}, for {students} of our students: the provider would have to register."
            return answer(GateCode.UNREGISTERED, False, why, "", source)
        return answer(GateCode.UNREGISTERED, False, f"{limit}.", "", source, overridable=True)
    if facts.weekly_sessions > most_sessions:
        why = f"{facts.weekly_sessions} sessions a week, more than {most_sessions}: watch the hours."
        return GateResult(GateCode.UNREGISTERED, GateOutcome.WARNING, why, source)
    return answer(GateCode.UNREGISTERED, True, "", f"{hours}.", source)


def _home_visit(facts: GateFacts) -> GateResult:
    """Online at home only after a visit that found it suitable, with safeguarding and a supervisor named
    (P3.4).
    """
    visit = facts.home_visit
    days = dt.timedelta(days=in_force(HOME_VISIT_DAYS, facts.on).value)
    since = facts.home_visit_since or max(facts.on, facts.first) - days
    if visit is None or visit.visited_on > facts.on:
        why = "No visit to the home is recorded."
    elif not visit.suitable:
        why = "The visit found the home not suitable."
    elif visit.visited_on < since:
        why = f"The last visit was on {date_words(visit.visited_on)}; it is renewed each half-term."
    elif not visit.safeguarding.strip():
        why = "Record the safeguarding arrangements and the rules for live lessons."
    elif not visit.supervisor.strip():
        why = "Name the adult who supervises at home."
    else:
        return answer(
            GateCode.HOME_VISIT,
            True,
            "",
            f"Visited on {date_words(visit.visited_on)} and found suitable.",
            "P3.4",
        )
    return answer(GateCode.HOME_VISIT, False, why, "", "P3.4")


def home_visit_since(cal: SchoolCalendar, needed: dt.date) -> dt.date | None:
    """The earliest day on which a visit to the home still counts for ``needed``; None on a day outside half-terms.

    Renewed each half-term: it was made in the same half-term, or on one of the last school days before that began
    (``HOME_VISIT_AHEAD_DAYS``). Raises ``CalendarNotLoaded``. Source: P3.4.
    """
    half = cal.half_term_of(needed)
    if half is None:
        return None
    return cal.school_days_before(half.first, in_force(HOME_VISIT_AHEAD_DAYS, needed).value)


def family_meeting(facts: GateFacts) -> GateResult:
    """A set-up meeting before approval; a family absent after two dated invitations counts (P5.1)."""
    met = facts.family_met_on is not None and facts.family_met_on <= facts.on
    invited = {day for day in (facts.family_invited_on, facts.family_invited_again_on) if day and day <= facts.on}
    return answer(
        GateCode.FAMILY_MEETING,
        met or len(invited) == 2,
        "No meeting with the family and no two dated invitations are recorded.",
        f"Met on {date_words(facts.family_met_on)}." if met and facts.family_met_on else "Invited twice.",
        "P5.1",
        overridable=True,
    )


def explanation(facts: GateFacts) -> GateResult:
    """Reasons are explained to the family; without override when it is an alternative to permanent exclusion
    (P5.2).
    """
    why = "Record who explained the reasons to whom and what the family said."
    if facts.exclusion_alternative:
        why = f"This is an alternative to permanent exclusion. {why}"
    return answer(
        GateCode.EXPLANATION,
        facts.explanation_recorded,
        why,
        "The reasons were explained to the family.",
        "P5.2",
        overridable=not facts.exclusion_alternative,
    )


def consent(facts: GateFacts, consent: Consent) -> GateResult:
    """Views or agreement are recorded as the route asks; a managed move needs consent, without override
    (P3.13).
    """
    what = {
        Consent.VIEWS: "the parents' views",
        Consent.RECORDED: "the parents' agreement",
        Consent.REQUIRED: "the parents' consent",
    }[consent]
    return answer(
        GateCode.CONSENT,
        facts.consent_on is not None and facts.consent_on <= facts.on,
        f"Record {what}, with the day.",
        f"Recorded on {date_words(facts.consent_on)}." if facts.consent_on else "",
        "P3.13" if consent == Consent.REQUIRED else "P5.3",
        overridable=consent != Consent.REQUIRED,
    )


def host_accepted(facts: GateFacts) -> GateResult:
    """The Headteacher of the receiving school has accepted the student (P3.3, P3.13)."""
    if facts.host_refused_on is not None:
        why = f"The receiving school refused on {date_words(facts.host_refused_on)}: {facts.host_refusal}"
        return answer(GateCode.HOST_ACCEPTED, False, why, "", "P3.3")
    accepted = facts.host_accepted_on is not None and facts.host_accepted_on <= facts.on
    return answer(
        GateCode.HOST_ACCEPTED,
        accepted,
        "The Headteacher of the receiving school has not accepted the student.",
        "The Headteacher of the receiving school accepted.",
        "P3.3",
    )


def _dual_registration(facts: GateFacts) -> GateResult:
    """At a trust school the student is dual registered by the first day; code D is not used before it
    (P3.3).
    """
    return answer(
        GateCode.DUAL_REGISTRATION,
        facts.dual_registered_on is not None and facts.dual_registered_on <= facts.first,
        "Give the date of dual registration, at latest the first day.",
        f"From {date_words(facts.dual_registered_on)}." if facts.dual_registered_on else "",
        "P3.3",
    )


def la_confirmed(facts: GateFacts) -> GateResult:
    """Arranged by the local authority: its written confirmation, the address and a contact for attendance."""
    missing = [
        words
        for words, there in (
            (
                "its written confirmation",
                facts.la_confirmed_on is not None and facts.la_confirmed_on <= facts.on,
            ),
            ("the address", facts.site_address.strip()),
            ("a contact for attendance", facts.attendance_contact.strip()),
        )
        if not there
    ]
    return answer(
        GateCode.LA_CONFIRMED,
        not missing,
        f"From the local authority is missing: {', '.join(missing)}.",
        "The local authority confirmed in writing.",
        "P3.11",
    )
