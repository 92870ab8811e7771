"""What the frame of every page needs: the navigation a person may use and the facts of the installation."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from trust.permissions import GRANTS, Permission, Role


@dataclass(frozen=True)
class NavItem:
    """One entry of the navigation; ``current`` is True on its own page and on the pages below it."""

    label: str
    url: str
    icon: str
    current: bool


# Label, url name, icon, and the permission that opens the page; None for everybody who is logged in.
NAVIGATION: tuple[tuple[str, str, str, Permission | None], ...] = (
    ("Home", "home", "house", None),
    ("Students", "trust:student-list", "people", Permission.SEE_STUDENTS),
    ("Referrals", "referrals:referral-list", "file-earmark-text", Permission.SEE_STUDENTS),
    ("Placements", "placements:placement-list", "signpost-split", Permission.SEE_STUDENTS),
    ("Attendance", "attendance:week-index", "calendar-check", Permission.MARK_SESSIONS),
    ("Notices", "notices:notice-list", "envelope-paper", Permission.SEE_STUDENTS),
    ("Providers", "providers:provider-list", "buildings", Permission.SEE_PROVIDERS),
    ("Reviews", "reviews:review-list", "clipboard-check", Permission.SEE_STUDENTS),
    ("Budgets", "placements:budget-list", "wallet2", Permission.SEE_MONEY),
    ("Invoices", "placements:invoice-list", "receipt", Permission.SEE_INVOICES),
    ("Value for money", "reviews:value", "bar-chart", Permission.SEE_VALUE),
    ("Imports", "import-list", "box-arrow-in-down", Permission.IMPORT_DATA),
    ("Schools and calendar", "trust:school-list", "calendar3", Permission.EDIT_CALENDAR),
    ("Wording of letters", "notices:template-list", "file-text", Permission.EDIT_TEMPLATES),
    ("Thresholds", "trust:setting-list", "sliders", Permission.SEE_SETTINGS),
    ("Staff", "trust:staff-list", "person-badge", Permission.SEE_STAFF),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """The frame's own variables: ``nav``, ``demo`` and ``idle_seconds``.

    The navigation shows what at least one membership grants; the page behind an entry asks again for its own school.
    Reads the memberships once (``User.held`` keeps them) and nothing else, so error pages can use it too.
    """
    user = getattr(request, "user", None)
    known = user is not None and user.is_authenticated
    return {
        "nav": _navigation(request, user) if known else [],
        "demo": settings.MODE == "demo",
        "idle_seconds": settings.SESSION_COOKIE_AGE if known else None,
    }


def _navigation(request: HttpRequest, user: Any) -> list[NavItem]:
    roles = {Role(membership.role) for membership in user.held()}
    items = []
    for label, name, icon, permission in NAVIGATION:
        if permission is not None and not roles & GRANTS[permission]:
            continue
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        here = request.path == url or (url != "/" and request.path.startswith(url))
        items.append((label, url, icon, here))
    # '/placements/budgets/' lies under '/placements/' too: the longest address that fits is the current one.
    longest = max((len(url) for _, url, _, here in items if here), default=0)
    return [NavItem(label, url, icon, here and len(url) == longest) for label, url, icon, here in items]
