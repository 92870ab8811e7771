"""Staff accounts and roles."""

from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.urls import reverse, reverse_lazy

from trust.calendar import london_date
from trust.codes import MailKind, MailStatus
from trust.forms import EndRoleForm, RoleForm, StaffForm
from trust.models import Mail, Membership, User
from trust.permissions import CONFIRMED_ROLES, Permission
from trust.services import add_staff, deactivate_staff, end_role, give_role
from trust.web import Guard, Page, ServiceAction, ServiceFormView

FORM_PAGE = "components/form_page.html"
# How long e-mails to staff that did not go are shown.
LOST_SHOWN = timedelta(days=14)


class StaffList(Page):
    """Everybody with an account and the roles they hold today."""

    permission = Permission.SEE_STAFF
    template_name = "trust/staff_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = london_date(self.now)
        roles = Membership.objects.visible_to(self.request.user).in_force(today).select_related("school")
        people = User.objects.visible_to(self.request.user).order_by("-is_active", "full_name", "id")
        people = people.prefetch_related(Prefetch("memberships", roles, to_attr="roles_today"))
        page = Paginator(people, 25).get_page(self.request.GET.get("page"))
        lost = Mail.objects.visible_to(self.request.user).filter(
            kind__in=[MailKind.URGENT, MailKind.DIGEST],
            status__in=[MailStatus.FAILED, MailStatus.UNKNOWN],
            created_at__gt=self.now - LOST_SHOWN,
        )
        return super().get_context_data(page_obj=page, lost=lost.order_by("-created_at", "-id")[:10], **kwargs)


class StaffAdd(ServiceFormView):
    """An account for a new member of staff."""

    permission = Permission.SEE_STAFF
    template_name = FORM_PAGE
    form_class = StaffForm
    done = "The account was made. Give the person a role next: without one they see nothing."
    extra_context = {
        "title": "Add a member of staff",
        "submit_label": "Add member of staff",
        "cancel_url": reverse_lazy("trust:staff-list"),
        "crumbs": [("Staff", reverse_lazy("trust:staff-list"))],
    }

    def act(self, data: dict[str, Any]) -> Any:
        return add_staff(email=data["email"], full_name=data["full_name"], by=self.by, now=self.now)

    def get_success_url(self) -> str:
        return reverse("trust:staff-detail", args=[self.result.pk])


class OfPerson(Guard):
    """What the pages of one member of staff share: ``self.person``."""

    permission = Permission.SEE_STAFF
    person: User

    def load(self) -> None:
        self.person = self.find(User.objects.visible_to(self.request.user))

    def get_success_url(self) -> str:
        return reverse("trust:staff-detail", args=[self.person.pk])

    def page_of(self, title: str, submit_label: str, **more: Any) -> dict[str, Any]:
        """The context of a form page below the person's page."""
        own = reverse("trust:staff-detail", args=[self.person.pk])
        crumbs = [("Staff", reverse("trust:staff-list")), (self.person.full_name, own)]
        return {"title": title, "submit_label": submit_label, "cancel_url": own, "crumbs": crumbs, **more}


class StaffDetail(OfPerson, Page):
    """One person, the roles they hold and held."""

    template_name = "trust/staff_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        roles = Membership.objects.visible_to(self.request.user).filter(user=self.person).select_related("school")
        return super().get_context_data(
            person=self.person,
            roles=[
                (role, self.holds(Permission.CONFIRM_STAFF if role.role in CONFIRMED_ROLES else Permission.EDIT_STAFF))
                for role in roles.order_by("-from_day", "-id")
            ],
            today=london_date(self.now),
            is_self=self.person.pk == self.request.user.pk,
            **kwargs,
        )


class RoleGive(OfPerson, ServiceFormView):
    """One more role for a person."""

    template_name = FORM_PAGE
    form_class = RoleForm
    done = "The role was given."

    def get_initial(self) -> dict[str, Any]:
        return {"from_day": london_date(self.now)}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {
            **super().get_form_kwargs(),
            "confirms": self.holds(Permission.CONFIRM_STAFF),
            "edits": self.holds(Permission.EDIT_STAFF),
            "user": self.request.user,
        }

    def act(self, data: dict[str, Any]) -> Any:
        school = data["school"]
        return give_role(
            user_id=self.person.pk,
            role=data["role"],
            school_id=school.pk if school else None,
            from_day=data["from_day"],
            until_day=data["until_day"],
            designated=data["designated"],
            by=self.by,
            now=self.now,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = (
            "Headteacher, chief executive, DSL and trust AP lead are given by the chief executive, "
            "all other roles by a trust AP lead."
        )
        return super().get_context_data(**self.page_of("Give a role", "Give role", intro=words), **kwargs)


class RoleEnd(OfPerson, ServiceFormView):
    """The last day of one role."""

    template_name = FORM_PAGE
    form_class = EndRoleForm
    done = "The last day of the role was recorded."

    def load(self) -> None:
        self.membership = self.find(Membership.objects.visible_to(self.request.user).select_related("user", "school"))
        self.person = self.membership.user

    def get_initial(self) -> dict[str, Any]:
        return {"last_day": london_date(self.now)}

    def act(self, data: dict[str, Any]) -> Any:
        return end_role(membership_id=self.membership.pk, last_day=data["last_day"], by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        where = self.membership.school or "the whole trust"
        words = f"{self.membership.get_role_display()} for {where}. To close an account at once, deactivate it instead."
        return super().get_context_data(
            **self.page_of("End a role", "End role", intro=words, submit_tone="danger"), **kwargs
        )


class StaffDeactivate(OfPerson, ServiceAction):
    """Close the account of somebody who leaves."""

    done = "The account was deactivated: the person can no longer log in."

    def act(self) -> Any:
        return deactivate_staff(user_id=self.person.pk, by=self.by, now=self.now)
