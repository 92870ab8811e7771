from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notices", "0003_carry_over")]

    operations = [
        migrations.AlterField(
            model_name="directionnotice",
            name="effective_on",
            field=models.DateField(verbose_name="holds from"),
        ),
        migrations.AlterField(
            model_name="directionnoticeevent",
            name="effective_on",
            field=models.DateField(verbose_name="holds from"),
        ),
        migrations.AddConstraint(
            model_name='noticerecipient',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('deadline_on__isnull', True), ('deemed_given_on__isnull', True), ('in_time__isnull', True)), models.Q(models.Q(models.Q(('deemed_given_on__lte', models.F('deadline_on')), ('in_time', True)), models.Q(('deemed_given_on__gt', models.F('deadline_on')), ('in_time', False)), _connector='OR'), ('deadline_on__isnull', False), ('deemed_given_on__isnull', False), ('in_time__isnull', False)), _connector='OR'), name='notice_recipient_verdict_frozen'),
        ),
        # The first day of a period stands in its notice once that is authorised: who moves it makes the notice void in the same transaction.
        # Here and not beside the table, because placements know nothing of notices.
        migrations.RunSQL(
            """
            CREATE FUNCTION notices_first_day_stands() RETURNS trigger AS $$
            BEGIN
                IF EXISTS (
                    SELECT 1 FROM notices_directionnotice AS n
                    WHERE n.placement_period_id = NEW.id AND n.status NOT IN ('DRAFT', 'VOID')
                        AND n.kind IN ('INITIAL', 'EXTENSION')
                ) THEN
                    RAISE EXCEPTION 'a notice names the first day'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'period_start_has_no_notice';
                END IF;
                RETURN NEW;
            END
            $$ LANGUAGE plpgsql;
            CREATE TRIGGER notices_first_day_stands
                BEFORE UPDATE ON placements_placementperiod
                FOR EACH ROW WHEN (lower(OLD.period) IS DISTINCT FROM lower(NEW.period))
                EXECUTE FUNCTION notices_first_day_stands();
            """,
            """
            DROP TRIGGER notices_first_day_stands ON placements_placementperiod;
            DROP FUNCTION notices_first_day_stands();
            """,
        ),
    ]
