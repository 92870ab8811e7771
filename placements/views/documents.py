"""Papers of a placement: provider pack, placement agreement, to whom they went, what was said; qualifications."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from placements.codes import DocumentKind
from placements.forms import MakeForm, QualificationAddForm, QualificationForm, ShareForm, SignForm
from placements.models import DocumentShare, PlacementDocument, PlacementQualification, Signing
from placements.queries import content_of, may_read, papers_of, permission_to_read
from placements.services import (
    add_qualification,
    change_qualification,
    make_document,
    record_share,
    record_signing,
)
from placements.views.placements import OfPlacement
from providers.models import ProgrammeQualification
from trust.calendar import london_date
from trust.permissions import Permission
from trust.templatetags.trust_ui import surname_first
from trust.web import Guard, Page, ServiceFormView, View, file_response, refusal

FORM_PAGE = "components/form_page.html"


class PlacementPapers(OfPlacement, Page):
    """Both papers with their versions, and what the newest ones no longer say right."""

    permission = Permission.SEE_STUDENTS
    template_name = "placements/placement_papers.html"

    def load(self) -> None:
        super().load()
        # A care role at the home school or, for a guest, at the receiving one.
        if not may_read(self.by, self.placement, DocumentKind.AGREEMENT, {}):
            raise PermissionDenied(refusal(Permission.SEE_NARRATIVE))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        placement = self.placement
        self.note_access(placement.student, "papers")
        papers = papers_of(placement, london_date(self.now))
        hidden = {
            version.pk
            for paper in papers
            for version in paper.versions
            if not may_read(self.by, placement, version.kind, version.content)
        }
        return super().get_context_data(
            papers=papers,
            hidden=hidden,
            may_make=self.may(Permission.PROPOSE_PLACEMENT, placement),
            **kwargs,
        )


class PaperMake(OfPlacement, ServiceFormView):
    """What the next version will say, and the button that makes it."""

    permission = Permission.PROPOSE_PLACEMENT
    form_class = MakeForm
    template_name = "placements/paper_make.html"
    kind: str = DocumentKind.PACK

    def load(self) -> None:
        super().load()
        self.content = content_of(self.kind, self.placement, london_date(self.now))
        if not may_read(self.by, self.placement, self.kind, self.content):
            raise PermissionDenied(refusal(permission_to_read(self.kind, self.content)))

    def act(self, data: dict[str, Any]) -> PlacementDocument:
        self.done = f"{self.content['title']} made."
        return make_document(placement_id=self.placement.pk, kind=self.kind, by=self.by, now=self.now)

    def get_success_url(self) -> str:
        return reverse("placements:placement-papers", args=[self.placement.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = str(DocumentKind(self.kind).label).lower()
        page = self.page_of(f"Make the {words} of {str(self.placement).lower()}", f"Make the {words}")
        page["cancel_url"] = self.get_success_url()
        return super().get_context_data(**page, paper=self.content, kind=self.kind, **kwargs)


class OfDocument(Guard):
    """What the pages of one version share: found by scope, then read only by whom its words are for."""

    document: PlacementDocument

    def load(self) -> None:
        self.document = self.find(
            PlacementDocument.objects.visible_to(self.request.user).select_related(
                "placement__student", "placement__school", "placement__provider", "file"
            )
        )
        self.placement = self.document.placement
        if not may_read(self.by, self.placement, self.document.kind, self.document.content):
            raise PermissionDenied(refusal(permission_to_read(self.document.kind, self.document.content)))

    def get_success_url(self) -> str:
        return reverse("placements:placement-papers", args=[self.placement.pk])

    def page_of(self, title: str, submit_label: str) -> dict[str, Any]:
        """The context of a form page below the papers of the placement."""
        back = self.get_success_url()
        placement = reverse("placements:placement-detail", args=[self.placement.pk])
        return {
            "title": title,
            "lead": f"{surname_first(self.placement.student)}, at {self.placement.provider}",
            "submit_label": submit_label,
            "cancel_url": back,
            "crumbs": [(str(self.placement), placement), ("Papers", back)],
        }


class DocumentFile(OfDocument, View):
    """The stored bytes of one version."""

    permission = Permission.SEE_STUDENTS
    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        document = self.document
        self.note_access(self.placement.student, f"{document.get_kind_display().lower()} taken")
        name = f"{document.get_kind_display()} {document.placement_id} version {document.number}"
        return file_response(document.file, name=name)


class DocumentShareAdd(OfDocument, ServiceFormView):
    """To whom a version was given."""

    permission = Permission.PROPOSE_PLACEMENT
    form_class = ShareForm
    template_name = FORM_PAGE
    done = "Recorded to whom it was given."

    def get_initial(self) -> dict[str, Any]:
        return {"shared_on": london_date(self.now)}

    def act(self, data: dict[str, Any]) -> DocumentShare:
        return record_share(document_id=self.document.pk, by=self.by, now=self.now, **data)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = f"{self.document.get_kind_display().lower()}, version {self.document.number}"
        return super().get_context_data(**self.page_of(f"Record who was given the {words}", "Record"), **kwargs)


class DocumentSign(OfDocument, ServiceFormView):
    """What one party said to the agreement."""

    permission = Permission.PROPOSE_PLACEMENT
    form_class = SignForm
    template_name = FORM_PAGE
    done = "The answer is recorded."

    def get_initial(self) -> dict[str, Any]:
        return {"signed_on": london_date(self.now)}

    def act(self, data: dict[str, Any]) -> Signing:
        return record_signing(document_id=self.document.pk, by=self.by, now=self.now, **data)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        title = f"Record an answer to the agreement, version {self.document.number}"
        return super().get_context_data(**self.page_of(title, "Record the answer"), **kwargs)


class PlacementQualifications(OfPlacement, ServiceFormView):
    """The qualifications that the student works for here, and a form for one more."""

    permission = Permission.HOLD_REVIEW
    form_class = QualificationAddForm
    template_name = "placements/placement_qualifications.html"
    done = "The qualification is recorded."

    def load(self) -> None:
        super().load()
        self.rows = list(PlacementQualification.objects.visible_to(self.by).filter(placement=self.placement))

    def get_form_kwargs(self) -> dict[str, Any]:
        there = {(row.title, row.awarding_body) for row in self.rows}
        programmes = {self.placement.programme_id, *self.placement.slots.values_list("programme_id", flat=True)}
        offered = ProgrammeQualification.objects.visible_to(self.by).filter(programme_id__in=programmes)
        return {
            **super().get_form_kwargs(),
            "offered": [row for row in offered if (row.title, row.awarding_body) not in there],
        }

    def act(self, data: dict[str, Any]) -> PlacementQualification:
        return add_qualification(placement_id=self.placement.pk, data=data, by=self.by, now=self.now)

    def get_success_url(self) -> str:
        return reverse("placements:placement-qualifications", args=[self.placement.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of(f"Qualifications in {str(self.placement).lower()}", "Record the qualification")
        return super().get_context_data(**page, rows=self.rows, **kwargs)


class QualificationChange(ServiceFormView):
    """Entry, award and grade of one qualification."""

    permission = Permission.HOLD_REVIEW
    form_class = QualificationForm
    template_name = FORM_PAGE
    done = "The qualification is saved."

    def load(self) -> None:
        rows = PlacementQualification.objects.visible_to(self.request.user)
        self.row = self.find(rows.select_related("placement__student", "placement__provider"))

    def get_initial(self) -> dict[str, Any]:
        names = ("title", "level", "awarding_body", "entered_on", "achieved_on", "grade")
        return {name: getattr(self.row, name) for name in names}

    def act(self, data: dict[str, Any]) -> PlacementQualification:
        return change_qualification(qualification_id=self.row.pk, data=data, by=self.by, now=self.now)

    def get_success_url(self) -> str:
        return reverse("placements:placement-qualifications", args=[self.row.placement_id])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        placement, back = self.row.placement, self.get_success_url()
        return super().get_context_data(
            title="Change a qualification",
            lead=f"{surname_first(placement.student)}, at {placement.provider}",
            submit_label="Save",
            cancel_url=back,
            crumbs=[
                (str(placement), reverse("placements:placement-detail", args=[placement.pk])),
                ("Qualifications", back),
            ],
            **kwargs,
        )
