"""Thresholds of policy and law: what holds on a day, who proposes and approves, and what can never be weakened."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.people import make_user
from tests.fixtures import NOW, TODAY
from trust.codes import SETTINGS, SettingCode
from trust.errors import NotAllowed, RuleBroken
from trust.models import PolicySetting
from trust.queries import settings_on, thresholds
from trust.rules import check_setting, setting_words
from trust.services import approve_setting, drop_setting, propose_setting

READING = SettingCode.NOTICE_READING
POST = SettingCode.NOTICE_POST_DAYS
SOURCE = "Decision of the trust board, 10 November 2026"


def propose(cast: Any, code: str = READING, value: str = "clear", from_day: date = TODAY, **more: Any) -> Any:
    return propose_setting(
        **{"code": code, "value": value, "from_day": from_day, "source": SOURCE, "by": cast.lead, "now": NOW, **more}
    )


def in_force(cast: Any, code: str, value: str, from_day: date) -> PolicySetting:
    setting = propose(cast, code, value, from_day)
    return approve_setting(setting_id=setting.pk, by=cast.ceo, now=NOW)


# --- what holds on a day ---


def test_settings_on_a_day_without_any_row_are_the_defaults_in_one_query(
    db: None, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        assert settings_on(TODAY) == {code: rule.default for code, rule in SETTINGS.items()}


@pytest.mark.policy("P7.2")
def test_settings_on_a_day_are_the_latest_approved_ones_of_that_day(cast: Any) -> None:
    in_force(cast, READING, "clear", TODAY + timedelta(days=10))
    in_force(cast, READING, "school_days", TODAY + timedelta(days=20))
    in_force(cast, POST, "3", TODAY)
    propose(cast, POST, "4", TODAY + timedelta(days=1))
    dropped = propose(cast, POST, "5", TODAY + timedelta(days=2))
    drop_setting(setting_id=dropped.pk, by=cast.lead, now=NOW)

    def on(days: int) -> tuple[str, str]:
        found = settings_on(TODAY + timedelta(days=days))
        return found[READING], found[POST]

    assert on(-1) == ("school_days", "2")
    assert on(0) == ("school_days", "3")
    assert on(9) == ("school_days", "3")
    assert on(10) == ("clear", "3")
    assert on(20) == ("school_days", "3")


# --- what a value may be ---


@pytest.mark.policy("P7.2")
@pytest.mark.parametrize(
    ("code", "value"),
    [
        (READING, "policy"),
        (READING, ""),
        (READING, "CLEAR"),
        (POST, "1"),
        (POST, "6"),
        (POST, "-2"),
        (POST, "2.5"),
        (POST, "\u0663"),
        (POST, "two"),
        (POST, ""),
        (SettingCode.NOTICE_FLAG_DAYS, "1"),
        (SettingCode.ESCALATE_LEAD_HOURS, "337"),
    ],
)
def test_check_setting_weaker_than_the_law_or_no_value_is_refused(code: str, value: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        check_setting(code, value, from_day=TODAY, source=SOURCE, today=TODAY)
    assert refused.value.field == "value"


@given(st.sampled_from(SettingCode), st.integers(-5, 400))
def test_check_setting_takes_exactly_the_numbers_within_its_bounds(code: SettingCode, number: int) -> None:
    rule = SETTINGS[code]
    allowed = not rule.choices and rule.least <= number <= rule.most
    try:
        check_setting(code, str(number), from_day=TODAY, source=SOURCE, today=TODAY)
    except RuleBroken:
        assert not allowed
    else:
        assert allowed


@pytest.mark.parametrize("code", SettingCode)
def test_default_of_each_setting_is_allowed_and_reads_as_words(code: SettingCode) -> None:
    check_setting(code, SETTINGS[code].default, from_day=TODAY, source=SOURCE, today=TODAY)
    words = setting_words(code, SETTINGS[code].default)
    assert words != SETTINGS[code].default
    assert SETTINGS[code].source


def test_setting_words_of_one_and_of_several() -> None:
    assert setting_words(POST, "2") == "2 working days"
    assert setting_words(SettingCode.ESCALATE_HEAD_HOURS, "1") == "1 hour"
    assert setting_words(READING, "clear") == "Two clear school days"


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"from_day": TODAY - timedelta(days=1)}, "from_day"), ({"source": "  "}, "source")],
)
def test_check_setting_in_the_past_or_resting_on_nothing_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        check_setting(READING, "clear", **{"from_day": TODAY, "source": SOURCE, "today": TODAY, **changes})
    assert refused.value.field == field


# --- the two steps ---


def test_propose_setting_that_is_in_force_already_is_refused(cast: Any) -> None:
    with pytest.raises(RuleBroken, match="is in force on Mon 16 Nov 2026 already"):
        propose(cast, value="school_days")


def test_propose_setting_twice_for_one_day_is_refused_until_the_first_is_dropped(cast: Any) -> None:
    first = propose(cast)
    with pytest.raises(RuleBroken, match="already a value for this setting from that day"):
        propose(cast)
    drop_setting(setting_id=first.pk, by=cast.ceo, now=NOW)
    propose(cast)


def test_propose_setting_by_anybody_but_the_lead_is_refused(cast: Any) -> None:
    for person in (cast.ceo, cast.head, cast.slt, cast.finance):
        with pytest.raises(NotAllowed):
            propose(cast, by=person)


def test_propose_setting_without_a_known_code_is_refused(cast: Any) -> None:
    with pytest.raises(RuleBroken, match="no such threshold"):
        propose(cast, code="NOTHING")


def test_approve_setting_by_anybody_but_the_chief_executive_is_refused(cast: Any) -> None:
    setting = propose(cast)
    for person in (cast.lead, cast.head, cast.finance):
        with pytest.raises(NotAllowed):
            approve_setting(setting_id=setting.pk, by=person, now=NOW)
    assert settings_on(TODAY)[READING] == "school_days"


def test_approve_setting_of_ones_own_is_refused(cast: Any) -> None:
    setting = propose(cast)
    PolicySetting.objects.filter(pk=setting.pk).update(proposed_by=cast.ceo)
    with pytest.raises(RuleBroken, match="Somebody else than the proposer"):
        approve_setting(setting_id=setting.pk, by=cast.ceo, now=NOW)


def test_approve_setting_after_its_day_has_passed_is_refused(cast: Any) -> None:
    setting = propose(cast)
    with pytest.raises(RuleBroken, match="has passed"):
        approve_setting(setting_id=setting.pk, by=cast.ceo, now=NOW + timedelta(days=1))
    assert settings_on(TODAY)[READING] == "school_days"


def test_decided_setting_cannot_be_decided_again(cast: Any) -> None:
    setting = in_force(cast, READING, "clear", TODAY)
    for act in (approve_setting, drop_setting):
        with pytest.raises(RuleBroken, match="decided already"):
            act(setting_id=setting.pk, by=cast.ceo, now=NOW)


def test_drop_setting_by_somebody_else_is_refused(cast: Any) -> None:
    setting = propose(cast)
    with pytest.raises(NotAllowed):
        drop_setting(setting_id=setting.pk, by=cast.head, now=NOW)


HEAD, LEAD = SettingCode.ESCALATE_HEAD_HOURS, SettingCode.ESCALATE_LEAD_HOURS


def test_lead_is_never_told_before_the_head_at_proposal(cast: Any) -> None:
    with pytest.raises(RuleBroken, match="after 23 hours, before the Headteacher after 24") as refused:
        propose(cast, LEAD, "23")
    assert refused.value.field == "value"
    propose(cast, LEAD, "24")
    with pytest.raises(RuleBroken, match="after 48 hours, before the Headteacher after 49"):
        propose(cast, HEAD, "49")
    propose(cast, HEAD, "48")


def test_lead_is_never_told_before_the_head_at_approval(cast: Any) -> None:
    lead, head = propose(cast, LEAD, "24"), propose(cast, HEAD, "48", TODAY + timedelta(days=2))
    approve_setting(setting_id=lead.pk, by=cast.ceo, now=NOW)
    with pytest.raises(RuleBroken, match="From Wed 18 Nov 2026 on"):
        approve_setting(setting_id=head.pk, by=cast.ceo, now=NOW)
    assert settings_on(TODAY + timedelta(days=9))[HEAD] == "24"


def test_hours_of_escalation_are_compared_on_every_day_to_come(cast: Any) -> None:
    in_force(cast, LEAD, "100", TODAY + timedelta(days=1))
    in_force(cast, HEAD, "80", TODAY + timedelta(days=5))
    # Fine on its own day, on which the Headteacher still has 24 hours; no longer from the fifth day on.
    with pytest.raises(RuleBroken, match=r"From Sat 21 Nov 2026 on .* after 60 hours, before the Headteacher after 80"):
        propose(cast, LEAD, "60", TODAY + timedelta(days=3))
    propose(cast, LEAD, "80", TODAY + timedelta(days=3))


def test_approved_value_still_to_come_is_dropped_by_the_chief_executive_alone(cast: Any) -> None:
    coming = in_force(cast, READING, "clear", TODAY + timedelta(days=2))
    with pytest.raises(NotAllowed):
        drop_setting(setting_id=coming.pk, by=cast.lead, now=NOW)
    drop_setting(setting_id=coming.pk, by=cast.ceo, now=NOW)
    assert settings_on(TODAY + timedelta(days=3))[READING] == "school_days"
    with pytest.raises(RuleBroken, match="decided already"):
        drop_setting(setting_id=coming.pk, by=cast.ceo, now=NOW)
    # The day is free again, and the approval that was taken back stays in the history.
    in_force(cast, READING, "clear", TODAY + timedelta(days=2))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT approved_by_id FROM trust_policysettingevent WHERE pgh_obj_id = %s ORDER BY pgh_id", [coming.pk]
        )
        assert [row[0] for row in cursor.fetchall()] == [None, cast.ceo.pk, None]


def test_approved_value_whose_day_has_come_stays(cast: Any) -> None:
    coming = in_force(cast, READING, "clear", TODAY + timedelta(days=2))
    with pytest.raises(RuleBroken, match="decided already"):
        drop_setting(setting_id=coming.pk, by=cast.ceo, now=NOW + timedelta(days=2))


def test_dropping_a_coming_value_never_leaves_the_lead_before_the_head(cast: Any) -> None:
    lead = in_force(cast, LEAD, "100", TODAY + timedelta(days=1))
    head = in_force(cast, HEAD, "80", TODAY + timedelta(days=1))
    with pytest.raises(RuleBroken, match="before the Headteacher after 80"):
        drop_setting(setting_id=lead.pk, by=cast.ceo, now=NOW)
    drop_setting(setting_id=head.pk, by=cast.ceo, now=NOW)
    drop_setting(setting_id=lead.pk, by=cast.ceo, now=NOW)


def test_page_offers_to_drop_a_coming_value_to_the_chief_executive_only(client: Client, cast: Any) -> None:
    coming = in_force(cast, READING, "clear", TODAY + timedelta(days=2))
    url = reverse("trust:setting-drop", args=[coming.pk])
    client.force_login(cast.lead)
    page = client.get(reverse(LIST)).content.decode()
    assert "Approved, still to come" in page
    assert url not in page
    assert client.post(url).status_code == 403
    client.force_login(cast.ceo)
    assert url in client.get(reverse(LIST)).content.decode()
    assert client.post(url).status_code == 302
    assert "Approved, still to come" not in client.get(reverse(LIST)).content.decode()


def test_thresholds_in_one_query_whatever_their_history(cast: Any, django_assert_num_queries: Any) -> None:
    for number, value in enumerate(("clear", "school_days", "clear")):
        in_force(cast, READING, value, TODAY + timedelta(days=number))
    with django_assert_num_queries(1):
        found = {one.code: one for one in thresholds(TODAY)}
    reading = found[READING]
    assert (reading.value, reading.words, len(reading.coming)) == ("clear", "Two clear school days", 2)
    assert reading.since is not None
    assert [row.from_day for row in reading.history] == [TODAY + timedelta(days=n) for n in (2, 1, 0)]
    assert found[POST].since is None


# --- pages ---

LIST = "trust:setting-list"


def test_setting_list_shows_value_source_and_second_hand_sign(client: Client, cast: Any) -> None:
    client.force_login(cast.team)
    page = client.get(reverse(LIST)).content.decode()
    assert "Second school day before the start" in page
    assert "Interpretation Act 1978" in page
    assert page.count("(read second-hand only)") == 1
    assert "Propose a value" not in page
    assert reverse(LIST) in client.get(reverse("home")).content.decode()


def test_setting_list_without_a_role_is_forbidden(client: Client, db: None) -> None:
    client.force_login(make_user("Nemo Nobody"))
    assert client.get(reverse(LIST)).status_code == 403


def test_propose_page_refuses_with_a_sentence_at_the_field_and_keeps_what_was_typed(client: Client, cast: Any) -> None:
    client.force_login(cast.lead)
    url = f"{reverse('trust:setting-propose')}?code={POST}"
    assert "2 to 5 working days" in " ".join(client.get(url).content.decode().split())
    answer = client.post(url, {"value": "9", "from_day": "2026-11-20", "source": SOURCE})
    assert answer.status_code == 422
    assert "whole number from 2 to 5" in answer.content.decode()
    assert SOURCE in answer.content.decode()
    assert not PolicySetting.objects.exists()


def test_propose_page_of_an_unknown_threshold_is_not_found(client: Client, cast: Any) -> None:
    client.force_login(cast.lead)
    assert client.get(f"{reverse('trust:setting-propose')}?code=NOTHING").status_code == 404


def test_setting_goes_from_proposal_by_the_lead_to_force_by_the_chief_executive(client: Client, cast: Any) -> None:
    client.force_login(cast.lead)
    url = f"{reverse('trust:setting-propose')}?code={READING}"
    client.post(url, {"value": "clear", "from_day": "2026-11-16", "source": SOURCE})
    setting = PolicySetting.objects.get()
    waiting = client.get(reverse(LIST)).content.decode()
    assert "Waiting for approval" in waiting
    assert reverse("trust:setting-approve", args=[setting.pk]) not in waiting
    assert client.post(reverse("trust:setting-approve", args=[setting.pk])).status_code == 403
    client.force_login(cast.ceo)
    assert reverse("trust:setting-approve", args=[setting.pk]) in client.get(reverse(LIST)).content.decode()
    client.post(reverse("trust:setting-approve", args=[setting.pk]))
    page = client.get(reverse(LIST)).content.decode()
    assert "approved by Carl Chief" in page
    assert settings_on(TODAY)[READING] == "clear"


def test_drop_button_of_the_head_is_forbidden_and_of_the_lead_drops(client: Client, cast: Any) -> None:
    setting = propose(cast)
    url = reverse("trust:setting-drop", args=[setting.pk])
    client.force_login(cast.head)
    assert client.post(url).status_code == 403
    client.force_login(cast.lead)
    assert client.post(url).status_code == 302
    setting.refresh_from_db()
    assert setting.dropped_by == cast.lead
