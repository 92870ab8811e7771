"""One recipient of a notice: the letter, and how it was given."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse

from notices import services
from notices.forms import GivenForm
from notices.models import NoticeRecipient
from notices.queries import (
    channels_of,
    clock_of,
)
from trust.calendar import london_date
from trust.errors import DomainError
from trust.permissions import Permission
from trust.services import log_access
from trust.web import Guard, ServiceFormView, View, file_response


class OfRecipient(Guard):
    """A page about one recipient of a notice."""

    recipient: NoticeRecipient

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            self.recipient = self.find(
                NoticeRecipient.objects.visible_to(request.user).select_related(
                    "letter", "notice__placement_period__placement__student"
                )
            )
        return super().dispatch(request, *args, **kwargs)


class RecipientGiven(OfRecipient, ServiceFormView):
    """How and when one recipient was given the notice."""

    permission = Permission.RECORD_SERVICE
    template_name = "notices/recipient_given.html"
    form_class = GivenForm
    http_method_names = ["get", "head", "post", "options"]
    done = "Recorded."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {
            **super().get_form_kwargs(),
            "initial": GivenForm.initial_at(self.now),
            "channels": channels_of(self.recipient),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        notice = self.recipient.notice
        return {
            **super().get_context_data(**kwargs),
            "recipient": self.recipient,
            "notice": notice,
            "title": "Record how the notice was given",
            "submit_label": "Record",
            "cancel_url": self.get_success_url(),
            "crumbs": [
                ("Direction notices", reverse("notices:notice-list")),
                (f"Notice {notice.pk}", self.get_success_url()),
            ],
            "clock": clock_of(notice.placement_period, london_date(self.now)),
        }

    def act(self, data: dict[str, Any]) -> NoticeRecipient:
        return services.record_given(
            recipient_id=self.recipient.pk,
            channel=data["channel"],
            sent_at=data["sent_at"],
            proof=data["proof"],
            by=self.request.user,
            now=self.now,
        )

    def get_success_url(self) -> str:
        """The page of the notice."""
        return reverse("notices:notice-detail", args=[self.recipient.notice_id])


class RecipientLetter(OfRecipient, View):
    """The stored letter, byte for byte as it was made; each download is noted."""

    permission = Permission.SEE_STUDENTS
    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.recipient.letter is None:
            raise Http404
        try:
            name = f"direction-notice-{self.recipient.notice_id}-{self.recipient.pk}"
            response = file_response(self.recipient.letter, name=name)
        except DomainError as error:
            return HttpResponse(f"{error.message}\n", status=410, content_type="text/plain; charset=utf-8")
        log_access(
            by=request.user,
            student=self.recipient.notice.placement_period.placement.student,
            action="took a notice letter",
            path=request.path,
            now=self.now,
        )
        return response
