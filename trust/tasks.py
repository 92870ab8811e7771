"""Jobs of trust; the rows are the queue, these only tick."""

from celery import shared_task
from django.utils import timezone

from trust import services


@shared_task
def send_mails() -> int:
    """Send what is due, and say of what a dead worker left that it is unknown; how many were sent."""
    now = timezone.now()
    services.mark_unknown(now=now)
    return services.send_mails(now=now)
