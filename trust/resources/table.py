"""A spreadsheet as rows of text, each with the number it has in the file."""

import csv
import io
import itertools
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

import openpyxl
from django.core.exceptions import ValidationError

from trust.errors import RuleBroken

# Two terms of one school in weekly rows, or half a term of every session of a thousand students.
ROWS_MAX = 60_000
# A workbook is slow to take apart: more cells than these do not fit into the time of one job.
CELLS_MAX = 400_000
_CELL_MAX = 4_000
# Typed as a formula, not as a telephone number (+44 1632 960001 ext 2), a negative number or a lone dash.
_FORMULA = re.compile(r"\s*(?:[=@]|[+-](?![\d\s().,/-]*(?:e?xt?\.?\s*\d+)?$))", re.IGNORECASE)
_PROGRESS = 2_000

Row = TypeVar("Row")


@dataclass(frozen=True)
class Column:
    """One thing that a file may hold: its field, what people call it, and headings under which systems export it."""

    name: str
    label: str
    required: bool = False
    headings: tuple[str, ...] = ()
    help: str = ""


@dataclass(frozen=True)
class Fault:
    """What is wrong in one cell: the row as the spreadsheet numbers it and the heading of the column."""

    row: int
    column: str
    sentence: str


@dataclass(frozen=True)
class Table:
    """The headings of a file and its rows of text; ``numbers`` are the rows' numbers in the spreadsheet.

    ``wide`` are the numbers of the rows that have more cells than there are headings.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...]
    wide: tuple[int, ...] = ()

    def faults(self) -> list[Fault]:
        """What is wrong with whole rows, whatever their columns mean."""
        words = "This row has more cells than there are headings: a comma inside a cell needs quotation marks."
        return [Fault(number, self.headings[-1], words) for number in self.wide]


@dataclass(frozen=True)
class Office:
    """For whom a file is read: the school (None: all of the trust), the schools by folded name, and today.

    ``tell`` hears now and then how many rows are done.
    """

    school_id: int | None
    schools: Mapping[str, int]
    today: date
    tell: Callable[[int], None] = lambda done: None

    def each(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows one by one, telling how far it got."""
        for done, row in enumerate(rows):
            if done and done % _PROGRESS == 0:
                self.tell(done)
            yield row

    def takes(self, school_id: int) -> bool:
        """Whether students of this school may be in the file."""
        return self.school_id is None or self.school_id == school_id


@dataclass
class Found:
    """What a checked file would do: rows to write, and everything that is wrong with it."""

    new: list[Any] = field(default_factory=list)
    changed: list[Any] = field(default_factory=list)
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)
    fields: tuple[str, ...] = ()


def read_table(suffix: str, content: bytes) -> Table:
    """The table of a CSV or XLSX file. ``RuleBroken`` with what to do when there is none to be read."""
    return _table(_filled(_sheet_lines(content, CELLS_MAX) if suffix == ".xlsx" else _text_lines(content)))


def read_headings(suffix: str, content: bytes) -> tuple[str, ...]:
    """The headings alone, with the same refusals as far as the first row below them shows a reason.

    A request does no more than this with a workbook; the job reads the rows.
    """
    if suffix != ".xlsx":
        return read_table(suffix, content).headings
    return _table(itertools.islice(_filled(_sheet_lines(content, CELLS_MAX)), 2)).headings


def _filled(lines: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """The lines with something in them; a sheet may be formatted far below its last row."""
    count = 0
    for number, cells in lines:
        if not any(cells):
            continue
        count += 1
        if count > ROWS_MAX + 1:
            raise RuleBroken(
                f"The file has more than {ROWS_MAX:,} rows, which is the most that is read at once.",
                field="file",
                help="Export it in parts, by year group or by half-term.",
            )
        yield number, cells


def _table(filled: Iterable[tuple[int, list[str]]]) -> Table:
    lines = list(filled)
    if not lines:
        raise RuleBroken("The file is empty.", field="file", help="Export it again and look at it before sending.")
    (_, head), *rows = lines
    headings = tuple(_trimmed(head))
    if not rows:
        raise RuleBroken("The file has headings but no rows below them.", field="file")
    if "" in headings:
        place = headings.index("") + 1
        raise RuleBroken(f"Column {place} has no heading in the first row.", field="file", help="Give each a heading.")
    twice = next((heading for heading in headings if headings.count(heading) > 1), None)
    if twice is not None:
        raise RuleBroken(f"Two columns are headed '{twice[:60]}'.", field="file", help="Rename one of them.")
    formula = next((place for place, heading in enumerate(headings, start=1) if _FORMULA.match(heading)), None)
    if formula is not None:
        raise RuleBroken(f"The heading of column {formula} is a formula.", field="file", help="Write it as words.")
    width = len(headings)
    return Table(
        headings,
        tuple((*cells[:width], *[""] * (width - len(cells))) for _, cells in rows),
        tuple(number for number, _ in rows),
        tuple(number for number, cells in rows if any(cells[width:])),
    )


def _trimmed(cells: Sequence[str]) -> list[str]:
    last = max((place for place, cell in enumerate(cells) if cell), default=-1)
    return list(cells[: last + 1])


def _text_lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    text = _decoded(content)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            yield number, [cell.strip()[:_CELL_MAX] for cell in cells]
    except csv.Error as error:
        raise RuleBroken(
            "The file cannot be read as a table: a quotation mark is not closed or a line is broken.",
            field="file",
            help="Export it again, or save it as Excel (.xlsx).",
        ) from error


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise RuleBroken(
            "The file is written in UTF-16, which is not read here.",
            field="file",
            help="In Excel choose 'CSV UTF-8' when saving.",
        )
    if b"\x00" in content:
        raise RuleBroken("The file is not a text file.", field="file", help="Export it as CSV or Excel (.xlsx).")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RuleBroken(
        "The letters of the file cannot be read: its encoding is neither UTF-8 nor Windows.",
        field="file",
        help="In Excel choose 'CSV UTF-8' when saving.",
    )


def _sheet_lines(content: bytes, most: int) -> Iterator[tuple[int, list[str]]]:
    try:
        # Formulas are read as they are typed, so that they are refused and never trusted.
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, SyntaxError, OSError) as error:
        raise RuleBroken("The Excel file cannot be opened.", field="file", help="Save it again as .xlsx.") from error
    try:
        sheet = book.worksheets[0]
        # What the file claims about its size may be wrong; the rows themselves are counted.
        sheet.reset_dimensions()
        for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            most -= len(cells)
            if most < 0:
                raise RuleBroken(
                    f"The workbook has more than {CELLS_MAX:,} cells, which takes too long to read.",
                    field="file",
                    help="Save the sheet as CSV, or take out the columns that are not needed here.",
                )
            yield number, [_as_text(cell) for cell in cells]
    except (KeyError, ValueError, TypeError, SyntaxError, OSError, zipfile.BadZipFile) as error:
        # What comes to light in the middle of the sheet; a broken XML part is a SyntaxError.
        raise RuleBroken("The Excel file cannot be read.", field="file", help="Save it again as .xlsx.") from error
    finally:
        book.close()


def _as_text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if not (cell.hour or cell.minute) else cell.isoformat(" ", "minutes")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, bool):
        return "Yes" if cell else "No"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()[:_CELL_MAX]


def cells_of(table: Table, mapping: Mapping[str, str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row as field to text, with its number in the spreadsheet; ``mapping`` is field to heading."""
    places = {name: table.headings.index(heading) for name, heading in mapping.items()}
    for number, cells in zip(table.numbers, table.rows, strict=True):
        yield number, {name: cells[place] for name, place in places.items()}


def faults_of(number: int, cells: Mapping[str, str], mapping: Mapping[str, str]) -> list[Fault]:
    """The formulas and unreadable characters among the cells of a row."""
    found = []
    for name, text in cells.items():
        if _FORMULA.match(text):
            found.append(Fault(number, mapping[name], "This is a formula. Paste the column as values."))
        elif "\x00" in text or "\ufffd" in text:
            found.append(Fault(number, mapping[name], "This cell holds characters that cannot be read."))
    return found


def refusals_of(number: int, error: ValidationError, mapping: Mapping[str, str]) -> list[Fault]:
    """What the cleaning of a row refused, by column."""
    return [
        Fault(number, mapping[name], message) for name, messages in error.message_dict.items() for message in messages
    ]


def each_cell_once(faults: list[Fault]) -> list[Fault]:
    """The first fault of each cell: a formula is not also a bad date."""
    first: dict[tuple[int, str], Fault] = {}
    for fault in faults:
        first.setdefault((fault.row, fault.column), fault)
    return list(first.values())
