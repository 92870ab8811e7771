from django.db import migrations

# Notices made before: they hold from the first day of their period, and the verdict of each recipient is the notice's.


class Migration(migrations.Migration):
    dependencies = [("notices", "0002_depth")]

    operations = [
        migrations.RunSQL(
            """
            UPDATE notices_directionnotice AS n
                SET effective_on = lower(p.period)
                FROM placements_placementperiod AS p
                WHERE p.id = n.placement_period_id;
            UPDATE notices_noticerecipient AS r
                SET deadline_on = coalesce(n.deadline_on, r.deemed_given_on),
                    in_time = r.deemed_given_on <= coalesce(n.deadline_on, r.deemed_given_on)
                FROM notices_directionnotice AS n
                WHERE n.id = r.notice_id AND r.deemed_given_on IS NOT NULL;
            ALTER TABLE notices_directionnoticeevent DISABLE TRIGGER USER;
            UPDATE notices_directionnoticeevent AS e
                SET effective_on = n.effective_on
                FROM notices_directionnotice AS n
                WHERE n.id = e.pgh_obj_id;
            ALTER TABLE notices_directionnoticeevent ENABLE TRIGGER USER;
            """,
            migrations.RunSQL.noop,
        )
    ]
