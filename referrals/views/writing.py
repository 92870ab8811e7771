"""The task list of a referral, its sections, check your answers, and amendments."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from referrals.codes import Section, SectionState
from referrals.forms import AmendForm, SectionForm
from referrals.models import Referral, ReferralSection
from referrals.queries import (
    actions_of,
    amendments_of,
    decision_of,
    missing_of,
    section_row,
    section_version,
    sections_of,
    steps_of,
    timeline_of,
    waits_for,
    writers_of,
)
from referrals.services import amend_referral, save_section, submit_referral
from referrals.views.one import OfReferral, OfSection
from trust.calendar import london_date
from trust.errors import DomainError
from trust.permissions import Permission
from trust.web import Page, ServiceFormView


class ReferralDetail(OfReferral, Page):
    """One referral: the task list for who writes it, else its answers; the words only for those who may read them."""

    permission = Permission.SEE_STUDENTS
    template_name = "referrals/referral_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.note_access(self.referral.student, "referral opened")
        steps = steps_of(self.referral)
        narrative = self.may(Permission.SEE_NARRATIVE, self.referral)
        return super().get_context_data(
            actions=actions_of(self.referral, self.by),
            sections=sections_of(self.referral),
            missing=missing_of(self.referral),
            history=timeline_of(steps, narrative=narrative),
            decision=decision_of(steps),
            amendments=amendments_of(self.referral),
            waiting=waits_for(self.referral, london_date(self.now)),
            sees_narrative=narrative,
            may_propose=self.may(Permission.PROPOSE_PLACEMENT, self.referral),
            **kwargs,
        )


class ReferralSectionEdit(OfSection, ServiceFormView):
    """Write one section; saved by its button and, where scripts run, by itself a moment after each change."""

    permission = Permission.WRITE_REFERRAL
    template_name = "referrals/referral_section.html"
    form_class = SectionForm
    done = "The section is saved."

    def get_form_kwargs(self) -> dict[str, Any]:
        row = section_row(self.referral, self.section)
        kwargs = {**super().get_form_kwargs(), "section": self.section, "instance": self.referral}
        state = row.state if row else SectionState.IN_PROGRESS
        kwargs["initial"] = {
            **self.answers(),
            "version": section_version(row),
            "state": state,
            "note": row.note if row else "",
        }
        return kwargs

    def act(self, data: dict[str, Any]) -> ReferralSection:
        return save_section(
            referral_id=self.referral.pk,
            section=self.section,
            data=data,
            # A save in the background does not say how far the section is.
            state=None if self.request.htmx else data["state"],  # type: ignore[attr-defined]
            note=data["note"],
            version=data["version"] or 0,
            by=self.by,
            now=self.now,
        )

    def form_valid(self, form: Any) -> HttpResponse:
        if not self.request.htmx:  # type: ignore[attr-defined]
            return super().form_valid(form)
        try:
            row = self.act(form.cleaned_data)
        except DomainError as error:
            return self.told(refusal=error.message)
        return self.told(row=row, version=section_version(row))

    def form_invalid(self, form: Any) -> HttpResponse:
        if not self.request.htmx:  # type: ignore[attr-defined]
            return super().form_invalid(form)
        words = (f"{form.fields[name].label}: {errors[0]}" for name, errors in form.errors.items())
        return self.told(refusal=" ".join(words))

    def handle_no_permission(self) -> Any:
        if self.request.htmx:  # type: ignore[attr-defined]
            return self.told(refusal="You have been logged out. Log in again in a new tab, then save here.")
        return super().handle_no_permission()

    def told(self, **words: Any) -> HttpResponse:
        """The line under the form that says what became of a save in the background."""
        return render(self.request, "referrals/_autosaved.html", words)

    def get_success_url(self) -> str:
        if "next" not in self.request.POST:
            return super().get_success_url()
        order = list(Section)
        place = order.index(self.section) + 1
        if place == len(order):
            return reverse("referrals:referral-check", args=[self.referral.pk])
        return reverse("referrals:referral-section", args=[self.referral.pk, order[place].slug])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self.request.method == "GET":
            self.note_access(self.referral.student, "referral section opened")
        student = self.referral.student
        actions = actions_of(self.referral, self.by)
        page = self.page_of(self.section.label, "Save")
        if self.section == Section.STUDENT:
            links = student.contact_links.visible_to(self.by).select_related("contact")
            page |= {
                "links": links.order_by("-parental_responsibility", "id"),
                "may_edit_student": self.may(Permission.EDIT_STUDENTS, student),
                "may_edit_contacts": self.may(Permission.EDIT_CONTACTS, student),
                "sees_restriction": self.may(Permission.SEE_RESTRICTION, student),
            }
        return super().get_context_data(
            section=self.section,
            actions=actions,
            # A form that was open while somebody submitted keeps what was typed; a fresh page says what to do.
            closed="edit" not in actions and "form" not in kwargs,
            gives_up_deciding=self.may(Permission.DECIDE_REFERRAL, self.referral)
            and self.by.pk not in writers_of(self.referral),
            **page,
            **kwargs,
        )


class ReferralCheck(OfReferral, ServiceFormView):
    """Check your answers: what is written, what is missing, and the one button that hands it over."""

    permission = Permission.WRITE_REFERRAL
    template_name = "referrals/referral_check.html"
    form_class = forms.Form
    done = "The referral is submitted. It waits for a decision by somebody else."

    def act(self, data: dict[str, Any]) -> Referral:
        return submit_referral(referral_id=self.referral.pk, by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sections = sections_of(self.referral)
        return super().get_context_data(
            missing=missing_of(self.referral),
            sections=sections,
            unfinished=[row for row in sections if row.state != SectionState.DONE],
            actions=actions_of(self.referral, self.by),
            changing="referrals:referral-section",
            **kwargs,
        )


class ReferralAmend(OfSection, ServiceFormView):
    """Put a fact of a submitted or decided referral right, with the reason."""

    permission = Permission.WRITE_REFERRAL
    template_name = "referrals/referral_amend.html"
    form_class = AmendForm
    done = "The amendment is recorded. What stood there before stays readable."

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs = {**super().get_form_kwargs(), "section": self.section, "instance": self.referral}
        kwargs["initial"] = {**self.answers(), "version": self.referral.version}
        return kwargs

    def act(self, data: dict[str, Any]) -> Referral:
        return amend_referral(
            referral_id=self.referral.pk,
            section=self.section,
            data=data,
            reason=data["reason"],
            version=data["version"] or 0,
            by=self.by,
            now=self.now,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of(f"Amend: {self.section.label.lower()}", "Record the amendment")
        actions = actions_of(self.referral, self.by)
        return super().get_context_data(
            section=self.section,
            actions=actions,
            closed="amend" not in actions and "form" not in kwargs,
            **page,
            **kwargs,
        )
