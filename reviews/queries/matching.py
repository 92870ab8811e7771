"""What was agreed and attended beside the lines of an invoice: the providers' returns meet the charging terms."""

from collections import defaultdict
from collections.abc import Iterable

from attendance.models import SessionMark
from placements.models import InvoiceLine
from placements.queries import agreed_for
from placements.rules import Agreed, Session
from trust.calendar import from_range


def matches_of(lines: Iterable[InvoiceLine]) -> dict[int, Agreed]:
    """Sessions and pounds to be charged, and sessions attended, by the id of the line (P1.2).

    The returns come in one query; what was agreed takes some for each placement.
    """
    rows = list(lines)
    days = {line.pk: from_range(line.period) for line in rows}
    reports: dict[int, dict[Session, str]] = defaultdict(dict)
    if rows:
        marks = SessionMark.objects.filter(
            placement_id__in={line.placement_id for line in rows},
            day__range=(min(first for first, _ in days.values()), max(last for _, last in days.values())),
        )
        for placement_id, day, session, report in marks.values_list("placement_id", "day", "session", "report"):
            reports[placement_id][day, session] = report
    return {line.pk: agreed_for(line.placement, *days[line.pk], reports[line.placement_id]) for line in rows}
