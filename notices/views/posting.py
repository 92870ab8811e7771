"""Letters to print and printings: what waits, the one PDF, and the posting of all of it."""

from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from notices import services
from notices.codes import ServiceState
from notices.forms import PostedForm, PrintForm
from notices.models import PrintBatch
from notices.queries import batch_list, batch_rows, letters_to_check, print_lists
from notices.views.service import at_the_time
from trust.models import StoredFile, Student
from trust.permissions import Permission
from trust.web import FileOf, Guard, Page, ServiceAction, ServiceFormView

RECENT = 20
# Letters of a printing that must not be posted with the others.
HELD_BACK = (ServiceState.STOPPED, ServiceState.RESTRICTED, ServiceState.GIVEN)


class LetterList(ServiceFormView):
    """What waits to be printed for each school, what somebody must look at, and the printings; tick and make one."""

    permission = Permission.RECORD_SERVICE
    template_name = "notices/batch_new.html"
    form_class = PrintForm
    http_method_names = ["get", "head", "post", "options"]
    done = "The printing is being made. Load this page again in a minute."

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            self.lists = print_lists(request.user)
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {
            **super().get_form_kwargs(),
            "user": self.request.user,
            "waiting": [row.recipient.pk for one in self.lists for row in one.waiting],
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        posted = self.request.method == "POST"
        return {
            **super().get_context_data(**kwargs),
            "lists": self.lists,
            "to_check": letters_to_check(self.request.user, self.now),
            "batches": batch_list(self.request.user)[:RECENT],
            "ticked": set(self.request.POST.getlist("recipients")) if posted else None,
            "tried": self.request.POST.get("school", "") if posted else "",
        }

    def act(self, data: dict[str, Any]) -> PrintBatch:
        return services.start_batch(
            school_id=data["school"].pk, recipient_ids=data["recipients"], by=self.by, now=self.now
        )

    def get_success_url(self) -> str:
        """The page of the new printing."""
        return reverse("notices:batch-detail", args=[self.result.pk])


class OfBatch(Guard):
    """A page about one printing."""

    permission = Permission.RECORD_SERVICE
    batch: PrintBatch

    def load(self) -> None:
        """The printing with its school and the number of its letters."""
        mine = PrintBatch.objects.visible_to(self.request.user).annotate(letters=Count("recipients"))
        self.batch = self.find(mine.select_related("school", "asked_by", "posted_by", "file"))

    def get_success_url(self) -> str:
        """The page of the printing."""
        return reverse("notices:batch-detail", args=[self.batch.pk])


class BatchDetail(OfBatch, Page):
    """One printing: whether its file is there, its letters in the order of the envelopes, and the posting."""

    template_name = "notices/batch_detail.html"
    http_method_names = ["get", "head", "options"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = batch_rows(self.batch)
        return {
            **super().get_context_data(**kwargs),
            "batch": self.batch,
            "rows": rows,
            "number": str(self.batch.pk),
            "held_back": [row for row in rows if row.state in HELD_BACK],
            "open": self.batch.posted_at is None,
        }


class BatchFile(OfBatch, FileOf):
    """The one PDF of a printing; noted for each student whose letter is in it."""

    permission = Permission.RECORD_SERVICE
    action = "took letters to print"

    def stored(self) -> StoredFile | None:
        """The PDF, None while it is being made."""
        return self.batch.file

    def students(self) -> list[Student]:
        """Everybody whose letter is in it, once."""
        found = {row.recipient.notice.placement_period.placement.student for row in batch_rows(self.batch)}
        return sorted(found, key=lambda one: one.pk)

    def name(self) -> str:
        """By number only."""
        return f"letters-{self.batch.pk}"


class BatchPosted(OfBatch, ServiceFormView):
    """Record that all letters of a printing were posted."""

    template_name = "notices/batch_posted.html"
    form_class = PostedForm
    http_method_names = ["get", "head", "post", "options"]
    done = "The posting is recorded for every letter of this printing."

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.batch.posted_at is not None or self.batch.file_id is None:
            return HttpResponseRedirect(self.get_success_url())
        return super().get(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "initial": PostedForm.initial_at(self.now)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "batch": self.batch,
            "rows": batch_rows(self.batch),
            "title": "Record the posting",
            "submit_label": "Record the posting of all these letters",
            "cancel_url": self.get_success_url(),
            "crumbs": [
                ("Direction notices", reverse("notices:notice-list")),
                ("Letters to print", reverse("notices:letters")),
                (f"Printing {self.batch.pk}", self.get_success_url()),
            ],
        }

    def act(self, data: dict[str, Any]) -> PrintBatch:
        with at_the_time():
            return services.record_posting(
                batch_id=self.batch.pk,
                posted_at=data["sent_at"],
                proof=data["proof"],
                proof_upload=data.get("proof_upload"),
                by=self.by,
                now=self.now,
            )


class BatchRelease(OfBatch, ServiceAction):
    """Take the ticked letters out of a printing that is not posted."""

    done = "Taken out. These letters can be sent another way; the printing is made again without them."

    def act(self) -> PrintBatch:
        chosen = [int(one) for one in self.request.POST.getlist("recipients") if one.isascii() and one.isdigit()]
        return services.release_letters(
            batch_id=self.batch.pk, recipient_ids=[one for one in chosen if one < 2**63], by=self.by, now=self.now
        )


class BatchAgain(OfBatch, ServiceAction):
    """Try a printing again that could not be made."""

    done = "It is tried again. Load this page again in a minute."

    def act(self) -> PrintBatch:
        return services.make_batch_again(batch_id=self.batch.pk, by=self.by, now=self.now)
