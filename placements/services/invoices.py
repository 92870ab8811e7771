"""Invoices: recorded by finance, matched with what was agreed and attended, settled line by line, paid once (P1.2)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from placements.lifecycle import INVOICE, INVOICE_FIRST, InvoiceStatus, Status
from placements.models import Invoice, InvoiceLine, Placement
from placements.queries import agreed_of
from placements.rules import (
    Agreed,
    Billed,
    InvoiceRow,
    RowError,
    check_invoice_day,
    check_line_days,
    check_settled,
    differences,
    grouped,
    read_invoices,
)
from placements.services._moves import say_why
from providers.models import Provider
from trust.calendar import date_words, from_range, london_date, to_range
from trust.codes import FileKind
from trust.errors import RuleBroken
from trust.models import User
from trust.permissions import Permission
from trust.services import check_version, keep_upload, require, saving

# A placement that was never approved owes nothing to anybody.
_NEVER_AGREED = frozenset({Status.PROPOSED, Status.RETURNED, Status.DECLINED, Status.WITHDRAWN})


@dataclass(frozen=True)
class Imported:
    """What came of a file of invoices: either all of them, or errors by row and column and nothing."""

    invoices: int
    lines: int
    errors: tuple[RowError, ...]


class _FileRefused(Exception):
    """Rolls back what was written of a file with errors."""


def record_invoice(
    *,
    provider_id: int,
    number: str,
    invoiced_on: date,
    vat: Decimal,
    lines: Sequence[Mapping[str, Any]],
    file: Any,
    by: User,
    now: datetime,
) -> Invoice:
    """Record a provider's invoice with its lines: placement_id, first, last (inclusive), sessions, net (£).

    ``file`` is what was uploaded, or None. ``RuleBroken`` for a number that this provider has used (capitals do not
    matter), for days of a placement that are billed already, and for a placement of another provider. A line may carry
    ``row``, which ends the names of the fields in a refusal ('net_2').
    """
    with saving(by=by, reason="Invoice recorded"):
        require(by, INVOICE_FIRST[InvoiceStatus.RECORDED], home_id=None)
        # One at a time for a provider: two clerks with the same paper meet here.
        provider = Provider.objects.select_for_update(no_key=True).get(pk=provider_id)
        check_invoice_day(invoiced_on, london_date(now))
        tidy = " ".join(number.split())
        if not tidy:
            raise RuleBroken("Give the number of the invoice.", field="number")
        known = Invoice.objects.filter(provider=provider, number__iexact=tidy).first()
        if known is not None:
            raise RuleBroken(
                f"Invoice {known.number} of this provider is recorded already (dated {date_words(known.invoiced_on)}).",
                field="number",
            )
        if not lines:
            raise RuleBroken("An invoice has at least one line.", field="placement_0")
        stored = keep_upload(kind=FileKind.INVOICE, upload=file, by=by, now=now) if file else None
        invoice: Invoice = Invoice.objects.create(
            provider=provider,
            number=tidy,
            invoiced_on=invoiced_on,
            net=sum((line["net"] for line in lines), Decimal("0.00")),
            vat=vat,
            file=stored,
            recorded_by=by,
            recorded_at=now,
        )
        for line in lines:
            _add_line(invoice, line, by)
    return invoice


def _add_line(invoice: Invoice, line: Mapping[str, Any], by: User) -> None:
    placement = _check_line(invoice.provider_id, line, by)
    InvoiceLine.objects.create(
        invoice=invoice,
        placement=placement,
        period=to_range(line["first"], line["last"]),
        sessions=line["sessions"],
        net=line["net"],
    )


def _check_line(provider_id: int, line: Mapping[str, Any], by: User) -> Placement:
    """The placement of a line that may be billed."""
    label = f"_{line['row']}" if "row" in line else ""
    placement: Placement | None = Placement.objects.filter(pk=line["placement_id"]).first()
    if placement is None or placement.provider_id != provider_id:
        raise RuleBroken("This placement is not with this provider.", field=f"placement{label}")
    require(by, Permission.RECORD_INVOICE, home_id=placement.school_id)
    if placement.status in _NEVER_AGREED:
        raise RuleBroken("This placement was never approved: send the invoice back.", field=f"placement{label}")
    first, last = line["first"], line["last"]
    check_line_days(first, last, label)
    other = InvoiceLine.objects.filter(placement=placement, live=True, period__overlap=to_range(first, last)).first()
    if other is not None:
        raise RuleBroken(
            f"{date_words(other.period.lower)} to {date_words(from_range(other.period)[1])} of this placement is "
            "billed on another line already.",
            field=f"first{label}",
        )
    return placement


def record_match(*, invoice_id: int, matches: Mapping[int, Agreed], by: User, now: datetime) -> Invoice:
    """Freeze what was agreed and attended beside each line, by the id of the line; the reviews app gathers it.

    Lines without a difference are settled with it. Matching again is allowed until the invoice is settled and asks
    again about every difference that changed.
    """
    with saving(by=by, reason="Invoice matched"):
        invoice = _locked(invoice_id)
        require(by, Permission.RECORD_INVOICE, home_id=None)
        if invoice.status != InvoiceStatus.RECORDED:
            raise RuleBroken(f"This invoice is {_words(invoice)}: it is not matched any more.")
        for line in InvoiceLine.objects.select_for_update().filter(invoice=invoice).order_by("id"):
            agreed = matches.get(line.pk)
            if agreed is None:
                continue
            same = (line.agreed_sessions, line.attended_sessions, line.agreed_net) == (
                agreed.sessions,
                agreed.attended,
                agreed.net,
            )
            line.agreed_sessions, line.attended_sessions, line.agreed_net = agreed.sessions, agreed.attended, agreed.net
            line.matched_at = now
            if not differences(Billed(line.sessions, line.net), agreed):
                line.settled_by, line.settled_at, line.settled_reason = by, now, ""
            elif not (same and line.settled_at):
                line.settled_by, line.settled_at, line.settled_reason = None, None, ""
            line.save()
        _save(invoice)
    return invoice


def settle_invoice_line(*, line_id: int, reason: str, by: User, now: datetime) -> InvoiceLine:
    """Settle one matched line; a difference is accepted with a reason."""
    with saving(by=by, reason=reason or "Invoice line settled"):
        invoice = _locked(InvoiceLine.objects.values_list("invoice_id", flat=True).get(pk=line_id))
        require(by, Permission.RECORD_INVOICE, home_id=None)
        if invoice.status != InvoiceStatus.RECORDED:
            raise RuleBroken(f"This invoice is {_words(invoice)}: its lines are closed.")
        line: InvoiceLine = InvoiceLine.objects.select_for_update().get(pk=line_id)
        agreed = agreed_of(line)
        found = differences(Billed(line.sessions, line.net), agreed) if agreed else ()
        check_settled(agreed is not None, found, reason)
        line.settled_by, line.settled_at = by, now
        line.settled_reason = reason.strip()[:240] if found else ""
        line.save()
        _save(invoice)
    return line


def settle_invoice(*, invoice_id: int, by: User, now: datetime, version: int | None = None) -> Invoice:
    """Release an invoice for payment once every line is settled and their sum is its net amount."""
    with saving(by=by, reason="Invoice settled"):
        invoice = _locked(invoice_id)
        _move(invoice, InvoiceStatus.SETTLED, by)
        check_version(invoice, version)
        waiting = invoice.lines.filter(settled_at__isnull=True).count()
        if waiting:
            raise RuleBroken(f"{waiting} line{'s are' if waiting > 1 else ' is'} not settled yet.")
        invoice.settled_by, invoice.settled_at = by, now
        _save(invoice)
    return invoice


def unsettle_invoice(*, invoice_id: int, reason: str, by: User, now: datetime) -> Invoice:
    """Open a settled invoice again before it is paid, with a reason."""
    why = say_why(reason, "opening the invoice again")
    with saving(by=by, reason=why):
        invoice = _locked(invoice_id)
        _move(invoice, InvoiceStatus.RECORDED, by)
        invoice.settled_by, invoice.settled_at = None, None
        _save(invoice)
    return invoice


def pay_invoice(*, invoice_id: int, paid_on: date, by: User, now: datetime, version: int | None = None) -> Invoice:
    """Record that a settled invoice was paid; once."""
    with saving(by=by, reason="Invoice paid"):
        invoice = _locked(invoice_id)
        _move(invoice, InvoiceStatus.PAID, by)
        check_version(invoice, version)
        if paid_on > london_date(now):
            raise RuleBroken("A payment is recorded on its day or later.", field="paid_on")
        if paid_on < invoice.invoiced_on:
            raise RuleBroken("The payment is before the date of the invoice.", field="paid_on")
        invoice.paid_on, invoice.paid_by = paid_on, by
        _save(invoice)
    return invoice


def reject_invoice(*, invoice_id: int, reason: str, by: User, now: datetime) -> Invoice:
    """Send an invoice back to the provider; the days of its lines may be billed again on another one."""
    why = say_why(reason, "sending the invoice back")
    with saving(by=by, reason=why):
        invoice = _locked(invoice_id)
        _move(invoice, InvoiceStatus.REJECTED, by)
        invoice.rejected_reason = why[:240]
        _save(invoice)
        for line in invoice.lines.all():
            line.live = False
            line.save(update_fields=["live"])
    return invoice


def import_invoices(*, upload: Any, by: User, now: datetime) -> Imported:
    """Record every invoice of a CSV file, or none: errors come back by row and column, all of them.

    Columns: provider (name), number, date, placement (reference number), first, last, sessions, net, vat; one row is
    one line, rows with the same provider and number make one invoice, and their VAT is added up. The file is kept.
    ``RuleBroken`` when it is no such file at all.
    """
    errors: list[RowError] = []
    invoices = lines = 0
    try:
        with saving(by=by, reason="Invoices imported"):
            require(by, INVOICE_FIRST[InvoiceStatus.RECORDED], home_id=None)
            stored = keep_upload(kind=FileKind.IMPORT, upload=upload, by=by, now=now)
            upload.seek(0)
            file = read_invoices(upload.read())
            errors += file.errors
            providers = {row.name.casefold(): row.pk for row in Provider.objects.only("pk", "name")}
            for rows in grouped(file.rows).values():
                errors += _record_rows(rows, providers, stored, by, now)
                invoices, lines = invoices + 1, lines + len(rows)
            if errors:
                raise _FileRefused
    except _FileRefused:
        return Imported(0, 0, tuple(sorted(errors, key=lambda error: (error.row, error.column))))
    return Imported(invoices, lines, ())


def _record_rows(
    rows: Sequence[InvoiceRow], providers: Mapping[str, int], stored: Any, by: User, now: datetime
) -> Iterable[RowError]:
    """Record the rows of one invoice; what stands against it, by row and column."""
    head = rows[0]
    provider_id = providers.get(head.provider.casefold())
    if provider_id is None:
        return [RowError(row.row, "provider", "There is no provider of this name.") for row in rows]
    lines = [
        {
            "placement_id": row.placement,
            "first": row.first,
            "last": row.last,
            "sessions": row.sessions,
            "net": row.net,
            "row": row.row,
        }
        for row in rows
    ]
    errors = []
    for line in lines:
        try:
            _check_line(provider_id, line, by)
        except RuleBroken as error:
            errors.append(_row_error(error, head.row))
    try:
        with saving(by=by):
            invoice = record_invoice(
                provider_id=provider_id,
                number=head.number,
                invoiced_on=head.date,
                vat=sum((row.vat for row in rows), Decimal("0.00")),
                lines=lines,
                file=None,
                by=by,
                now=now,
            )
            invoice.file = stored
            invoice.save(update_fields=["file"])
    except RuleBroken as error:
        found = _row_error(error, head.row)
        if found not in errors:
            errors.append(found)
    return errors


def _row_error(error: RuleBroken, row: int) -> RowError:
    """A refusal as row and column of the file; ``row`` where it names none."""
    column, _, number = (error.field or "").rpartition("_")
    if not number.isdigit():
        column, number = error.field or "", str(row)
    return RowError(int(number), {"invoiced_on": "date"}.get(column, column), error.message)


def _move(invoice: Invoice, new: InvoiceStatus, by: User) -> None:
    """The only writer of an invoice's ``status``. Finance holds its permission for the whole trust."""
    require(by, INVOICE.check_move(invoice.status, new), home_id=None)
    invoice.status = new


def _save(invoice: Invoice) -> None:
    invoice.version += 1
    invoice.save()


def _locked(invoice_id: int) -> Invoice:
    invoice: Invoice = Invoice.objects.select_for_update(of=("self",)).get(pk=invoice_id)
    return invoice


def _words(invoice: Invoice) -> str:
    return InvoiceStatus(invoice.status).label.lower()
