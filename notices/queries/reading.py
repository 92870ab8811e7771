"""Advice on the words of a notice that its writer chose."""

from collections.abc import Iterable

from notices.codes import NoticeKind
from notices.models import DirectionNotice
from notices.rules.reading import Reading, reading_of

_NAMES = (("reasons", "Reasons"), ("aims", "Aims"), ("changes", "What changes"), ("outcome", "Outcome"))


def reading_help(notice: DirectionNotice) -> list[tuple[str, str, Reading]]:
    """For each written field of the notice that is not empty: its name, its label and the advice."""
    return [(name, label, reading_of(getattr(notice, name))) for name, label in _written(notice)]


def _written(notice: DirectionNotice) -> Iterable[tuple[str, str]]:
    used = {
        NoticeKind.END: {"outcome"},
        NoticeKind.WITHDRAWAL: {"reasons"},
        NoticeKind.VARIATION: {"reasons", "aims", "changes"},
    }.get(NoticeKind(notice.kind), {"reasons", "aims"})
    return [(name, label) for name, label in _NAMES if name in used and getattr(notice, name).strip()]
