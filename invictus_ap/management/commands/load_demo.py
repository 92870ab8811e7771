"""`manage.py load_demo`: fill an empty database with an invented trust."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from invictus_ap.services import load_demo
from trust.errors import DomainError


class Command(BaseCommand):
    help = "Fill an empty database with the demo trust: invented people around today's date."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo trust is not loaded in production.")
        try:
            load_demo(now=timezone.now())
        except DomainError as error:
            raise CommandError(str(error)) from error
