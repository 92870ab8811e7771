"""Settings, addresses, jobs, and the pages that look across all apps."""

from invictus_ap.celery import app as celery_app

__all__ = ["celery_app"]
