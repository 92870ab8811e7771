"""Forms of direction notices: they clean input, the services act."""

from notices.forms.base import (
    AuthoriseForm,
    DateInput,
    NoticeForm,
    ReasonForm,
    TimeInput,
)
from notices.forms.register import OnTimeForm, RegisterFilterForm
from notices.forms.service import CheckedForm, GivenForm, LateForm, PostedForm, PrintForm

__all__ = [
    "AuthoriseForm",
    "CheckedForm",
    "DateInput",
    "GivenForm",
    "LateForm",
    "NoticeForm",
    "OnTimeForm",
    "PostedForm",
    "PrintForm",
    "ReasonForm",
    "RegisterFilterForm",
    "TimeInput",
]
