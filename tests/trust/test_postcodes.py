"""Loading where postcodes lie."""

from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from trust.errors import RuleBroken
from trust.models import PostcodePoint
from trust.services import load_postcodes

pytestmark = pytest.mark.django_db


def test_points_are_kept_once_and_moved_by_a_later_file() -> None:
    lines = ["Postcode, Latitude ,longitude,extra", "nb1 1aa,51.5,-0.1278,x", "LS2 9JT,53.806684,-1.555033,y"]
    for _ in range(2):
        loaded = load_postcodes(lines)
        assert (loaded.points, loaded.problems) == (2, ())
    assert PostcodePoint.objects.get(pk="NB11AA").latitude == Decimal("51.500000")
    load_postcodes(["postcode,latitude,longitude", "NB1 1AA,52,-0.1278"])
    assert PostcodePoint.objects.get(pk="NB11AA").latitude == Decimal(52)
    assert PostcodePoint.objects.count() == 2


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("nowhere,51.5,-0.1", "Line 3: 'nowhere' is not a postcode."),
        ("NB1 1AB,abc,-0.1", "Line 3: the latitude 'abc' is not a number."),
        ("NB1 1AB,NaN,-0.1", "Line 3: the latitude NaN lies outside the British Isles."),
        ("NB1 1AB,-0.1,51.5", "Line 3: the latitude -0.1 lies outside the British Isles."),
        ("NB1 1AB,51.5,12", "Line 3: the longitude 12 lies outside the British Isles."),
        ("NB1 1AB,51.5", "Line 3: the longitude '' is not a number."),
    ],
)
def test_bad_rows_are_named_and_the_others_go_in(row: str, problem: str) -> None:
    loaded = load_postcodes(["postcode,latitude,longitude", "NB1 1AA,51.5,-0.1", row, "NB1 1AC,51.5,-0.1"])
    assert loaded.problems == (problem,)
    assert set(PostcodePoint.objects.values_list("postcode", flat=True)) == {"NB11AA", "NB11AC"}


@pytest.mark.parametrize("lines", [[], ["postcode,latitude"], ["a,b,c", "1,2,3"]])
def test_file_without_the_columns_is_refused(lines: list[str]) -> None:
    with pytest.raises(RuleBroken, match="has no column"):
        load_postcodes(lines)


def test_command_says_how_many_and_fails_when_rows_were_left_out(tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    file.write_text("postcode,latitude,longitude\nNB1 1AA,51.5,-0.1\n", encoding="utf-8-sig")
    out = StringIO()
    call_command("load_postcodes", str(file), stdout=out)
    assert out.getvalue() == "1 postcodes are known.\n"
    file.write_text("postcode,latitude,longitude\nNB1 1AA,x,-0.1\n")
    errors = StringIO()
    with pytest.raises(CommandError, match="1 rows were left out"):
        call_command("load_postcodes", str(file), stdout=out, stderr=errors)
    assert "Line 2" in errors.getvalue()
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("load_postcodes", str(tmp_path / "missing.csv"))
