"""What happens with a student who is at a provider that was suspended."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from placements.codes import Wish
from placements.models.placements import Placement
from trust.audit import track
from trust.scoping import Scope, ScopedQuerySet


@track()
class SuspensionAnswer(models.Model):
    """One open placement at a provider that was suspended at ``suspended_at``: what the trust asks the school to do,
    and, where the placement goes on nevertheless, why. Pausing or ending it is seen on the placement itself.
    """

    scope = Scope(home="placement__school_id", former="placement__student__school_id")

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="suspension_answers")
    suspended_at = models.DateTimeField()
    wish = models.CharField("what the trust asks for", max_length=24, choices=Wish.choices, blank=True)
    wished_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    goes_on_reason = models.TextField("why it goes on, and who watches what", blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["placement_id", "-suspended_at"]
        constraints = [
            models.UniqueConstraint(fields=["placement", "suspended_at"], name="suspension_answer_once"),
            models.CheckConstraint(
                name="suspension_answer_has_reason",
                condition=Q(decided_by__isnull=True, decided_at__isnull=True, goes_on_reason="")
                | (Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(goes_on_reason="")),
            ),
            models.CheckConstraint(
                name="suspension_answer_wish_pair",
                condition=Q(wish="", wished_by__isnull=True) | (~Q(wish="") & Q(wished_by__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"Placement {self.placement_id} at a suspended provider"
