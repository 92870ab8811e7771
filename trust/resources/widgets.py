"""Cells to values. Each refuses with a sentence; a blank cell is the field's own blank."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from import_export.widgets import Widget

_DAYS = ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d %b %Y", "%d %B %Y", "%Y/%m/%d")
_YES = {"y", "yes", "true", "t", "1", "x"}
_NO = {"", "n", "no", "false", "f", "0"}


class TextWidget(Widget):  # type: ignore[misc]
    """Text of a limited length."""

    def __init__(self, length: int, *, required: bool = False, upper: bool = False) -> None:
        self.length, self.required, self.upper = length, required, upper
        super().__init__()

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = str(value or "").strip()
        if not text and self.required:
            raise ValueError("This cell must not be blank.")
        if len(text) > self.length:
            raise ValueError(f"This is longer than {self.length} characters.")
        return text.upper() if self.upper else text


class DayWidget(Widget):  # type: ignore[misc]
    """A day, written day first (14/02/2013) or year first (2013-02-14); the year has four digits."""

    def __init__(self, *, first: date, last: date, too_late: str) -> None:
        self.first, self.last, self.too_late = first, last, too_late
        super().__init__()

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> date:
        text = str(value or "").strip()
        if not text:
            raise ValueError("This cell must not be blank.")
        day = self._read(re.sub(r"[ T]00:00(:00)?$", "", text))
        if day > self.last:
            raise ValueError(self.too_late)
        if day < self.first:
            raise ValueError(f"{text} is too long ago to be right.")
        return day

    def _read(self, text: str) -> date:
        if re.fullmatch(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2}", text):
            raise ValueError(f"Write the year of {text} with four digits.")
        for pattern in _DAYS:
            try:
                return datetime.strptime(text, pattern).date()  # noqa: DTZ007 (a day has no zone)
            except ValueError:
                continue
        raise ValueError(f"'{text[:40]}' is not a day. Write it as 14/02/2013.")


class NumberWidget(Widget):  # type: ignore[misc]
    """A whole number between two bounds; ``words`` in front of it, such as 'Year 9', are allowed."""

    def __init__(self, lowest: int, highest: int, *, words: str = "", blank: int | None = None) -> None:
        self.lowest, self.highest, self.blank = lowest, highest, blank
        self.shape = re.compile(rf"(?:{words})?\s*(\d{{1,4}})(?:\.0+)?", re.IGNORECASE)
        super().__init__()

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int:
        text = str(value or "").strip()
        if not text and self.blank is not None:
            return self.blank
        found = self.shape.fullmatch(text)
        if not found or not self.lowest <= int(found.group(1)) <= self.highest:
            raise ValueError(f"Give a whole number from {self.lowest} to {self.highest}.")
        return int(found.group(1))


class YesNoWidget(Widget):  # type: ignore[misc]
    """Yes or no in the ways that systems write it; blank is no."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> bool:
        text = str(value or "").strip().casefold()
        if text in _YES:
            return True
        if text in _NO:
            return False
        raise ValueError("Write Yes or No.")


class CodeWidget(Widget):  # type: ignore[misc]
    """One of a code table, by its code or its words; ``blank`` stands for an empty cell, None refuses one."""

    def __init__(self, words: Mapping[str, str], *, blank: str | None = None) -> None:
        self.words = {" ".join(word.casefold().split()): code for word, code in words.items()}
        self.shown = ", ".join(list(words)[:8])
        self.blank = blank
        super().__init__()

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = " ".join(str(value or "").casefold().split())
        if not text and self.blank is not None:
            return self.blank
        if text not in self.words:
            raise ValueError(f"'{str(value)[:40]}' is not known here. Known are: {self.shown}.")
        return self.words[text]
