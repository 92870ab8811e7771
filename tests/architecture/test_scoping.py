"""Nothing about a student is read without asking who reads."""

import ast
from pathlib import Path

import pghistory
import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from placements.lifecycle import LIVE, Status
from trust.permissions import Permission
from trust.scoping import GUEST_STATUSES, Scope, ScopedQuerySet, TrustWideQuerySet

ROOT = Path(__file__).resolve().parents[2]
APPS = ["trust", "providers", "referrals", "placements", "notices", "attendance", "reviews", "invictus_ap"]
ROOMS = ["views", "forms", "filters"]

# Written by PostgreSQL or by the jobs, about nobody, so there is no history of it.
UNTRACKED = {
    "Heartbeat": "the last run of a job, overwritten at each",
    "AccessLog": "append-only itself",
    "PostcodePoint": "an open list of places, loaded whole by an administrator",
}


def our_models() -> list[type[models.Model]]:
    return [
        model
        for label in APPS
        for model in apps.get_app_config(label).get_models()
        if not issubclass(model, pghistory.models.Event) and not model._meta.proxy
    ]


def leads_to_student(model: type[models.Model], seen: frozenset[str] = frozenset()) -> bool:
    """Whether the model is a student or points at one, over any number of foreign keys."""
    if model.__name__ == "Student":
        return True
    targets = [field.related_model for field in model._meta.local_fields if isinstance(field, models.ForeignKey)]
    ours = [target for target in targets if target._meta.app_label in APPS and target.__name__ not in seen]
    return any(leads_to_student(target, seen | {model.__name__}) for target in ours)


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model.__name__)
def test_model_says_who_sees_it(model: type[models.Model]) -> None:
    scope, seen_with = getattr(model, "scope", None), getattr(model, "seen_with", None)
    assert isinstance(scope, Scope) != isinstance(seen_with, Permission)
    wanted = ScopedQuerySet if scope else TrustWideQuerySet
    assert isinstance(model._default_manager.all(), wanted)


@pytest.mark.parametrize("model", [m for m in our_models() if leads_to_student(m)], ids=lambda model: model.__name__)
def test_model_with_a_student_is_scoped_and_tracked(model: type[models.Model]) -> None:
    assert isinstance(model.scope, Scope)
    assert hasattr(model, "pgh_event_model") or model.__name__ in UNTRACKED


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model.__name__)
def test_model_has_a_history(model: type[models.Model]) -> None:
    assert hasattr(model, "pgh_event_model") == (model.__name__ not in UNTRACKED)


@pytest.mark.parametrize(
    "model", [m for m in our_models() if isinstance(getattr(m, "scope", None), Scope)], ids=lambda model: model.__name__
)
def test_scope_paths_lead_to_a_school(model: type[models.Model], django_user_model: type[models.Model]) -> None:
    for path in (model.scope.home, model.scope.host, model.scope.former):
        if path is not None:
            # A wrong path raises FieldError.
            str(model._default_manager.filter(**{f"{path}__in": [1]}).query)


def test_guest_statuses_are_those_of_the_lifecycle() -> None:
    assert set(GUEST_STATUSES) == {Status.PROPOSED, *LIVE}


def test_visible_to_raises_for_a_model_without_scope() -> None:
    class Unscoped:
        __name__ = "Unscoped"

    for queryset in (ScopedQuerySet, TrustWideQuerySet):
        rows = queryset.__new__(queryset)
        rows.model = Unscoped
        with pytest.raises(ImproperlyConfigured, match="cannot be shown to anybody"):
            rows.visible_to(None)


def room_files() -> list[Path]:
    return [
        path
        for label in APPS
        for room in ROOMS
        for path in [ROOT / label / f"{room}.py", *(ROOT / label / room).glob("*.py")]
        if path.is_file()
    ]


def unscoped_statements(source: str) -> list[int]:
    """Lines of the innermost statements that use ``.objects`` and neither ``.visible_to`` nor ``.none``."""
    found = []

    def visit(node: ast.AST, statement: ast.stmt | None) -> None:
        if isinstance(node, ast.stmt):
            statement = node
        if isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager", "_base_manager"}:
            assert statement is not None
            used = {inner.attr for inner in ast.walk(statement) if isinstance(inner, ast.Attribute)}
            if not used & {"visible_to", "none"}:
                found.append(node.lineno)
        for child in ast.iter_child_nodes(node):
            visit(child, statement)

    visit(ast.parse(source), None)
    return found


@pytest.mark.parametrize("path", room_files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_views_forms_and_filters_read_only_what_is_visible(path: Path) -> None:
    assert unscoped_statements(path.read_text()) == []


def test_an_unscoped_read_is_found() -> None:
    assert unscoped_statements("rows = Student.objects.all()\nok = Student.objects.visible_to(u)") == [1]
