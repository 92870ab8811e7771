"""A list as a file for a spreadsheet program, in which nothing can act when it is opened."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Cell = str | int | date | None

# What spreadsheet programs take for a formula, also behind a tab or a line end.
_ACTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_text(value: Cell) -> str:
    """A value as a CSV cell: days as 2026-12-03, and an apostrophe before what would act as a formula."""
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.lstrip(" ").startswith(_ACTS) else text


def csv_of(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The list as CSV in UTF-8 with a mark, so that spreadsheet programs read names with accents."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headings)
    writer.writerows([as_text(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def xlsx_of(title: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The list as a workbook; text is written as text whatever it begins with, days as days."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"

    def cell(value: Cell) -> WriteOnlyCell:
        made = WriteOnlyCell(sheet, value=value)
        if isinstance(value, str):
            made.value = "".join(char for char in value if char.isprintable() or char in "\n\t")
            # Set after the value, which would make a formula of what begins with '='.
            made.data_type = "s"
        elif isinstance(value, date):
            made.number_format = "dd/mm/yyyy"
        return made

    sheet.append([cell(heading) for heading in headings])
    for row in rows:
        sheet.append([cell(value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
