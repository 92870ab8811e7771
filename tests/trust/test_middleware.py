from collections.abc import Callable
from typing import Any

import pghistory.runtime
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from tests.fixtures import Cast
from trust.adapters import AccountAdapter
from trust.middleware import AuditMiddleware, NoStoreMiddleware, RefuseNulMiddleware

requests = RequestFactory()


def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse("reached")


@pytest.mark.parametrize(
    "request_",
    [
        requests.get("/a\x00b/"),
        requests.get("/", {"q": "a\x00b"}),
        requests.get("/", {"q\x00": "a"}),
        requests.post("/", {"first": "clean", "second": ["clean", "\x00"]}),
        requests.post("/", {"x\x00": "y"}),
        requests.post("/", {"file": SimpleUploadedFile("letter.pdf", b"x")}, QUERY_STRING="a=%00"),
    ],
    ids=["path", "query", "query-name", "field", "field-name", "query-of-upload"],
)
def test_nul_byte_is_refused_before_the_view(request_: HttpRequest) -> None:
    response = RefuseNulMiddleware(answer)(request_)
    assert response.status_code == 400
    assert b"reached" not in response.content


def test_file_with_nul_bytes_inside_passes() -> None:
    request = requests.post("/", {"note": "Zoë – £5 ½ اردو", "file": SimpleUploadedFile("scan.png", b"\x00\x01\x00")})
    assert RefuseNulMiddleware(answer)(request).content == b"reached"


@pytest.mark.parametrize(
    "request_",
    [
        requests.generic("POST", "/", b"--x\r\nbroken", content_type="multipart/form-data; boundary=\xff"),
        requests.generic("POST", "/", "a=1&" * 6000, content_type="application/x-www-form-urlencoded"),
        requests.generic("POST", "/", "a=" + "b" * 6_000_000, content_type="application/x-www-form-urlencoded"),
    ],
    ids=["multipart", "fields", "size"],
)
def test_unreadable_body_is_a_bad_request(request_: HttpRequest) -> None:
    assert RefuseNulMiddleware(answer)(request_).status_code == 400


def test_page_within_a_session_is_not_stored() -> None:
    request = requests.get("/")
    request.COOKIES[settings.SESSION_COOKIE_NAME] = "anything"
    response = NoStoreMiddleware(answer)(request)
    assert "no-store" in response["Cache-Control"]
    assert "private" in response["Cache-Control"]


def test_page_without_a_session_may_be_stored() -> None:
    assert "Cache-Control" not in NoStoreMiddleware(answer)(requests.get("/"))


def test_request_gives_the_history_its_actor_and_address(cast: Cast) -> None:
    seen: list[dict[str, Any]] = []

    def note(request: HttpRequest) -> HttpResponse:
        seen.append(dict(pghistory.runtime._tracker.value.metadata))
        return HttpResponse()

    request = requests.post("/placements/7/end/")
    request.user = cast.head
    AuditMiddleware(note)(request)
    assert seen == [{"user": cast.head.pk, "url": "/placements/7/end/"}]


def test_sign_up_is_closed() -> None:
    assert AccountAdapter().is_open_for_signup(requests.get("/accounts/signup/")) is False


def test_sign_up_page_offers_no_form_and_makes_no_account(db: None) -> None:
    from trust.models import User

    fields = {"email": "new@example.org", "password1": "a long pass phrase 9", "password2": "a long pass phrase 9"}
    Client().post("/accounts/signup/", fields)
    assert User.objects.count() == 0


def test_every_response_carries_the_headers(db: None) -> None:
    for path in ("/accounts/login/", "/health/", "/no-such-page/", "/accounts/login/?x=%00"):
        response = Client().get(path)
        policy = response["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["X-Frame-Options"] == "DENY"


def test_session_ends_after_half_an_hour_idle_and_every_request_renews_it(
    cast: Cast, login: Callable[[Any], Client]
) -> None:
    client = login(cast.head)
    assert client.session.get_expiry_age() == 1800
    response = client.get("/accounts/login/")
    assert response.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == 1800
