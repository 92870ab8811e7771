"""One recipient of a notice: the letter, sending it, and how it was given."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from notices import services
from notices.codes import ServiceState
from notices.forms import CheckedForm, GivenForm
from notices.lifecycle import Status
from notices.models import NoticeRecipient
from notices.queries import channels_of, clock_for, give_by_of, if_given, state_of, with_letters
from notices.views.notice import OfNotice
from trust.calendar import london_date
from trust.codes import MailStatus
from trust.errors import DomainError
from trust.models import Mail, StoredFile, Student
from trust.permissions import Permission
from trust.web import FileOf, Guard, ServiceAction, ServiceFormView


@contextmanager
def at_the_time() -> Iterator[None]:
    """Show what is wrong with the moment of giving beside the time, which the form asks for apart from the day."""
    try:
        yield
    except DomainError as error:
        if error.field == "sent_at":
            error.field = "sent_time"
        raise


class OfRecipient(Guard):
    """A page about one recipient of a notice."""

    recipient: NoticeRecipient

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            self.recipient = self.find(with_letters(NoticeRecipient.objects.visible_to(request.user)))
        return super().dispatch(request, *args, **kwargs)

    def get_success_url(self) -> str:
        """The page of the notice, at its recipients."""
        return reverse("notices:notice-detail", args=[self.recipient.notice_id])


class RecipientForm(OfRecipient, ServiceFormView):
    """A form about one recipient, beside the clock of the notice."""

    permission = Permission.RECORD_SERVICE
    http_method_names = ["get", "head", "post", "options"]
    title = ""
    submit_label = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        notice = self.recipient.notice
        return {
            **super().get_context_data(**kwargs),
            "recipient": self.recipient,
            "notice": notice,
            "title": self.title,
            "submit_label": self.submit_label,
            "cancel_url": self.get_success_url(),
            "crumbs": [
                ("Direction notices", reverse("notices:notice-list")),
                (f"Notice {notice.pk}", self.get_success_url()),
            ],
            "clock": clock_for(notice, self.now),
            "give_by": give_by_of(notice, london_date(self.now)),
        }


class RecipientGiven(RecipientForm):
    """How and when one recipient was given the notice, with what that would mean now."""

    template_name = "notices/recipient_given.html"
    form_class = GivenForm
    title = "Record how the notice was given"
    submit_label = "Record"
    done = "Recorded."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {
            **super().get_form_kwargs(),
            "initial": GivenForm.initial_at(self.now),
            "channels": channels_of(self.recipient),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "if_given": if_given(self.recipient, self.now)}

    def act(self, data: dict[str, Any]) -> NoticeRecipient:
        with at_the_time():
            return services.record_given(
                recipient_id=self.recipient.pk,
                channel=data["channel"],
                sent_at=data["sent_at"],
                proof=data["proof"],
                proof_upload=data.get("proof_upload"),
                by=self.request.user,
                now=self.now,
            )


class RecipientCheck(RecipientForm):
    """Check before sending again: what somebody found out about an e-mail that may or may not have left."""

    template_name = "notices/recipient_check.html"
    form_class = CheckedForm
    title = "Check before sending again"
    submit_label = "Record what I found out"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if state_of(self.recipient) != ServiceState.UNKNOWN:
            return HttpResponseRedirect(self.get_success_url())
        return super().get(request, *args, **kwargs)

    @property
    def done(self) -> str:  # type: ignore[override]
        """The sentence that says what follows."""
        if self.result.channel and self.result.notice.status == Status.VOID:
            return "Recorded: the letter arrived, though its notice is void. Tell this person that it does not hold."
        if self.result.channel:
            return "Recorded: the letter was given by e-mail."
        if self.result.mail is not None and self.result.mail.status == MailStatus.SENT:
            return "Recorded: the letter arrived."
        if state_of(self.result) not in (ServiceState.FAILED, ServiceState.TO_SEND):
            return "Recorded: the letter did not arrive."
        return "Recorded: the letter did not arrive. It can be sent again, printed or handed over."

    def act(self, data: dict[str, Any]) -> NoticeRecipient:
        with at_the_time():
            return services.answer_unknown(
                recipient_id=self.recipient.pk,
                arrived=data["arrived"] == "yes",
                note=data["note"],
                arrived_at=data["sent_at"],
                by=self.by,
                now=self.now,
            )


class RecipientSend(OfRecipient, ServiceAction):
    """Send one letter by e-mail."""

    permission = Permission.RECORD_SERVICE
    done = "The letter waits to be sent. It is recorded as given once the mail server has taken it."

    def act(self) -> Mail:
        return services.send_letter(recipient_id=self.recipient.pk, by=self.by, now=self.now)


class NoticeSend(OfNotice, ServiceAction):
    """Send the letter by e-mail to everybody who has agreed to it."""

    permission = Permission.RECORD_SERVICE

    @property
    def done(self) -> str:  # type: ignore[override]
        """How many letters wait to be sent."""
        return f"Waiting to be sent by e-mail: {len(self.result)}. Each is recorded as given once the server has it."

    def act(self) -> list[Mail]:
        return services.send_all(notice_id=self.notice.pk, by=self.by, now=self.now)


class RecipientFile(OfRecipient, FileOf):
    """A file about one recipient."""

    field = "letter"
    word = "direction-notice"

    def stored(self) -> StoredFile | None:
        """The file that the recipient's field holds."""
        found: StoredFile | None = getattr(self.recipient, self.field)
        return found

    def students(self) -> list[Student]:
        """The student of the notice."""
        return [self.recipient.notice.placement_period.placement.student]

    def name(self) -> str:
        """By numbers only."""
        return f"{self.word}-{self.recipient.notice_id}-{self.recipient.pk}"


class RecipientLetter(RecipientFile):
    """The letter."""

    action = "took a notice letter"


class RecipientTranslation(RecipientFile):
    """The letter in the recipient's language."""

    field = "translation"
    word = "direction-notice-translation"
    action = "took a translated letter"


class RecipientProof(RecipientFile):
    """The file that proves the giving."""

    field = "proof_file"
    word = "proof"
    action = "took a proof of giving"


class NoticeAgreement(OfNotice, FileOf):
    """The parent's written agreement to an earlier start."""

    action = "took a parent's agreement"

    def stored(self) -> StoredFile | None:
        """The file beside the override."""
        return self.notice.parent_agreement

    def students(self) -> list[Student]:
        """The student of the notice."""
        return [self.notice.placement_period.placement.student]

    def name(self) -> str:
        """By number only."""
        return f"agreement-{self.notice.pk}"
