"""Students and their contacts."""

from typing import Any

from django.urls import reverse, reverse_lazy

from trust.filters import StudentFilter
from trust.forms import ContactForm, StudentForm
from trust.models import ContactLink, Student
from trust.permissions import Permission
from trust.queries import named
from trust.services import add_contact, add_student, change_contact, change_student
from trust.web import Guard, SearchedList, ServiceFormView

FORM_PAGE = "components/form_page.html"


class StudentList(SearchedList):
    """The students of the person's schools and their guests."""

    permission = Permission.SEE_STUDENTS
    template_name = "trust/student_list.html"
    search_key = "student_name"

    def rows(self, name: str) -> Any:
        students = Student.objects.visible_to(self.request.user).select_related("school").order_by("sort_name", "id")
        self.filter = StudentFilter(self.request.GET, queryset=students.filter(named(name)), request=self.request)
        return self.filter.qs

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {**context, "filter": self.filter, "may_add": self.holds(Permission.EDIT_STUDENTS)}


class OfStudent(Guard):
    """What the pages of one student share: ``self.student``, found before anything else."""

    student: Student

    def load(self) -> None:
        self.student = self.find(Student.objects.visible_to(self.request.user).select_related("school"))

    def get_success_url(self) -> str:
        return reverse("trust:student-detail", args=[self.student.pk])

    def page_of(self, title: str, submit_label: str, **more: Any) -> dict[str, Any]:
        """The context of a form page below the student's page; the tab's title names no student."""
        own = reverse("trust:student-detail", args=[self.student.pk])
        crumbs = [("Students", reverse("trust:student-list")), (str(self.student), own)]
        return {"title": title, "submit_label": submit_label, "cancel_url": own, "crumbs": crumbs, **more}


class StudentAdd(ServiceFormView):
    """A student on the roll of one of the person's schools."""

    permission = Permission.EDIT_STUDENTS
    template_name = FORM_PAGE
    form_class = StudentForm
    done = "The student was added. Add the contacts next: notices go to them."
    extra_context = {
        "title": "Add a student",
        "submit_label": "Add student",
        "cancel_url": reverse_lazy("trust:student-list"),
        "crumbs": [("Students", reverse_lazy("trust:student-list"))],
    }

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def act(self, data: dict[str, Any]) -> Any:
        return add_student(data=data, by=self.by, now=self.now)

    def get_success_url(self) -> str:
        return reverse("trust:student-detail", args=[self.result.pk])


class StudentEdit(OfStudent, ServiceFormView):
    """The student's facts; the second of two people who save is told what the first changed."""

    permission = Permission.EDIT_STUDENTS
    template_name = FORM_PAGE
    form_class = StudentForm
    done = "The student's record was saved."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user, "instance": self.student}

    def act(self, data: dict[str, Any]) -> Any:
        version = data.pop("version")
        return change_student(student_id=self.kwargs["pk"], data=data, version=version or 0, by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**self.page_of("Edit student", "Save"), **kwargs)


class ContactAdd(OfStudent, ServiceFormView):
    """A person who stands behind the student."""

    permission = Permission.EDIT_CONTACTS
    template_name = FORM_PAGE
    form_class = ContactForm
    done = "The contact was added."
    title, submit_label = "Add a contact", "Add contact"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {
            **super().get_form_kwargs(),
            "user": self.request.user,
            "student": self.student,
            "show_restriction": self.may(Permission.SEE_RESTRICTION, self.student),
        }

    def form_valid(self, form: Any) -> Any:
        self.person, self.tie = form.person(), form.tie()
        return super().form_valid(form)

    def act(self, data: dict[str, Any]) -> Any:
        return add_contact(student_id=self.student.pk, contact=self.person, link=self.tie, by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = (
            "Every parent receives a direction notice: natural parents, whoever has parental responsibility and "
            "whoever has care of the student."
        )
        return super().get_context_data(**self.page_of(self.title, self.submit_label, intro=words), **kwargs)


class ContactEdit(ContactAdd):
    """The facts of a contact, and what they are to this student."""

    done = "The contact was saved."
    title, submit_label = "Edit contact", "Save contact"

    def load(self) -> None:
        links = ContactLink.objects.visible_to(self.request.user).select_related("contact", "student__school")
        self.link = self.find(links)
        self.student = self.link.student

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "link": self.link}

    def act(self, data: dict[str, Any]) -> Any:
        return change_contact(link_id=self.link.pk, contact=self.person, link=self.tie, by=self.by, now=self.now)
