"""Forms about placements and budgets. They clean input; the services decide."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Fieldset, Layout
from django import forms

from placements.codes import ROUTE_RULES, Destination, EndingReason, Route
from placements.lifecycle import Status
from placements.rules import GateResult
from providers.codes import ProviderKind
from providers.models import Provider
from trust.forms import ClockField, DayField, lines
from trust.models import AcademicYear, School, User
from trust.permissions import Permission

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")
_HALF_DAYS = [
    (str(day * 2 + session), f"{name} {half}")
    for day, name in enumerate(_WEEKDAYS)
    for session, half in enumerate(("morning", "afternoon"))
]


class ProviderForm(forms.Form):
    """The first step of a proposal: at which provider."""

    provider = forms.ModelChoiceField(label="Provider", queryset=Provider.objects.none(), empty_label="Choose one")

    def __init__(self, *args: Any, user: User, school_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        approved = Provider.objects.visible_to(user).approved()
        self.fields["provider"].queryset = approved.exclude(school_id=school_id)  # type: ignore[attr-defined]


class ProposalForm(forms.Form):
    """Where, when, how: the whole proposal at one provider."""

    programme = forms.ModelChoiceField(label="Programme", queryset=Provider.objects.none(), empty_label="Choose one")
    site = forms.ModelChoiceField(label="Site", queryset=Provider.objects.none(), empty_label="Choose one")
    route = forms.ChoiceField(label="Route", help_text="The ground on which the student is educated elsewhere.")
    first = DayField(label="First day")
    last = DayField(
        label="Last day",
        required=False,
        help_text="At latest the last school day of the year. None for a managed move.",
    )
    start_time = ClockField(label="Time of arrival on the first day")
    report_to = forms.CharField(label="Person to report to", max_length=120)
    slots = forms.MultipleChoiceField(
        label="Half-days of every week", choices=_HALF_DAYS, required=False, widget=forms.CheckboxSelectMultiple
    )
    full_time = forms.BooleanField(label="This is the student's full-time education", required=False)
    maths_and_english_how = forms.CharField(
        label="Who teaches maths and English, and when",
        max_length=240,
        required=False,
        help_text="Needed when the programme does not teach both.",
    )
    consent_on = DayField(label="Parents' views or consent recorded on", required=False)
    consent_how = forms.CharField(label="How", max_length=120, required=False)
    dual_registered_on = DayField(
        label="Dual registration from", required=False, help_text="At a school of the trust, at latest the first day."
    )
    la_confirmed_on = DayField(label="Local authority confirmed in writing on", required=False)
    review_weeks = forms.IntegerField(label="School weeks between reviews", min_value=1, max_value=12, initial=6)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, provider: Provider, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.provider = provider
        fields: dict[str, Any] = self.fields
        # Not 'optional': every route but the managed move needs it.
        fields["last"].needed_later = True
        fields["programme"].queryset = provider.programmes.order_by("name")
        fields["site"].queryset = provider.sites.order_by("name")
        routes = [
            route for route in Route if (kinds := ROUTE_RULES[route].provider_kinds) is None or provider.kind in kinds
        ]
        fields["route"].choices = [("", "Choose one"), *((route.value, route.label) for route in routes)]
        if provider.kind != ProviderKind.TRUST_SCHOOL:
            del fields["dual_registered_on"]
        self.helper = FormHelper()
        dual = ["dual_registered_on"] if "dual_registered_on" in fields else []
        self.helper.layout = Layout(
            Fieldset("Where", "programme", "site", "route"),
            Fieldset("When", "first", "last", "start_time", "report_to"),
            HTML('{% include "placements/_week_grid.html" %}'),
            Fieldset(
                "Maths and English",
                HTML('<p class="quiet">Courses always provide maths and English. (Policy P3.5)</p>'),
                "full_time",
                "maths_and_english_how",
            ),
            Fieldset("Agreement", "consent_on", "consent_how", *dual, "la_confirmed_on"),
            Fieldset("Reviews", "review_weeks"),
            "version",
        )

    def week_grid(self) -> list[tuple[str, list[Any]]]:
        """The ten checkboxes as five weekdays of two half-days each."""
        boxes = list(self["slots"])
        return [(name, boxes[2 * day : 2 * day + 2]) for day, name in enumerate(_WEEKDAYS)]

    def clean_slots(self) -> list[int]:
        """The chosen half-days in both weeks of the fortnight."""
        chosen = [int(slot) for slot in self.cleaned_data["slots"]]
        return sorted([*chosen, *(slot + 10 for slot in chosen)])

    def clean(self) -> dict[str, Any]:
        """The data of the service: ids instead of records."""
        data: dict[str, Any] = super().clean() or {}
        data["provider_id"] = self.provider.pk
        for name in ("programme", "site"):
            if data.get(name) is not None:
                data[f"{name}_id"] = data[name].pk
        return data


class DecideForm(forms.Form):
    """Approve, return or decline; a reason for each failed question that may be overridden."""

    decision = forms.ChoiceField(
        label="Decision",
        choices=[
            (Status.APPROVED, "Approve"),
            (Status.RETURNED, "Return for changes"),
            (Status.DECLINED, "Decline"),
        ],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label="Reason", widget=lines(), required=False, help_text="Needed to return or decline it."
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, overridable: Iterable[GateResult], over_budget: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.codes = [result.code.value for result in overridable]
        for result in overridable:
            self.fields[f"override_{result.code.value}"] = forms.CharField(
                label=f"Override '{result.label}': reason",
                help_text=f"{result.why} Trustees see how often a gate is overridden.",
                required=False,
                widget=lines(2),
            )
        if over_budget:
            self.fields["over_budget_reason"] = forms.CharField(
                label="Reason for approving over budget", required=False, widget=lines(2)
            )

    def clean(self) -> dict[str, Any]:
        """Reasons of overrides by code."""
        data: dict[str, Any] = super().clean() or {}
        data["overrides"] = {code: data.get(f"override_{code}", "") for code in self.codes}
        return data


class OverrideForm(forms.Form):
    """Let one failed question of the gate through."""

    code = forms.ChoiceField(label="Which question", widget=forms.RadioSelect)
    reason = forms.CharField(label="Reason", widget=lines(), help_text="Trustees see how often a gate is overridden.")

    def __init__(self, *args: Any, overridable: Iterable[GateResult], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["code"].choices = [(result.code.value, f"{result.label}: {result.why}") for result in overridable]


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label="Reason", widget=lines())


class AcceptForm(forms.Form):
    """The receiving school takes the student."""

    dual_registered_on = DayField(
        label="Dual registration from",
        required=False,
        help_text="At latest the first day; leave it empty for a managed move.",
    )


class HomeVisitForm(forms.Form):
    """The visit before online study at home."""

    visited_on = DayField(label="Visited on")
    visited_by = forms.CharField(label="Visited by", max_length=120)
    suitable = forms.TypedChoiceField(
        label="Is the home suitable?",
        choices=[("yes", "Yes"), ("no", "No")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    safeguarding = forms.CharField(
        label="Safeguarding arrangements",
        widget=lines(),
        help_text="Rules for live lessons, who is in the house. Never the text of a disclosure.",
    )
    supervisor = forms.CharField(label="Supervising adult", max_length=120)


class ExtendForm(forms.Form):
    """Until when."""

    last = DayField(label="New last day", help_text="The new period starts on the next school day after the last one.")


class ExtensionDecideForm(forms.Form):
    """Approve an extension; over budget with the chief executive's reason."""

    over_budget_reason = forms.CharField(label="Reason for approving over budget", required=False, widget=lines(2))

    def __init__(self, *args: Any, over_budget: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not over_budget:
            del self.fields["over_budget_reason"]


class EndForm(forms.Form):
    """Why and when it ended, and where the student goes next."""

    ended_on = DayField(
        label="Last day", help_text="A day before the planned end asks the Headteacher's approval of an early end."
    )
    reason = forms.ChoiceField(label="Why it ended", choices=[("", "Choose one"), *EndingReason.choices])
    destination = forms.ChoiceField(
        label="Where the student goes next", choices=[("", "Choose one"), *Destination.choices]
    )
    note = forms.CharField(label="Note", required=False, widget=lines())


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
