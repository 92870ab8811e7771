"""What only demo mode adds to a page."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from invictus_ap.codes import DEMO_PEOPLE


def demo_people(request: HttpRequest) -> dict[str, Any]:
    """The people of the demo log-in for the log-in page; nothing outside demo mode."""
    return {"demo_people": DEMO_PEOPLE} if settings.DEMO_LOGIN else {}
