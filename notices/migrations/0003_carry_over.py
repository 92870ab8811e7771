from datetime import timedelta

from django.db import migrations

# Notices made before: they hold from the first day of their period. The verdict of each recipient is the notice's where
# it has one; where it still waits, it is measured by the calendar as it stands now.


def measure(apps, schema_editor):
    """Give each recipient of an undecided notice the deadline that holds for it."""
    recipients = apps.get_model("notices", "NoticeRecipient")
    open_ones = list(
        recipients.objects.filter(deemed_given_on__isnull=False, deadline_on__isnull=True).select_related(
            "notice__placement_period__placement"
        )
    )
    if not open_ones:
        return
    # Only where there is something to measure: a fresh database never needs the code of today.
    from notices.rules import notice_deadline, reading_for
    from trust.errors import CalendarNotLoaded
    from trust.queries import calendars_of

    calendars = calendars_of({one.notice.placement_period.placement.school_id for one in open_ones})
    for one in open_ones:
        period = one.notice.placement_period
        start = period.period.lower
        try:
            reading = reading_for(period.placement.route)
            deadline = notice_deadline(calendars[period.placement.school_id], start, reading).enforced
        except CalendarNotLoaded:
            deadline = start - timedelta(days=2)
        one.deadline_on, one.in_time = deadline, one.deemed_given_on <= deadline
        one.save(update_fields=["deadline_on", "in_time"])


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
                SET deadline_on = n.deadline_on, in_time = r.deemed_given_on <= n.deadline_on
                FROM notices_directionnotice AS n
                WHERE n.id = r.notice_id AND r.deemed_given_on IS NOT NULL AND n.deadline_on IS NOT NULL;
            ALTER TABLE notices_directionnoticeevent DISABLE TRIGGER USER;
            UPDATE notices_directionnoticeevent AS e
                SET effective_on = n.effective_on
                FROM notices_directionnotice AS n
                WHERE n.id = e.pgh_obj_id;
            ALTER TABLE notices_directionnoticeevent ENABLE TRIGGER USER;
            """,
            migrations.RunSQL.noop,
        ),
        migrations.RunPython(measure, migrations.RunPython.noop),
    ]
