"""Pages of providers."""

from providers.views.assurance import (
    AgreementAdd,
    AgreementEdit,
    AgreementFile,
    CheckConfirm,
    CheckFile,
    CheckRecord,
    CheckRemove,
)
from providers.views.places import SiteAdd, SiteCloseDay, SiteClosureRemove, SiteEdit
from providers.views.programmes import ProgrammeAdd, ProgrammeEdit
from providers.views.register import (
    ProviderAdd,
    ProviderApprove,
    ProviderClose,
    ProviderContactAdd,
    ProviderContactEdit,
    ProviderContactRemove,
    ProviderDetail,
    ProviderEdit,
    ProviderList,
)
from providers.views.standards import ProviderStandards, StandardFile, StandardsAssess, StandardsList, StandardsLoad

__all__ = [
    "AgreementAdd",
    "AgreementEdit",
    "AgreementFile",
    "CheckConfirm",
    "CheckFile",
    "CheckRecord",
    "CheckRemove",
    "ProgrammeAdd",
    "ProgrammeEdit",
    "ProviderAdd",
    "ProviderApprove",
    "ProviderClose",
    "ProviderContactAdd",
    "ProviderContactEdit",
    "ProviderContactRemove",
    "ProviderDetail",
    "ProviderEdit",
    "ProviderList",
    "ProviderStandards",
    "SiteAdd",
    "SiteCloseDay",
    "SiteClosureRemove",
    "SiteEdit",
    "StandardFile",
    "StandardsAssess",
    "StandardsList",
    "StandardsLoad",
]
