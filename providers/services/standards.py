"""Quality standards are data: versions are loaded from a file, providers are assessed against the one in force."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from providers.models import QualityStandard, StandardResult, StandardsVersion
from providers.queries import current_standards
from providers.rules import check_done_on, check_outcome, read_standards
from providers.services._locks import locked
from trust.calendar import date_words, london_date
from trust.codes import FileKind
from trust.errors import RuleBroken, StaleRecord
from trust.models import User
from trust.permissions import Permission
from trust.services import file_bytes, keep_upload, require, saving


def load_standards(
    *, label: str, source: str, in_force_from: date, upload: Any, by: User, now: datetime
) -> StandardsVersion:
    """A new version of the quality standards from a CSV file with the columns part, code and text.

    Results of the versions before stay as they are; providers are assessed anew against this one from its first day.
    """
    with saving(by=by, reason="quality standards loaded"):
        require(by, Permission.EDIT_PROVIDERS, home_id=None)
        newest = StandardsVersion.objects.order_by("-in_force_from").select_for_update().first()
        if newest is not None and in_force_from <= newest.in_force_from:
            words = (
                f"The version '{newest.label}' is in force from {date_words(newest.in_force_from)}: give a later day."
            )
            raise RuleBroken(words, field="in_force_from")
        if StandardsVersion.objects.filter(label=label).exists():
            raise RuleBroken("There is a version of that name already.", field="label")
        if not (upload.name or "").lower().endswith(".csv"):
            raise RuleBroken("Give a CSV file.", field="file")
        stored = keep_upload(kind=FileKind.IMPORT, upload=upload, by=by, now=now)
        rows = read_standards(file_bytes(stored))
        version: StandardsVersion = StandardsVersion.objects.create(
            label=label, source=source, in_force_from=in_force_from, loaded_by=by, loaded_at=now
        )
        QualityStandard.objects.bulk_create(
            [
                QualityStandard(
                    standards_version=version, part=row.part, code=row.code, text=row.text, position=position
                )
                for position, row in enumerate(rows, 1)
            ]
        )
    return version


def record_standards(
    *,
    provider_id: int,
    results: Mapping[int, tuple[str, str]],
    assessed_on: date,
    expires_on: date | None,
    seen: Mapping[int, datetime | None] | None,
    by: User,
    now: datetime,
    upload: Any = None,
) -> list[StandardResult]:
    """What was found of standards of the version in force: standard id to outcome and note.

    ``seen`` holds for each standard when the result on the form had been recorded; somebody's newer result is not
    overwritten (``StaleRecord``). None: no form. ``upload`` is evidence for all of them. A note goes with everything
    that is not fully met.
    """
    with saving(by=by, reason="quality standards assessed"):
        provider = locked(provider_id)
        require(by, Permission.RECORD_CHECK, home_id=None)
        if not results:
            raise RuleBroken("Choose an outcome for at least one standard.")
        _check_days(assessed_on, expires_on, london_date(now))
        version = current_standards(london_date(now))
        known = QualityStandard.objects.filter(standards_version=version, pk__in=results).order_by("pk")
        standards = {standard.pk: standard for standard in known}
        if set(standards) != set(results):
            raise RuleBroken("A new version of the standards is in force: open the page again.")
        kept = {row.standard_id: row for row in StandardResult.objects.filter(provider=provider, standard__in=results)}
        if seen is not None and any(seen.get(pk) != (kept[pk].recorded_at if pk in kept else None) for pk in standards):
            raise StaleRecord("Somebody else assessed this part after you opened it. Compare, then save again.")
        evidence = keep_upload(kind=FileKind.CHECK_EVIDENCE, upload=upload, by=by, now=now) if upload else None
        saved = []
        for pk, (outcome, note) in sorted(results.items()):
            check_outcome(outcome, note, f"note_{pk}")
            row = kept.get(pk) or StandardResult(provider=provider, standard=standards[pk])
            row.outcome, row.note = outcome, note.strip()
            row.assessed_on, row.expires_on = assessed_on, expires_on
            row.evidence = evidence or row.evidence
            row.recorded_by, row.recorded_at = by, now
            row.save()
            saved.append(row)
    return saved


def _check_days(assessed_on: date, expires_on: date | None, today: date) -> None:
    try:
        check_done_on(assessed_on, today)
    except RuleBroken as error:
        raise RuleBroken(error.message, field="assessed_on") from error
    if expires_on is not None and expires_on <= assessed_on:
        raise RuleBroken("A result expires after the day of the assessment.", field="expires_on")
