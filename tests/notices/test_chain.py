"""The chain of notices of one placement: everything in order, and one PDF for a complaint or an appeal."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.errors import DependencyError, PdfReadError

from notices.codes import Channel
from notices.lifecycle import Status
from notices.models import DirectionNotice, NoticeRecipient
from notices.queries import chain_of
from notices.queries.chain import people_of
from notices.services import bind_chain, override_late, record_given, void_notice
from notices.services import chain as binding
from placements.models import PlacementPeriod
from tests.factories.notices import notice_at
from tests.fixtures import NOW, TODAY
from tests.notices.conftest import at
from trust.codes import FileKind
from trust.errors import NotAllowed, RuleBroken
from trust.models import AccessLog
from trust.services import store_file

PAGE = "notices:notice-chain"
FILE = "notices:notice-chain-file"


@pytest.fixture
def replaced(period: PlacementPeriod, cast: Any) -> DirectionNotice:
    """A notice that was made void after its letter was made, and the one that replaced it, given to everybody."""
    first = notice_at(Status.ISSUED, period, cast, NOW)
    void_notice(notice_id=first.pk, reason="The site moved.", by=cast.head, now=NOW)
    return notice_at(Status.GIVEN, period, cast, NOW)


def words_of(content: bytes) -> list[str]:
    return [" ".join((page.extract_text() or "").split()) for page in PdfReader(io.BytesIO(content)).pages]


def bound(period: PlacementPeriod, by: Any, **more: Any) -> bytes:
    return bind_chain(placement_id=period.placement_id, path="/x", by=by, now=NOW, **more)


def pages_of(number: int) -> bytes:
    out = io.BytesIO()
    writer = PdfWriter()
    for _ in range(number):
        writer.add_blank_page(595, 842)
    writer.write(out)
    return out.getvalue()


def picture_of(form: str, size: tuple[int, int] = (90, 60), mode: str = "RGB", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "red").save(out, form, **more)
    return out.getvalue()


def kept_proof(content: bytes, cast: Any, content_type: str = "application/pdf") -> Any:
    return store_file(kind=FileKind.NOTICE_PROOF, content=content, content_type=content_type, by=cast.slt, now=NOW)


@pytest.fixture
def both(period: PlacementPeriod, cast: Any) -> DirectionNotice:
    """A notice given to two parents who live apart, each with a letter and a proof of their own."""
    notice = notice_at(Status.GIVEN, period, cast, NOW)
    mother = notice.recipients.get()
    NoticeRecipient.objects.filter(pk=mother.pk).update(
        name="Mary Ashdown", address="1 Mill Lane\nNorthtown", proof_file=kept_proof(pages_of(1), cast)
    )
    copied = {
        name: getattr(mother, name)
        for name in ("channel", "sent_at", "deemed_given_on", "deadline_on", "in_time", "recorded_by", "recorded_at")
    }
    NoticeRecipient.objects.create(
        notice=notice,
        kind="PARENT",
        name="Frank Farrell",
        address="77 Hidden Close\nSecretville",
        email="frank@hidden.example",
        letter=store_file(
            kind=FileKind.NOTICE,
            content=pages_of(3),
            content_type="application/pdf",
            by=cast.head,
            now=NOW,
        ),
        proof="Handed to Frank Farrell at 77 Hidden Close",
        proof_file=kept_proof(pages_of(2), cast),
        **copied,
    )
    return notice


@pytest.mark.policy("P7.4")
def test_chain_holds_every_notice_in_order_with_the_void_one(replaced: DirectionNotice, cast: Any) -> None:
    chain = chain_of(replaced.placement_period.placement, TODAY)
    assert [one.notice.status for one in chain] == [Status.VOID, Status.GIVEN]
    assert chain[0].replaced_by == (replaced.pk,)
    assert (chain[0].standing, chain[1].standing) == ("Void", "In time")
    given = chain[1].recipients[0]
    assert given.how == "By hand on Mon 16 Nov 2026; counts as given on Mon 16 Nov 2026."
    assert given.standing == "In time: last day Thu 3 Dec 2026"
    assert [len(one.papers) for one in chain] == [1, 1]


def test_chain_takes_as_many_queries_for_two_notices_as_for_one(period: PlacementPeriod, cast: Any) -> None:
    placement = period.placement
    first = notice_at(Status.ISSUED, period, cast, NOW)
    with CaptureQueriesContext(connection) as one:
        chain_of(placement, TODAY)
    void_notice(notice_id=first.pk, reason="The site moved.", by=cast.head, now=NOW)
    notice_at(Status.ISSUED, period, cast, NOW)
    with CaptureQueriesContext(connection) as two:
        assert len(chain_of(placement, TODAY)) == 2
    assert len(two) == len(one)


@pytest.mark.policy("P7.4")
def test_bound_chain_lists_each_letter_with_its_hash_and_the_reason_of_the_void_one(
    replaced: DirectionNotice, cast: Any
) -> None:
    pages = words_of(bound(replaced.placement_period, cast.head))
    letters = list(NoticeRecipient.objects.order_by("id").values_list("letter__sha256", flat=True))
    assert len(letters) == 2
    text = " ".join(pages).replace(" ", "")
    assert all(sha256 in text for sha256 in letters)
    assert "Thesitemoved." in text


def test_bound_chain_numbers_the_papers_where_they_really_stand(
    replaced: DirectionNotice, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}
    plain = binding.render_to_string

    def spy(template: str, context: dict[str, Any]) -> str:
        seen.update(context, places=[one.page for one in context["papers"]])
        return plain(template, context)

    monkeypatch.setattr(binding, "render_to_string", spy)
    content = bound(replaced.placement_period, cast.head)
    reader = PdfReader(io.BytesIO(content))
    school = replaced.placement_period.placement.school.name
    assert all(words_of(content)[place - 1].startswith(school) for place in seen["places"])
    outline = [reader.get_destination_page_number(item) + 1 for item in reader.outline]
    assert seen["places"] == outline[1:]
    assert seen["pages"] == len(reader.pages)
    assert seen["cover"] == outline[1] - 1


@pytest.mark.policy("P7.2")
def test_bound_chain_tells_late_giving_the_override_and_whether_the_parents_agreed(
    period: PlacementPeriod, cast: Any
) -> None:
    notice = notice_at(Status.ISSUED, period, cast, at(2))
    for recipient in notice.recipients.all():
        record_given(
            recipient_id=recipient.pk, channel=Channel.HAND, sent_at=at(4), proof="Signed.", by=cast.slt, now=at(4)
        )
    override_late(notice_id=notice.pk, reason="A place came free.", by=cast.head, now=at(4))
    words = " ".join(words_of(bound(period, cast.head)))
    assert "Late: last day Thu 3 Dec 2026" in words
    assert "A place came free." in words
    assert "No agreement of the parents is kept." in words
    agreement = store_file(
        kind=FileKind.PARENT_AGREEMENT,
        content=period.placement.student.family_name.encode(),
        content_type="application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        by=cast.head,
        now=NOW,
    )
    DirectionNotice.objects.filter(pk=notice.pk).update(parent_agreement=agreement)
    words = " ".join(words_of(bound(period, cast.head)))
    assert "The parents agreed in writing to less notice." in words
    assert "it is neither a PDF nor a picture" in words


def test_bound_chain_names_a_letter_that_was_changed_or_is_gone_and_leaves_it_out(
    replaced: DirectionNotice, cast: Any
) -> None:
    whole = PdfReader(io.BytesIO(bound(replaced.placement_period, cast.head)))
    first, second = NoticeRecipient.objects.select_related("letter").order_by("id")
    path = Path(settings.FILES_DIR) / first.letter.sha256[:2] / first.letter.sha256
    path.write_bytes(path.read_bytes() + b" ")
    (Path(settings.FILES_DIR) / second.letter.sha256[:2] / second.letter.sha256).unlink()
    content = bound(replaced.placement_period, cast.head)
    words = " ".join(words_of(content))
    assert "was changed after it was kept" in words
    assert "is missing" in words
    assert len(PdfReader(io.BytesIO(content)).pages) < len(whole.pages)
    assert len(PdfReader(io.BytesIO(content)).outline) == 1


def test_bound_chain_keeps_a_broken_proof_apart(replaced: DirectionNotice, cast: Any) -> None:
    broken = store_file(
        kind=FileKind.NOTICE_PROOF, content=b"%PDF-1.4\n%%EOF\n", content_type="application/pdf", by=cast.slt, now=NOW
    )
    replaced.recipients.update(proof_file=broken)
    words = " ".join(words_of(bound(replaced.placement_period, cast.head)))
    assert "the PDF cannot be bound" in words


def test_bind_chain_without_permission_or_notice_is_refused(period: PlacementPeriod, cast: Any) -> None:
    with pytest.raises(RuleBroken, match="no notice"):
        bound(period, cast.head)
    notice_at(Status.DRAFT, period, cast, NOW)
    for person in (cast.team, cast.att, cast.head2, cast.finance):
        with pytest.raises(NotAllowed):
            bound(period, person)


def test_chain_file_names_no_student_and_is_noted(client: Client, replaced: DirectionNotice, cast: Any) -> None:
    placement = replaced.placement_period.placement
    client.force_login(cast.dsl)
    answer = client.get(reverse(FILE, args=[placement.pk]))
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == (f'attachment; filename="notices-of-placement-{placement.pk}.pdf"')
    assert "no-store" in answer.headers["Cache-Control"]
    assert placement.student.family_name not in str(PdfReader(io.BytesIO(answer.content)).metadata)
    logged = AccessLog.objects.filter(action="took the chain of notices (whole)").values_list("user_id", "student_id")
    assert list(logged) == [(cast.dsl.pk, placement.student_id)]


def test_chain_page_shows_recipients_proof_and_letters(client: Client, replaced: DirectionNotice, cast: Any) -> None:
    placement = replaced.placement_period.placement
    client.force_login(cast.slt)
    page = " ".join(client.get(reverse(PAGE, args=[placement.pk])).content.decode().split())
    assert "The site moved." in page
    assert "Handed over at reception" in page
    assert page.count("not made") == 0
    assert reverse(FILE, args=[placement.pk]) in page
    assert AccessLog.objects.filter(action="opened the chain of notices").count() == 1


def test_chain_of_another_school_is_not_found_and_the_team_is_forbidden(
    client: Client, replaced: DirectionNotice, cast: Any
) -> None:
    pk = replaced.placement_period.placement_id
    for person, status in ((cast.head2, 404), (cast.team, 403)):
        client.force_login(person)
        assert client.get(reverse(PAGE, args=[pk])).status_code == status
        assert client.get(reverse(FILE, args=[pk])).status_code == status


def test_chain_page_and_file_without_a_notice(client: Client, period: PlacementPeriod, cast: Any) -> None:
    client.force_login(cast.slt)
    assert "No notices yet" in client.get(reverse(PAGE, args=[period.placement_id])).content.decode()
    assert client.get(reverse(FILE, args=[period.placement_id])).status_code == 404


def test_chain_binds_a_proof_that_is_a_pdf(replaced: DirectionNotice, cast: Any) -> None:
    out = io.BytesIO()
    writer = PdfWriter()
    writer.add_blank_page(595, 842)
    writer.add_blank_page(595, 842)
    writer.write(out)
    before = len(words_of(bound(replaced.placement_period, cast.head)))
    proof = store_file(
        kind=FileKind.NOTICE_PROOF, content=out.getvalue(), content_type="application/pdf", by=cast.slt, now=NOW
    )
    replaced.recipients.update(proof_file=proof)
    content = bound(replaced.placement_period, cast.head)
    assert len(words_of(content)) == before + 2


def test_bound_chain_of_many_papers_counts_its_own_pages(replaced: DirectionNotice, cast: Any) -> None:
    # More lines than one page of contents holds: the list itself moves every paper.
    out = io.BytesIO()
    writer = PdfWriter()
    writer.add_blank_page(595, 842)
    writer.write(out)
    first = replaced.recipients.get()
    proof = store_file(
        kind=FileKind.NOTICE_PROOF, content=out.getvalue(), content_type="application/pdf", by=cast.slt, now=NOW
    )
    for number in range(40):
        NoticeRecipient.objects.create(
            notice=replaced, kind="PARENT", name=f"Person {number}", letter=first.letter, proof_file=proof
        )
    content = bound(replaced.placement_period, cast.head)
    reader = PdfReader(io.BytesIO(content))
    places = [reader.get_destination_page_number(item) + 1 for item in reader.outline]
    assert places[1] > 3
    assert len(places) == 1 + 2 + 80
    assert places[-1] == len(reader.pages)


# --- a copy for one person ---


@pytest.mark.policy("P7.4")
def test_copy_for_one_parent_discloses_nothing_of_the_other(both: DirectionNotice, cast: Any) -> None:
    void_notice(notice_id=both.pk, reason="Frank Farrell moved to Secretville.", by=cast.head, now=NOW)
    mother, father = both.recipients.order_by("id")
    DirectionNotice.objects.filter(pk=both.pk).update(parent_agreement=kept_proof(picture_of("PNG"), cast, "image/png"))
    whole = bound(both.placement_period, cast.head)
    hers = bound(both.placement_period, cast.head, recipient_id=mother.pk)
    his = bound(both.placement_period, cast.head, recipient_id=father.pk)
    text, other = " ".join(words_of(hers)), " ".join(words_of(his))
    assert "Frank Farrell" in " ".join(words_of(whole))
    assert "moved to Secretville" in " ".join(words_of(whole))
    for secret in ("Farrell", "Hidden", "Secretville", "hidden.example", father.letter.sha256):
        assert secret not in text.replace(" ", "")
        assert secret.encode() not in hers
    assert "Copy for Mary Ashdown" in text
    assert "Parent or carer: given on Mon 16 Nov 2026" in text
    assert "The written agreement to late notice." in text
    assert mother.letter.sha256 in text.replace(" ", "")
    assert "Mary" not in other
    assert "Mill Lane" not in other
    # The cover, her letter and proof; his three and two pages, and the agreement, only in the whole.
    assert len(words_of(whole)) - len(words_of(hers)) >= 6
    assert len(PdfReader(io.BytesIO(hers)).outline) == 3


def test_copy_leaves_out_a_proof_that_is_also_that_of_others(both: DirectionNotice, cast: Any) -> None:
    mother, father = both.recipients.order_by("id")
    # The certificate of a whole posting: the same content, also where it was kept a second time.
    NoticeRecipient.objects.filter(pk=father.pk).update(proof_file=kept_proof(pages_of(1), cast))
    hers = bound(both.placement_period, cast.head, recipient_id=mother.pk)
    assert len(PdfReader(io.BytesIO(hers)).outline) == 2
    assert "which is also that of others" in " ".join(words_of(hers))


def test_copy_holds_the_letters_of_the_same_person_from_every_notice(replaced: DirectionNotice, cast: Any) -> None:
    assert replaced.recipients.get().contact_link_id is not None
    copied = bound(replaced.placement_period, cast.head, recipient_id=replaced.recipients.get().pk)
    assert len(PdfReader(io.BytesIO(copied)).outline) == 3
    assert "The site moved" not in " ".join(words_of(copied))
    assert len(people_of(chain_of(replaced.placement_period.placement, TODAY))) == 1


def test_copy_is_never_the_whole_by_mistake_and_each_is_logged_as_what_it_was(
    client: Client, both: DirectionNotice, cast: Any
) -> None:
    mother = both.recipients.order_by("id")[0]
    url = reverse(FILE, args=[both.placement_period.placement_id])
    client.force_login(cast.slt)
    for wrong in ("", "x", "0", "-1", "²", "9" * 30, str(mother.pk + 1000)):
        assert client.get(url, {"recipient": wrong}).status_code == 404, wrong
    assert not AccessLog.objects.filter(action__startswith="took").exists()
    answer = client.get(url, {"recipient": mother.pk})
    assert b"Farrell" not in answer.content
    assert answer.headers["Content-Disposition"].endswith('-copy.pdf"')
    client.get(url)
    logged = AccessLog.objects.filter(action__startswith="took").order_by("id").values_list("action", "path")
    assert list(logged) == [
        ("took the chain of notices (copy)", f"{url}?recipient={mother.pk}"),
        ("took the chain of notices (whole)", url),
    ]
    client.force_login(cast.team)
    assert client.get(url, {"recipient": mother.pk}).status_code == 403


def test_chain_page_offers_a_copy_for_each_person_and_warns_beside_the_whole(
    client: Client, both: DirectionNotice, cast: Any
) -> None:
    client.force_login(cast.slt)
    page = " ".join(client.get(reverse(PAGE, args=[both.placement_period.placement_id])).content.decode().split())
    for one in both.recipients.all():
        assert f"?recipient={one.pk}" in page
        assert f"Copy for {one.name}" in page
    assert "Never hand it to a parent" in page


# --- papers that cannot be bound ---


@pytest.mark.parametrize("error", [PdfReadError("x"), DependencyError("x"), AttributeError("x"), RecursionError()])
def test_paper_that_fails_when_it_is_bound_is_kept_apart_and_costs_no_other(
    error: Exception, replaced: DirectionNotice, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced.recipients.update(proof_file=kept_proof(pages_of(7), cast))
    plain = PdfWriter.append

    def append(self: PdfWriter, reader: Any, *args: Any, **kwargs: Any) -> None:
        if len(reader.pages) == 7:
            raise error
        plain(self, reader, *args, **kwargs)

    monkeypatch.setattr(PdfWriter, "append", append)
    content = bound(replaced.placement_period, cast.head)
    assert "the PDF cannot be bound" in " ".join(words_of(content))
    assert len(PdfReader(io.BytesIO(content)).outline) == 3


def test_pdf_whose_pages_are_damaged_is_kept_apart(replaced: DirectionNotice, cast: Any) -> None:
    # It opens and counts its pages; only taking one over comes upon what is no page.
    damaged = pages_of(2).replace(b"/MediaBox [ 0.0 0.0 595 842 ]", b"/MediaBox [ 0.0 0.0 99 0 R ]   ")
    damaged = damaged.replace(b"/Type /Page\n", b"/Type /XXXX\n")
    encrypted = PdfWriter(clone_from=io.BytesIO(pages_of(1)))
    encrypted.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    encrypted.write(out)
    for content in (out.getvalue(), damaged[:-200]):
        replaced.recipients.update(proof_file=kept_proof(content, cast))
        found = bound(replaced.placement_period, cast.head)
        assert len(PdfReader(io.BytesIO(found)).outline) >= 3


def test_binding_takes_no_more_than_its_pages_and_says_what_it_left_out(
    replaced: DirectionNotice, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = len(PdfReader(io.BytesIO(bound(replaced.placement_period, cast.head))).pages)
    assert binding.MOST_PAGES == 300
    monkeypatch.setattr(binding, "MOST_PAGES", 10)
    replaced.recipients.update(proof_file=kept_proof(pages_of(11), cast))
    content = bound(replaced.placement_period, cast.head)
    assert "with it the binding has over 10 pages" in " ".join(words_of(content))
    assert len(PdfReader(io.BytesIO(content)).pages) == letters
    monkeypatch.setattr(binding, "MOST_PAGES", 0)
    content = bound(replaced.placement_period, cast.head)
    assert "the binding is full" in " ".join(words_of(content))
    assert len(PdfReader(io.BytesIO(content)).outline) == 1
    monkeypatch.setattr(binding, "MOST_PAGES", 300)
    monkeypatch.setattr(binding, "MOST_BYTES", 100)
    content = bound(replaced.placement_period, cast.head)
    assert len(PdfReader(io.BytesIO(content)).outline) == 1


# --- pictures ---


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (picture_of("PNG"), "image/png"),
        (picture_of("PNG", mode="RGBA"), "image/png"),
        (picture_of("PNG", mode="P"), "image/png"),
        (picture_of("JPEG", size=(4000, 3000)), "image/jpeg"),
        (picture_of("JPEG", mode="CMYK"), "image/jpeg"),
    ],
)
def test_picture_is_bound_as_a_page_of_its_own(
    content: bytes, content_type: str, replaced: DirectionNotice, cast: Any
) -> None:
    before = len(words_of(bound(replaced.placement_period, cast.head)))
    replaced.recipients.update(proof_file=kept_proof(content, cast, content_type))
    found = PdfReader(io.BytesIO(bound(replaced.placement_period, cast.head)))
    assert len(found.pages) == before + 1
    last = found.pages[-1]
    assert len(last.images) == 1
    assert [round(float(side)) for side in last.mediabox[2:]] == [595, 842]
    assert "A picture, set on a page" in " ".join(words_of(bound(replaced.placement_period, cast.head)))


def test_photo_is_set_upright(replaced: DirectionNotice, cast: Any) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    content = picture_of("JPEG", size=(400, 100), exif=turned.tobytes())
    page = PdfReader(io.BytesIO(binding._page_with(content))).pages[0].images[0].image
    assert page is not None
    red = page.convert("RGB").point(lambda value: 255 if value > 128 else 0).getchannel("G")
    left, top, right, bottom = Image.eval(red, lambda value: 255 - value).getbbox() or (0, 0, 0, 0)
    assert bottom - top > 3 * (right - left)


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n", picture_of("PNG")[:20], picture_of("GIF"), b""])
def test_damaged_picture_is_kept_apart(content: bytes, replaced: DirectionNotice, cast: Any) -> None:
    replaced.recipients.update(proof_file=kept_proof(content, cast, "image/png"))
    assert "the picture cannot be bound" in " ".join(words_of(bound(replaced.placement_period, cast.head)))


def test_picture_with_too_many_points_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binding, "MOST_PIXELS", 90 * 60 - 1)
    with pytest.raises(ValueError, match="too many points"):
        binding._page_with(picture_of("PNG"))
