import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "invictus_ap.settings")

app = Celery("invictus_ap")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_ready.connect
def sweep_at_start(**kwargs: Any) -> None:
    """Raise the flags that came due while nothing ran, without waiting for the next tick of beat."""
    app.send_task("invictus_ap.tasks.raise_flags", expires=290)
