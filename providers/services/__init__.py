"""The doors of ``providers``."""

from providers.services.agreements import add_agreement, change_agreement
from providers.services.checks import confirm_check, record_check, remove_check
from providers.services.places import add_site, change_site, close_site_on, remove_site_closure
from providers.services.programmes import add_programme, change_programme
from providers.services.register import (
    add_provider,
    add_provider_contact,
    approve_provider,
    change_provider,
    change_provider_contact,
    close_provider,
    remove_provider_contact,
    suspend_provider,
)
from providers.services.standards import load_standards, record_standards

__all__ = [
    "add_agreement",
    "add_programme",
    "add_provider",
    "add_provider_contact",
    "add_site",
    "approve_provider",
    "change_agreement",
    "change_programme",
    "change_provider",
    "change_provider_contact",
    "change_site",
    "close_provider",
    "close_site_on",
    "confirm_check",
    "load_standards",
    "record_check",
    "record_standards",
    "remove_check",
    "remove_provider_contact",
    "remove_site_closure",
    "suspend_provider",
]
