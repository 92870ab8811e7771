"""The list of referrals, and the page that begins one."""

from typing import Any

from django.urls import reverse

from referrals.filters import ReferralFilter
from referrals.forms import StartForm
from referrals.models import Referral
from referrals.queries import before_start, listed
from referrals.services import start_referral
from trust.models import Student
from trust.permissions import Permission
from trust.web import SearchedList, ServiceFormView


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
        return reverse("referrals:referral-detail", args=[self.result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(student=self.student, before=before_start(self.by, self.student), **kwargs)
