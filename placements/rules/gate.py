"""The one gate: what must be true before a placement is approved, and again before it starts.

Which questions are asked depends on the provider's kind and the route (``ROUTE_RULES``); every question gives
one ``GateResult``, so that the page shows what passed as well as what failed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from placements.codes import ROUTE_RULES, Consent, Gate, Route
from placements.rules import gate_place as place
from placements.rules import gate_questions as ask
from placements.rules.gate_facts import GateFacts, GateOutcome, GateResult
from providers.codes import ProviderKind
from trust.errors import RuleBroken


def gate(facts: GateFacts) -> tuple[GateResult, ...]:
    """Every question that this provider's kind and route ask, answered. Nothing is raised here.

    Source: the trust's gate by kind and route; P2.2, P3.4, P3.5, P3.9, P3.12, P5.1, P5.2. A trust school has
    its own gate on every route but managed move and LA arranged.
    """
    rules = ROUTE_RULES[Route(facts.route)]
    asked = rules.gate
    if facts.provider_kind == ProviderKind.TRUST_SCHOOL and asked == Gate.FULL:
        asked = Gate.TRUST_SCHOOL
    results = [ask.provider_kind(facts)]
    if asked == Gate.MANAGED_MOVE:
        results += [ask.host_accepted(facts)]
    elif asked == Gate.LA:
        results += [ask.la_confirmed(facts)]
    else:
        results += [
            ask.provider_approved(facts),
            *ask.provider_facts(facts, asked),
            place.capacity(facts),
            place.half_days(facts),
            place.key_stage(facts),
            ask.subjects(facts),
        ]
        # The Headteacher of a school of the trust accepts the student instead.
        if facts.offer_asked and asked != Gate.TRUST_SCHOOL:
            results.append(place.offer(facts))
        results += [ask.family_meeting(facts), *place.arrangements(facts)]
    if facts.route == Route.MEDICAL:
        results.append(ask.specialist(facts))
    results.append(ask.explanation(facts))
    if rules.consent != Consent.NONE:
        results.append(ask.consent(facts, rules.consent))
    return tuple(results)


def with_overrides(results: Iterable[GateResult], overrides: Mapping[str, str]) -> tuple[GateResult, ...]:
    """The results with every failed, overridable one that ``overrides`` (code to reason) lets through marked
    so.
    """
    return tuple(
        replace(result, outcome=GateOutcome.OVERRIDDEN, why=f"{result.why} Overridden: {reason}")
        if result.outcome == GateOutcome.FAILED and result.overridable and (reason := overrides.get(result.code, ""))
        else result
        for result in results
    )


def check_gate(results: Iterable[GateResult], overrides: Mapping[str, str]) -> None:
    """``RuleBroken`` naming every failed question that no override with a reason lets through."""
    failed = [r for r in with_overrides(results, overrides) if r.outcome == GateOutcome.FAILED]
    if not failed:
        return
    may_override = all(result.overridable for result in failed)
    raise RuleBroken(
        "The gate is not passed. " + " ".join(f"{result.label}: {result.why}" for result in failed),
        help="The Headteacher or the Chief executive can override this with a reason." if may_override else None,
    )
