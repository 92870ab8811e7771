"""What every door of a referral does with its rows."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from referrals.codes import Reason, Section
from referrals.lifecycle import Status, check_move
from referrals.models import Referral, ReferralReason, ReferralWriter
from referrals.queries import facts_of, reasons_of
from referrals.rules import SECTION_FIELDS
from trust.models import User
from trust.permissions import Permission
from trust.services import require

# What writers fill in; everything else on a referral is set by a door.
WRITABLE = tuple(name for fields in SECTION_FIELDS.values() for name in fields if name != "reasons")


def locked(referral_id: int) -> Referral:
    """The referral with its row locked until the end of the transaction."""
    referral: Referral = Referral.objects.select_for_update().get(pk=referral_id)
    return referral


def move(referral: Referral, new: str, by: User, *, instead: Permission | None = None) -> None:
    """The only writer of ``status``; ``instead`` is the permission of a door with a rule of its own."""
    wanted = check_move(referral.status, new)
    require(by, instead or wanted, home_id=referral.school_id)
    referral.status = Status(new)


def keep(referral: Referral, *fields: str) -> None:
    """Save these fields and count the version; the person who decided is only written when it is among them."""
    referral.version += 1
    referral.save(update_fields=[*fields, "version"])


def note_writer(referral: Referral, by: User, now: datetime) -> None:
    """Remember that ``by`` wrote on the referral and so does not decide it."""
    ReferralWriter.objects.get_or_create(referral=referral, user=by, defaults={"first_at": now})


def answers_of(referral: Referral) -> dict[str, Any]:
    """Every answer as it stands, the further reasons among them."""
    return {**facts_of(referral), "reasons": reasons_of(referral)}


def fill(referral: Referral, data: Mapping[str, Any], sections: Collection[Section]) -> list[str]:
    """Set the writable fields of these sections that ``data`` holds; the names of those that changed."""
    changed = []
    for section in sections:
        for name in SECTION_FIELDS[section]:
            if name in WRITABLE and name in data and getattr(referral, name) != data[name]:
                setattr(referral, name, data[name])
                changed.append(name)
    return changed


def set_reasons(referral: Referral, reasons: Collection[str]) -> bool:
    """Keep the further reasons, each once and without the primary one; True when that changed them."""
    wanted = [Reason(reason) for reason in dict.fromkeys(reasons) if reason != referral.primary_reason]
    kept, changed = set(), False
    for row in referral.reasons.all():
        if row.reason in wanted:
            kept.add(row.reason)
        else:
            row.delete()
            changed = True
    new = [reason for reason in wanted if reason not in kept]
    ReferralReason.objects.bulk_create(ReferralReason(referral=referral, reason=reason) for reason in new)
    return changed or bool(new)
