"""One notice from its draft to void: the page, the particulars and the questions about it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from notices import services
from notices.codes import DEADLINE_KINDS, FULL_KINDS, NoticeKind
from notices.documents import salutation
from notices.forms import AuthoriseForm, LateForm, NoticeForm, ReasonForm
from notices.forms.kinds import form_class_for
from notices.lifecycle import Status
from notices.models import DirectionNotice
from notices.queries import (
    clock_for,
    clock_of,
    facts_for,
    give_by_of,
    late_sentence,
    left_out_of,
    letter_of,
    no_longer_needed,
    offers_of,
    recipient_rows,
    recipients_of,
    ticks_for_kind,
    withdrawn_by,
)
from notices.queries.kinds import why_not_now
from notices.queries.reading import reading_help
from placements.codes import PeriodKind
from placements.lifecycle import Status as PlacementStatus
from placements.models import PlacementPeriod
from trust.calendar import london_date
from trust.errors import StaleRecord
from trust.permissions import Permission
from trust.web import Guard, Page, ServiceFormView

GAP = "[still missing]"


class OfNotice(Guard):
    """A page about one notice."""

    notice: DirectionNotice

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            self.notice = self.find(
                DirectionNotice.objects.visible_to(request.user).select_related(
                    "placement_period__placement__student",
                    "placement_period__placement__school",
                    "prepared_by",
                    "authorised_by",
                    "override_by",
                    "voided_by",
                    "follows",
                    "parent_agreement",
                )
            )
        return super().dispatch(request, *args, **kwargs)

    def get_success_url(self) -> str:
        """The page of the notice."""
        return reverse("notices:notice-detail", args=[self.notice.pk])

    def context_of(self) -> dict[str, Any]:
        """The clock, the particulars with ticks and the letter as it stands."""
        today = london_date(self.now)
        facts = facts_for(self.notice)
        draft = self.notice.frozen is None
        letter = letter_of(self.notice, facts, on=today) if draft else self.notice.frozen
        recipients = list(self.notice.recipients.select_related("letter", "recorded_by").order_by("id"))
        required = recipients_of(facts) if draft else ()
        if recipients:
            first_name, first_kind, address = recipients[0].name, recipients[0].kind, recipients[0].address
        elif required:
            one, link = required[0]
            first_name, first_kind = one.name, one.kind
            address = f"{link.contact.address}\n{link.contact.postcode}" if link else ""
        else:
            first_name, first_kind, address = "", "", ""
        ticks = ticks_for_kind(self.notice, facts) if draft else ()
        return {
            "notice": self.notice,
            "placement": facts.placement,
            "student": facts.placement.student,
            "clock": clock_for(self.notice, self.now),
            "give_by": give_by_of(self.notice, today),
            "ticks": ticks,
            "missing": [tick for tick in ticks if not tick.present],
            "not_now": why_not_now(self.notice, facts, today) if draft and self.notice.status == Status.DRAFT else "",
            "may_move": self.notice.kind == NoticeKind.INITIAL
            and facts.placement.status == PlacementStatus.APPROVED
            and self.may(Permission.START_PLACEMENT, self.notice),
            "required": [one for one, _ in required],
            "recipients": recipients,
            "letter": letter,
            "name": first_name or GAP,
            "address": [line.strip() for line in address.splitlines() if line.strip()],
            "salutation": salutation(first_name or GAP, first_kind),
            "gap": GAP,
        }

    def crumbs(self) -> list[tuple[str, str]]:
        """The way back."""
        return [
            ("Direction notices", reverse("notices:notice-list")),
            (f"Notice {self.notice.pk}", self.get_success_url()),
        ]


class NoticeDetail(OfNotice, Page):
    """One notice: clock, particulars, recipients and how each was given it, and the letter."""

    permission = Permission.SEE_STUDENTS
    template_name = "notices/notice_detail.html"
    http_method_names = ["get", "head", "options"]

    def service_of(self) -> dict[str, Any]:
        """Each recipient with where the letter stands; who is left out, for whoever sees restrictions."""
        notice = self.notice
        rows = recipient_rows(notice, self.now)
        may_see = self.may(Permission.SEE_RESTRICTION, notice)
        left_out = left_out_of(facts_for(notice)) if may_see and notice.frozen is None else notice.left_out
        return {
            "rows": rows,
            "mailable": sum(row.mailable for row in rows),
            "may_answer": self.may(Permission.RECORD_SERVICE, notice),
            "left_out": left_out if may_see else [],
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        notice = self.notice
        self.note_access(notice.placement_period.placement.student, "opened a notice")
        over = no_longer_needed(notice)
        late = "" if over else late_sentence(notice, london_date(self.now))
        void_with = Permission.PREPARE_NOTICE if notice.status == Status.DRAFT else Permission.AUTHORISE_NOTICE
        context = self.context_of()
        return {
            **super().get_context_data(**kwargs),
            **context,
            "late": late,
            "over": over,
            "may_change": not over and notice.status == Status.DRAFT and self.may(Permission.PREPARE_NOTICE, notice),
            "may_authorise": not over
            and notice.status == Status.DRAFT
            and not context["not_now"]
            and self.may(Permission.AUTHORISE_NOTICE, notice),
            "may_record": not over and notice.status == Status.ISSUED and self.may(Permission.RECORD_SERVICE, notice),
            **self.service_of(),
            "may_chain": self.may(Permission.SEE_CHRONOLOGY, notice),
            "may_override": bool(late) and self.may(Permission.OVERRIDE, notice),
            "may_void": notice.status != Status.VOID and self.may(void_with, notice),
            "may_prepare": notice.status == Status.VOID
            and notice.kind in FULL_KINDS
            and self.may(Permission.PREPARE_NOTICE, notice)
            and notice.placement_period.placement.live
            and not notice.placement_period.notices.in_force().filter(kind=notice.kind).exists(),
            "offers": offers_of(notice.placement_period, london_date(self.now))
            if self.may(Permission.PREPARE_NOTICE, notice)
            else (),
            "withdrawn_by": withdrawn_by(notice),
            "had_it": notice.recipients.exclude(channel="").order_by("id") if notice.status == Status.VOID else (),
        }


class NoticePrepare(ServiceFormView):
    """What will be prepared and by when it must be given; one button makes the draft."""

    permission = Permission.PREPARE_NOTICE
    template_name = "notices/notice_prepare.html"
    form_class = AuthoriseForm
    http_method_names = ["get", "head", "post", "options"]
    done = "The draft is prepared. Once nothing is missing it waits for the Headteacher by itself."
    period: PlacementPeriod

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            self.period = self.find(
                PlacementPeriod.objects.visible_to(request.user).select_related(
                    "placement__student", "placement__school", "placement__provider"
                )
            )
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        existing = self.period.notices.in_force().filter(kind__in=sorted(FULL_KINDS)).first()
        if existing is not None:
            return HttpResponseRedirect(reverse("notices:notice-detail", args=[existing.pk]))
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context |= {
            "period": self.period,
            "placement": self.period.placement,
            "clock": clock_of(self.period, self.now),
            "may_move": self.period.kind == PeriodKind.INITIAL
            and self.period.placement.status == PlacementStatus.APPROVED
            and self.may(Permission.START_PLACEMENT, self.period),
        }
        return context

    def act(self, data: dict[str, Any]) -> DirectionNotice:
        return services.prepare_notice(period_id=self.period.pk, by=self.request.user, now=self.now)

    def get_success_url(self) -> str:
        """The form of the new draft."""
        return reverse("notices:notice-change", args=[self.result.pk])


class NoticeChange(OfNotice, ServiceFormView):
    """The particulars of a draft on the left, the page of the letter on the right."""

    permission = Permission.PREPARE_NOTICE
    template_name = "notices/notice_change.html"
    form_class = NoticeForm
    http_method_names = ["get", "head", "post", "options"]
    done = "Saved."
    stale = False

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.notice.status != Status.DRAFT:
            return HttpResponseRedirect(self.get_success_url())
        return super().get(request, *args, **kwargs)

    def get_form_class(self) -> type[Any]:
        """The particulars of the notice's kind."""
        return form_class_for(self.notice.kind)

    def get_form_kwargs(self) -> dict[str, Any]:
        facts = facts_for(self.notice)
        return {
            **super().get_form_kwargs(),
            "initial": self.get_form_class().initial_of(self.notice),
            "computed_days": facts.computed_days,
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), **self.context_of(), "reading": reading_help(self.notice)}

    def act(self, data: dict[str, Any]) -> DirectionNotice:
        values = dict(data)
        version = values.pop("version")
        try:
            return services.save_notice(
                notice_id=self.notice.pk, data=values, version=version, by=self.request.user, now=self.now
            )
        except StaleRecord:
            self.notice.refresh_from_db()
            self.stale = True
            raise

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        if isinstance(response, HttpResponseRedirect):
            left = [tick.label for tick in ticks_for_kind(self.result, facts_for(self.result)) if not tick.present]
            if left:
                messages.info(self.request, f"Still missing: {', '.join(left)}.")
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        if self.stale:
            # The letter beside the form now shows what the other person saved; saving again is then a choice.
            form.data = form.data.copy()
            form.data["version"] = self.notice.version
        return super().form_invalid(form)

    def get_success_url(self) -> str:
        """The page of the notice, or the form again when 'save and look' was pressed."""
        if "stay" in self.request.POST:
            return reverse("notices:notice-change", args=[self.notice.pk])
        return super().get_success_url()


class NoticeAsk(OfNotice, ServiceFormView):
    """A question about one notice on a page of its own."""

    template_name = "notices/notice_ask.html"
    http_method_names = ["get", "head", "post", "options"]
    title = ""
    intro = ""
    submit_label = ""
    tone = "primary"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "notice": self.notice,
            "title": self.title,
            "intro": self.intro,
            "submit_label": self.submit_label,
            "submit_tone": self.tone,
            "cancel_url": self.get_success_url(),
            "crumbs": self.crumbs(),
            "clock": clock_for(self.notice, self.now),
            "give_by": give_by_of(self.notice, london_date(self.now)),
        }


class NoticeAuthorise(NoticeAsk):
    """Authorise a complete draft; after the deadline only with a reason."""

    permission = Permission.AUTHORISE_NOTICE
    form_class = AuthoriseForm
    title = "Authorise the notice"
    intro = "From now on the letter cannot be changed. The letters are made within a minute, one for each recipient."
    submit_label = "Authorise"
    done = "Authorised. The letters are being made."

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.notice.version}

    def get_form_kwargs(self) -> dict[str, Any]:
        late = self.notice.kind in DEADLINE_KINDS and clock_for(self.notice, london_date(self.now)).late
        return {**super().get_form_kwargs(), "late": late}

    def act(self, data: dict[str, Any]) -> DirectionNotice:
        return services.authorise_notice(
            notice_id=self.notice.pk,
            override_reason=data.get("override_reason", ""),
            agreement=data.get("agreement"),
            version=data["version"],
            by=self.request.user,
            now=self.now,
        )


class NoticeOverride(NoticeAsk):
    """Let a notice that was given late count, with a reason and the parent's written agreement."""

    permission = Permission.OVERRIDE
    form_class = LateForm
    title = "Override the deadline"
    intro = "The reason is kept with the notice and counted in the trustees' report."
    submit_label = "Override with this reason"
    done = "The notice counts as given, late and overridden."

    def act(self, data: dict[str, Any]) -> DirectionNotice:
        return services.override_late(
            notice_id=self.notice.pk,
            reason=data["reason"],
            agreement=data.get("agreement"),
            by=self.request.user,
            now=self.now,
        )


class NoticeVoid(NoticeAsk):
    """Make a notice void with a reason; it stays on file."""

    form_class = ReasonForm
    title = "Make the notice void"
    intro = "The notice stays on file with your reason. A new one can then be prepared."
    submit_label = "Make void"
    tone = "danger"
    done = "The notice is void. Prepare a new one if the placement goes on."
    # The writer may drop a draft; what was authorised is made void by those who may authorise: the service asks.
    permission = Permission.PREPARE_NOTICE

    def find(self, queryset: Any, pk: int | None = None, permission: Permission | None = None) -> Any:
        """The notice, for whoever may make it void as it stands now."""
        status = queryset.filter(pk=self.kwargs["pk"]).values_list("status", flat=True).first()
        wanted = Permission.PREPARE_NOTICE if status == Status.DRAFT else Permission.AUTHORISE_NOTICE
        return super().find(queryset, pk, wanted)

    def act(self, data: dict[str, Any]) -> DirectionNotice:
        return services.void_notice(notice_id=self.notice.pk, reason=data["reason"], by=self.request.user, now=self.now)
