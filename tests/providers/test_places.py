"""Sites, closed days, people and programmes change without losing what was."""

from datetime import date, time
from decimal import Decimal

import pytest
from django.apps import apps

from providers.models import ProviderContact
from providers.services import (
    add_programme,
    add_provider_contact,
    change_programme,
    change_provider_contact,
    change_site,
    close_provider,
    close_site_on,
    remove_provider_contact,
    remove_site_closure,
)
from tests.factories.providers import make_site
from tests.fixtures import NOW
from trust.errors import NotAllowed, RuleBroken, StaleRecord

LATER = {
    "from_day": date(2027, 1, 5),
    "am_start": time(9, 30),
    "am_end": time(12),
    "pm_start": time(13),
    "pm_end": time(15, 30),
}


@pytest.fixture
def site(provider):
    """The provider's only site."""
    return provider.sites.get()


def change(site, by, data=None, times=None, version=1):
    return change_site(site_id=site.pk, data=data or {}, times=times, version=version, by=by, now=NOW)


@pytest.mark.policy("P7.3")
def test_change_site_keeps_the_earlier_times(site, cast):
    changed = change(site, cast.lead, {"phone": "01632 960999", "closed_on": date(2027, 7, 1)}, LATER)
    assert (changed.phone, changed.closed_on, changed.version) == ("01632 960999", date(2027, 7, 1), 2)
    assert [(row.from_day, row.am_start) for row in site.times.order_by("from_day")] == [
        (date(2026, 9, 1), time(9)),
        (date(2027, 1, 5), time(9, 30)),
    ]
    change(site, cast.lead, times={**LATER, "am_start": time(9, 45)}, version=2)
    assert [row.am_start for row in site.times.order_by("from_day")] == [time(9), time(9, 45)]


def test_change_site_after_somebody_else_is_refused(site, cast):
    change(site, cast.lead)
    with pytest.raises(StaleRecord):
        change(site, cast.lead, {"phone": "1"})


def test_change_site_to_a_name_that_is_there_or_times_out_of_order_is_refused(provider, site, cast):
    make_site(provider, "Satellite", kind="SATELLITE")
    with pytest.raises(RuleBroken, match="site of that name"):
        change(site, cast.lead, {"name": "Satellite"})
    with pytest.raises(RuleBroken, match="follow one another"):
        change(site, cast.lead, times={**LATER, "pm_start": time(11)})


def test_change_site_by_others_or_of_a_closed_provider_is_refused(provider, site, cast):
    with pytest.raises(NotAllowed):
        change(site, cast.slt)
    close_provider(provider_id=provider.pk, reason="Gone.", by=cast.ceo, now=NOW)
    with pytest.raises(RuleBroken, match="closed"):
        change(site, cast.lead)


def close(site, by, day, until=None):
    return close_site_on(site_id=site.pk, day=day, until=until, note="holiday", by=by, now=NOW)


def test_close_site_for_a_stretch_records_its_weekdays(site, cast):
    close(site, cast.lead, date(2026, 12, 22))
    close(site, cast.lead, date(2026, 12, 18), date(2026, 12, 23))
    assert [row.day for row in site.closures.order_by("day")] == [
        date(2026, 12, 18),
        date(2026, 12, 21),
        date(2026, 12, 22),
        date(2026, 12, 23),
    ]
    with pytest.raises(RuleBroken, match="recorded for this site already"):
        close(site, cast.lead, date(2026, 12, 18), date(2026, 12, 21))


@pytest.mark.parametrize("until", [date(2026, 12, 17), date(2027, 2, 18)])
def test_close_site_backwards_or_for_too_long_is_refused(site, cast, until):
    with pytest.raises(RuleBroken) as refused:
        close(site, cast.lead, date(2026, 12, 18), until)
    assert refused.value.field == "until"
    assert not site.closures.exists()


def test_remove_closed_day_keeps_it_in_the_history(site, cast):
    closure = close(site, cast.lead, date(2026, 12, 18))
    with pytest.raises(NotAllowed):
        remove_site_closure(closure_id=closure.pk, by=cast.slt, now=NOW)
    remove_site_closure(closure_id=closure.pk, by=cast.lead, now=NOW)
    assert not site.closures.exists()
    events = apps.get_model("providers", "SiteClosureEvent").objects.filter(pgh_obj_id=closure.pk)
    assert list(events.order_by("pgh_id").values_list("pgh_label", flat=True)) == ["insert", "delete"]


def test_people_are_corrected_and_removed_by_the_lead_only(provider, cast):
    data = {"name": "Kim", "role": "DSL", "job_title": "Deputy", "phone": "1"}
    person = add_provider_contact(provider_id=provider.pk, data=data, by=cast.lead, now=NOW)
    changed = change_provider_contact(contact_id=person.pk, data={"role": "HEAD"}, by=cast.lead, now=NOW)
    assert (changed.role, changed.job_title) == ("HEAD", "Deputy")
    for act in (remove_provider_contact, lambda **kw: change_provider_contact(data={}, **kw)):
        with pytest.raises(NotAllowed):
            act(contact_id=person.pk, by=cast.ceo, now=NOW)
    remove_provider_contact(contact_id=person.pk, by=cast.lead, now=NOW)
    assert not ProviderContact.objects.exists()


TRADES = {"title": "Construction Skills", "level": "Level 1", "awarding_body": "City & Guilds", "number": "600/1234/5"}
MATHS = {"title": "Maths", "level": "Level 2", "awarding_body": "AQA", "number": ""}


def programme(provider, by, **data):
    facts = {"name": "Boats", "unit": "SESSION", "rate": Decimal("50"), "capacity": 6, **data}
    return add_programme(provider_id=provider.pk, data=facts, qualifications=[TRADES, MATHS], by=by, now=NOW)


@pytest.mark.policy("P3.6")
def test_programme_has_its_qualifications_and_changes_only_what_changed(provider, cast):
    made = programme(provider, cast.lead, sessions_offered=[0, 1, 4])
    kept = made.qualifications.get(title="Maths")
    change_programme(
        programme_id=made.pk,
        data={"rate": Decimal("52"), "offered_until": date(2027, 7, 1)},
        qualifications=[{**MATHS, "level": "Level 1"}, {**TRADES, "awarding_body": "Pearson"}],
        version=1,
        by=cast.lead,
        now=NOW,
    )
    made.refresh_from_db()
    assert (made.rate, made.offered_until, made.sessions_offered) == (Decimal("52.00"), date(2027, 7, 1), [0, 1, 4])
    rows = {row.title: row for row in made.qualifications.all()}
    assert (rows["Maths"].pk, rows["Maths"].level) == (kept.pk, "Level 1")
    assert (len(rows), rows["Construction Skills"].awarding_body) == (2, "Pearson")
    with pytest.raises(StaleRecord):
        change_programme(programme_id=made.pk, data={}, qualifications=None, version=1, by=cast.lead, now=NOW)


def test_programme_without_a_half_day_or_with_a_name_that_is_there_is_refused(provider, cast):
    with pytest.raises(RuleBroken, match="at least one half-day"):
        programme(provider, cast.lead, sessions_offered=[])
    made = programme(provider, cast.lead)
    with pytest.raises(RuleBroken, match="programme of that name"):
        change_programme(
            programme_id=made.pk, data={"name": "Engage"}, qualifications=None, version=1, by=cast.lead, now=NOW
        )
    with pytest.raises(NotAllowed):
        change_programme(programme_id=made.pk, data={}, qualifications=None, version=1, by=cast.slt, now=NOW)
