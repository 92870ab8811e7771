"""Invoices: recorded once, matched, settled with a reason, paid once; a file of them all or nothing; who sees what."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from placements.lifecycle import InvoiceStatus, Status
from placements.models import Budget, Invoice, InvoiceLine, Placement
from placements.queries import invoice_list, invoice_shown
from placements.rules import Agreed, Billed, check_settled, differences, read_invoices
from placements.services import (
    import_invoices,
    pay_invoice,
    record_invoice,
    record_match,
    reject_invoice,
    settle_invoice,
    settle_invoice_line,
    unsettle_invoice,
)
from providers.models import Provider
from tests.factories.people import make_student
from tests.factories.placements import make_budget, placement_at
from tests.factories.providers import make_provider
from tests.fixtures import NOW, TODAY, Cast
from trust.errors import NotAllowed, RuleBroken, StaleRecord
from trust.models import AcademicYear, School, Student, User

MONDAY, FRIDAY = date(2026, 11, 30), date(2026, 12, 4)
Login = Callable[[User], Client]


# --- rules --------------------------------------------------------------------------------------------------------


money = st.decimals(min_value=0, max_value=99_999, places=2)
count = st.integers(min_value=0, max_value=400)


@given(sessions=count, net=money, agreed=count, attended=count, agreed_net=money)
@pytest.mark.policy("P1.2")
def test_differences_are_none_exactly_when_sessions_and_money_agree(
    sessions: int, net: Decimal, agreed: int, attended: int, agreed_net: Decimal
) -> None:
    found = differences(Billed(sessions, net), Agreed(agreed, attended, agreed_net))
    assert len(found) == (sessions != agreed) + (net != agreed_net)


def test_check_settled_asks_for_a_match_and_for_the_reason_of_a_difference() -> None:
    check_settled(True, (), "")
    check_settled(True, ("£5.00 too much.",), "Agreed by telephone.")
    for matched, found in ((False, ()), (True, ("£5.00 too much.",))):
        with pytest.raises(RuleBroken):
            check_settled(matched, found, " ")


HEAD = "provider,number,date,placement,first,last,sessions,net,vat\n"


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (",A1,2026-11-16,7,2026-11-02,2026-11-06,5,225,0", "provider", "empty"),
        ("Millyard,,2026-11-16,7,2026-11-02,2026-11-06,5,225,0", "number", "empty"),
        ("Millyard,A1,16.11.2026,7,2026-11-02,2026-11-06,5,225,0", "date", "Give a day"),
        ("Millyard,A1,31/11/2026,7,2026-11-02,2026-11-06,5,225,0", "date", "Give a day"),
        ("Millyard,A1,2026-11-16,Jo Ashdown,2026-11-02,2026-11-06,5,225,0", "placement", "reference number"),
        ("Millyard,A1,2026-11-16,7,2026-11-06,2026-11-02,5,225,0", "last", "before the first"),
        ("Millyard,A1,2026-11-16,7,2024-11-06,2026-11-02,5,225,0", "last", "at most a year"),
        ("Millyard,A1,2026-11-16,7,2026-11-02,2026-11-06,-5,225,0", "sessions", "from 0 to 400"),
        ("Millyard,A1,2026-11-16,7,2026-11-02,2026-11-06,401,225,0", "sessions", "from 0 to 400"),
        ("Millyard,A1,2026-11-16,7,2026-11-02,2026-11-06,5,-225,0", "net", "not below zero"),
        ("Millyard,A1,2026-11-16,7,2026-11-02,2026-11-06,5,1e3000000,0", "net", "in pounds"),
        ("Millyard,A1,2026-11-16,7,2026-11-02,2026-11-06,5,NaN,0", "net", "in pounds"),
        ("Millyard,A1,2026-11-16,7,2026-11-02,2026-11-06,5,22.505,0", "net", "two decimal places"),
        ("Millyard,A1,2026-11-16,7,2026-11-02,2026-11-06,5,=1+1,0", "net", "formula"),
        ("Millyard,A1,2026-11-16,7,2026-11-02,2026-11-06,5,225,x", "vat", "in pounds"),
    ],
)
def test_file_error_names_row_and_column(row: str, column: str, words: str) -> None:
    good = "Millyard,A0,2026-11-16,9,2026-11-02,2026-11-06,5,225,0"
    found = read_invoices(f"{HEAD}{good}\n\n{row}\n".encode())
    assert [(error.row, error.column) for error in found.errors] == [(4, column)]
    assert words in found.errors[0].sentence
    assert len(found.rows) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"  \n \n", "empty"),
        (HEAD.encode(), "no invoice"),
        (b"provider,number\na,b\n", "missing: date"),
        ((HEAD.strip() + ",net\n").encode(), "twice: net"),
        (HEAD.encode() + "Süd".encode("latin-1"), "not in UTF-8"),
        (HEAD.encode() + b'"Millyard,1\n', "quotation mark"),
        (HEAD.encode() + b"a,b,c,d,e,f,g,h,i\n" * 2001, "at most 2000"),
    ],
)
def test_file_that_is_no_file_of_invoices_is_refused_with_a_sentence(content: bytes, words: str) -> None:
    with pytest.raises(RuleBroken, match=words) as refused:
        read_invoices(content)
    assert refused.value.field == "file"


def test_file_with_semicolons_and_pounds_is_read() -> None:
    text = f"\ufeff{HEAD.replace(',', ';')}Millyard;A1;16/11/2026;7;02/11/2026;06/11/2026;5;£1,225.50;\n"
    row = read_invoices(text.encode()).rows[0]
    assert (row.net, row.vat, row.first) == (Decimal("1225.50"), Decimal("0.00"), date(2026, 11, 2))


@given(st.binary(max_size=400))
def test_file_of_any_bytes_is_read_or_refused_with_a_sentence(content: bytes) -> None:
    for candidate in (content, HEAD.encode() + content):
        try:
            found = read_invoices(candidate)
        except RuleBroken:
            continue
        assert found.rows or found.errors


# --- services -----------------------------------------------------------------------------------------------------


@pytest.fixture
def placement(student: Student, provider: Provider, budget: Budget, cast: Cast) -> Placement:
    """Approved: mornings of three weeks."""
    return placement_at(
        Status.APPROVED,
        student=student,
        provider=provider,
        cast=cast,
        now=NOW,
        first=MONDAY,
        last=date(2026, 12, 18),
    )


def line(placement: Placement, **changes: Any) -> dict[str, Any]:
    return {
        "placement_id": placement.pk,
        "first": MONDAY,
        "last": FRIDAY,
        "sessions": 5,
        "net": Decimal("225.00"),
        **changes,
    }


def record(placement: Placement, cast: Cast, **changes: Any) -> Invoice:
    facts: dict[str, Any] = {
        "provider_id": placement.provider_id,
        "number": "INV-1",
        "invoiced_on": TODAY,
        "vat": Decimal("0.00"),
        "lines": [line(placement)],
        "file": None,
        "by": cast.finance,
        "now": NOW,
    }
    return record_invoice(**{**facts, **changes})


def matched(invoice: Invoice, cast: Cast, *agreed: Agreed) -> Invoice:
    rows = dict(zip(invoice.lines.order_by("id").values_list("pk", flat=True), agreed, strict=True))
    return record_match(invoice_id=invoice.pk, matches=rows, by=cast.finance, now=NOW)


@pytest.mark.django_db
@pytest.mark.policy("P1.2")
@pytest.mark.parametrize("again", ["INV-1", "inv-1", "  Inv-1 "])
def test_number_of_a_provider_is_recorded_once(placement: Placement, cast: Cast, again: str) -> None:
    record(placement, cast)
    later = line(placement, first=date(2026, 12, 7), last=date(2026, 12, 11))
    with pytest.raises(RuleBroken, match="INV-1 of this provider is recorded already") as refused:
        record(placement, cast, number=again, lines=[later])
    assert refused.value.field == "number"
    assert Invoice.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.policy("P1.2")
def test_days_are_billed_once(placement: Placement, cast: Cast) -> None:
    record(placement, cast)
    overlap = line(placement, first=FRIDAY, last=FRIDAY + timedelta(days=7), row=3)
    with pytest.raises(RuleBroken, match="billed on another line already") as refused:
        record(placement, cast, number="INV-2", lines=[overlap])
    assert refused.value.field == "first_3"
    # Twice on the same paper, too; nothing of it is kept.
    fresh = line(placement, first=date(2026, 12, 14), last=date(2026, 12, 18))
    with pytest.raises(RuleBroken, match="billed on another line already"):
        record(placement, cast, number="INV-3", lines=[fresh, fresh])
    assert Invoice.objects.count() == 1


@pytest.mark.django_db
def test_record_refuses_what_cannot_be_billed(
    placement: Placement, north: School, provider: Provider, cast: Cast
) -> None:
    elsewhere = make_provider("Elsewhere", checked_by=cast.slt, approved_by=cast.lead, now=NOW)
    with pytest.raises(RuleBroken, match="not with this provider"):
        record(placement, cast, provider_id=elsewhere.pk)
    proposed = placement_at(
        Status.PROPOSED, student=make_student(north, "Cole", "Kit"), provider=provider, cast=cast, now=NOW
    )
    with pytest.raises(RuleBroken, match="never approved"):
        record(proposed, cast)
    with pytest.raises(RuleBroken, match="lies ahead"):
        record(placement, cast, invoiced_on=TODAY + timedelta(days=1))
    with pytest.raises(RuleBroken, match="before the first day"):
        record(placement, cast, lines=[line(placement, last=MONDAY - timedelta(days=1))])
    with pytest.raises(RuleBroken, match="at least one line"):
        record(placement, cast, lines=[])
    for person in (cast.head, cast.lead, cast.ceo):
        with pytest.raises(NotAllowed):
            record(placement, cast, by=person)


@pytest.mark.django_db
@pytest.mark.policy("P1.2")
def test_line_as_agreed_is_settled_by_the_match_and_a_difference_waits_for_a_reason(
    placement: Placement, cast: Cast
) -> None:
    second = line(placement, first=date(2026, 12, 7), last=date(2026, 12, 11), net=Decimal("270.00"), sessions=6)
    invoice = record(placement, cast, lines=[line(placement), second])
    with pytest.raises(RuleBroken, match="2 lines are not settled"):
        settle_invoice(invoice_id=invoice.pk, by=cast.finance, now=NOW)
    matched(invoice, cast, Agreed(5, 4, Decimal("225.00")), Agreed(5, 5, Decimal("225.00")))
    settled, waiting = invoice.lines.order_by("id")
    assert settled.settled_at is not None
    assert waiting.settled_at is None
    with pytest.raises(RuleBroken, match="say why"):
        settle_invoice_line(line_id=waiting.pk, reason="", by=cast.finance, now=NOW)
    settle_invoice_line(line_id=waiting.pk, reason="An extra afternoon, agreed.", by=cast.finance, now=NOW)
    # The same difference again keeps its reason, another one asks anew.
    matched(invoice, cast, Agreed(5, 4, Decimal("225.00")), Agreed(5, 5, Decimal("225.00")))
    assert invoice.lines.get(pk=waiting.pk).settled_reason == "An extra afternoon, agreed."
    matched(invoice, cast, Agreed(5, 4, Decimal("225.00")), Agreed(4, 4, Decimal("180.00")))
    assert invoice.lines.get(pk=waiting.pk).settled_at is None


@pytest.mark.django_db
@pytest.mark.policy("P1.2")
def test_invoice_is_paid_once(placement: Placement, cast: Cast) -> None:
    invoice = record(placement, cast)
    with pytest.raises(RuleBroken, match="cannot become 'paid'"):
        pay_invoice(invoice_id=invoice.pk, paid_on=TODAY, by=cast.finance, now=NOW)
    matched(invoice, cast, Agreed(5, 5, Decimal("225.00")))
    settled = settle_invoice(invoice_id=invoice.pk, by=cast.finance, now=NOW)
    with pytest.raises(RuleBroken, match="its day or later"):
        pay_invoice(invoice_id=invoice.pk, paid_on=TODAY + timedelta(days=1), by=cast.finance, now=NOW)
    with pytest.raises(StaleRecord):
        pay_invoice(invoice_id=invoice.pk, paid_on=TODAY, version=1, by=cast.finance, now=NOW)
    pay_invoice(invoice_id=invoice.pk, paid_on=TODAY, version=settled.version, by=cast.finance, now=NOW)
    with pytest.raises(RuleBroken, match="needs no second step"):
        pay_invoice(invoice_id=invoice.pk, paid_on=TODAY, by=cast.finance, now=NOW)
    for undo in (reject_invoice, unsettle_invoice):
        with pytest.raises(RuleBroken, match="'paid'"):
            undo(invoice_id=invoice.pk, reason="Mistake.", by=cast.finance, now=NOW)


@pytest.mark.django_db
def test_settled_invoice_is_opened_again_and_sent_back_with_a_reason(placement: Placement, cast: Cast) -> None:
    invoice = record(placement, cast)
    matched(invoice, cast, Agreed(5, 5, Decimal("225.00")))
    settle_invoice(invoice_id=invoice.pk, by=cast.finance, now=NOW)
    with pytest.raises(RuleBroken):
        reject_invoice(invoice_id=invoice.pk, reason="Wrong.", by=cast.finance, now=NOW)
    unsettle_invoice(invoice_id=invoice.pk, reason="A line is wrong.", by=cast.finance, now=NOW)
    with pytest.raises(RuleBroken, match="Give the reason"):
        reject_invoice(invoice_id=invoice.pk, reason=" ", by=cast.finance, now=NOW)
    reject_invoice(invoice_id=invoice.pk, reason="Wrong student.", by=cast.finance, now=NOW)
    assert not InvoiceLine.objects.filter(live=True).exists()
    assert record(placement, cast, number="INV-1b").status == InvoiceStatus.RECORDED


# --- a file of invoices -------------------------------------------------------------------------------------------


def csv_of(*rows: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("invoices.csv", (HEAD + "\n".join(rows) + "\n").encode(), content_type="text/csv")


@pytest.mark.django_db
@pytest.mark.policy("P1.2")
def test_file_is_recorded_whole(placement: Placement, cast: Cast) -> None:
    pk = placement.pk
    done = import_invoices(
        upload=csv_of(
            f"millyard education,F1,2026-11-16,{pk},2026-11-30,2026-12-04,5,225.00,45.00",
            f"Millyard Education,f1,16/11/2026,{pk},2026-12-07,2026-12-11,5,225.00,45.00",
            f"Millyard Education,F2,2026-11-16,{pk},2026-12-14,2026-12-18,5,225.00,",
        ),
        by=cast.finance,
        now=NOW,
    )
    assert (done.invoices, done.lines, done.errors) == (2, 3, ())
    first = Invoice.objects.get(number="F1")
    assert (first.net, first.vat, first.lines.count()) == (Decimal("450.00"), Decimal("90.00"), 2)
    assert first.file is not None


@pytest.mark.django_db
@pytest.mark.policy("P1.2")
def test_file_with_errors_records_nothing_and_names_all_of_them(placement: Placement, cast: Cast) -> None:
    record(placement, cast)
    pk = placement.pk
    done = import_invoices(
        upload=csv_of(
            f"Millyard Education,F1,2026-11-16,{pk},2026-12-07,2026-12-11,5,225.00,0",
            f"Millyard Education,F2,2026-11-16,{pk},2026-12-04,2026-12-05,5,225.00,0",
            "Millyard Education,F2,2026-11-16,999999,2026-12-14,2026-12-18,5,225.00,0",
            f"Nowhere,F3,2026-11-16,{pk},2026-12-14,2026-12-18,5,225.00,0",
            f"Millyard Education,inv-1,2026-11-16,{pk},2026-12-16,2026-12-18,5,225.00,0",
            f"Millyard Education,F4,2027-11-16,{pk},2026-12-14,2026-12-15,x,225.00,0",
            f"Millyard Education,F5,2027-11-16,{pk},2026-12-14,2026-12-14,1,45.00,0",
        ),
        by=cast.finance,
        now=NOW,
    )
    assert [(error.row, error.column) for error in done.errors] == [
        (3, "first"),
        (4, "placement"),
        (5, "provider"),
        (6, "first"),
        (6, "number"),
        (7, "sessions"),
        (8, "date"),
        (8, "first"),
    ]
    assert [invoice.number for invoice in Invoice.objects.all()] == ["INV-1"]


# --- who sees what ------------------------------------------------------------------------------------------------


@pytest.fixture
def shared(placement: Placement, student2: Student, south: School, year: AcademicYear, cast: Cast) -> Invoice:
    """An invoice with a line of north and one of south."""
    make_budget(
        school=south,
        academic_year=year,
        amount=Decimal(9000),
        status="APPROVED",
        proposed_by=cast.finance,
        proposed_at=NOW,
        approved_by=cast.head2,
        approved_at=NOW,
    )
    other = placement_at(
        Status.APPROVED,
        student=student2,
        provider=placement.provider,
        cast=cast,
        now=NOW,
        first=MONDAY,
        last=date(2026, 12, 18),
    )
    paper = SimpleUploadedFile("paper.pdf", b"%PDF-1.4\n%%EOF\n")
    return record(placement, cast, lines=[line(placement), line(other, net=Decimal("111.00"))], file=paper)


@pytest.mark.django_db
def test_school_sees_its_own_lines_and_finance_all(shared: Invoice, cast: Cast, login: Login) -> None:
    url = reverse("placements:invoice-detail", args=[shared.pk])
    own = login(cast.head).get(url).content.decode()
    assert "Ashdown" in own
    for leak in ("Birch", "£111.00", "£336.00", reverse("placements:invoice-file", args=[shared.pk])):
        assert leak not in own
    whole = login(cast.finance).get(url).content.decode()
    assert "Ashdown" in whole
    assert "Birch" in whole
    assert "£336.00" in whole
    assert [invoice.own_net for invoice in invoice_list(cast.head)] == [Decimal("225.00")]
    assert [invoice.own_net for invoice in invoice_list(cast.finance)] == [Decimal("336.00")]
    assert login(cast.head).get(reverse("placements:invoice-file", args=[shared.pk])).status_code == 404
    assert login(cast.slt).get(url).status_code == 404


@pytest.mark.django_db
def test_finance_sees_no_more_of_a_student_than_name_and_reference(
    shared: Invoice, placement: Placement, cast: Cast, login: Login
) -> None:
    html = login(cast.finance).get(reverse("placements:invoice-detail", args=[shared.pk])).content.decode()
    assert f"placement {placement.pk}" in html
    for leak in (
        placement.student.upn,
        "NC year",
        "Not attending",
        reverse("placements:placement-detail", args=[placement.pk]),
    ):
        assert leak not in html


@pytest.mark.django_db
def test_paper_is_a_download_under_a_name_of_ours(shared: Invoice, cast: Cast, login: Login) -> None:
    got = login(cast.finance).get(reverse("placements:invoice-file", args=[shared.pk]))
    assert got.status_code == 200
    assert got["Content-Disposition"] == f'attachment; filename="invoice-{shared.pk}.pdf"'


@pytest.mark.django_db
@pytest.mark.parametrize("how_many", [1, 3])
def test_invoice_list_has_the_same_queries_for_any_number(
    how_many: int, placement: Placement, cast: Cast, login: Login, django_assert_num_queries: Any
) -> None:
    for number in range(how_many):
        day = MONDAY + timedelta(days=number)
        record(placement, cast, number=f"INV-{number}", lines=[line(placement, first=day, last=day)])
    client = login(cast.finance)
    with django_assert_num_queries(9):
        assert client.get(reverse("placements:invoice-list")).status_code == 200


# --- pages --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_invoice_is_recorded_through_the_pages(placement: Placement, cast: Cast, login: Login) -> None:
    client = login(cast.finance)
    start = reverse("placements:invoice-add")
    assert client.get(start).status_code == 200
    assert client.post(start, {}).status_code == 422
    url = f"{start}?provider={placement.provider_id}"
    assert "Ashdown" in client.get(url).content.decode()
    typed = {
        "rows": "4",
        "number": "P-1",
        "invoiced_on": "2026-11-16",
        "vat": "45.00",
        "placement_1": str(placement.pk),
        "first_1": "2026-11-30",
        "last_1": "2026-12-04",
        "sessions_1": "5",
    }
    more = client.post(url, {**typed, "more": "1"})
    assert more.status_code == 200
    assert 'name="net_7"' in more.content.decode()
    assert 'value="P-1"' in more.content.decode()
    incomplete = client.post(url, typed)
    assert incomplete.status_code == 422
    assert "Complete line 2 or leave all of it empty." in incomplete.content.decode()
    assert client.post(url, {**typed, "net_1": "225.00"}).status_code == 302
    again = client.post(url, {**typed, "number": "P-2", "net_1": "225.00"})
    assert "billed on another line already" in again.context["form"].errors["first_1"][0]
    invoice = Invoice.objects.get()
    assert (invoice.net, invoice.vat) == (Decimal("225.00"), Decimal("45.00"))


@pytest.mark.django_db
def test_invoice_page_leads_from_match_to_payment(placement: Placement, cast: Cast, login: Login) -> None:
    invoice = record(placement, cast)
    client = login(cast.finance)
    own = reverse("placements:invoice-detail", args=[invoice.pk])
    assert "Match with agreed and attended" in client.get(own).content.decode()
    assert client.post(reverse("reviews:invoice-match", args=[invoice.pk])).status_code == 302
    assert "Settle the invoice" in client.get(own).content.decode()
    assert client.post(reverse("placements:invoice-settle", args=[invoice.pk])).status_code == 302
    assert "Record the payment" in client.get(own).content.decode()
    pay = reverse("placements:invoice-pay", args=[invoice.pk])
    version = client.get(pay).context["form"]["version"].value()
    assert client.post(pay, {"paid_on": "2026-11-16", "version": version}).status_code == 302
    assert Invoice.objects.get().status == InvoiceStatus.PAID
    assert client.post(pay, {"paid_on": "2026-11-16", "version": version + 1}).status_code == 422


@pytest.mark.django_db
def test_vat_that_differs_from_the_agreement_is_shown(placement: Placement, cast: Cast, login: Login) -> None:
    placement.provider.agreements.update(vat_percent=Decimal("20.00"))
    invoice = record(placement, cast)
    assert invoice_shown(invoice, cast.finance).vat_expected == Decimal("45.00")
    html = login(cast.finance).get(reverse("placements:invoice-detail", args=[invoice.pk])).content.decode()
    assert "By the agreement VAT is £45.00" in html


@pytest.mark.django_db
def test_import_page_lists_errors_and_loses_nothing(placement: Placement, cast: Cast, login: Login) -> None:
    client = login(cast.finance)
    url = reverse("placements:invoice-import")
    bad = client.post(url, {"file": csv_of("Nowhere,F1,2026-11-16,1,2026-12-07,2026-12-11,5,225.00,0")})
    assert bad.status_code == 422
    assert "There is no provider of this name." in bad.content.decode()
    good = csv_of(f"Millyard Education,F1,2026-11-16,{placement.pk},2026-12-07,2026-12-11,5,225.00,0")
    assert client.post(url, {"file": good}).status_code == 302
    assert Invoice.objects.get().number == "F1"
