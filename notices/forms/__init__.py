"""Forms of direction notices: they clean input, the services act."""

from notices.forms.base import (
    AuthoriseForm,
    DateInput,
    GivenForm,
    NoticeFilterForm,
    NoticeForm,
    ReasonForm,
    TimeInput,
)

__all__ = ["AuthoriseForm", "DateInput", "GivenForm", "NoticeFilterForm", "NoticeForm", "ReasonForm", "TimeInput"]
