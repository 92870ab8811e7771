"""The change history: who changed what, when and why, by any path, and never rewritten.

PostgreSQL triggers write one event row per changed row, at statement level. The application's database role may add
events and read them, nothing else (see ``grant_app_role``).
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import pghistory
import pgtrigger
from django.apps import apps
from django.conf import settings
from django.db import connections, models
from django.db.models.expressions import RawSQL
from psycopg2 import sql

M = TypeVar("M", bound=type[models.Model])


class Event(pghistory.models.Event):
    """What every history row carries besides the values: the database role that wrote it."""

    pgh_role = models.CharField(max_length=63, db_default=RawSQL("CURRENT_USER", ()))

    class Meta:
        abstract = True


def track(*, exclude: Iterable[str] = ()) -> Callable[[M], M]:
    """Class decorator: record every insert, update and delete of the model, without the fields in ``exclude``."""
    decorate: Callable[[M], M] = pghistory.track(
        pghistory.InsertEvent(level=pgtrigger.Statement),
        pghistory.UpdateEvent(level=pgtrigger.Statement),
        pghistory.DeleteEvent(level=pgtrigger.Statement),
        exclude=list(exclude),
        append_only=True,
        base_model=Event,
    )
    return decorate


def status_by_table(first: Iterable[str], moves: Iterable[tuple[str, str]], name: str = "status_by_table") -> Any:
    """Trigger: a row begins in a status of ``first`` and its status moves only along ``moves``, by any path."""
    firsts = ", ".join(f"'{status}'" for status in sorted(map(str, first)))
    pairs = ", ".join(f"('{old}', '{new}')" for old, new in sorted((str(old), str(new)) for old, new in moves))
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("status"),
        func=f"""
        IF (TG_OP = 'INSERT' AND NEW.status NOT IN ({firsts}))
            OR (TG_OP = 'UPDATE' AND NEW.status <> OLD.status
                AND (OLD.status::text, NEW.status::text) NOT IN ({pairs})) THEN
            RAISE EXCEPTION 'no such move: %', NEW.status
                USING ERRCODE = 'check_violation', CONSTRAINT = 'status_follows_its_table';
        END IF;
        RETURN NEW;
        """,
    )


def because(*, by: Any, reason: str = "", job: str = "") -> AbstractContextManager[Any]:
    """Context for the history of a service: the acting person (or the job) and the reason in words.

    Inside a request it adds to what the middleware has already noted.
    """
    noted: dict[str, Any] = {}
    if by is not None:
        noted["user"] = by.pk
    if reason:
        noted["reason"] = reason
    if job:
        noted["job"] = job
    context: AbstractContextManager[Any] = pghistory.context(**noted)
    return context


def append_only_tables() -> list[str]:
    """The tables that the application may add to and read but never change: history events and the access log."""
    tables = [m._meta.db_table for m in apps.get_models() if issubclass(m, pghistory.models.Event)]
    return sorted([*tables, "trust_accesslog"])


def grant_app_role(*, using: str) -> None:
    """Give the application's database role what it needs and no more; run by the owner after every migration.

    Does nothing when no separate role is configured (``DATABASE_APP_ROLE`` empty) or when not run as the owner.
    """
    role = settings.DATABASE_APP_ROLE
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            return
        cursor.execute("SELECT current_user")
        if cursor.fetchone()[0] == role:
            return
        name = sql.Identifier(role)
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {role}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        ):
            cursor.execute(sql.SQL(statement).format(role=name))
        existing = set(connection.introspection.table_names(cursor))
        for table in append_only_tables():
            if table in existing:
                cursor.execute(
                    sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}").format(
                        table=sql.Identifier(table), role=name
                    )
                )
