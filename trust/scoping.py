"""What a person may see at all: every student-level queryset passes through ``visible_to`` and fails closed."""

from dataclasses import dataclass
from typing import Any, Self

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models import Q

from trust.permissions import GRANTS, HOST_GRANTS, Permission, Role

# A guest from the proposal, which the host's headteacher answers, until the end. The words of the placements'
# lifecycle, which stands above this room; a test holds the two equal.
GUEST_STATUSES = ("PROPOSED", "APPROVED", "ACTIVE", "PAUSED")


@dataclass(frozen=True)
class Scope:
    """The look-up paths from a model to the schools that see it; ``None`` where it has none.

    ``home`` has all rights of a role, ``host`` those of ``HOST_GRANTS``. ``former`` only reads: the school that a
    student has left, or, of a case commissioned before, the school that the student is at now. ``host_when`` names
    the path to a status and the statuses in which a host is one: a place declined or over opens nothing.
    """

    home: str
    host: str | None = None
    former: str | None = None
    host_when: tuple[str, tuple[str, ...]] | None = None
    permission: Permission = Permission.SEE_STUDENTS


def _to_many(model: type[models.Model], path: str) -> bool:
    """Whether the look-up path crosses a relation to many rows."""
    for name in path.split("__"):
        field = model._meta.get_field(name)
        if field.one_to_many or field.many_to_many:
            return True
        if field.is_relation and field.related_model is not None:
            model = field.related_model
    return False


class ScopedQuerySet(models.QuerySet[Any]):
    """A queryset that knows whose records it holds through the model's ``scope``."""

    def visible_to(self, user: Any, permission: Permission | None = None) -> Self:
        """Rows for which one membership of ``user`` grants ``permission`` (default: the model's own to see it).

        No user, no membership or no matching role gives nothing. A model without ``scope`` raises
        ``ImproperlyConfigured``, so that a new model cannot be open by accident.
        """
        scope = getattr(self.model, "scope", None)
        if not isinstance(scope, Scope):
            raise ImproperlyConfigured(f"{self.model.__name__} declares no scope: it cannot be shown to anybody.")
        wanted = permission or scope.permission
        held = user.held() if getattr(user, "is_authenticated", False) else ()
        granting = [m for m in held if Role(m.role) in GRANTS[wanted]]
        if not granting:
            return self.none()
        if any(m.school_id is None for m in granting):
            return self
        schools = [m.school_id for m in granting]
        condition = Q(**{f"{scope.home}__in": schools})
        if scope.host and wanted in HOST_GRANTS:
            hosted: dict[str, Any] = {f"{scope.host}__in": schools}
            if scope.host_when:
                path, statuses = scope.host_when
                hosted[f"{path}__in"] = list(statuses)
            condition |= Q(**hosted)
        if scope.former and wanted == scope.permission:
            condition |= Q(**{f"{scope.former}__in": schools})
        if not any(_to_many(self.model, path) for path in (scope.home, scope.host, scope.former) if path):
            return self.filter(condition)
        # A path to many rows would repeat the record. Not DISTINCT: with the columns of a dozen joined tables the
        # planner alone takes more than a second over it.
        return self.filter(pk__in=self.model._base_manager.filter(condition).values("pk"))


class TrustWideQuerySet(models.QuerySet[Any]):
    """Records of the whole trust (providers, calendars): seen by whoever holds the model's permission anywhere."""

    def visible_to(self, user: Any, permission: Permission | None = None) -> Self:
        """All rows for a person holding the model's ``seen_with`` permission in any membership, else nothing."""
        seen_with = getattr(self.model, "seen_with", None)
        if not isinstance(seen_with, Permission):
            raise ImproperlyConfigured(f"{self.model.__name__} names no permission: it cannot be shown to anybody.")
        wanted = permission or seen_with
        held = user.held() if getattr(user, "is_authenticated", False) else ()
        return self if any(Role(m.role) in GRANTS[wanted] for m in held) else self.none()
