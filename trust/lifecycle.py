"""The shape that every lifecycle shares: statuses, who may begin one, and one table of moves.

An app's ``lifecycle.py`` fills one ``Lifecycle`` per model with a status and lists them in ``LIFECYCLES``;
the command ``lifecycle_docs`` draws them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from django.db.models import TextChoices

from trust.errors import RuleBroken

Status = TypeVar("Status", bound=TextChoices)
Permission = TypeVar("Permission", bound=StrEnum)


@dataclass(frozen=True)
class Lifecycle(Generic[Status, Permission]):
    """One status field: where a record may begin and which moves exist, each with the permission it asks.

    ``subject`` is the noun with its article for sentences ('A placement').
    """

    subject: str
    statuses: type[Status]
    first: Mapping[Status, Permission]
    moves: Mapping[tuple[Status, Status], Permission]

    def check_move(self, old: str, new: str) -> Permission:
        """The permission that the move ``old`` to ``new`` asks for; ``RuleBroken`` when the table has no such
        move.
        """
        was, wanted = self.statuses(old), self.statuses(new)
        if was == wanted:
            # A double click or a second person: the deed is done, and nothing is to be mended.
            raise RuleBroken(
                f"{self.subject} that is '{str(was.label).lower()}' needs no second step: it was done already."
            )
        permission = self.moves.get((was, wanted))
        if permission is None:
            raise RuleBroken(
                f"{self.subject} that is '{str(was.label).lower()}' cannot become '{str(wanted.label).lower()}'."
            )
        return permission

    def next_statuses(self, old: str) -> tuple[Status, ...]:
        """The statuses that may follow ``old``, in the order of the table."""
        return tuple(new for was, new in self.moves if was == self.statuses(old))

    @property
    def final(self) -> frozenset[Status]:
        """The statuses that nothing follows."""
        return frozenset(self.statuses) - {old for old, _ in self.moves}


# ``trust`` itself owns no record with a status.
LIFECYCLES: tuple[Lifecycle[Any, Any], ...] = ()
