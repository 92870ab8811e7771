"""The proposal of a placement."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Fieldset, Layout
from django import forms

from placements.codes import ROUTE_RULES, Lunch, PaidBy, Route, TransportMode
from providers.codes import ProviderKind
from providers.models import Provider
from trust.forms import ClockField, DayField, UploadField, lines
from trust.models import User

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")
_HALF_DAYS = [
    (str(day * 2 + session), f"{name} {half}")
    for day, name in enumerate(_WEEKDAYS)
    for session, half in enumerate(("morning", "afternoon"))
]


def _pounds(label: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=Decimal(0),
        max_digits=6,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )


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
    weeks_differ = forms.BooleanField(
        label="Week B differs from week A", required=False, help_text="Then tick the half-days of week B on their own."
    )
    slots_b = forms.MultipleChoiceField(
        label="Half-days of week B", choices=_HALF_DAYS, required=False, widget=forms.CheckboxSelectMultiple
    )
    transport_mode = forms.ChoiceField(
        label="Transport", required=False, choices=[("", "Not decided yet"), *TransportMode.choices]
    )
    transport_booked_by = forms.CharField(label="Who books it", max_length=120, required=False)
    transport_paid_by = forms.ChoiceField(
        label="Who pays for it", required=False, choices=[("", "Not decided yet"), *PaidBy.choices]
    )
    transport_a_day = _pounds("Transport paid by the school, £ a day")
    transport_pick_up = forms.CharField(label="Pick-up place and time", max_length=160, required=False)
    lunch = forms.ChoiceField(label="Lunch", required=False, choices=[("", "Not decided yet"), *Lunch.choices])
    risk_assessed_on = DayField(label="Individual risk assessment made on", required=False)
    risk_assessed_by = forms.CharField(label="By whom", max_length=120, required=False)
    risk_summary = forms.CharField(label="Risks and what is done about them", required=False, widget=lines())
    risk_upload = UploadField(label="Risk assessment", required=False)
    medical = forms.CharField(label="Medical information for the provider", required=False, widget=lines())
    emergency = forms.CharField(label="What to do and whom to call in an emergency", required=False, widget=lines(2))
    school_link = forms.TypedChoiceField(label="School link", required=False, coerce=int, empty_value=None)
    school_link_deputy = forms.TypedChoiceField(
        label="Deputy of the school link", required=False, coerce=int, empty_value=None
    )
    one_off = _pounds("One-off costs, £ net of VAT")
    review_weeks = forms.IntegerField(label="School weeks between reviews", min_value=1, max_value=12, initial=6)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,
        provider: Provider,
        links: Sequence[tuple[int, str]],
        free_meals: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.provider = provider
        fields: dict[str, Any] = self.fields
        for name in ("school_link", "school_link_deputy"):
            fields[name].choices = [("", "Choose one"), *links]
        if free_meals:
            fields["lunch"].help_text = "The student is entitled to free school meals, wherever the day is spent."
        self.places = [
            (f"{site.pk}:{programme.pk}", f"{site.name}, {programme.name}")
            for site in provider.sites.order_by("name")
            for programme in provider.programmes.order_by("name")
        ]
        self.others = [f"other_{slot}" for slot in range(20)] if len(self.places) > 1 else []
        for slot, name in enumerate(self.others):
            fields[name] = forms.ChoiceField(
                label=f"{'Week B ' if slot > 9 else ''}{_HALF_DAYS[slot % 10][1]}",
                required=False,
                choices=[("", "As chosen above"), *self.places],
            )
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
            HTML('{% include "placements/_week_more.html" %}'),
            Fieldset(
                "Maths and English",
                HTML('<p class="quiet">Courses always provide maths and English. (Policy P3.5)</p>'),
                "full_time",
                "maths_and_english_how",
            ),
            Fieldset("Agreement", "consent_on", "consent_how", *dual, "la_confirmed_on"),
            Fieldset(
                "Transport and lunch",
                "transport_mode",
                "transport_booked_by",
                "transport_paid_by",
                "transport_a_day",
                "transport_pick_up",
                "lunch",
            ),
            Fieldset(
                "Risk, medical and emergency",
                HTML('<p class="quiet">The provider pack carries this and nothing of the referral\'s story.</p>'),
                "risk_assessed_on",
                "risk_assessed_by",
                "risk_summary",
                "risk_upload",
                "medical",
                "emergency",
            ),
            Fieldset("School link, money and reviews", "school_link", "school_link_deputy", "one_off", "review_weeks"),
            "version",
        )

    def week_grid(self) -> list[tuple[str, list[Any]]]:
        """The ten checkboxes as five weekdays of two half-days each."""
        return self._grid("slots")

    def week_b_grid(self) -> list[tuple[str, list[Any]]]:
        """The same for week B."""
        return self._grid("slots_b")

    def _grid(self, name: str) -> list[tuple[str, list[Any]]]:
        boxes = list(self[name])
        return [(label, boxes[2 * day : 2 * day + 2]) for day, label in enumerate(_WEEKDAYS)]

    def other_places(self) -> list[Any]:
        """The fields of half-days at another site or programme; none when the provider has only one."""
        return [self[name] for name in self.others]

    def clean(self) -> dict[str, Any]:
        """The data of the service: ids instead of records, the half-days of the fortnight with their places."""
        data: dict[str, Any] = super().clean() or {}
        data["provider_id"] = self.provider.pk
        for name in ("programme", "site"):
            if data.get(name) is not None:
                data[f"{name}_id"] = data[name].pk
        data["school_link_id"] = data.pop("school_link", None)
        data["school_link_deputy_id"] = data.pop("school_link_deputy", None)
        week_a = [int(slot) for slot in data.get("slots", ())]
        week_b = [int(slot) for slot in data.get("slots_b", ())] if data.get("weeks_differ") else week_a
        if data.get("weeks_differ") and not week_a and not week_b:
            self.add_error("slots", "Tick the half-days of week A, of week B or of both.")
        chosen = sorted([*week_a, *(slot + 10 for slot in week_b)])
        data["slots"] = chosen
        if "site_id" in data and "programme_id" in data:
            main = (data["site_id"], data["programme_id"])
            # Without a week B of its own both weeks are as week A.
            known = 20 if data.get("weeks_differ") else 10
            data["slots"] = {slot: self._place(data.get(f"other_{slot % known}", "")) or main for slot in chosen}
        return data

    def _place(self, choice: str) -> tuple[int, int] | None:
        if not choice:
            return None
        site_id, _, programme_id = choice.partition(":")
        return int(site_id), int(programme_id)
