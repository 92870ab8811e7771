"""The accounts of the demo log-in."""

from invictus_ap.codes import DEMO_PEOPLE
from trust.models import User


def demo_account(email: str) -> User | None:
    """The active account of one of the demo's people; None for everybody else."""
    if email not in {person.email for person in DEMO_PEOPLE}:
        return None
    account: User | None = User.objects.filter(email=email, is_active=True).first()
    return account
