"""Forms about providers. They clean input; the services decide."""

from providers.forms.assurance import (
    AgreementEditForm,
    AgreementForm,
    CheckForm,
    StandardsPartForm,
    StandardsVersionForm,
)
from providers.forms.places import SiteClosureForm, SiteEditForm, SiteForm
from providers.forms.programmes import ProgrammeForm
from providers.forms.register import ProviderContactForm, ProviderForm, ReasonForm

__all__ = [
    "AgreementEditForm",
    "AgreementForm",
    "CheckForm",
    "ProgrammeForm",
    "ProviderContactForm",
    "ProviderForm",
    "ReasonForm",
    "SiteClosureForm",
    "SiteEditForm",
    "SiteForm",
    "StandardsPartForm",
    "StandardsVersionForm",
]
