"""The questions of the gate about the place: is it there, is it offered, is what surrounds it arranged."""

import datetime as dt
from collections.abc import Iterable

from placements.codes import Lunch, Route, TransportMode
from placements.lifecycle import OfferStatus
from placements.rules.gate_facts import GateCode, GateFacts, GateOutcome, GateResult
from placements.rules.gate_questions import answer
from placements.rules.timetable import SESSIONS, SLOTS_PER_WEEK, WEEKDAYS, slot_label
from trust.calendar import date_words
from trust.rules import and_words


def half_days_words(slots: Iterable[int]) -> str:
    """Half-days of the fortnight in words: 'Tue PM and Wed AM', 'week B Tue PM' for one of week B only."""
    wanted = sorted(set(slots))
    words = []
    for slot in sorted({slot % SLOTS_PER_WEEK for slot in wanted}):
        weeks = [base for base in (0, SLOTS_PER_WEEK) if base + slot in wanted]
        label = f"{WEEKDAYS[slot // 2]} {SESSIONS[slot % 2]}"
        only_b = weeks == [SLOTS_PER_WEEK]
        words.append(slot_label(slot + SLOTS_PER_WEEK).replace("Week", "week") if only_b else label)
    return and_words(words)


def capacity(facts: GateFacts) -> GateResult:
    """The programme has a place left for the student on each half-day (P6.2)."""
    on = f" on {half_days_words(facts.full_half_days)}" if facts.full_half_days else ""
    return answer(
        GateCode.CAPACITY,
        facts.places_left >= 1,
        f"No place is left{on} in this period.",
        f"{facts.places_left} {'place is' if facts.places_left == 1 else 'places are'} left.",
        "P6.2",
        overridable=True,
    )


def half_days(facts: GateFacts) -> GateResult:
    """The programme is taught on the half-days and up to the last day that are wanted (P6.2)."""
    end = facts.last or facts.first
    if facts.not_offered:
        why = f"The programme is not offered on {half_days_words(facts.not_offered)}."
    elif facts.offered_until is not None and facts.offered_until < end:
        why = f"The programme is offered until {date_words(facts.offered_until)} only."
    else:
        return answer(GateCode.HALF_DAYS, True, "", "The programme runs on all of them.", "P6.2")
    return answer(GateCode.HALF_DAYS, False, why, "", "P6.2", overridable=True)


def key_stage(facts: GateFacts) -> GateResult:
    """Provision is for key stages 3 and 4 (P2.1), and the programme for that of the student; another year warns."""
    stage = {7: "KS3", 8: "KS3", 9: "KS3", 10: "KS4", 11: "KS4"}.get(facts.nc_year or 0)
    if facts.nc_year is not None and stage is None:
        why = f"NC year {facts.nc_year} is outside key stages 3 and 4: the referral gives the reason."
        return GateResult(GateCode.KEY_STAGE, GateOutcome.WARNING, why, "P2.1")
    return answer(
        GateCode.KEY_STAGE,
        stage is None or stage in facts.key_stages.split(),
        f"The programme is for {and_words(facts.key_stages.split()) or 'no key stage'}, the student is in {stage}.",
        "The programme is for the student's key stage.",
        "P2.1",
        overridable=True,
    )


def offer(facts: GateFacts) -> GateResult:
    """No approval without an offer: the provider has offered a place, the offer is open, it holds the half-days.

    Never overridable. Source: the trust's gate; P3.9, P5.1 (all parties agree before the start).
    """
    fact = facts.offer
    if fact is None:
        return _no_offer("No place has been asked for at this provider: ask for it and record the answer.")
    if fact.status == OfferStatus.ASKED:
        return _no_offer(f"A place was asked for on {date_words(fact.asked_on)}; no answer is recorded.")
    if fact.status == OfferStatus.REFUSED:
        return _no_offer(f"The provider refused a place: {fact.why}")
    if fact.status == OfferStatus.DROPPED:
        return _no_offer("The offer of this provider was dropped: ask again.")
    if fact.status == OfferStatus.OFFERED:
        if fact.until is None or fact.until < facts.on:
            ended = f" on {date_words(fact.until)}" if fact.until else ""
            return _no_offer(f"The offer lapsed{ended}: ask the provider to renew it.")
        more = facts.half_days - fact.slots
        if more:
            return _no_offer(f"The place is offered without {half_days_words(more)}: ask for these half-days too.")
    outside = facts.first < fact.first or (fact.last is not None and (facts.last is None or facts.last > fact.last))
    if outside:
        why = (
            f"The place was asked for from {_days(fact.first, fact.last)}: make sure that the provider knows the days."
        )
        return GateResult(GateCode.OFFER, GateOutcome.WARNING, why, "P3.9")
    good = f"Offered until {date_words(fact.until)}." if fact.status == OfferStatus.OFFERED and fact.until else ""
    return answer(GateCode.OFFER, True, "", good or "The offered place is taken up.", "P3.9")


def _no_offer(why: str) -> GateResult:
    return answer(GateCode.OFFER, False, why, "", "P3.9")


def _days(first: dt.date, last: dt.date | None) -> str:
    return f"{date_words(first)} to {date_words(last)}" if last else f"{date_words(first)} on"


def arrangements(facts: GateFacts) -> list[GateResult]:
    """What surrounds the place; a missing part warns and never stops anybody (P6.4, P3.12).

    Nobody travels or eats away from home on the route online at home.
    """
    risk = facts.risk_assessed_on is not None and facts.risk_assessed_on <= facts.on
    results = [
        _arranged(
            GateCode.RISK_ASSESSMENT,
            "" if risk else "No individual risk assessment is recorded.",
            f"Made on {date_words(facts.risk_assessed_on)}." if risk and facts.risk_assessed_on else "",
            "P3.12; Keeping children safe in education",
        )
    ]
    if facts.route != Route.HOME_ONLINE:
        results += [
            _arranged(
                GateCode.TRANSPORT,
                "" if facts.transport else "Record how the student gets there.",
                f"{TransportMode(facts.transport).label}." if facts.transport else "",
                "P6.5",
            ),
            _arranged(GateCode.LUNCH, _lunch_missing(facts), _lunch_words(facts), "Education Act 1996 s.512ZB"),
        ]
    missing = [
        words
        for words, known in (
            ("medical information, or that there is none", facts.medical_known),
            ("what to do in an emergency", facts.emergency_known),
        )
        if not known
    ]
    return [
        *results,
        _arranged(
            GateCode.MEDICAL_INFORMATION, f"Record {and_words(missing)}." if missing else "", "Recorded.", "P2.2"
        ),
        pack(facts),
    ]


def _arranged(code: GateCode, missing: str, good: str, source: str) -> GateResult:
    if missing:
        return GateResult(code, GateOutcome.WARNING, missing, source)
    return answer(code, True, "", good, source)


def _lunch_missing(facts: GateFacts) -> str:
    """Free school meals are the home school's duty wherever the student is at lunch time."""
    if facts.free_school_meals and facts.lunch in ("", Lunch.OWN):
        return "The student has free school meals: arrange the lunch."
    return "" if facts.lunch else "Record what the student eats at lunch time."


def _lunch_words(facts: GateFacts) -> str:
    return f"{Lunch(facts.lunch).label}." if facts.lunch else ""


def pack(facts: GateFacts) -> GateResult:
    """What a provider has to know before the first day; missing parts warn (P6.4)."""
    if facts.pack_missing:
        why = f"Not recorded: {', '.join(facts.pack_missing)}."
        return GateResult(GateCode.PACK, GateOutcome.WARNING, why, "P6.4")
    return answer(GateCode.PACK, True, "", "All recorded.", "P6.4")
