"""Invoices: finance records, matches, settles and pays them; schools read their own lines."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.generic import View

from placements.filters import InvoiceFilter
from placements.forms import (
    InvoiceForm,
    InvoiceImportForm,
    InvoiceProviderForm,
    PaidForm,
    ReasonForm,
    SettleLineForm,
)
from placements.lifecycle import InvoiceStatus
from placements.models import Invoice, InvoiceLine
from placements.queries import billable, invoice_list, invoice_shown, line_shown
from placements.services import (
    Imported,
    import_invoices,
    pay_invoice,
    record_invoice,
    reject_invoice,
    settle_invoice,
    settle_invoice_line,
    unsettle_invoice,
)
from providers.models import Provider
from trust.calendar import london_date
from trust.permissions import Permission
from trust.web import Guard, Page, ServiceAction, ServiceFormView, file_response, refusal

FORM_PAGE = "components/form_page.html"


class InvoiceList(Page):
    """The invoices with a line of the person's schools, newest first."""

    http_method_names = ["get", "head", "options"]
    permission = Permission.SEE_INVOICES
    template_name = "placements/invoice_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        chosen = InvoiceFilter(self.request.GET, queryset=invoice_list(self.by), request=self.request)
        page = Paginator(chosen.qs, 25).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            filter=chosen, page_obj=page, may_record=self.holds(Permission.RECORD_INVOICE), **kwargs
        )


class OfInvoice(Guard):
    """What the pages of one invoice share: ``self.invoice``, with a line that the person may see."""

    invoice: Invoice

    def load(self) -> None:
        self.take(self.kwargs["pk"])

    def take(self, pk: int) -> None:
        """Find the invoice. Finance holds its permission for the whole trust, so no school is asked."""
        rows = Invoice.objects.visible_to(self.request.user).select_related("provider", "file", "recorded_by")
        self.invoice = self.find(rows, pk, permission=Permission.SEE_INVOICES)
        if not self.holds(self.permission):
            raise PermissionDenied(refusal(self.permission))

    def get_success_url(self) -> str:
        """The page of the invoice."""
        return reverse("placements:invoice-detail", args=[self.invoice.pk])

    def page_of(self, title: str, submit_label: str, **more: Any) -> dict[str, Any]:
        """The context of a form page below the invoice's page."""
        own = reverse("placements:invoice-detail", args=[self.invoice.pk])
        crumbs = [("Invoices", reverse("placements:invoice-list")), (str(self.invoice), own)]
        return {
            "title": title,
            "lead": f"{self.invoice.provider}, invoice {self.invoice.number}",
            "submit_label": submit_label,
            "cancel_url": own,
            "crumbs": crumbs,
            **more,
        }


class InvoiceDetail(OfInvoice, Page):
    """One invoice: its lines billed, agreed and attended, what differs, and the next step."""

    http_method_names = ["get", "head", "options"]
    permission = Permission.SEE_INVOICES
    template_name = "placements/invoice_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        records = self.holds(Permission.RECORD_INVOICE)
        shown = invoice_shown(self.invoice, self.by)
        open_ = self.invoice.status == InvoiceStatus.RECORDED
        return super().get_context_data(
            invoice=self.invoice,
            shown=shown,
            may_match=records and open_,
            may_settle_lines=records and open_,
            may_settle=records and open_ and not shown.unsettled,
            may_pay=records and self.invoice.status == InvoiceStatus.SETTLED,
            may_reject=records and open_,
            sees_students=self.holds(Permission.SEE_STUDENTS),
            **kwargs,
        )


class InvoiceAdd(ServiceFormView):
    """Record an invoice: ``?provider=`` picks the provider, then come its lines."""

    permission = Permission.RECORD_INVOICE
    form_class = InvoiceForm
    template_name = "placements/invoice_add.html"
    done = "The invoice is recorded. Match it with what was agreed and attended."

    def load(self) -> None:
        self.first_step = InvoiceProviderForm(
            self.request.GET if "provider" in self.request.GET else None, user=self.by
        )
        valid = self.first_step.is_bound and self.first_step.is_valid()
        self.provider: Provider | None = self.first_step.cleaned_data["provider"] if valid else None
        self.provider_id: int = self.provider.pk if self.provider else 0

    def get_form(self, form_class: Any = None) -> forms.Form:
        return super().get_form(form_class) if self.provider else self.first_step

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "placements": billable(self.by, self.provider_id)}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.provider is None:
            return self.form_invalid(self.first_step)
        if "more" in request.POST:
            form: Any = self.get_form()
            return self.render_to_response(self.get_context_data(form=form.with_more_lines()))
        return super().post(request, *args, **kwargs)

    def act(self, data: dict[str, Any]) -> Invoice:
        return record_invoice(
            provider_id=self.provider_id,
            number=data["number"],
            invoiced_on=data["invoiced_on"],
            vat=data["vat"],
            lines=data["lines"],
            file=data["file"],
            by=self.by,
            now=self.now,
        )

    def get_success_url(self) -> str:
        return reverse("placements:invoice-detail", args=[self.result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(provider=self.provider, **kwargs)


class InvoiceImport(ServiceFormView):
    """Record the invoices of a CSV file, all of them or none."""

    permission = Permission.RECORD_INVOICE
    form_class = InvoiceImportForm
    template_name = "placements/invoice_import.html"
    result: Imported

    def act(self, data: dict[str, Any]) -> Imported:
        return import_invoices(upload=data["file"], by=self.by, now=self.now)

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        if response.status_code == 302 and self.result.errors:
            form.add_error("file", f"Nothing was recorded: {len(self.result.errors)} errors, listed below.")
            return self.form_invalid(form)
        return response

    @property
    def done(self) -> str:  # type: ignore[override]
        """How much came in; empty when nothing did."""
        count = self.result.invoices
        return f"{count} invoice{'s' if count != 1 else ''} recorded, with {self.result.lines} lines."

    def get_success_url(self) -> str:
        return reverse("placements:invoice-list")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        result = getattr(self, "result", None)
        return super().get_context_data(errors=result.errors if result else (), **kwargs)


class InvoiceFile(OfInvoice, View):
    """The paper as it was sent; for whoever may see every line on it."""

    http_method_names = ["get", "head", "options"]
    permission = Permission.SEE_INVOICES

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.invoice.file is None or not invoice_shown(self.invoice, self.by).whole:
            raise Http404
        return file_response(self.invoice.file, name=f"invoice-{self.invoice.pk}")


class LineSettle(OfInvoice, ServiceFormView):
    """Accept the difference of one line, with a reason."""

    permission = Permission.RECORD_INVOICE
    form_class = SettleLineForm
    template_name = "placements/invoice_line_settle.html"
    done = "The line is settled."

    def load(self) -> None:
        self.line: InvoiceLine = self.find(
            InvoiceLine.objects.visible_to(self.request.user).select_related("placement__student"),
            permission=Permission.SEE_INVOICES,
        )
        self.take(self.line.invoice_id)

    def act(self, data: dict[str, Any]) -> InvoiceLine:
        return settle_invoice_line(line_id=self.line.pk, reason=data["reason"], by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of("Settle a line", "Accept and settle")
        return super().get_context_data(**page, row=line_shown(self.line), **kwargs)


class InvoiceSettle(OfInvoice, ServiceAction):
    """Release an invoice for payment."""

    permission = Permission.RECORD_INVOICE
    done = "The invoice is settled and can be paid."

    def act(self) -> Invoice:
        return settle_invoice(invoice_id=self.invoice.pk, by=self.by, now=self.now)


class InvoicePay(OfInvoice, ServiceFormView):
    """Record the payment, once."""

    permission = Permission.RECORD_INVOICE
    form_class = PaidForm
    template_name = FORM_PAGE
    done = "The payment is recorded."

    def get_initial(self) -> dict[str, Any]:
        return {"paid_on": london_date(self.now), "version": self.invoice.version}

    def act(self, data: dict[str, Any]) -> Invoice:
        return pay_invoice(
            invoice_id=self.invoice.pk, paid_on=data["paid_on"], version=data["version"], by=self.by, now=self.now
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**self.page_of("Record the payment", "Record the payment"), **kwargs)


class InvoiceReject(OfInvoice, ServiceFormView):
    """Send an invoice back to the provider."""

    permission = Permission.RECORD_INVOICE
    form_class = ReasonForm
    template_name = FORM_PAGE
    done = "The invoice is sent back. Its days may be billed again under another number."

    def act(self, data: dict[str, Any]) -> Invoice:
        return reject_invoice(invoice_id=self.invoice.pk, reason=data["reason"], by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of("Send the invoice back", "Send it back", submit_tone="danger")
        return super().get_context_data(**page, **kwargs)


class InvoiceReopen(OfInvoice, ServiceFormView):
    """Open a settled invoice again before it is paid."""

    permission = Permission.RECORD_INVOICE
    form_class = ReasonForm
    template_name = FORM_PAGE
    done = "The invoice is open again."

    def act(self, data: dict[str, Any]) -> Invoice:
        return unsettle_invoice(invoice_id=self.invoice.pk, reason=data["reason"], by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of("Open the invoice again", "Open it again")
        return super().get_context_data(**page, **kwargs)
