"""The people one can be in the demo."""

from dataclasses import dataclass

from trust.permissions import Role


@dataclass(frozen=True)
class DemoPerson:
    """One button of the demo log-in: the address of the account, the person's name, what the role is about."""

    role: Role
    name: str
    email: str
    about: str

    @property
    def label(self) -> str:
        """The role in words."""
        return str(self.role.label)


# The second school of the demo is theirs; the order is that of the journey.
DEMO_PEOPLE = (
    DemoPerson(Role.LEAD, "Marian Oakley", "trust.lead@demo.example", "schools, providers, all placements"),
    DemoPerson(Role.SLT, "Idris Penhallow", "pastoral.slt@demo.example", "referrals, placements, notices, reviews"),
    DemoPerson(Role.HEAD, "Rosalind Thackeray", "headteacher@demo.example", "decisions, money, notices"),
    DemoPerson(Role.ATT, "Bettina Marlowe", "attendance@demo.example", "marks and weekly contact"),
    DemoPerson(Role.TEAM, "Owen Castellan", "pastoral.team@demo.example", "referrals and proposals"),
    DemoPerson(Role.DSL, "Philippa Greaves", "dsl@demo.example", "safeguarding"),
    DemoPerson(Role.CEO, "Augustine Hallam", "chief.executive@demo.example", "decisions over budget, overrides"),
    DemoPerson(Role.FIN, "Nerys Bannister", "finance@demo.example", "budgets"),
    DemoPerson(Role.TRU, "Gideon Farrant", "trustee@demo.example", "value for money, no student"),
)
