"""The first two accounts of a new installation."""

import os
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.utils import timezone

from trust.errors import DomainError
from trust.services import NewAccount, found_trust


class Command(BaseCommand):
    """Make the first trust AP lead and the first chief executive; they give all other roles in the application."""

    help = (
        "Make the first trust AP lead and the first chief executive. Passwords are asked for, or taken from "
        "TRUST_LEAD_PASSWORD and TRUST_CEO_PASSWORD; they are never printed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        for key, words in (("lead", "trust AP lead"), ("ceo", "chief executive")):
            parser.add_argument(f"--{key}-email", required=True, help=f"e-mail of the {words}")
            parser.add_argument(f"--{key}-name", required=True, help=f"full name of the {words}")

    def handle(self, *args: Any, **options: Any) -> None:
        lead = self._account(options["lead_email"], options["lead_name"], "TRUST_LEAD_PASSWORD")
        ceo = self._account(options["ceo_email"], options["ceo_name"], "TRUST_CEO_PASSWORD")
        try:
            found_trust(lead=lead, ceo=ceo, now=timezone.now())
        except DomainError as error:
            raise CommandError(f"{error.message} {error.help or ''}".strip()) from error
        self.stdout.write("The trust AP lead and the chief executive can log in now.")

    @staticmethod
    def _account(email: str, full_name: str, variable: str) -> NewAccount:
        password = os.environ.get(variable) or getpass(f"Password of {full_name}: ")
        try:
            validate_email(email)
            validate_password(password)
        except ValidationError as error:
            raise CommandError(f"{full_name}: {' '.join(error.messages)}") from error
        return NewAccount(email=email, full_name=full_name, password=password)
