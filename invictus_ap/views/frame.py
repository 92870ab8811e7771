"""The home page, the health check, the demo log-in and the page of a server error."""

import sys
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db import InterfaceError, OperationalError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template import loader
from django.utils import timezone
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from invictus_ap.queries import demo_account, worklist


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Say whether the web process reaches its database: 200 when it does, 503 when not. No log-in, no data."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except OperationalError:
        return JsonResponse({"database": "unreachable"}, status=503)
    return JsonResponse({"database": "ok"})


class Home(LoginRequiredMixin, TemplateView):
    """What waits for the person who is logged in."""

    template_name = "invictus_ap/home.html"
    http_method_names = ["get", "head", "options"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        chosen = self.request.GET.get("school", "")
        # A school's id has few digits; whatever else stands in the address chooses none.
        school_id = int(chosen) if chosen.isdecimal() and chosen.isascii() and len(chosen) < 10 else None
        work = worklist(self.request.user, now=timezone.now(), school_id=school_id)
        return super().get_context_data(work=work, **kwargs)


class DemoLogin(View):
    """Log in as one of the demo's people, by one click; exists in demo mode only."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        user = demo_account(request.POST.get("email", "")) if settings.DEMO_LOGIN else None
        if user is None:
            raise Http404
        login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
        return redirect("home")


def server_error(request: HttpRequest) -> HttpResponse:
    """The page of a server error: 503 when the database cannot be reached, else 500. It reads nothing."""
    lost = isinstance(sys.exc_info()[1], (OperationalError, InterfaceError))
    status = 503 if lost else 500
    # Rendered without the request: the frame would ask the database who is logged in.
    return HttpResponse(loader.render_to_string(f"{status}.html"), status=status)
