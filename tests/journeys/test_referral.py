"""A referral in a browser: it saves itself while two people write, and nothing that was typed is lost."""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import APIResponse, Browser, Route, expect

from referrals.codes import Section, SectionState
from referrals.lifecycle import Status
from referrals.models import Referral
from referrals.queries import section_row
from tests.factories.placements import referral_at
from tests.fixtures import NOW, Cast
from tests.journeys.walk import Walk
from trust.models import Student

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.policy("P1.1")
def test_referral_saves_itself_and_keeps_two_writers_apart(
    browser: Browser, live_server: Any, student: Student, cast: Cast
) -> None:
    referral = referral_at(Status.DRAFT, student=student, cast=cast, now=NOW)
    url = reverse("referrals:referral-section", args=[referral.pk, "needs"])
    mine, theirs = Walk(browser, live_server.url), Walk(browser, live_server.url)
    mine.log_in(cast.slt)
    theirs.log_in(cast.team)
    theirs.open(url)
    mine.open(url)
    saved = mine.page.locator("#autosave")

    mine.fill(needs="Works best in small groups, near the door.")
    expect(saved).to_contain_text("Saved 10:")
    referral.refresh_from_db()
    assert referral.needs == "Works best in small groups, near the door."
    # Written on again: the page has taken up the new version, and the button says how far the section is.
    mine.fill(needs="Works best near the door.")
    mine.fill(state="DONE")
    expect(saved).to_contain_text("Saved 10:")
    mine.press("Save")
    assert mine.path == reverse("referrals:referral-detail", args=[referral.pk])
    row = section_row(referral, Section.NEEDS)
    assert row is not None
    assert (row.state, row.saved_by) == (SectionState.DONE, cast.slt)

    # The other page was open all the time.
    theirs.fill(needs="Needs a key worker.")
    expect(theirs.page.locator("#autosave")).to_contain_text("Somebody else changed this record")
    theirs.press("Save")
    theirs.sees("What is different now", "Works best near the door.")
    assert theirs.page.locator('[name="needs"]').input_value() == "Needs a key worker."
    theirs.press("Save")
    referral.refresh_from_db()
    assert referral.needs == "Needs a key worker."

    # The whole way on the keyboard's pages: check, submit, and what the door says afterwards.
    mine.open(reverse("referrals:referral-check", args=[referral.pk]))
    mine.press("Submit the referral")
    mine.sees("Waits for a decision", "Harriet Head, Headteacher")
    mine.open(url)
    mine.sees("no longer opens for writing")
    mine.follow("Amend this section")
    mine.fill(needs="Needs a key worker and a quiet room.", reason="The SENCO's report came.")
    mine.press("Record the amendment")
    mine.sees("Put right after submission", "The SENCO's report came.")
    theirs.log_in(cast.head)
    theirs.open(reverse("referrals:referral-decide", args=[referral.pk]))
    theirs.fill(decision="RETURNED", reason="What about mentoring?")
    theirs.press("Record the decision")
    assert Referral.objects.get().status == Status.RETURNED


def test_referral_saved_at_once_is_never_a_conflict_with_itself(
    browser: Browser, live_server: Any, student: Student, cast: Cast
) -> None:
    referral = referral_at(Status.DRAFT, student=student, cast=cast, now=NOW)
    walk = Walk(browser, live_server.url)
    walk.log_in(cast.slt)
    walk.open(reverse("referrals:referral-section", args=[referral.pk, "medical"]))
    # The button is pressed after a save in the background is kept and before its answer has arrived.
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        if "hx-request" in route.request.headers:
            held.append((route, route.fetch()))
        else:
            route.continue_()

    walk.page.route("**/write/medical/", hold)
    with walk.page.expect_request(lambda request: "hx-request" in request.headers):
        walk.fill(medical="Asthma and a nut allergy.")
    walk.page.wait_for_timeout(500)
    walk.page.get_by_role("button", name="Save", exact=True).click()
    assert walk.page.get_by_role("button", name="Save", exact=True).is_visible()
    [(route, answer)] = held
    route.fulfill(response=answer)
    walk.page.wait_for_url(f"**{reverse('referrals:referral-detail', args=[referral.pk])}")
    referral.refresh_from_db()
    assert referral.medical == "Asthma and a nut allergy."


def test_referral_is_written_without_scripts(
    browser: Browser, live_server: Any, student: Student, cast: Cast, client: Any
) -> None:
    referral = referral_at(Status.DRAFT, student=student, cast=cast, now=NOW)
    client.force_login(cast.team)
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page = context.new_page()
    page.goto(live_server.url + reverse("referrals:referral-section", args=[referral.pk, "needs"]))
    page.fill('[name="needs"]', "Without a script.")
    page.get_by_role("button", name="Save", exact=True).click()
    referral.refresh_from_db()
    assert referral.needs == "Without a script."
    context.close()
