"""Reads of attendance that more than one caller needs; each in a fixed number of queries."""

from attendance.queries.contacts import ContactDue, contacts_due, missed_contacts, overdue_contacts
from attendance.queries.figures import Figures, attended_of, figures_of, register_of
from attendance.queries.grid import Cell, Row, WeekGrid, stamp_of, stamp_of_contact, week_grid
from attendance.queries.index import ProviderWeek, Unreturned, unreturned, weeks_of

__all__ = [
    "Cell",
    "ContactDue",
    "Figures",
    "ProviderWeek",
    "Row",
    "Unreturned",
    "WeekGrid",
    "attended_of",
    "contacts_due",
    "figures_of",
    "missed_contacts",
    "overdue_contacts",
    "register_of",
    "stamp_of",
    "stamp_of_contact",
    "unreturned",
    "week_grid",
    "weeks_of",
]
