"""The decision about a referral, and how one is withdrawn, taken up again or made void."""

from typing import Any

from django.core.exceptions import PermissionDenied

from referrals.forms import DecideForm, ReasonForm
from referrals.models import Referral
from referrals.queries import actions_of, amendments_of, sections_of, void_permission, waits_for, writers_of
from referrals.services import decide_referral, reopen_referral, void_referral, withdraw_referral
from referrals.views.one import OfReferral
from trust.calendar import london_date
from trust.permissions import Permission
from trust.web import ServiceFormView, refusal


class ReferralDecide(OfReferral, ServiceFormView):
    """Everything that the decision rests on, on one page that is good on a telephone."""

    permission = Permission.DECIDE_REFERRAL
    template_name = "referrals/referral_decide.html"
    form_class = DecideForm
    done = "Your decision is recorded."

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.referral.version}

    def act(self, data: dict[str, Any]) -> Referral:
        return decide_referral(
            referral_id=self.referral.pk,
            decision=data["decision"],
            reason=data["reason"],
            version=data["version"] or 0,
            by=self.by,
            now=self.now,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self.request.method == "GET":
            self.note_access(self.referral.student, "referral opened to decide")
        return super().get_context_data(
            sections=sections_of(self.referral),
            amendments=amendments_of(self.referral),
            sees_narrative=self.may(Permission.SEE_NARRATIVE, self.referral),
            waiting=waits_for(self.referral, london_date(self.now)),
            wrote_it=self.by.pk in writers_of(self.referral),
            may_decide="decide" in actions_of(self.referral, self.by),
            **kwargs,
        )


class _WithReason(OfReferral, ServiceFormView):
    """A move of a referral that only asks why."""

    template_name = "components/form_page.html"
    form_class = ReasonForm
    verb: str
    label: str
    intro: str
    tone = "danger"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        title = f"{self.verb} {str(self.referral).lower()}"
        page = self.page_of(title, self.label, submit_tone=self.tone, intro=self.intro)
        return super().get_context_data(**page, **kwargs)


class ReferralWithdraw(_WithReason):
    """Take back a referral that is not decided."""

    permission = Permission.WRITE_REFERRAL
    done = "The referral is withdrawn."
    verb, label = "Withdraw", "Withdraw the referral"
    intro = "What was written stays readable, and the referral can be taken up again."

    def act(self, data: dict[str, Any]) -> Referral:
        return withdraw_referral(referral_id=self.referral.pk, reason=data["reason"], by=self.by, now=self.now)


class ReferralReopen(_WithReason):
    """Take up a withdrawn or declined referral again."""

    permission = Permission.WRITE_REFERRAL
    done = "The referral is a draft again. Bring its sections up to date and submit it anew."
    verb, label = "Take up again", "Take up the referral again"
    intro = "It becomes a draft with everything that was written; it is submitted and decided anew."
    tone = "primary"

    def act(self, data: dict[str, Any]) -> Referral:
        return reopen_referral(referral_id=self.referral.pk, reason=data["reason"], by=self.by, now=self.now)


class ReferralVoid(_WithReason):
    """Make a referral void that was opened by mistake."""

    permission = Permission.SEE_STUDENTS
    done = "The referral is void."
    verb, label = "Make void", "Make the referral void"
    intro = (
        "For a referral opened by mistake: the wrong student, or written twice. It counts nowhere, stays readable and "
        "is never opened again."
    )

    def load(self) -> None:
        """A draft is made void by who writes, later by who decides."""
        super().load()
        needed = void_permission(self.referral)
        if not self.may(needed, self.referral):
            raise PermissionDenied(refusal(needed))

    def act(self, data: dict[str, Any]) -> Referral:
        return void_referral(referral_id=self.referral.pk, reason=data["reason"], by=self.by, now=self.now)
