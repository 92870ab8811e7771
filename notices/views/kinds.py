"""Notices of an end, a change and a withdrawal before they are drafted, and the later first day of a placement."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from notices import services
from notices.codes import NoticeKind
from notices.forms import AuthoriseForm
from notices.forms.kinds import ChangeDayForm, WithdrawForm
from notices.models import DirectionNotice
from notices.queries import next_change_day, notices_naming_start, refusal_of_kind, told
from placements.forms.timetable import StartForm
from placements.models import PlacementPeriod
from placements.views.placements import OfPlacement
from trust.calendar import london_date
from trust.permissions import Permission
from trust.web import ServiceFormView


class KindPrepare(ServiceFormView):
    """What a notice of this kind is, whether it applies to the period, and the button that makes its draft."""

    permission = Permission.PREPARE_NOTICE
    template_name = "notices/notice_kind.html"
    form_class: type[Any] = AuthoriseForm
    http_method_names = ["get", "head", "post", "options"]
    done = "The draft is prepared. Complete what is missing, then ask for authorisation."
    kind: NoticeKind
    title = ""
    intro = ""
    law = ""
    period: PlacementPeriod

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            self.period = self.find(
                PlacementPeriod.objects.visible_to(request.user).select_related(
                    "placement__student", "placement__school", "placement__provider"
                )
            )
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        existing = self.period.notices.in_force().filter(kind=self.kind).first()
        if existing is not None and self.kind != NoticeKind.VARIATION:
            return HttpResponseRedirect(reverse("notices:notice-detail", args=[existing.pk]))
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **{
                "period": self.period,
                "placement": self.period.placement,
                "title": self.title,
                "intro": self.intro,
                "law": self.law,
                "why_not": refusal_of_kind(self.period, self.kind, london_date(self.now)),
                **kwargs,
            }
        )

    def act(self, data: dict[str, Any]) -> DirectionNotice:
        return services.prepare_notice(
            period_id=self.period.pk,
            kind=self.kind,
            effective_on=data.get("effective_on"),
            reason=data.get("reason", ""),
            by=self.request.user,
            now=self.now,
        )

    def get_success_url(self) -> str:
        """The form of the new draft."""
        return reverse("notices:notice-change", args=[self.result.pk])


class EndPrepare(KindPrepare):
    """Prepare the notice at the end of a period."""

    kind = NoticeKind.END
    title = "Notice of the end of the period"
    intro = (
        "The family is told in writing how the period ended and of the return: date, time, place and the person to "
        "report to. The draft starts from the end of the placement, the end report and the home school."
    )
    law = "Give it by the last day of the period (P7.4). A later one stays on file as late."


class VariationPrepare(KindPrepare):
    """Prepare the notice of a change inside a period."""

    kind = NoticeKind.VARIATION
    form_class = ChangeDayForm
    title = "Notice of a change"
    intro = (
        "When days, times, place or person change, the family is told what changes and everything as it will be from "
        "that day. The draft starts from the approved timetable of that day."
    )
    law = "It has the same deadline as the notice of a start, before the day of the change (P7.2, P7.3)."

    def get_initial(self) -> dict[str, Any]:
        return {"effective_on": next_change_day(self.period)}


class WithdrawalPrepare(KindPrepare):
    """Prepare the withdrawal of a notice of a placement that will not go ahead."""

    kind = NoticeKind.WITHDRAWAL
    form_class = WithdrawForm
    title = "Withdraw the notice"
    intro = (
        "Everybody who was told that the student must attend is told that the placement will not go ahead, and why. "
        "The earlier notice stays on file as given, and is shown as withdrawn."
    )
    law = "Give it as soon as practical (P7.2)."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"withdrawn": told(self.period, given=False), **kwargs})


class StartMove(OfPlacement, ServiceFormView):
    """Move the first day of an approved placement to a later one; says before the act which notices become void."""

    permission = Permission.START_PLACEMENT
    form_class = StartForm
    template_name = "notices/start_move.html"
    done = "The placement starts on the later day."

    def act(self, data: dict[str, Any]) -> Any:
        # Read before the act: afterwards nothing names the old day any more.
        if notices_naming_start(self.placement).void:
            self.done = (
                "The placement starts on the later day. The notice that named the other day is void: give the new one."
            )
        return services.move_start(
            placement_id=self.placement.pk, first=data["first"], reason=data["reason"], by=self.by, now=self.now
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        naming = notices_naming_start(self.placement)
        page = self.page_of(f"Start {str(self.placement).lower()} later", "Move the start")
        initial = self.placement.periods.get(number=1)
        return super().get_context_data(
            **{**page, "initial": initial, "void": naming.void, "drafts": naming.drafts, "told": naming.told, **kwargs}
        )

    def get_success_url(self) -> str:
        """Where the new notice is prepared, when one became void and this person prepares notices."""
        initial = self.placement.periods.get(number=1)
        asks = initial.notice_needed and not initial.notices.in_force().exists() and initial.notices.exists()
        if asks and self.may(Permission.PREPARE_NOTICE, self.placement):
            return reverse("notices:notice-prepare", args=[initial.pk])
        return super().get_success_url()
