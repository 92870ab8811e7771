"""Pages of referrals."""

from typing import Any

from django import forms
from django.urls import reverse

from referrals.filters import ReferralFilter
from referrals.forms import DecideForm, ReasonForm, ReferralForm, StartForm
from referrals.models import Referral
from referrals.queries import actions_of, before_start, listed, missing_of
from referrals.services import (
    decide_referral,
    save_referral,
    start_referral,
    submit_referral,
    withdraw_referral,
)
from trust.models import Student
from trust.permissions import Permission
from trust.web import Guard, Page, SearchedList, ServiceFormView


class ReferralList(SearchedList):
    """The referrals of the person's schools, newest first."""

    permission = Permission.SEE_STUDENTS
    template_name = "referrals/referral_list.html"
    search_key = "referral_name"

    def rows(self, name: str) -> Any:
        self.filter = ReferralFilter(self.request.GET, queryset=listed(self.by, name), request=self.request)
        return self.filter.qs

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {**context, "filter": self.filter, "may_write": self.holds(Permission.WRITE_REFERRAL)}


class ReferralStart(ServiceFormView):
    """Begin a referral of one student, after a look at what there is already."""

    permission = Permission.WRITE_REFERRAL
    template_name = "referrals/referral_start.html"
    form_class = StartForm
    done = "The referral is started. Write its sections in any order; it can be left and taken up again."

    def load(self) -> None:
        self.student = self.find(Student.objects.visible_to(self.request.user).select_related("school"))

    def act(self, data: dict[str, Any]) -> Referral:
        return start_referral(student_id=self.student.pk, data=data, by=self.by, now=self.now)

    def get_success_url(self) -> str:
        return reverse("referrals:referral-edit", args=[self.result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(student=self.student, before=before_start(self.by, self.student), **kwargs)


class OfReferral(Guard):
    """What the pages of one referral share: ``self.referral``, found before anything else."""

    referral: Referral

    def load(self) -> None:
        self.referral = self.find(
            Referral.objects.visible_to(self.request.user).select_related(
                "student", "school", "written_by", "submitted_by", "decided_by"
            )
        )

    def get_success_url(self) -> str:
        return reverse("referrals:referral-detail", args=[self.referral.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(  # type: ignore[misc]
            **{"referral": self.referral, "student": self.referral.student, **kwargs}
        )
        return context

    def page_of(self, title: str, submit_label: str, **more: Any) -> dict[str, Any]:
        """The context of a form page below the referral's page."""
        own = reverse("referrals:referral-detail", args=[self.referral.pk])
        crumbs = [("Referrals", reverse("referrals:referral-list")), (str(self.referral), own)]
        return {"title": title, "submit_label": submit_label, "cancel_url": own, "crumbs": crumbs, **more}


class ReferralDetail(OfReferral, Page):
    """One referral with what may be done with it now; the words only for those who may read narrative."""

    permission = Permission.SEE_STUDENTS
    template_name = "referrals/referral_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.note_access(self.referral.student, "referral opened")
        return super().get_context_data(
            actions=actions_of(self.referral, self.by),
            missing=missing_of(self.referral),
            reasons=list(self.referral.reasons.visible_to(self.by)),
            sees_narrative=self.may(Permission.SEE_NARRATIVE, self.referral),
            may_propose=self.may(Permission.PROPOSE_PLACEMENT, self.referral),
            **kwargs,
        )


class ReferralEdit(OfReferral, ServiceFormView):
    """Write on a draft or a returned referral; parts may be empty."""

    permission = Permission.WRITE_REFERRAL
    template_name = "referrals/referral_edit.html"
    form_class = ReferralForm
    done = "Saved."

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs = super().get_form_kwargs()
        kwargs["instance"] = self.referral
        kwargs["initial"] = {
            "version": self.referral.version,
            "reasons": list(self.referral.reasons.visible_to(self.by).values_list("reason", flat=True)),
            "exclusion_alternative": {True: "True", False: "False", None: ""}[self.referral.exclusion_alternative],
        }
        return kwargs

    def act(self, data: dict[str, Any]) -> Referral:
        return save_referral(
            referral_id=self.referral.pk,
            data=data,
            reasons=data["reasons"],
            version=data["version"],
            by=self.by,
            now=self.now,
        )

    def get_success_url(self) -> str:
        if "check" in self.request.POST:
            return reverse("referrals:referral-submit", args=[self.referral.pk])
        return super().get_success_url()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**self.page_of(f"Write {str(self.referral).lower()}", "Save"), **kwargs)


class ReferralSubmit(OfReferral, ServiceFormView):
    """Check your answers: what is written, what is missing, and the one button that hands it over."""

    permission = Permission.WRITE_REFERRAL
    template_name = "referrals/referral_submit.html"
    form_class = forms.Form
    done = "The referral is submitted. It waits for a decision by somebody else."

    def act(self, data: dict[str, Any]) -> Referral:
        return submit_referral(referral_id=self.referral.pk, by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            missing=missing_of(self.referral),
            reasons=list(self.referral.reasons.visible_to(self.by)),
            actions=actions_of(self.referral, self.by),
            **kwargs,
        )


class ReferralDecide(OfReferral, ServiceFormView):
    """Everything that the decision rests on, on one page that is good on a telephone."""

    permission = Permission.DECIDE_REFERRAL
    template_name = "referrals/referral_decide.html"
    form_class = DecideForm
    done = "Your decision is recorded."

    def act(self, data: dict[str, Any]) -> Referral:
        return decide_referral(
            referral_id=self.referral.pk,
            decision=data["decision"],
            reason=data["reason"],
            by=self.by,
            now=self.now,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            reasons=list(self.referral.reasons.visible_to(self.by)),
            may_decide="decide" in actions_of(self.referral, self.by),
            **kwargs,
        )


class ReferralWithdraw(OfReferral, ServiceFormView):
    """Take back a referral that is not decided."""

    permission = Permission.WRITE_REFERRAL
    template_name = "components/form_page.html"
    form_class = ReasonForm
    done = "The referral is withdrawn."

    def act(self, data: dict[str, Any]) -> Referral:
        return withdraw_referral(referral_id=self.referral.pk, reason=data["reason"], by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of(f"Withdraw {str(self.referral).lower()}", "Withdraw the referral", submit_tone="danger")
        return super().get_context_data(**page, **kwargs)
