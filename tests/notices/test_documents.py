"""The letter as a PDF: everything it must say, tagged, and made from nothing but the frozen values."""

import io
import re
from collections.abc import Callable, Sequence
from datetime import date, time
from typing import Any

import pytest
from pypdf import PdfReader

from notices.codes import Language, NoticeKind
from notices.documents import help_line, letter_html, letter_pdf, translation_pdf
from notices.lifecycle import Status
from notices.models import DirectionNotice, NoticeRecipient
from notices.queries import facts_of, letter_of
from notices.queries.preview import extreme_letter
from notices.queries.templates import built_in_wording, wordings_in_force
from placements.lifecycle import Status as PlacementStatus
from placements.models import PlacementPeriod
from tests.factories.notices import notice_at
from tests.factories.people import make_contact, make_student
from tests.factories.placements import placement_at, referral_at, referral_data
from tests.factories.templates import template_in_force
from tests.fixtures import NOW, TODAY
from trust.codes import Relationship
from trust.documents import FontsOnly, print_sheet
from trust.errors import RuleBroken
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


# --- every kind, English, translated and in large print ---

KINDS = tuple(NoticeKind)
OWN_WORDS = {
    "reasons": "Seldom in school since September.\nSays that workshops help.",
    "aims": "Be there every day.\nFinish a unit in construction.",
    "measurable_aim": "Attendance of at least 90% by the first review.",
    "report_to": "Sam Okafor",
    "start_time": time(9, 5),
    "sessions_note": "No session on Fri 18 Dec.",
    "first_review_on": date(2026, 12, 18),
    "outcome": "Jo finished the unit.\nAttendance rose to 93%.",
    "return_on": date(2027, 2, 8),
    "return_time": time(8, 40),
    "return_place": "North Academy, School Lane, Northbridge, NB1 1AA",
    "return_person": "Harriet Head",
    "changes": "The place is Quayside instead of Mill Yard.",
}
# What each kind must say, in the order of the letter.
ORDER = {
    "full": (
        "school_name",
        "date",
        "reference",
        "about_line",
        "reasons",
        "aims",
        "measurable_aim",
        "start_line",
        "period_line",
        "days_required",
        "programme",
        "provider",
        "site_address",
        "report_to",
        "review_on",
        "sessions",
        "sessions_note",
        "review_right",
        "ground",
        "signed_by",
        "signed_role",
    ),
    NoticeKind.END: (
        "school_name",
        "date",
        "about_line",
        "outcome",
        "effective",
        "return_on",
        "return_time",
        "return_place",
        "return_person",
        "ground",
        "signed_by",
    ),
    NoticeKind.WITHDRAWAL: (
        "school_name",
        "date",
        "about_line",
        "withdrawn",
        "withdrawn_on",
        "period_line",
        "effective",
        "reasons",
        "instead",
        "ground",
        "signed_by",
    ),
}


def order_of(kind: str) -> Sequence[str]:
    """The values of a letter in the order in which it prints them."""
    if kind == NoticeKind.VARIATION:
        return ("changes", *ORDER["full"][4:])
    return ORDER.get(kind, ORDER["full"])


def letter_in_kind(kind: str, period: PlacementPeriod, cast: Any, languages: Sequence[Language] = ()) -> dict[str, Any]:
    """A frozen letter of a kind, without the notice being stored."""
    facts = facts_of(period.pk)
    effective = {NoticeKind.END: facts.last, NoticeKind.WITHDRAWAL: TODAY, NoticeKind.VARIATION: date(2027, 1, 11)}
    notice = DirectionNotice(
        pk=77,
        placement_period=facts.period,
        kind=kind,
        effective_on=effective.get(NoticeKind(kind), facts.first),
        days_required=facts.computed_days,
        follows=DirectionNotice(pk=76, authorised_at=NOW),
        **OWN_WORDS,
    )
    wordings = wordings_in_force(facts.placement.route, kind, languages)
    return letter_of(notice, facts, signer=cast.head, on=TODAY, wordings=wordings)


def pieces(letter: dict[str, Any], name: str) -> list[str]:
    """The texts that a value of the letter puts on the page."""
    if name in letter["texts"]:
        return list(letter["texts"][name])
    value = letter[name]
    if name == "sessions":
        return [f"{row['day']} {row['morning']} {row['afternoon']}" for row in value]
    return list(value) if isinstance(value, list) else [value]


def check_order(text: str, letter: dict[str, Any], names: Sequence[str]) -> None:
    """Every particular stands in the text, each after the one before it."""
    at = 0
    for name in names:
        for piece in pieces(letter, name):
            assert piece, name
            found = text.find(piece, at)
            assert found >= 0, f"{name}: {piece!r} is missing, or stands before the particular that it follows"
            at = found


def parent(**extra: Any) -> NoticeRecipient:
    return NoticeRecipient(
        kind="PARENT", name="Ms Mary Ashdown", address="4 Orchard Row\nNorthbridge\nNB1 2CD", **extra
    )


def structure(content: bytes) -> tuple[PdfReader, Any]:
    """The reader, once the marks of PDF/UA-1 are there and every font is inside."""
    reader = PdfReader(io.BytesIO(content))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert "pdfuaid" in root["/Metadata"].get_object().get_data().decode()
    for page in reader.pages:
        fonts: Any = page["/Resources"].get("/Font", {})  # type: ignore[attr-defined]
        for font in fonts.values():
            assert "+" in font.get_object()["/BaseFont"], "a font is not embedded as a subset"
    return reader, root


def tags_of(root: Any) -> list[str]:
    """The tags of the structure tree, in reading order."""
    found: list[str] = []

    def walk(node: Any) -> None:
        node = node.get_object()
        if isinstance(node, list):
            for one in node:
                walk(one)
        elif isinstance(node, dict):
            if "/S" in node:
                found.append(str(node["/S"]))
            if "/K" in node:
                walk(node["/K"])

    walk(root["/StructTreeRoot"]["/K"])
    return found


@pytest.mark.policy("P7.3")
@pytest.mark.policy("P7.4")
@pytest.mark.parametrize("kind", KINDS)
def test_letter_of_each_kind_says_everything_in_order_on_two_pages(
    kind: NoticeKind, period: PlacementPeriod, cast: Any
) -> None:
    letter = letter_in_kind(kind, period, cast)
    content = letter_pdf(letter, parent())
    text = text_of(content)
    check_order(text, letter, order_of(kind))
    reader, root = structure(content)
    assert root["/Lang"] == "en-GB"
    assert reader.metadata is not None
    assert reader.metadata.title == "Direction notice"
    assert len(reader.pages) <= 2
    assert f"Page 1 of {len(reader.pages)}" in text
    tags = tags_of(root)
    assert tags.count("/H1") == 1
    assert {"/H2", "/P", "/Table", "/TR", "/TH", "/TD"} <= set(tags)
    assert "Dear Ms Mary Ashdown" in text
    for words in letter["texts"].values():
        for line in words:
            assert line in text, line


@pytest.mark.parametrize("kind", KINDS)
def test_agreed_placement_is_not_called_a_direction(kind: NoticeKind, period: PlacementPeriod, cast: Any) -> None:
    wording = built_in_wording("AGREED", kind)
    assert "direction" not in " ".join(wording.texts.values()).lower()


@pytest.mark.parametrize("language", [Language.POLISH, Language.URDU])
def test_translation_says_everything_in_its_language(language: Language, period: PlacementPeriod, cast: Any) -> None:
    template_in_force(cast, NOW, language=language)
    letter = letter_in_kind(NoticeKind.INITIAL, period, cast, [language])
    assert letter["language"] == "en-GB"
    other = letter["translations"][language]
    content = translation_pdf(letter, parent(language=language.label))
    assert content is not None
    reader, root = structure(content)
    assert root["/Lang"] == language
    assert reader.metadata is not None
    assert "Ashdown" not in str(reader.metadata)
    assert other["date"] != letter["date"]
    assert other["right_to_left"] is (language == Language.URDU)
    text = text_of(content)
    assert "The letter in English is the notice" in text
    if language == Language.POLISH:
        assert "poniedziałek, 7 grudnia 2026" in text
        assert "Początek" in text
        assert "09:00 do 12:00" in text
        check_order(text, other, [name for name in ORDER["full"] if name != "signed_role"])
        assert "Dyrektor szkoły" in text
    else:
        # Arabic script comes out of a PDF in shaped forms: the words are checked in the page that was printed.
        html = letter_html(other, parent(language="Urdu"))
        assert 'dir="rtl"' in html
        check_order(" ".join(re.sub(r"<[^>]+>", " ", html).split()), other, ("date", "aims", "start_line", "review_on"))
        assert "پیر" in html
        shaped = [char for char in text if "\u0600" <= char <= "\u06ff" or "\ufb50" <= char <= "\ufeff"]
        assert len(shaped) > 200
        first = reader.pages[0]["/Resources"]["/Font"].values()  # type: ignore[index]
        assert any("Letter-Arabic" in str(font.get_object()["/BaseFont"]) for font in first)
    for value in (*OWN_WORDS["reasons"].splitlines(), "Sam Okafor", "09:05"):  # type: ignore[attr-defined]
        assert value in text, value


def test_translation_is_made_only_for_who_reads_it(period: PlacementPeriod, cast: Any) -> None:
    template_in_force(cast, NOW, language=Language.POLISH)
    letter = letter_in_kind(NoticeKind.INITIAL, period, cast, [Language.POLISH, Language.URDU])
    assert set(letter["translations"]) == {"pl"}
    for language in ("", "English", "en-GB", "Urdu", "Klingon"):
        assert translation_pdf(letter, parent(language=language)) is None, language
    assert translation_pdf(letter, parent(language="pl")) is not None


def test_translations_of_the_recipients_languages_are_frozen(cast: Any, north: Any, provider: Any, budget: Any) -> None:
    template_in_force(cast, NOW, language=Language.POLISH)
    template_in_force(cast, NOW, language=Language.URDU)
    student = make_student(north)
    contact = make_contact(student, "Mary").contact
    contact.language, contact.large_print = "polish", True
    contact.save()
    placement = placement_at(PlacementStatus.APPROVED, student=student, provider=provider, cast=cast, now=NOW)
    notice = notice_at(Status.ISSUED, placement.periods.get(), cast, NOW)
    assert set(notice.frozen["translations"]) == {"pl"}
    recipient = notice.recipients.get()
    assert recipient.translation is not None
    text = text_of(file_bytes(recipient.letter))
    assert "A translation of this letter into Polish goes with it." in text
    assert PdfReader(io.BytesIO(file_bytes(recipient.translation))).trailer["/Root"]["/Lang"] == "pl"  # type: ignore[index]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("Urdu", "If you would like this letter explained in Urdu, telephone 01632 960001: the school arranges"),
        ("Klingon<b>", "If you would like this letter explained in Klingon<b>, telephone"),
        ("{phone}", "explained in {phone}, telephone 01632"),
        ("pl", "If you would like this letter explained in Polish"),
    ],
)
def test_letter_offers_an_interpreter_where_there_is_no_translation(
    language: str, words: str, period: PlacementPeriod, cast: Any
) -> None:
    letter = letter_in_kind(NoticeKind.INITIAL, period, cast) | {"school_phone": "01632 960001"}
    assert words in help_line(letter, language)
    assert words in text_of(letter_pdf(letter, parent(language=language)))
    assert help_line(letter, "English") == help_line(letter, "") == ""


@pytest.mark.parametrize("kind", [NoticeKind.INITIAL, NoticeKind.END])
def test_large_print_is_eighteen_point_and_says_the_same(kind: NoticeKind, period: PlacementPeriod, cast: Any) -> None:
    letter = letter_in_kind(kind, period, cast)
    content = letter_pdf(letter, parent(large_print=True))
    reader, _ = structure(content)
    # A paragraph may go on overleaf, with the page number between.
    check_order(re.sub(r"Page \d+ of \d+ ?", "", text_of(content)), letter, order_of(kind))
    sizes: set[float] = set()

    def note(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        if text.strip() and "/" not in text and not text.startswith("Page "):
            sizes.add(round(abs(size * tm[3] * cm[3]), 1))

    for page in reader.pages:
        page.extract_text(visitor_text=note)
    # Points of the page; the page numbers at the foot are smaller.
    assert min(size for size in sizes if size) >= 17.9, sizes


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_a_straining_letter_leaves_the_page(kind: NoticeKind, large: bool, cast: Any, year: Any) -> None:
    template = template_in_force(cast, NOW, kind=kind)
    letter = extreme_letter(template, TODAY)
    recipient = NoticeRecipient(
        kind="PARENT", name=letter["signed_by"], address="\n".join(letter["school_address"]), large_print=large
    )
    content = letter_pdf(letter, recipient)
    reader, _ = structure(content)
    outside: list[str] = []
    width, height = (float(value) for value in reader.pages[0].mediabox[2:])

    def note(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        x, y = cm[0] * tm[4] + cm[2] * tm[5] + cm[4], cm[1] * tm[4] + cm[3] * tm[5] + cm[5]
        if text.strip() and not (0 <= x <= width - 20 and 10 <= y <= height - 10):
            outside.append(f"{x:.0f},{y:.0f}: {text}")

    for page in reader.pages:
        page.extract_text(visitor_text=note)
    assert outside == []
    text = text_of(content).replace(" ", "")
    names = [name for name in order_of(kind) if name not in ("signed_role", "sessions")]
    for name in names:
        for piece in pieces(letter, name):
            assert piece.replace(" ", "") in text, name
    for row in letter["sessions"] if kind in ("INITIAL", "EXTENSION", "VARIATION") else ():
        assert row["morning"].replace(" ", "") in text


def test_letter_from_before_its_words_were_kept_is_not_made_but_its_page_stands(
    issued: DirectionNotice, cast: Any, login: Any
) -> None:
    old = {key: value for key, value in issued.frozen.items() if key not in ("texts", "labels", "translations")}
    with pytest.raises(RuleBroken, match="without its words"):
        letter_pdf(old, issued.recipients.get())
    DirectionNotice.objects.filter(pk=issued.pk).update(frozen=old)
    page = login(cast.slt).get(f"/notices/{issued.pk}/")
    assert page.status_code == 200
    assert "made before its words were kept" in page.content.decode()
