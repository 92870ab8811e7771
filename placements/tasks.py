"""Jobs of placements; the rows are the queue, these only tick."""

from celery import shared_task
from django.utils import timezone

from placements import services


@shared_task
def tell_deciders() -> int:
    """Tell deciders of what waits with a start near; how many e-mails were queued."""
    return services.tell_deciders(now=timezone.now())
