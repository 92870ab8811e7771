"""Points of postcodes, for distances between home and provider."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trust.errors import DomainError
from trust.services import load_postcodes


class Command(BaseCommand):
    """Load postcode points from a CSV file; rows that cannot be read are named and left out."""

    help = (
        "Load points of postcodes from a CSV file with the columns postcode, latitude, longitude (degrees), as the "
        "open lists of the Office for National Statistics and Ordnance Survey have them. Running it again changes "
        "nothing. Exits with 1 when rows were left out."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV file")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with options["file"].open(encoding="utf-8-sig", newline="") as lines:
                loaded = load_postcodes(lines)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"The file cannot be read: {error}") from error
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{loaded.points} postcodes are known.")
        for problem in loaded.problems[:50]:
            self.stderr.write(problem)
        if loaded.problems:
            raise CommandError(f"{len(loaded.problems)} rows were left out.")
