"""Pages of the wording of letters: which holds, how it is written, how it looks on a case."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from notices.codes import Language, NoticeKind
from notices.documents import salutation, sample_pdf
from notices.forms.templates import TemplateForm, TemplateKeyForm, VersionForm
from notices.lifecycle import TemplateStatus
from notices.models import NoticeTemplate
from notices.queries import GAP
from notices.queries.preview import EXTREME_ADDRESS, EXTREME_PERSON, extreme_letter, real_case
from notices.queries.templates import (
    built_in_sections,
    merge_fields,
    sections_with,
    template_rows,
    versions_of,
)
from notices.services import templates as services
from placements.codes import Route
from trust.calendar import london_date
from trust.permissions import Permission
from trust.web import Guard, Page, ServiceFormView


def _list_crumb() -> tuple[str, str]:
    return ("Wording of letters", reverse("notices:template-list"))


class TemplateList(Page):
    """Every letter by route, kind and language, with the version in force."""

    permission = Permission.SEE_STUDENTS
    template_name = "notices/template_list.html"
    http_method_names = ["get", "head", "options"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "rows": template_rows(),
            "may_edit": self.holds(Permission.EDIT_TEMPLATES),
        }


class TemplateBuiltIn(Page):
    """The wording in code that holds where no version is in force, to be read."""

    permission = Permission.SEE_STUDENTS
    template_name = "notices/template_built_in.html"
    http_method_names = ["get", "head", "options"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = TemplateKeyForm({"language": Language.ENGLISH, **self.request.GET.dict()})
        route, kind = Route.DIRECTION, NoticeKind.INITIAL
        if form.is_valid():
            route, kind = Route(form.cleaned_data["route"]), NoticeKind(form.cleaned_data["kind"])
        return {
            **super().get_context_data(**kwargs),
            "route": route,
            "kind": kind,
            "sections": built_in_sections(route, kind),
            "may_edit": self.holds(Permission.EDIT_TEMPLATES),
        }


class TemplateNew(ServiceFormView):
    """Choose the letter whose wording is to change; a draft of the next version is made."""

    permission = Permission.EDIT_TEMPLATES
    template_name = "notices/template_new.html"
    form_class = TemplateKeyForm
    done = "The draft starts from the wording in force. Change what you need, look at it on a case, put it in force."

    def get_initial(self) -> dict[str, Any]:
        return {name: self.request.GET.get(name, "") for name in ("route", "kind", "language")}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "cancel_url": reverse("notices:template-list")}

    def act(self, data: dict[str, Any]) -> NoticeTemplate:
        return services.begin_template(**data, by=self.by, now=self.now)

    def get_success_url(self) -> str:
        """The form of the new draft."""
        return reverse("notices:template-change", args=[self.result.pk])


class OfTemplate(Guard):
    """A page about one version."""

    template: NoticeTemplate

    def load(self) -> None:
        """The version of the address."""
        self.template = self.find(
            NoticeTemplate.objects.visible_to(self.request.user).select_related("edited_by", "in_force_by")
        )

    def get_success_url(self) -> str:
        """The page of the version."""
        return reverse("notices:template-detail", args=[self.template.pk])

    def context_of(self) -> dict[str, Any]:
        """The version and the way back."""
        return {
            "template": self.template,
            "crumbs": [_list_crumb(), (str(self.template), self.get_success_url())],
            "cancel_url": self.get_success_url(),
        }


class TemplateDetail(OfTemplate, Page):
    """One version: its words, who wrote it and when, and the other versions of the same letter."""

    permission = Permission.SEE_STUDENTS
    template_name = "notices/template_detail.html"
    http_method_names = ["get", "head", "options"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        template = self.template
        may = self.holds(Permission.EDIT_TEMPLATES)
        versions = versions_of(template.route, template.kind, template.language)
        draft = template.status == TemplateStatus.DRAFT
        return {
            **super().get_context_data(**kwargs),
            **self.context_of(),
            "sections": sections_with(template),
            "versions": versions,
            "may_change": may and draft,
            "may_begin": may and not any(one.status == TemplateStatus.DRAFT for one in versions),
        }


class TemplateChange(OfTemplate, ServiceFormView):
    """The words of a draft, with the merge fields beside them."""

    permission = Permission.EDIT_TEMPLATES
    template_name = "notices/template_change.html"
    form_class = TemplateForm
    done = "Saved."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {
            **super().get_form_kwargs(),
            "template": self.template,
            "initial": TemplateForm.initial_of(self.template),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            **self.context_of(),
            "merge_fields": merge_fields(self.template.kind),
        }

    def form_valid(self, form: Any) -> HttpResponse:
        self.values = form.values()
        return super().form_valid(form)

    def act(self, data: dict[str, Any]) -> NoticeTemplate:
        return services.save_template(template_id=self.template.pk, **self.values, by=self.by, now=self.now)

    def get_success_url(self) -> str:
        """The version's page, or the form again when 'save and stay' was pressed."""
        if "stay" in self.request.POST:
            return reverse("notices:template-change", args=[self.template.pk])
        return super().get_success_url()


class TemplateAsk(OfTemplate, ServiceFormView):
    """A question about one version on a page of its own."""

    permission = Permission.EDIT_TEMPLATES
    template_name = "notices/template_ask.html"
    form_class = VersionForm
    title = ""
    intro = ""
    submit_label = ""
    tone = "primary"

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.template.version}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            **self.context_of(),
            "title": self.title,
            "intro": self.intro,
            "submit_label": self.submit_label,
            "submit_tone": self.tone,
        }


class TemplateForce(TemplateAsk):
    """Put a draft in force."""

    title = "Put this version in force"
    intro = (
        "Letters authorised from now on use these words, and the version in force until now is retired. Letters that "
        "were authorised before keep theirs."
    )
    submit_label = "Put in force"
    done = "In force."

    def act(self, data: dict[str, Any]) -> NoticeTemplate:
        return services.put_in_force(template_id=self.template.pk, version=data["version"], by=self.by, now=self.now)


class TemplateDrop(TemplateAsk):
    """Give up a draft."""

    title = "Drop this draft"
    intro = "The draft stays on file as dropped. The wording in force does not change."
    submit_label = "Drop the draft"
    tone = "danger"
    done = "The draft is dropped."

    def act(self, data: dict[str, Any]) -> NoticeTemplate:
        return services.drop_template(template_id=self.template.pk, version=data["version"], by=self.by, now=self.now)


class TemplateTry(OfTemplate, Page):
    """A version tried out on a case: ``?case=extreme``, else the latest one that the person may see."""

    permission = Permission.SEE_STUDENTS
    template_name = "notices/template_try.html"
    http_method_names = ["get", "head", "options"]

    def letter(self) -> dict[str, Any] | None:
        """The letter of the case; None when the person sees no notice of this kind."""
        today = london_date(self.now)
        if self.extreme:
            return extreme_letter(self.template, today)
        found = real_case(self.template, self.by, today)
        if found is None:
            return None
        notice, letter = found
        self.note_access(notice.placement_period.placement.student, "tried the wording of a letter on a notice")
        return letter

    @property
    def extreme(self) -> bool:
        """Whether the case that strains the page was asked for."""
        return self.request.GET.get("case") == "extreme"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        letter = self.letter()
        name = EXTREME_PERSON if self.extreme else "Ms Example Parent"
        return {
            **super().get_context_data(**kwargs),
            **self.context_of(),
            "letter": letter,
            "extreme": self.extreme,
            "name": name,
            "address": EXTREME_ADDRESS if self.extreme else ("1 Example Street", "Exampletown", "EX1 1EX"),
            "salutation": salutation(name, "PARENT", letter["labels"]) if letter else "",
            "gap": GAP,
        }


class TemplateTryPdf(TemplateTry):
    """The same as the PDF that a family would get; with ``&large=1`` in large print."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        letter = self.letter()
        if letter is None:
            raise Http404
        name = EXTREME_PERSON if self.extreme else "Ms Example Parent"
        address = EXTREME_ADDRESS if self.extreme else ("1 Example Street", "Exampletown", "EX1 1EX")
        content = sample_pdf(letter, name=name, address=address, large="large" in request.GET)
        return HttpResponse(
            content,
            content_type="application/pdf",
            headers={
                "Content-Disposition": 'attachment; filename="letter-sample.pdf"',
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "no-store, private",
            },
        )
