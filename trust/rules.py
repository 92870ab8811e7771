"""Rules about students: identifiers, years, names."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, timedelta

from trust.calendar import academic_year_of
from trust.codes import KEY_STAGE_OF_YEAR, KeyStage
from trust.errors import RuleBroken

# The letters of a UPN: no I, O, S, which read as digits. DfE, Unique pupil numbers guide, check letter.
UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
_UPN_SHAPE = re.compile(rf"[{UPN_LETTERS}][0-9]{{11}}[0-9{UPN_LETTERS}]")

# Letters that Unicode does not take apart into a plain letter and an accent.
_PLAIN = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h"})
_APOSTROPHES = re.compile(r"['’‘ʼ`´]")
_NOT_WORD = re.compile(r"[\W_]+")


def tidy_upn(text: str) -> str:
    """A UPN as typed, without blanks and in capitals."""
    return "".join(text.split()).upper()


def check_upn(upn: str) -> None:
    """A UPN has 13 characters and its first letter checks the other twelve. Raises RuleBroken.

    Source: DfE, Unique pupil numbers guide. Characters 2 to 13 are weighted 2 to 13; the sum modulo 23
    picks the letter. A temporary UPN ends in a letter, which counts by its place in the alphabet; a letter
    and the digit equal to its place can therefore not be told apart by the check. The local authority's
    digits are not checked.
    """
    if len(upn) != 13:
        raise RuleBroken(f"A UPN has 13 characters; this one has {len(upn)}.", field="upn")
    if not _UPN_SHAPE.fullmatch(upn):
        raise RuleBroken(
            "A UPN is one letter and twelve digits; a temporary one ends in a letter instead. "
            "The letters I, O and S are not used.",
            field="upn",
        )
    if upn[0] != upn_check_letter(upn[1:]):
        raise RuleBroken(
            "The UPN's first letter does not fit its digits. Check the number for a typing mistake.",
            field="upn",
        )


def upn_check_letter(rest: str) -> str:
    """The check letter for characters 2 to 13 of a UPN."""
    total = sum(
        weight * (int(char) if char.isdigit() else UPN_LETTERS.index(char)) for weight, char in enumerate(rest, 2)
    )
    return UPN_LETTERS[total % 23]


def key_stage(nc_year: int) -> KeyStage | None:
    """The key stage of a national curriculum year, None outside years 1 to 14. P2.1 is about KS3 and KS4."""
    return KEY_STAGE_OF_YEAR.get(nc_year)


def nc_year_for(dob: date, on: date) -> int:
    """The national curriculum year a student of this age is usually in on a day: only ever a warning.

    Age on the 31 August before the academic year, minus 4. The stored year counts, since students can be
    taught outside their age group.
    """
    reference = academic_year_of(on).first - timedelta(days=1) if on.year > 1 else on
    return age_on(dob, reference) - 4


def age_on(dob: date, day: date) -> int:
    """Full years of age on a day; in common years a 29 February birthday falls on 1 March."""
    return day.year - dob.year - ((day.month, day.day) < (dob.month, dob.day))


def fold_name(text: str) -> str:
    """A name without accents, case, apostrophes and outer blanks; its parts joined by hyphens.

    'Zoë' is 'zoe', "O'Brien" is 'obrien', 'van der Berg' is 'van-der-berg'. Search terms are folded the
    same way.
    """
    folded = unicodedata.normalize("NFKD", text).casefold().translate(_PLAIN)
    plain = "".join(char for char in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(char))
    return _NOT_WORD.sub("-", _APOSTROPHES.sub("", plain)).strip("-")


def sort_name(family: str, first: str) -> str:
    """The folded 'family, first' that lists are ordered and searched by.

    The comma sorts before the hyphen, so 'Lee, Zoë' stands before 'Lee-Smith, Ann' in plain byte order.
    """
    return f"{fold_name(family)}, {fold_name(first)}"


def and_words(words: Sequence[str]) -> str:
    """One or more words as a sentence lists them: 'one, two and three'."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
