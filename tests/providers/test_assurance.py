"""Agreements with their charging terms and paper, checks that another confirms, standards as data."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile

from providers.codes import CheckKind, StandardOutcome
from providers.lifecycle import Status
from providers.models import Check, QualityStandard, StandardResult, StandardsVersion
from providers.queries import corrections, current_standards, expiring, newest_checks, part_summary, standard_lines
from providers.services import (
    change_agreement,
    confirm_check,
    load_standards,
    record_check,
    record_standards,
    remove_check,
)
from tests.factories.people import make_user
from tests.factories.providers import make_pdf, make_provider, standards_in_force
from tests.fixtures import NOW, TODAY
from trust.errors import NotAllowed, RuleBroken, StaleRecord
from trust.permissions import Role
from trust.services import file_bytes


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    """Files of a test stay in its own folder."""
    settings.FILES_DIR = tmp_path


@pytest.fixture
def prospect(cast):
    """A provider that was never approved."""
    return make_provider("New", status=Status.PROSPECTIVE, checked_by=cast.slt, approved_by=cast.lead, now=NOW)


def pdf(name="Our paper.pdf"):
    return SimpleUploadedFile(name, make_pdf())


# --- agreements ---------------------------------------------------------------------------------------------------


def correct(provider, cast, *, data=None, reason="", version=1, upload=None, by=None):
    return change_agreement(
        agreement_id=provider.agreements.get().pk,
        data=data or {"notice_days": 20, "charged_when_closed": True, "vat_percent": Decimal("20.00")},
        reason=reason,
        version=version,
        upload=upload,
        by=by or cast.lead,
        now=NOW,
    )


@pytest.mark.policy("P3.9")
def test_change_agreement_before_approval_is_free(prospect, cast):
    changed = correct(prospect, cast, upload=pdf())
    assert (changed.notice_days, changed.charged_when_closed, changed.vat_percent) == (20, True, Decimal("20.00"))
    assert file_bytes(changed.signed_file) == make_pdf()


@pytest.mark.policy("P3.9")
@pytest.mark.parametrize("status", [Status.APPROVED, Status.SUSPENDED])
def test_change_agreement_after_approval_is_a_correction_with_a_reason(cast, status):
    provider = make_provider("Used", status=status, checked_by=cast.slt, approved_by=cast.lead, now=NOW)
    with pytest.raises(RuleBroken) as refused:
        correct(provider, cast, reason="  ")
    assert refused.value.field == "reason"
    changed = correct(provider, cast, reason="Typed wrongly.")
    assert [(one.reason, one.by) for one in corrections([changed.pk])[changed.pk]] == [("Typed wrongly.", cast.lead)]


def test_change_agreement_after_somebody_else_is_refused(prospect, cast):
    correct(prospect, cast)
    with pytest.raises(StaleRecord):
        correct(prospect, cast)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"first": date(2027, 1, 2), "last": date(2027, 1, 1)}, "last day"),
        ({"signed_on": TODAY + timedelta(days=1)}, "once it was signed"),
        ({"code_of_conduct_on": TODAY + timedelta(days=1)}, "not one to come"),
        ({"vat_percent": Decimal("50.01")}, "between 0 and 50"),
    ],
)
def test_change_agreement_to_what_cannot_be_is_refused(prospect, cast, data, words):
    with pytest.raises(RuleBroken, match=words):
        correct(prospect, cast, data=data)


def test_change_agreement_by_others_is_refused(prospect, cast):
    for who in (cast.slt, cast.ceo, cast.finance):
        with pytest.raises(NotAllowed):
            correct(prospect, cast, by=who)


# --- checks -------------------------------------------------------------------------------------------------------


def check(provider, by, kind=CheckKind.INSURANCE, upload=None):
    return record_check(
        provider_id=provider.pk,
        kind=kind,
        done_on=TODAY,
        expires_on=TODAY + timedelta(days=300),
        note="",
        upload=upload,
        by=by,
        now=NOW,
    )


@pytest.mark.policy("P3.12")
def test_check_counts_only_once_another_confirmed_it(provider, cast):
    mine = check(provider, cast.slt, upload=pdf())
    assert file_bytes(mine.evidence) == make_pdf()
    assert newest_checks([provider.pk])[provider.pk][CheckKind.INSURANCE] != mine
    confirm_check(check_id=mine.pk, by=cast.lead, now=NOW)
    assert newest_checks([provider.pk])[provider.pk][CheckKind.INSURANCE] == mine
    with pytest.raises(RuleBroken, match="confirmed already"):
        confirm_check(check_id=mine.pk, by=cast.lead, now=NOW)


@pytest.mark.policy("P3.12")
def test_confirm_check_by_its_recorder_is_refused(provider, cast):
    mine = check(provider, cast.lead)
    with pytest.raises(NotAllowed, match="You recorded this check"):
        confirm_check(check_id=mine.pk, by=cast.lead, now=NOW)
    assert confirm_check(check_id=mine.pk, by=make_user("Lena Lead", (Role.LEAD, None)), now=NOW).confirmed_by


@pytest.mark.parametrize("who", ["slt", "dsl", "head", "ceo", "finance", "trustee"])
def test_confirm_check_by_others_is_refused(provider, cast, who):
    mine = check(provider, cast.deputy)
    with pytest.raises(NotAllowed):
        confirm_check(check_id=mine.pk, by=getattr(cast, who), now=NOW)


def test_remove_check_keeps_it_in_the_history_with_the_reason(provider, cast):
    mine = check(provider, cast.slt)
    with pytest.raises(NotAllowed, match="Only the person"):
        remove_check(check_id=mine.pk, reason="x", by=cast.dsl, now=NOW)
    with pytest.raises(RuleBroken, match="reason"):
        remove_check(check_id=mine.pk, reason=" ", by=cast.slt, now=NOW)
    remove_check(check_id=mine.pk, reason="Wrong provider.", by=cast.slt, now=NOW)
    event = apps.get_model("providers", "CheckEvent").objects.get(pgh_obj_id=mine.pk, pgh_label="delete")
    assert event.pgh_context["reason"] == "Wrong provider."
    confirmed = Check.objects.filter(provider=provider).first()
    with pytest.raises(RuleBroken, match="confirmed check stays"):
        remove_check(check_id=confirmed.pk, reason="x", by=cast.lead, now=NOW)


# --- standards ----------------------------------------------------------------------------------------------------

CSV = b"part,code,text\n2,2.1,Safe rooms.\n1,1.1,Named lead.\n"


def load(by, *, label="DfE 2026", first=date(2026, 10, 1), content=CSV, name="standards.csv"):
    return load_standards(
        label=label,
        source="Published text.",
        in_force_from=first,
        upload=SimpleUploadedFile(name, content),
        by=by,
        now=NOW,
    )


def test_loaded_version_is_in_force_from_its_day(cast):
    before = standards_in_force()
    version = load(cast.lead, first=TODAY + timedelta(days=1))
    assert [(row.part, row.code) for row in version.standards.order_by("position")] == [("2", "2.1"), ("1", "1.1")]
    assert current_standards(TODAY) == before
    assert current_standards(TODAY + timedelta(days=1)) == version


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"first": date(2026, 9, 1)}, "in_force_from"),
        ({"label": "Test 2026-09-01"}, "label"),
        ({"content": b"part,code,text\n9,1.1,x\n"}, "file"),
        ({"content": b"%PDF-1.7"}, "file"),
        ({"name": "standards.xlsx"}, "file"),
    ],
)
def test_load_standards_that_do_not_fit_leaves_nothing(cast, changes, field):
    standards_in_force()
    count = QualityStandard.objects.count()
    with pytest.raises(RuleBroken) as refused:
        load(cast.lead, **changes)
    assert (refused.value.field, QualityStandard.objects.count()) == (field, count)


def test_load_standards_by_others_is_refused(cast):
    for who in (cast.slt, cast.ceo, cast.dsl):
        with pytest.raises(NotAllowed):
            load(who)


def assess(provider, results, by, *, seen=None, on=TODAY, until=None, upload=None):
    return record_standards(
        provider_id=provider.pk,
        results=results,
        assessed_on=on,
        expires_on=until,
        seen=seen,
        upload=upload,
        by=by,
        now=NOW,
    )


def test_assessment_counts_by_part_and_ends(provider, cast):
    first, second, last = standards_in_force().standards.order_by("position")
    until = TODAY + timedelta(days=20)
    results = {first.pk: ("MET", ""), last.pk: ("PARTLY", "No plan for maths.")}
    assess(provider, results, cast.slt, until=until, upload=pdf())
    summary = part_summary(standard_lines(provider, TODAY), TODAY)
    assert [(one.part, one.outcomes[StandardOutcome.MET], one.open) for one in summary] == [("1", 1, 1), ("4", 0, 0)]
    assert {row.evidence.content_type for row in StandardResult.objects.all()} == {"application/pdf"}
    assert [(row.code, row.last, row.is_over) for row in expiring(TODAY)] == [("STANDARDS", until, False)]
    assert expiring(TODAY, days=10) == []
    assess(provider, {first.pk: ("MET", ""), last.pk: ("MET", "")}, cast.dsl, until=until + timedelta(days=300))
    assert StandardResult.objects.count() == 2
    assert expiring(TODAY) == []
    assert not StandardResult.objects.filter(standard=second).exists()


def test_assessment_against_a_replaced_version_is_refused_and_no_longer_counts(provider, cast):
    old = standards_in_force().standards.first()
    assess(provider, {old.pk: ("MET", "")}, cast.slt, until=TODAY + timedelta(days=5))
    load(cast.lead)
    assert [line.result for line in standard_lines(provider, TODAY)] == [None, None]
    assert expiring(TODAY) == []
    with pytest.raises(RuleBroken, match="new version"):
        assess(provider, {old.pk: ("MET", "")}, cast.slt)
    assert StandardResult.objects.count() == 1


def test_assessment_after_somebody_else_is_refused(provider, cast):
    standard = standards_in_force().standards.first()
    (result,) = assess(provider, {standard.pk: ("MET", "")}, cast.slt, seen={})
    with pytest.raises(StaleRecord):
        assess(provider, {standard.pk: ("NOT_MET", "Door.")}, cast.dsl, seen={})
    assess(provider, {standard.pk: ("NOT_MET", "Door.")}, cast.dsl, seen={standard.pk: result.recorded_at})
    assert StandardResult.objects.get().outcome == "NOT_MET"


@pytest.mark.parametrize(
    ("outcome", "note", "changes", "field"),
    [
        ("NOT_MET", " ", {}, "note"),
        ("MET", "", {"on": TODAY + timedelta(days=1)}, "assessed_on"),
        ("MET", "", {"until": TODAY}, "expires_on"),
    ],
)
def test_assessment_that_does_not_fit_is_refused(provider, cast, outcome, note, changes, field):
    standard = standards_in_force().standards.first()
    with pytest.raises(RuleBroken) as refused:
        assess(provider, {standard.pk: (outcome, note)}, cast.slt, **changes)
    assert refused.value.field == (f"note_{standard.pk}" if field == "note" else field)
    assert not StandardResult.objects.exists()


@pytest.mark.parametrize("who", ["team", "att", "head", "ceo", "finance", "trustee"])
def test_assessment_by_others_is_refused(provider, cast, who):
    standard = standards_in_force().standards.first()
    with pytest.raises(NotAllowed):
        assess(provider, {standard.pk: ("MET", "")}, getattr(cast, who))


def test_first_version_of_a_new_installation_says_that_it_is_our_own_wording(db):
    version = StandardsVersion.objects.filter(loaded_by__isnull=True).order_by("in_force_from").first()
    assert version is not None
    assert "own wording" in version.source
    parts = version.standards.values_list("part", flat=True)
    assert {part: list(parts).count(part) for part in "1234"} == dict.fromkeys("1234", 5)


# --- what ends ----------------------------------------------------------------------------------------------------


def test_expiring_lists_data_sharing_and_only_confirmed_checks(provider, cast, settings):
    shared = record_check(
        provider_id=provider.pk,
        kind=CheckKind.DATA_SHARING,
        done_on=TODAY,
        expires_on=TODAY + timedelta(days=31),
        note="",
        by=cast.slt,
        now=NOW,
    )
    settings.EXPIRY_DAYS = 31
    assert expiring(TODAY) == []
    confirm_check(check_id=shared.pk, by=cast.lead, now=NOW)
    assert [(row.code, row.last) for row in expiring(TODAY)] == [("DATA_SHARING", TODAY + timedelta(days=31))]
    settings.EXPIRY_DAYS = 30
    assert expiring(TODAY) == []
