"""Finding a provider, asking for places, recording the answers."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property

from placements.forms import AskForm, FinderForm, OfferAnswerForm, ReasonForm
from placements.models import Offer
from placements.queries import (
    Wanted,
    family_gaps,
    find_providers,
    first_days,
    gates_shown,
    offers_shown,
    offers_to_chase,
)
from placements.services import answer_offer, drop_offer, record_offers_asked
from referrals.lifecycle import Status as ReferralStatus
from referrals.models import Referral
from trust.calendar import date_words, london_date
from trust.errors import RuleBroken
from trust.permissions import Permission
from trust.templatetags.trust_ui import surname_first
from trust.web import Guard, Page, ServiceFormView

ASKABLE = (ReferralStatus.SUBMITTED, ReferralStatus.APPROVED)


class OfReferral(Guard):
    """What the pages about one referral share."""

    referral: Referral

    def load(self) -> None:
        self.referral = self.find(Referral.objects.visible_to(self.request.user).select_related("student", "school"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        referral = self.referral
        context: dict[str, Any] = super().get_context_data(  # type: ignore[misc]
            **{
                "referral": referral,
                "student": referral.student,
                "own_url": reverse("referrals:referral-detail", args=[referral.pk]),
                "offers_url": reverse("placements:offer-list", args=[referral.pk]),
                **kwargs,
            }
        )
        return context


class ProviderFinder(OfReferral, ServiceFormView):
    """The programmes that could take the student, ranked; several places are asked for at once by ticking them."""

    permission = Permission.PROPOSE_PLACEMENT
    form_class = AskForm
    template_name = "placements/finder.html"
    done = "The places are asked for. Record each answer as it comes."

    @cached_property
    def filter(self) -> FinderForm:
        """The filters of the address; without any, all half-days from the earliest usual start to the end of term."""
        if self.request.GET:
            return FinderForm(self.request.GET)
        first, last = first_days(self.referral, london_date(self.now))
        whole = {"slots": [str(slot) for slot in range(10)], "route": "DIRECTION", "first": first, "last": last}
        return FinderForm(whole)

    @cached_property
    def wanted(self) -> Wanted | None:
        """What is looked for, None while the filters cannot be read or the referral is not sent."""
        return self.filter.wanted() if self.referral.status in ASKABLE else None

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.by}

    def act(self, data: dict[str, Any]) -> tuple[Offer, ...]:
        wanted = self.wanted
        if wanted is None:
            raise RuleBroken("Say first which half-days and days are wanted.")
        return record_offers_asked(
            referral_id=self.referral.pk,
            programme_ids=[programme.pk for programme in data["programmes"]],
            slots=wanted.slots,
            first=wanted.first,
            last=wanted.last,
            by=self.by,
            now=self.now,
        )

    def get_success_url(self) -> str:
        return reverse("placements:offer-list", args=[self.referral.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        wanted, today = self.wanted, london_date(self.now)
        found = find_providers(self.referral, wanted, today) if wanted else ()
        return super().get_context_data(
            filter=self.filter,
            wanted=wanted,
            suitable=[row for row in found if row.suitable],
            unsuitable=[row for row in found if not row.suitable],
            gaps=gates_shown(family_gaps(self.referral, wanted, today)).open if wanted else (),
            askable=self.referral.status in ASKABLE,
            may_propose=self.referral.status == ReferralStatus.APPROVED,
            ticked=[str(pk) for pk in self.request.POST.getlist("programmes")],
            today=today,
            **kwargs,
        )


class OfferList(OfReferral, Page):
    """The places asked for under one referral, newest first."""

    permission = Permission.SEE_STUDENTS
    template_name = "placements/offer_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.note_access(self.referral.student, "offers opened")
        rows: QuerySet[Offer] = Offer.objects.visible_to(self.by).filter(referral=self.referral)
        may_ask = self.may(Permission.PROPOSE_PLACEMENT, self.referral) and self.referral.status in ASKABLE
        return super().get_context_data(
            rows=offers_shown(rows.order_by("-asked_at", "-id"), self.by, london_date(self.now)),
            may_ask=may_ask,
            **kwargs,
        )


class OfferChase(Page):
    """The questions without an answer and the offers that lapse, of all the person's schools."""

    permission = Permission.PROPOSE_PLACEMENT
    template_name = "placements/offer_chase.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = london_date(self.now)
        return super().get_context_data(
            rows=offers_shown(offers_to_chase(self.by, today), self.by, today), today=today, **kwargs
        )


class OfOffer(ServiceFormView):
    """What the pages of one offer share."""

    permission = Permission.PROPOSE_PLACEMENT
    template_name = "components/form_page.html"
    offer: Offer

    def load(self) -> None:
        rows = Offer.objects.visible_to(self.request.user)
        self.offer = self.find(rows.select_related("referral__student", "referral__school", "provider", "programme"))

    def get_success_url(self) -> str:
        return reverse("placements:offer-list", args=[self.offer.referral_id])

    def page_of(self, title: str, submit_label: str, **more: Any) -> dict[str, Any]:
        """The context of a form page below the offers of the referral; the tab's title names no student."""
        offer, referral = self.offer, self.offer.referral
        own = reverse("referrals:referral-detail", args=[referral.pk])
        return {
            "title": title,
            "lead": f"{surname_first(referral.student)}, at {offer.provider}: {offer.programme}",
            "submit_label": submit_label,
            "cancel_url": self.get_success_url(),
            "crumbs": [(str(referral), own), ("Places asked for", self.get_success_url())],
            **more,
        }


class OfferAnswer(OfOffer):
    """Record what the provider answered."""

    form_class = OfferAnswerForm
    done = "The answer is recorded."

    def get_initial(self) -> dict[str, Any]:
        offer = self.offer
        return {
            "until": offer.offered_until,
            "answered_by": offer.answered_by,
            "answered_on": london_date(self.now),
            "admission_meeting_on": offer.admission_meeting_on,
            "note": offer.note,
            "version": offer.version,
        }

    def act(self, data: dict[str, Any]) -> Offer:
        return answer_offer(offer_id=self.offer.pk, by=self.by, now=self.now, **data)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = (
            f"Asked for on {date_words(london_date(self.offer.asked_at))}. A refusal ends it; an offer can be renewed."
        )
        return super().get_context_data(
            **self.page_of("Answer of the provider", "Save the answer", intro=asked), **kwargs
        )


class OfferDrop(OfOffer):
    """The place is not wanted any more."""

    form_class = ReasonForm
    done = "The place is given back."

    def act(self, data: dict[str, Any]) -> Offer:
        return drop_offer(offer_id=self.offer.pk, reason=data["reason"], by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        intro = "Tell the provider as well; from now on nothing is held."
        page = self.page_of("Drop a place asked for", "Drop it", intro=intro, submit_tone="danger")
        return super().get_context_data(**page, **kwargs)
