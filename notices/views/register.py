"""The list of notices: what must be given, and what was."""

from typing import Any

from django.core.paginator import Paginator

from notices.forms import NoticeFilterForm
from notices.queries import (
    due_notices,
    no_longer_needed,
    notice_list,
)
from trust.calendar import london_date
from trust.permissions import Permission
from trust.web import Page

PAGE_SIZE = 25


class NoticeList(Page):
    """Periods that wait for a notice, most pressing first, and all notices with filters."""

    permission = Permission.SEE_STUDENTS
    template_name = "notices/notice_list.html"
    http_method_names = ["get", "head", "options"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        user = self.request.user
        form = NoticeFilterForm(self.request.GET or None, user=user)
        chosen = form.cleaned_data if form.is_bound and form.is_valid() else {}
        school = chosen.get("school")
        notices = notice_list(user, status=chosen.get("status", ""), school_id=school.pk if school else None)
        due = due_notices(user, london_date(self.now))
        page = Paginator(notices, PAGE_SIZE).get_page(self.request.GET.get("page"))
        context |= {
            "form": form,
            "due": [one for one in due if school is None or one.school.pk == school.pk],
            "page": page,
            "over": {notice.pk for notice in page if no_longer_needed(notice)},
        }
        return context
