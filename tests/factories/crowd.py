"""Many placements at once, copied from one by plain SQL, for tests of how long something takes."""

from typing import Any

from django.db import connection, models

from placements.models import Placement, PlacementPeriod, TimetableSlot
from referrals.models import Referral
from trust.models import Student


def crowd_of(placement: Placement, count: int) -> None:
    """``count`` copies of ``placement``, each of another student of the same school, without history.

    Ids start beyond those in use. Triggers rest meanwhile, as they would for a restored backup.
    """
    base = 1_000_000
    tables: tuple[tuple[type[models.Model], str, dict[str, str]], ...] = (
        (
            Student,
            "id = %s",
            {
                "id": f"{base} + n",
                "upn": "'A' || lpad(n::text, 11, '0') || 'A'",
                "family_name": "'Crowd' || n",
                "sort_name": "'crowd' || n || ', x'",
            },
        ),
        (Referral, "id = %s", {"id": f"{base} + n", "student_id": f"{base} + n"}),
        (
            Placement,
            "id = %s",
            {"id": f"{base} + n", "student_id": f"{base} + n", "referral_id": f"{base} + n"},
        ),
        (PlacementPeriod, "placement_id = %s", {"id": f"{base} + n", "placement_id": f"{base} + n"}),
        (
            TimetableSlot,
            "placement_id = %s",
            {
                "id": f"{base} + n * 100 + lower(slots)",
                "placement_id": f"{base} + n",
                "placement_period_id": f"{base} + n",
                "student_id": f"{base} + n",
            },
        ),
    )
    keys: dict[Any, int] = {Student: placement.student_id, Referral: placement.referral_id}
    with connection.cursor() as cursor:
        for model, where, changes in tables:
            table = model._meta.db_table
            columns = [field.column for field in model._meta.concrete_fields]
            quoted = ", ".join(f'"{column}"' for column in columns)
            values = ", ".join(changes.get(column, f'"{column}"') for column in columns)
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(
                f"INSERT INTO {table} ({quoted}) SELECT {values} FROM {table}, generate_series(1, %s) AS n "  # noqa: S608
                f"WHERE {table}.{where}",
                [count, keys.get(model, placement.pk)],
            )
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
