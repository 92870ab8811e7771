"""All notices of one placement in order, as a page and as one PDF."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from notices.queries import chain_of
from notices.queries.chain import people_of
from notices.services import bind_chain
from placements.models import Placement
from trust.calendar import london_date
from trust.errors import DomainError
from trust.permissions import Permission
from trust.web import Guard, Page, View


class OfChain(Guard):
    """What the page and the PDF share: ``self.placement``."""

    permission = Permission.SEE_CHRONOLOGY
    placement: Placement

    def load(self) -> None:
        visible = Placement.objects.visible_to(self.request.user)
        self.placement = self.find(visible.select_related("student", "school", "provider"))


class NoticeChain(OfChain, Page):
    """Every notice of a placement with recipients, proof, verdict and override, the first one first."""

    template_name = "notices/chain_page.html"
    http_method_names = ["get", "head", "options"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.note_access(self.placement.student, "opened the chain of notices")
        chain = chain_of(self.placement, london_date(self.now))
        return super().get_context_data(
            placement=self.placement,
            student=self.placement.student,
            chain=chain,
            people=people_of(chain),
            **kwargs,
        )


class NoticeChainFile(OfChain, View):
    """The chain as one PDF, ``?recipient=`` a copy for that person, else the whole; each download is noted."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        asked = request.GET.get("recipient", "")
        copied = "recipient" in request.GET
        if copied and not (asked.isascii() and asked.isdecimal() and len(asked) < 19):
            # Never the whole one instead of a copy.
            raise Http404
        try:
            content = bind_chain(
                placement_id=self.placement.pk,
                recipient_id=int(asked) if copied else None,
                path=request.path,
                by=self.by,
                now=self.now,
            )
        except DomainError as error:
            return HttpResponse(f"{error.message}\n", status=404, content_type="text/plain; charset=utf-8")
        suffix = "-copy" if copied else ""
        return HttpResponse(
            content,
            content_type="application/pdf",
            headers={
                "Content-Disposition": f'attachment; filename="notices-of-placement-{self.placement.pk}{suffix}.pdf"',
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "no-store, private",
            },
        )
