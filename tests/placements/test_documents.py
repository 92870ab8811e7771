"""Provider pack and placement agreement: what they say, what they never say, and how their versions stand."""

import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from placements.codes import Answer, DocumentKind, Lunch, Party, ShareChannel, TransportMode
from placements.lifecycle import Status
from placements.models import DocumentShare, Placement, PlacementDocument, Signing
from placements.queries import answers_of, changed_sections, content_of, papers_of
from placements.rules import check_signing, review_days
from placements.services import (
    add_qualification,
    change_qualification,
    make_document,
    record_share,
    record_signing,
)
from providers.codes import ProviderKind
from providers.models import ProgrammeQualification
from reviews.models import Target
from tests.factories.people import make_contact
from tests.factories.placements import placement_at, referral_at, referral_data
from tests.factories.providers import make_provider
from tests.fixtures import NOW, TODAY, Cast
from trust.codes import Relationship
from trust.errors import NotAllowed, RuleBroken
from trust.models import School, Student
from trust.queries import calendar_of
from trust.services import file_bytes

pytestmark = pytest.mark.django_db

NARRATIVE = "CANARY-narrative-zebra"
REASON = "CANARY-restriction-quagga"
FAMILY = "CANARY-family-okapi"
IN_HOUSE = "CANARY-inhouse-tapir"


def text_of(content: bytes) -> str:
    """The words of a PDF with single blanks."""
    pages = PdfReader(io.BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.fixture
def placement(student: Student, provider: Any, budget: Any, cast: Cast) -> Placement:
    """An approved placement with everything that a pack may and may not carry."""
    make_contact(
        student,
        "Paul",
        relationship=Relationship.FATHER,
        letters_restricted=True,
        restriction_reason=REASON,
    )
    student.preferred_name = "Joey"
    student.save()
    data = referral_data(
        narrative=NARRATIVE,
        family_said=FAMILY,
        in_house_options=IN_HOUSE,
        exclusion_alternative=True,
        needs="Dyslexia: read instructions aloud.",
        medical="Asthma: blue inhaler in the bag.",
    )
    referral = referral_at("APPROVED", student=student, cast=cast, now=NOW, data=data)
    found = placement_at(Status.APPROVED, student=student, provider=provider, cast=cast, now=NOW, referral=referral)
    facts = {
        "emergency": "Call 999, then the school.",
        "transport_mode": TransportMode.TAXI,
        "transport_pick_up": "08:30 at the gate",
        "lunch": Lunch.PACKED,
        "risk_assessed_on": TODAY,
        "risk_assessed_by": "Simon Senior",
        "risk_summary": "Machines only with goggles.",
        "school_link": cast.slt,
    }
    Placement.objects.filter(pk=found.pk).update(**facts)
    return Placement.objects.get(pk=found.pk)


def made(placement: Placement, cast: Cast, kind: str = DocumentKind.PACK) -> PlacementDocument:
    return make_document(placement_id=placement.pk, kind=kind, by=cast.slt, now=NOW)


@pytest.mark.policy("P3.12")
def test_pack_says_what_the_provider_needs_to_know(placement: Placement, cast: Cast) -> None:
    text = text_of(file_bytes(made(placement, cast).file))
    for words in (
        "Jo Ashdown",
        "Joey",
        "Year 9",
        "North",
        "Mill Yard",
        "NB3 4EF",
        "Monday 09:00 to 12:00 –",
        "Report to Sam Okafor",
        "Dyslexia: read instructions aloud.",
        "Asthma: blue inhaler in the bag.",
        "Call 999, then the school.",
        "Mary Ashdown (mother)",
        "parental responsibility",
        "01632",
        "Paul Ashdown: do not contact.",
        f"Simon Senior, {cast.slt.email}",
        "Dan Safeguard",
        "Taxi",
        "08:30 at the gate",
        "Packed lunch from the home school",
        "Machines only with goggles.",
        "on the same day: present, late or absent",
        "code of conduct and the school's Behaviour Policy",
    ):
        assert words in text, words


@pytest.mark.policy("P3.12")
def test_pack_carries_nothing_that_the_provider_need_not_know(placement: Placement, cast: Cast) -> None:
    document = made(placement, cast)
    content = file_bytes(document.file)
    text = f"{text_of(content)} {document.content} {PdfReader(io.BytesIO(content)).metadata}"
    for canary in (
        NARRATIVE,
        REASON,
        FAMILY,
        IN_HOUSE,
        placement.student.upn,
        "exclusion",
        "suspen",
        placement.referral.why_more_appropriate,
    ):
        assert canary not in text, canary


def test_agreement_says_no_upn_and_no_word_of_the_referrals_story(placement: Placement, cast: Cast) -> None:
    text = text_of(file_bytes(made(placement, cast, DocumentKind.AGREEMENT).file))
    for canary in (NARRATIVE, REASON, FAMILY, IN_HOUSE, placement.student.upn, "Paul Ashdown"):
        assert canary not in text, canary


@pytest.mark.policy("P4.1", "P5.3")
def test_agreement_carries_timetable_targets_reviews_and_room_to_sign(placement: Placement, cast: Cast) -> None:
    Target.objects.create(
        placement=placement,
        kind="ATTENDANCE",
        measure="Attendance",
        baseline="61 %",
        goal="90 %",
        set_on=TODAY,
        set_by=cast.slt,
    )
    text = text_of(file_bytes(made(placement, cast, DocumentKind.AGREEMENT).file))
    for words in (
        "Monday 09:00 to 12:00 –",
        "English at grade 4.",
        "Attendance 61 % 90 %",
        "At least every 6 school weeks",
        "Parents agreed to support attendance Mon 14 Sep 2026",
        "code of conduct and the school's Behaviour Policy",
        "or I object to",
        "Jo Ashdown (student)",
        "Mary Ashdown (parent or carer)",
        "Simon Senior",
        "Dan Safeguard",
    ):
        assert words in text, words


def test_papers_are_tagged_with_language_and_title_and_name_nobody_in_it(placement: Placement, cast: Cast) -> None:
    for kind in DocumentKind:
        reader = PdfReader(io.BytesIO(file_bytes(made(placement, cast, kind).file)))
        root: Any = reader.trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"]
        assert "/StructTreeRoot" in root
        assert root["/Lang"] == "en-GB"
        assert reader.metadata is not None
        assert reader.metadata.title == kind.label
        assert "Ashdown" not in str(reader.metadata)
        for font in reader.pages[0]["/Resources"]["/Font"].values():  # type: ignore[index]
            assert "+" in font.get_object()["/BaseFont"], "a font is not embedded as a subset"


def test_versions_keep_their_bytes_and_the_newest_tells_when_it_is_out_of_date(
    placement: Placement, cast: Cast
) -> None:
    first = made(placement, cast)
    before = file_bytes(first.file)
    with pytest.raises(RuleBroken, match="Version 1 says the same already"):
        made(placement, cast)
    assert papers_of(placement, TODAY)[0].changed == ()
    placement.student.contact_links.filter(contact__first_name="Mary").get().contact.__class__.objects.filter(
        first_name="Mary"
    ).update(phone="01632 960999")
    Placement.objects.filter(pk=placement.pk).update(lunch=Lunch.VOUCHER)
    fresh = Placement.objects.get(pk=placement.pk)
    pack = papers_of(fresh, TODAY)[0]
    assert pack.changed == ("Contacts", "Transport and lunch")
    second = made(fresh, cast)
    assert (second.number, papers_of(fresh, TODAY)[0].changed) == (2, ())
    assert file_bytes(PlacementDocument.objects.get(pk=first.pk).file) == before
    assert "01632 960999" not in text_of(before)


def test_pack_says_the_same_on_a_later_day_of_the_same_timetable(placement: Placement) -> None:
    later = content_of(DocumentKind.PACK, placement, TODAY + timedelta(days=1))
    assert changed_sections(content_of(DocumentKind.PACK, placement, TODAY), later) == ()


def test_pack_is_made_for_an_approved_placement_only(student: Student, provider: Any, budget: Any, cast: Cast) -> None:
    proposed = placement_at(Status.PROPOSED, student=student, provider=provider, cast=cast, now=NOW)
    with pytest.raises(RuleBroken, match="approved placement"):
        made(proposed, cast)
    assert made(proposed, cast, DocumentKind.AGREEMENT).number == 1
    with pytest.raises(NotAllowed):
        make_document(placement_id=proposed.pk, kind=DocumentKind.AGREEMENT, by=cast.att, now=NOW)


def test_pack_that_names_a_restricted_contact_is_for_those_who_may_know(placement: Placement, cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        make_document(placement_id=placement.pk, kind=DocumentKind.PACK, by=cast.team, now=NOW)
    assert made(placement, cast).content["restricted"] is True


def test_share_records_to_whom_when_and_how(placement: Placement, cast: Cast) -> None:
    document = made(placement, cast)

    def share(**changes: Any) -> DocumentShare:
        facts = {"shared_with": "Sam Okafor", "channel": ShareChannel.HAND, "shared_on": TODAY, **changes}
        return record_share(document_id=document.pk, by=cast.slt, now=NOW, **facts)

    assert share().channel == ShareChannel.HAND
    with pytest.raises(RuleBroken, match="lies ahead"):
        share(shared_on=TODAY + timedelta(days=1))
    with pytest.raises(RuleBroken, match="was made on Mon 16 Nov 2026"):
        share(shared_on=TODAY - timedelta(days=1))
    with pytest.raises(RuleBroken, match="to whom"):
        share(shared_with=" ")
    with pytest.raises(NotAllowed):
        record_share(document_id=document.pk, shared_with="S", channel="HAND", shared_on=TODAY, by=cast.att, now=NOW)
    assert list(document.shares.values_list("shared_with", flat=True)) == ["Sam Okafor"]


@pytest.mark.policy("P4.1")
@pytest.mark.parametrize(
    ("kind", "party", "answer", "words", "accepted", "refusal"),
    [
        ("AGREEMENT", "STUDENT", "AGREED", "", True, None),
        ("AGREEMENT", "STUDENT", "AGREED", "", False, "accepts the code of conduct"),
        ("AGREEMENT", "PARENT", "AGREED", "", False, "accepts the code of conduct"),
        ("AGREEMENT", "PROVIDER", "AGREED", "", False, None),
        ("AGREEMENT", "PARENT", "OBJECTED", " ", False, "in their words"),
        ("AGREEMENT", "PARENT", "OBJECTED", "Too far away.", False, None),
        ("PACK", "PROVIDER", "AGREED", "", False, "Only a placement agreement"),
    ],
)
def test_signing_rule(kind: str, party: str, answer: str, words: str, accepted: bool, refusal: str | None) -> None:
    if refusal is None:
        check_signing(kind, party, answer, words, accepted)
        return
    with pytest.raises(RuleBroken, match=refusal):
        check_signing(kind, party, answer, words, accepted)


@pytest.mark.policy("P4.1", "P5.3")
def test_objection_stands_with_its_words_and_missing_answers_are_named(placement: Placement, cast: Cast) -> None:
    first = made(placement, cast, DocumentKind.AGREEMENT)

    def sign(document: PlacementDocument, party: str, answer: str, **more: Any) -> Signing:
        facts = {"name": "Mary Ashdown", "words": "", "conduct_accepted": True, "signed_on": TODAY, **more}
        return record_signing(document_id=document.pk, party=party, answer=answer, by=cast.slt, now=NOW, **facts)

    sign(first, Party.STUDENT, Answer.AGREED, name="Jo Ashdown")
    sign(first, Party.PARENT, Answer.OBJECTED, words="Too far away.", conduct_accepted=False)
    with pytest.raises(RuleBroken, match="recorded already"):
        sign(first, Party.PARENT, Answer.AGREED)
    answers = answers_of(placement)
    assert [signing.words for signing in answers.objections] == ["Too far away."]
    assert answers.missing == ("Provider", "Home school")
    Placement.objects.filter(pk=placement.pk).update(report_to="Ida Newcomer")
    second = made(Placement.objects.get(pk=placement.pk), cast, DocumentKind.AGREEMENT)
    with pytest.raises(RuleBroken, match="newer version"):
        sign(first, Party.PROVIDER, Answer.AGREED, name="Sam Okafor")
    assert answers_of(placement).signings == ()
    assert sign(second, Party.PROVIDER, Answer.AGREED, name="Sam Okafor").document == second


@pytest.mark.policy("P6.6")
def test_review_days_fall_on_every_sixth_school_week(north: School) -> None:
    found = review_days(calendar_of(north.pk), date(2026, 11, 30), date(2027, 3, 26), 6)
    # Weeks after the one of Mon 30 Nov: 7 and 14 Dec, 4, 11, 18 and 25 Jan (holidays do not count).
    assert found[0] == date(2027, 1, 29)
    assert all(day <= date(2027, 3, 26) for day in found)


@pytest.mark.policy("P3.6")
def test_qualifications_are_entered_then_achieved(placement: Placement, cast: Cast) -> None:
    data = {
        "title": "Functional Skills English",
        "level": "Level 1",
        "awarding_body": "NCFE",
        "entered_on": TODAY,
        "achieved_on": None,
        "grade": "",
    }
    row = add_qualification(placement_id=placement.pk, data=data, by=cast.team, now=NOW)
    with pytest.raises(RuleBroken, match="recorded for this placement already"):
        add_qualification(placement_id=placement.pk, data=data, by=cast.team, now=NOW)
    for changes, refusal in (
        ({"achieved_on": TODAY - timedelta(days=1)}, "achieved after the entry"),
        ({"grade": "Pass"}, "give the day"),
        ({"achieved_on": TODAY + timedelta(days=1)}, "lies ahead"),
        ({"awarding_body": " "}, "who awards it"),
    ):
        with pytest.raises(RuleBroken, match=refusal):
            change_qualification(qualification_id=row.pk, data={**data, **changes}, by=cast.slt, now=NOW)
    done = {**data, "achieved_on": TODAY, "grade": "Pass"}
    assert change_qualification(qualification_id=row.pk, data=done, by=cast.slt, now=NOW).grade == "Pass"
    with pytest.raises(NotAllowed):
        change_qualification(qualification_id=row.pk, data=done, by=cast.att, now=NOW)


# --- Pages ---


def page(client: Client, name: str, pk: int) -> Any:
    return client.get(reverse(f"placements:{name}", args=[pk]))


def test_pack_is_previewed_made_shared_and_downloaded(
    placement: Placement, cast: Cast, login: Callable[..., Client]
) -> None:
    client = login(cast.slt)
    preview = page(client, "placement-pack", placement.pk).content.decode()
    assert "Dyslexia: read instructions aloud." in preview
    assert NARRATIVE not in preview
    assert REASON not in preview
    url = reverse("placements:placement-pack", args=[placement.pk])
    assert client.post(url).status_code == 302
    document = placement.documents.get()
    again = client.post(url)
    assert (again.status_code, "says the same already" in again.content.decode()) == (422, True)
    shared = client.post(
        reverse("placements:document-share", args=[document.pk]),
        {"shared_with": "Sam Okafor", "channel": "HAND", "shared_on": "2026-11-16"},
    )
    assert shared.status_code == 302
    listed = page(client, "placement-papers", placement.pk).content.decode()
    assert "Sam Okafor, by hand" in listed
    response = page(client, "document-file", document.pk)
    assert response.content == file_bytes(document.file)
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "Ashdown" not in response["Content-Disposition"]


def test_papers_are_closed_to_attendance_and_a_restricted_pack_to_the_team(
    placement: Placement, cast: Cast, login: Callable[..., Client]
) -> None:
    pack, agreement = made(placement, cast), made(placement, cast, DocumentKind.AGREEMENT)
    for name, pk in (("placement-papers", placement.pk), ("document-file", pack.pk)):
        assert page(login(cast.att), name, pk).status_code == 403
        assert page(login(cast.slt2), name, pk).status_code == 404
    team = login(cast.team)
    assert page(team, "document-file", pack.pk).status_code == 403
    assert page(team, "document-file", agreement.pk).status_code == 200
    assert "You cannot open this version" in page(team, "placement-papers", placement.pk).content.decode()


def test_receiving_school_reads_the_pack_of_its_guest(
    student: Student, south: School, budget: Any, cast: Cast, login: Callable[..., Client]
) -> None:
    host = make_provider(
        "South", kind=ProviderKind.TRUST_SCHOOL, school=south, checked_by=cast.slt, approved_by=cast.lead, now=NOW
    )
    proposed = placement_at(
        Status.PROPOSED,
        student=student,
        provider=host,
        cast=cast,
        now=NOW,
        dual_registered_on=date(2026, 11, 30),
    )
    agreement = made(proposed, cast, DocumentKind.AGREEMENT)
    assert page(login(cast.slt2), "document-file", agreement.pk).status_code == 200
    assert page(login(cast.att2), "document-file", agreement.pk).status_code == 403
    assert page(login(cast.slt2), "document-share", agreement.pk).status_code == 403


def test_agreement_is_answered_on_its_page_and_nothing_typed_is_lost(
    placement: Placement, cast: Cast, login: Callable[..., Client]
) -> None:
    document = made(placement, cast, DocumentKind.AGREEMENT)
    client, url = login(cast.team), reverse("placements:document-sign", args=[document.pk])
    typed = {"party": "PARENT", "name": "Mary Ashdown", "answer": "OBJECTED", "words": "", "signed_on": "2026-11-16"}
    refused = client.post(url, typed)
    assert refused.status_code == 422
    assert "Record what they objected to, in their words." in refused.content.decode()
    assert 'value="Mary Ashdown"' in refused.content.decode()
    assert client.post(url, {**typed, "words": "Too far away."}).status_code == 302
    assert "‘Too far away.’" in page(client, "placement-papers", placement.pk).content.decode()


def test_programmes_qualifications_are_proposed(placement: Placement, cast: Cast, login: Callable[..., Client]) -> None:
    offered = ProgrammeQualification.objects.create(
        programme=placement.programme, title="Construction Skills", level="Entry 3", awarding_body="Gateway"
    )
    client, url = login(cast.team), reverse("placements:placement-qualifications", args=[placement.pk])
    assert "Construction Skills (Gateway)" in client.get(url).content.decode()
    assert client.post(url, {"title": "Own idea"}).status_code == 422
    assert client.post(url, {"proposed": str(offered.pk), "entered_on": "2026-11-16"}).status_code == 302
    row = placement.qualifications.get()
    assert (row.title, row.level, row.entered_on) == ("Construction Skills", "Entry 3", TODAY)
    change = reverse("placements:qualification-change", args=[row.pk])
    facts = {"title": row.title, "awarding_body": "Gateway", "achieved_on": "2026-11-16", "grade": "Pass"}
    assert client.post(change, facts).status_code == 302
    assert page(login(cast.slt2), "qualification-change", row.pk).status_code == 404
