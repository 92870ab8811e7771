"""What the application refuses, said in sentences.

Every refusal by a rule, a permission or a service is a `DomainError`; its message is shown to the user as
it stands.
"""


class DomainError(Exception):
    """A refusal that the user can understand and act on.

    `message` is a whole sentence for the user, `field` the form field it belongs to (None: the whole form),
    `help` a second sentence that says what to do next. None of them may carry a student's name or UPN, since
    messages are also written to logs.
    """

    def __init__(self, message: str, *, field: str | None = None, help: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.help = help

    def __str__(self) -> str:
        return self.message


class NotAllowed(DomainError):
    """The person lacks the permission; the sentence says who has it."""


class RuleBroken(DomainError):
    """A rule of the policy, of the law or of plain sense is not met."""


class StaleRecord(DomainError):
    """Somebody else changed the record after it was opened; nothing was saved."""


class CalendarNotLoaded(DomainError):
    """A question about a day of a school year whose calendar has not been entered.

    `year_label` is the school year that is missing, as '2027/28'.
    """

    def __init__(self, year_label: str, *, field: str | None = None) -> None:
        super().__init__(
            f"The school calendar for {year_label} has not been loaded, so school days cannot be counted.",
            field=field,
            help=f"Ask the trust AP lead to load the terms of {year_label}.",
        )
        self.year_label = year_label
