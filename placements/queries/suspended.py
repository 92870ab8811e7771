"""Who is at a provider now, and which placements at a suspended provider wait for a decision of their school."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef

from placements.lifecycle import LIVE, Status
from placements.models import Placement, PlacementQuerySet, SuspensionAnswer
from placements.queries.pages import PeriodShown, periods_of
from providers.lifecycle import Status as ProviderStatus
from providers.models import Provider
from trust.permissions import Permission

# A paused placement has its answer: nobody is expected there.
_UNSAFE = (Status.APPROVED, Status.ACTIVE)
# Nobody goes on at a closed one: its placements are ended.
_STOPPED = (ProviderStatus.SUSPENDED, ProviderStatus.CLOSED)


@dataclass(frozen=True)
class Stay:
    """An open placement at a provider; ``answer`` belongs to the suspension in force, ``undecided`` when the school
    has neither paused nor ended it nor said why it goes on. The two ``may`` are of the person who reads.
    """

    placement: Placement
    periods: tuple[PeriodShown, ...]
    answer: SuspensionAnswer | None
    undecided: bool
    may_go_on: bool
    may_pause: bool
    may_end: bool

    @property
    def last(self) -> date | None:
        """The last approved or proposed day."""
        return max((shown.last for shown in self.periods if shown.last), default=None)


def at_suspended_providers(*, provider_id: int | None = None) -> PlacementQuerySet:
    """Approved and running placements at suspended providers about which the school has not decided, of every school.

    For the sweep and the home page; pausing, ending or a reason for going on takes a placement out.
    """
    answered = SuspensionAnswer.objects.filter(
        placement=OuterRef("pk"), suspended_at=OuterRef("provider__status_at"), decided_at__isnull=False
    )
    rows: PlacementQuerySet = Placement.objects.filter(
        ~Exists(answered), status__in=_UNSAFE, provider__status__in=_STOPPED
    )
    return rows if provider_id is None else rows.filter(provider_id=provider_id)


def open_at(provider: Provider) -> PlacementQuerySet:
    """Every open placement at a provider: approved, running or paused, of every school, by school and student."""
    rows: PlacementQuerySet = Placement.objects.filter(provider=provider, status__in=sorted(LIVE)).order_by(
        "school__name", "student__sort_name", "pk"
    )
    return rows


def stays_at(provider: Provider, user: Any) -> list[Stay]:
    """The open placements at a provider that this person may see, with what was decided; constant queries."""
    rows = list(
        open_at(provider)
        .filter(pk__in=Placement.objects.visible_to(user).filter(provider=provider).values("pk"))
        .select_related("student", "school", "host_school", "programme", "site")
        .prefetch_related("periods")
    )
    suspended = provider.status in _STOPPED
    answers: dict[int, SuspensionAnswer] = {}
    if suspended and provider.status_at is not None:
        found = SuspensionAnswer.objects.filter(placement__in=rows, suspended_at=provider.status_at)
        answers = {answer.placement_id: answer for answer in found.select_related("wished_by", "decided_by")}
    stays = []
    for row in rows:
        answer = answers.get(row.pk)
        undecided = suspended and row.status in _UNSAFE and (answer is None or answer.decided_at is None)
        home = row.school_id
        may_go_on = undecided and provider.status == ProviderStatus.SUSPENDED
        may_go_on = may_go_on and user.allows(Permission.APPROVE_PLACEMENT, home_id=home)
        stays.append(
            Stay(
                row,
                periods_of(row.periods.all()),
                answer,
                undecided,
                may_go_on,
                row.status == Status.ACTIVE and user.allows(Permission.SUSPEND_PLACEMENT, home_id=home),
                row.status != Status.APPROVED and user.allows(Permission.APPROVE_EARLY_END, home_id=home),
            )
        )
    return stays


def by_school(stays: Iterable[Stay]) -> list[tuple[str, int]]:
    """How many of the placements each school has, largest first."""
    counts: dict[str, int] = {}
    for stay in stays:
        counts[stay.placement.school.name] = counts.get(stay.placement.school.name, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
