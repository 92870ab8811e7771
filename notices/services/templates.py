"""Versions of a letter's wording: begun, written, put in force, dropped; an issued letter keeps its own words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Max

from notices.codes import Language, NoticeKind
from notices.lifecycle import TEMPLATE, TEMPLATE_FIRST, TemplateStatus
from notices.models import NoticeTemplate
from notices.queries.templates import needed_labels, routes_with_letters, start_of
from notices.rules.templates import Section, check_text, empty_case, sections_of
from notices.rules.wording import is_direction
from notices.rules.words import label_faults
from placements.codes import Route
from trust.errors import RuleBroken
from trust.services import check_version, require, saving


def begin_template(*, route: str, kind: str, language: str, by: Any, now: datetime) -> NoticeTemplate:
    """A draft of the next version, with the words in force, or the built-in English ones, to start from.

    Raises ``RuleBroken`` for a route without notices and while another draft of the same letter is open.
    """
    with saving(by=by):
        require(by, TEMPLATE_FIRST[TemplateStatus.DRAFT], home_id=None)
        if Route(route) not in routes_with_letters():
            raise RuleBroken("This route has no direction notice, so it has no letter.", field="route")
        same = NoticeTemplate.objects.select_for_update().filter(
            route=Route(route), kind=NoticeKind(kind), language=Language(language)
        )
        if any(row.status == TemplateStatus.DRAFT for row in same):
            raise RuleBroken("There is already a draft of this letter: go on with it or drop it.")
        last = same.aggregate(last=Max("number"))["last"] or 0
        return NoticeTemplate.objects.create(
            route=route,
            kind=kind,
            language=language,
            number=last + 1,
            edited_by=by,
            edited_at=now,
            **start_of(route, kind, language),
        )


def save_template(
    *,
    template_id: int,
    texts: Mapping[str, str],
    labels: Mapping[str, str],
    note: str,
    version: int | None,
    by: Any,
    now: datetime,
) -> NoticeTemplate:
    """Keep the words of a draft; they may still lack sections, but nothing that a letter cannot print.

    Raises ``RuleBroken`` with the place of the first fault, and ``StaleRecord`` when somebody saved it in between.
    """
    with saving(by=by):
        template = _locked(template_id)
        require(by, TEMPLATE_FIRST[TemplateStatus.DRAFT], home_id=None)
        if template.status != TemplateStatus.DRAFT:
            raise RuleBroken("A version that was in force is never edited.", help="Begin a new version from it.")
        check_version(template, version)
        for section in sections_of(template.kind):
            _check_section(section, texts.get(section.name, ""), template.kind)
        for name, text in labels.items():
            if text:
                _check_label(name, text)
        template.texts = {section.name: texts.get(section.name, "") for section in sections_of(template.kind)}
        if template.language != Language.ENGLISH:
            template.labels = {name: labels[name] for name in needed_labels() if labels.get(name)}
        template.note = note.strip()
        template.edited_by, template.edited_at = by, now
        template.version += 1
        template.save()
        return template


def put_in_force(*, template_id: int, version: int | None, by: Any, now: datetime) -> NoticeTemplate:
    """Let a draft hold from now on for letters authorised from now on; the one before it is retired in the same act.

    Raises ``RuleBroken`` naming the section or fixed word that is empty or at fault, or empty in some case
    only, and without a note that says what changed.
    """
    with saving(by=by, reason="put in force"):
        template = _locked(template_id)
        require(by, TEMPLATE.check_move(template.status, TemplateStatus.IN_FORCE), home_id=None)
        check_version(template, version)
        for section in sections_of(template.kind):
            text = template.texts.get(section.name, "")
            if not text.strip():
                raise RuleBroken(f"The section “{section.label}” is still empty.")
            _check_section(section, text, template.kind)
        empty = empty_case(template.texts, template.kind, direction=is_direction(template.route))
        if empty is not None:
            raise RuleBroken(
                f"The section “{empty.section.label}” is empty in a letter of this route{empty.words}.",
                field=f"text_{empty.section.name}",
                help="Give it words for every case, for example with “{% else %}”: no letter has an empty section.",
            )
        if template.language != Language.ENGLISH:
            for name in needed_labels():
                if not template.labels.get(name, "").strip():
                    raise RuleBroken("A fixed word of the tables is still empty.", help="Fill in all of them.")
                _check_label(name, template.labels[name])
        if not template.note:
            raise RuleBroken("Say in the note what changed, and why.")
        before = (
            NoticeTemplate.objects.select_for_update()
            .filter(
                route=template.route,
                kind=template.kind,
                language=template.language,
                status=TemplateStatus.IN_FORCE,
            )
            .first()
        )
        if before is not None:
            TEMPLATE.check_move(before.status, TemplateStatus.RETIRED)
            before.status = TemplateStatus.RETIRED
            before.version += 1
            before.save()
        template.status = TemplateStatus.IN_FORCE
        template.in_force_by, template.in_force_at = by, now
        template.version += 1
        template.save()
        return template


def drop_template(*, template_id: int, version: int | None, by: Any, now: datetime) -> NoticeTemplate:
    """Give up a draft; it stays on file and its number is not used again."""
    with saving(by=by, reason="dropped"):
        template = _locked(template_id)
        require(by, TEMPLATE.check_move(template.status, TemplateStatus.DROPPED), home_id=None)
        check_version(template, version)
        template.status = TemplateStatus.DROPPED
        template.edited_by, template.edited_at = by, now
        template.version += 1
        template.save()
        return template


def _locked(template_id: int) -> NoticeTemplate:
    template: NoticeTemplate = NoticeTemplate.objects.select_for_update().get(pk=template_id)
    return template


def _check_section(section: Section, text: str, kind: str) -> None:
    faults = check_text(text, kind, most=section.most)
    if faults:
        raise RuleBroken(f"{section.label}: {faults[0]}", field=f"text_{section.name}")


def _check_label(name: str, text: str) -> None:
    faults = label_faults(name, text) if name in needed_labels() else ["There is no such fixed word."]
    if faults:
        raise RuleBroken(faults[0], field=f"label_{name}")
