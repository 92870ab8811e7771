"""What every view shares: the guard, and how a refusal of a service becomes a sentence on the page."""

import re
from datetime import date, datetime
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.mixins import AccessMixin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.generic import FormView, TemplateView, View

from trust.calendar import date_words
from trust.codes import DOCUMENT_TYPES, IMPORT_TYPES
from trust.errors import DomainError, NotAllowed, StaleRecord
from trust.models import StoredFile, Student, User
from trust.permissions import GRANTS, Permission, Role, who_can
from trust.scoping import Scope
from trust.services import file_bytes, log_access

_SUFFIXES = (*DOCUMENT_TYPES.items(), *IMPORT_TYPES.items())


def refusal(permission: Permission) -> str:
    """The sentence of a 403 page: what the person cannot do and who can."""
    return f"You cannot {permission.value} here. {who_can(permission)} can."


def file_response(stored: StoredFile, *, name: str) -> HttpResponse:
    """A stored file as a download under ``name`` (words of ours, never the sender's) with its own suffix.

    Never shown in the browser, never guessed at, kept in no cache. The view has found the record that holds the file
    by its scope. ``RuleBroken`` when the file is gone or was changed.
    """
    suffix = next((end for end, kind in _SUFFIXES if kind == stored.content_type), ".bin")
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "file"
    return HttpResponse(
        file_bytes(stored),
        content_type=stored.content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{plain}{suffix}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store, private",
        },
    )


def _follow(record: Any, path: str) -> Any:
    for name in path.split("__"):
        if record is None:
            return None
        record = getattr(record, name)
    return record


def schools_of(record: Model) -> tuple[int | None, int | None]:
    """Home and host school ids of a record, by the paths its model declares; (None, None) for the trust's own."""
    scope = getattr(type(record), "scope", None)
    if not isinstance(scope, Scope):
        return None, None
    # A path through many placements names no one host.
    host = scope.host if scope.host and "placements__" not in scope.host else None
    return _follow(record, scope.home), _follow(record, host) if host else None


# What the school that a student is at now reads of a case commissioned before; everything else stays with that school.
_READ_LATER = frozenset({Permission.SEE_NARRATIVE})


def school_now(record: Model) -> int | None:
    """The id of the school that reads a record beside the one that made it, None when it has no such path."""
    scope = getattr(type(record), "scope", None)
    path = scope.former if isinstance(scope, Scope) else None
    # A path through many enrolments names the schools before, not the one now.
    if not path or type(record)._meta.get_field(path.split("__")[0]).one_to_many:
        return None
    school_id: int | None = _follow(record, path)
    return school_id


def own_permission(record: Model) -> Permission | None:
    """The permission that makes records of this kind visible at all."""
    scope = getattr(type(record), "scope", None)
    return scope.permission if isinstance(scope, Scope) else getattr(type(record), "seen_with", None)


class Guard(AccessMixin):
    """Log-in first; then the permission: of any membership for a page about no record, of the record's school else.

    Set ``permission`` on every view. A view about a record gets it by ``find``: out of scope is 404, in scope
    without the permission is 403 with who can.
    """

    permission: Permission
    request: HttpRequest
    kwargs: dict[str, Any]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        if "pk" not in kwargs and not self.holds(self.permission):
            raise PermissionDenied(refusal(self.permission))
        self.load()
        try:
            response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        except NotAllowed as error:
            raise PermissionDenied(error.message) from error
        return response

    def load(self) -> None:
        """Find the record of the address by ``find`` before anything else happens; empty for other pages."""

    @property
    def now(self) -> datetime:
        """The instant of this request, one for all services it calls."""
        if not hasattr(self, "_now"):
            self._now = timezone.now()
        return self._now

    @property
    def by(self) -> User:
        """The person who asks; ``dispatch`` has let nobody through who is not logged in."""
        return cast(User, self.request.user)

    def holds(self, permission: Permission) -> bool:
        """True when the person holds ``permission`` in any membership (for pages about no record)."""
        user: Any = self.request.user
        return any(Role(membership.role) in GRANTS[permission] for membership in user.held())

    def may(self, permission: Permission, record: Model) -> bool:
        """True when the person may do this to this record: buttons ask the same table as services."""
        user: Any = self.request.user
        home, host = schools_of(record)
        if user.allows(permission, home_id=home, host_id=host):
            return True
        now_at = school_now(record) if permission in _READ_LATER else None
        return now_at is not None and bool(user.allows(permission, home_id=now_at))

    def find(self, queryset: Any, pk: int | None = None, permission: Permission | None = None) -> Any:
        """The record ``pk`` (default: of the address) from a queryset that is scoped by ``visible_to``.

        ``Http404`` out of scope, ``PermissionDenied`` in scope without ``permission`` (default: the view's own).
        """
        wanted = permission or self.permission
        record = queryset.visible_to(self.request.user).filter(pk=self.kwargs["pk"] if pk is None else pk).first()
        if record is None:
            raise Http404
        # Being among the visible rows proves the model's own permission, also to a host or a former school.
        if wanted != own_permission(record) and not self.may(wanted, record):
            raise PermissionDenied(refusal(wanted))
        return record

    def note_access(self, student: Any, action: str) -> None:
        """Write to the access log that this person opened the student's record."""
        log_access(by=self.request.user, student=student, action=action, path=self.request.path, now=self.now)


class Page(Guard, TemplateView):
    """A page that is read."""


class FileOf(Guard, View):
    """A stored file as a download, byte for byte as it was kept; where it is about students, each download is noted."""

    permission = Permission.SEE_STUDENTS
    http_method_names = ["get", "head", "options"]
    action = ""

    def stored(self) -> StoredFile | None:
        """The file, None when there is none."""
        raise NotImplementedError

    def students(self) -> list[Student]:
        """About whom it is; nobody unless the page says so."""
        return []

    def name(self) -> str:
        """The name of the download, in our words, without suffix."""
        raise NotImplementedError

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        stored = self.stored()
        if stored is None:
            raise Http404
        try:
            response = file_response(stored, name=self.name())
        except DomainError as error:
            return HttpResponse(f"{error.message}\n", status=410, content_type="text/plain; charset=utf-8")
        for student in self.students():
            log_access(by=request.user, student=student, action=self.action, path=request.path, now=self.now)
        return response


class SearchedList(Page):
    """A list of which 25 rows are shown at once; a name to look for is posted and kept in the session.

    Set ``search_key`` (the session's key) and implement ``rows(name)``: scoped and filtered by the coded values of
    the address. The template gets ``page_obj`` and ``name``.
    """

    http_method_names = ["get", "post", "head", "options"]
    search_key: str
    per_page = 25

    def rows(self, name: str) -> Any:
        """The ordered rows whose name fits ``name``; all for an empty one."""
        raise NotImplementedError

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Keep the name in the session, out of addresses and logs, and show the first page of what fits."""
        request.session[self.search_key] = request.POST.get("name", "").strip()[:80]
        query = request.GET.copy()
        query.pop("page", None)
        return HttpResponseRedirect(f"{request.path}?{query.urlencode()}" if query else request.path)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        name = self.request.session.get(self.search_key, "")
        page = Paginator(self.rows(name), self.per_page).get_page(self.request.GET.get("page"))
        return super().get_context_data(page_obj=page, name=name, **kwargs)


def _shown(field: Any, value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if value is None or value == "" or value == []:
        return "not recorded"
    if isinstance(value, list | tuple):
        return "; ".join(_shown(field, item) for item in value)
    if isinstance(value, date):
        return date_words(value)
    words = {str(key): str(label) for key, label in getattr(field, "choices", ())}
    if isinstance(value, list | tuple):
        return ", ".join(words.get(str(one), str(one)) for one in value)
    return words.get(str(getattr(value, "pk", value)), str(value))


def _show_newer(form: Any) -> None:
    """List on the form what stands in the record now beside what was typed, and let the next save through.

    ``form.initial`` was read in this request, so it holds what somebody else saved meanwhile.
    """
    if "version" not in form.initial:
        return
    form.newer = [
        (form.fields[name].label, _shown(form.fields[name], form.initial.get(name)), _shown(form.fields[name], typed))
        for name, typed in form.cleaned_data.items()
        if name in form.changed_data and name != "version"
    ]
    form.data = form.data.copy()
    form.data[form.add_prefix("version")] = str(form.initial["version"])


class ServiceFormView(Guard, FormView):  # type: ignore[type-arg]
    """A form whose clean data go to one service; its refusals come back beside the field, nothing typed is lost.

    Implement ``act(data)`` (the one service call) and ``success_url`` or ``get_success_url``; ``done`` is the sentence
    shown afterwards.
    """

    http_method_names = ["get", "post", "head", "options"]
    done = "Saved."

    def act(self, data: dict[str, Any]) -> Any:
        """Call the service with the cleaned data; what it returns is kept as ``self.result``."""
        raise NotImplementedError

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            self.result = self.act(form.cleaned_data)
        except NotAllowed as error:
            # The page itself is allowed, what was typed into it is not: an early end, one's own check.
            form.add_error(None, error.message)
            response = self.form_invalid(form)
            response.status_code = 403
            return response
        except DomainError as error:
            words = f"{error.message} {error.help}" if error.help else error.message
            form.add_error(error.field if error.field in form.fields else None, words)
            if isinstance(error, StaleRecord):
                _show_newer(form)
            return self.form_invalid(form)
        messages.success(self.request, self.done)
        return HttpResponseRedirect(self.get_success_url())

    def form_invalid(self, form: Any) -> HttpResponse:
        for name in self.request.FILES:
            if name in form.fields:
                # No browser sends a file twice by itself.
                form[name].help_text = f"Choose the file again. {form[name].help_text}"
        response = self.render_to_response(self.get_context_data(form=form))
        response.status_code = 422
        return response


class ServiceAction(Guard, View):
    """A button: one POST, one service call, back to the page it stands on with a sentence either way."""

    http_method_names = ["post", "options"]
    done = "Done."

    def act(self) -> Any:
        """Call the service; what it returns is kept as ``self.result``."""
        raise NotImplementedError

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A 405 with a way on: who logs in again after pressing a button comes back to its address with a GET."""
        words = {"message": "This address belongs to a button.", "help": "Open the page and press the button again."}
        page = render(request, "refused.html", {"refusal": words}, status=405)
        page["Allow"] = ", ".join(verb.upper() for verb in self.http_method_names)
        return page

    def get_success_url(self) -> str:
        """Where the page of the record is."""
        raise NotImplementedError

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            self.result = self.act()
        except NotAllowed:
            raise
        except DomainError as error:
            messages.error(request, f"{error.message} {error.help}" if error.help else error.message)
        else:
            messages.success(request, self.done)
        return HttpResponseRedirect(self.get_success_url())
