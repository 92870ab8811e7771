"""The jobs that make letters, record what was sent and join printings; the rows are the queue, these only tick."""

from celery import shared_task
from django.utils import timezone

from notices import services
from trust import services as outbox

LETTERS_AT_ONCE = 20


@shared_task
def make_letters() -> int:
    """Make the letters that wait; how many were made. Goes on in a task of its own when there are many."""
    made = services.make_letters(now=timezone.now(), limit=LETTERS_AT_ONCE)
    if made == LETTERS_AT_ONCE:
        make_letters.delay()
    return made


@shared_task
def stop_letters() -> int:
    """Stop e-mails that must not leave any more; how many. Ticks oftener than the outbox sends."""
    return services.stop_letters(now=timezone.now())


@shared_task
def stop_and_send() -> int:
    """Stop e-mails that must not leave any more, then send what is due and note what is unknown; how many were sent.

    One after the other in one task: the outbox knows nothing about notices, so it never claims before they were asked.
    """
    now = timezone.now()
    services.stop_letters(now=now)
    outbox.mark_unknown(now=now)
    return outbox.send_mails(now=now)


@shared_task
def settle_letters() -> int:
    """Record as given what the mail server took, after stopping what must not leave; how many were given."""
    return services.settle_letters(now=timezone.now())


@shared_task
def make_batches() -> int:
    """Make the files of printings that wait; how many were made."""
    return services.make_batches(now=timezone.now())
