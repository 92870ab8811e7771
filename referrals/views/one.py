"""What the pages of one referral share."""

from typing import Any

from django.http import Http404
from django.urls import reverse

from referrals.codes import Section
from referrals.models import Referral
from referrals.queries import reasons_of
from trust.web import Guard

EXCLUSION_WORDS = {True: "True", False: "False", None: ""}


class OfReferral(Guard):
    """What the pages of one referral share: ``self.referral``, found before anything else."""

    referral: Referral

    def load(self) -> None:
        self.referral = self.find(
            Referral.objects.visible_to(self.request.user).select_related(
                "student", "school", "written_by", "submitted_by", "decided_by"
            )
        )

    def get_success_url(self) -> str:
        return reverse("referrals:referral-detail", args=[self.referral.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(  # type: ignore[misc]
            **{"referral": self.referral, "student": self.referral.student, **kwargs}
        )
        return context

    def page_of(self, title: str, submit_label: str, **more: Any) -> dict[str, Any]:
        """The context of a form page below the referral's page."""
        own = reverse("referrals:referral-detail", args=[self.referral.pk])
        crumbs = [("Referrals", reverse("referrals:referral-list")), (str(self.referral), own)]
        return {"title": title, "submit_label": submit_label, "cancel_url": own, "crumbs": crumbs, **more}


class OfSection(OfReferral):
    """What the pages of one section share: ``self.section``, named in the address."""

    section: Section

    def load(self) -> None:
        super().load()
        found = [section for section in Section if section.slug == self.kwargs["section"]]
        if not found:
            raise Http404
        self.section = found[0]

    def answers(self) -> dict[str, Any]:
        """Where a form of this section starts: what is not a plain field of the referral."""
        return {
            "reasons": reasons_of(self.referral),
            "exclusion_alternative": EXCLUSION_WORDS[self.referral.exclusion_alternative],
        }
