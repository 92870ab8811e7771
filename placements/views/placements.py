"""The list of placements and the page of one."""

from typing import Any

from django.urls import reverse

from placements.codes import DocumentKind
from placements.filters import PlacementFilter
from placements.models import Commitment, Offer, Placement
from placements.queries import (
    actions_of,
    at_suspended_providers,
    course_of,
    gate_of,
    gates_shown,
    listed,
    may_read,
    periods_of,
    timetable_shown,
)
from trust.calendar import london_date
from trust.permissions import Permission
from trust.templatetags.trust_ui import surname_first
from trust.web import Guard, Page, SearchedList


class PlacementList(SearchedList):
    """The placements of the person's schools and their guests, newest first."""

    permission = Permission.SEE_STUDENTS
    template_name = "placements/placement_list.html"
    search_key = "placement_name"

    def rows(self, name: str) -> Any:
        self.filter = PlacementFilter(self.request.GET, queryset=listed(self.by, name), request=self.request)
        return self.filter.qs

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        rows = [(placement, periods_of(placement.periods.all())) for placement in context["page_obj"]]
        may_renew = self.holds(Permission.START_PLACEMENT)
        return {**context, "filter": self.filter, "placements": rows, "may_renew": may_renew}


class OfPlacement(Guard):
    """What the pages of one placement share: ``self.placement``, found before anything else."""

    placement: Placement

    def load(self) -> None:
        self.placement = self.find(
            Placement.objects.visible_to(self.request.user).select_related(
                "student",
                "school",
                "host_school",
                "referral",
                "provider",
                "programme",
                "site",
                "proposed_by",
                "decided_by",
                "started_by",
                "ended_by",
                "school_link",
                "school_link_deputy",
            )
        )

    def get_success_url(self) -> str:
        return reverse("placements:placement-detail", args=[self.placement.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(  # type: ignore[misc]
            **{"placement": self.placement, "student": self.placement.student, **kwargs}
        )
        return context

    def page_of(self, title: str, submit_label: str, **more: Any) -> dict[str, Any]:
        """The context of a form page below the placement's page; the tab's title names no student."""
        own = reverse("placements:placement-detail", args=[self.placement.pk])
        crumbs = [("Placements", reverse("placements:placement-list")), (str(self.placement), own)]
        lead = f"{surname_first(self.placement.student)}, at {self.placement.provider}"
        return {
            "title": title,
            "lead": lead,
            "submit_label": submit_label,
            "cancel_url": own,
            "crumbs": crumbs,
            **more,
        }


class PlacementDetail(OfPlacement, Page):
    """One placement: facts, timetable, periods with their notices, money for those who see it, what to do next."""

    permission = Permission.SEE_STUDENTS
    template_name = "placements/placement_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        placement, today = self.placement, london_date(self.now)
        self.note_access(placement.student, "placement opened")
        periods = list(
            placement.periods.visible_to(self.by)
            .select_related("proposed_by", "approved_by")
            .prefetch_related("notices")
        )
        gates = gate_of(placement, today)
        waiting = placement.timetable_changes.visible_to(self.by).filter(approved_at=None, dropped_at=None)
        change = waiting.select_related("proposed_by").first()
        sees_money = self.may(Permission.SEE_MONEY, placement)
        commitments = Commitment.objects.visible_to(self.by).filter(placement_period__placement=placement)
        return super().get_context_data(
            periods=periods_of(periods),
            gates=gates_shown(gates),
            timetable=timetable_shown(placement),
            undecided=at_suspended_providers().visible_to(self.by).filter(pk=placement.pk).exists(),
            offers=Offer.objects.visible_to(self.by)
            .filter(referral_id=placement.referral_id)
            .select_related("provider", "programme"),
            sees_needs=may_read(self.by, placement, DocumentKind.AGREEMENT, {}),
            actions=actions_of(placement, periods, gates, self.by, today, change),
            change=change,
            commitments=commitments.select_related("budget__academic_year", "placement_period") if sees_money else (),
            sees_money=sees_money,
            may_see_week=self.by.allows(Permission.SEE_STUDENTS, home_id=placement.school_id),
            course=course_of(placement, today, narrative=self.may(Permission.SEE_NARRATIVE, placement)),
            sees_narrative=self.may(Permission.SEE_NARRATIVE, placement),
            may_prepare_notice=self.may(Permission.PREPARE_NOTICE, placement),
            may_review=self.may(Permission.HOLD_REVIEW, placement),
            may_see_history=self.may(Permission.SEE_CHRONOLOGY, placement),
            may_mark=self.may(Permission.MARK_SESSIONS, placement),
            **kwargs,
        )
