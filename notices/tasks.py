"""The job that makes letters; the rows are the queue, this only ticks."""

from celery import shared_task
from django.utils import timezone

from notices import services


@shared_task
def make_letters() -> int:
    """Make the letters that wait; how many were made."""
    return services.make_letters(now=timezone.now())
