"""Whole records across all stages: a student's page and timeline, the chronology of a placement."""

from typing import Any

from invictus_ap.queries import TOPICS, chronology, next_due, student_case, student_timeline
from notices.queries import offers_for
from placements.models import Placement
from placements.views import PlacementDetail
from trust.calendar import london_date
from trust.permissions import Permission
from trust.queries import people_at
from trust.views import OfStudent
from trust.web import Page

# How much of the timeline stands on the student's page itself.
NEWEST = 10


class StudentDetail(OfStudent, Page):
    """One student: facts, contacts, who safeguards, the week, all referrals, offers and placements, what happened."""

    permission = Permission.SEE_STUDENTS
    template_name = "invictus_ap/student_detail.html"
    http_method_names = ["get", "head", "options"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.note_access(self.student, "student opened")
        today = london_date(self.now)
        entries = student_timeline(self.student, self.by)
        return super().get_context_data(
            student=self.student,
            case=student_case(self.student, self.by, today),
            newest=tuple(reversed(entries[-NEWEST:])),
            earlier=max(0, len(entries) - NEWEST),
            people=people_at(self.student.school_id, today),
            may_edit=self.may(Permission.EDIT_STUDENTS, self.student),
            may_edit_contacts=self.may(Permission.EDIT_CONTACTS, self.student),
            may_part_time=self.may(Permission.START_PLACEMENT, self.student),
            may_bring_in=self.may(Permission.PROPOSE_PLACEMENT, self.student),
            may_refer=self.may(Permission.WRITE_REFERRAL, self.student),
            sees_narrative=self.may(Permission.SEE_NARRATIVE, self.student),
            sees_restriction=self.may(Permission.SEE_RESTRICTION, self.student),
            sees_reason=self.may(Permission.SEE_RESTRICTED, self.student),
            **kwargs,
        )


class StudentTimeline(OfStudent, Page):
    """Everything recorded about one student in the order of time, for a meeting, a complaint or an inspection."""

    permission = Permission.SEE_STUDENTS
    template_name = "invictus_ap/student_timeline.html"
    http_method_names = ["get", "head", "options"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.note_access(self.student, "timeline opened")
        entries = student_timeline(self.student, self.by)
        topics = [
            (topic, label, sum(entry.topic == topic for entry in entries))
            for topic, label in TOPICS
            if any(entry.topic == topic for entry in entries)
        ]
        chosen = self.request.GET.get("about", "")
        shown = [entry for entry in entries if entry.topic == chosen] if chosen in dict(TOPICS) else entries
        return super().get_context_data(
            student=self.student,
            entries=shown,
            topics=topics,
            chosen=chosen,
            total=len(entries),
            printed_at=self.now,
            **kwargs,
        )


class PlacementPage(PlacementDetail):
    """The page of a placement with what comes next and what happened last, from all stages."""

    template_name = "invictus_ap/placement_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        entries = chronology(self.placement, self.by)
        return super().get_context_data(
            due=next_due(self.placement, self.by, london_date(self.now)),
            newest=tuple(reversed(entries[-NEWEST:])),
            notice_offers=offers_for(self.placement, london_date(self.now))
            if self.may(Permission.PREPARE_NOTICE, self.placement)
            else (),
            **kwargs,
        )


class PlacementChronology(Page):
    """One placement from referral to destination, made to be printed."""

    permission = Permission.SEE_CHRONOLOGY
    template_name = "invictus_ap/placement_chronology.html"
    http_method_names = ["get", "head", "options"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        visible = Placement.objects.visible_to(self.request.user)
        placement = self.find(visible.select_related("student", "school", "provider", "programme", "site"))
        self.note_access(placement.student, "chronology")
        entries = chronology(placement, self.by)
        return super().get_context_data(placement=placement, entries=entries, printed_at=self.now, **kwargs)
