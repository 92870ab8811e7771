"""Referral and placement as a state machine: people press buttons in any order, and nothing impossible comes of it.

``MACHINE_STEPS`` sets how many steps are taken: a few hundred by default, 5,000 under ``make race``.
"""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from placements.codes import Destination, EndingReason
from placements.lifecycle import LIVE, Status
from placements.lifecycle import MOVES as PLACEMENT_MOVES
from placements.models import Placement, PlacementPeriod
from placements.queries import gate_of
from placements.rules import GateOutcome
from placements.services import (
    answer_offer,
    approve_extension,
    cancel_placement,
    change_proposal,
    decide_placement,
    end_placement,
    pause_placement,
    propose_extension,
    propose_placement,
    record_offer_asked,
    reopen_placement,
    resume_placement,
    start_placement,
    withdraw_placement,
)
from providers.codes import ProviderKind
from providers.models import Provider
from referrals.lifecycle import MOVES as REFERRAL_MOVES
from referrals.lifecycle import Status as ReferralStatus
from referrals.models import Referral, ReferralWriter
from referrals.services import (
    decide_referral,
    reopen_referral,
    save_referral,
    start_referral,
    submit_referral,
    void_referral,
    withdraw_referral,
)
from tests.factories.notices import give_notice
from tests.factories.people import make_contact, make_student
from tests.factories.placements import make_budget, placement_data, referral_data
from tests.factories.providers import make_provider
from tests.factories.schools import make_school, make_years
from tests.fixtures import NOW, make_cast
from trust.calendar import LONDON, london_date
from trust.codes import SenStatus
from trust.errors import DomainError
from trust.models import User
from trust.queries import calendar_of

pytestmark = pytest.mark.django_db(transaction=True)

STEPS = int(os.environ.get("MACHINE_STEPS", "300"))
EACH = 50
# Which statuses a run came to, so that a machine that never leaves the draft is noticed.
REACHED: set[str] = set()

WRITERS = ("slt", "deputy", "team", "head", "dsl")
ANYBODY = (*WRITERS, "ceo", "lead", "att", "finance", "trustee", "head2", "slt2")
HALF_DAYS = {"mornings": (0, 2, 4, 6, 8), "whole week": tuple(range(10)), "one day": (0, 1)}


class Journey(RuleBasedStateMachine):
    """Two students, three providers, twelve people, one clock."""

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.now = NOW
        self.clock = time_machine.travel(self.now.astimezone(UTC), tick=False)
        self.clock.start()
        years = make_years()
        self.north, south = make_school("North"), make_school("South")
        self.cast = make_cast(self.north, south)
        make_budget(
            school=self.north,
            academic_year=years["2026/27"],
            amount=20_000,
            status="APPROVED",
            proposed_by=self.cast.finance,
            proposed_at=NOW,
            approved_by=self.cast.head,
            approved_at=NOW,
        )
        plan = make_student(
            self.north,
            "Ashdown",
            "Jo",
            sen_status=SenStatus.EHC_PLAN,
            ehc_authority="Northshire",
            ehc_email="a@b.example",
        )
        self.students = [plan, make_student(self.north, "Birch", "Sam")]
        for student in self.students:
            make_contact(student)
        who: dict[str, Any] = {"checked_by": self.cast.slt, "approved_by": self.cast.lead, "now": NOW}
        self.good = make_provider(**who)
        self.unregistered = make_provider("Forge Yard", kind=ProviderKind.UNREGISTERED, **who)
        self.no_english = make_provider("Boat Shed", **who)
        self.no_english.programmes.update(maths_and_english=False)
        self.proposers: dict[int, set[int]] = {}
        self.broken = False
        self.sentences: list[str] = []

    def teardown(self) -> None:
        try:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)
        finally:
            self.clock.stop()

    def person(self, name: str) -> User:
        user: User = getattr(self.cast, name)
        return user

    def attempt(self, act: Callable[[], Any]) -> Any:
        """What a press of the button gives: the record, or None when a sentence came back."""
        try:
            return act()
        except DomainError as error:
            self.sentences.append(error.message)
            return None

    def pick(self, model: Any, number: int, **facts: Any) -> Any:
        rows = list(model.objects.filter(**facts).order_by("pk"))
        return rows[number % len(rows)] if rows else None

    # ---- the clock

    @rule(days=st.integers(0, 12))
    def days_pass(self, days: int) -> None:
        self.now = datetime.combine(london_date(self.now) + timedelta(days=days), self.now.timetz(), tzinfo=LONDON)
        if london_date(self.now) > date(2027, 7, 1):
            self.now = datetime(2027, 7, 1, 10, tzinfo=LONDON)
        self.clock.stop()
        self.clock = time_machine.travel(self.now.astimezone(UTC), tick=False)
        self.clock.start()

    @rule()
    def something_is_wrong_with_the_good_provider(self) -> None:
        self.broken = not self.broken
        self.good.programmes.update(capacity=0 if self.broken else 10)

    # ---- referrals

    @rule(student=st.integers(0, 1), by=st.sampled_from(ANYBODY), whole=st.booleans(), instead=st.booleans())
    def a_referral_is_started(self, student: int, by: str, whole: bool, instead: bool) -> None:
        data = referral_data(exclusion_alternative=instead) if whole else {"aims": "Attendance."}
        self.attempt(
            lambda: start_referral(student_id=self.students[student].pk, data=data, by=self.person(by), now=self.now)
        )

    @rule(number=st.integers(0, 5), by=st.sampled_from(WRITERS))
    def a_referral_is_written_on(self, number: int, by: str) -> None:
        if referral := self.pick(Referral, number):
            self.attempt(
                lambda: save_referral(
                    referral_id=referral.pk,
                    data=referral_data(),
                    reasons=None,
                    version=referral.version,
                    by=self.person(by),
                    now=self.now,
                )
            )

    @rule(number=st.integers(0, 5), by=st.sampled_from(ANYBODY))
    def a_referral_is_submitted(self, number: int, by: str) -> None:
        if referral := self.pick(Referral, number):
            self.attempt(lambda: submit_referral(referral_id=referral.pk, by=self.person(by), now=self.now))

    @rule(
        number=st.integers(0, 5),
        by=st.sampled_from(ANYBODY),
        decision=st.sampled_from(["APPROVED", "APPROVED", "RETURNED", "DECLINED", "VOID"]),
    )
    def a_referral_is_decided(self, number: int, by: str, decision: str) -> None:
        if referral := self.pick(Referral, number):
            self.attempt(
                lambda: decide_referral(
                    referral_id=referral.pk, decision=decision, reason="Read.", by=self.person(by), now=self.now
                )
            )

    @rule(
        number=st.integers(0, 5),
        by=st.sampled_from(ANYBODY),
        act=st.sampled_from([withdraw_referral, reopen_referral, void_referral]),
    )
    def a_referral_is_closed_or_taken_up(self, number: int, by: str, act: Callable[..., Any]) -> None:
        if referral := self.pick(Referral, number):
            self.attempt(lambda: act(referral_id=referral.pk, reason="As agreed.", by=self.person(by), now=self.now))

    @rule(
        student=st.integers(0, 1),
        where=st.sampled_from(["good", "good", "good", "unregistered"]),
        far=st.sampled_from(["proposed", "approved", "started", "started"]),
    )
    def a_case_goes_the_usual_way(self, student: int, where: str, far: str) -> None:
        """As far as it was drawn, so that the steps after it are reached often enough."""
        slt, head, today = self.cast.slt, self.cast.head, london_date(self.now)
        referral = self.attempt(
            lambda: start_referral(student_id=self.students[student].pk, data=referral_data(), by=slt, now=self.now)
        )
        if not referral:
            return
        submit_referral(referral_id=referral.pk, by=slt, now=self.now)
        decide_referral(referral_id=referral.pk, decision="APPROVED", reason="Read.", by=head, now=self.now)
        self.ask(referral, getattr(self, where), slt, offered=True)
        data = placement_data(
            getattr(self, where), calendar_of(self.north.pk).add(today, 8), last=today + timedelta(days=45)
        )
        placement = self.attempt(lambda: propose_placement(referral_id=referral.pk, data=data, by=slt, now=self.now))
        if placement:
            self.proposers[placement.pk] = {slt.pk}
            self.go_on(placement, far)

    def go_on(self, placement: Placement, far: str) -> None:
        """Approval by the headteacher, the notice, and the start on the first day."""
        if far == "proposed":
            return
        key: dict[str, Any] = {"decision": "APPROVED", "reason": "", "overrides": {}, "over_budget_reason": ""}
        approved = self.attempt(
            lambda: decide_placement(placement_id=placement.pk, by=self.cast.head, now=self.now, **key)
        )
        period = placement.periods.get(number=1)
        if far == "started" and approved and self.attempt(lambda: give_notice(period, cast=self.cast, now=self.now)):
            self.days_pass((period.period.lower - london_date(self.now)).days)
            self.a_placement_is_started(number=placement.pk, by="slt", this=placement)

    # ---- a place

    @rule(
        number=st.integers(0, 5),
        by=st.sampled_from(WRITERS),
        where=st.sampled_from(["good", "unregistered", "no_english"]),
        offered=st.booleans(),
    )
    def a_place_is_asked_for(self, number: int, by: str, where: str, offered: bool) -> None:
        referral = self.pick(Referral, number, status=ReferralStatus.APPROVED)
        if not referral:
            return
        self.ask(referral, getattr(self, where), self.person(by), offered)

    def ask(self, referral: Referral, provider: Provider, by: User, offered: bool) -> None:
        """Ask for a place, which the provider offers or refuses on the same day."""
        today = london_date(self.now)
        offer = self.attempt(
            lambda: record_offer_asked(
                referral_id=referral.pk,
                provider_id=provider.pk,
                programme_id=provider.programmes.get().pk,
                slots=list(range(10)),
                first=today,
                last=today + timedelta(days=60),
                by=by,
                now=self.now,
            )
        )
        if offer:
            self.attempt(
                lambda: answer_offer(
                    offer_id=offer.pk,
                    offered=offered,
                    until=today + timedelta(days=40) if offered else None,
                    why="" if offered else "Full until Easter.",
                    answered_by="Sam Okafor",
                    answered_on=today,
                    admission_meeting_on=None,
                    by=by,
                    now=self.now,
                )
            )

    # ---- placements

    def proposal(self, where: str, week: str, full_time: bool, in_days: int, length: int) -> dict[str, Any]:
        first = london_date(self.now) + timedelta(days=in_days)
        slots = sorted(slot + shift for slot in HALF_DAYS[week] for shift in (0, 10))
        return placement_data(
            getattr(self, where), first, last=first + timedelta(days=length), slots=slots, full_time=full_time
        )

    @rule(
        number=st.integers(0, 5),
        by=st.sampled_from(ANYBODY),
        where=st.sampled_from(["good", "good", "unregistered", "no_english"]),
        week=st.sampled_from(sorted(HALF_DAYS)),
        full_time=st.booleans(),
        in_days=st.integers(0, 14),
        length=st.integers(1, 60),
        again=st.booleans(),
    )
    def a_placement_is_proposed(
        self,
        number: int,
        by: str,
        where: str,
        week: str,
        full_time: bool,
        in_days: int,
        length: int,
        again: bool,
    ) -> None:
        data = self.proposal(where, week, full_time, in_days, length)
        user = self.person(by)
        made = None
        if again and (old := self.pick(Placement, number)):
            made = self.attempt(
                lambda: change_proposal(placement_id=old.pk, data=data, version=old.version, by=user, now=self.now)
            )
        elif referral := self.pick(Referral, number):
            made = self.attempt(lambda: propose_placement(referral_id=referral.pk, data=data, by=user, now=self.now))
        if made:
            began = PlacementPeriod.objects.get(placement=made, number=1).proposed_by_id
            self.proposers[made.pk] = {user.pk, began}

    @rule(
        number=st.integers(0, 7),
        by=st.sampled_from(["head", "head", "head", "head", "ceo", *ANYBODY]),
        decision=st.sampled_from(["APPROVED", "APPROVED", "APPROVED", "RETURNED", "DECLINED", "ACTIVE"]),
        override=st.booleans(),
    )
    def a_placement_is_decided(self, number: int, by: str, decision: str, override: bool) -> None:
        placement = self.pick(Placement, number)
        if not placement:
            return
        codes = [gate.code for gate in gate_of(placement, london_date(self.now))] if override else []
        self.attempt(
            lambda: decide_placement(
                placement_id=placement.pk,
                decision=decision,
                reason="Discussed.",
                overrides=dict.fromkeys(codes, "Agreed with the family."),
                over_budget_reason="Agreed." if override else "",
                by=self.person(by),
                now=self.now,
            )
        )

    @rule(number=st.integers(0, 7))
    def a_notice_is_given(self, number: int) -> None:
        placement = self.pick(Placement, number, status=Status.APPROVED)
        if placement and placement.periods.get(number=1).notice_given_on is None:
            self.attempt(lambda: give_notice(placement.periods.get(number=1), cast=self.cast, now=self.now))

    @rule(number=st.integers(0, 7), by=st.sampled_from(["slt", "slt", "slt", "head", *ANYBODY]))
    def a_placement_is_started(self, number: int, by: str, this: Placement | None = None) -> None:
        placement = this or self.pick(Placement, number, status=Status.APPROVED) or self.pick(Placement, number)
        if not placement:
            return
        started = self.attempt(lambda: start_placement(placement_id=placement.pk, by=self.person(by), now=self.now))
        if started:
            for gate in gate_of(started, london_date(self.now)):
                assert gate.outcome != GateOutcome.FAILED, f"started although {gate.label} failed: {gate.why}"
            period = started.periods.get(number=1)
            assert period.notice_given_on is not None or not period.notice_needed
            assert period.period.lower <= london_date(self.now)

    @rule(
        number=st.integers(0, 7),
        by=st.sampled_from([*ANYBODY, "head", "head"]),
        what=st.sampled_from(["pause", "resume", "end", "cancel", "withdraw", "reopen", "extend", "approve"]),
    )
    def a_placement_takes_its_course(self, number: int, by: str, what: str) -> None:
        placement = self.pick(Placement, number)
        if not placement:
            return
        user, today = self.person(by), london_date(self.now)
        key: dict[str, Any] = {"placement_id": placement.pk, "by": user, "now": self.now}
        newest = placement.periods.latest("number")
        deeds: dict[str, Callable[[], Any]] = {
            "pause": lambda: pause_placement(
                reason="A concern.",
                where_instead="At home with the mother.",
                parents_told_on=today,
                parents_told_by="Dan Safeguard",
                **key,
            ),
            "resume": lambda: resume_placement(reason="Cleared.", **key),
            "end": lambda: end_placement(
                ended_on=today,
                reason=EndingReason.AIMS_MET,
                destination=Destination.HOME_SCHOOL,
                note="",
                **key,
            ),
            "cancel": lambda: cancel_placement(reason="The family moved.", **key),
            "withdraw": lambda: withdraw_placement(reason="Not wanted.", **key),
            "reopen": lambda: reopen_placement(reason="Ended by mistake.", **key),
            "extend": lambda: propose_extension(
                last=calendar_of(self.north.pk).add(max(today, newest.period.upper), 10), **key
            ),
            "approve": lambda: approve_extension(period_id=newest.pk, over_budget_reason="", by=user, now=self.now),
        }
        self.attempt(deeds[what])

    # ---- what always holds

    @invariant()
    def every_refusal_is_a_sentence(self) -> None:
        assert all(sentence.rstrip()[-1] in ".?" for sentence in self.sentences), self.sentences

    @invariant()
    def every_move_is_in_the_table(self) -> None:
        """As the history tells it: every status that a row ever had, in order."""
        for model, moves, first in ((Referral, REFERRAL_MOVES, "DRAFT"), (Placement, PLACEMENT_MOVES, "PROPOSED")):
            before: dict[int, str] = {}
            history = model.pgh_event_model.objects.order_by("pgh_id").values_list("pgh_obj_id", "status")
            for pk, status in history:
                was = before.get(pk)
                if was is None:
                    assert status == first, f"a {model.__name__} began as {status}"
                elif was != status:
                    assert (was, status) in moves, f"{model.__name__} went from {was} to {status}"
                before[pk] = status
                REACHED.add(f"{model.__name__} {status}")

    @invariant()
    def nobody_decides_what_they_wrote(self) -> None:
        for referral in Referral.objects.filter(decided_by__isnull=False):
            writers = set(ReferralWriter.objects.filter(referral=referral).values_list("user_id", flat=True))
            writers |= {referral.written_by_id, referral.submitted_by_id}
            assert referral.decided_by_id not in writers
        for placement in Placement.objects.filter(decided_by__isnull=False):
            assert placement.decided_by_id not in self.proposers[placement.pk]
        for period in PlacementPeriod.objects.filter(approved_by__isnull=False):
            assert period.approved_by_id != period.proposed_by_id

    @invariant()
    def what_nobody_may_override_never_runs(self) -> None:
        for placement in Placement.objects.filter(status__in=sorted(LIVE)).select_related("student", "provider"):
            if placement.provider_id == self.unregistered.pk:
                hours = 3 * max(
                    len({slot.slots.lower for slot in placement.slots.all() if slot.slots.lower // 10 == week})
                    for week in (0, 1)
                )
                assert not (placement.student.sen_status == SenStatus.EHC_PLAN and hours > 18)
            assert not (placement.full_time and placement.provider_id == self.no_english.pk)

    @invariant()
    def money_is_never_overspent_in_silence(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT b.amount, COALESCE(SUM(c.amount - c.released), 0), BOOL_OR(c.over_budget_reason <> '')"
                " FROM placements_budget b LEFT JOIN placements_commitment c ON c.budget_id = b.id"
                " GROUP BY b.id, b.amount"
            )
            for amount, promised, let_through in cursor.fetchall():
                assert promised <= amount or let_through


def test_any_order_of_buttons_keeps_the_rules() -> None:
    """No status but by the table, nobody decides their own, nothing absolute is passed over."""
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Journey,
        settings=settings(
            max_examples=max(1, STEPS // EACH),
            stateful_step_count=EACH,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            derandomize=STEPS <= 300,
            database=None,
        ),
    )
    wanted = {"PROPOSED"} if STEPS < 1000 else {"PROPOSED", "APPROVED", "ACTIVE"}
    if STEPS >= 5000:
        wanted = set(Status) - {Status.COMPLETED}
    assert {f"Placement {status}" for status in wanted} <= REACHED
