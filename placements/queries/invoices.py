"""Invoices as people read them. Finance sees name, placement reference, sessions and price, and nothing else."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum

from placements.lifecycle import Status
from placements.models import Invoice, InvoiceLine, Placement
from placements.rules import Agreed, Billed, differences, vat_on
from providers.models import ServiceLevelAgreement
from trust.calendar import from_range
from trust.models import User
from trust.permissions import Permission

_NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class LineShown:
    """A line of an invoice: billed beside agreed and attended, and where they differ. Days inclusive."""

    line: InvoiceLine
    first: date
    last: date
    agreed: Agreed | None
    differences: tuple[str, ...]

    @property
    def settled(self) -> bool:
        """Whether it is as agreed, or its difference was accepted."""
        return self.line.settled_at is not None


@dataclass(frozen=True)
class InvoiceShown:
    """An invoice as this person may see it.

    ``whole``: every line is shown, so are the sums and the paper; else only the lines of the person's schools are.
    ``vat_expected`` is what the agreement's rate makes of the net amount.
    """

    invoice: Invoice
    lines: tuple[LineShown, ...]
    whole: bool
    vat_expected: Decimal

    @property
    def net_shown(self) -> Decimal:
        """The sum of the lines shown."""
        return sum((row.line.net for row in self.lines), _NOTHING)

    @property
    def gross(self) -> Decimal:
        """The whole invoice with VAT."""
        return self.invoice.net + self.invoice.vat

    @property
    def unmatched(self) -> bool:
        """Whether a line has not been compared with what was agreed."""
        return any(row.agreed is None for row in self.lines)

    @property
    def unsettled(self) -> int:
        """How many lines wait for somebody."""
        return sum(1 for row in self.lines if not row.settled)


def agreed_of(line: InvoiceLine) -> Agreed | None:
    """What was agreed beside a line, None before it is matched."""
    if line.matched_at is None or line.agreed_sessions is None or line.agreed_net is None:
        return None
    return Agreed(line.agreed_sessions, line.attended_sessions or 0, line.agreed_net)


def invoice_list(user: User) -> QuerySet[Invoice]:
    """The invoices with a line that the person may see, newest first, each once.

    ``own_net`` and ``own_lines`` count only the lines of the person's schools, ``open_lines`` those not settled.
    """
    visible = InvoiceLine.objects.visible_to(user)
    found: QuerySet[Invoice] = (
        Invoice.objects.filter(pk__in=visible.values("invoice_id"))
        .select_related("provider")
        .annotate(
            own_net=Sum("lines__net", filter=Q(lines__in=visible)),
            own_lines=Count("lines", filter=Q(lines__in=visible)),
            open_lines=Count("lines", filter=Q(lines__in=visible, lines__settled_at__isnull=True)),
        )
        .order_by("-invoiced_on", "-id")
    )
    return found


def invoice_shown(invoice: Invoice, user: User) -> InvoiceShown:
    """One invoice with the lines that the person may see; four queries."""
    rows = InvoiceLine.objects.visible_to(user).filter(invoice=invoice)
    lines = tuple(
        line_shown(line)
        for line in rows.select_related("placement__student", "placement__school", "settled_by").order_by("id")
    )
    percent = (
        ServiceLevelAgreement.objects.filter(provider_id=invoice.provider_id, period__contains=invoice.invoiced_on)
        .values_list("vat_percent", flat=True)
        .first()
    )
    return InvoiceShown(
        invoice,
        lines,
        whole=len(lines) == InvoiceLine.objects.filter(invoice=invoice).count(),
        vat_expected=vat_on(invoice.net, percent or Decimal(0)),
    )


def line_shown(line: InvoiceLine) -> LineShown:
    """A line beside what was agreed."""
    agreed = agreed_of(line)
    found = differences(Billed(line.sessions, line.net), agreed) if agreed else ()
    return LineShown(line, *from_range(line.period), agreed, found)


def billable(user: User, provider_id: int) -> QuerySet[Placement]:
    """Placements at a provider that were approved at some time, for whoever records invoices; newest first."""
    rows: QuerySet[Placement] = Placement.objects.visible_to(user, Permission.RECORD_INVOICE)
    return (
        rows.filter(provider_id=provider_id)
        .exclude(status__in=[Status.PROPOSED, Status.RETURNED, Status.DECLINED, Status.WITHDRAWN])
        .select_related("student", "school")
        .order_by("student__sort_name", "-id")
    )
