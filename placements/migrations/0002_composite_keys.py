from django.db import migrations

# Django's own foreign keys hold one column; these hold the copied facts (student, live, school) right as well.
# Not deferrable: the exclusion constraint on the slots must speak in the statement that changes the placement.


class Migration(migrations.Migration):
    dependencies = [("placements", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE placements_timetableslot
                ADD CONSTRAINT slot_follows_placement
                FOREIGN KEY (placement_id, student_id, live)
                REFERENCES placements_placement (id, student_id, live) ON UPDATE CASCADE;
            ALTER TABLE placements_timetableslot
                ADD CONSTRAINT slot_period_of_placement
                FOREIGN KEY (placement_period_id, placement_id)
                REFERENCES placements_placementperiod (id, placement_id);
            """,
            """
            ALTER TABLE placements_timetableslot DROP CONSTRAINT slot_follows_placement;
            ALTER TABLE placements_timetableslot DROP CONSTRAINT slot_period_of_placement;
            """,
        )
    ]
