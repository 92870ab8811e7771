"""Staff accounts and the roles they hold."""

from datetime import date, datetime
from typing import NamedTuple

from trust.calendar import date_words, london_date
from trust.errors import NotAllowed, RuleBroken
from trust.models import Membership, PolicyVersion, School, User
from trust.permissions import CONFIRMED_ROLES, SCHOOL_ONLY, TRUST_ONLY, Permission, Role
from trust.services.integrity import require, saving


class NewAccount(NamedTuple):
    """What the first accounts of an installation are made of."""

    email: str
    full_name: str
    password: str


def found_trust(*, lead: NewAccount, ceo: NewAccount, now: datetime) -> tuple[User, User]:
    """The first trust AP lead and the first chief executive, who give all other roles, and the policy they work by.

    Refused once either role is held: from then on roles are given by people.
    """
    with saving(by=None, job="create_trust_lead", reason="first accounts"):
        today = london_date(now)
        if Membership.objects.in_force(today).filter(role__in=[Role.LEAD, Role.CEO], user__is_active=True).exists():
            raise RuleBroken(
                "There is a trust AP lead or a chief executive already.", help="They give roles on the page 'Staff'."
            )
        if lead.email.lower() == ceo.email.lower():
            raise RuleBroken("The lead and the chief executive are two people: neither may confirm the other's work.")
        made = []
        for account, role in ((lead, Role.LEAD), (ceo, Role.CEO)):
            user = User.objects.filter(email__iexact=account.email).first() or User(email=account.email.lower())
            user.full_name, user.is_active = account.full_name, True
            user.set_password(account.password)
            user.save()
            Membership.objects.create(user=user, role=role, from_day=today)
            made.append(user)
        record_policy_of_2019()
    return made[0], made[1]


def record_policy_of_2019() -> PolicyVersion:
    """The version of the policy that this application was built for, whose review is overdue (P9.1); once only."""
    version, _ = PolicyVersion.objects.get_or_create(
        approved_on=date(2019, 12, 2),
        defaults={"title": "Alternative Provision Policy", "review_due_on": date(2022, 12, 2)},
    )
    return version


def add_staff(*, email: str, full_name: str, by: User, now: datetime) -> User:
    """An account without password and roles: its owner sets the password by 'forgotten password'."""
    with saving(by=by, reason="member of staff added"):
        require(by, _edit_or_confirm(by), home_id=None)
        if User.objects.filter(email__iexact=email).exists():
            raise RuleBroken("There is an account with this e-mail address already.", field="email")
        return User.objects.create_user(email, full_name)


def _edit_or_confirm(by: User) -> Permission:
    """Either who manages staff or who confirms roles may add a person; the refusal names the first."""
    confirms = by.allows(Permission.CONFIRM_STAFF, home_id=None)
    return Permission.CONFIRM_STAFF if confirms else Permission.EDIT_STAFF


def _require_for(by: User, user: User, role: str, school_id: int | None) -> None:
    """Who may give or end ``role``: the chief executive for four roles, the lead for the rest, nobody their own."""
    if user.pk == by.pk:
        raise NotAllowed("Nobody changes their own roles. Ask another trust AP lead or the chief executive.")
    permission = Permission.CONFIRM_STAFF if Role(role) in CONFIRMED_ROLES else Permission.EDIT_STAFF
    require(by, permission, home_id=school_id)


def give_role(
    *,
    user_id: int,
    role: str,
    school_id: int | None,
    from_day: date,
    until_day: date | None = None,
    acting: bool = False,
    designated: bool = False,
    by: User,
    now: datetime,
) -> Membership:
    """One role at one school (``school_id`` None: for the whole trust), until the inclusive ``until_day`` or for good.

    Headteacher, chief executive, DSL and trust AP lead are given by the chief executive (access page). Nobody
    changes their own roles.
    """
    with saving(by=by, reason="role given"):
        user = User.objects.select_for_update().get(pk=user_id)
        _require_for(by, user, role, school_id)
        return _give(user, role, school_id, from_day, until_day, acting=acting, designated=designated)


def name_acting_head(
    *, school_id: int, user_id: int, from_day: date, until_day: date, by: User, now: datetime
) -> Membership:
    """A person named in advance to decide as headteacher for dates (P7.1): a deputy is not acting by being one."""
    with saving(by=by, reason="acting headteacher named"):
        require(by, Permission.NAME_ACTING_HEAD, home_id=school_id)
        user = User.objects.select_for_update().get(pk=user_id)
        if user.pk == by.pk:
            raise NotAllowed("Nobody changes their own roles. Ask the chief executive.")
        today = london_date(now)
        if from_day < today:
            raise RuleBroken(
                f"An acting headteacher is named in advance: from {date_words(today)} at the earliest.",
                field="from_day",
            )
        return _give(user, Role.HEAD, school_id, from_day, until_day, acting=True, designated=False)


def _give(
    user: User,
    role: str,
    school_id: int | None,
    from_day: date,
    until_day: date | None,
    *,
    acting: bool,
    designated: bool,
) -> Membership:
    if not user.is_active:
        raise RuleBroken("This account is deactivated: it cannot be given a role.")
    if school_id is None and Role(role) in SCHOOL_ONLY:
        raise RuleBroken(f"The role '{Role(role).label}' belongs to one school: choose it.", field="school")
    if school_id is not None and Role(role) in TRUST_ONLY:
        raise RuleBroken(
            f"The role '{Role(role).label}' is for the whole trust: leave the school empty.", field="school"
        )
    if until_day is not None and until_day < from_day:
        raise RuleBroken("The last day must not be before the first.", field="until_day")
    if designated and role != Role.SLT:
        raise RuleBroken("Only a member of pastoral SLT can be the designated one of the school.", field="designated")
    school = None if school_id is None else School.objects.get(pk=school_id)
    same = Membership.objects.filter(user=user, role=role, school=school, acting=acting)
    if any(_overlap(held, from_day, until_day) for held in same):
        raise RuleBroken("This person already holds this role there in that time.", field="role")
    return Membership.objects.create(
        user=user,
        role=role,
        school=school,
        from_day=from_day,
        until_day=until_day,
        acting=acting,
        designated=designated,
    )


def _overlap(held: Membership, from_day: date, until_day: date | None) -> bool:
    begins_before_it_ends = until_day is None or held.from_day <= until_day
    return begins_before_it_ends and (held.until_day is None or held.until_day >= from_day)


def end_role(*, membership_id: int, last_day: date, by: User, now: datetime) -> Membership:
    """The inclusive last day on which a role is held; a role never disappears from the record."""
    with saving(by=by, reason="role ended"):
        membership: Membership = (
            Membership.objects.select_for_update(of=("self",)).select_related("user").get(pk=membership_id)
        )
        _require_for(by, membership.user, membership.role, membership.school_id)
        if last_day < membership.from_day:
            raise RuleBroken(
                f"The role began on {date_words(membership.from_day)}: it cannot end before.", field="last_day"
            )
        if membership.until_day is not None and last_day > membership.until_day:
            raise RuleBroken(
                f"The role ends on {date_words(membership.until_day)} already: give it anew to prolong it.",
                field="last_day",
            )
        membership.until_day = last_day
        membership.save(update_fields=["until_day"])
    return membership


def choose_digest(*, wanted: bool, by: User, now: datetime) -> User:
    """Record whether a person wants the daily summary by e-mail: everybody's own choice, nobody else's."""
    with saving(by=by, reason="daily summary chosen"):
        user: User = User.objects.select_for_update().get(pk=by.pk)
        user.digest = wanted
        user.save(update_fields=["digest"])
    return user


def deactivate_staff(*, user_id: int, by: User, now: datetime) -> User:
    """Close the account of somebody who leaves, at once and without deleting what they did."""
    with saving(by=by, reason="account deactivated"):
        user: User = User.objects.select_for_update().get(pk=user_id)
        if user.pk == by.pk:
            raise NotAllowed("Nobody closes their own account. Ask another trust AP lead or the chief executive.")
        roles = {Role(held.role) for held in user.memberships.in_force(london_date(now))}
        require(by, Permission.CONFIRM_STAFF if roles & CONFIRMED_ROLES else _edit_or_confirm(by), home_id=None)
        user.is_active = False
        user.save(update_fields=["is_active"])
    return user
