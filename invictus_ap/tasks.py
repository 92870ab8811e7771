from celery import shared_task
from django.utils import timezone

from invictus_ap import services
from invictus_ap.services import Place, sweep_until, work_imports

# A task is over well before the 15 seconds that one may take; what is left goes into the next one.
SECONDS = 8.0


@shared_task
def raise_flags(part: str = "", after: int = 0, raised: int = 0) -> None:
    """Record what is due; every five minutes and when a worker starts. Goes on in a task of its own when there is much.

    ``part``, ``after`` and ``raised`` say where the task before this one stopped.
    """
    start = Place(part, after, raised) if part else None
    swept = sweep_until(now=timezone.now(), start=start, seconds=SECONDS)
    if swept.rest is not None:
        raise_flags.delay(swept.rest.part, swept.rest.after, swept.rest.raised)
    if swept.problems:
        raise ExceptionGroup("Parts of the flag sweep failed.", swept.problems)


@shared_task
def read_imports() -> None:
    """Check or apply the next file that waits; every five seconds."""
    work_imports(now=timezone.now())


@shared_task
def tell_urgent() -> int:
    """Queue e-mails about what cannot wait for the daily summary; how many."""
    return services.tell_urgent(now=timezone.now())


@shared_task
def send_digests() -> int:
    """Queue the daily summaries when it is time; how many."""
    return services.send_digests(now=timezone.now())
