"""Which programme fits a student: words against words, so that everybody can see why (P6.2)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import asin, cos, radians, sin, sqrt

from trust.rules import fold_name

# Points of one wish that is met. A qualification leads on after 16 (P3.6), so it weighs more than a subject.
_POINTS = {"interests": 2, "subjects": 2, "qualifications": 3}
# Words that say nothing about what is taught.
_EMPTY = frozenset(
    {"a", "an", "and", "at", "for", "he", "her", "his", "in", "like", "likes", "of", "on", "or", "she", "some", "the"}
    | {"their", "they", "to", "with", "wants"}
)
EARTH_MILES = 3958.8


@dataclass(frozen=True)
class Wishes:
    """What a referral asks for, as it was typed: phrases parted by commas, semicolons, slashes or lines."""

    interests: str = ""
    subjects: str = ""
    qualifications: str = ""


@dataclass(frozen=True)
class Teaches:
    """What a programme says of itself; ``qualifications`` are title and level of each."""

    interests: str = ""
    subjects: str = ""
    qualifications: tuple[str, ...] = ()


@dataclass(frozen=True)
class Match:
    """How well a programme fits: ``score`` of ``possible`` points, and the wishes it meets as they were typed."""

    score: int
    possible: int
    met: tuple[str, ...]
    unmet: tuple[str, ...]

    @property
    def why(self) -> str:
        """'matches construction, English; level 1 award', or that nothing was asked or is met."""
        if not self.possible:
            return "nothing was asked for in the referral"
        return f"matches {'; '.join(self.met)}" if self.met else "matches none of the wishes"


def match(wishes: Wishes, teaches: Teaches) -> Match:
    """The score of a programme: points for each wish that it meets (P6.2: 'in line with interests and skills').

    A wish is met by a phrase of the programme when all words of one stand in the other, without regard to capitals,
    accents and plural: 'English' meets 'English language'. Interests and subjects are looked for in both, because
    people write 'construction' in either. The same words always give the same score.
    """
    taught = [*phrases(teaches.interests), *phrases(teaches.subjects)]
    offered = {"interests": taught, "subjects": taught, "qualifications": list(teaches.qualifications)}
    met: dict[str, list[str]] = {}
    unmet: list[str] = []
    score = possible = 0
    for part, points in _POINTS.items():
        for wish in phrases(getattr(wishes, part)):
            possible += points
            if meets(wish, offered[part]):
                score += points
                met.setdefault("qualifications" if part == "qualifications" else "taught", []).append(wish)
            else:
                unmet.append(wish)
    return Match(score, possible, tuple(", ".join(dict.fromkeys(rows)) for rows in met.values()), tuple(unmet))


def meets(wish: str, offered: Iterable[str]) -> bool:
    """Whether one of the ``offered`` phrases meets ``wish``."""
    wanted = words(wish)
    return any(wanted <= have or have <= wanted for have in map(words, offered) if wanted and have)


def phrases(text: str) -> tuple[str, ...]:
    """The phrases of a typed list, each once and in order; one without a telling word is none."""
    parts = (part.strip(" .") for part in re.split(r"[,;/\n]+", text))
    return tuple(dict.fromkeys(part for part in parts if words(part)))


def words(text: str) -> frozenset[str]:
    """The telling words of a phrase: folded, without plural s and without words like 'and'."""
    found = (word for word in re.split(r"[^a-z0-9]+", fold_name(text)) if word and word not in _EMPTY)
    return frozenset(word[:-1] if len(word) > 3 and word.endswith("s") and word[-2] != "s" else word for word in found)


def miles_between(one: tuple[Decimal, Decimal], other: tuple[Decimal, Decimal]) -> Decimal:
    """The straight line between two points (latitude, longitude in degrees) in miles, to one decimal."""
    lat1, lon1, lat2, lon2 = (radians(float(number)) for number in (*one, *other))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return Decimal(str(round(2 * EARTH_MILES * asin(sqrt(min(1.0, half))), 1)))
