"""What must be true of a provider's invoice, and where it differs from what was agreed and took place."""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from placements.rules.costing import pounds
from trust.calendar import date_words
from trust.errors import RuleBroken

COLUMNS = ("provider", "number", "date", "placement", "first", "last", "sessions", "net", "vat")
# More than any half-year of one placement; and more lines than any provider sends at once.
SESSIONS_MAX = 400
ROWS_MAX = 2000
_AMOUNT_MAX = Decimal("99999999.99")


@dataclass(frozen=True)
class Billed:
    """One line as the provider bills it: sessions and pounds net of VAT."""

    sessions: int
    net: Decimal


@dataclass(frozen=True)
class Agreed:
    """The same days as agreed: half-days and pounds that the terms charge, and half-days that were attended."""

    sessions: int
    attended: int
    net: Decimal


def differences(billed: Billed, agreed: Agreed) -> tuple[str, ...]:
    """Where a line differs from what was agreed, each as a sentence; nothing when it is as agreed (P1.2)."""
    found = []
    if billed.sessions != agreed.sessions:
        found.append(
            f"{billed.sessions} session{'s' if billed.sessions != 1 else ''} billed, {agreed.sessions} to be charged "
            f"({agreed.attended} attended)."
        )
    if billed.net != agreed.net:
        gap = billed.net - agreed.net
        found.append(
            f"{pounds(billed.net)} billed, {pounds(agreed.net)} agreed: "
            f"{pounds(abs(gap))} too {'much' if gap > 0 else 'little'}."
        )
    return tuple(found)


def check_settled(matched: bool, found: Sequence[str], reason: str) -> None:
    """A line is settled once it is matched; a difference is accepted with a reason only (P1.2)."""
    if not matched:
        raise RuleBroken("Match the invoice first, so that the differences are known.")
    if found and not reason.strip():
        raise RuleBroken("This line differs from what was agreed: say why that is accepted.", field="reason")


def check_line_days(first: dt.date, last: dt.date, label: str = "") -> None:
    """The days of a line are in order and not more than a year; ``label`` ends the names of the fields."""
    if last < first:
        raise RuleBroken("The last day is before the first day.", field=f"last{label}")
    if (last - first).days > 366:
        raise RuleBroken("A line bills at most a year.", field=f"last{label}")


def check_invoice_day(invoiced_on: dt.date, today: dt.date) -> None:
    """An invoice is dated today or earlier, and not more than seven years ago (a wrong century, most likely)."""
    if invoiced_on > today:
        raise RuleBroken(f"{date_words(invoiced_on)} lies ahead: give the date on the invoice.", field="invoiced_on")
    if (today - invoiced_on).days > 7 * 366:
        raise RuleBroken(f"{date_words(invoiced_on)} is too long ago.", field="invoiced_on")


# --- a file of invoices -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RowError:
    """What is wrong with a file, by row (the headings are row 1) and column; '' for the whole row."""

    row: int
    column: str
    sentence: str


@dataclass(frozen=True)
class InvoiceRow:
    """One row of the file, cleaned: the provider by name, the placement by its reference number."""

    row: int
    provider: str
    number: str
    date: dt.date
    placement: int
    first: dt.date
    last: dt.date
    sessions: int
    net: Decimal
    vat: Decimal


@dataclass
class InvoiceFile:
    """The rows that could be read and everything that could not."""

    rows: list[InvoiceRow] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)


def read_invoices(content: bytes) -> InvoiceFile:
    """The rows of a CSV file with the columns ``COLUMNS`` in any order; every error by row and column.

    Raises ``RuleBroken`` when it is no such file at all. UTF-8, separated by commas or semicolons.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RuleBroken(
            "The file is not in UTF-8.", field="file", help="Save it again as 'CSV UTF-8 (comma delimited)'."
        ) from None
    lines = text.splitlines()
    if not any(line.strip() for line in lines):
        raise RuleBroken("The file is empty.", field="file")
    separator = ";" if lines[0].count(";") > lines[0].count(",") else ","
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error:
        raise RuleBroken("The file cannot be read as CSV: a quotation mark is not closed.", field="file") from None
    headings = [heading.strip().lower() for heading in table[0]]
    missing = [name for name in COLUMNS if name not in headings]
    if missing:
        raise RuleBroken(
            f"The first row must name the columns; missing: {', '.join(missing)}.",
            field="file",
            help=f"The columns are {', '.join(COLUMNS)}.",
        )
    twice = sorted({name for name in headings if name in COLUMNS and headings.count(name) > 1})
    if twice:
        raise RuleBroken(f"A column stands twice: {', '.join(twice)}.", field="file")
    body = [(number, row) for number, row in enumerate(table[1:], start=2) if any(cell.strip() for cell in row)]
    if not body:
        raise RuleBroken("The file has headings and no invoice.", field="file")
    if len(body) > ROWS_MAX:
        raise RuleBroken(f"The file has {len(body)} rows: send at most {ROWS_MAX} at once.", field="file")
    found = InvoiceFile()
    for number, row in body:
        cells = dict(zip(headings, (cell.strip() for cell in row), strict=False))
        values, errors = _cleaned({name: cells.get(name, "") for name in COLUMNS})
        found.errors += [RowError(number, column, sentence) for column, sentence in errors]
        if not errors:
            found.rows.append(InvoiceRow(row=number, **values))
    _compare_rows(found)
    return found


def _cleaned(cells: Mapping[str, str]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The values of one row and its errors as (column, sentence)."""
    values: dict[str, Any] = {}
    errors: list[tuple[str, str]] = []
    for name, text in cells.items():
        try:
            values[name] = _value(name, text)
        except ValueError as error:
            errors.append((name, str(error)))
    first, last = values.get("first"), values.get("last")
    if isinstance(first, dt.date) and isinstance(last, dt.date):
        try:
            check_line_days(first, last)
        except RuleBroken as error:
            errors.append(("last", error.message))
    return values, errors


def _value(name: str, text: str) -> object:
    """One cell as its column wants it; ``ValueError`` with the sentence."""
    if not text and name != "vat":
        raise ValueError("This cell is empty.")
    if text.startswith(("=", "@", "\t")):
        raise ValueError("This is a formula: give the value itself.")
    if name in ("date", "first", "last"):
        return _day(text)
    if name in ("net", "vat"):
        return _amount(text or "0")
    if name in ("placement", "sessions"):
        most = SESSIONS_MAX if name == "sessions" else 2**31
        if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) > most:
            wanted = "the placement's reference number" if name == "placement" else f"a number from 0 to {most}"
            raise ValueError(f"Give {wanted}.")
        return int(text)
    if len(text) > (40 if name == "number" else 120):
        raise ValueError("This is too long.")
    return text


def _day(text: str) -> dt.date:
    for pattern in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            day = dt.datetime.strptime(text, pattern).date()  # noqa: DTZ007 - a day without a time
        except ValueError:
            continue
        if 2000 <= day.year <= 2100:
            return day
    raise ValueError("Give a day as 2026-11-30 or 30/11/2026.")


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text.replace("£", "").replace(",", ""))
    except InvalidOperation:
        raise ValueError("Give an amount in pounds, such as 1234.50.") from None
    exponent = amount.as_tuple().exponent
    if not amount.is_finite() or not isinstance(exponent, int) or amount < 0 or amount > _AMOUNT_MAX:
        raise ValueError("Give an amount in pounds, not below zero.")
    if exponent < -2:
        raise ValueError("An amount has at most two decimal places.")
    return amount.quantize(Decimal("0.01"))


def _compare_rows(found: InvoiceFile) -> None:
    """Rows of one invoice name one date; no two rows bill the same days of a placement."""
    dates: dict[tuple[str, str], InvoiceRow] = {}
    billed: dict[int, list[InvoiceRow]] = {}
    for row in found.rows:
        earlier = dates.setdefault((row.provider.casefold(), row.number.upper()), row)
        if earlier.date != row.date:
            found.errors.append(
                RowError(row.row, "date", f"Row {earlier.row} gives this invoice another date ({earlier.date}).")
            )
        for other in billed.setdefault(row.placement, []):
            if other.first <= row.last and row.first <= other.last:
                found.errors.append(RowError(row.row, "first", f"Row {other.row} bills some of these days already."))
                break
        billed[row.placement].append(row)


def grouped(rows: Iterable[InvoiceRow]) -> dict[tuple[str, str], list[InvoiceRow]]:
    """Rows by invoice: provider and number, both without regard to capitals, in the order of the file."""
    invoices: dict[tuple[str, str], list[InvoiceRow]] = {}
    for row in rows:
        invoices.setdefault((row.provider.casefold(), row.number.upper()), []).append(row)
    return invoices
