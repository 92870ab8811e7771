"""Wording of letters in other languages, put in force by the real services; the words are for tests, not for families.

Each translation marks its sections, so that a test sees which language an extract came from.
"""

from datetime import datetime
from typing import Any

from notices.codes import Language, NoticeKind
from notices.models import NoticeTemplate
from notices.queries.templates import needed_labels
from notices.rules.templates import sections_of
from notices.rules.words import LABELS
from notices.services.templates import begin_template, put_in_force, save_template
from placements.codes import Route

POLISH_LABELS = {
    "starts": "Początek",
    "period": "Okres",
    "span": "{first} do {last}",
    "at": "{day}, godzina {time}",
    "sessions": "Dni i godziny zajęć",
    "day": "Dzień",
    "morning_session": "Zajęcia poranne",
    "afternoon_session": "Zajęcia popołudniowe",
    "dear": "Szanowni Państwo, {name}",
    "translation": "To jest tłumaczenie. Zawiadomieniem jest list w języku angielskim.",
    "headteacher": "Dyrektor szkoły",
}
URDU_LABELS = {
    "starts": "آغاز",
    "period": "مدت",
    "span": "{first} سے {last} تک",
    "at": "{day}، وقت {time}",
    "sessions": "دن اور اوقات",
    "day": "دن",
    "dear": "محترم {name}",
    "translation": "یہ ترجمہ ہے۔ انگریزی خط ہی اصل نوٹس ہے۔",
    "headteacher": "ہیڈ ٹیچر",
}
_OPENING = {
    Language.POLISH: "Piszę, aby poinformować, że {{ student }} ma uczęszczać do {{ provider }} od {{ first }}.",
    Language.URDU: "میں آپ کو مطلع کر رہا ہوں کہ {{ student }} کو {{ provider }} جانا ہے، {{ first }} سے۔",
}
_WORDS = {
    Language.POLISH: ("Nagłówek", "Akapit listu, łódź żółta.", POLISH_LABELS),
    Language.URDU: ("عنوان", "یہ خط کا ایک پیراگراف ہے۔", URDU_LABELS),
}


def words_in(language: Language, kind: str = NoticeKind.INITIAL) -> dict[str, dict[str, str]]:
    """Texts and labels of a translation: every section and fixed word has some."""
    heading, paragraph, own = _WORDS[language]
    texts = {
        section.name: f"{heading} {number}" if section.line else f"{paragraph} {number}"
        for number, section in enumerate(sections_of(kind), start=1)
    }
    if kind in (NoticeKind.INITIAL, NoticeKind.EXTENSION):
        texts["opening"] = _OPENING[language]
    return {"texts": texts, "labels": {name: own.get(name, LABELS[name]) for name in needed_labels()}}


def template_in_force(
    cast: Any,
    now: datetime,
    *,
    route: str = Route.DIRECTION,
    kind: str = NoticeKind.INITIAL,
    language: Language = Language.ENGLISH,
    texts: dict[str, str] | None = None,
    note: str = "First version.",
) -> NoticeTemplate:
    """A version in force; ``texts`` replace single sections of what it starts from."""
    template = begin_template(route=route, kind=kind, language=language, by=cast.lead, now=now)
    words = {"texts": template.texts, "labels": template.labels}
    if language in _WORDS:
        words = words_in(language, kind)
    template = save_template(
        template_id=template.pk,
        texts={**words["texts"], **(texts or {})},
        labels=words["labels"],
        note=note,
        version=template.version,
        by=cast.lead,
        now=now,
    )
    return put_in_force(template_id=template.pk, version=template.version, by=cast.lead, now=now)
