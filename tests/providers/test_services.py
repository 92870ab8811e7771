"""Providers are built up by the lead, checked by one person and approved by another."""

from datetime import date, time, timedelta
from decimal import Decimal

import pytest

from providers.codes import GATE_CHECKS, CheckKind, ProviderKind
from providers.lifecycle import Status
from providers.models import Provider
from providers.queries import approval_gaps, check_lines, expiring, status_history
from providers.services import (
    add_agreement,
    add_programme,
    add_provider,
    add_provider_contact,
    add_site,
    approve_provider,
    change_provider,
    close_provider,
    close_site_on,
    confirm_check,
    record_check,
    suspend_provider,
)
from tests.factories.people import make_user
from tests.factories.providers import make_provider, make_site
from tests.fixtures import NOW, TODAY
from trust.errors import NotAllowed, RuleBroken, StaleRecord
from trust.permissions import Role

FACTS = {"name": "Harbour Learning", "kind": ProviderKind.REGISTERED_AP, "urn": "146999"}
SITE = {
    "name": "Quay",
    "kind": "MAIN",
    "address": "2 Quay",
    "postcode": "NB4 1AA",
    "phone": "01632 960300",
    "report_to": "Kim Lee",
}
TIMES = {
    "from_day": date(2026, 9, 1),
    "am_start": time(9),
    "am_end": time(12),
    "pm_start": time(12, 30),
    "pm_end": time(15),
}
PROGRAMME = {"name": "Boats", "unit": "SESSION", "rate": Decimal("50.00"), "capacity": 6}


@pytest.fixture
def prospect(cast):
    """A prospective provider without anything."""
    return add_provider(data=FACTS, by=cast.lead, now=NOW)


def record_all(provider, by, *, done_on=TODAY - timedelta(days=10)):
    """Every check of the gate."""
    for kind in GATE_CHECKS:
        record_check(
            provider_id=provider.pk,
            kind=kind,
            done_on=done_on,
            expires_on=done_on + timedelta(days=365),
            note="",
            by=by,
            now=NOW,
        )


def confirm_all(provider, by):
    """Everything that waits is confirmed."""
    for check in provider.checks.filter(confirmed_by__isnull=True):
        confirm_check(check_id=check.pk, by=by, now=NOW)


def complete(provider, cast):
    """Site, programme, agreement by the lead, checks by the pastoral SLT and confirmed by the lead."""
    add_site(provider_id=provider.pk, data=SITE, times=TIMES, by=cast.lead, now=NOW)
    add_programme(provider_id=provider.pk, data=PROGRAMME, by=cast.lead, now=NOW)
    agree(provider, cast.lead)
    record_all(provider, cast.slt)
    confirm_all(provider, cast.lead)


def agree(provider, by, first=date(2026, 9, 1), last=date(2027, 8, 31), signed_on=date(2026, 7, 1)):
    """A signed agreement."""
    return add_agreement(
        provider_id=provider.pk,
        first=first,
        last=last,
        signed_by="Kim Lee",
        signed_on=signed_on,
        terms="",
        by=by,
        now=NOW,
    )


def approve(provider, by):
    """The approval with a reason."""
    return approve_provider(provider_id=provider.pk, reason="Visited and found suitable.", by=by, now=NOW)


def test_add_provider_is_prospective(prospect, cast):
    assert (prospect.status, prospect.status_by) == (Status.PROSPECTIVE, cast.lead)


@pytest.mark.parametrize("who", ["slt", "head", "dsl", "ceo", "finance", "trustee"])
def test_add_provider_by_others_is_refused(cast, who):
    with pytest.raises(NotAllowed):
        add_provider(data=FACTS, by=getattr(cast, who), now=NOW)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({**FACTS, "urn": ""}, "Give the URN"),
        ({**FACTS, "kind": ProviderKind.FE_COLLEGE, "urn": ""}, "Give the UKPRN"),
        ({**FACTS, "urn": "12"}, "six digits"),
        ({**FACTS, "ukprn": "20000000"}, "starts with 1"),
        ({**FACTS, "kind": ProviderKind.TRUST_SCHOOL}, "Name the school of the trust"),
    ],
)
def test_add_provider_with_facts_that_do_not_fit_is_refused(cast, facts, words):
    with pytest.raises(RuleBroken, match=words):
        add_provider(data=facts, by=cast.lead, now=NOW)


def test_change_provider_after_somebody_else_is_refused(prospect, cast):
    other = make_user("Second Lead", (Role.LEAD, None))
    change_provider(provider_id=prospect.pk, data={"subjects": "boats"}, version=1, by=cast.lead, now=NOW)
    with pytest.raises(StaleRecord):
        change_provider(provider_id=prospect.pk, data={"subjects": "cars"}, version=1, by=other, now=NOW)
    assert Provider.objects.get().subjects == "boats"


def test_change_provider_kind_after_approval_is_refused(provider, cast):
    with pytest.raises(RuleBroken, match="kind of a provider is fixed"):
        change_provider(provider_id=provider.pk, data={"kind": ProviderKind.TUITION}, version=1, by=cast.lead, now=NOW)


def test_add_site_with_times_and_closed_day(prospect, cast):
    site = add_site(provider_id=prospect.pk, data=SITE, times=TIMES, by=cast.lead, now=NOW)
    close_site_on(site_id=site.pk, day=date(2026, 12, 1), note="staff day", by=cast.lead, now=NOW)
    assert (site.times.get().pm_end, site.closures.get().day) == (time(15), date(2026, 12, 1))
    with pytest.raises(RuleBroken, match="already"):
        close_site_on(site_id=site.pk, day=date(2026, 12, 1), note="", by=cast.lead, now=NOW)


def test_add_site_and_programme_of_the_same_name_are_refused(provider, cast):
    with pytest.raises(RuleBroken, match="site of that name"):
        add_site(provider_id=provider.pk, data={**SITE, "name": "Main site"}, times=TIMES, by=cast.lead, now=NOW)
    with pytest.raises(RuleBroken, match="programme of that name"):
        add_programme(provider_id=provider.pk, data={**PROGRAMME, "name": "Engage"}, by=cast.lead, now=NOW)


def test_add_site_with_times_out_of_order_is_refused(prospect, cast):
    with pytest.raises(RuleBroken, match="follow one another"):
        add_site(provider_id=prospect.pk, data=SITE, times={**TIMES, "am_end": time(8)}, by=cast.lead, now=NOW)
    assert not prospect.sites.exists()


@pytest.mark.policy("P3.9")
def test_add_agreement_that_overlaps_is_refused(provider, cast):
    with pytest.raises(RuleBroken, match="already has an agreement"):
        agree(provider, cast.lead, first=date(2027, 8, 31), last=date(2028, 8, 31))
    assert agree(provider, cast.lead, first=date(2027, 9, 1), last=date(2028, 8, 31)).pk


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"first": date(2027, 9, 2), "last": date(2027, 9, 1)}, "last"),
        ({"first": date(2027, 9, 1), "last": date(2028, 8, 31), "signed_on": TODAY + timedelta(days=1)}, "signed_on"),
    ],
)
def test_add_agreement_with_days_that_do_not_fit_is_refused(provider, cast, changes, field):
    with pytest.raises(RuleBroken) as refused:
        agree(provider, cast.lead, **changes)
    assert refused.value.field == field


@pytest.mark.parametrize("who", ["slt", "dsl", "lead"])
def test_record_check_keeps_who_and_when(prospect, cast, who):
    record_all(prospect, getattr(cast, who))
    assert {check.recorded_by for check in prospect.checks.all()} == {getattr(cast, who)}


@pytest.mark.parametrize("who", ["team", "att", "head", "ceo", "finance", "trustee"])
def test_record_check_by_others_is_refused(prospect, cast, who):
    with pytest.raises(NotAllowed):
        record_all(prospect, getattr(cast, who))


def test_record_check_in_the_future_is_refused(prospect, cast):
    with pytest.raises(RuleBroken, match="in the future"):
        record_all(prospect, cast.slt, done_on=TODAY + timedelta(days=1))


@pytest.mark.policy("P3.12")
def test_approve_provider_that_lacks_nothing(prospect, cast):
    complete(prospect, cast)
    approved = approve(prospect, cast.lead)
    assert (approved.status, approved.status_by, approved.status_at) == (Status.APPROVED, cast.lead, NOW)
    assert list(Provider.objects.approved()) == [prospect]


def test_approve_provider_without_anything_names_it_all(prospect, cast):
    with pytest.raises(RuleBroken, match=r"Missing: a site, a programme, a service level agreement .* and visit\."):
        approve(prospect, cast.lead)


def test_approve_provider_by_who_recorded_a_check_is_refused(prospect, cast):
    complete(prospect, cast)
    record_check(
        provider_id=prospect.pk,
        kind=CheckKind.INSURANCE,
        done_on=TODAY,
        expires_on=TODAY + timedelta(days=300),
        note="",
        by=cast.lead,
        now=NOW,
    )
    assert approval_gaps(prospect, TODAY) == ()
    confirm_all(prospect, make_user("Second Lead", (Role.LEAD, None)))
    with pytest.raises(NotAllowed, match="You recorded one of this provider's checks"):
        approve(prospect, cast.lead)
    assert approve(prospect, cast.ceo).status == Status.APPROVED


def test_approve_provider_whose_old_check_was_theirs_is_accepted(prospect, cast):
    record_all(prospect, cast.lead, done_on=TODAY - timedelta(days=400))
    confirm_all(prospect, make_user("Second Lead", (Role.LEAD, None)))
    complete(prospect, cast)
    assert approve(prospect, cast.lead).status == Status.APPROVED


@pytest.mark.parametrize("who", ["slt", "head", "dsl", "finance", "trustee"])
def test_approve_provider_by_others_is_refused(prospect, cast, who):
    complete(prospect, cast)
    with pytest.raises(NotAllowed):
        approve(prospect, getattr(cast, who))


def test_approve_trust_school_without_agreement_and_checks(cast, south):
    school = add_provider(
        data={"name": "South", "kind": ProviderKind.TRUST_SCHOOL, "school": south}, by=cast.lead, now=NOW
    )
    make_site(school)
    add_programme(provider_id=school.pk, data=PROGRAMME, by=cast.lead, now=NOW)
    assert school.urn == south.urn
    assert approve(school, cast.lead).status == Status.APPROVED


def test_approve_provider_without_reason_is_refused(prospect, cast):
    complete(prospect, cast)
    with pytest.raises(RuleBroken, match="Give the reason"):
        approve_provider(provider_id=prospect.pk, reason="  ", by=cast.lead, now=NOW)


def test_suspend_and_approve_again_leaves_a_history(prospect, cast):
    complete(prospect, cast)
    approve(prospect, cast.lead)
    suspend_provider(provider_id=prospect.pk, reason="Fire exit blocked.", by=cast.ceo, now=NOW)
    approve(prospect, cast.lead)
    steps = [(step.status, step.reason, step.by) for step in status_history(prospect)]
    assert steps == [
        ("APPROVED", "Visited and found suitable.", cast.lead),
        ("SUSPENDED", "Fire exit blocked.", cast.ceo),
        ("APPROVED", "Visited and found suitable.", cast.lead),
        ("PROSPECTIVE", "", cast.lead),
    ]


def test_suspend_is_open_to_who_recorded_a_check(provider, cast):
    record_all(provider, cast.lead)
    stopped = suspend_provider(provider_id=provider.pk, reason="Unsafe.", by=cast.lead, now=NOW)
    assert stopped.status == Status.SUSPENDED


def test_suspend_a_prospective_provider_is_refused(prospect, cast):
    with pytest.raises(RuleBroken, match="cannot become 'suspended'"):
        suspend_provider(provider_id=prospect.pk, reason="x", by=cast.lead, now=NOW)


def test_close_provider_is_for_good(provider, cast):
    close_provider(provider_id=provider.pk, reason="Moved away.", by=cast.lead, now=NOW)
    with pytest.raises(RuleBroken, match="cannot become 'approved'"):
        approve(provider, cast.ceo)
    with pytest.raises(RuleBroken, match="closed"):
        add_provider_contact(provider_id=provider.pk, data={"name": "A", "role": "DSL"}, by=cast.lead, now=NOW)


def test_check_lines_show_the_newest_check_of_each_kind(provider, cast):
    record_check(
        provider_id=provider.pk,
        kind=CheckKind.INSURANCE,
        done_on=TODAY,
        expires_on=TODAY + timedelta(days=20),
        note="",
        by=cast.slt,
        now=NOW,
    )
    before = {line.kind: line for line in check_lines(provider, TODAY)}
    assert set(before) == {*GATE_CHECKS, CheckKind.DATA_SHARING}
    assert (before[CheckKind.INSURANCE].state, len(before[CheckKind.INSURANCE].waiting)) == ("valid", 1)
    confirm_all(provider, cast.lead)
    lines = {line.kind: line for line in check_lines(provider, TODAY)}
    assert (len(lines[CheckKind.INSURANCE].waiting), len(lines[CheckKind.INSURANCE].earlier)) == (0, 1)
    assert (lines[CheckKind.INSURANCE].state, lines[CheckKind.INSURANCE].until) == (
        "expiring",
        TODAY + timedelta(days=20),
    )
    assert approval_gaps(provider, TODAY) == ()


def test_expiring_lists_approved_providers_only_and_skips_what_is_renewed(provider, cast):
    make_provider("Other", status=Status.SUSPENDED, checked_by=cast.slt, approved_by=cast.lead, now=NOW)
    on = date(2027, 8, 10)
    assert [(row.provider, row.what, row.last, row.is_over) for row in expiring(on) if "agree" in row.what] == [
        (provider, "Service level agreement", date(2027, 8, 31), False)
    ]
    agree(provider, cast.lead, first=date(2027, 9, 1), last=date(2028, 8, 31))
    assert not [row for row in expiring(on) if "agree" in row.what]
    assert expiring(TODAY) == []
    assert expiring(date(2027, 12, 1))[0].is_over


def test_expiring_needs_the_same_queries_for_one_and_three(provider, cast, django_assert_num_queries):
    with django_assert_num_queries(4):
        expiring(TODAY)
    for name in ("B", "C"):
        make_provider(name, checked_by=cast.slt, approved_by=cast.lead, now=NOW)
    with django_assert_num_queries(4):
        expiring(TODAY)
