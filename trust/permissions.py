"""Who may do what: the one table of roles and permissions, readable by a safeguarding lead.

Source: the trust's access page (policy sections 5 to 7; P7.1 for authorising a direction). A permission is asked of
one membership and its school, never of the union of everything a person holds.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol

from django.db.models import TextChoices


class Role(TextChoices):
    """A role that a membership gives, at one school or for the whole trust."""

    TEAM = "TEAM", "Pastoral team"
    ATT = "ATT", "Attendance team"
    SLT = "SLT", "Pastoral SLT"
    DSL = "DSL", "Designated safeguarding lead"
    HEAD = "HEAD", "Headteacher"
    CEO = "CEO", "Chief executive"
    LEAD = "LEAD", "Trust AP lead"
    FIN = "FIN", "Finance"
    TRU = "TRU", "Trustee or local governor"


SCHOOL_ONLY = frozenset({Role.TEAM, Role.HEAD})
TRUST_ONLY = frozenset({Role.CEO, Role.LEAD, Role.FIN})

# Roles that only the chief executive gives and ends (access page, 'staff and roles').
CONFIRMED_ROLES = frozenset({Role.HEAD, Role.CEO, Role.DSL, Role.LEAD})


class Permission(StrEnum):
    """One thing a person may do; the value is the phrase used in refusals ('You cannot ...')."""

    SEE_STUDENTS = "see students"
    SEE_NARRATIVE = "read referral narrative, medical and meeting notes"
    EDIT_STUDENTS = "edit students"
    EDIT_CONTACTS = "edit contacts"
    IMPORT_DATA = "import students, attendance and suspensions"
    WRITE_REFERRAL = "write a referral"
    DECIDE_REFERRAL = "decide a referral"
    DECIDE_EXCLUSION_ALTERNATIVE = "decide a referral that is an alternative to permanent exclusion"
    SEE_PROVIDERS = "see providers"
    RECORD_CHECK = "record a provider check"
    EDIT_PROVIDERS = "edit providers"
    APPROVE_PROVIDER = "approve or suspend a provider"
    PROPOSE_PLACEMENT = "propose a placement"
    APPROVE_PLACEMENT = "approve a placement and its money"
    APPROVE_OVER_BUDGET = "approve a placement over budget"
    OVERRIDE = "override a gate or a notice deadline"
    START_PLACEMENT = "start a placement"
    END_PLACEMENT = "end a placement"
    APPROVE_EARLY_END = "approve an early end"
    SUSPEND_PLACEMENT = "suspend a placement for safety"
    ANSWER_FOR_HOST = "accept or refuse a guest student"
    PROPOSE_BUDGET = "propose a budget"
    APPROVE_BUDGET = "approve a budget"
    SEE_MONEY = "see money"
    SEE_INVOICES = "see invoices"
    RECORD_INVOICE = "record and match invoices"
    PREPARE_NOTICE = "prepare a notice"
    AUTHORISE_NOTICE = "authorise a notice"
    RECORD_SERVICE = "record how a notice was given"
    MARK_SESSIONS = "mark sessions and log weekly contact"
    HOLD_REVIEW = "hold a review"
    SEE_VALUE = "see value for money"
    SEE_UNSUPPRESSED = "see small numbers"
    EDIT_CALENDAR = "record a closure or INSET day"
    EDIT_SETTINGS = "edit calendars and schools"
    SEE_SETTINGS = "see the thresholds of policy and law"
    PROPOSE_SETTING = "propose a threshold of policy or law"
    APPROVE_SETTING = "approve a threshold of policy or law"
    EDIT_TEMPLATES = "edit the templates of letters"
    SEE_STAFF = "see staff and roles"
    EDIT_STAFF = "manage staff and roles"
    CONFIRM_STAFF = "give or end the role of headteacher, chief executive, DSL or trust AP lead"
    NAME_ACTING_HEAD = "name an acting headteacher"
    SEE_RESTRICTION = "see that a contact is restricted"
    SEE_RESTRICTED = "read restricted facts"
    SEE_HISTORY = "see the change history"
    SEE_CHRONOLOGY = "print the chronology of a placement"


_CARE = frozenset({Role.TEAM, Role.SLT, Role.DSL, Role.HEAD, Role.CEO, Role.LEAD})
_SLT_UP = frozenset({Role.SLT, Role.HEAD, Role.LEAD})
_HEADS = frozenset({Role.HEAD, Role.CEO})
_MONEY = frozenset({Role.SLT, Role.HEAD, Role.CEO, Role.LEAD, Role.FIN})

GRANTS: dict[Permission, frozenset[Role]] = {
    Permission.SEE_STUDENTS: _CARE | {Role.ATT},
    Permission.SEE_NARRATIVE: _CARE,
    Permission.EDIT_STUDENTS: _SLT_UP,
    Permission.EDIT_CONTACTS: _SLT_UP | {Role.ATT},
    Permission.IMPORT_DATA: _SLT_UP | {Role.ATT},
    Permission.WRITE_REFERRAL: frozenset({Role.TEAM, Role.SLT, Role.DSL, Role.HEAD}),
    Permission.DECIDE_REFERRAL: _HEADS | {Role.SLT},
    Permission.DECIDE_EXCLUSION_ALTERNATIVE: _HEADS,
    Permission.SEE_PROVIDERS: _CARE | {Role.ATT, Role.FIN},
    Permission.RECORD_CHECK: frozenset({Role.SLT, Role.DSL, Role.LEAD}),
    Permission.EDIT_PROVIDERS: frozenset({Role.LEAD}),
    Permission.APPROVE_PROVIDER: frozenset({Role.CEO, Role.LEAD}),
    Permission.PROPOSE_PLACEMENT: _SLT_UP | {Role.TEAM},
    Permission.APPROVE_PLACEMENT: _HEADS,
    Permission.APPROVE_OVER_BUDGET: frozenset({Role.CEO}),
    Permission.OVERRIDE: _HEADS,
    Permission.START_PLACEMENT: _SLT_UP,
    Permission.END_PLACEMENT: _SLT_UP,
    Permission.APPROVE_EARLY_END: _HEADS,
    Permission.SUSPEND_PLACEMENT: _HEADS | {Role.DSL},
    Permission.ANSWER_FOR_HOST: frozenset({Role.HEAD}),
    Permission.PROPOSE_BUDGET: frozenset({Role.HEAD, Role.LEAD, Role.FIN}),
    Permission.APPROVE_BUDGET: _HEADS,
    Permission.SEE_MONEY: _MONEY,
    Permission.SEE_INVOICES: frozenset({Role.HEAD, Role.CEO, Role.LEAD, Role.FIN}),
    Permission.RECORD_INVOICE: frozenset({Role.FIN}),
    Permission.PREPARE_NOTICE: _SLT_UP | {Role.TEAM},
    Permission.AUTHORISE_NOTICE: _HEADS,
    Permission.RECORD_SERVICE: _SLT_UP | {Role.TEAM, Role.ATT},
    Permission.MARK_SESSIONS: _SLT_UP | {Role.TEAM, Role.ATT, Role.DSL},
    Permission.HOLD_REVIEW: _SLT_UP | {Role.TEAM},
    Permission.SEE_VALUE: _MONEY | {Role.TRU},
    Permission.SEE_UNSUPPRESSED: _MONEY,
    Permission.EDIT_CALENDAR: frozenset({Role.ATT, Role.HEAD, Role.LEAD}),
    Permission.EDIT_SETTINGS: frozenset({Role.LEAD}),
    Permission.SEE_SETTINGS: _CARE | {Role.ATT, Role.FIN, Role.TRU},
    Permission.PROPOSE_SETTING: frozenset({Role.LEAD}),
    Permission.APPROVE_SETTING: frozenset({Role.CEO}),
    Permission.EDIT_TEMPLATES: frozenset({Role.LEAD}),
    Permission.SEE_STAFF: frozenset({Role.CEO, Role.LEAD}),
    Permission.EDIT_STAFF: frozenset({Role.LEAD}),
    Permission.CONFIRM_STAFF: frozenset({Role.CEO}),
    Permission.NAME_ACTING_HEAD: _HEADS,
    Permission.SEE_RESTRICTION: _SLT_UP | {Role.DSL, Role.CEO},
    Permission.SEE_RESTRICTED: frozenset({Role.DSL, Role.HEAD}),
    Permission.SEE_HISTORY: frozenset({Role.DSL, Role.HEAD, Role.CEO, Role.LEAD}),
    Permission.SEE_CHRONOLOGY: _CARE - {Role.TEAM},
}

# What a host school may do for a guest; everything else belongs to the home school (access page, 'Guests').
HOST_GRANTS = frozenset({Permission.SEE_STUDENTS, Permission.MARK_SESSIONS, Permission.ANSWER_FOR_HOST})


class Held(Protocol):
    """The two facts of a membership that a permission is asked of; ``school_id`` is None for the whole trust."""

    role: str
    school_id: int | None


def allows(held: Iterable[Held], permission: Permission, *, home_id: int | None, host_id: int | None = None) -> bool:
    """True when one membership gives ``permission`` for a record of school ``home_id``.

    ``host_id`` is the trust school where a guest is placed: its roles count for the host's permissions only.
    ``home_id`` None asks for something of the whole trust (a provider, the calendar pattern): any membership that
    grants it counts when the thing belongs to no school.
    """
    for membership in held:
        if Role(membership.role) not in GRANTS[permission]:
            continue
        if membership.school_id is None or home_id is None or membership.school_id == home_id:
            return True
        if host_id is not None and membership.school_id == host_id and permission in HOST_GRANTS:
            return True
    return False


def who_can(permission: Permission) -> str:
    """The roles that hold ``permission`` as words for a refusal: 'Headteacher or Chief executive'."""
    names = [role.label for role in Role if role in GRANTS[permission]]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
