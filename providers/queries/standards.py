"""The quality standards in force and how a provider stands against them."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from providers.codes import StandardPart
from providers.models import Provider, QualityStandard, StandardResult, StandardsVersion
from providers.rules import PartCount, part_counts


@dataclass(frozen=True)
class StandardLine:
    """One standard and what was found of it at a provider; None: not assessed. ``is_over``: it counts no longer."""

    standard: QualityStandard
    result: StandardResult | None
    is_over: bool


def version_in_force(today: date) -> Any:
    """The id of the version in force on ``today``, as a queryset for a subquery."""
    return StandardsVersion.objects.filter(in_force_from__lte=today).order_by("-in_force_from").values("pk")[:1]


def current_standards(today: date) -> StandardsVersion | None:
    """The newest version whose first day has come; None when no version is loaded."""
    found: StandardsVersion | None = (
        StandardsVersion.objects.filter(in_force_from__lte=today).order_by("-in_force_from").first()
    )
    return found


def standard_lines(provider: Provider, today: date, part: StandardPart | None = None) -> list[StandardLine]:
    """Every standard of the version in force (of one part) with the provider's result, in two queries."""
    rows = QualityStandard.objects.filter(standards_version__in=version_in_force(today)).order_by("position")
    standards = list(rows.filter(part=part) if part else rows)
    results = {
        result.standard_id: result
        for result in StandardResult.objects.filter(provider=provider, standard__in=standards).select_related(
            "recorded_by"
        )
    }
    lines = []
    for standard in standards:
        result = results.get(standard.pk)
        over = result is not None and result.expires_on is not None and result.expires_on < today
        lines.append(StandardLine(standard, result, over))
    return lines


def part_summary(lines: list[StandardLine], today: date) -> tuple[PartCount, ...]:
    """How many standards of each part are met, partly met, not met, not applicable and open."""
    return part_counts(
        [
            (line.standard.part, line.result.outcome, line.result.expires_on)
            if line.result
            else (line.standard.part, None, None)
            for line in lines
        ],
        today,
    )


def open_standards(provider: Provider, today: date) -> int | None:
    """How many standards in force were not assessed at this provider; None when no version is loaded."""
    lines = standard_lines(provider, today)
    return sum(line.result is None for line in lines) if lines else None
