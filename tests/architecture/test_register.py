"""The register in docs/policy.md says only what is true: what it names exists, and the tests it names are there."""

import ast
import importlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import get_resolver

ROOT = Path(__file__).resolve().parents[2]
REGISTER = ROOT / "docs" / "policy.md"
CLAUSE = re.compile(r"^P[1-9]\.[0-9]+$")

# Section of the policy: how many clauses the register of the design has for it.
CLAUSES = [
    *(f"P1.{n}" for n in range(1, 4)),
    *(f"P2.{n}" for n in range(1, 4)),
    *(f"P3.{n}" for n in range(1, 14)),
    "P4.1",
    *(f"P5.{n}" for n in range(1, 8)),
    *(f"P6.{n}" for n in range(1, 8)),
    *(f"P7.{n}" for n in range(1, 6)),
    "P8.1",
    "P9.1",
    "P9.2",
]


@dataclass(frozen=True)
class Clause:
    code: str
    sentence: str
    held: tuple[str, ...]
    tests: tuple[str, ...]
    later: str


@cache
def register() -> dict[str, Clause]:
    found = {}
    for line in REGISTER.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if len(cells) == 5 and CLAUSE.match(cells[0]):
            code, sentence, held, tests, later = cells
            assert code not in found, f"{code} stands twice in the register"
            found[code] = Clause(
                code,
                sentence,
                tuple(re.findall(r"`([^`]+)`", held)),
                tuple(re.findall(r"`([^`]+)`", tests)),
                "" if later == "–" else later,
            )
    return found


@cache
def marked() -> dict[str, set[str]]:
    """Clause to the tests that carry its marker."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
                continue
            # On the test itself, or on one set of values of a parametrised one.
            for call in (inner for decorator in node.decorator_list for inner in ast.walk(decorator)):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.policy":
                    for argument in call.args:
                        found.setdefault(ast.literal_eval(argument), set()).add(node.name)
    return found


def url_names() -> set[str]:
    found = set()

    def walk(resolver: object, prefix: str) -> None:
        for entry in resolver.url_patterns:
            if hasattr(entry, "url_patterns"):
                walk(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)
            elif entry.name:
                found.add(f"{prefix}{entry.name}")

    walk(get_resolver(), "")
    return found


def exists(name: str) -> bool:
    kind, _, rest = name.partition(":")
    if kind == "constraint":
        return any(c.name == rest for model in apps.get_models() for c in model._meta.constraints)
    if kind == "trigger":
        return any(t.name == rest for model in apps.get_models() for t in getattr(model._meta, "triggers", []))
    if kind == "page":
        return rest in url_names()
    if kind == "field":
        label, model, field = rest.split(".")
        return any(f.name == field for f in apps.get_model(label, model)._meta.get_fields())
    if kind == "job":
        name = rest
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


def test_register_has_every_clause_once() -> None:
    assert list(register()) == CLAUSES


@pytest.mark.parametrize("code", CLAUSES)
def test_clause_names_what_exists(code: str) -> None:
    clause = register()[code]
    assert clause.sentence
    assert [name for name in clause.held if not exists(name)] == []
    assert clause.held or re.fullmatch(r"later: .+", clause.later)


@pytest.mark.parametrize("code", CLAUSES)
def test_clause_names_tests_that_carry_its_marker(code: str) -> None:
    clause = register()[code]
    assert [name for name in clause.tests if name not in marked().get(code, set())] == []
    assert clause.tests or re.fullmatch(r"later: .+", clause.later)


def test_markers_name_clauses_of_the_register() -> None:
    assert sorted(set(marked()) - set(CLAUSES)) == []


def test_what_does_not_exist_is_found() -> None:
    wrong = ["placements.rules.no_such_rule", "constraint:none", "page:no:page", "no_module.x"]
    assert [name for name in wrong if exists(name)] == []
    assert exists("placements.rules.check_period")
    assert "home" in url_names()
