"""Reading exports of a school's management information system: the table, its cells, what each row would change."""

from trust.resources.contacts import CONTACT_COLUMNS, ContactRow, check_contacts
from trust.resources.students import STUDENT_COLUMNS, check_students, student_faults
from trust.resources.suspensions import SUSPENSION_COLUMNS, check_suspensions
from trust.resources.table import (
    ROWS_MAX,
    Column,
    Fault,
    Found,
    Office,
    Table,
    cells_of,
    each_cell_once,
    faults_of,
    read_headings,
    read_table,
    refusals_of,
)
from trust.resources.widgets import CodeWidget, DayWidget, NumberWidget, TextWidget, YesNoWidget

__all__ = [
    "CONTACT_COLUMNS",
    "ROWS_MAX",
    "STUDENT_COLUMNS",
    "SUSPENSION_COLUMNS",
    "CodeWidget",
    "Column",
    "ContactRow",
    "DayWidget",
    "Fault",
    "Found",
    "NumberWidget",
    "Office",
    "Table",
    "TextWidget",
    "YesNoWidget",
    "cells_of",
    "check_contacts",
    "check_students",
    "check_suspensions",
    "each_cell_once",
    "faults_of",
    "read_headings",
    "read_table",
    "refusals_of",
    "student_faults",
]
