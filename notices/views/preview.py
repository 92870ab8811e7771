"""The letter while it is written: what the form would say, without saving anything."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from notices.forms.kinds import form_class_for
from notices.lifecycle import Status
from notices.queries import facts_for
from notices.queries.reading import reading_help
from notices.views.notice import OfNotice
from trust.permissions import Permission
from trust.web import ServiceAction


class NoticePreview(OfNotice, ServiceAction):
    """Posted by the page of the particulars after each change; answers with the letter, ticks and reading help.

    Writes nothing. What cannot be read yet (half a time) is named, and the letter keeps what was saved there.
    """

    permission = Permission.PREPARE_NOTICE

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        notice = self.notice
        errors: list[tuple[str, str]] = []
        if notice.status == Status.DRAFT:
            form = form_class_for(notice.kind)(request.POST, computed_days=facts_for(notice).computed_days)
            form.is_valid()
            for name, value in form.cleaned_data.items():
                if name != "version":
                    setattr(notice, name, value)
            errors = [
                (str(form.fields[name].label), str(found[0]))
                for name, found in form.errors.items()
                if name in form.fields
            ]
        context = {**self.context_of(), "reading": reading_help(notice), "unread": errors, "live": True}
        response = render(request, "notices/_preview_answer.html", context)
        response["Cache-Control"] = "no-store, private"
        return response
