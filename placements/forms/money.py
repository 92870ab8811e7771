"""Budgets and invoices."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms

from placements.models import Placement
from placements.rules import SESSIONS_MAX
from providers.models import Provider
from trust.forms import DayField, UploadField, lines
from trust.models import AcademicYear, School, User
from trust.permissions import Permission


class BudgetForm(forms.Form):
    """The budget of a school for an academic year."""

    school = forms.ModelChoiceField(label="School", queryset=School.objects.none(), empty_label="Choose one")
    academic_year = forms.ModelChoiceField(
        label="Academic year", queryset=AcademicYear.objects.none(), empty_label="Choose one"
    )
    amount = forms.DecimalField(
        label="Amount, £ net of VAT",
        min_value=Decimal(0),
        max_digits=10,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["school"].queryset = School.objects.visible_to(user, Permission.PROPOSE_BUDGET)
        fields["academic_year"].queryset = AcademicYear.objects.visible_to(user, Permission.PROPOSE_BUDGET)


def pounds_field(label: str, **kwargs: Any) -> forms.DecimalField:
    """An amount of money, not below zero."""
    return forms.DecimalField(
        label=label,
        min_value=Decimal(0),
        max_digits=10,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        **kwargs,
    )


class BudgetApproveForm(forms.Form):
    """The budget as it was read."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class BudgetChangeForm(forms.Form):
    """Another amount for an approved budget."""

    new_amount = pounds_field("New amount, £ net of VAT")
    reason = forms.CharField(label="Reason", widget=lines())
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class InvoiceProviderForm(forms.Form):
    """The first step of an invoice: whose it is."""

    provider = forms.ModelChoiceField(label="Provider", queryset=Provider.objects.none(), empty_label="Choose one")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["provider"].queryset = Provider.objects.visible_to(user).order_by("name")


class InvoiceForm(forms.Form):
    """An invoice with its lines; lines left empty do not count."""

    LINES = 4
    LINES_MAX = 60
    CELLS = ("placement", "first", "last", "sessions", "net")

    number = forms.CharField(label="Invoice number", max_length=40)
    invoiced_on = DayField(label="Date of the invoice")
    vat = pounds_field("VAT, £", initial=Decimal("0.00"), help_text="Beside the lines, which are net.")
    file = UploadField(label="The invoice as it was sent", required=False)
    rows = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, placements: Iterable[Placement], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.placements = list(placements)
        known = [
            (str(row.pk), f"{row.student}, placement {row.pk}, {row.school.short_name}") for row in self.placements
        ]
        asked = str(self.data.get("rows") or self.initial.get("rows") or "")
        self.count = min(int(asked), self.LINES_MAX) if asked.isdigit() and int(asked) else self.LINES
        self.initial["rows"] = self.count
        for number in range(self.count):
            self.fields[f"placement_{number}"] = forms.ChoiceField(
                label="Student and placement", choices=[("", "None"), *known], required=False
            )
            self.fields[f"first_{number}"] = DayField(label="First day", required=False)
            self.fields[f"last_{number}"] = DayField(label="Last day", required=False)
            self.fields[f"sessions_{number}"] = forms.IntegerField(
                label="Sessions billed",
                min_value=0,
                max_value=SESSIONS_MAX,
                required=False,
                widget=forms.TextInput(attrs={"inputmode": "numeric"}),
            )
            self.fields[f"net_{number}"] = pounds_field("£ net", required=False)
            for name in self.CELLS:
                # Not 'optional': a line is whole or empty.
                cell: Any = self.fields[f"{name}_{number}"]
                cell.needed_later = True

    def head(self) -> list[Any]:
        """The fields above the lines."""
        return [self[name] for name in ("number", "invoiced_on", "vat", "file")]

    def line_rows(self) -> list[tuple[int, list[Any]]]:
        """The number of each line on the page and its cells."""
        return [(number + 1, [self[f"{name}_{number}"] for name in self.CELLS]) for number in range(self.count)]

    def with_more_lines(self) -> "InvoiceForm":
        """The same form with what was typed and more lines, without errors."""
        typed = {name: self.data.get(name, "") for name in self.fields if name != "file"}
        rows = min(self.count + self.LINES, self.LINES_MAX)
        return InvoiceForm(placements=self.placements, initial={**typed, "rows": rows})

    def clean(self) -> dict[str, Any]:
        """The lines as the service takes them, each with its number on the page."""
        data: dict[str, Any] = super().clean() or {}
        data["lines"] = []
        for number in range(self.count):
            cells = {name: data.get(f"{name}_{number}") for name in self.CELLS}
            if all(value in (None, "") for value in cells.values()):
                continue
            for name, value in cells.items():
                if value in (None, "") and f"{name}_{number}" not in self.errors:
                    self.add_error(f"{name}_{number}", f"Complete line {number + 1} or leave all of it empty.")
            if not any(f"{name}_{number}" in self.errors for name in self.CELLS):
                data["lines"].append({**cells, "placement_id": int(cells["placement"] or 0), "row": number})
        return data


class InvoiceImportForm(forms.Form):
    """A file of invoices."""

    file = UploadField(label="CSV file", imports=True)


class SettleLineForm(forms.Form):
    """Why a difference is accepted."""

    reason = forms.CharField(label="Reason", max_length=240, required=False, widget=lines(2))


class PaidForm(forms.Form):
    """When it was paid."""

    paid_on = DayField(label="Paid on")
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
