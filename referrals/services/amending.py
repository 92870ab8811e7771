"""Put a fact of a submitted or decided referral right, in the open."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from referrals.codes import Section
from referrals.lifecycle import AMENDABLE, EDITABLE, Status
from referrals.models import Referral, ReferralAmendment
from referrals.queries import facts_of, words_of
from referrals.rules import (
    SECTION_FIELDS,
    check_exclusion_amended,
    check_not_decider,
    check_reason_given,
    check_section,
    check_whole,
)
from referrals.services._rows import answers_of, fill, keep, locked, note_writer, set_reasons
from trust.calendar import london_date
from trust.errors import RuleBroken
from trust.models import User
from trust.permissions import Permission
from trust.services import check_version, require, saving


def amend_referral(
    *,
    referral_id: int,
    section: str,
    data: Mapping[str, Any],
    reason: str,
    version: int | None,
    by: User,
    now: datetime,
) -> Referral:
    """Change facts of one section after submission; each change is kept with what stood there before and why.

    The referral must still be whole. Who amends does not decide, and who decided does not amend. Amending raises the
    version, so that a decision page opened before is told. ``StaleRecord`` when it changed since ``version``.
    """
    part = Section(section)
    check_reason_given(reason, "the amendment")
    with saving(by=by, reason=reason):
        referral = locked(referral_id)
        require(by, Permission.WRITE_REFERRAL, home_id=referral.school_id)
        _check_amendable(referral)
        check_not_decider(by.pk, referral.decided_by_id)
        check_version(referral, version)
        before = answers_of(referral)
        changed = fill(referral, data, [part])
        check_section(part, facts_of(referral), london_date(now))
        check_whole(facts_of(referral))
        if "exclusion_alternative" in changed:
            _check_exclusion(referral)
        if part == Section.REASONS:
            set_reasons(referral, data.get("reasons", before["reasons"]))
        rows = _rows(referral, part, before, reason, by, now)
        if not rows:
            raise RuleBroken("Nothing was changed.")
        ReferralAmendment.objects.bulk_create(rows)
        keep(referral, *changed)
        note_writer(referral, by, now)
    return referral


def _rows(
    referral: Referral, section: Section, before: Mapping[str, Any], reason: str, by: User, now: datetime
) -> list[ReferralAmendment]:
    after = answers_of(referral)
    changes = (
        (name, words_of(name, before[name]), words_of(name, after[name]))
        for name in SECTION_FIELDS[section]
        if before[name] != after[name]
    )
    return [
        ReferralAmendment(referral=referral, field=name, old=old, new=new, reason=reason.strip(), by=by, at=now)
        for name, old, new in changes
        if old != new
    ]


def _check_amendable(referral: Referral) -> None:
    status = Status(referral.status)
    if status in EDITABLE:
        raise RuleBroken("This referral is still being written: change it in its section.")
    if status not in AMENDABLE:
        raise RuleBroken(f"This referral is {status.label.lower()}: nothing on it is changed any more.")


def _check_exclusion(referral: Referral) -> None:
    decider = referral.decided_by
    check_exclusion_amended(
        decided=referral.status == Status.APPROVED,
        becomes=referral.exclusion_alternative,
        decider_may=decider is not None
        and decider.allows(Permission.DECIDE_EXCLUSION_ALTERNATIVE, home_id=referral.school_id),
    )
