"""Plain-English help, and the letter that is shown while somebody writes it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from notices.lifecycle import Status
from notices.models import DirectionNotice
from notices.queries.reading import reading_help
from notices.rules.reading import LONG_SENTENCE_WORDS, reading_of, syllables
from placements.models import PlacementPeriod
from tests.factories.notices import notice_at
from tests.fixtures import NOW

Login = Callable[[Any], Client]

EASY = "We want Jo to be in class each day. We think a small group will help. Jo likes to work with wood. So do we."
HARD = (
    "Notwithstanding the implementation of differentiated pastoral interventions, persistent dysregulation "
    "necessitates alternative educational provision facilitating subsequent reintegration."
)


# --- the rule ---


def test_sentence_of_25_words_passes_and_one_of_26_is_named() -> None:
    whole = " ".join(["word"] * LONG_SENTENCE_WORDS) + "."
    assert reading_of(whole).long_sentences == ()
    assert reading_of(f"Short one. More {whole}").long_sentences == (("More word word word word word …", 26),)


def test_each_line_is_a_sentence_of_its_own() -> None:
    line = " ".join(["word"] * 20)
    assert reading_of(f"{line}\n{line}").long_sentences == ()


def test_hard_words_come_with_plainer_ones_once_each() -> None:
    found = reading_of("Whilst we utilise it, and UTILISE it again, we commence.").hard_words
    assert found == (("whilst", "while"), ("utilise", "use"), ("commence", "begin"))


def test_reading_age_is_lower_for_the_easier_text() -> None:
    easy, hard = reading_of(EASY).age, reading_of(HARD + " " + HARD).age
    assert easy is not None
    assert hard is not None
    assert easy <= 9
    assert hard >= 18


def test_short_text_has_no_age() -> None:
    assert reading_of("Too short to tell.").age is None
    assert reading_of("").age is None
    assert not reading_of("").advises


@pytest.mark.parametrize(("word", "count"), [("cat", 1), ("", 0), ("well-being", 3), ("education", 4), ("WORKSHOP", 2)])
def test_syllables(word: str, count: int) -> None:
    assert syllables(word) == count


@pytest.mark.parametrize("text", ["a" * 10_000, "(" * 5000, ". " * 5000, "\u202e\x00", "x'" * 3000, "😀 " * 500])
def test_any_text_is_read_without_a_fault(text: str) -> None:
    reading_of(text)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("INITIAL", ["reasons", "aims"]),
        ("END", ["outcome"]),
        ("WITHDRAWAL", ["reasons"]),
        ("VARIATION", ["reasons", "aims", "changes"]),
    ],
)
def test_help_is_given_for_the_written_fields_of_the_kind(kind: str, fields: list[str]) -> None:
    notice = DirectionNotice(kind=kind, reasons="a", aims="b", changes="c", outcome="d")
    assert [name for name, _, _ in reading_help(notice)] == fields


# --- the letter while it is written ---


def url(name: str, pk: int) -> str:
    return reverse(f"notices:{name}", args=[pk])


@pytest.mark.django_db
def test_page_posts_to_the_preview_and_works_without_scripts(period: PlacementPeriod, cast: Any, login: Login) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW, reasons=HARD)
    page = login(cast.slt).get(url("notice-change", notice.pk)).content.decode()
    assert f'hx-post="{url("notice-preview", notice.pk)}"' in page
    assert 'hx-trigger="input changed delay:400ms from:#notice-form"' in page
    assert 'name="stay"' in page
    assert "The letter as saved" in page
    assert "“dysregulation”: perhaps “finding it hard to stay calm”" in page
    assert "<script>" not in page


@pytest.mark.django_db
@pytest.mark.policy("P7.3")
def test_preview_shows_what_is_typed_and_writes_nothing(period: PlacementPeriod, cast: Any, login: Login) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    client = login(cast.slt)
    data = {"reasons": "Wholly <b>new</b> reasons.", "report_to": "", "start_time": "half", "version": notice.version}
    client.post(url("notice-preview", notice.pk), data)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = client.post(url("notice-preview", notice.pk), data)
    assert answer.status_code == 200
    body = answer.content.decode()
    assert body.lstrip().startswith('<div id="notice-preview">')
    assert "Wholly &lt;b&gt;new&lt;/b&gt; reasons." in body
    assert f'href="{url("notice-change", notice.pk)}#id_report_to"' in body
    assert "Time of arrival on the first day: Enter a valid time." in body
    assert "no-store" in answer.headers["Cache-Control"]
    writes = [
        one["sql"]
        for one in queries
        if one["sql"].split(None, 1)[0] in ("INSERT", "UPDATE", "DELETE") and "django_session" not in one["sql"]
    ]
    assert writes == []
    fresh = DirectionNotice.objects.get(pk=notice.pk)
    assert (fresh.reasons, fresh.version, fresh.report_to) == (notice.reasons, notice.version, notice.report_to)


@pytest.mark.django_db
def test_preview_is_for_those_who_prepare(period: PlacementPeriod, cast: Any, login: Login) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    assert login(cast.att).post(url("notice-preview", notice.pk), {}).status_code == 403
    assert login(cast.slt2).post(url("notice-preview", notice.pk), {}).status_code == 404
    assert login(cast.trustee).post(url("notice-preview", notice.pk), {}).status_code == 404
    assert login(cast.slt).get(url("notice-preview", notice.pk)).status_code == 405


@pytest.mark.django_db
def test_preview_of_a_frozen_notice_shows_what_is_frozen(period: PlacementPeriod, cast: Any, login: Login) -> None:
    notice = notice_at(Status.AUTHORISED, period, cast, NOW, reasons="Frozen reasons.")
    body = login(cast.slt).post(url("notice-preview", notice.pk), {"reasons": "Others"}).content.decode()
    assert "Frozen reasons." in body
    assert "Others" not in body
