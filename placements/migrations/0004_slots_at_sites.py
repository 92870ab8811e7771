import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("placements", "0003_depth")]

    operations = [
        migrations.RunSQL(
            """
            UPDATE placements_timetableslot t SET site_id = p.site_id, programme_id = p.programme_id
                FROM placements_placement p WHERE p.id = t.placement_id;
            -- The history is given what was implied before: one site and programme per placement.
            ALTER TABLE placements_timetableslotevent DISABLE TRIGGER USER;
            UPDATE placements_timetableslotevent t SET site_id = p.site_id, programme_id = p.programme_id
                FROM placements_placement p WHERE p.id = t.placement_id;
            ALTER TABLE placements_timetableslotevent ENABLE TRIGGER USER;
            SET CONSTRAINTS ALL IMMEDIATE;
            """,
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name="timetableslot",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="providers.site"
            ),
        ),
        migrations.AlterField(
            model_name="timetableslot",
            name="programme",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="providers.programme"
            ),
        ),
        migrations.AlterField(
            model_name="timetableslotevent",
            name="site",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="providers.site",
            ),
        ),
        migrations.AlterField(
            model_name="timetableslotevent",
            name="programme",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="providers.programme",
            ),
        ),
    ]
