"""Every change of what belongs to a provider locks the provider first."""

from providers.lifecycle import Status
from providers.models import Provider
from trust.errors import RuleBroken


def locked(provider_id: int) -> Provider:
    """The provider, locked. ``RuleBroken`` when it is closed: nothing about it changes any more."""
    provider: Provider = Provider.objects.select_for_update().get(pk=provider_id)
    if provider.status == Status.CLOSED:
        raise RuleBroken("This provider is closed: nothing about it changes any more.")
    return provider
