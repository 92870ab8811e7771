"""The wording of letters: what a template may say, who may change it, and that an issued letter keeps its own words."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from notices.codes import Language, NoticeKind
from notices.lifecycle import Status, TemplateStatus
from notices.models import NoticeTemplate
from notices.queries import facts_of, letter_of, template_version_of
from notices.queries import letter as letter_queries
from notices.queries.preview import extreme_letter
from notices.queries.templates import Wording, needed_labels, template_rows, wordings_in_force
from notices.rules.builtin import built_in
from notices.rules.templates import (
    FIELDS,
    SECTIONS,
    check_text,
    empty_case,
    fields_of,
    paragraphs,
    sections_of,
    worded,
)
from notices.rules.words import LABELS, label_faults, language_of, printable
from notices.services import authorise_notice
from notices.services.templates import begin_template, drop_template, put_in_force, save_template
from placements.codes import Route
from placements.models import PlacementPeriod
from tests.factories.notices import notice_at
from tests.factories.templates import template_in_force, words_in
from tests.fixtures import NOW, TODAY
from trust.errors import NotAllowed, RuleBroken, StaleRecord
from trust.models import AccessLog
from trust.services import file_bytes

Login = Callable[[Any], Client]
INITIAL = NoticeKind.INITIAL


def url(name: str, *args: int) -> str:
    return reverse(f"notices:{name}", args=args)


# --- what a text may say ---


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("direction", [True, False])
def test_built_in_wording_has_every_section_and_no_fault(kind: NoticeKind, direction: bool) -> None:
    texts = built_in(kind, direction=direction)
    assert sorted(texts) == sorted(section.name for section in sections_of(kind))
    for section in sections_of(kind):
        assert check_text(texts[section.name], kind, most=section.most) == [], section.name


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("Dear all,\n\nyour {{ studnet }} goes", ["Line 3, column 9: there is no field “studnet”; did you mean"]),
        ("{{ xyzzy }}", ["Line 1, column 4: there is no field “xyzzy”."]),
        ("from {{ first", ["Line 1, column 6: this “{{” is never closed by “}}”."]),
        ("{{ first {{ last }}", ["Line 1, column 1: this “{{” is never closed by “}}”."]),
        ("first }}", ["Line 1, column 7: this “}}” closes nothing."]),
        ("{% if direction", ["Line 1, column 1: this “{%” is never closed by “%}”."]),
        ("a\n{% if direction %}b", ["Line 2, column 1: this “if” is never closed by “{% endif %}”."]),
        ("{% endif %}", ["Line 1, column 4: this “endif” belongs to no “if”."]),
        ("{% else %}", ["Line 1, column 4: this “else” belongs to no “if”."]),
        (
            "{% if direction %}a{% else %}b{% elsif last %}c{% endif %}",
            ["Line 1, column 34: this “elsif” comes after the “else”."],
        ),
        ("{% if %}a{% endif %}", ["Line 1, column 4: a condition is missing: name a field."]),
        ("{% if studnet %}a{% endif %}", ["Line 1, column 7: there is no field “studnet”; did you mean “student”?"]),
        ("{% if direction == 1 %}a{% endif %}", ["Line 1, column 17: a condition is a field"]),
        ("{% if direction and %}a{% endif %}", ["Line 1, column 17: a field is missing after this."]),
        ("{% else now %}", ["Line 1, column 8: nothing may stand after “else”.", "Line 1, column 4"]),
        ("{{ student | upcase }}", ["Line 1, column 12: a field takes no filter"]),
        ("{{ student.pk }}", ["Line 1, column 4: only the name of a field stands between"]),
        ('{{ "text" }}', ["Line 1, column 4: only the name of a field stands between"]),
        ("{{ }}", ["Line 1, column 3: the name of a field is missing"]),
        ("{{ direction }}", ["Line 1, column 4: “direction” is yes or no"]),
        ("{{ return_on }}", ["Line 1, column 4: “return_on” has no value in a letter of this kind."]),
        ("a\x00b", ["Line 1, column 2: there is a sign here that cannot be printed."]),
        ("a\ud800", ["Line 1, column 2: there is a sign here that cannot be printed."]),
    ],
)
def test_fault_names_line_and_column(text: str, places: list[str]) -> None:
    found = [str(fault) for fault in check_text(text, INITIAL)]
    assert len(found) == len(places), found
    for wanted in places:
        assert any(one.startswith(wanted) for one in found), found


@pytest.mark.parametrize(
    "tag",
    [
        "for a in student",
        "include 'x'",
        "render 'x'",
        "assign a = 1",
        "capture a",
        "raw",
        "comment",
        "doc",
        "liquid",
        "case last",
        "unless last",
        "cycle 'a'",
        "increment a",
        "tablerow a in b",
        "echo student",
        "load trust_ui",
        "extends 'base.html'",
        "#",
        "",
    ],
)
def test_every_other_tag_is_refused(tag: str) -> None:
    found = check_text(f"a {{% {tag} %}} b", INITIAL)
    assert found
    assert "only if, elsif, else and endif" in str(found[0])


def test_text_of_most_characters_passes_and_one_more_is_refused() -> None:
    assert check_text("a" * 100, INITIAL, most=100) == []
    assert str(check_text("a" * 101, INITIAL, most=100)[0]).startswith("Line 1, column 101: the text has 101")


def test_conditions_choose_and_empty_lines_make_paragraphs() -> None:
    text = "{% if direction %}must{% elsif exclusion %}should{% else %}may{% endif %} go\n \nto {{ provider }}\nnow"
    assert check_text(text, INITIAL) == []
    values: dict[str, str | bool] = {"provider": "A\n\nB", "direction": False, "exclusion": True}
    assert worded({"opening": text}, values, INITIAL, gap="?")["opening"] == ["should go", "to A B now"]
    assert worded({"opening": text}, {**values, "direction": True}, INITIAL, gap="?")["opening"][0] == "must go"
    assert paragraphs("a\n\n\n\nb\n") == ["a", "b"]


def test_value_is_never_read_as_a_template() -> None:
    values: dict[str, str | bool] = {"student": "{{ school }}{% if x %}<b>", "school": "North"}
    assert worded({"opening": "{{ student }}"}, values, INITIAL, gap="?")["opening"] == ["{{ school }}{% if x %}<b>"]


def test_missing_value_is_a_gap_in_a_draft_and_refused_by_section_when_authorised() -> None:
    texts = built_in(INITIAL, direction=True)
    assert "[gap]" in worded(texts, {}, INITIAL, gap="[gap]")["opening"][0]
    with pytest.raises(RuleBroken, match="The section “Opening” of the letter needs"):
        worded(texts, {"student": "Jo"}, INITIAL)


def test_missing_value_is_no_in_a_condition_and_not_refused_there() -> None:
    values: dict[str, str | bool] = dict.fromkeys(FIELDS, "x") | {"report_to": ""}
    texts = built_in(INITIAL, direction=True) | {"help": "{% if report_to %}{{ report_to }}{% else %}ask{% endif %}"}
    assert worded(texts, values, INITIAL)["help"] == ["ask"]


def test_section_that_comes_out_empty_is_refused() -> None:
    values: dict[str, str | bool] = dict.fromkeys(FIELDS, "x") | {"exclusion": False}
    texts = built_in(INITIAL, direction=True) | {"help": "{% if exclusion %}a{% endif %}"}
    with pytest.raises(RuleBroken, match="“Help with the letter” of the letter’s template is empty"):
        worded(texts, values, INITIAL)


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("direction", [True, False])
def test_built_in_wording_is_empty_in_no_case(kind: NoticeKind, direction: bool) -> None:
    assert empty_case(built_in(kind, direction=direction), kind, direction=direction) is None


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        (INITIAL, "{% if exclusion %}a{% endif %}", "“exclusion” is no"),
        (INITIAL, "{% if exclusion %}{% else %}a{% endif %}", "“exclusion” is yes"),
        (INITIAL, "{% if exclusion %}a{% elsif direction %} \n{% else %}b{% endif %}", "“exclusion” is no"),
        (INITIAL, "{% if school_phone %}{{ school_phone }}{% endif %}", "“school_phone” is missing"),
        (
            INITIAL,
            "{% if exclusion %}a{% elsif school_phone %}b{% endif %}",
            "“school_phone” is missing and “exclusion” is no",
        ),
        (NoticeKind.END, "{% if last %}{{ last }}{% endif %}", "“last” is missing"),
        # The route decides 'direction'; a full notice has a last day; what is printed is asked for by its name.
        (INITIAL, "{% if direction %}a{% endif %}", None),
        (INITIAL, "{% if last %}a{% endif %}", None),
        (INITIAL, "{{ school_phone }}", None),
        (INITIAL, "{% if exclusion %}a{% else %}b{% endif %}", None),
    ],
)
def test_section_that_some_case_leaves_empty_is_found_with_its_case(
    kind: NoticeKind, text: str, words: str | None
) -> None:
    assert check_text(text, kind) == []
    found = empty_case(built_in(kind, direction=True) | {"help": text}, kind, direction=True)
    if words is None:
        assert found is None
    else:
        assert found is not None
        assert found.section.name == "help"
        assert words in found.words


def test_section_for_a_direction_alone_is_empty_on_the_other_route() -> None:
    texts = built_in(INITIAL, direction=False) | {"help": "{% if direction %}a{% endif %}"}
    assert empty_case(texts, INITIAL, direction=True) is None
    found = empty_case(texts, INITIAL, direction=False)
    assert found is not None
    assert found.words == ""


def test_each_field_is_known_by_some_kind_and_each_section_by_some_kind() -> None:
    assert {name for kind in NoticeKind for name in fields_of(kind)} == set(FIELDS)
    assert {one for kind in NoticeKind for one in sections_of(kind)} == set(SECTIONS)


@pytest.mark.parametrize(
    ("name", "text", "right"),
    [
        ("span", "{first} do {last}", True),
        ("span", "{last} ← {first}", True),
        ("span", "{first} do", False),
        ("day", "Dzień", True),
        ("day", "{day}", False),
        ("at", "{day} {time} {", False),
        ("day", "a" * 601, False),
        ("day", "a\x07", False),
    ],
)
def test_fixed_word_keeps_its_places(name: str, text: str, right: bool) -> None:
    assert (label_faults(name, text) == []) is right


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Urdu", Language.URDU),
        (" urdu ", Language.URDU),
        ("UR", Language.URDU),
        ("polish", Language.POLISH),
        ("en-gb", Language.ENGLISH),
        ("English", Language.ENGLISH),
        ("Klingon", None),
        ("", None),
    ],
)
def test_language_is_known_by_name_or_code(text: str, language: Language | None) -> None:
    assert language_of(text) == language


def test_printable_takes_away_controls_and_marks_that_turn_the_line() -> None:
    assert printable("a\x00\u202eb\u2066\ud800\r\nc\td") == "ab\nc d"


# --- who may change it, and what that does ---


@pytest.mark.django_db
def test_only_the_lead_writes(cast: Any, year: Any) -> None:
    for person in (cast.head, cast.ceo, cast.slt, cast.team, cast.trustee):
        with pytest.raises(NotAllowed):
            begin_template(route=Route.DIRECTION, kind=INITIAL, language="en-GB", by=person, now=NOW)
    draft = begin_template(route=Route.DIRECTION, kind=INITIAL, language="en-GB", by=cast.lead, now=NOW)
    common = {"template_id": draft.pk, "version": draft.version, "by": cast.ceo, "now": NOW}
    for deed, extra in (
        (put_in_force, {}),
        (drop_template, {}),
        (save_template, {"texts": {}, "labels": {}, "note": ""}),
    ):
        with pytest.raises(NotAllowed):
            deed(**common, **extra)  # type: ignore[operator]
    assert NoticeTemplate.objects.get().status == TemplateStatus.DRAFT


@pytest.mark.django_db
def test_next_version_starts_from_the_one_in_force_and_retires_it(cast: Any, year: Any) -> None:
    first = template_in_force(cast, NOW, texts={"subject": "A direction"})
    second = begin_template(route=Route.DIRECTION, kind=INITIAL, language="en-GB", by=cast.lead, now=NOW)
    assert (second.number, second.texts["subject"]) == (2, "A direction")
    with pytest.raises(RuleBroken, match="already a draft"):
        begin_template(route=Route.DIRECTION, kind=INITIAL, language="en-GB", by=cast.lead, now=NOW)
    second = save_template(
        template_id=second.pk, texts=second.texts, labels={}, note="n", version=second.version, by=cast.lead, now=NOW
    )
    put_in_force(template_id=second.pk, version=second.version, by=cast.lead, now=NOW)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == (TemplateStatus.RETIRED, TemplateStatus.IN_FORCE)
    assert second.in_force_by == cast.lead
    with pytest.raises(RuleBroken, match="never edited"):
        save_template(template_id=first.pk, texts={}, labels={}, note="", version=first.version, by=cast.lead, now=NOW)
    with pytest.raises(RuleBroken):
        put_in_force(template_id=first.pk, version=first.version, by=cast.lead, now=NOW)


@pytest.mark.django_db
def test_dropped_draft_gives_way_and_keeps_its_number(cast: Any, year: Any) -> None:
    draft = begin_template(route=Route.AGREED, kind=INITIAL, language="en-GB", by=cast.lead, now=NOW)
    drop_template(template_id=draft.pk, version=draft.version, by=cast.lead, now=NOW)
    again = begin_template(route=Route.AGREED, kind=INITIAL, language="en-GB", by=cast.lead, now=NOW)
    assert again.number == 2


@pytest.mark.django_db
def test_route_without_notices_has_no_letter(cast: Any, year: Any) -> None:
    with pytest.raises(RuleBroken, match="no direction notice"):
        begin_template(route=Route.MANAGED_MOVE, kind=INITIAL, language="en-GB", by=cast.lead, now=NOW)


@pytest.mark.django_db
def test_save_refuses_faults_and_stale_versions(cast: Any, year: Any) -> None:
    draft = begin_template(route=Route.DIRECTION, kind=INITIAL, language="en-GB", by=cast.lead, now=NOW)
    common = {"template_id": draft.pk, "labels": {}, "note": "", "by": cast.lead, "now": NOW}
    with pytest.raises(RuleBroken, match="Opening: Line 1, column 4: there is no field") as refused:
        save_template(**common, texts={"opening": "{{ nobody }}"}, version=draft.version)
    assert refused.value.field == "text_opening"
    save_template(**common, texts={"opening": "Hello"}, version=draft.version)
    with pytest.raises(StaleRecord):
        save_template(**common, texts={"opening": "Other"}, version=draft.version)
    draft.refresh_from_db()
    assert draft.texts["opening"] == "Hello"
    with pytest.raises(RuleBroken, match="“Subject” is still empty"):
        put_in_force(template_id=draft.pk, version=draft.version, by=cast.lead, now=NOW)


@pytest.mark.django_db
def test_version_needs_its_note_and_a_translation_every_fixed_word(cast: Any, year: Any) -> None:
    draft = begin_template(route=Route.DIRECTION, kind=INITIAL, language="pl", by=cast.lead, now=NOW)
    words = words_in(Language.POLISH)
    lacking = {**words["labels"], "day": ""}
    draft = save_template(
        template_id=draft.pk,
        texts=words["texts"],
        labels=lacking,
        note="",
        version=draft.version,
        by=cast.lead,
        now=NOW,
    )
    with pytest.raises(RuleBroken, match="fixed word of the tables is still empty"):
        put_in_force(template_id=draft.pk, version=draft.version, by=cast.lead, now=NOW)
    draft = save_template(template_id=draft.pk, **words, note="", version=draft.version, by=cast.lead, now=NOW)
    with pytest.raises(RuleBroken, match="Say in the note"):
        put_in_force(template_id=draft.pk, version=draft.version, by=cast.lead, now=NOW)
    assert set(draft.labels) == set(needed_labels()) < set(LABELS)


@pytest.mark.django_db
@pytest.mark.policy("P7.3")
@pytest.mark.parametrize("language", [Language.ENGLISH, Language.POLISH])
def test_version_with_a_section_that_some_case_leaves_empty_is_not_put_in_force(
    language: Language, cast: Any, year: Any
) -> None:
    with pytest.raises(
        RuleBroken, match="“Attendance” is empty in a letter of this route where “exclusion” is no"
    ) as refused:
        template_in_force(cast, NOW, language=language, texts={"attendance": "{% if exclusion %}a{% endif %}"})
    assert refused.value.field == "text_attendance"
    draft = NoticeTemplate.objects.get()
    assert draft.status == TemplateStatus.DRAFT
    drop_template(template_id=draft.pk, version=draft.version, by=cast.lead, now=NOW)
    both = "{% if exclusion %}a{% else %}b{% endif %}"
    assert template_in_force(cast, NOW, language=language, texts={"attendance": both}).status == "IN_FORCE"


@pytest.mark.django_db
def test_every_version_and_move_is_in_the_history(cast: Any, year: Any) -> None:
    template = template_in_force(cast, NOW)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT status FROM notices_noticetemplateevent WHERE pgh_obj_id = %s ORDER BY pgh_id", [template.pk]
        )
        assert [row[0] for row in cursor.fetchall()] == ["DRAFT", "DRAFT", "IN_FORCE"]


# --- the letter ---


@pytest.mark.django_db
@pytest.mark.policy("P7.4")
def test_issued_letter_keeps_its_words_when_the_template_changes(period: PlacementPeriod, cast: Any) -> None:
    template_in_force(cast, NOW, texts={"help": "Ring us, {{ student }}'s family."})
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    assert notice.template_version == "direction initial en-GB v1"
    assert notice.frozen["texts"]["help"] == ["Ring us, Jo's family."]
    template_in_force(cast, NOW, texts={"help": "Other words."})
    notice.refresh_from_db()
    assert notice.frozen["texts"]["help"] == ["Ring us, Jo's family."]
    letter = letter_of(notice, facts_of(period.pk), on=TODAY)
    assert letter["texts"]["help"] == ["Other words."]
    assert template_version_of(letter) == "direction initial en-GB v2"


@pytest.mark.django_db
def test_built_in_wording_holds_for_other_routes_and_is_named(period: PlacementPeriod, cast: Any) -> None:
    template_in_force(cast, NOW, route=Route.AGREED, texts={"subject": "Agreed words"})
    notice = notice_at(Status.AUTHORISED, period, cast, NOW)
    assert notice.frozen["texts"]["subject"] == ["Direction to attend education off site"]
    assert notice.template_version.startswith("built-in 20")
    assert template_version_of({}).startswith("built-in 20")


@pytest.mark.django_db
def test_authorising_is_refused_with_the_section_named(period: PlacementPeriod, cast: Any) -> None:
    template_in_force(cast, NOW, texts={"help": "Ring {{ school_phone }}."})
    school = period.placement.school
    school.phone = ""
    school.save()
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    with pytest.raises(RuleBroken, match="“Attendance” of the letter needs the school’s telephone number"):
        authorise_notice(notice_id=notice.pk, override_reason="", by=cast.head, now=NOW)
    notice.refresh_from_db()
    assert notice.status == Status.DRAFT


@pytest.mark.django_db
@pytest.mark.policy("P7.2")
@pytest.mark.parametrize("text", ["{% if exclusion %}a{% endif %}", "{{ unknown }}", "{% nonsense"])
def test_faulty_translation_does_not_hold_up_the_notice_and_leaves_an_interpreter(
    text: str, period: PlacementPeriod, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = period.placement.student.contact_links.first().contact
    contact.language = "Polish"
    contact.save()
    template_in_force(cast, NOW, language=Language.POLISH)

    # As a version from before the check, or one whose field the program has given up since.
    def faulty(*args: Any) -> dict[Language, Wording]:
        found = wordings_in_force(*args)
        polish = found[Language.POLISH]
        return found | {Language.POLISH: replace(polish, texts={**polish.texts, "help": text})}

    monkeypatch.setattr(letter_queries, "wordings_in_force", faulty)
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    assert notice.frozen["translations"] == {}
    recipient = notice.recipients.get()
    assert recipient.translation is None
    reader = PdfReader(io.BytesIO(file_bytes(recipient.letter)))
    words = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    assert "the school arranges an interpreter" in words


@pytest.mark.django_db
@pytest.mark.policy("P7.3")
def test_no_wording_can_lose_a_particular(period: PlacementPeriod, cast: Any) -> None:
    bare = {section.name: "x" for section in sections_of(INITIAL)}
    template_in_force(cast, NOW, texts=bare)
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    reader = PdfReader(io.BytesIO(file_bytes(notice.recipients.get().letter)))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    frozen = notice.frozen
    names = ("first", "last", "days_required", "start_time", "report_to", "measurable_aim", "review_on", "review_right")
    for name in names:
        assert frozen[name] in text, name
    for line in [*frozen["reasons"], *frozen["aims"], *frozen["site_address"]]:
        assert line in text, line


@pytest.mark.django_db
def test_wordings_in_force_take_one_query(cast: Any, year: Any, django_assert_num_queries: Any) -> None:
    for language in (Language.ENGLISH, Language.POLISH, Language.URDU):
        template_in_force(cast, NOW, language=language)
    with django_assert_num_queries(1):
        found = wordings_in_force(Route.DIRECTION, INITIAL, [Language.POLISH, Language.TURKISH])
    assert set(found) == {Language.ENGLISH, Language.POLISH}


# --- the pages ---


@pytest.mark.django_db
def test_list_shows_which_wording_holds(cast: Any, year: Any, login: Login, django_assert_max_num_queries: Any) -> None:
    template = template_in_force(cast, NOW, language=Language.POLISH)
    page = login(cast.team).get(url("template-list")).content.decode()
    assert "Built-in wording of" in page
    assert url("template-detail", template.pk) in page
    assert "New version" not in page
    assert "New version" in login(cast.lead).get(url("template-list")).content.decode()
    with django_assert_max_num_queries(1):
        assert len(template_rows()) > 20


@pytest.mark.django_db
def test_form_names_the_place_and_loses_nothing(cast: Any, year: Any, login: Login) -> None:
    client = login(cast.lead)
    key = {"route": Route.DIRECTION, "kind": INITIAL, "language": "en-GB"}
    answer = client.post(url("template-new"), key)
    template = NoticeTemplate.objects.get()
    assert answer.headers["Location"] == url("template-change", template.pk)
    page = client.get(url("template-change", template.pk)).content.decode()
    assert "{{ student }}" in page
    data = {f"text_{name}": text for name, text in template.texts.items()}
    data |= {"note": "n", "version": template.version, "text_opening": "  One\r\n\r\n{{ studnet }} <b>two</b>"}
    refused = client.post(url("template-change", template.pk), data)
    assert refused.status_code == 422
    body = refused.content.decode()
    assert "Line 3, column 4: there is no field “studnet”; did you mean “student”?" in body
    assert 'href="#id_text_opening"' in body
    assert "{{ studnet }} &lt;b&gt;two&lt;/b&gt;" in body
    saved = client.post(url("template-change", template.pk), data | {"text_opening": "  One\r\n\r\n{{ student }}"})
    assert saved.headers["Location"] == url("template-detail", template.pk)
    template.refresh_from_db()
    assert template.texts["opening"] == "  One\n\n{{ student }}"
    stale = client.post(url("template-change", template.pk), data | {"text_opening": "Mine"})
    assert stale.status_code == 422
    assert "Somebody else changed this record" in stale.content.decode()
    assert "Mine" in stale.content.decode()


@pytest.mark.django_db
def test_in_force_and_drop_pages(cast: Any, year: Any, login: Login) -> None:
    client = login(cast.lead)
    draft = begin_template(route=Route.DIRECTION, kind=INITIAL, language="en-GB", by=cast.lead, now=NOW)
    refused = client.post(url("template-force", draft.pk), {"version": draft.version})
    assert refused.status_code == 422
    assert "Say in the note" in refused.content.decode()
    save_template(
        template_id=draft.pk, texts=draft.texts, labels={}, note="n", version=draft.version, by=cast.lead, now=NOW
    )
    stale = client.post(url("template-force", draft.pk), {"version": draft.version})
    assert stale.status_code == 422
    assert client.post(url("template-force", draft.pk), {"version": draft.version + 1}).status_code == 302
    detail = client.get(url("template-detail", draft.pk)).content.decode()
    assert "Laura Lead" in detail
    other = begin_template(route=Route.DIRECTION, kind=INITIAL, language="en-GB", by=cast.lead, now=NOW)
    assert client.post(url("template-drop", other.pk), {"version": other.version}).status_code == 302
    other.refresh_from_db()
    assert other.status == TemplateStatus.DROPPED


@pytest.mark.django_db
def test_pages_of_writing_are_the_leads_only(cast: Any, year: Any, login: Login) -> None:
    draft = begin_template(route=Route.DIRECTION, kind=INITIAL, language="en-GB", by=cast.lead, now=NOW)
    for person in (cast.head, cast.ceo, cast.team):
        client = login(person)
        assert client.get(url("template-new")).status_code == 403
        for name in ("template-change", "template-force", "template-drop"):
            assert client.get(url(name, draft.pk)).status_code == 403
            assert client.post(url(name, draft.pk), {"version": 1}).status_code == 403
        assert client.get(url("template-detail", draft.pk)).status_code == 200
    assert login(cast.trustee).get(url("template-detail", draft.pk)).status_code == 404


@pytest.mark.django_db
def test_draft_is_tried_on_the_latest_case_that_the_person_may_see(
    period: PlacementPeriod, cast: Any, login: Login
) -> None:
    draft = begin_template(route=Route.DIRECTION, kind=INITIAL, language="en-GB", by=cast.lead, now=NOW)
    save_template(
        template_id=draft.pk,
        texts=draft.texts | {"subject": "Wholly new words"},
        labels={},
        note="",
        version=draft.version,
        by=cast.lead,
        now=NOW,
    )
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    client = login(cast.slt)
    page = client.get(url("template-try", draft.pk)).content.decode()
    assert "Wholly new words" in page
    assert "Jo Ashdown" in page
    assert AccessLog.objects.filter(action__contains="tried the wording").count() == 1
    notice.refresh_from_db()
    assert notice.frozen["texts"]["subject"] == ["Direction to attend education off site"]
    pdf = client.get(url("template-try-pdf", draft.pk))
    assert pdf.headers["Content-Type"] == "application/pdf"
    assert "Wholly new words" in PdfReader(io.BytesIO(pdf.content)).pages[0].extract_text()
    assert "Ashdown" not in pdf.headers["Content-Disposition"]
    elsewhere = login(cast.slt2)
    assert "Jo Ashdown" not in elsewhere.get(url("template-try", draft.pk)).content.decode()
    assert elsewhere.get(url("template-try-pdf", draft.pk)).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("kind", NoticeKind)
def test_case_that_strains_the_page_is_whole_in_every_kind(kind: NoticeKind, cast: Any, year: Any) -> None:
    draft = begin_template(route=Route.DIRECTION, kind=kind, language="en-GB", by=cast.lead, now=NOW)
    letter = extreme_letter(draft, TODAY)
    assert "[still missing]" not in str(letter)
    if kind in (NoticeKind.INITIAL, NoticeKind.EXTENSION, NoticeKind.VARIATION):
        assert len(letter["sessions"]) == 10
        assert len(letter["sites"]) == 2
        assert len(letter["aims"]) == 30


@pytest.mark.django_db
def test_case_that_strains_the_page_is_shown_and_printed(cast: Any, year: Any, login: Login) -> None:
    draft = begin_template(route=Route.DIRECTION, kind=INITIAL, language="en-GB", by=cast.lead, now=NOW)
    client = login(cast.lead)
    assert "Wolfeschlegel" in client.get(url("template-try", draft.pk) + "?case=extreme").content.decode()
    answer = client.get(url("template-try-pdf", draft.pk) + "?case=extreme")
    assert answer.content.startswith(b"%PDF")
    assert not AccessLog.objects.filter(action__contains="tried the wording").exists()


@pytest.mark.django_db
def test_built_in_page_shows_the_words_of_the_kind_asked_for(cast: Any, year: Any, login: Login) -> None:
    client = login(cast.head)
    page = client.get(url("template-built-in") + "?route=AGREED&kind=END").content.decode()
    assert "What came of the placement" in page
    assert client.get(url("template-built-in") + "?route=<x>&kind=1").status_code == 200
