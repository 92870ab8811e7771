"""The wording of a letter as text that the trust can change: its sections, its merge fields and what is refused.

A section is plain text with merge fields, ``{{ student }}``, and conditions, ``{% if direction %} … {% endif %}``;
there is nothing else: no filter, loop, include or look into a record. What the law asks for (dates, tables, reasons,
aims, addresses, the exclusion statement, the right to a review) is printed by the layout and is in no section, so that
no wording can lose it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from itertools import product

from liquid import BoundTemplate, Environment, Mode, StrictUndefined
from liquid.builtin import content, illegal, output
from liquid.builtin.tags import if_tag
from liquid.exceptions import LiquidError

from notices.codes import FULL_KINDS, NoticeKind
from notices.rules.words import printable, unprintable
from trust.errors import RuleBroken

_ALL = frozenset(NoticeKind)
_FULL = FULL_KINDS | {NoticeKind.VARIATION}
_END = frozenset({NoticeKind.END})
_WITHDRAWAL = frozenset({NoticeKind.WITHDRAWAL})

LINE_MOST, TEXT_MOST = 160, 2500
OUTPUT_MOST = 200_000


@dataclass(frozen=True)
class Section:
    """A piece of a letter with wording of its own: ``line`` for a heading on one line, else paragraphs."""

    name: str
    label: str
    kinds: frozenset[NoticeKind] = _ALL
    line: bool = False

    @property
    def most(self) -> int:
        """How many characters it may have."""
        return LINE_MOST if self.line else TEXT_MOST


# In the order of the letter.
SECTIONS: tuple[Section, ...] = (
    Section("subject", "Subject", line=True),
    Section("opening", "Opening"),
    Section("changes_heading", "Heading above what changes", frozenset({NoticeKind.VARIATION}), line=True),
    Section("outcome_heading", "Heading above the outcome", _END, line=True),
    Section("why_heading", "Heading above the reasons", _FULL | _WITHDRAWAL, line=True),
    Section("aims_heading", "Heading above the aims", _FULL, line=True),
    Section("measure", "Words before the aim that success is measured by", _FULL, line=True),
    Section("when_heading", "Heading above the dates and the place", _FULL | _END, line=True),
    Section("instead_heading", "Heading above what to do instead", _WITHDRAWAL, line=True),
    Section("instead", "What to do instead", _WITHDRAWAL),
    Section("attendance_heading", "Heading above attendance", _FULL, line=True),
    Section("attendance", "Attendance", _FULL),
    Section("next_heading", "Heading above what happens next", _END, line=True),
    Section("next", "What happens next", _END),
    Section("reviews_heading", "Heading above reviews", _FULL, line=True),
    Section("reviews", "Reviews (the right to ask for one always follows)", _FULL),
    Section("ground_heading", "Heading above the ground of the notice", line=True),
    Section("ground", "The ground of the notice"),
    Section("help", "Help with the letter"),
    Section("closing", "Closing words", line=True),
)


def sections_of(kind: str) -> tuple[Section, ...]:
    """The sections of a letter of this kind, in the order of the letter."""
    return tuple(one for one in SECTIONS if NoticeKind(kind) in one.kinds)


@dataclass(frozen=True)
class MergeField:
    """A value of the case that a text may name; ``label`` says what stands there."""

    label: str
    kinds: frozenset[NoticeKind] = _ALL


FIELDS: Mapping[str, MergeField] = {
    "student": MergeField("the name the student is called by"),
    "student_full": MergeField("the student’s first and family name"),
    "year": MergeField("the year group, ‘Year 9’"),
    "provider": MergeField("the provider"),
    "programme": MergeField("the programme or programmes"),
    "site": MergeField("the site of the first day"),
    "first": MergeField("the first day of the period"),
    "last": MergeField("the last day of the period"),
    "effective": MergeField("the day from which this notice holds"),
    "start_time": MergeField("the time of arrival", _FULL),
    "days_required": MergeField("the number of school days required", _FULL),
    "report_to": MergeField("the person to report to", _FULL),
    "first_review": MergeField("the day of the first review", _FULL),
    "return_on": MergeField("the day of return", _END),
    "return_time": MergeField("the time of return", _END),
    "return_place": MergeField("the place to return to", _END),
    "return_person": MergeField("the person to report to on return", _END),
    "withdrawn_on": MergeField("the date of the notice that is withdrawn", _WITHDRAWAL),
    "withdrawn": MergeField("the reference of the notice that is withdrawn", _WITHDRAWAL),
    "school": MergeField("the school"),
    "school_phone": MergeField("the school’s telephone number"),
    "head": MergeField("the person who signs"),
    "direction": MergeField("yes or no, for conditions: a direction, not an agreed placement"),
    "extension": MergeField("yes or no, for conditions: the notice of an extension is withdrawn", _WITHDRAWAL),
    "exclusion": MergeField("yes or no, for conditions: offered as an alternative to exclusion", _FULL),
}
# Answers for conditions; never printed.
FLAGS = frozenset({"direction", "exclusion", "extension"})
# What a letter may go out without: every other value is there before it can be authorised.
_MAY_LACK: Mapping[str, frozenset[NoticeKind]] = {"school_phone": _ALL, "last": _END | _WITHDRAWAL}


def fields_of(kind: str) -> dict[str, str]:
    """Name and meaning of each merge field that a letter of this kind knows."""
    return {name: one.label for name, one in FIELDS.items() if NoticeKind(kind) in one.kinds}


# --- checking ---


@dataclass(frozen=True, order=True)
class Fault:
    """Something a text may not say: in which line and column, counted from 1, and why."""

    line: int
    column: int
    sentence: str

    def __str__(self) -> str:
        return f"Line {self.line}, column {self.column}: {self.sentence}"


_OPEN = re.compile(r"\{\{|\{%|\}\}|%\}")
_NAME = re.compile(r"[^\W\d]\w*")
_TAG = re.compile(r"\{%(.*?)%\}", re.DOTALL)
_TAGS = frozenset({"if", "elsif", "else", "endif"})
_JOINS = frozenset({"and", "or"})


@dataclass
class _Check:
    """One walk through a text; remembers the conditions that are open and what was found."""

    text: str
    kind: NoticeKind
    found: list[Fault] = field(default_factory=list)
    opened: list[list[int]] = field(default_factory=list)

    def fault(self, at: int, sentence: str) -> None:
        """Note a fault at a place of the text."""
        before = self.text[:at]
        self.found.append(Fault(before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1, sentence))

    def name(self, at: int, name: str, *, printed: bool) -> None:
        """Check the name of a merge field."""
        if name not in FIELDS:
            near = get_close_matches(name.lower(), list(fields_of(self.kind)), n=1, cutoff=0.6)
            ask = f"; did you mean “{near[0]}”?" if near else "."
            self.fault(at, f"there is no field “{name[:40]}”{ask}")
        elif self.kind not in FIELDS[name].kinds:
            self.fault(at, f"“{name}” has no value in a letter of this kind.")
        elif printed and name in FLAGS:
            self.fault(at, f"“{name}” is yes or no: it stands in a condition only, {{% if {name} %}}.")

    def printed(self, begin: int, inner: str) -> None:
        """Check what stands between ``{{`` and ``}}``."""
        body = inner.strip()
        at = begin + inner.find(body) if body else begin
        if not body:
            self.fault(at, "the name of a field is missing between “{{” and “}}”.")
        elif "|" in body:
            self.fault(at + body.index("|"), "a field takes no filter: write its name alone.")
        elif not _NAME.fullmatch(body):
            self.fault(at, f"only the name of a field stands between “{{{{” and “}}}}”, not “{body[:40]}”.")
        else:
            self.name(at, body, printed=True)

    def tag(self, begin: int, opening: int, inner: str) -> None:
        """Check what stands between ``{%`` and ``%}``."""
        body = inner.strip()
        at = begin + inner.find(body) if body else begin
        word = body.split(None, 1)[0] if body else ""
        if word not in _TAGS:
            self.fault(at, f"there is no “{word[:40]}” here: only if, elsif, else and endif.")
            return
        rest = body[len(word) :]
        if word in ("if", "elsif"):
            self.condition(at, at + len(word), rest)
        elif rest.strip():
            self.fault(at + len(word), f"nothing may stand after “{word}”.")
        if word == "if":
            self.opened.append([opening, 0])
        elif not self.opened:
            self.fault(at, f"this “{word}” belongs to no “if”.")
        elif word == "endif":
            self.opened.pop()
        elif self.opened[-1][1]:
            self.fault(at, f"this “{word}” comes after the “else”.")
        elif word == "else":
            self.opened[-1][1] = 1

    def condition(self, at: int, begin: int, rest: str) -> None:
        """Check a condition: fields joined by 'and' or 'or'."""
        words = [(begin + match.start(), match.group()) for match in re.finditer(r"\S+", rest)]
        if not words:
            self.fault(at, "a condition is missing: name a field.")
        for number, (place, word) in enumerate(words):
            joins = number % 2 == 1
            if joins != (word in _JOINS) or not _NAME.fullmatch(word):
                self.fault(place, f"a condition is a field, or fields joined by “and” or “or”, not “{word[:40]}”.")
                return
            if not joins:
                self.name(place, word, printed=False)
        if words and len(words) % 2 == 0:
            self.fault(words[-1][0], "a field is missing after this.")

    def walk(self) -> None:
        """Go through all openings and closings."""
        at = 0
        while (match := _OPEN.search(self.text, at)) is not None:
            begin, mark = match.end(), match.group()
            if mark in ("}}", "%}"):
                self.fault(match.start(), f"this “{mark}” closes nothing.")
                at = begin
                continue
            close = _OPEN.search(self.text, begin)
            wanted = "}}" if mark == "{{" else "%}"
            if close is None or close.group() != wanted:
                self.fault(match.start(), f"this “{mark}” is never closed by “{wanted}”.")
                at = begin
                continue
            inner = self.text[begin : close.start()]
            # A hyphen at either end takes away the blanks beside it.
            if inner.startswith("-"):
                begin, inner = begin + 1, inner[1:]
            inner = inner.removesuffix("-")
            if mark == "{{":
                self.printed(begin, inner)
            else:
                self.tag(begin, match.start(), inner)
            at = close.end()
        for opening, _ in self.opened:
            self.fault(opening, "this “if” is never closed by “{% endif %}”.")


def check_text(text: str, kind: str, *, most: int = TEXT_MOST) -> list[Fault]:
    """What may not stand in a section of a letter of this kind, in the order of the text; nothing when it is right.

    Lines are counted at '\\n'. Everything but a known field and if, elsif, else and endif is refused.
    """
    check = _Check(text, NoticeKind(kind))
    if len(text) > most:
        check.fault(most, f"the text has {len(text)} characters, at most {most} are possible.")
    if (bad := next(unprintable(text), None)) is not None:
        check.fault(bad, "there is a sign here that cannot be printed.")
    check.walk()
    if not check.found:
        try:
            _parsed(text)
        except LiquidError as error:
            # The engine's own reading is the last word, whatever this walk let through.
            check.fault(error.token.start_index if error.token else 0, "the letter engine cannot read this.")
    return sorted(check.found)


# --- printing ---


class _Letters(Environment):
    """The engine with conditions and nothing else."""

    output_stream_limit = OUTPUT_MOST

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Only text, fields and ``if``; no filter at all."""
        for tag in (content.Literal, output.Output, illegal.Illegal, if_tag.IfTag):
            self.add_tag(tag)


# Not escaped here: the result is plain text that is frozen, and the page or the PDF escapes it once, when it prints it.
_ENGINE = _Letters(tolerance=Mode.STRICT, undefined=StrictUndefined, autoescape=False)


@lru_cache(maxsize=512)
def _parsed(text: str) -> BoundTemplate:
    return _ENGINE.from_string(text)


class _Missing:
    """A value that is not there yet: no in a condition, the gap in print, and it says that it was asked for."""

    def __init__(self, name: str, gap: str, asked: list[str]) -> None:
        self.name, self.gap, self.asked = name, gap, asked

    def __liquid__(self) -> None:
        return None

    def __str__(self) -> str:
        self.asked.append(self.name)
        return self.gap


def _flat(value: str | bool) -> str | bool:
    """A value on one line, so that it makes no paragraphs of its own."""
    return value if isinstance(value, bool) else " ".join(printable(value).split())


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text: split at blank lines, the lines within one joined by blanks."""
    return [" ".join(part.split()) for part in re.split(r"\n[ \t]*\n", text) if part.strip()]


def worded(
    texts: Mapping[str, str], values: Mapping[str, str | bool], kind: str, *, gap: str | None = None
) -> dict[str, list[str]]:
    """The sections of a letter with the values put in, as plain text: section to its paragraphs.

    ``gap`` stands for a value that is missing; without one a missing value or an empty section is refused: raises
    ``RuleBroken`` naming the section, so that no letter goes out with a hole in it.
    """
    done: dict[str, list[str]] = {}
    for section in sections_of(kind):
        asked: list[str] = []
        given = {
            name: _Missing(name, gap or "", asked) if values.get(name, "") == "" else _flat(values[name])
            for name in fields_of(kind)
        }
        try:
            text = _parsed(texts.get(section.name, "")).render(given)
        except LiquidError as error:
            raise RuleBroken(
                f"The section “{section.label}” of the letter’s template cannot be read.",
                help="Ask the trust AP lead to put the template right.",
            ) from error
        if gap is None and asked:
            raise RuleBroken(
                f"The section “{section.label}” of the letter needs {FIELDS[asked[0]].label}, which is missing.",
                help="Fill it in, then authorise the notice.",
            )
        parts = paragraphs(text)
        if gap is None and not parts:
            raise RuleBroken(
                f"The section “{section.label}” of the letter’s template is empty for this case.",
                help="Ask the trust AP lead to put the template right.",
            )
        done[section.name] = [" ".join(parts)] if section.line and parts else parts
    return done


# --- every case ---


@dataclass(frozen=True)
class EmptyCase:
    """A section of which nothing is left in some case; ``words`` say which: ' where “exclusion” is no', '' for all."""

    section: Section
    words: str


def _case_words(case: Mapping[str, bool]) -> str:
    answers = [
        f"“{name}” is {'yes' if yes else 'no'}" if name in FLAGS else f"“{name}” is {'there' if yes else 'missing'}"
        for name, yes in case.items()
    ]
    return f" where {' and '.join(answers)}" if answers else ""


def empty_case(texts: Mapping[str, str], kind: str, *, direction: bool) -> EmptyCase | None:
    """The first section that comes out empty in a case that the route and the kind allow, or None; such a section
    would block every authorising of that case.

    All combinations of what can be yes or no, there or missing are tried with sample values; ``direction`` is given,
    since the route decides it. The texts have passed ``check_text``.
    """
    own = NoticeKind(kind)
    known = fields_of(own)
    open_ = {name for name in known if name in FLAGS - {"direction"} or own in _MAY_LACK.get(name, ())}
    for section in sections_of(own):
        text = texts.get(section.name, "")
        asked = set(_NAME.findall(" ".join(_TAG.findall(text))))
        varied = [name for name in known if name in open_ & asked]
        for answers in product((True, False), repeat=len(varied)):
            case = dict(zip(varied, answers, strict=True))
            given: dict[str, object] = dict(known)
            given["direction"] = direction
            for name, yes in case.items():
                # In print a gap: what is missing there is asked for by its own name when a letter is authorised.
                given[name] = yes if name in FLAGS else known[name] if yes else _Missing(name, known[name], [])
            if not paragraphs(_parsed(text).render(given)):
                return EmptyCase(section, _case_words(case))
    return None
