"""The database refuses impossible providers, whoever asks."""

import pytest
from django.db import IntegrityError, connection, transaction

from tests.factories.providers import standards_in_force

# PERIOD is replaced by the range.
SLA = (
    "INSERT INTO providers_servicelevelagreement (provider_id, period, signed_by, signed_on, terms, notice_days, "
    "charged_when_absent, charged_when_closed, places_bought, vat_percent, safeguarding_version, version) "
    "VALUES (%s, 'PERIOD', 'Sam', '2027-07-01', '', 0, true, false, 0, 0, '', 1)"
)


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
                "INSERT INTO providers_site (provider_id, name, kind, address, postcode, phone, report_to, version) "
                "SELECT provider_id, name, kind, address, postcode, phone, report_to, 1 FROM providers_site "
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
        ("sla_vat_is_a_rate", "UPDATE providers_servicelevelagreement SET vat_percent = -0.01 WHERE provider_id = %s"),
        ("sla_vat_is_a_rate", "UPDATE providers_servicelevelagreement SET vat_percent = 50.01 WHERE provider_id = %s"),
        (
            "check_confirmed_by_another",
            "UPDATE providers_check SET confirmed_by_id = recorded_by_id WHERE provider_id = %s",
        ),
        (
            "check_confirmed_by_another",
            "UPDATE providers_check SET recorded_by_id = confirmed_by_id WHERE provider_id = %s",
        ),
        ("check_confirmed_by_another", "UPDATE providers_check SET confirmed_at = NULL WHERE provider_id = %s"),
        ("check_confirmed_by_another", "UPDATE providers_check SET confirmed_by_id = NULL WHERE provider_id = %s"),
        (
            "programme_half_days_of_a_week",
            "UPDATE providers_programme SET sessions_offered = '{0,10}' WHERE provider_id = %s",
        ),
        (
            "programme_name_once",
            (
                "INSERT INTO providers_programme (provider_id, name, subjects, interests, key_stages, "
                "sessions_offered, maths_and_english, unit, rate, capacity, hours_per_session, version) "
                "SELECT provider_id, name, '', '', 'KS4', '{0}', "
                "false, 'DAY', 1, 1, 1, 1 FROM providers_programme WHERE provider_id = %s"
            ),
        ),
        (
            "qualification_names_awarding_body",
            (
                "INSERT INTO providers_programmequalification (programme_id, title, level, awarding_body, number) "
                "SELECT id, 'Construction', '', '', '' FROM providers_programme WHERE provider_id = %s"
            ),
        ),
        (
            "qualification_once",
            (
                "INSERT INTO providers_programmequalification (programme_id, title, level, awarding_body, number) "
                "SELECT id, 'Construction', '', 'C&G', number FROM providers_programme, "
                "(VALUES ('1'), ('2')) AS twice (number) WHERE provider_id = %s"
            ),
        ),
        (
            "site_closure_once",
            (
                "INSERT INTO providers_siteclosure (site_id, day, note) SELECT id, '2026-12-01', note "
                "FROM providers_site, (VALUES ('a'), ('b')) AS twice (note) WHERE provider_id = %s"
            ),
        ),
        ("status_follows_its_table", "UPDATE providers_provider SET status = 'PROSPECTIVE' WHERE id = %s"),
        (
            "sla_periods_do_not_overlap",
            SLA.replace("PERIOD", "[2027-08-31,2028-09-01)"),
        ),
    ],
)
def test_provider_records_that_cannot_be_are_refused(provider, constraint, statement):
    refused_by(constraint, statement, [provider.pk])


@pytest.mark.policy("P3.9")
def test_agreement_from_the_day_after_another_is_accepted(provider):
    run(
        SLA.replace("PERIOD", "[2027-09-01,2028-09-01)"),
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


def test_provider_cannot_begin_approved_or_return_from_closed(provider):
    refused_by(
        "status_follows_its_table",
        "INSERT INTO providers_provider (name, kind, urn, ukprn, medical_tag, subjects, status, "
        "status_reason, version) VALUES ('B', 'TUITION', '', '', '', '', 'APPROVED', '', 1)",
    )
    run("UPDATE providers_provider SET status = 'CLOSED' WHERE id = %s", [provider.pk])
    refused_by(
        "status_follows_its_table", "UPDATE providers_provider SET status = 'APPROVED' WHERE id = %s", [provider.pk]
    )


@pytest.mark.parametrize(
    ("constraint", "outcome", "note", "expires"),
    [
        ("standard_result_explained", "PARTLY", "", "2027-11-16"),
        ("standard_result_explained", "NOT_MET", "", "2027-11-16"),
        ("standard_result_explained", "NOT_APPLICABLE", "", "2027-11-16"),
        ("standard_result_expires_after", "MET", "", "2026-11-16"),
        ("standard_result_once", "MET", "", "2027-11-16"),
    ],
)
def test_standard_results_that_cannot_be_are_refused(provider, cast, constraint, outcome, note, expires):
    standard = standards_in_force().standards.first()
    values = [provider.pk, standard.pk, cast.slt.pk]
    insert = (
        "INSERT INTO providers_standardresult (provider_id, standard_id, recorded_by_id, outcome, note, assessed_on, "
        "expires_on, recorded_at) VALUES (%s, %s, %s, '{}', '{}', '2026-11-16', '{}', now())"
    )
    if constraint == "standard_result_once":
        run(insert.format("MET", "", "2027-01-01"), values)
    refused_by(constraint, insert.format(outcome, note, expires), values)


def test_standard_code_twice_in_a_version_is_refused(provider):
    version = standards_in_force()
    refused_by(
        "standard_code_once",
        "INSERT INTO providers_qualitystandard (standards_version_id, part, code, text, position) "
        "SELECT standards_version_id, part, code, text, 99 FROM providers_qualitystandard "
        "WHERE standards_version_id = %s",
        [version.pk],
    )


@pytest.mark.parametrize("column", ["label", "in_force_from"])
def test_standards_version_twice_is_refused(provider, column):
    version = standards_in_force()
    label, day = (version.label, "2030-01-01") if column == "label" else ("Other", str(version.in_force_from))
    with pytest.raises(IntegrityError, match=column):
        run(
            "INSERT INTO providers_standardsversion (label, source, in_force_from, loaded_at) "
            "VALUES (%s, '', %s, now())",
            [label, day],
        )
