"""The shared components: filters, status looks, error summary, pager, and error pages that need nothing."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template
from django.template.loader import get_template
from django.test import RequestFactory

from trust.templatetags import trust_ui


def render(source: str, **context: Any) -> str:
    return Template("{% load trust_ui %}" + source).render(Context(context))


class Proposal(forms.Form):
    student = forms.CharField(label="Student", help_text="Surname first.")
    explained = forms.ChoiceField(label="Explained?", choices=[("y", "Yes")], widget=forms.RadioSelect)

    def clean(self) -> None:
        raise forms.ValidationError("The placement overlaps <another> one.")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (date(2026, 12, 3), "Thu 3 Dec 2026"),
        (datetime(2026, 7, 1, 23, 30, tzinfo=UTC), "Thu 2 Jul 2026"),
        (None, ""),
    ],
)
def test_date_long_is_a_london_day(value: Any, shown: str) -> None:
    assert trust_ui.date_long(value) == shown


def test_datetime_long_shows_london_time() -> None:
    assert trust_ui.datetime_long(datetime(2026, 7, 1, 14, 0, tzinfo=UTC)) == "Wed 1 Jul 2026, 15:00"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("1234.5"), "£1,234.50"),
        (0, "£0.00"),
        (Decimal("0.005"), "£0.01"),
        (Decimal("-12"), "−£12.00"),
        (None, "not set"),
    ],
)
def test_money_shows_pounds_and_pence(value: Any, shown: str) -> None:
    assert trust_ui.money(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ((35, 40), "87.5% (35 of 40)"),
        ((1, 3), "33.3% (1 of 3)"),
        ((899, 1000), "89.9% (899 of 1000)"),
        ((40, 40), "100.0% (40 of 40)"),
        (Fraction(7, 8), "87.5% (7 of 8)"),
        (Fraction(0), "0.0%"),
        ((0, 0), "no sessions"),
        (None, "no sessions"),
    ],
)
def test_percent_is_exact_and_never_of_nothing(value: Any, shown: str) -> None:
    assert trust_ui.percent(value) == shown


def test_surname_first_prefers_the_preferred_name() -> None:
    student = SimpleNamespace(family_name="Archer", first_name="Thomas", preferred_name="Tom")
    assert trust_ui.surname_first(student) == "Archer, Tom"


def test_status_looks_have_a_word_and_a_shape_of_their_own() -> None:
    looks = list(trust_ui.STATUS_LOOKS.values())
    assert len({look.word for look in looks}) == len(looks)
    assert all(look.icon and look.tone in {"good", "warn", "bad", "info", "neutral"} for look in looks)


def test_status_tag_shows_the_word_with_a_hidden_shape() -> None:
    html = render("{% status_tag 'NOT_MET' %}")
    assert "Not met" in html
    assert 'aria-hidden="true"' in html


def test_gate_list_refuses_a_state_it_does_not_know() -> None:
    with pytest.raises(KeyError):
        render("{% gate_list gates %}", gates=[("SLA", "perhaps", "", "")])


def test_error_summary_links_each_error_to_its_control() -> None:
    form = Proposal({})
    html = render("{% error_summary form %}", form=form)
    assert 'href="#id_student"' in html
    assert 'href="#id_explained_0"' in html
    assert "The placement overlaps &lt;another&gt; one." in html
    body = render("{% form_body form %}", form=form)
    assert 'id="id_student"' in body
    assert 'id="id_explained_0"' in body


def test_error_summary_without_errors_is_empty() -> None:
    assert render("{% error_summary form %}", form=Proposal()).strip() == ""


def test_form_body_ties_help_and_error_to_the_control() -> None:
    html = render("{% form_body form %}", form=Proposal({}))
    assert 'aria-describedby="id_student_helptext id_student_error"' in html
    assert 'id="id_student_helptext"' in html
    assert 'id="id_student_error"' in html
    assert "<form" not in html


def test_pager_keeps_the_filters_of_the_address() -> None:
    request = RequestFactory().get("/students/", {"school": "3", "page": "2"})
    page = Paginator(range(100), 25).page(2)
    html = render("{% pager page %}", request=request, page=page)
    assert 'href="?school=3&amp;page=1"' in html
    assert 'href="?school=3&amp;page=4"' in html
    assert "Showing 26 to 50 of 100" in html


@pytest.mark.parametrize("name", ["400.html", "500.html", "503.html"])
def test_error_page_without_request_renders(name: str) -> None:
    html = get_template(name).render()
    assert "<h1>" in html
    assert "At immediate risk call 999 or your DSL" in html
    assert "style=" not in html
