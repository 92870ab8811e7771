"""Rules about students (identifiers, years, names), e-mail that did not go, and thresholds of policy and law."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from trust.calendar import academic_year_of, date_words
from trust.codes import KEY_STAGE_OF_YEAR, SETTINGS, KeyStage, MailStatus, SettingCode
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


# --- e-mail -----------------------------------------------------------------------------------------------------

_LONGEST_WAIT = timedelta(minutes=15)
_ADDRESS = re.compile(r"<?[^\s<>()\[\]\"',;:]+@[^\s<>()\[\]\"',;:]+>?")
_SENTENCE = 240  # what `Mail.error` holds


def wait_before_retry(attempts: int) -> timedelta:
    """How long an e-mail waits after its ``attempts``-th try: 1, 2, 4, 8 minutes, then 15 each time, for ever.

    There is no last try: a mail server that is down for an hour or a weekend loses nothing.
    """
    return min(timedelta(minutes=2 ** min(max(attempts, 1) - 1, 10)), _LONGEST_WAIT)


def mail_status_after(code: int | None, *, began: bool) -> MailStatus:
    """Where an e-mail stands after a try that did not succeed.

    ``code`` is the mail server's answer (RFC 5321, 4.2.1), None when the line was lost or nothing came in time;
    ``began`` says whether the server had been given any of the message. 4xx is tried again, 5xx has failed for good.
    Without a clear answer the message surely was not taken before it began, and is unknown afterwards.
    """
    if code is not None and 400 <= code < 500:
        return MailStatus.TO_SEND
    if code is not None and 500 <= code < 600:
        return MailStatus.FAILED
    return MailStatus.UNKNOWN if began else MailStatus.TO_SEND


def words_of_server(code: int, reply: str, *, to: str) -> str:
    """What a mail server answered, as a sentence of at most 240 characters without anybody's address.

    ``to`` is the recipient's address, whose part before the @ servers like to repeat by itself.
    """
    plain = _ADDRESS.sub("(address)", " ".join("".join(c if c.isprintable() else " " for c in reply).split()))
    local = to.partition("@")[0]
    if local:
        plain = re.sub(rf"(?<!\w){re.escape(local)}(?!\w)", "(address)", plain, flags=re.IGNORECASE)
    return f"The mail server answered {code}: {plain or 'without words'}"[:_SENTENCE]


# --- thresholds of policy and law -------------------------------------------------------------------------------


def setting_words(code: str, value: str) -> str:
    """A value of a threshold as people read it: 'Two clear school days' or '2 working days'."""
    rule = SETTINGS[SettingCode(code)]
    word = dict(rule.choices).get(value)
    if word is not None:
        return word
    unit = rule.unit.removesuffix("s") if value == "1" else rule.unit
    return f"{value} {unit}".strip()


def check_setting(code: str, value: str, *, from_day: date, source: str, today: date) -> None:
    """A threshold lies within what the law allows, holds from a day to come, and rests on something.

    Raises RuleBroken at the field. What was in force on a past day is never rewritten: cases were judged by it.
    """
    rule = SETTINGS[SettingCode(code)]
    if rule.choices:
        if value not in dict(rule.choices):
            words = " or ".join(f"'{label}'" for _, label in rule.choices)
            raise RuleBroken(f"This threshold is {words}.", field="value")
    elif not value.isascii() or not value.isdecimal() or not rule.least <= int(value) <= rule.most:
        raise RuleBroken(
            f"This threshold is a whole number from {rule.least} to {rule.most} ({rule.unit}).", field="value"
        )
    if from_day < today:
        raise RuleBroken(
            f"{date_words(from_day)} has passed: cases were already judged by what was in force then.",
            field="from_day",
            help="Choose today or a later day.",
        )
    if not source.strip():
        raise RuleBroken("Say what the value rests on: the act, the guidance, the decision.", field="source")


def check_escalation(values: Iterable[tuple[str, date, str]], *, today: date) -> None:
    """A flag never reaches the trust AP lead before the Headteacher, on no day from ``today`` on.

    ``values`` are (code, day from which it holds, value) of what is or would be approved, the other codes too; without
    one the default holds. Raises RuleBroken with the first day on which it would be so.
    """
    pair = {SettingCode.ESCALATE_HEAD_HOURS, SettingCode.ESCALATE_LEAD_HOURS}
    rows = sorted((from_day, code, value) for code, from_day, value in values if code in pair)
    for day in sorted({today, *(from_day for from_day, _, _ in rows if from_day > today)}):
        hours = {code: int(SETTINGS[code].default) for code in pair}
        hours |= {SettingCode(code): int(value) for from_day, code, value in rows if from_day <= day}
        head, lead = hours[SettingCode.ESCALATE_HEAD_HOURS], hours[SettingCode.ESCALATE_LEAD_HOURS]
        if lead < head:
            raise RuleBroken(
                f"From {date_words(day)} on an open flag would reach the trust AP lead after {lead} hours, before the "
                f"Headteacher after {head}.",
                field="value",
                help="The hours for the trust AP lead are never fewer than those for the Headteacher.",
            )
