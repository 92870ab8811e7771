"""The whole journey of the main job in a browser, each step by its own role, on real PostgreSQL.

What the worker and the beat do in between is called as the task that they run.
"""

import hashlib
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from playwright.sync_api import Browser
from pypdf import PdfReader

from attendance.models import SessionMark, WeeklyContact
from invictus_ap.tasks import raise_flags
from notices.models import DirectionNotice
from notices.tasks import make_letters
from placements.models import Budget, Commitment, Placement
from providers.models import Provider
from referrals.models import Referral
from reviews.models import Review
from tests.factories.people import next_upn
from tests.factories.schools import make_school
from tests.fixtures import NOW, Cast
from tests.journeys.walk import Walk
from trust.calendar import LONDON
from trust.models import AcademicYear, AccessLog, Flag, Heartbeat, School, Student, Term

FIRST, LAST = date(2026, 11, 23), date(2026, 12, 18)
LONGER = date(2027, 2, 12)


@pytest.fixture
def clock() -> Iterator[Any]:
    """The clock of the journey; ``clock.move_to`` goes on to a later day."""
    with time_machine.travel(NOW.astimezone(UTC), tick=True) as traveller:
        yield traveller


def at(day: date, hour: int = 9) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=LONDON).astimezone(UTC)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_journey_from_school_to_value_for_money(
    browser: Browser, live_server: Any, clock: Any, north: School, south: School, year: AcademicYear, cast: Cast
) -> None:
    for name in ("East", "West", "Hill", "Vale"):
        make_school(name)
    walk = Walk(browser, live_server.url)

    # 1. Trust AP lead: the seventh school with its calendar, a student with a contact, a provider.
    walk.log_in(cast.lead)
    walk.open(reverse("trust:school-add"))
    walk.fill(
        name="Lake Academy",
        short_name="Lake",
        urn="145999",
        address="Lake Road\nLake",
        postcode="NB7 7AA",
        phone="01632 960777",
        am_start="08:50",
        am_end="12:10",
        pm_start="13:00",
        pm_end="15:10",
    )
    walk.press("Add school")
    lake = School.objects.get(name="Lake Academy")
    assert School.objects.count() == 7
    walk.open(reverse("trust:school-copy-terms", args=[lake.pk]))
    walk.fill(from_school=north.pk, academic_year=year.pk)
    walk.press("Copy terms")
    assert Term.objects.filter(school=lake, academic_year=year).count() == 3

    walk.open(reverse("trust:student-add"))
    upn = next_upn()
    walk.fill(
        school=north.pk,
        family_name="Fairweather",
        first_name="Robin",
        upn="B801200005000",
        born_on="2013-02-14",
        sex="F",
        nc_year=9,
        sen_status="N",
    )
    walk.press("Add student")
    walk.sees("The UPN's first letter does not fit its digits")
    assert walk.page.locator('[name="family_name"]').input_value() == "Fairweather"
    walk.fill(upn=upn)
    walk.press("Add student")
    student = Student.objects.get(upn=upn)
    walk.open(reverse("trust:contact-add", args=[student.pk]))
    walk.fill(
        title="Ms",
        first_name="Maya",
        family_name="Fairweather",
        address="4 Orchard Row\nNorthbridge",
        postcode="NB1 2CD",
        email="maya@family.example",
        phone="07700 900123",
        relationship="MOTHER",
        parental_responsibility=True,
        has_care=True,
        email_consent=True,
    )
    walk.press("Add contact")
    assert student.contact_links.get().contact.first_name == "Maya"

    walk.open(reverse("providers:provider-add"))
    walk.fill(name="Millyard Education", kind="REGISTERED_AP", urn="146777", subjects="construction")
    walk.press("Add provider")
    provider = Provider.objects.get(name="Millyard Education")
    walk.open(reverse("providers:site-add", args=[provider.pk]))
    walk.fill(
        name="Main site",
        kind="MAIN",
        address="Unit 3, Mill Yard\nNorthbridge",
        postcode="NB3 4EF",
        phone="01632 960200",
        report_to="Sam Okafor",
        from_day="2026-09-01",
        am_start="09:00",
        am_end="12:00",
        pm_start="12:40",
        pm_end="15:00",
    )
    walk.press("Add site")
    walk.open(reverse("providers:programme-add", args=[provider.pk]))
    walk.fill(
        name="Engage",
        subjects="construction",
        maths_and_english=True,
        unit="SESSION",
        rate="45.00",
        capacity=10,
        hours_per_session="3",
    )
    walk.press("Add programme")
    walk.open(reverse("providers:agreement-add", args=[provider.pk]))
    walk.fill(
        first="2026-09-01", last="2027-08-31", signed_by="Sam Okafor", signed_on="2026-07-01", terms="Per session."
    )
    walk.press("Record agreement")
    walk.open(reverse("providers:provider-approve", args=[provider.pk]))
    walk.fill(reason="Visited and checked.")
    walk.press("Approve provider")
    walk.sees("Missing")
    provider.refresh_from_db()
    assert provider.status == "PROSPECTIVE"

    # Another person records the checks; the lead approves.
    walk.log_in(cast.deputy)
    for kind in ("STAFF_CHECKS", "SAFEGUARDING_POLICY", "INSURANCE", "VISIT"):
        walk.open(reverse("providers:check-record", args=[provider.pk]))
        walk.fill(kind=kind, done_on="2026-10-01", expires_on="2027-09-30", note="Seen.")
        walk.press("Record check")
    # A check counts once the lead, who recorded none of them, has confirmed it.
    walk.log_in(cast.lead)
    for words in ("Written confirmation of staff checks", "Acceptance", "Insurance", "Visit"):
        walk.open(reverse("providers:provider-detail", args=[provider.pk]))
        walk.press(f"Confirm {words}")
    assert not provider.checks.filter(confirmed_by=None).exists()
    walk.open(reverse("providers:provider-approve", args=[provider.pk]))
    walk.fill(reason="Visited and checked.")
    walk.press("Approve provider")
    provider.refresh_from_db()
    assert (provider.status, provider.status_by) == ("APPROVED", cast.lead)

    # Money: finance proposes, the headteacher approves.
    walk.log_in(cast.finance)
    walk.open(reverse("placements:budget-propose"))
    walk.fill(school=north.pk, academic_year=year.pk, amount="20000.00")
    walk.press("Propose the budget")
    budget = Budget.objects.get(school=north, academic_year=year)
    assert budget.status == "PROPOSED"

    # 2. Pastoral SLT: the referral, first incomplete, then whole.
    walk.log_in(cast.slt)
    walk.open(reverse("trust:student-detail", args=[student.pk]))
    walk.follow("Start a referral")
    walk.fill(primary_reason="SUSPENSIONS")
    walk.press("Start the referral")
    referral = Referral.objects.get(student=student)
    walk.open(reverse("referrals:referral-check", args=[referral.pk]))
    walk.press("Submit the referral")
    walk.sees("is not complete")
    referral.refresh_from_db()
    assert referral.status == "DRAFT"
    sections: dict[str, dict[str, Any]] = {
        "student": {},
        "reasons": {"reasons": ["NOT_ATTENDING"], "narrative": "Removed from lessons most weeks."},
        "tried": {
            "in_house_options": "Mentoring and a reduced timetable; little change.",
            "why_more_appropriate": "A small setting with practical work.",
            "aims": "Attendance of at least 90 % by February.\nMove up one grade in maths.",
        },
        "managed-move": {"managed_move": "NOT_SUITABLE"},
        "exclusion": {"exclusion_alternative": "True"},
        "family": {
            "family_invited_on": "2026-11-02",
            "family_met_on": "2026-11-09",
            "family_came": "Maya Fairweather",
            "explained_by": "Simon Senior",
            "explained_to": "Maya Fairweather",
            "family_said": "We want to try it.",
            "attendance_agreed_on": "2026-11-09",
        },
        "interests": {"interests": "Construction"},
        "needs": {"needs": "Works best in small groups."},
        "medical": {"medical": "Asthma; carries an inhaler."},
    }
    for section, answers in sections.items():
        walk.open(reverse("referrals:referral-section", args=[referral.pk, section]))
        walk.fill(**answers, state="DONE")
        walk.press("Save")
    walk.open(reverse("referrals:referral-check", args=[referral.pk]))
    walk.press("Submit the referral")
    referral.refresh_from_db()
    assert (referral.status, referral.submitted_by) == ("SUBMITTED", cast.slt)

    # 3. Headteacher decides it from the home page; pastoral SLT proposes a placement.
    walk.log_in(cast.head)
    walk.follow("Referral of Fairweather, Robin")
    assert walk.path == reverse("referrals:referral-detail", args=[referral.pk])
    walk.open(reverse("referrals:referral-decide", args=[referral.pk]))
    walk.fill(decision="APPROVED", reason="Agreed.")
    walk.press("Record the decision")
    referral.refresh_from_db()
    assert (referral.status, referral.decided_by) == ("APPROVED", cast.head)
    walk.open(reverse("placements:budget-list"))
    walk.follow("Approve")
    walk.press("Approve")
    budget.refresh_from_db()
    assert (budget.status, budget.approved_by) == ("APPROVED", cast.head)

    # A place is asked for and offered; without it nothing is approved.
    walk.log_in(cast.slt)
    looked = "&".join(f"slots={slot}" for slot in range(10))
    walk.open(
        reverse("placements:finder", args=[referral.pk])
        + f"?{looked}&route=DIRECTION&first={FIRST.isoformat()}&last={LAST.isoformat()}"
    )
    walk.fill(programmes=[provider.programmes.get().pk])
    walk.press("Ask for a place at those ticked")
    offer = referral.offers.get()
    walk.open(reverse("placements:offer-answer", args=[offer.pk]))
    walk.fill(offered="yes", until="2026-11-30", answered_by="Sam Okafor")
    walk.press("Save the answer")
    offer.refresh_from_db()
    assert (offer.status, offer.asked_by) == ("OFFERED", cast.slt)

    walk.open(reverse("placements:placement-propose", args=[referral.pk]) + f"?provider={provider.pk}")
    walk.fill(
        programme=provider.programmes.get().pk,
        site=provider.sites.get().pk,
        route="DIRECTION",
        first=FIRST.isoformat(),
        last=LAST.isoformat(),
        start_time="09:15",
        report_to="Sam Okafor",
        slots=[str(slot) for slot in range(10)],
        full_time=True,
        consent_on="2026-11-09",
        consent_how="At the meeting",
    )
    walk.press("Propose the placement")
    placement = Placement.objects.get(student=student)
    assert (placement.status, placement.proposed_by) == ("PROPOSED", cast.slt)

    # 4. Headteacher: gates, budget left, approval.
    walk.log_in(cast.head)
    walk.follow("Placement: Fairweather, Robin at Millyard Education")
    assert walk.path == reverse("placements:placement-decide", args=[placement.pk])
    # 20 school days of two sessions at £45.
    walk.sees("passed", "£20,000.00", "£1,800.00", "£18,200.00")
    walk.fill(decision="APPROVED")
    walk.press("Record the decision")
    placement.refresh_from_db()
    assert (placement.status, placement.decided_by) == ("APPROVED", cast.head)
    assert str(Commitment.objects.get(budget=budget).amount) == "1800.00"

    # 5. The notice: prepared, authorised, made by the worker, given.
    period = placement.periods.get()
    walk.log_in(cast.slt)
    walk.open(reverse("notices:notice-prepare", args=[period.pk]))
    # The second school day before Monday 23 November.
    walk.sees("Thu 19 Nov 2026")
    walk.press("Prepare the draft")
    notice = DirectionNotice.objects.get(placement_period=period)
    walk.open(reverse("notices:notice-change", args=[notice.pk]))
    walk.fill(measurable_aim="", report_to="")
    walk.press("Save")
    walk.open(reverse("notices:notice-detail", args=[notice.pk]))
    walk.sees("at least one aim that can be measured", "the name of the person to report to")
    walk.open(reverse("notices:notice-change", args=[notice.pk]))
    walk.fill(measurable_aim="Attendance of at least 90 % by February.", report_to="Sam Okafor")
    walk.press("Save")
    walk.log_in(cast.head)
    walk.open(reverse("notices:notice-detail", args=[notice.pk]))
    walk.follow("Authorise")
    walk.press("Authorise")
    notice.refresh_from_db()
    assert (notice.status, notice.authorised_by) == ("AUTHORISED", cast.head)
    make_letters()
    notice.refresh_from_db()
    assert notice.status == "ISSUED"
    recipient = notice.recipients.get()
    letter = walk.page.request.get(live_server.url + reverse("notices:recipient-letter", args=[recipient.pk]))
    assert letter.headers["content-type"] == "application/pdf"
    assert hashlib.sha256(letter.body()).hexdigest() == recipient.letter.sha256
    text = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(letter.body())).pages).split())
    for words in (
        "Maya Fairweather",
        "Robin",
        "Attendance of at least 90 % by February",
        "Monday 23 November 2026",
        "Friday 18 December 2026",
        "Mill Yard",
        "NB3 4EF",
        "Sam Okafor",
        "09:00 to 12:00",
        "12:40 to 15:00",
        "permanent exclusion",
    ):
        assert words in text, f"'{words}' is not in the letter: {text}"
    walk.log_in(cast.slt)
    walk.open(reverse("notices:recipient-given", args=[recipient.pk]))
    walk.fill(channel="HAND", proof="Handed over at reception and signed for.")
    walk.press("Record")
    notice.refresh_from_db()
    assert (notice.status, notice.given_on, notice.deadline_on, notice.in_time) == (
        "GIVEN",
        NOW.date(),
        date(2026, 11, 19),
        True,
    )

    # 6. Not before its first day; then it starts.
    walk.open(reverse("placements:placement-detail", args=[placement.pk]))
    assert walk.page.locator("main").get_by_role("button", name="Start the placement").count() == 0
    clock.move_to(at(FIRST))
    walk.log_in(cast.slt)
    walk.open(reverse("placements:placement-detail", args=[placement.pk]))
    walk.press("Start the placement")
    placement.refresh_from_db()
    assert (placement.status, placement.started_by) == ("ACTIVE", cast.slt)
    walk.open(reverse("reviews:target-set", args=[placement.pk]))
    walk.fill(kind="ATTENDANCE", measure="Sessions attended", baseline="61 %", goal="90 %")
    walk.press("Add target")
    target = placement.targets.get()

    # 7. Attendance team: a week of ten sessions in one save, and the contact.
    clock.move_to(at(FIRST + timedelta(days=4), 15))
    walk.log_in(cast.att)
    week = reverse("attendance:week", args=[provider.pk, FIRST.isoformat()])
    walk.open(reverse("attendance:week-index"))
    walk.open(week)
    cells = walk.page.locator('main input[name^="m-"]')
    assert cells.count() == 10
    for number, letter_ in enumerate("PPPLPPAAPP"):
        cells.nth(number).fill(letter_)
    walk.fill(how="PHONE", contacted_on=(FIRST + timedelta(days=4)).isoformat())
    walk.fill(**{f"c-{placement.pk}": "SPOKEN", f"n-{placement.pk}": "Settling in."})
    walk.press("Save marks and contact")
    marks = SessionMark.objects.filter(placement=placement).order_by("day", "session")
    assert "".join(mark.report[0] for mark in marks) == "PPPLPPAAPP"
    assert {mark.school_id for mark in marks} == {north.pk}
    contact = WeeklyContact.objects.get(placement=placement)
    assert (contact.week, contact.outcome, contact.late, contact.logged_by) == (FIRST, "SPOKEN", False, cast.att)

    # 8. The beat: the contact of the second week is missed; the flag appears, leads to the place, and clears.
    clock.move_to(at(FIRST + timedelta(days=14)))
    raise_flags()
    raise_flags()
    second = FIRST + timedelta(days=7)
    flag = Flag.objects.get(kind="contact_missed", subject=f"placement:{placement.pk}", period=second.isoformat())
    assert flag.cleared_at is None
    assert Heartbeat.objects.filter(job="flags.contacts").exists()
    walk.log_in(cast.att)
    walk.sees("Flags", flag.sentence)
    walk.follow(flag.sentence)
    assert walk.path == reverse("attendance:week", args=[provider.pk, second.isoformat()])
    walk.fill(how="PHONE", contacted_on=(FIRST + timedelta(days=14)).isoformat())
    walk.fill(**{f"c-{placement.pk}": "SPOKEN"})
    walk.press("Save marks and contact")
    flag.refresh_from_db()
    assert flag.cleared_at is not None
    assert WeeklyContact.objects.get(placement=placement, week=second).late is True
    walk.open("/")
    walk.lacks(flag.sentence)

    # 9. Review with outcome; the extension asks for a new full notice; then the end.
    walk.log_in(cast.slt)
    walk.open(reverse("reviews:review-hold", args=[placement.pk]))
    walk.fill(
        attendees="Simon Senior, Maya Fairweather, Robin, Sam Okafor",
        maths="Fractions.",
        english="Reads aloud.",
        summary="Settled.",
        outcome="EXTEND",
        extend_last=LONGER.isoformat(),
    )
    walk.fill(**{f"result_{target.pk}": "PARTLY"})
    walk.press("Record review")
    review = Review.objects.get(placement=placement)
    assert (review.outcome, review.results.get().result, review.recorded_by) == ("EXTEND", "PARTLY", cast.slt)
    walk.open(reverse("placements:placement-extend", args=[placement.pk]))
    walk.fill(last=LONGER.isoformat())
    walk.press("Propose the extension")
    extension = placement.periods.get(number=2)
    assert extension.approved_at is None
    assert extension.period.lower == date(2027, 1, 5)
    walk.log_in(cast.head)
    walk.open(reverse("placements:extension-approve", args=[extension.pk]))
    walk.press("Approve the extension")
    extension.refresh_from_db()
    assert extension.approved_by == cast.head
    assert extension.notice_needed
    assert extension.notice_given_on is None
    clock.move_to(at(date(2026, 12, 16)))
    raise_flags()
    due = Flag.objects.open().get(kind="notice_due", subject=f"placement:{placement.pk}")
    walk.log_in(cast.slt)
    walk.sees(due.sentence)
    walk.follow(due.sentence)
    walk.press("Prepare the draft")
    again = DirectionNotice.objects.get(placement_period=extension)
    assert (again.kind, again.follows) == ("EXTENSION", notice)
    walk.log_in(cast.head)
    walk.open(reverse("placements:placement-end", args=[placement.pk]))
    walk.fill(ended_on="2026-12-16", reason="AIMS_MET", destination="HOME_SCHOOL", note="Back to lessons.")
    walk.press("End the placement")
    placement.refresh_from_db()
    assert (placement.status, placement.ended_on, placement.destination) == (
        "ENDED",
        date(2026, 12, 16),
        "HOME_SCHOOL",
    )
    assert Commitment.objects.filter(budget=budget, released__gt=0).exists()
    walk.open(reverse("placement-chronology", args=[placement.pk]))
    walk.sees("Referral submitted", "Placement started", "Review: extend", "Placement ended")
    assert AccessLog.objects.filter(user=cast.head, student_id=student.pk, action="chronology").exists()

    # 10. Trustee: value for money with small numbers hidden, and no way to a student.
    walk.log_in(cast.trustee)
    walk.lacks("Fairweather")
    walk.follow("See value for money")
    walk.sees("fewer than 5")
    walk.lacks("Fairweather", "Robin", "£1,8")
    for name, pk in (
        ("trust:student-detail", student.pk),
        ("placements:placement-detail", placement.pk),
        ("referrals:referral-detail", referral.pk),
        ("notices:notice-detail", notice.pk),
        ("placement-chronology", placement.pk),
    ):
        walk.open(reverse(name, args=[pk]), status=404)
        walk.lacks("Fairweather")

    assert len(set(walk.people)) >= 7
