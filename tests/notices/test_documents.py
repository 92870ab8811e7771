"""The letter as a PDF: everything it must say, tagged, and made from nothing but the frozen values."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from pypdf import PdfReader

from notices.documents import letter_pdf
from notices.lifecycle import Status
from notices.models import DirectionNotice, NoticeRecipient
from placements.lifecycle import Status as PlacementStatus
from tests.factories.notices import notice_at
from tests.factories.people import make_contact, make_student
from tests.factories.placements import placement_at, referral_at, referral_data
from tests.fixtures import NOW
from trust.codes import Relationship
from trust.documents import FontsOnly, print_sheet
from trust.services import file_bytes

pytestmark = pytest.mark.django_db


def text_of(content: bytes) -> str:
    """The words of a PDF with single blanks."""
    pages = PdfReader(io.BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.fixture
def issued(student: Any, provider: Any, budget: Any, cast: Any) -> DirectionNotice:
    """An issued notice with one letter, offered as an alternative to exclusion."""
    referral = referral_at(
        "APPROVED", student=student, cast=cast, now=NOW, data=referral_data(exclusion_alternative=True)
    )
    placement = placement_at(
        PlacementStatus.APPROVED, student=student, provider=provider, cast=cast, now=NOW, referral=referral
    )
    return notice_at(Status.ISSUED, placement.periods.get(), cast, NOW, sessions_note="No session on Fri 18 Dec.")


@pytest.mark.policy("P7.3")
def test_letter_states_every_particular(issued: DirectionNotice) -> None:
    recipient = issued.recipients.get()
    text = text_of(file_bytes(recipient.letter))
    frozen = issued.frozen
    for name in (
        "school_name",
        "student_name",
        "provider",
        "first",
        "last",
        "days_required",
        "start_time",
        "report_to",
        "measurable_aim",
        "exclusion_statement",
        "review_on",
        "review_right",
        "legal_basis",
        "signed_by",
        "signed_role",
        "sessions_note",
        "date",
    ):
        assert frozen[name], name
        assert frozen[name] in text, name
    for line in [*frozen["reasons"], *frozen["aims"], *frozen["site_address"], *recipient.address.splitlines()]:
        assert line in text, line
    for row in frozen["sessions"]:
        assert f"{row['day']} {row['morning']} {row['afternoon']}" in text
    assert "Monday 09:00 to 12:00 –" in text
    assert recipient.name in text


@pytest.mark.policy("P7.5")
def test_letter_says_that_absence_is_treated_as_absence_from_school(issued: DirectionNotice) -> None:
    assert "Absence from the placement is treated in the same way as absence from school" in text_of(
        file_bytes(issued.recipients.get().letter)
    )


def test_letter_is_tagged_with_language_and_title_and_embeds_its_fonts(issued: DirectionNotice) -> None:
    reader = PdfReader(io.BytesIO(file_bytes(issued.recipients.get().letter)))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "en-GB"
    assert "pdfuaid" in root["/Metadata"].get_object().get_data().decode()
    assert reader.metadata is not None
    assert reader.metadata.title == "Direction notice"
    width, height = (float(value) for value in reader.pages[0].mediabox[2:])
    assert (round(width), round(height)) == (595, 842)
    for font in reader.pages[0]["/Resources"]["/Font"].values():  # type: ignore[index]
        assert "+" in font.get_object()["/BaseFont"], "a font is not embedded as a subset"


def test_letter_holds_no_name_outside_its_pages(issued: DirectionNotice, student: Any) -> None:
    reader = PdfReader(io.BytesIO(file_bytes(issued.recipients.get().letter)))
    assert student.family_name not in str(reader.metadata)


@pytest.mark.parametrize(
    ("first_name", "family_name"),
    [("Łukasz", "Żółkiewski"), ("Ștefan", "Țurcanu"), ("Siân", "Ŵyn"), ("Nguyễn", "Thị"), ("İbrahim", "Şahin")],
)
def test_letter_renders_names_of_other_languages(issued: DirectionNotice, first_name: str, family_name: str) -> None:
    recipient = NoticeRecipient(kind="PARENT", name=f"{first_name} {family_name}", address="1 Row")
    text = text_of(letter_pdf(issued.frozen, recipient))
    assert f"Dear {first_name} {family_name}" in text


def test_letter_renders_an_urdu_name_without_missing_glyphs(issued: DirectionNotice) -> None:
    recipient = NoticeRecipient(kind="PARENT", name="عائشہ", address="1 Row")
    content = letter_pdf(issued.frozen, recipient)
    fonts = [
        str(font.get_object()["/BaseFont"])
        for font in PdfReader(io.BytesIO(content)).pages[0]["/Resources"]["/Font"].values()  # type: ignore[index]
    ]
    assert any("Letter-Arabic" in name for name in fonts)
    # Letters joined in Arabic script come out in presentation forms or reversed, but every one of them is there.
    assert len([char for char in text_of(content) if "\u0600" <= char <= "\u06ff" or "\ufb50" <= char <= "\ufeff"]) >= 5


def test_letter_fetches_nothing_from_outside(issued: DirectionNotice, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real: Callable[..., Any] = FontsOnly.fetch

    def noting(self: FontsOnly, url: str, headers: Any = None) -> Any:
        asked.append(url)
        return real(self, url, headers)

    monkeypatch.setattr(FontsOnly, "fetch", noting)
    print_sheet.cache_clear()
    frozen = issued.frozen | {"reasons": ['<img src="http://192.0.2.1/x.png"><b>bold</b>']}
    text = text_of(letter_pdf(frozen, issued.recipients.get()))
    assert '<img src="http://192.0.2.1/x.png">' in text, "typed text is text, never markup"
    assert asked
    assert all(url.startswith("file:") for url in asked)


@pytest.mark.parametrize("url", ["http://192.0.2.1/x", "file:///etc/passwd", "data:text/plain,x", "ftp://192.0.2.1/"])
def test_fonts_only_refuses_every_other_address(url: str) -> None:
    with pytest.raises(ValueError, match="nothing but its fonts"):
        FontsOnly().fetch(url)


def test_letter_of_a_local_authority_greets_an_office(issued: DirectionNotice) -> None:
    text = text_of(letter_pdf(issued.frozen, NoticeRecipient(kind="LA", name="Northshire Council")))
    assert "Dear colleague" in text


def test_each_parent_gets_an_own_letter(cast: Any, north: Any, provider: Any, budget: Any) -> None:
    student = make_student(north)
    make_contact(student, "Mary")
    make_contact(student, "Paul", relationship=Relationship.FATHER, has_care=False, parental_responsibility=False)
    placement = placement_at(PlacementStatus.APPROVED, student=student, provider=provider, cast=cast, now=NOW)
    notice = notice_at(Status.ISSUED, placement.periods.get(), cast, NOW)
    texts = {one.name: text_of(file_bytes(one.letter)) for one in notice.recipients.all()}
    assert set(texts) == {"Ms Mary Ashdown", "Ms Paul Ashdown"}
    for name, text in texts.items():
        assert f"Dear {name}" in text
        assert all(other not in text for other in texts if other != name)
