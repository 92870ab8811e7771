"""The database refuses impossible providers, whoever asks."""

import pytest
from django.db import IntegrityError, connection, transaction


def run(statement, values=()):
    """One statement of plain SQL, past every rule in Python."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def refused_by(constraint, statement, values=()):
    """The database refuses the statement and names the constraint."""
    with pytest.raises(IntegrityError) as refused:
        run(statement, values)
    assert refused.value.__cause__.diag.constraint_name == constraint


@pytest.mark.parametrize(
    ("constraint", "statement"),
    [
        ("provider_urn_shape", "UPDATE providers_provider SET urn = '12a456' WHERE id = %s"),
        ("provider_ukprn_shape", "UPDATE providers_provider SET ukprn = '20000000' WHERE id = %s"),
        ("provider_ukprn_shape", "UPDATE providers_provider SET ukprn = '1000000' WHERE id = %s"),
        ("provider_trust_school_named", "UPDATE providers_provider SET kind = 'TRUST_SCHOOL' WHERE id = %s"),
        (
            "provider_trust_school_named",
            "UPDATE providers_provider SET school_id = (SELECT min(id) FROM trust_school) WHERE id = %s",
        ),
        (
            "site_name_once",
            (
                "INSERT INTO providers_site (provider_id, name, kind, address, postcode, phone, report_to) "
                "SELECT provider_id, name, kind, address, postcode, phone, report_to FROM providers_site "
                "WHERE provider_id = %s"
            ),
        ),
        (
            "site_times_in_order",
            (
                "UPDATE providers_sitetimes SET pm_start = am_start WHERE site_id IN "
                "(SELECT id FROM providers_site WHERE provider_id = %s)"
            ),
        ),
        (
            "site_times_once_a_day",
            (
                "INSERT INTO providers_sitetimes (site_id, from_day, am_start, am_end, pm_start, pm_end) "
                "SELECT site_id, from_day, am_start, am_end, pm_start, pm_end FROM providers_sitetimes "
                "WHERE site_id IN (SELECT id FROM providers_site WHERE provider_id = %s)"
            ),
        ),
        ("programme_rate_not_negative", "UPDATE providers_programme SET rate = -0.01 WHERE provider_id = %s"),
        ("programme_hours_positive", "UPDATE providers_programme SET hours_per_session = 0 WHERE provider_id = %s"),
        ("check_expires_after_done", "UPDATE providers_check SET expires_on = done_on WHERE provider_id = %s"),
        (
            "sla_period_bounded",
            "UPDATE providers_servicelevelagreement SET period = '[2026-09-01,)' WHERE provider_id = %s",
        ),
        (
            "sla_period_bounded",
            "UPDATE providers_servicelevelagreement SET period = 'empty' WHERE provider_id = %s",
        ),
        (
            "sla_periods_do_not_overlap",
            (
                "INSERT INTO providers_servicelevelagreement (provider_id, period, signed_by, signed_on, terms) "
                "VALUES (%s, '[2027-08-31,2028-09-01)', 'Sam', '2027-07-01', '')"
            ),
        ),
    ],
)
def test_provider_records_that_cannot_be_are_refused(provider, constraint, statement):
    refused_by(constraint, statement, [provider.pk])


@pytest.mark.policy("P3.9")
def test_agreement_from_the_day_after_another_is_accepted(provider):
    run(
        "INSERT INTO providers_servicelevelagreement (provider_id, period, signed_by, signed_on, terms) "
        "VALUES (%s, '[2027-09-01,2028-09-01)', 'Sam', '2027-07-01', '')",
        [provider.pk],
    )
    assert provider.agreements.count() == 2


def test_provider_name_twice_is_refused(provider):
    with pytest.raises(IntegrityError, match="name"):
        run(
            "INSERT INTO providers_provider (name, kind, urn, ukprn, medical_tag, subjects, status, status_reason, "
            "version) VALUES (%s, 'TUITION', '', '', '', '', 'PROSPECTIVE', '', 1)",
            [provider.name],
        )


def test_provider_with_programmes_cannot_be_deleted(provider):
    run("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError):
        run("DELETE FROM providers_provider WHERE id = %s", [provider.pk])


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("provider", "subjects = 'art'"),
        ("site", "phone = '0'"),
        ("sitetimes", "from_day = '2026-08-31'"),
        ("programme", "capacity = 3"),
        ("servicelevelagreement", "signed_by = 'Somebody'"),
        ("check", "note = 'seen'"),
    ],
)
def test_provider_records_changed_by_sql_leave_history(provider, table, change):
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE providers_{table} SET {change}")  # noqa: S608
        changed = cursor.rowcount
        cursor.execute(f"SELECT count(*) FROM providers_{table}event WHERE pgh_label = 'update' AND {change}")  # noqa: S608
        assert cursor.fetchone() == (changed,)
        assert changed > 0
