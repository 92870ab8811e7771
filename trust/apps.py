from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def grant_after_migrate(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Give the application's database role what it needs, and no right to change history.

    Runs once at the end of every migrate, when the tables of all apps exist.
    """
    from trust.audit import grant_app_role

    grant_app_role(using=using)


class TrustConfig(AppConfig):
    name = "trust"
    verbose_name = "Trust"

    def ready(self) -> None:
        # Sent after the last migration of all apps, and only for apps with models: once is enough.
        post_migrate.connect(grant_after_migrate, sender=self, dispatch_uid="trust.grant_app_role")
