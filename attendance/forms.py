"""The week of a provider as one form: a text input for each half-day, and the weekly contact beside it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict

from attendance.codes import REPORT_LETTERS, ContactMeans, ContactOutcome, ProviderReport
from attendance.queries import Cell, Row, WeekGrid, stamp_of_contact
from trust.codes import Session

LETTERS = frozenset(REPORT_LETTERS.values())
_SEEN = re.compile(r"^(\d{1,18})([PLAN]?)$")
NOTE_LENGTH = 1000


@dataclass(frozen=True)
class CellInput:
    """A cell with what stands in its input: ``value`` and ``seen`` as they are posted, ``error`` in words."""

    cell: Cell
    value: str
    seen: str
    label: str
    error: str


@dataclass(frozen=True)
class RowInput:
    """A student's line of inputs."""

    row: Row
    cells: tuple[CellInput, ...]
    outcome: forms.BoundField
    note: forms.BoundField
    seen: str


class WeekForm(forms.Form):
    """Marks named ``m-<placement>-<day>-<session>``, contacts ``c-…`` with words ``n-…``; ``v-…`` and ``w-…`` say
    what stood there when the page was opened, so that only what was changed is saved.
    """

    how = forms.ChoiceField(label="How", required=False, choices=[("", "Choose"), *ContactMeans.choices])
    contacted_on = forms.DateField(
        label="Day of the contact", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, grid: WeekGrid, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.grid = grid
        self.fields["how"].widget.attrs["class"] = "form-select"
        self.fields["contacted_on"].widget.attrs |= {"class": "form-control", "max": grid.today.isoformat()}
        for row in grid.rows:
            for cell in row.cells:
                if cell.open:
                    field = forms.CharField(required=False, label=self._label(row, cell))
                    self.fields[f"m-{cell.name}"] = field
            self._add_contact(row)

    def _add_contact(self, row: Row) -> None:
        pk, contact = row.placement.pk, row.contact
        nothing = [] if contact else [("", "Not logged")]
        self.fields[f"c-{pk}"] = forms.ChoiceField(
            label=f"{row.placement.student}, contact",
            required=False,
            choices=[*nothing, *ContactOutcome.choices],
            initial=contact.outcome if contact else "",
        )
        self.fields[f"n-{pk}"] = forms.CharField(
            label=f"{row.placement.student}, what was said, or why not due",
            required=False,
            max_length=NOTE_LENGTH,
            initial=contact.note if contact else "",
        )
        for name, look in ((f"c-{pk}", "form-select outcome-input"), (f"n-{pk}", "form-control words-input")):
            self.fields[name].widget.attrs |= {"aria-label": self.fields[name].label, "class": look}

    @staticmethod
    def _label(row: Row, cell: Cell) -> str:
        return f"{row.placement.student}, {_day_words(cell.day)} {Session(cell.session).label.lower()}"

    def clean(self) -> dict[str, Any]:
        """Adds ``marks``, ``seen``, ``outcomes`` and ``contacts_seen``: what differs from the page as it was opened."""
        cleaned: dict[str, Any] = super().clean() or {}
        marks: dict[tuple[int, date, str], str] = {}
        seen: dict[tuple[int, date, str], int] = {}
        outcomes: dict[int, tuple[str, str]] = {}
        contacts_seen: dict[int, int] = {}
        for row in self.grid.rows:
            for cell in row.cells:
                if cell.open:
                    self._clean_cell(cell, marks, seen)
            self._clean_contact(row, outcomes, contacts_seen)
        self._refuse_strange_cells()
        if any(outcome != ContactOutcome.NOT_DUE for outcome, _ in outcomes.values()):
            for name, words in (
                ("how", "Say how the provider was contacted."),
                ("contacted_on", "Give the day of the contact."),
            ):
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, words)
        return {**cleaned, "marks": marks, "seen": seen, "outcomes": outcomes, "contacts_seen": contacts_seen}

    def _clean_cell(
        self, cell: Cell, marks: dict[tuple[int, date, str], str], seen: dict[tuple[int, date, str], int]
    ) -> None:
        name = f"m-{cell.name}"
        if name not in self.data:
            return
        typed = str(self.data[name]).strip().upper()
        if typed and typed not in LETTERS:
            self.add_error(name, "Type P, L, A or N, or leave it empty for no return yet.")
            return
        stamp, before = self._seen(cell)
        if typed != before:
            marks[cell.key], seen[cell.key] = typed, stamp

    def _clean_contact(self, row: Row, outcomes: dict[int, tuple[str, str]], seen: dict[int, int]) -> None:
        pk = row.placement.pk
        outcome, note = self.cleaned_data.get(f"c-{pk}", ""), self.cleaned_data.get(f"n-{pk}", "")
        if {f"c-{pk}", f"n-{pk}"} & set(self.errors) or f"c-{pk}" not in self.data:
            return
        before = (row.contact.outcome, row.contact.note) if row.contact else ("", "")
        if (outcome, note) == before:
            return
        if note and not outcome:
            self.add_error(f"c-{pk}", "Say what came of the contact.")
        elif outcome == ContactOutcome.NOT_DUE and not note:
            self.add_error(f"n-{pk}", "Say why no contact was due.")
        elif outcome:
            outcomes[pk] = (outcome, note)
            posted = str(self.data.get(f"w-{pk}", ""))
            seen[pk] = int(posted) if re.fullmatch(r"[0-9]{1,18}", posted) else 0

    def _seen(self, cell: Cell) -> tuple[int, str]:
        found = _SEEN.match(str(self.data.get(f"v-{cell.name}", "")))
        return (int(found[1]), found[2]) if found else (0, "")

    def _refuse_strange_cells(self) -> None:
        """What was typed where this week has no open cell must not vanish silently."""
        known = {f"m-{key}" for key in (cell.name for row in self.grid.rows for cell in row.cells if cell.open)}
        to_come = {f"m-{cell.name}" for row in self.grid.rows for cell in row.cells if cell.day > self.grid.today}
        for name in self.data:
            if not name.startswith("m-") or name in known or not str(self.data[name]).strip():
                continue
            if name in to_come:
                self.add_error(None, "Sessions to come cannot be marked: mark them on the day.")
            else:
                self.add_error(None, "A half-day that you marked is not expected of a student of yours in this week.")
            return

    @classmethod
    def planned(cls, data: QueryDict, grid: WeekGrid) -> QueryDict:
        """What was posted, with P in every empty cell that is expected and has come; nothing else changes."""
        filled = data.copy()
        for cell in grid.cells().values():
            if cell.open and cell.expected and not str(data.get(f"m-{cell.name}", "")).strip():
                filled[f"m-{cell.name}"] = REPORT_LETTERS[ProviderReport.PRESENT]
        return filled

    @classmethod
    def reopened(cls, data: QueryDict, grid: WeekGrid) -> QueryDict:
        """What was posted, laid over the week as it stands now: own changes stay, everything else is current."""
        merged = data.copy()
        for cell in grid.cells().values():
            if not cell.open:
                continue
            found = _SEEN.match(str(data.get(f"v-{cell.name}", "")))
            before = found[2] if found else ""
            if str(data.get(f"m-{cell.name}", "")).strip().upper() == before:
                merged[f"m-{cell.name}"] = cell.letter
            merged[f"v-{cell.name}"] = f"{cell.stamp}{cell.letter}"
        for row in grid.rows:
            pk, contact = row.placement.pk, row.contact
            merged[f"w-{pk}"] = str(stamp_of_contact(contact))
            if contact and not data.get(f"c-{pk}"):
                merged[f"c-{pk}"], merged[f"n-{pk}"] = contact.outcome, contact.note
        return merged

    def lines(self) -> Iterator[RowInput]:
        """The rows of the table with their inputs, as posted or as they stand."""
        for row in self.grid.rows:
            pk = row.placement.pk
            kept = str(stamp_of_contact(row.contact))
            yield RowInput(
                row,
                tuple(self._input(row, cell) for cell in row.cells),
                self[f"c-{pk}"],
                self[f"n-{pk}"],
                str(self.data.get(f"w-{pk}", kept)) if self.is_bound else kept,
            )

    def _input(self, row: Row, cell: Cell) -> CellInput:
        name, kept = f"m-{cell.name}", f"{cell.stamp}{cell.letter}"
        errors = self.errors.get(name) if self.is_bound else None
        return CellInput(
            cell,
            str(self.data.get(name, cell.letter)) if self.is_bound else cell.letter,
            str(self.data.get(f"v-{cell.name}", kept)) if self.is_bound else kept,
            self._label(row, cell),
            " ".join(str(error) for error in errors) if errors else "",
        )


def _day_words(day: date) -> str:
    return f"{('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')[day.weekday()]} {day.day}"
