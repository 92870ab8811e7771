"""Where postcodes lie: a list of points that an administrator loads, for distances only."""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from trust.errors import RuleBroken
from trust.models import PostcodePoint
from trust.services.integrity import saving

_SHAPE = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]?[0-9][A-Z]{2}")
COLUMNS = ("postcode", "latitude", "longitude")
# The British Isles with some sea around: a point elsewhere has its columns mixed up.
_LATITUDES, _LONGITUDES = (Decimal(49), Decimal(61)), (Decimal(-9), Decimal(2))
_AT_ONCE = 5000


@dataclass(frozen=True)
class Loaded:
    """How many points are in the table after a load, and the rows that were left out, each with its sentence."""

    points: int
    problems: tuple[str, ...]


def load_postcodes(lines: Iterable[str]) -> Loaded:
    """Read a CSV with the columns postcode, latitude, longitude (degrees) and keep each point once.

    Loading a file again changes nothing; a postcode with another point is moved there. A row that cannot be read is
    named and left out, the others go in. ``RuleBroken`` without the three columns.
    """
    rows = csv.DictReader(lines)
    names = {name.strip().lower(): name for name in rows.fieldnames or () if name}
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        raise RuleBroken(f"The file has no column '{missing[0]}': its first line names {', '.join(COLUMNS)}.")
    points: dict[str, PostcodePoint] = {}
    problems: list[str] = []
    for row in rows:
        postcode, *degrees = ((row[names[column]] or "").strip() for column in COLUMNS)
        problem = _problem(postcode, degrees)
        if problem:
            problems.append(f"Line {rows.line_num}: {problem}")
            continue
        key = _plain(postcode)
        latitude, longitude = (Decimal(number).quantize(Decimal("0.000001")) for number in degrees)
        points[key] = PostcodePoint(postcode=key, latitude=latitude, longitude=longitude)
    with saving(by=None, job="load_postcodes"):
        PostcodePoint.objects.bulk_create(
            points.values(),
            batch_size=_AT_ONCE,
            update_conflicts=True,
            unique_fields=["postcode"],
            update_fields=["latitude", "longitude"],
        )
    return Loaded(PostcodePoint.objects.count(), tuple(problems))


def _problem(postcode: str, degrees: list[str]) -> str:
    """What is wrong with a row, '' when nothing is."""
    if not _SHAPE.fullmatch(_plain(postcode)):
        return f"'{postcode[:20]}' is not a postcode."
    for name, text, (least, most) in zip(COLUMNS[1:], degrees, (_LATITUDES, _LONGITUDES), strict=True):
        try:
            number = Decimal(text)
        except InvalidOperation:
            return f"the {name} '{text[:20]}' is not a number."
        if not number.is_finite() or not least <= number <= most:
            return f"the {name} {text[:20]} lies outside the British Isles."
    return ""


def _plain(postcode: str) -> str:
    return "".join(postcode.split()).upper()
