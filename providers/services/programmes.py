"""What a provider offers, at what price, leading to which qualifications."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from providers.models import Programme, ProgrammeQualification
from providers.services._locks import locked
from trust.errors import RuleBroken
from trust.models import User
from trust.permissions import Permission
from trust.services import check_version, require, saving


def add_programme(
    *,
    provider_id: int,
    data: Mapping[str, Any],
    by: User,
    now: datetime,
    qualifications: Sequence[Mapping[str, str]] = (),
) -> Programme:
    """What is taught, at what price net of VAT and for how many at once.

    ``qualifications``: title, level, awarding_body and number of each (P3.6).
    """
    with saving(by=by, reason="programme added"):
        provider = locked(provider_id)
        require(by, Permission.EDIT_PROVIDERS, home_id=None)
        if provider.programmes.filter(name=data["name"]).exists():
            raise RuleBroken("This provider has a programme of that name already.", field="name")
        _check_offered(data)
        programme: Programme = Programme.objects.create(provider=provider, **data)
        _set_qualifications(programme, qualifications)
    return programme


def change_programme(
    *,
    programme_id: int,
    data: Mapping[str, Any],
    qualifications: Sequence[Mapping[str, str]] | None,
    version: int | None,
    by: User,
    now: datetime,
) -> Programme:
    """Correct a programme. A new price is for placements proposed from now on: approved ones keep the agreed price.

    ``qualifications`` replace those recorded; None leaves them.
    """
    with saving(by=by, reason="programme changed"):
        programme = Programme.objects.select_for_update().get(pk=programme_id)
        provider = locked(programme.provider_id)
        require(by, Permission.EDIT_PROVIDERS, home_id=None)
        check_version(programme, version)
        name = data.get("name", programme.name)
        if provider.programmes.filter(name=name).exclude(pk=programme.pk).exists():
            raise RuleBroken("This provider has a programme of that name already.", field="name")
        _check_offered(data)
        for field, value in data.items():
            setattr(programme, field, value)
        programme.version += 1
        programme.save()
        if qualifications is not None:
            _set_qualifications(programme, qualifications)
    return programme


def _check_offered(data: Mapping[str, Any]) -> None:
    if "sessions_offered" in data and not data["sessions_offered"]:
        raise RuleBroken("Tick at least one half-day on which the programme runs.", field="sessions_offered")


def _set_qualifications(programme: Programme, wanted: Sequence[Mapping[str, str]]) -> None:
    """Leave rows that stay as they are, so that the history shows only what changed."""
    known = {(row.title, row.awarding_body): row for row in programme.qualifications.all()}
    for values in wanted:
        row = known.pop((values["title"], values["awarding_body"]), None)
        if row is None:
            ProgrammeQualification.objects.create(programme=programme, **values)
        elif (row.level, row.number) != (values.get("level", ""), values.get("number", "")):
            row.level, row.number = values.get("level", ""), values.get("number", "")
            row.save()
    for row in known.values():
        row.delete()
