"""Forms about placements and their money. They clean input; the services decide."""

from placements.forms.brought_in import BringInForm, ConfirmForm
from placements.forms.course import (
    AcceptForm,
    EndForm,
    EndReportLaterForm,
    ExtendForm,
    HomeVisitForm,
    PauseForm,
    ReasonForm,
    ReopenForm,
)
from placements.forms.decision import DecideForm, ExtensionDecideForm, OverrideForm
from placements.forms.documents import (
    MakeForm,
    QualificationAddForm,
    QualificationForm,
    RenewForm,
    ShareForm,
    SignForm,
)
from placements.forms.money import (
    BudgetApproveForm,
    BudgetChangeForm,
    BudgetForm,
    InvoiceForm,
    InvoiceImportForm,
    InvoiceProviderForm,
    PaidForm,
    SettleLineForm,
)
from placements.forms.offers import AskForm, FinderForm, GuestRefusalForm, OfferAnswerForm
from placements.forms.proposal import ProposalForm, ProviderForm
from placements.forms.suspended import SuspendForm

__all__ = [
    "AcceptForm",
    "AskForm",
    "BringInForm",
    "BudgetApproveForm",
    "BudgetChangeForm",
    "BudgetForm",
    "ConfirmForm",
    "DecideForm",
    "EndForm",
    "EndReportLaterForm",
    "ExtendForm",
    "ExtensionDecideForm",
    "FinderForm",
    "GuestRefusalForm",
    "HomeVisitForm",
    "InvoiceForm",
    "InvoiceImportForm",
    "InvoiceProviderForm",
    "MakeForm",
    "OfferAnswerForm",
    "OverrideForm",
    "PaidForm",
    "PauseForm",
    "ProposalForm",
    "ProviderForm",
    "QualificationAddForm",
    "QualificationForm",
    "ReasonForm",
    "RenewForm",
    "ReopenForm",
    "SettleLineForm",
    "ShareForm",
    "SignForm",
    "SuspendForm",
]
