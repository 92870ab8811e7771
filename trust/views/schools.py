"""Schools and their calendars."""

from typing import Any

from django.http import Http404
from django.urls import reverse, reverse_lazy

from trust.calendar import london_date
from trust.forms import ActingHeadForm, CopyTermsForm, NonSchoolDayForm, SchoolForm, TermsForm, YearForm
from trust.models import AcademicYear, NonSchoolDay, School
from trust.permissions import Permission
from trust.queries import calendar_pages, people_at, years_loaded
from trust.services import (
    add_school,
    add_year,
    copy_terms,
    load_terms,
    name_acting_head,
    record_non_school_day,
    remove_non_school_day,
)
from trust.web import Guard, Page, ServiceAction, ServiceFormView

FORM_PAGE = "components/form_page.html"


class SchoolList(Page):
    """The schools whose students the person sees, with the years whose calendar is loaded."""

    permission = Permission.SEE_STUDENTS
    template_name = "trust/school_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        schools = School.objects.visible_to(self.request.user).order_by("name")
        loaded = years_loaded()
        return super().get_context_data(
            schools=[(school, loaded.get(school.pk, frozenset())) for school in schools],
            years=AcademicYear.objects.visible_to(self.request.user),
            may_edit=self.holds(Permission.EDIT_SETTINGS),
            **kwargs,
        )


class SchoolAdd(ServiceFormView):
    """A school joins the trust."""

    permission = Permission.EDIT_SETTINGS
    template_name = FORM_PAGE
    form_class = SchoolForm
    done = "The school was added. Load its terms next: without them no school day can be counted."
    extra_context = {
        "title": "Add a school",
        "submit_label": "Add school",
        "cancel_url": reverse_lazy("trust:school-list"),
        "crumbs": [("Schools and calendar", reverse_lazy("trust:school-list"))],
    }

    def act(self, data: dict[str, Any]) -> Any:
        return add_school(data=data, by=self.by, now=self.now)

    def get_success_url(self) -> str:
        return reverse("trust:school-detail", args=[self.result.pk])


class YearAdd(ServiceFormView):
    """An academic year for the whole trust."""

    permission = Permission.EDIT_SETTINGS
    template_name = FORM_PAGE
    form_class = YearForm
    done = "The academic year was added. Load each school's terms next."
    success_url = reverse_lazy("trust:school-list")
    extra_context = {
        "title": "Add an academic year",
        "submit_label": "Add year",
        "cancel_url": reverse_lazy("trust:school-list"),
        "crumbs": [("Schools and calendar", reverse_lazy("trust:school-list"))],
    }

    def act(self, data: dict[str, Any]) -> Any:
        return add_year(start=data["start"], by=self.by, now=self.now)


class AtSchool(Guard):
    """What the pages of one school share: ``self.school``, found before anything else."""

    school: School

    def load(self) -> None:
        self.school = self.find(School.objects.visible_to(self.request.user))

    def get_success_url(self) -> str:
        return reverse("trust:school-detail", args=[self.school.pk])

    def page_of(self, title: str, submit_label: str, **more: Any) -> dict[str, Any]:
        """The context of a form page below the school's page."""
        own = reverse("trust:school-detail", args=[self.school.pk])
        crumbs = [("Schools and calendar", reverse("trust:school-list")), (self.school.short_name, own)]
        return {"title": title, "submit_label": submit_label, "cancel_url": own, "crumbs": crumbs, **more}


class SchoolDetail(AtSchool, Page):
    """One school: its address, who decides and safeguards there, and its calendar year by year."""

    permission = Permission.SEE_STUDENTS
    template_name = "trust/school_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = london_date(self.now)
        return super().get_context_data(
            school=self.school,
            times=self.school.times.order_by("-from_day"),
            years=calendar_pages(self.school.pk),
            people=people_at(self.school.pk, today),
            may_edit=self.may(Permission.EDIT_SETTINGS, self.school),
            may_close=self.may(Permission.EDIT_CALENDAR, self.school),
            may_name_head=self.may(Permission.NAME_ACTING_HEAD, self.school),
            **kwargs,
        )


class SchoolTerms(AtSchool, ServiceFormView):
    """The three terms of one academic year."""

    permission = Permission.EDIT_SETTINGS
    template_name = FORM_PAGE
    form_class = TermsForm
    done = "The terms were saved."

    def load(self) -> None:
        super().load()
        year = AcademicYear.objects.visible_to(self.request.user).filter(pk=self.kwargs["year"]).first()
        if year is None:
            raise Http404
        self.year = year

    def get_initial(self) -> dict[str, Any]:
        terms = self.school.terms.filter(academic_year=self.year)
        names = ("first_day", "break_first", "break_last", "last_day")
        return {f"{term.season.lower()}_{name}": getattr(term, name) for term in terms for name in names}

    def form_valid(self, form: Any) -> Any:
        self.terms = form.terms()
        return super().form_valid(form)

    def act(self, data: dict[str, Any]) -> Any:
        return load_terms(
            school_id=self.school.pk,
            academic_year_id=self.year.pk,
            terms=self.terms,
            by=self.by,
            now=self.now,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of(f"Terms {self.year.label}", "Save terms", intro=f"{self.school.name}, {self.year.label}.")
        return super().get_context_data(**page, **kwargs)


class SchoolCopyTerms(AtSchool, ServiceFormView):
    """Terms and INSET days of one year, copied from another school."""

    permission = Permission.EDIT_SETTINGS
    template_name = FORM_PAGE
    form_class = CopyTermsForm
    done = "The terms and INSET days were copied."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user, "school": self.school}

    def act(self, data: dict[str, Any]) -> Any:
        return copy_terms(
            from_school_id=data["from_school"].pk,
            to_school_id=self.school.pk,
            academic_year_id=data["academic_year"].pk,
            by=self.by,
            now=self.now,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = f"Terms that {self.school.name} has in that year are replaced. Its own days without school stay."
        return super().get_context_data(
            **self.page_of("Copy terms from another school", "Copy terms", intro=words), **kwargs
        )


class NonSchoolDayRecord(AtSchool, ServiceFormView):
    """A day on which the school holds no session."""

    permission = Permission.EDIT_CALENDAR
    template_name = FORM_PAGE
    form_class = NonSchoolDayForm
    done = "The day was recorded. Deadlines and expected sessions count without it."

    def act(self, data: dict[str, Any]) -> Any:
        return record_non_school_day(
            school_id=self.school.pk,
            day=data["day"],
            kind=data["kind"],
            note=data["note"],
            by=self.by,
            now=self.now,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = "An INSET day, a closure or a further holiday. Bank holidays are known already."
        return super().get_context_data(
            **self.page_of("Record a day without school", "Record day", intro=words), **kwargs
        )


class NonSchoolDayRemove(ServiceAction):
    """A day without school that was recorded by mistake."""

    permission = Permission.EDIT_CALENDAR
    done = "The day is a school day again."

    def load(self) -> None:
        self.day = self.find(NonSchoolDay.objects.visible_to(self.request.user))

    def act(self) -> Any:
        return remove_non_school_day(non_school_day_id=self.day.pk, by=self.by, now=self.now)

    def get_success_url(self) -> str:
        return reverse("trust:school-detail", args=[self.day.school_id])


class ActingHeadName(AtSchool, ServiceFormView):
    """Somebody named in advance to decide as headteacher."""

    permission = Permission.NAME_ACTING_HEAD
    template_name = FORM_PAGE
    form_class = ActingHeadForm
    done = "The acting headteacher was named."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user, "school": self.school}

    def act(self, data: dict[str, Any]) -> Any:
        return name_acting_head(
            school_id=self.school.pk,
            user_id=data["person"].pk,
            from_day=data["from_day"],
            until_day=data["until_day"],
            by=self.by,
            now=self.now,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = (
            "On these days the person decides as headteacher, and the record says so. "
            "When nobody is named, decisions go to the chief executive."
        )
        return super().get_context_data(
            **self.page_of("Name an acting headteacher", "Name acting headteacher", intro=words), **kwargs
        )
