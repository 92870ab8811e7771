"""Alternative providers: who they are, where they teach, what they offer, what was agreed and checked."""

from providers.models.assurance import Check, QualityStandard, ServiceLevelAgreement, StandardResult, StandardsVersion
from providers.models.places import Provider, ProviderContact, Site, SiteClosure, SiteTimes
from providers.models.programmes import Programme, ProgrammeQualification, every_half_day

__all__ = [
    "Check",
    "Programme",
    "ProgrammeQualification",
    "Provider",
    "ProviderContact",
    "QualityStandard",
    "ServiceLevelAgreement",
    "Site",
    "SiteClosure",
    "SiteTimes",
    "StandardResult",
    "StandardsVersion",
    "every_half_day",
]
