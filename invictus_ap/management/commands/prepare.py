"""`manage.py prepare`: everything a database needs before the web, the worker and the beat start."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from psycopg2 import sql


class Command(BaseCommand):
    help = "As the owner: make the application's database role when it is missing, the cache table, and migrate."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.DATABASE_ROLE != "owner":
            raise CommandError("Run this with INVICTUS_DB_ROLE=owner (and DATABASE_OWNER_URL set).")
        self._make_app_role()
        # Before migrate, at whose end the application's role is given its rights on all tables.
        call_command("createcachetable", verbosity=0)
        call_command("migrate", interactive=False, verbosity=options["verbosity"])

    def _make_app_role(self) -> None:
        role = settings.DATABASE_APP_ROLE
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            if cursor.fetchone():
                return
            statement = sql.SQL("CREATE ROLE {role} LOGIN PASSWORD {password}").format(
                role=sql.Identifier(role), password=sql.Literal(settings.DATABASE_APP_PASSWORD)
            )
            cursor.execute(statement)
        self.stdout.write(f"Made the database role {role}.")
