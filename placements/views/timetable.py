"""Timetables of a placement and the week of its student: all ten half-days, changes from a day on, part time."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.urls import reverse

from placements.forms.decision import ExtensionDecideForm
from placements.forms.timetable import PartTimeEndForm, PartTimeForm, TimetableForm
from placements.models import PartTimeTimetable, TimetableChange
from placements.queries import changes_of, timetable_in_force, timetable_shown, week_of
from placements.services import (
    approve_timetable_change,
    drop_timetable_change,
    end_part_time,
    propose_timetable_change,
    record_part_time,
)
from placements.views.course import WithReason
from placements.views.placements import OfPlacement
from trust.calendar import last_day, london_date
from trust.models import Student
from trust.permissions import Permission
from trust.web import Page, ServiceFormView

FORM_PAGE = "components/form_page.html"


class PlacementWeek(OfPlacement, Page):
    """The week of the student in all settings, the timetable in force, and every change of it."""

    permission = Permission.SEE_STUDENTS
    template_name = "placements/placement_week.html"
    http_method_names = ["get", "head", "options"]

    def load(self) -> None:
        super().load()
        schools = {self.placement.school_id, self.placement.student.school_id}
        # A receiving school sees its guest, not where else the student is.
        if not any(self.by.allows(Permission.SEE_STUDENTS, home_id=school) for school in schools):
            raise PermissionDenied("The whole week is seen by the student's own school.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        placement, today = self.placement, london_date(self.now)
        parts = PartTimeTimetable.objects.visible_to(self.by).filter(student_id=placement.student_id)
        changes = changes_of(placement, self.by)
        return super().get_context_data(
            week=week_of(placement.student, today),
            timetable=timetable_shown(placement),
            changes=changes,
            waits=any(change.waits for change in changes),
            parts=[(part, last_day(part.period)) for part in parts],
            may_propose=self.may(Permission.START_PLACEMENT, placement) and placement.live,
            may_decide=self.may(Permission.APPROVE_PLACEMENT, placement),
            sees_money=self.may(Permission.SEE_MONEY, placement),
            sees_narrative=self.may(Permission.SEE_NARRATIVE, placement),
            **kwargs,
        )


class TimetableChangePropose(OfPlacement, ServiceFormView):
    """Propose other half-days from a day on."""

    permission = Permission.START_PLACEMENT
    form_class = TimetableForm
    template_name = "placements/timetable_change.html"
    done = "The change is proposed. It waits for the Headteacher or the Chief executive."

    def get_form_kwargs(self) -> dict[str, Any]:
        provider = self.placement.provider
        places = [
            (f"{site.pk}:{programme.pk}", f"{site.name}, {programme.name}")
            for site in provider.sites.visible_to(self.by).order_by("name")
            for programme in provider.programmes.visible_to(self.by).order_by("name")
        ]
        return {**super().get_form_kwargs(), "places": places}

    def get_initial(self) -> dict[str, Any]:
        known = timetable_in_force(self.placement)
        return {f"slot_{slot}": f"{site}:{programme}" for slot, (site, programme) in known.items()}

    def act(self, data: dict[str, Any]) -> TimetableChange:
        return propose_timetable_change(
            placement_id=self.placement.pk,
            from_day=data["from_day"],
            slots=data["slots"],
            reason=data["reason"],
            by=self.by,
            now=self.now,
        )

    def get_success_url(self) -> str:
        return reverse("placements:placement-week", args=[self.placement.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of(f"Change the timetable of {str(self.placement).lower()}", "Propose the change")
        return super().get_context_data(**page, **kwargs)


class OfTimetableChange(OfPlacement):
    """A page about one proposed change; the address holds the change."""

    change: TimetableChange

    def load(self) -> None:
        changes = TimetableChange.objects.visible_to(self.request.user)
        self.change = self.find(changes.select_related("placement", "proposed_by"))
        self.kwargs = {**self.kwargs, "pk": self.change.placement_id}
        super().load()

    def get_success_url(self) -> str:
        return reverse("placements:placement-week", args=[self.placement.pk])


class TimetableChangeApprove(OfTimetableChange, ServiceFormView):
    """Put a proposed timetable in force."""

    permission = Permission.APPROVE_PLACEMENT
    form_class = ExtensionDecideForm
    template_name = FORM_PAGE
    done = "The new timetable is in force from its day."

    def get_form_kwargs(self) -> dict[str, Any]:
        may_overspend = self.may(Permission.APPROVE_OVER_BUDGET, self.placement)
        return {**super().get_form_kwargs(), "over_budget": may_overspend and self.change.cost_change > 0}

    def act(self, data: dict[str, Any]) -> TimetableChange:
        return approve_timetable_change(
            change_id=self.change.pk,
            over_budget_reason=data.get("over_budget_reason", ""),
            by=self.by,
            now=self.now,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of(f"Approve the timetable of {str(self.placement).lower()}", "Approve the change")
        shown = next(row for row in changes_of(self.placement, self.by) if row.change.pk == self.change.pk)
        return super().get_context_data(**{**page, "intro": shown.sentence}, **kwargs)


class TimetableChangeDrop(OfTimetableChange, WithReason):
    """Take back or decline a proposed timetable."""

    permission = Permission.SEE_STUDENTS
    heading = "Drop the change of the timetable of"
    button = "Drop the change"
    done = "The change is dropped; the timetable stays as it is."

    def act(self, data: dict[str, Any]) -> TimetableChange:
        return drop_timetable_change(change_id=self.change.pk, reason=data["reason"], by=self.by, now=self.now)


class PartTimeRecord(ServiceFormView):
    """Record half-days in which a student is not in education."""

    permission = Permission.START_PLACEMENT
    form_class = PartTimeForm
    template_name = FORM_PAGE
    done = "The part-time timetable is recorded."

    def load(self) -> None:
        self.student = self.find(Student.objects.visible_to(self.request.user))

    def act(self, data: dict[str, Any]) -> PartTimeTimetable:
        return record_part_time(student_id=self.student.pk, by=self.by, now=self.now, **data)

    def get_success_url(self) -> str:
        return reverse("trust:student-detail", args=[self.student.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own = self.get_success_url()
        return super().get_context_data(
            title="Record a part-time timetable",
            lead=str(self.student),
            intro="Only with the agreement of a parent, for a short time, with a review. "
            "The student is expected at the home school in all half-days that are neither here nor at a provider.",
            crumbs=[("Students", reverse("trust:student-list")), ("Student", own)],
            cancel_url=own,
            **kwargs,
        )


class PartTimeEnd(ServiceFormView):
    """The student is back in all sessions."""

    permission = Permission.START_PLACEMENT
    form_class = PartTimeEndForm
    template_name = FORM_PAGE
    done = "The part-time timetable ends on that day."

    def load(self) -> None:
        self.part = self.find(PartTimeTimetable.objects.visible_to(self.request.user).select_related("student"))

    def act(self, data: dict[str, Any]) -> PartTimeTimetable:
        return end_part_time(timetable_id=self.part.pk, last=data["last"], by=self.by, now=self.now)

    def get_success_url(self) -> str:
        return reverse("trust:student-detail", args=[self.part.student_id])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own = self.get_success_url()
        return super().get_context_data(
            title="End a part-time timetable",
            lead=str(self.part.student),
            crumbs=[("Students", reverse("trust:student-list")), ("Student", own)],
            cancel_url=own,
            **kwargs,
        )
