from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("providers", "0002_depth")]

    operations = [
        migrations.RunSQL(
            """
            INSERT INTO providers_programmequalification (programme_id, title, level, awarding_body, number)
                SELECT programme_id, left(qualifications, 160), '', 'not recorded', ''
                FROM providers_kept_qualification;
            DROP TABLE providers_kept_qualification;
            UPDATE providers_providercontact SET job_title = role,
                role = CASE
                    WHEN role ILIKE '%attendance%' THEN 'ATTENDANCE'
                    WHEN role ILIKE '%dsl%' OR role ILIKE '%safeguard%' THEN 'DSL'
                    WHEN role ILIKE '%financ%' OR role ILIKE '%account%' THEN 'FINANCE'
                    WHEN role ILIKE '%head%' OR role ILIKE '%manager%' THEN 'HEAD'
                    ELSE 'OTHER' END;
            """,
            """
            CREATE TABLE providers_kept_qualification AS
                SELECT programme_id, title AS qualifications FROM providers_programmequalification;
            UPDATE providers_providercontact SET role = job_title;
            """,
        )
    ]
