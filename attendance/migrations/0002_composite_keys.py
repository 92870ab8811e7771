from django.db import migrations

# The schools on marks and contacts are copies for fast scoping; the database holds them equal to the placement's.


class Migration(migrations.Migration):
    dependencies = [("attendance", "0001_initial"), ("placements", "0002_composite_keys")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE attendance_sessionmark
                ADD CONSTRAINT mark_school_of_placement
                FOREIGN KEY (placement_id, school_id) REFERENCES placements_placement (id, school_id);
            ALTER TABLE attendance_sessionmark
                ADD CONSTRAINT mark_host_of_placement
                FOREIGN KEY (placement_id, host_school_id) REFERENCES placements_placement (id, host_school_id);
            ALTER TABLE attendance_weeklycontact
                ADD CONSTRAINT contact_school_of_placement
                FOREIGN KEY (placement_id, school_id) REFERENCES placements_placement (id, school_id);
            """,
            """
            ALTER TABLE attendance_sessionmark DROP CONSTRAINT mark_school_of_placement;
            ALTER TABLE attendance_sessionmark DROP CONSTRAINT mark_host_of_placement;
            ALTER TABLE attendance_weeklycontact DROP CONSTRAINT contact_school_of_placement;
            """,
        )
    ]
