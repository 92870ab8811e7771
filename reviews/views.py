"""Pages of reviews and of value for money."""

from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode

from placements.lifecycle import LIVE
from placements.models import Invoice, Placement
from placements.views.invoices import OfInvoice
from reviews.codes import ReviewOutcome
from reviews.filters import ReviewFilter, ValueFilter
from reviews.forms import ReviewForm, TargetForm
from reviews.models import Action, Review, Target
from reviews.queries import Due, ReviewSheet, due_rows, placement_reviews, review_sheet, value_report
from reviews.services import ENDING, RUNNING, close_target, complete_action, hold_review, match_invoice, set_target
from trust.calendar import date_words, london_date
from trust.permissions import Permission
from trust.templatetags.trust_ui import surname_first
from trust.web import Page, ServiceAction, ServiceFormView

PAGE_SIZE = 25
_WITH = ("student", "school", "provider")


def _crumb(placement: Placement) -> str:
    """How the tab and the breadcrumbs name a placement: without the student."""
    return f"Placement {placement.pk}"


def _lead(placement: Placement, words: str = "") -> str:
    """The line under the heading: placement, provider and school, and what stands next."""
    line = f"{_crumb(placement)} at {placement.provider}, {placement.school.short_name}."
    return f"{line} {words}".strip()


def _due_words(due: Due | None) -> str:
    return f"Review due by {date_words(due.on)}, {due.because.value}." if due else "No further review due this year."


class ReviewList(Page):
    """The running placements of my schools by the day their next review is due."""

    permission = Permission.SEE_STUDENTS
    template_name = "reviews/review_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        chosen = ReviewFilter(self.request.GET, user=self.request.user)
        rows = due_rows(self.request.user, london_date(self.now), **chosen.chosen())
        page = Paginator(rows, PAGE_SIZE).get_page(self.request.GET.get("page"))
        may_hold = {row.placement.pk for row in page if self.may(Permission.HOLD_REVIEW, row.placement)}
        may_read = {row.placement.pk for row in page if self.may(Permission.SEE_NARRATIVE, row.placement)}
        return super().get_context_data(filter=chosen, page_obj=page, may_hold=may_hold, may_read=may_read, **kwargs)


class PlacementReviews(Page):
    """Targets and reviews of one placement."""

    permission = Permission.SEE_NARRATIVE
    template_name = "reviews/placement_reviews.html"

    def load(self) -> None:
        self.placement = self.find(Placement.objects.visible_to(self.request.user).select_related(*_WITH))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        placement = self.placement
        self.note_access(placement.student, "reviews")
        may = self.may(Permission.HOLD_REVIEW, placement)
        record = placement_reviews(placement, london_date(self.now))
        running = placement.status in RUNNING
        return super().get_context_data(
            placement=placement,
            heading=f"Reviews of {surname_first(placement.student)}",
            page_title=_crumb(placement),
            page_lead=_lead(placement, _due_words(record["due"]) if running else ""),
            may_hold=may and running,
            may_set=may and placement.status in LIVE,
            **record,
            **kwargs,
        )


class ReviewDetail(Page):
    """One review as it was recorded, with what its outcome asks for next."""

    permission = Permission.SEE_NARRATIVE
    template_name = "reviews/review_detail.html"

    def load(self) -> None:
        self.review = self.find(
            Review.objects.visible_to(self.request.user)
            .select_related("recorded_by", *(f"placement__{name}" for name in _WITH))
            .prefetch_related("results__target", "actions")
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        review, placement = self.review, self.review.placement
        self.note_access(placement.student, "review")
        may = self.may(Permission.HOLD_REVIEW, placement)
        return super().get_context_data(
            review=review,
            placement=placement,
            heading=f"Review of {surname_first(placement.student)}, {date_words(review.held_on)}",
            page_title=_crumb(placement),
            page_lead=_lead(placement),
            may_hold=may,
            to_extend=review.outcome == ReviewOutcome.EXTEND,
            next_url=self._next_url() if may and placement.status in RUNNING else "",
            **kwargs,
        )

    def _next_url(self) -> str:
        """Where the outcome leads: the form that extends the placement, or the one that ends it."""
        if self.review.outcome == ReviewOutcome.EXTEND:
            form = reverse("placements:placement-extend", args=[self.review.placement_id])
            last = self.request.GET.get("last", "")[:10]
            return f"{form}?{urlencode({'last': last})}" if last else form
        if self.review.outcome in ENDING:
            return reverse("placements:placement-end", args=[self.review.placement_id])
        return ""


class _OfPlacement(ServiceFormView):
    """A form about one placement."""

    permission = Permission.HOLD_REVIEW

    def load(self) -> None:
        self.placement = self.find(Placement.objects.visible_to(self.request.user).select_related(*_WITH))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(placement=self.placement, placement_name=_crumb(self.placement), **kwargs)


class ReviewHold(_OfPlacement):
    """Record a review; attendance and targets are already there."""

    form_class = ReviewForm
    template_name = "reviews/review_hold.html"
    done = "Review recorded."

    @cached_property
    def sheet(self) -> ReviewSheet:
        """The facts with which the review is held, read once."""
        return review_sheet(self.placement, london_date(self.now))

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "targets": self.sheet.targets, "today": london_date(self.now)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            sheet=self.sheet,
            heading=f"Review of {surname_first(self.placement.student)}",
            page_lead=_lead(self.placement, _due_words(self.sheet.due)),
            **kwargs,
        )

    def get(self, *args: Any, **kwargs: Any) -> Any:
        self.note_access(self.placement.student, "hold review")
        return super().get(*args, **kwargs)

    def act(self, data: dict[str, Any]) -> Review:
        self.agreed_last: date | None = data["extend_last"]
        return hold_review(
            placement_id=self.placement.pk,
            data=data,
            results=data["results"],
            actions=data["actions"],
            by=self.by,
            now=self.now,
        )

    def get_success_url(self) -> str:
        """The review; the last day that was agreed goes with it to the form of the extension."""
        own = reverse("reviews:review-detail", args=[self.result.pk])
        last = self.agreed_last if self.result.outcome == ReviewOutcome.EXTEND else None
        return f"{own}?{urlencode({'last': last.isoformat()})}" if last else own


class TargetSet(_OfPlacement):
    """Add a target."""

    form_class = TargetForm
    template_name = "reviews/target_set.html"
    done = "Target added."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        name, back = _crumb(self.placement), self.get_success_url()
        return super().get_context_data(
            title=f"Add a target to {name.lower()}",
            submit_label="Add target",
            cancel_url=back,
            crumbs=[("Reviews", reverse("reviews:review-list")), (name, back)],
            **kwargs,
        )

    def act(self, data: dict[str, Any]) -> Target:
        return set_target(placement_id=self.placement.pk, data=data, by=self.by, now=self.now)

    def get_success_url(self) -> str:
        return reverse("reviews:placement-reviews", args=[self.placement.pk])


class TargetClose(ServiceAction):
    """Close a target."""

    permission = Permission.HOLD_REVIEW
    done = "Target closed."

    def load(self) -> None:
        self.target = self.find(Target.objects.visible_to(self.request.user).select_related("placement"))

    def act(self) -> Target:
        return close_target(target_id=self.target.pk, by=self.by, now=self.now)

    def get_success_url(self) -> str:
        return reverse("reviews:placement-reviews", args=[self.target.placement_id])


class ActionDone(ServiceAction):
    """Note that an action was done."""

    permission = Permission.HOLD_REVIEW
    done = "Action done."

    def load(self) -> None:
        self.action = self.find(Action.objects.visible_to(self.request.user).select_related("review__placement"))

    def act(self) -> Action:
        return complete_action(action_id=self.action.pk, by=self.by, now=self.now)

    def get_success_url(self) -> str:
        return reverse("reviews:review-detail", args=[self.action.review_id])


class Value(Page):
    """Value for money over twelve months; small numbers hidden from trustees and governors, who get no filter."""

    permission = Permission.SEE_VALUE
    template_name = "reviews/value.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        chosen = ValueFilter(self.request.GET, user=self.request.user)
        report = value_report(self.request.user, london_date(self.now), chosen.chosen())
        return super().get_context_data(
            report=report,
            filter=None if report.suppressed else chosen,
            page_lead=f"Twelve months from {date_words(report.first)} to {date_words(report.last)}.",
            **kwargs,
        )


class InvoiceMatch(OfInvoice, ServiceAction):
    """Compare an invoice with what was agreed and attended."""

    permission = Permission.RECORD_INVOICE
    done = "The invoice is matched: lines as agreed are settled, the others show their difference."

    def act(self) -> Invoice:
        return match_invoice(invoice_id=self.invoice.pk, by=self.by, now=self.now)
