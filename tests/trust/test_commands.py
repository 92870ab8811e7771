"""The first two accounts of an installation."""

import pytest
from django.core.management import CommandError, call_command

from trust.models import User

NAMES = {
    "lead_email": "lead@trust.example",
    "lead_name": "Lena Lane",
    "ceo_email": "ceo@trust.example",
    "ceo_name": "Cora Chief",
}


@pytest.fixture
def passwords(monkeypatch):
    """Passwords as a script passes them."""
    monkeypatch.setenv("TRUST_LEAD_PASSWORD", "granite-otter-42-lamp")
    monkeypatch.setenv("TRUST_CEO_PASSWORD", "willow-engine-77-boat")


@pytest.mark.usefixtures("db", "passwords")
def test_create_trust_lead_makes_both_and_prints_no_secret(capsys):
    call_command("create_trust_lead", **NAMES)
    printed = capsys.readouterr()
    assert "granite" not in printed.out + printed.err
    assert "willow" not in printed.out + printed.err
    assert User.objects.get(email="lead@trust.example").check_password("granite-otter-42-lamp")


@pytest.mark.usefixtures("db", "passwords")
def test_create_trust_lead_twice_is_refused():
    call_command("create_trust_lead", **NAMES)
    with pytest.raises(CommandError, match="already"):
        call_command("create_trust_lead", **NAMES)
    assert User.objects.count() == 2


@pytest.mark.usefixtures("db", "passwords")
@pytest.mark.parametrize(
    ("variable", "value"), [("TRUST_LEAD_PASSWORD", "wk-pw-9"), ("TRUST_CEO_PASSWORD", "not-long-1")]
)
def test_create_trust_lead_with_a_weak_password_is_refused(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(CommandError) as refused:
        call_command("create_trust_lead", **NAMES)
    assert value not in str(refused.value)
    assert not User.objects.exists()


@pytest.mark.usefixtures("db", "passwords")
def test_create_trust_lead_with_a_bad_address_is_refused():
    with pytest.raises(CommandError, match="valid email"):
        call_command("create_trust_lead", **{**NAMES, "lead_email": "nobody"})


@pytest.mark.usefixtures("db")
def test_create_trust_lead_asks_for_what_is_not_set(monkeypatch):
    asked = []
    monkeypatch.delenv("TRUST_LEAD_PASSWORD", raising=False)
    monkeypatch.delenv("TRUST_CEO_PASSWORD", raising=False)

    def answer(question):
        asked.append(question)
        return "granite-otter-42-lamp"

    monkeypatch.setattr("trust.management.commands.create_trust_lead.getpass", answer)
    call_command("create_trust_lead", **NAMES)
    assert asked == ["Password of Lena Lane: ", "Password of Cora Chief: "]
