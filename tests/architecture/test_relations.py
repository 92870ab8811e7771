"""A later app may point back at an earlier one, never the other way round."""

from django.apps import apps
from django.db.models import ForeignKey, ManyToManyField

APPS = ["trust", "providers", "referrals", "placements", "notices", "attendance", "reviews", "invictus_ap"]


def relations() -> list[tuple[str, str, str]]:
    """(app, app pointed at, field) of every relation between our own models, history tables included."""
    found = []
    for label in APPS:
        for model in apps.get_app_config(label).get_models():
            for field in [*model._meta.local_fields, *model._meta.local_many_to_many]:
                if isinstance(field, (ForeignKey, ManyToManyField)):
                    target = field.related_model._meta.app_label
                    if target in APPS:
                        found.append((label, target, f"{model.__name__}.{field.name}"))
    return found


def test_relations_point_back_only() -> None:
    forward = [row for row in relations() if APPS.index(row[1]) > APPS.index(row[0])]
    assert forward == []


def test_relations_are_seen_at_all() -> None:
    assert ("placements", "referrals", "Placement.referral") in relations()
