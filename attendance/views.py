"""Attendance week by week: the providers of a week, and one provider's grid with its weekly contact."""

import re
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone

from attendance.forms import WeekForm
from attendance.queries import WeekGrid, week_grid, weeks_of
from attendance.services import CellsChanged, ContactLog, save_week
from providers.models import Provider
from trust.calendar import LONDON, date_words, london_date, monday_of
from trust.errors import CalendarNotLoaded
from trust.permissions import Permission
from trust.web import Page, ServiceFormView

WEEK = timedelta(days=7)
_ISO_DAY = re.compile(r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$")


def _day(text: str) -> date | None:
    """A day of this century from an address, None for anything else."""
    if not _ISO_DAY.match(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


class WeekIndex(Page):
    """The providers at which students of one's own schools are in one week, with what is still open."""

    http_method_names = ["get", "head", "options"]
    permission = Permission.MARK_SESSIONS
    template_name = "attendance/week_index.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        today = london_date(self.now)
        monday = monday_of(_day(self.request.GET.get("week", "")) or today)
        try:
            context["weeks"] = weeks_of(self.request.user, monday, today)
        except CalendarNotLoaded as error:
            context["weeks"], context["problem"] = (), error
        return {
            **context,
            "monday": monday,
            "this_monday": monday_of(today),
            "previous": monday - WEEK,
            "next": monday + WEEK,
        }


class Week(ServiceFormView):
    """One provider and one week: marks and weekly contact of all students there, in one save."""

    http_method_names = ["get", "head", "post", "options"]
    permission = Permission.MARK_SESSIONS
    template_name = "attendance/week_mark.html"
    form_class = WeekForm
    done = "The week is saved."
    changed: CellsChanged | None = None

    @cached_property
    def monday(self) -> date:
        """The Monday of the address; 404 for any other day."""
        day = _day(self.kwargs["monday"])
        if day is None or day.weekday():
            raise Http404
        return day

    @cached_property
    def provider(self) -> Provider:
        """The provider of the address."""
        found: Provider = self.find(Provider.objects.visible_to(self.request.user))
        return found

    @cached_property
    def grid(self) -> WeekGrid:
        """The week as it stands."""
        return week_grid(self.request.user, self.provider, self.monday, london_date(self.now))

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            _ = self.monday, self.grid
        except CalendarNotLoaded as error:
            return self.render_to_response(self._frame(problem=error))
        return super().get(request, *args, **kwargs)

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            _ = self.monday, self.grid
        except CalendarNotLoaded as error:
            return self.render_to_response(self._frame(problem=error), status=422)
        if "planned" in request.POST:
            messages.info(request, "Empty cells are filled with P. Nothing is saved yet: correct them, then save.")
            form = WeekForm(WeekForm.planned(request.POST, self.grid), grid=self.grid)
            return self.render_to_response(self.get_context_data(form=form))
        return super().post(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "grid": self.grid}

    def get_initial(self) -> dict[str, Any]:
        calls = [row.contact.call for row in self.grid.rows if row.contact and row.contact.call]
        return {
            "how": calls[0].how if calls else "",
            "contacted_on": self.grid.today,
        }

    def act(self, data: dict[str, Any]) -> None:
        user: Any = self.request.user
        contact = ContactLog(
            outcomes=data["outcomes"],
            how=data["how"],
            contacted_on=data["contacted_on"],
            seen=data["contacts_seen"],
        )
        try:
            save_week(
                provider_id=self.provider.pk,
                monday=self.monday,
                marks=data["marks"],
                seen=data["seen"],
                by=user,
                now=self.now,
                contact=contact,
            )
        except CellsChanged as error:
            self.changed = error
            raise

    def form_invalid(self, form: Any) -> HttpResponse:
        return super().form_invalid(self._reopened(self.changed) if self.changed else form)

    def _reopened(self, error: CellsChanged) -> WeekForm:
        """The page as it stands now with what was typed, and who changed what beside it."""
        del self.grid
        form = WeekForm(WeekForm.reopened(self.request.POST, self.grid), grid=self.grid)
        form.full_clean()
        cells = self.grid.cells()
        form.add_error(None, f"{error.message} {error.help}")
        for key in error.cells:
            cell = cells.get(key)
            name = f"m-{cell.name}" if cell else ""
            if cell is None or name not in form.fields:
                form.add_error(None, f"{date_words(key[1])} {key[2]} is not expected any more.")
            elif cell.mark is None:
                form.add_error(name, "Somebody took the mark back to no return yet. Save again to put yours.")
            else:
                form.add_error(
                    name,
                    f"{cell.mark.marked_by} made it {cell.mark.get_report_display()} at {_clock(cell.mark.marked_at)}. "
                    "Save again to put yours instead.",
                )
        for row in self.grid.rows:
            if row.placement.pk in error.contacts and row.contact:
                form.add_error(
                    f"c-{row.placement.pk}",
                    f"{row.contact.logged_by} logged '{row.contact.get_outcome_display()}' at "
                    f"{_clock(row.contact.logged_at)}. Save again to put yours instead.",
                )
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        form = context["form"]
        fields = (form["how"], form["contacted_on"])
        return {**context, **self._frame(grid=self.grid, lines=list(form.lines()), contact_fields=fields)}

    def get_success_url(self) -> str:
        return reverse("attendance:week", args=[self.provider.pk, self.monday.isoformat()])

    def _frame(self, **more: Any) -> dict[str, Any]:
        return {
            "provider": self.provider,
            "monday": self.monday,
            "monday_iso": self.monday.isoformat(),
            "lead": f"Week of {date_words(self.monday)}",
            "previous": (self.monday - WEEK).isoformat(),
            "next": (self.monday + WEEK).isoformat(),
            **more,
        }


def _clock(at: Any) -> str:
    return timezone.localtime(at, LONDON).strftime("%H:%M")
