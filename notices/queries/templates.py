"""Which wording holds: the version of a template in force, or the English one that is built in."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from notices.codes import Language, NoticeKind
from notices.lifecycle import TemplateStatus
from notices.models import NoticeTemplate
from notices.rules.builtin import built_in
from notices.rules.templates import FLAGS, fields_of, sections_of
from notices.rules.wording import TEMPLATE_VERSION, is_direction
from notices.rules.words import ENGLISH_ONLY, LABELS, Words
from placements.codes import ROUTE_RULES, NoticeRule, Route

BUILT_IN = f"built-in {TEMPLATE_VERSION}"


@dataclass(frozen=True)
class Wording:
    """The words of a letter in one language; ``label`` names their version, as kept with the notice."""

    texts: Mapping[str, str]
    words: Words
    label: str


def routes_with_letters() -> tuple[Route, ...]:
    """The routes whose periods have notices."""
    return tuple(route for route in Route if ROUTE_RULES[route].notice != NoticeRule.NONE)


def label_of(template: NoticeTemplate) -> str:
    """'direction initial en-GB v3'."""
    return f"{template.route} {template.kind}".lower() + f" {template.language} v{template.number}"


def wording_of(template: NoticeTemplate) -> Wording:
    """The wording of one version; a section or fixed word that it lacks is the built-in one of a letter in English."""
    language = Language(template.language)
    texts: dict[str, str] = dict(template.texts)
    if language == Language.ENGLISH:
        texts = {**built_in(template.kind, direction=is_direction(template.route)), **texts}
        return Wording(texts, Words(language, LABELS), label_of(template))
    return Wording(texts, Words(language, {**LABELS, **template.labels}), label_of(template))


def built_in_wording(route: str, kind: str) -> Wording:
    """The English wording in code."""
    return Wording(built_in(kind, direction=is_direction(route)), Words(Language.ENGLISH, LABELS), BUILT_IN)


def wordings_in_force(route: str, kind: str, languages: Collection[Language] = ()) -> dict[Language, Wording]:
    """The wording that holds in English, always, and in those of ``languages`` that have one; one query."""
    rows = NoticeTemplate.objects.filter(
        route=route,
        kind=kind,
        language__in=sorted({Language.ENGLISH, *languages}),
        status=TemplateStatus.IN_FORCE,
    )
    found = {Language(row.language): wording_of(row) for row in rows}
    return {Language.ENGLISH: built_in_wording(route, kind)} | found


def template_version_of(letter: Mapping[str, Any]) -> str:
    """The version of the wording that a letter was made from; the built-in one for letters from before templates."""
    return str(letter.get("template") or BUILT_IN)[:60]


def needed_labels() -> tuple[str, ...]:
    """The fixed words that another language must give."""
    return tuple(name for name in LABELS if name not in ENGLISH_ONLY)


def start_of(route: str, kind: str, language: str) -> dict[str, dict[str, str]]:
    """What a new version starts from: the one in force, else in English the built-in wording, else empty fields."""
    kept = NoticeTemplate.objects.filter(route=route, kind=kind, language=language, status=TemplateStatus.IN_FORCE)
    row = kept.first()
    if row is not None:
        return {"texts": dict(row.texts), "labels": dict(row.labels)}
    if language == Language.ENGLISH:
        return {"texts": built_in(kind, direction=is_direction(route)), "labels": {}}
    # Fixed words are the same for all letters in a language: another kind's are a start.
    other = NoticeTemplate.objects.filter(language=language).exclude(labels={}).order_by("-edited_at").first()
    return {
        "texts": {section.name: "" for section in sections_of(kind)},
        "labels": dict(other.labels) if other else {},
    }


@dataclass(frozen=True)
class TemplateRow:
    """One kind of letter by route and language in the list of templates."""

    route: Route
    kind: NoticeKind
    language: Language
    in_force: NoticeTemplate | None
    draft: NoticeTemplate | None

    @property
    def version(self) -> str:
        """Which wording holds."""
        if self.in_force is not None:
            return f"Version {self.in_force.number}"
        return f"Built-in wording of {TEMPLATE_VERSION}" if self.language == Language.ENGLISH else "None"


def template_rows(language: str = "") -> list[TemplateRow]:
    """Every letter that has a wording: all in English, another language where a version was begun; one query."""
    rows = NoticeTemplate.objects.filter(status__in=[TemplateStatus.DRAFT, TemplateStatus.IN_FORCE]).select_related(
        "edited_by", "in_force_by"
    )
    found = {(row.route, row.kind, row.language, row.status): row for row in rows}
    begun = {(route, kind, lang) for route, kind, lang, _ in found}
    return [
        TemplateRow(
            route,
            kind,
            one,
            found.get((route, kind, one, TemplateStatus.IN_FORCE)),
            found.get((route, kind, one, TemplateStatus.DRAFT)),
        )
        for route in routes_with_letters()
        for kind in NoticeKind
        for one in Language
        if (one == Language.ENGLISH or (route, kind, one) in begun) and language in ("", one)
    ]


def versions_of(route: str, kind: str, language: str) -> list[NoticeTemplate]:
    """All versions, the newest first."""
    return list(
        NoticeTemplate.objects.filter(route=route, kind=kind, language=language)
        .select_related("edited_by", "in_force_by")
        .order_by("-number")
    )


def merge_fields(kind: str) -> list[tuple[str, str, bool]]:
    """The merge fields of a letter of this kind: name, meaning, and whether it is for conditions only."""
    return [(name, label, name in FLAGS) for name, label in fields_of(kind).items()]


def sections_with(template: NoticeTemplate) -> list[tuple[str, str]]:
    """The sections of a version by their labels, with their texts."""
    return [(section.label, template.texts.get(section.name, "")) for section in sections_of(template.kind)]


def built_in_sections(route: str, kind: str) -> list[tuple[str, str]]:
    """The sections of the built-in wording by their labels, with their texts."""
    texts = built_in(kind, direction=is_direction(route))
    return [(section.label, texts[section.name]) for section in sections_of(kind)]
