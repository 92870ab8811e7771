"""The register of notices: what must be given, what was and whether in time, as a page, as a file, as a rate."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from notices.forms import OnTimeForm, RegisterFilterForm
from notices.queries import due_notices, on_time_rows, register, register_rows
from trust.calendar import london_date
from trust.models import AcademicYear
from trust.permissions import Permission
from trust.resources.sheet import CSV_TYPE, XLSX_TYPE, csv_of, xlsx_of
from trust.services import log_list_access
from trust.templatetags.trust_ui import surname_first
from trust.web import Guard, Page, SearchedList, View

SEARCH_KEY = "notice_name"
_HEADINGS = (
    "Notice",
    "Student",
    "School",
    "Route",
    "Kind",
    "Effective on",
    "Give by",
    "Given on",
    "In time",
    "Status",
    "Reason of an override",
)


class NoticeList(SearchedList):
    """Periods that wait for a notice, most pressing first, and all notices with filters."""

    permission = Permission.SEE_STUDENTS
    template_name = "notices/notice_list.html"
    search_key = SEARCH_KEY

    def rows(self, name: str) -> Any:
        self.form = RegisterFilterForm(self.request.GET, user=self.by)
        self.chosen = self.form.chosen()
        return register(self.by, name, **self.chosen)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        today = london_date(self.now)
        school_id = self.chosen["school_id"]
        page = context["page_obj"]
        due = due_notices(self.by, today) if page.number == 1 else []
        query = self.request.GET.copy()
        query.pop("page", None)
        return {
            **context,
            "form": self.form,
            "due": [one for one in due if school_id is None or one.school.pk == school_id],
            "notices": register_rows(page.object_list, today),
            "may_export": self.holds(Permission.SEE_CHRONOLOGY),
            "may_print": self.holds(Permission.RECORD_SERVICE),
            "query": query.urlencode(),
        }


class NoticeExport(Guard, View):
    """The notices of the list as CSV or as a workbook, all pages of them; each student on it is noted."""

    permission = Permission.SEE_CHRONOLOGY
    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        kind = request.GET.get("as", "xlsx")
        if kind not in ("csv", "xlsx"):
            raise Http404
        chosen = RegisterFilterForm(request.GET, user=self.by).chosen()
        name = request.session.get(SEARCH_KEY, "")
        today = london_date(self.now)
        notices = list(register(self.by, name, permission=self.permission, **chosen))
        rows = register_rows(notices, today)
        lines = [
            (
                row.notice.pk,
                surname_first(row.student),
                row.school.short_name,
                row.route,
                row.notice.get_kind_display(),
                row.notice.effective_on,
                row.give_by,
                row.notice.given_on,
                "No longer needed" if row.over else str(row.outcome.label),
                row.notice.get_status_display(),
                row.notice.override_reason,
            )
            for row in rows
        ]
        content = csv_of(_HEADINGS, lines) if kind == "csv" else xlsx_of("Notices", _HEADINGS, lines)
        if request.method == "GET":
            log_list_access(
                by=self.by,
                students=[row.student for row in rows],
                action="took the register of notices",
                path=request.path,
                now=self.now,
            )
        return HttpResponse(
            content,
            content_type=CSV_TYPE if kind == "csv" else XLSX_TYPE,
            headers={
                "Content-Disposition": f'attachment; filename="notices-{today.isoformat()}.{kind}"',
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "no-store, private",
            },
        )


class OnTimeRate(Page):
    """How many notices of an academic year were given in time, per school and term."""

    permission = Permission.SEE_CHRONOLOGY
    template_name = "notices/notice_on_time.html"
    http_method_names = ["get", "head", "options"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = london_date(self.now)
        years = AcademicYear.objects.visible_to(self.by)
        form = OnTimeForm(self.request.GET, user=self.by)
        chosen = form.cleaned_data if form.is_valid() else {}
        running = years.filter(first_day__lte=today).order_by("-first_day").first()
        year = chosen.get("year") or running
        school = chosen.get("school")
        form = OnTimeForm({"year": year.pk if year else "", "school": school.pk if school else ""}, user=self.by)
        rows, total = (
            on_time_rows(self.by, year, today, school_id=school.pk if school else None) if year else ([], None)
        )
        return super().get_context_data(form=form, year=year, rows=rows, total=total, **kwargs)
