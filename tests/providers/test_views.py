"""Pages of providers: who reaches them, what they show, what they do."""

from datetime import timedelta

import pytest
from django.urls import reverse

from providers.lifecycle import Status
from providers.models import Provider
from tests.factories.providers import make_provider, make_site
from tests.fixtures import NOW, TODAY

READS = ["team", "att", "slt", "dsl", "head", "ceo", "lead", "finance"]
PAGES = [
    # page, who opens it, who is refused
    ("provider-detail", READS, []),
    ("provider-edit", ["lead"], ["slt", "dsl", "head", "ceo", "finance"]),
    ("site-add", ["lead"], ["slt", "head", "ceo"]),
    ("programme-add", ["lead"], ["slt", "head", "ceo"]),
    ("contact-add", ["lead"], ["slt", "head", "ceo"]),
    ("agreement-add", ["lead"], ["slt", "head", "ceo"]),
    ("check-record", ["slt", "dsl", "lead"], ["team", "att", "head", "ceo", "finance"]),
    ("provider-approve", ["ceo", "lead"], ["slt", "head", "dsl"]),
    ("provider-close", ["ceo", "lead"], ["slt", "head", "dsl"]),
    ("site-close-day", ["lead"], ["slt", "head", "ceo"]),
]


def address(name, provider):
    """The page about the provider, or about its site."""
    record = provider.sites.first() if name == "site-close-day" else provider
    return reverse(f"providers:{name}", args=[record.pk])


@pytest.mark.parametrize(("name", "opens", "refused"), PAGES)
def test_page_opens_for_who_may_and_for_nobody_else(name, opens, refused, cast, login, provider):
    for people, status in ((opens, 200), (refused, 403), (["trustee"], 404)):
        for who in people:
            assert (who, login(getattr(cast, who)).get(address(name, provider)).status_code) == (who, status)


def test_list_and_add_open_for_who_may(cast, login):
    for who in READS:
        assert login(getattr(cast, who)).get("/providers/").status_code == 200
    assert login(cast.trustee).get("/providers/").status_code == 403
    assert login(cast.lead).get("/providers/add/").status_code == 200
    assert login(cast.slt).get("/providers/add/").status_code == 403


@pytest.mark.parametrize("name", [row[0] for row in PAGES])
def test_page_sends_strangers_to_the_log_in_and_refuses_wrong_verbs(name, client, cast, login, provider):
    assert client.get(address(name, provider)).url.startswith(reverse("account_login"))
    assert login(cast.lead).put(address(name, provider)).status_code == 405
    assert login(cast.lead).delete(address(name, provider)).status_code == 405


def test_list_filters_by_status_and_kind(cast, login, provider):
    make_provider(
        "Closed one", kind="TUITION", status=Status.CLOSED, checked_by=cast.slt, approved_by=cast.lead, now=NOW
    )
    client = login(cast.slt)

    def names(query):
        return [row.name for row, _ in client.get(f"/providers/{query}").context["rows"]]

    assert names("") == ["Closed one", "Millyard Education"]
    assert names("?status=APPROVED") == ["Millyard Education"]
    assert names("?kind=TUITION") == ["Closed one"]
    assert client.get("/providers/?status=x&page=99").status_code == 200


def test_list_needs_the_same_queries_for_one_and_three(cast, login, provider, django_assert_num_queries):
    client = login(cast.slt)
    client.get("/providers/")
    with django_assert_num_queries(11):
        client.get("/providers/")
    for name in ("B", "C"):
        make_provider(name, checked_by=cast.slt, approved_by=cast.lead, now=NOW)
    with django_assert_num_queries(11):
        client.get("/providers/")


def test_detail_needs_the_same_queries_for_one_and_three_sites(cast, login, provider, django_assert_num_queries):
    client = login(cast.slt)
    client.get(address("provider-detail", provider))
    with django_assert_num_queries(30):
        client.get(address("provider-detail", provider))
    make_site(provider, "B")
    make_site(provider, "C")
    with django_assert_num_queries(30):
        client.get(address("provider-detail", provider))


@pytest.mark.parametrize(("who", "sees"), [("slt", True), ("finance", True), ("team", False), ("att", False)])
def test_prices_are_shown_to_who_sees_money(who, sees, cast, login, provider):
    page = login(getattr(cast, who)).get(address("provider-detail", provider)).content.decode()
    assert ("£45.00" in page, "Charged per session" in page) == (sees, sees)


def test_detail_says_what_an_approval_lacks(cast, login):
    client = login(cast.lead)
    client.post("/providers/add/", {"name": "New One", "kind": "ONLINE"})
    provider = Provider.objects.get()
    page = client.get(address("provider-detail", provider)).content.decode()
    for words in ("a site", "a programme", "insurance", "accreditation or approval of online teaching"):
        assert f"<li>{words}</li>" in page


def test_provider_is_built_and_approved_through_its_pages(cast, login):
    lead, slt = login(cast.lead), login(cast.slt)
    lead.post("/providers/add/", {"name": "New One", "kind": "REGISTERED_AP", "urn": "146999"})
    provider = Provider.objects.get()
    site = {"name": "Quay", "kind": "MAIN", "address": "2 Quay", "postcode": "nb41aa", "report_to": "K"}
    site |= {"phone": "01632 960000"}
    site |= {"from_day": "2026-09-01", "am_start": "09:00", "am_end": "12:00", "pm_start": "12:30", "pm_end": "15:00"}
    programme = {"name": "Boats", "key_stages": "KS4", "unit": "SESSION", "rate": "50", "capacity": "6"}
    programme |= {"hours_per_session": "3", "sessions_offered": ["0", "3"], "offered_until": ""}
    programme |= {"qualification_0_title": "Boats", "qualification_0_awarding_body": "City & Guilds"}
    agreement = {"first": "2026-09-01", "last": "2027-08-31", "signed_by": "Kim", "signed_on": "2026-07-01"}
    agreement |= {"notice_days": "20", "charged_when_absent": "on", "places_bought": "0", "vat_percent": "20"}
    for name, data in (("site-add", site), ("programme-add", programme), ("agreement-add", agreement)):
        assert (name, lead.post(address(name, provider), data).status_code) == (name, 302)
    lead.post(address("contact-add", provider), {"name": "Kim", "role": "ATTENDANCE", "phone": "01632 960001"})
    assert lead.post(address("provider-approve", provider), {"reason": "Seen."}).status_code == 422
    for kind in ("STAFF_CHECKS", "SAFEGUARDING_POLICY", "INSURANCE", "VISIT"):
        check = {"kind": kind, "done_on": str(TODAY), "expires_on": str(TODAY + timedelta(days=300)), "note": ""}
        assert slt.post(address("check-record", provider), check).status_code == 302
    assert lead.post(address("provider-approve", provider), {"reason": "Seen."}).status_code == 422
    for check in provider.checks.all():
        page = lead.get(address("provider-detail", provider)).content.decode()
        assert reverse("providers:check-confirm", args=[check.pk]) in page
        assert lead.post(reverse("providers:check-confirm", args=[check.pk])).status_code == 302
    assert lead.post(address("provider-approve", provider), {"reason": ""}).status_code == 422
    assert lead.post(address("provider-approve", provider), {"reason": "Seen."}).status_code == 302
    provider.refresh_from_db()
    assert provider.programmes.get().sessions_offered == [0, 3]
    assert provider.programmes.get().qualifications.get().awarding_body == "City & Guilds"
    assert provider.agreements.get().notice_days == 20
    assert (provider.status, provider.status_reason, provider.contacts.count()) == (Status.APPROVED, "Seen.", 1)


@pytest.mark.parametrize(
    ("name", "data", "field"),
    [
        ("check-record", {"kind": "VISIT", "done_on": "2027-01-01"}, "done_on"),
        ("check-record", {"kind": "VISIT", "done_on": "2026-11-01", "expires_on": "2026-11-01"}, "expires_on"),
        ("check-record", {"kind": "VISIT", "done_on": "0001-01-01"}, "done_on"),
        (
            "agreement-add",
            {"first": "2028-01-02", "last": "2028-01-01", "signed_by": "K", "signed_on": "2026-01-01"},
            "last",
        ),
        ("programme-add", {"name": "X", "unit": "SESSION", "rate": "-1", "capacity": "1"}, "hours_per_session"),
        ("programme-add", {"name": "X", "unit": "SESSION", "rate": "9" * 20, "capacity": "1"}, "rate"),
        ("provider-edit", {"name": "X", "kind": "TUITION", "urn": "1"}, "__all__"),
        ("site-close-day", {"day": "no"}, "day"),
    ],
)
def test_bad_input_stands_at_its_field(name, data, field, cast, login, provider):
    answer = login(cast.lead).post(address(name, provider), data)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors


def test_edit_by_a_second_person_is_refused(cast, login, provider):
    lead = login(cast.lead)
    data = {"name": "Millyard", "kind": "REGISTERED_AP", "urn": provider.urn, "version": provider.version}
    assert lead.post(address("provider-edit", provider), data).status_code == 302
    answer = lead.post(address("provider-edit", provider), {**data, "name": "Other"})
    assert answer.status_code == 422
    assert ("Name", "Millyard", "Other") in answer.context["form"].newer


def test_suspend_and_close_pages_do_it(cast, login, provider):
    client = login(cast.ceo)
    client.post(reverse("placements:provider-suspend", args=[provider.pk]), {"reason": "Fire exit blocked."})
    provider.refresh_from_db()
    assert provider.status == Status.SUSPENDED
    assert "Fire exit blocked." in client.get(address("provider-detail", provider)).content.decode()
    client.post(address("provider-close", provider), {"reason": "Gone."})
    provider.refresh_from_db()
    assert provider.status == Status.CLOSED
    assert client.post(address("provider-approve", provider), {"reason": "x"}).status_code == 422


def test_approve_by_who_recorded_a_check_is_403_with_a_sentence(cast, login):
    provider = make_provider(status=Status.PROSPECTIVE, checked_by=cast.lead, approved_by=cast.ceo, now=NOW)
    answer = login(cast.lead).post(address("provider-approve", provider), {"reason": "Seen."})
    assert answer.status_code == 403
    assert "You recorded one of this provider" in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "data", "field"),
    [
        ("check-record", {"kind": "INSURANCE", "done_on": "2026-11-02"}, "expires_on"),
        ("site-add", {"postcode": "nonsense"}, "postcode"),
        ("site-add", {"phone": "call me"}, "phone"),
        ("programme-add", {"key_stages": "banana"}, "key_stages"),
    ],
)
def test_what_a_notice_or_a_gate_rests_on_is_asked_for_whole(name, data, field, cast, login, provider):
    answer = login(cast.lead).post(address(name, provider), data)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert "This field is required." not in str(answer.context["form"].errors[field])


def test_own_check_hides_the_approval_and_keeps_what_was_typed(cast, login):
    provider = make_provider("Nearly", status=Status.PROSPECTIVE, checked_by=cast.lead, approved_by=cast.lead, now=NOW)
    client = login(cast.lead)
    page = client.get(address("provider-detail", provider)).content.decode()
    assert "You recorded one of the checks" in page
    assert address("provider-approve", provider) not in page
    answer = client.post(address("provider-approve", provider), {"reason": "Seen by me."})
    assert answer.status_code == 403
    assert "Seen by me." in answer.content.decode()
