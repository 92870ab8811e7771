"""Thresholds of policy and law: one person proposes a value, another approves it, nothing in the past changes."""

from datetime import date, datetime

from trust.calendar import date_words, london_date
from trust.codes import SettingCode
from trust.errors import NotAllowed, RuleBroken
from trust.models import PolicySetting, User
from trust.permissions import Permission, who_can
from trust.queries import settings_on
from trust.rules import check_escalation, check_setting, setting_words
from trust.services.integrity import require, saving

_ESCALATION = (SettingCode.ESCALATE_HEAD_HOURS, SettingCode.ESCALATE_LEAD_HOURS)


def _check_escalation(today: date, *, without: int | None = None, more: tuple[str, date, str] | None = None) -> None:
    """The hours of escalation as they would stand: what is approved, less one row, with one value more."""
    approved = PolicySetting.objects.filter(code__in=_ESCALATION, approved_at__isnull=False)
    if without is not None:
        approved = approved.exclude(pk=without)
    rows = list(approved.values_list("code", "from_day", "value"))
    check_escalation([*rows, more] if more else rows, today=today)


def _lock_escalation() -> None:
    """Let two decisions about the hours of escalation wait for each other, as each is checked against the other."""
    list(PolicySetting.objects.select_for_update().filter(code__in=_ESCALATION).order_by("pk").values_list("pk"))


def propose_setting(*, code: str, value: str, from_day: date, source: str, by: User, now: datetime) -> PolicySetting:
    """A value that is to hold from a day on, once somebody else has approved it.

    ``RuleBroken`` when it is weaker than the law allows, would escalate to the lead before the
    Headteacher, lies in the past, rests on nothing, changes nothing, or when
    another value for that day is there already.
    """
    with saving(by=by, reason="threshold proposed"):
        require(by, Permission.PROPOSE_SETTING, home_id=None)
        if code not in SettingCode.values:
            raise RuleBroken("There is no such threshold.")
        value, source = value.strip(), source.strip()
        check_setting(code, value, from_day=from_day, source=source, today=london_date(now))
        if settings_on(from_day)[SettingCode(code)] == value:
            raise RuleBroken(
                f"'{setting_words(code, value)}' is in force on {date_words(from_day)} already.", field="value"
            )
        if code in _ESCALATION:
            _check_escalation(london_date(now), more=(code, from_day, value))
        return PolicySetting.objects.create(
            code=code, value=value, from_day=from_day, source=source, proposed_by=by, proposed_at=now
        )


def _open(setting_id: int) -> PolicySetting:
    """A proposal that waits for its decision, under lock."""
    setting: PolicySetting = PolicySetting.objects.select_for_update(of=("self",)).get(pk=setting_id)
    if setting.approved_at is not None or setting.dropped_at is not None:
        raise RuleBroken("This proposal was decided already.")
    return setting


def approve_setting(*, setting_id: int, by: User, now: datetime) -> PolicySetting:
    """Let a proposed value come into force on its day. Never by the proposer, never for a day that has passed."""
    with saving(by=by, reason="threshold approved"):
        require(by, Permission.APPROVE_SETTING, home_id=None)
        _lock_escalation()
        setting = _open(setting_id)
        if setting.proposed_by_id == by.pk:
            raise RuleBroken("Somebody else than the proposer approves a threshold.")
        check_setting(
            setting.code,
            setting.value,
            from_day=setting.from_day,
            source=setting.source,
            today=london_date(now),
        )
        if setting.code in _ESCALATION:
            _check_escalation(london_date(now), more=(setting.code, setting.from_day, setting.value))
        setting.approved_by, setting.approved_at = by, now
        setting.save(update_fields=["approved_by", "approved_at"])
        return setting


def drop_setting(*, setting_id: int, by: User, now: datetime) -> PolicySetting:
    """Take a proposal off the table; who proposes or approves thresholds may.

    An approved value whose day is still to come is dropped by who approves: its approval is taken back, which the
    history of the row keeps, and another value can be proposed for that day. ``RuleBroken`` once the day has come.
    """
    with saving(by=by, reason="threshold dropped"):
        may = (Permission.PROPOSE_SETTING, Permission.APPROVE_SETTING)
        if not any(by.allows(one, home_id=None) for one in may):
            raise NotAllowed(f"You cannot {may[0].value} here. {who_can(may[0])} can.")
        _lock_escalation()
        setting: PolicySetting = PolicySetting.objects.select_for_update(of=("self",)).get(pk=setting_id)
        today = london_date(now)
        if setting.dropped_at is not None or (setting.approved_at is not None and setting.from_day <= today):
            raise RuleBroken("This proposal was decided already.")
        if setting.approved_at is not None:
            require(by, Permission.APPROVE_SETTING, home_id=None)
            if setting.code in _ESCALATION:
                _check_escalation(today, without=setting.pk)
            setting.approved_by, setting.approved_at = None, None
        setting.dropped_by, setting.dropped_at = by, now
        setting.save(update_fields=["approved_by", "approved_at", "dropped_by", "dropped_at"])
        return setting
