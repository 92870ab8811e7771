"""The fixed words of a letter in its language: labels of the tables, dates, weekdays, and what can be printed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from babel import Locale
from babel.dates import format_date, get_day_names
from babel.lists import format_list

from notices.codes import RIGHT_TO_LEFT, Language
from notices.rules.wording import EXCLUSION_STATEMENT, REVIEW_RIGHT, letter_date, weekday_name
from trust.rules import and_words

LABEL_MOST = 600

# The fixed words of the layout. In another language each must be given; in English they are these.
LABELS: Mapping[str, str] = {
    "title": "Notice about alternative provision",
    "dear": "Dear {name}",
    "dear_colleague": "Dear colleague",
    "telephone": "Telephone",
    "reference": "Our reference:",
    "about": "{student}, {year}, born {born}",
    "year": "Year {number}",
    "placement": "The placement",
    "starts": "Starts",
    "changes_from": "Changes from",
    "period": "Period",
    "at": "{day} at {time}",
    "span": "{first} to {last}",
    "days_required": "School days required",
    "days_from_then": "School days required from that day",
    "programme": "Programme",
    "address": "Address",
    "address_on": "Address on {days}",
    "report_to": "On the first day report to",
    "report_then": "On that day report to",
    "report_at": "{person}, at {site}",
    "first_review": "First review on or before",
    "sessions": "Days and session times",
    "day": "Day",
    "morning_session": "Morning session",
    "afternoon_session": "Afternoon session",
    "morning": "morning",
    "afternoon": "afternoon",
    "week": "(week {letter})",
    "last_day": "Last day of the period",
    "return": "The return",
    "return_on": "Date of return",
    "return_time": "Time",
    "return_place": "Place",
    "return_person": "Report to",
    "withdrawn": "Notice withdrawn",
    "withdrawn_from": "Withdrawn on",
    "headteacher": "Headteacher",
    "acting_head": "Acting Headteacher",
    "chief": "Chief Executive",
    "exclusion_statement": EXCLUSION_STATEMENT,
    "review_right": REVIEW_RIGHT,
    "interpreter": (
        "If you would like this letter explained in {language}, telephone {phone}: the school arranges an interpreter."
    ),
    "translated": "A translation of this letter into {language} goes with it.",
    "translation": "This is a translation. The letter in English is the notice and goes with it.",
    "own_words": "Reasons, aims and other words written for this case stand as they are in the English letter.",
}
# Words that only the English letter prints.
ENGLISH_ONLY = frozenset({"interpreter", "translated"})
_SLOT = re.compile(r"\{([a-z_]*)\}")


def label_faults(name: str, text: str) -> list[str]:
    """What is wrong with a fixed word in another language: too long, or its places in braces do not fit."""
    found = []
    if len(text) > LABEL_MOST:
        found.append(f"At most {LABEL_MOST} characters.")
    wanted = sorted(set(_SLOT.findall(LABELS[name])))
    if (
        sorted(set(_SLOT.findall(text))) != wanted
        or re.sub(_SLOT, "", text).count("{")
        or "}" in re.sub(_SLOT, "", text)
    ):
        places = " and ".join(f"{{{one}}}" for one in wanted)
        found.append(f"Keep {places} where the value stands." if wanted else "No braces stand here.")
    if next(unprintable(text), None) is not None:
        found.append("There is a sign that cannot be printed.")
    return found


def filled(text: str, **values: str) -> str:
    """A fixed word with its values put in; a value is never read for braces again."""
    return _SLOT.sub(lambda match: values.get(match.group(1), match.group(0)), text)


# Marks that turn the direction of what follows: a name that holds one would turn the sentence around it.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def unprintable(text: str) -> Iterator[int]:
    """The places of signs that no printer knows: controls other than the line end, and halves of characters."""
    for at, char in enumerate(text):
        code = ord(char)
        if (code < 32 and char != "\n") or 127 <= code < 160 or 0xD800 <= code <= 0xDFFF or code & 0xFFFE == 0xFFFE:
            yield at


def printable(text: str) -> str:
    """``text`` without what cannot be printed and without marks that turn the direction of what follows."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    bad = frozenset(unprintable(text))
    return "".join(char for at, char in enumerate(text) if at not in bad and char not in _TURNING)


def plain(value: Any) -> Any:
    """A value of a letter, and all that is in it, with nothing that cannot be printed."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def language_of(text: str) -> Language | None:
    """The language that a contact's record names by its English name or its code; None when there is none of ours."""
    wanted = text.strip().casefold()
    for one in Language:
        if wanted in (one.value.casefold(), one.label.casefold()):
            return one
    return Language.ENGLISH if wanted == "en" else None


def speaks_english(text: str) -> bool:
    """Whether a contact's record asks for no other language than English."""
    return not text.strip() or language_of(text) == Language.ENGLISH


@dataclass(frozen=True)
class Words:
    """The fixed words of a letter in one language, and how it writes days and lists."""

    language: Language
    labels: Mapping[str, str]

    @cached_property
    def _locale(self) -> Locale:
        return Locale.parse(self.language.value, sep="-")

    @property
    def english(self) -> bool:
        """Whether this is the language of the notice itself."""
        return self.language == Language.ENGLISH

    @property
    def right_to_left(self) -> bool:
        """Whether the language is written from right to left."""
        return self.language in RIGHT_TO_LEFT

    def text(self, name: str, **values: str) -> str:
        """A label with its values put in."""
        return filled(self.labels[name], **values)

    def day(self, day: date) -> str:
        """'Monday 7 December 2026'."""
        return letter_date(day) if self.english else format_date(day, "full", locale=self._locale)

    def born(self, day: date) -> str:
        """'7 December 2026', without the weekday."""
        return letter_date(day).split(" ", 1)[1] if self.english else format_date(day, "long", locale=self._locale)

    def weekday(self, weekday: int) -> str:
        """'Monday' for 0."""
        return weekday_name(weekday) if self.english else get_day_names("wide", locale=self._locale)[weekday]

    def half(self, half: int) -> str:
        """'morning' for 0, 'afternoon' for 1."""
        return self.labels[("morning", "afternoon")[half]]

    def joined(self, parts: Sequence[str]) -> str:
        """'a, b and c'."""
        return and_words(parts) if self.english else format_list(parts, locale=self._locale)

    def span(self, first: str, last: str) -> str:
        """'09:00 to 12:00'."""
        return self.text("span", first=first, last=last)

    def in_week(self, said: str, letter: str) -> str:
        """'Monday (week A)'."""
        return f"{said} {self.text('week', letter=letter)}"


ENGLISH = Words(Language.ENGLISH, LABELS)
