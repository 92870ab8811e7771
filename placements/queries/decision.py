"""For whom a decision waits and since when, and what whoever decides should know."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from placements.codes import Answer
from placements.models import Placement, PlacementPeriod, Signing
from trust.calendar import SchoolCalendar
from trust.errors import CalendarNotLoaded
from trust.models import Membership, User
from trust.permissions import Role
from trust.queries import calendar_of, people_at


@dataclass(frozen=True)
class Waiting:
    """A decision that is due: who may make it, since when it waits, and how many school days are left to the start.

    ``school_days`` is None when the calendar of those days is not loaded.
    """

    deciders: tuple[User, ...]
    acting: frozenset[int]
    since: datetime
    school_days: int | None

    @property
    def names(self) -> str:
        """The names in words; an acting headteacher is called one."""
        words = [f"{user} (acting Headteacher)" if user.pk in self.acting else str(user) for user in self.deciders]
        return " or ".join(words) or "nobody: the chief executive is not in the system"


def waiting_of(placement: Placement, period: PlacementPeriod, today: date) -> Waiting:
    """For whom the decision on a period waits; nobody who proposed it."""
    proposers = {period.proposed_by_id} | ({placement.proposed_by_id} if period.number == 1 else set())
    since = placement.proposed_at if period.number == 1 else period.proposed_at
    acting = frozenset(user.pk for user in people_at(placement.school_id, today).acting_heads)
    return Waiting(
        deciders_of(placement.school_id, today, proposers),
        acting,
        since,
        school_days_left(calendar_of(placement.school_id), today, period.period.lower),
    )


def deciders_of(school_id: int, today: date, proposers: Collection[int]) -> tuple[User, ...]:
    """The Headteacher and whoever acts for dates; when none of them may, the chief executive (P7.1)."""
    people = people_at(school_id, today)
    heads = {user.pk: user for user in (*people.heads, *people.acting_heads) if user.pk not in proposers}
    if heads:
        return tuple(heads.values())
    chiefs = (
        Membership.objects.in_force(today)
        .filter(role=Role.CEO, user__is_active=True)
        .exclude(user__in=list(proposers))
        .select_related("user")
        .order_by("user__full_name", "id")
    )
    return tuple({held.user_id: held.user for held in chiefs}.values())


def school_days_left(calendar: SchoolCalendar, today: date, first: date) -> int | None:
    """The school days from today to the day before ``first``, today among them; 0 when it has begun."""
    with suppress(CalendarNotLoaded):
        return len([day for day in calendar.between(today, first) if day < first]) if today < first else 0
    return None


def acted_as_head(user: User, school_id: int, on: date) -> bool:
    """Whether a person decided as acting Headteacher of a school on a day: by the memberships then in force."""
    held = list(
        Membership.objects.in_force(on)
        .filter(user=user, role__in=[Role.HEAD, Role.CEO])
        .values_list("role", "school_id", "acting")
    )
    own = any(role == Role.CEO or (school == school_id and not acting) for role, school, acting in held)
    return not own and any(school == school_id and acting for _, school, acting in held)


def prepared_notice(period: PlacementPeriod) -> Any:
    """The draft of the direction notice of a period, None when there is none; the notices app hangs it there."""
    return period.notices.filter(status="DRAFT").first()


def objections_of(placement: Placement) -> QuerySet[Signing]:
    """What parents or the student objected to in a version of the placement agreement, newest first (P5.3)."""
    rows: QuerySet[Signing] = Signing.objects.filter(document__placement=placement, answer=Answer.OBJECTED)
    return rows.order_by("-signed_on", "-id")
