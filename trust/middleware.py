"""What every request passes: clean characters, an actor for the history, and no copies left in a browser."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, TooManyFieldsSent
from django.core.files.uploadhandler import FileUploadHandler
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.defaults import bad_request, page_not_found
from pghistory.middleware import HistoryMiddleware

from trust.errors import DomainError

GetResponse = Callable[[HttpRequest], HttpResponse]

# The largest number that a row's id can be.
LARGEST_ID = 2**63 - 1


class LimitedUploadHandler(FileUploadHandler):
    """Lets no more of a file through than shows that it is too large; the rest is neither kept in memory nor on disk.

    What arrives in the form is then larger than ``MAX_UPLOAD_MB`` allows, and ``keep_upload`` says so.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.passed = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if self.passed > settings.MAX_UPLOAD_MB * 1024 * 1024:
            return None
        self.passed += len(raw_data)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The file itself is made by the next handler."""


class RefuseNulMiddleware:
    """Answer 400 when a path, query or form field holds a NUL byte, which PostgreSQL text cannot store.

    Without this the first query with such a value ends as a server error.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            refused = self._has_nul(request)
        except (RequestDataTooBig, TooManyFieldsSent, MultiPartParserError, UnicodeError) as error:
            return bad_request(request, error)
        if refused:
            return bad_request(request, BadRequest("NUL byte in the request"))
        return self.get_response(request)

    @staticmethod
    def _has_nul(request: HttpRequest) -> bool:
        if "\x00" in request.path or "\x00" in request.META.get("HTTP_COOKIE", ""):
            return True
        sources = [request.GET]
        if request.method == "POST":
            sources.append(request.POST)
        for source in sources:
            for name, values in source.lists():
                if "\x00" in name or any("\x00" in value for value in values):
                    return True
        uploads = [upload for name in request.FILES for upload in request.FILES.getlist(name)]
        return any("\x00" in (upload.name or "") for upload in uploads)


class RefuseImpossibleMiddleware:
    """What cannot be in an address is not found, and what no view caught of our refusals is a page with its sentence.

    An id that is too large for a row, and a date beside the first or last that exists, must not end as server errors.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> None:
        if any(isinstance(value, int) and value > LARGEST_ID for value in kwargs.values()):
            raise Http404

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, DomainError):
            return render(request, "refused.html", {"refusal": exception}, status=409)
        if isinstance(exception, (OverflowError, DataError)):
            if request.method in ("GET", "HEAD"):
                return page_not_found(request, Http404())
            return bad_request(request, exception)
        return None


class AuditMiddleware(HistoryMiddleware):
    """Every change made inside a request is recorded with the person who asked and the address asked for."""

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        user = getattr(request, "user", None)
        return {"user": user.pk if user is not None else None, "url": request.path}


class NoStoreMiddleware:
    """A page asked for within a session is kept in no cache, so that 'back' after log-out shows nothing.

    Goes by the cookie and not by the user, so that it also holds while the database cannot say who that is.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            add_never_cache_headers(response)
        return response
