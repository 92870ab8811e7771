"""What somebody may type, or import, into any value of a letter: it stands as text, and the letter stays whole."""

import io
import re
import time
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from pypdf import PdfReader

from notices.codes import NoticeKind
from notices.documents import drawable, letter_html, letter_pdf
from notices.models import NoticeRecipient
from notices.queries.preview import extreme_letter
from notices.rules.builtin import built_in
from notices.rules.templates import FIELDS, FLAGS, check_text, sections_of, worded
from notices.rules.words import filled, printable
from tests.factories.templates import template_in_force
from tests.fixtures import NOW, TODAY
from trust.documents import FontsOnly, print_sheet

HOSTILE = (
    "<b>bold</b>",
    "<script>alert(1)</script>",
    "</td></tr></table><h1>Broken</h1>",
    "<svg onload=alert(1)>",
    "<img src=x onerror=alert(1)>",
    '<img src="http://192.0.2.1/x.png">',
    '<img src="file:///etc/passwd">',
    '<iframe src="file:///etc/passwd"></iframe>',
    '<link rel="stylesheet" href="http://192.0.2.1/x.css">',
    '<link rel="attachment" href="file:///etc/passwd">',
    '<object data="file:///etc/passwd"></object>',
    '<a href="javascript:alert(1)">x</a>',
    "<style>@import url(http://192.0.2.1/x.css); body { display: none }</style>",
    '"><style>*{background:url(http://192.0.2.1/x)}</style>',
    "url(file:///etc/passwd)",
    "' onmouseover='alert(1)",
    '" style="position:absolute;left:-999cm',
    "<!-- comment",
    "<![CDATA[x]]>",
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
    "&lt;b&gt; &amp;amp; &#x3c;script&#x3e;",
    "{{ student }}",
    "{{ settings.SECRET_KEY }}",
    "{% for a in b %}{{ a }}{% endfor %}",
    "{% load trust_ui %}{% include 'base.html' %}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ 7 | times: 7 }}{% raw %}{{ x }}{% endraw %}",
    "${7*7} #{7*7} <%= 7*7 %> {student} %(student)s %s",
    "'; DROP TABLE notices_directionnotice; --",
    '=HYPERLINK("http://192.0.2.1/","x")',
    "../../../../etc/passwd",
    "a\x00b\x01c\x1b[31md",
    "\ud800 half \udfff",
    "\u202eesrever\u202c and \u2067more",
    "zero\u200bwidth\u200djoiner\ufeffmark\u00adhyphen",
    "😀👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿 and z̴̢̛a̷͓͠l̶̰̈g̵̣̈́o̴̤͒",
    "一二三四五六七八九十 한국어 ไทย עברית",
    "\r\n\r\nSubject: x\r\nBcc: y@example.org",
    "word " * 2000,
    "W" * 10_000,
)
# Every value that a letter prints from the case.
PRINTED = (
    "reference",
    "date",
    "school_name",
    "school_postcode",
    "school_phone",
    "about_line",
    "provider",
    "programme",
    "measurable_aim",
    "start_line",
    "period_line",
    "days_required",
    "days_reason",
    "report_line",
    "review_on",
    "sessions_note",
    "exclusion_statement",
    "review_right",
    "signed_by",
    "signed_role",
)
LISTED = ("school_address", "reasons", "aims")
KEPT = "Sentinel particular, which must stay in every letter."


class Elements(HTMLParser):
    """What a browser would make of the page: its elements with their attributes, and its words."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(sorted(name for name, _ in attrs))))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def squeezed(text: str) -> str:
    """A text without blanks and places to break, for comparing what lines were broken differently."""
    return re.sub(r"[\s\u200b]+", "", text)


def spread(letter: dict[str, Any], value: str) -> dict[str, Any]:
    """The letter with the value in every place that comes from the case, sites, sessions and words included."""
    hostile = {**letter, **dict.fromkeys(PRINTED, value), **{name: [value] for name in LISTED}}
    hostile["sites"] = [{"name": value, "address": [value], "phone": value, "days": value, "heading": value}]
    hostile["sessions"] = [{"day": value, "morning": value, "afternoon": value}]
    fields: dict[str, str | bool] = {name: True if name in FLAGS else value for name in FIELDS}
    hostile["texts"] = worded(built_in(NoticeKind.INITIAL, direction=True), fields, NoticeKind.INITIAL)
    return hostile


def recipient_of(value: str) -> NoticeRecipient:
    return NoticeRecipient(kind="PARENT", name=value, address=value, language=value)


@pytest.fixture
def letter(cast: Any, year: Any) -> dict[str, Any]:
    """A whole letter; short, so that what is hostile stands out."""
    letter = extreme_letter(template_in_force(cast, NOW), TODAY)
    return letter | {"aims": ["Come every day."], "reasons": ["Seldom in school."]}


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every address that is asked for while letters are made; the sheet with the fonts is read anew first."""
    asked: list[str] = []
    real: Callable[..., Any] = FontsOnly.fetch

    def noting(self: FontsOnly, url: str, headers: Any = None) -> Any:
        asked.append(url)
        return real(self, url, headers)

    monkeypatch.setattr(FontsOnly, "fetch", noting)
    print_sheet.cache_clear()
    return asked


def only_fonts(asked: list[str]) -> bool:
    return all(url.startswith("file:") and url.rsplit(".", 1)[-1] in ("woff2", "ttf") for url in asked)


def test_forty_values_are_tried() -> None:
    assert len(HOSTILE) == len(set(HOSTILE)) == 40


@pytest.mark.django_db
def test_value_in_every_field_is_text_on_the_page(letter: dict[str, Any]) -> None:
    plain = Elements(letter_html(spread(letter, "plain"), recipient_of("plain"))).elements
    for value in HOSTILE:
        html = letter_html(spread(letter, value), recipient_of(value))
        page = Elements(html)
        # The same elements with the same attributes: nothing that was typed became markup. Only the lines of an
        # address, which are its own, differ in number.
        assert [one for one in page.elements if one[0] != "br"] == [one for one in plain if one[0] != "br"], value[:40]
        shown = squeezed(drawable(printable(value)))
        assert squeezed("".join(page.words)).count(shown) >= len(PRINTED) + len(LISTED), value[:40]


@pytest.mark.django_db
@pytest.mark.parametrize("field", [*PRINTED, *LISTED])
def test_value_in_one_field_leaves_all_others(field: str, letter: dict[str, Any]) -> None:
    start = (*PRINTED, *LISTED).index(field)
    # All values stand in all fields together above; alone, each field meets five of them.
    for value in (HOSTILE[(start * 5 + step) % len(HOSTILE)] for step in range(5)):
        changed = letter | {field: [value] if field in LISTED else value}
        page = Elements(letter_html(changed, recipient_of("Ms Mary")))
        words = squeezed("".join(page.words))
        assert squeezed(drawable(printable(value))) in words, value[:40]
        for name in ("review_on", "report_line", "measurable_aim", "period_line"):
            if name != field:
                assert squeezed(letter[name]) in words, (name, value[:40])


@pytest.mark.django_db
@pytest.mark.parametrize("part", range(5))
def test_pdf_of_a_hostile_letter_is_whole_fetches_nothing_and_takes_its_time(
    part: int, letter: dict[str, Any], fetched: list[str]
) -> None:
    for number, value in enumerate(HOSTILE):
        if number % 5 != part:
            continue
        # A rotating sample of the fields for each value; every value is printed at least four times.
        fields = [(*PRINTED, *LISTED)[(number * 4 + step) % (len(PRINTED) + len(LISTED))] for step in range(4)]
        changed = letter | {name: [value] if name in LISTED else value for name in fields} | {"changes": []}
        changed["sessions_note"] = KEPT
        begun = time.process_time()
        content = letter_pdf(changed, recipient_of(value))
        assert time.process_time() - begun < 15, (value[:40], fields)
        reader = PdfReader(io.BytesIO(content))
        assert "/JavaScript" not in str(reader.trailer["/Root"])
        assert "/OpenAction" not in reader.trailer["/Root"]  # type: ignore[operator]
        assert reader.attachments == {}
        text = squeezed("".join(page.extract_text() for page in reader.pages))
        assert squeezed(KEPT) in text, (value[:40], fields)
        assert squeezed("This letter is the formal notice of that direction") in text
        assert "root:x:" not in text
        for page in reader.pages:
            links = page.get("/Annots", [])
            assert not links, "a typed address became a link"
        if value.isascii() and value.isprintable() and len(value) < 200:
            assert squeezed(value) in text, (value, fields)
    assert fetched
    assert only_fonts(fetched)


@pytest.mark.parametrize("value", HOSTILE)
def test_value_in_a_text_is_never_run(value: str) -> None:
    values: dict[str, str | bool] = {name: True if name in FLAGS else value for name in FIELDS}
    done = worded({"opening": "A {{ student }} Z"}, values, NoticeKind.INITIAL, gap="")["opening"]
    assert " ".join(done) == f"A {' '.join(printable(value).split())} Z"
    # And a fixed word with the value in it.
    assert filled("A {language} Z", language=value) == f"A {value} Z"


@pytest.mark.parametrize("value", HOSTILE)
def test_value_as_the_text_of_a_section_is_refused_or_stands_as_it_is(value: str) -> None:
    section = next(one for one in sections_of(NoticeKind.INITIAL) if one.name == "opening")
    text = value.replace("\r\n", "\n")
    faults = check_text(text, NoticeKind.INITIAL, most=section.most)
    if faults:
        assert all(fault.line >= 1 and fault.column >= 1 for fault in faults)
        return
    values: dict[str, str | bool] = {name: True if name in FLAGS else "Jo" for name in FIELDS}
    done = worded({"opening": text}, values, NoticeKind.INITIAL, gap="")["opening"]
    assert squeezed("".join(done)) == squeezed(text.replace("{{ student }}", "Jo"))


def test_character_without_a_glyph_is_replaced_and_every_language_of_ours_is_drawn() -> None:
    assert drawable("A 一 👩 ไ") == "A \ufffd \ufffd \ufffd"
    for text in ("Żółć Łódź", "Ștefan Țurcanu", "عائشہ ٹھیک ڈاکٹر", "Їжак ґанок", "İstanbul şğ", "Žemaitė", "ação ñ ç"):
        assert drawable(text) == text


@pytest.mark.parametrize("value", ["{{ settings.SECRET_KEY }}", "{% for a in b %}", "a\x00b", "W" * 10_000, "\ud800"])
def test_text_that_is_code_too_long_or_unprintable_is_refused(value: str) -> None:
    assert check_text(value, NoticeKind.INITIAL)
