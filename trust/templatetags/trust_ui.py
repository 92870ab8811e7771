"""The components that every page shares: tags for the pieces, filters for dates, money, percentages and names."""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from crispy_forms.helper import FormHelper
from crispy_forms.utils import render_crispy_form, render_field
from django import template
from django.core.paginator import Page
from django.forms import BaseForm, BoundField, CheckboxSelectMultiple, MultiWidget, RadioSelect
from django.template import Context
from django.utils import timezone
from django.utils.safestring import SafeString

register = template.Library()

LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True)
class Look:
    """How a status is shown: its word, its tone (colour) and its shape, so that colour never speaks alone."""

    word: str
    tone: str
    icon: str


# Shapes: open circle = not begun, paper plane or hourglass = somebody waits, full circle or tick = in order,
# triangle = look here, octagon or cross = refused or stopped, square = over.
STATUS_LOOKS: dict[str, Look] = {
    "DRAFT": Look("Draft", "neutral", "circle"),
    "SUBMITTED": Look("Submitted", "info", "send-fill"),
    "RETURNED": Look("Returned for changes", "warn", "arrow-counterclockwise"),
    "APPROVED": Look("Approved", "good", "check-circle-fill"),
    "DECLINED": Look("Declined", "bad", "x-octagon-fill"),
    "WITHDRAWN": Look("Withdrawn", "neutral", "slash-circle"),
    "PROPOSED": Look("Proposed", "info", "hourglass-split"),
    "ACTIVE": Look("Active", "good", "play-circle-fill"),
    "PAUSED": Look("Paused", "warn", "pause-circle-fill"),
    "ENDED": Look("Ended", "neutral", "stop-circle-fill"),
    "COMPLETED": Look("Completed", "good", "check-square-fill"),
    "CANCELLED": Look("Cancelled", "neutral", "x-circle"),
    "PREPARED": Look("Prepared", "info", "pencil-square"),
    "AUTHORISED": Look("Authorised", "info", "pen-fill"),
    "ISSUED": Look("Issued", "info", "envelope-fill"),
    "GIVEN": Look("Given", "good", "envelope-check-fill"),
    "VOID": Look("Void", "neutral", "slash-square"),
    "PROSPECTIVE": Look("Prospective", "neutral", "circle-half"),
    "SUSPENDED": Look("Suspended", "bad", "sign-stop-fill"),
    "CLOSED": Look("Closed", "neutral", "square-fill"),
    "HELD": Look("Held", "good", "people-fill"),
    "DUE": Look("Due", "warn", "clock-fill"),
    "OVERDUE": Look("Overdue", "bad", "exclamation-triangle-fill"),
    "MET": Look("Met", "good", "check-circle-fill"),
    "PARTLY": Look("Partly met", "warn", "circle-half"),
    "NOT_MET": Look("Not met", "bad", "x-circle-fill"),
    "NOT_STARTED": Look("Not started", "neutral", "circle"),
    "IN_PROGRESS": Look("In progress", "info", "circle-half"),
    "DONE": Look("Done", "good", "check-circle-fill"),
    "RECORDED": Look("Recorded", "info", "receipt"),
    "SETTLED": Look("Settled, to be paid", "good", "check-circle-fill"),
    "PAID": Look("Paid", "good", "check-square-fill"),
    "REJECTED": Look("Sent back", "warn", "arrow-counterclockwise"),
    "ASKED": Look("Place asked for", "info", "hourglass-split"),
    "OFFERED": Look("Place offered", "good", "check-circle-fill"),
    "REFUSED": Look("Refused", "bad", "x-octagon-fill"),
    "TAKEN": Look("Place taken", "good", "check-square-fill"),
    "DROPPED": Look("Not wanted any more", "neutral", "slash-circle"),
    "LAPSED": Look("Lapsed", "warn", "exclamation-triangle-fill"),
    "MAKING": Look("Letter being made", "info", "hourglass-split"),
    "TO_SEND": Look("To send", "warn", "envelope"),
    "EMAIL_WAITING": Look("E-mail waiting", "info", "hourglass-split"),
    "SENDING": Look("Sending", "info", "send"),
    "SENT": Look("Sent", "info", "send-fill"),
    "FAILED": Look("Failed", "bad", "x-octagon-fill"),
    "UNKNOWN": Look("Unknown, check before sending again", "bad", "question-octagon-fill"),
    "PRINTING": Look("Being printed", "info", "hourglass-split"),
    "PRINTED": Look("Printed", "warn", "printer-fill"),
    "POSTED": Look("Posted", "good", "mailbox2"),
    "STOPPED": Look("Not given, the notice does not hold", "neutral", "slash-square"),
    "RESTRICTED": Look("Must not be sent: a restriction was recorded since", "bad", "slash-circle-fill"),
    "CANNOT_FINISH": Look("Cannot finish yet", "warn", "exclamation-triangle-fill"),
}

GATE_LOOKS: dict[str, Look] = {
    "passed": Look("Passed", "good", "check-circle-fill"),
    "failed": Look("Failed", "bad", "x-octagon-fill"),
    "warning": Look("Warning", "warn", "exclamation-triangle-fill"),
    "overridden": Look("Overridden", "info", "pen-fill"),
}


def status_look(status: object) -> Look:
    """The look of a status word or enum member; a word without an entry is shown as neutral text."""
    word = str(getattr(status, "value", status) or "").upper()
    found = STATUS_LOOKS.get(word)
    return found or Look(word.replace("_", " ").capitalize() or "Not known", "neutral", "dash-circle")


def _read(item: object, names: tuple[str, ...]) -> dict[str, Any]:
    """The named facts of a mapping, a plain tuple (in the order of the names) or an object."""
    if isinstance(item, Mapping):
        return {name: item.get(name, "") for name in names}
    if isinstance(item, tuple) and not hasattr(item, "_fields"):
        return dict(zip(names, item + ("",) * len(names), strict=False))
    return {name: getattr(item, name, "") for name in names}


# --- pieces of a page -------------------------------------------------------------------------------------------


@register.inclusion_tag("components/crumb.html")
def crumb(label: str, url: str | None = None) -> dict[str, Any]:
    """One step of the breadcrumbs; without ``url`` it is the page itself."""
    return {"label": label, "url": url}


@register.inclusion_tag("components/page_header.html", takes_context=True)
def page_header(
    context: Context,
    title: str,
    lead: str = "",
    action_url: str = "",
    action_label: str = "",
    action_icon: str = "",
    status: object = "",
    action_method: str = "get",
) -> dict[str, Any]:
    """The h1 of a page with its one main action; ``action_method`` 'post' makes the action a form."""
    return {
        "title": title,
        "lead": lead,
        "action_url": action_url,
        "action_label": action_label,
        "action_icon": action_icon,
        "action_method": action_method,
        "look": status_look(status) if status else None,
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("components/post_button.html", takes_context=True)
def post_button(context: Context, url: str, label: str, icon: str = "", tone: str = "primary") -> dict[str, Any]:
    """A form with one button; ``tone`` is primary, secondary or danger."""
    styles = {"primary": "btn-primary", "secondary": "btn-outline-secondary", "danger": "btn-danger"}
    return {
        "url": url,
        "label": label,
        "icon": icon,
        "style": styles[tone],
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("components/status_tag.html")
def status_tag(status: object, label: str = "") -> dict[str, Any]:
    """A status as word, shape and colour; ``label`` replaces the word."""
    look = status_look(status)
    return {"look": look, "label": label or look.word}


@register.inclusion_tag("components/empty_state.html")
def empty_state(title: str, text: str = "", url: str = "", label: str = "", icon: str = "inbox") -> dict[str, Any]:
    """What stands in place of an empty list: what it means and what to do."""
    return {"title": title, "text": text, "url": url, "label": label, "icon": icon}


@register.inclusion_tag("components/summary_list.html")
def summary_list(rows: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
    """Facts of one record: rows of (label, value) or (label, value, url, link text)."""
    return {"rows": [_read(tuple(row), ("label", "value", "url", "link")) for row in rows]}


@register.inclusion_tag("components/tile.html")
def tile(
    label: str,
    url: str,
    overdue: int = 0,
    due_today: int = 0,
    coming: int = 0,
    checked: datetime | str | None = None,
    icon: str = "",
) -> dict[str, Any]:
    """A number of the home page split into overdue, due today and coming; ``checked`` shows when it was counted."""
    if isinstance(checked, datetime):
        checked = timezone.localtime(checked, LONDON).strftime("%H:%M")
    return {
        "label": label,
        "url": url,
        "overdue": overdue or 0,
        "due_today": due_today or 0,
        "coming": coming or 0,
        "total": (overdue or 0) + (due_today or 0) + (coming or 0),
        "checked": checked,
        "icon": icon,
    }


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(context: Context, page: Page[Any] | None, param: str = "page") -> dict[str, Any]:
    """First, previous, next and last; the other coded filters of the address stay."""
    request = context.get("request")
    query = request.GET.copy() if request is not None else None

    def address(number: int) -> str:
        if query is None:
            return f"?{param}={number}"
        query[param] = str(number)
        return f"?{query.urlencode()}"

    if page is None:
        return {"page": None}
    return {
        "page": page,
        "first": address(1) if page.has_previous() else "",
        "previous": address(page.previous_page_number()) if page.has_previous() else "",
        "next": address(page.next_page_number()) if page.has_next() else "",
        "last": address(page.paginator.num_pages) if page.has_next() else "",
    }


@register.inclusion_tag("components/gate_list.html")
def gate_list(gates: Iterable[object]) -> dict[str, Any]:
    """The gates of an approval: label, state (passed, failed, warning, overridden), detail, source."""
    rows = []
    for gate in gates:
        row = _read(gate, ("label", "state", "detail", "source"))
        state = str(getattr(row["state"], "value", row["state"])).lower()
        rows.append({**row, "look": GATE_LOOKS[state]})
    return {"rows": rows}


@register.inclusion_tag("components/timeline.html")
def timeline(entries: Iterable[object]) -> dict[str, Any]:
    """What happened, in the order given: at, title, and if known detail, by, icon, url."""
    return {"entries": [_read(entry, ("at", "title", "detail", "by", "icon", "url")) for entry in entries]}


# --- forms ------------------------------------------------------------------------------------------------------


def _target(field: BoundField) -> str:
    """The id that an error link leads to: the control, or the first choice of a group."""
    grouped = isinstance(field.field.widget, RadioSelect | CheckboxSelectMultiple | MultiWidget)
    return f"{field.auto_id}_0" if grouped else field.id_for_label or field.auto_id


def _errors(form: Any) -> list[dict[str, str]]:
    if hasattr(form, "management_form"):
        rows = [{"text": str(text), "target": ""} for text in form.non_form_errors()]
        return rows + [row for member in form.forms for row in _errors(member)]
    if not isinstance(form, BaseForm) or not form.errors:
        return []
    rows = [{"text": str(text), "target": ""} for text in form.non_field_errors()]
    for field in form:
        target = "" if field.is_hidden else _target(field)
        label = str(field.label).rstrip("?:. ")
        rows += [{"text": str(text), "target": target, "label": label} for text in field.errors]
    return rows


@register.inclusion_tag("components/error_summary.html")
def error_summary(*forms: Any) -> dict[str, Any]:
    """All errors of the forms and formsets given, each linked to its field; nothing when there are none."""
    return {"errors": [row for form in forms if form for row in _errors(form)] if forms else []}


def _has_form_errors(form: Any) -> bool:
    return isinstance(form, BaseForm) and form.is_bound and bool(form.errors)


@register.filter
def error_prefix(form: Any) -> str:
    """'Error: ' for the page title while a form has errors, so that a screen reader says it first."""
    return "Error: " if _has_form_errors(form) else ""


@register.simple_tag(takes_context=True)
def form_body(context: Context, form: BaseForm) -> SafeString:
    """The fields of a form by its crispy layout, without form tag, token, buttons and error list."""
    helper = copy.copy(getattr(form, "helper", None)) or FormHelper(form)
    helper.form_tag = False
    helper.disable_csrf = True
    helper.form_show_errors = True
    helper.inputs = []
    return render_crispy_form(form, helper=helper, context=context)


@register.simple_tag(takes_context=True)
def field_row(context: Context, field: BoundField) -> SafeString:
    """One field with label, help, error and control, as ``form_body`` shows it."""
    # Crispy sets this on a form that it renders whole; a single field of any other form asks for it too.
    form: Any = field.form
    form.crispy_field_template = getattr(form, "crispy_field_template", None)
    with context.push(form_show_errors=True, form_show_labels=True):
        return render_field(field.name, form, context, template_pack="bootstrap5")


# --- filters ----------------------------------------------------------------------------------------------------


@register.filter
def date_long(value: date | datetime | None) -> str:
    """'Thu 3 Dec 2026' in London; nothing for no date."""
    if not value:
        return ""
    day = timezone.localtime(value, LONDON) if isinstance(value, datetime) and timezone.is_aware(value) else value
    return f"{day:%a} {day.day} {day:%b %Y}"


@register.filter
def datetime_long(value: datetime | None) -> str:
    """'Thu 3 Dec 2026, 15:00' in London; a plain date has no time; nothing for no date."""
    if not isinstance(value, datetime):
        return date_long(value)
    local = timezone.localtime(value, LONDON) if timezone.is_aware(value) else value
    return f"{date_long(value)}, {local:%H:%M}"


@register.filter
def money(value: Decimal | int | None) -> str:
    """'£1,234.50'; 'not set' for no amount. Pounds, rounded half up to pence."""
    if value is None or value == "":
        return "not set"
    pounds = Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"−£{-pounds:,.2f}" if pounds < 0 else f"£{pounds:,.2f}"


@register.filter
def percent(value: Any) -> str:
    """'87.5% (35 of 40)' from an exact fraction, a pair (n, m) or an object with numerator and denominator.

    A pair keeps its own counts; a ``Fraction`` is already reduced. No sessions is said, never shown as 0 or 100.
    """
    if value is None or value == "":
        return "no sessions"
    part, whole = value if isinstance(value, tuple) else (value.numerator, value.denominator)
    if not whole:
        return "no sessions"
    tenths = (Fraction(part) * 1000 / Fraction(whole) + Fraction(1, 2)).__floor__()
    figure = f"{tenths // 10}.{tenths % 10}%"
    return figure if whole == 1 and not isinstance(value, tuple) else f"{figure} ({part} of {whole})"


@register.filter
def surname_first(person: Any) -> str:
    """'Surname, First' of a student or contact, by the preferred name where there is one; a user's full name."""
    if not person:
        return ""
    family = getattr(person, "family_name", "")
    first = getattr(person, "preferred_name", "") or getattr(person, "first_name", "")
    return ", ".join(part for part in (family, first) if part) or str(person)


@register.filter
def status_word(status: object) -> str:
    """The word of a status as users read it: 'NOT_MET' is 'Not met'."""
    return status_look(status).word
