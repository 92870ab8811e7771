from celery import shared_task
from django.utils import timezone

from invictus_ap.services import sweep_flags


@shared_task
def raise_flags() -> None:
    """Record what is due; every five minutes and when a worker starts."""
    sweep_flags(now=timezone.now())
