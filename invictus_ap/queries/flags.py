"""The open flags that are meant for one person, with the name of the student where the person may see it."""

from dataclasses import dataclass
from typing import Any

from placements.models import Offer, PartTimeTimetable, Placement
from trust.models import Flag
from trust.permissions import Role


@dataclass(frozen=True)
class FlagShown:
    """A flag as its reader sees it; ``who`` is the student it is about, '' where there is none or it is not shown."""

    flag: Flag
    who: str = ""

    @property
    def kind(self) -> str:
        """What kind of matter it is."""
        return self.flag.kind


# Where the student of a subject stands: 'placement:7' is about the student of placement 7.
_STUDENTS: dict[str, tuple[Any, str]] = {
    "placement": (Placement, "student"),
    "offer": (Offer, "referral__student"),
    "part_time": (PartTimeTimetable, "student"),
}


def flags_of(user: Any, school_id: int | None) -> tuple[FlagShown, ...]:
    """The open flags of which one membership of the person is among those meant, at its own school; constant queries.

    The record of a flag names no student, since it outlives who may see it; the name is put to it for each reader.
    """
    held = user.held()
    trust_roles = {m.role for m in held if m.school_id is None}
    school_roles = {(m.role, m.school_id) for m in held if m.school_id is not None}
    if not held or trust_roles | {role for role, _ in school_roles} <= {Role.TRU}:
        return ()
    flags = Flag.objects.open().select_related("school")
    if not trust_roles:
        flags = flags.filter(school_id__in={school for _, school in school_roles})
    if school_id is not None:
        flags = flags.filter(school_id=school_id)
    mine = [
        flag
        for flag in flags
        if trust_roles & set(flag.roles) or any((role, flag.school_id) in school_roles for role in flag.roles)
    ]
    names = _names(user, mine)
    return tuple(FlagShown(flag, names.get(flag.subject, "")) for flag in mine)


def _names(user: Any, flags: list[Flag]) -> dict[str, str]:
    """The students of the subjects by subject, as far as this person sees them; one query per kind of subject."""
    found: dict[str, str] = {}
    for word, (model, path) in _STUDENTS.items():
        parts = [flag.subject.partition(":") for flag in flags]
        ids = {int(pk) for kind, _, pk in parts if kind == word and pk.isdecimal()}
        fields = [f"{path}__{field}" for field in ("family_name", "first_name", "preferred_name", "nc_year")]
        rows = model.objects.filter(pk__in=ids).visible_to(user)
        for pk, family, first, preferred, year in rows.values_list("pk", *fields):
            found[f"{word}:{pk}"] = f"{family}, {preferred or first} (Year {year})"
    return found
