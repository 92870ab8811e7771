"""What is asked, answered and recorded before the start and around it: offers, overrides, visits, papers, pauses."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from placements.codes import Answer, DocumentKind, Party, ShareChannel
from placements.lifecycle import OFFER_FIRST, OFFER_MOVES, OfferStatus, Status
from placements.models.placements import Placement
from providers.models import Programme, Provider
from referrals.models import Referral
from trust.audit import status_by_table, track
from trust.models import StoredFile
from trust.scoping import GUEST_STATUSES, Scope, ScopedQuerySet


@track()
class GateOverride(models.Model):
    """A failed gate let through by a headteacher or the chief executive, with the reason; trustees see the count."""

    scope = Scope(home="placement__school_id")

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="overrides")
    code = models.CharField(max_length=32)
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["placement_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["placement", "code"], name="gate_override_once"),
            models.CheckConstraint(name="gate_override_has_reason", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.code} of placement {self.placement_id}"


@track()
class HomeVisit(models.Model):
    """The visit without which nobody studies online at home (P3.4)."""

    scope = Scope(home="placement__school_id")

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="home_visits")
    visited_on = models.DateField()
    visited_by = models.CharField(max_length=120)
    suitable = models.BooleanField()
    safeguarding = models.TextField("safeguarding arrangements")
    supervisor = models.CharField("supervising adult", max_length=120)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["placement_id", "-visited_on"]

    def __str__(self) -> str:
        return f"Home visit {self.visited_on}"


@track()
class Offer(models.Model):
    """A place asked for at one provider under a referral, and its answer; several may be asked at once.

    An offer that is open (``OFFERED``, until ``offered_until`` inclusive) holds a place in ``wanted_slots`` (half-days
    0 to 9) from ``wanted_first`` to ``wanted_last``, inclusive.
    """

    scope = Scope(home="referral__school_id", former="referral__student__school_id")

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="offers")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="offers")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="offers")
    status = models.CharField(max_length=24, choices=OfferStatus.choices, default=OfferStatus.ASKED, editable=False)
    wanted_slots = ArrayField(models.PositiveSmallIntegerField())
    wanted_first = models.DateField()
    wanted_last = models.DateField(null=True, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answered_on = models.DateField(null=True, blank=True)
    answered_by = models.CharField("who answered at the provider", max_length=120, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    offered_until = models.DateField("offer open until", null=True, blank=True)
    refused_why = models.CharField("why refused", max_length=240, blank=True)
    admission_meeting_on = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=240, blank=True)
    placement = models.OneToOneField(
        Placement, on_delete=models.PROTECT, null=True, blank=True, related_name="offer", editable=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["referral_id", "-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "programme"],
                condition=Q(status__in=[OfferStatus.ASKED, OfferStatus.OFFERED]),
                name="offer_one_open",
                violation_error_message="A place in this programme has been asked for already.",
            ),
            models.CheckConstraint(
                name="offer_names_its_last_day",
                condition=~Q(status=OfferStatus.OFFERED) | Q(offered_until__isnull=False, answered_on__isnull=False),
                violation_error_message="Until when is the place offered?",
            ),
            models.CheckConstraint(
                name="offer_refusal_has_reason",
                condition=~Q(status=OfferStatus.REFUSED) | ~Q(refused_why=""),
                violation_error_message="Why was the place refused?",
            ),
            models.CheckConstraint(
                name="offer_taken_by_placement",
                condition=Q(status=OfferStatus.TAKEN, placement__isnull=False)
                | (~Q(status=OfferStatus.TAKEN) & Q(placement__isnull=True)),
            ),
            models.CheckConstraint(
                name="offer_half_days",
                condition=Q(wanted_slots__contained_by=list(range(10)), wanted_slots__len__gte=1),
            ),
            models.CheckConstraint(
                name="offer_wanted_in_order",
                condition=Q(wanted_last__isnull=True) | Q(wanted_last__gte=F("wanted_first")),
                violation_error_message="The last day must not be before the first.",
            ),
        ]
        triggers = [status_by_table(OFFER_FIRST, OFFER_MOVES)]

    def __str__(self) -> str:
        return f"Offer {self.pk}"


@track()
class Pause(models.Model):
    """A placement suspended for safety (P3.12): nothing is expected there, so somebody says where the student is."""

    scope = Scope(home="placement__school_id", former="placement__student__school_id")

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="pauses")
    from_day = models.DateField()
    until_day = models.DateField("last day", null=True, blank=True)
    reason = models.TextField()
    where_instead = models.CharField("where the student is meanwhile", max_length=240)
    parents_told_on = models.DateField()
    parents_told_by = models.CharField(max_length=120)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["placement_id", "-from_day", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["placement"], condition=Q(until_day__isnull=True), name="pause_one_open"),
            models.CheckConstraint(
                name="pause_explained",
                condition=~Q(reason="") & ~Q(where_instead="") & ~Q(parents_told_by=""),
            ),
            models.CheckConstraint(
                name="pause_in_order", condition=Q(until_day__isnull=True) | Q(until_day__gte=F("from_day"))
            ),
        ]

    def __str__(self) -> str:
        return f"Pause of placement {self.placement_id}"


@track()
class PlacementDocument(models.Model):
    """A provider pack or a placement agreement as it was made: one version, its stored bytes, never made again.

    ``content`` holds the words it was made from, so that a later change of the facts shows.
    """

    scope = Scope(
        home="placement__school_id",
        host="placement__host_school_id",
        host_when=("placement__status", (*GUEST_STATUSES, Status.ENDED, Status.COMPLETED)),
        former="placement__student__school_id",
    )

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=24, choices=DocumentKind.choices)
    number = models.PositiveSmallIntegerField("version")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    content = models.JSONField(default=dict, editable=False)
    template_version = models.CharField(max_length=20, blank=True, editable=False)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["placement_id", "kind", "-number"]
        constraints = [models.UniqueConstraint(fields=["placement", "kind", "number"], name="document_version_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number} of placement {self.placement_id}"


@track()
class DocumentShare(models.Model):
    """To whom one version of a paper was given, when and how."""

    scope = Scope(home="document__placement__school_id", former="document__placement__student__school_id")

    document = models.ForeignKey(PlacementDocument, on_delete=models.PROTECT, related_name="shares")
    shared_with = models.CharField(max_length=120)
    channel = models.CharField("how", max_length=24, choices=ShareChannel.choices)
    shared_on = models.DateField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["document_id", "-shared_on", "-id"]

    def __str__(self) -> str:
        return f"{self.shared_with} {self.shared_on}"


@track()
class Signing(models.Model):
    """What one party said to a version of the placement agreement: code of conduct and behaviour policy (P4.1),
    support of attendance (P5.3), agreement or objection.
    """

    scope = Scope(home="document__placement__school_id", former="document__placement__student__school_id")

    document = models.ForeignKey(PlacementDocument, on_delete=models.PROTECT, related_name="signings")
    party = models.CharField(max_length=24, choices=Party.choices)
    name = models.CharField(max_length=120)
    answer = models.CharField(max_length=24, choices=Answer.choices)
    words = models.TextField("what they said", blank=True)
    conduct_accepted = models.BooleanField("accepted the code of conduct and the Behaviour Policy", default=False)
    signed_on = models.DateField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["document_id", "signed_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["document", "party", "name"],
                name="signing_once",
                violation_error_message="This person's answer to this version is recorded already.",
            ),
            models.CheckConstraint(
                name="objection_has_words",
                condition=~Q(answer=Answer.OBJECTED) | ~Q(words=""),
                violation_error_message="Record what they objected to, in their words.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_party_display()} {self.get_answer_display().lower()}"


@track()
class PlacementQualification(models.Model):
    """A qualification that a student works for in a placement: entered, achieved (P3.6)."""

    scope = Scope(home="placement__school_id", host="placement__host_school_id", former="placement__student__school_id")

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="qualifications")
    title = models.CharField(max_length=160)
    level = models.CharField(max_length=24, blank=True)
    awarding_body = models.CharField(max_length=80)
    entered_on = models.DateField("entered for it on", null=True, blank=True)
    achieved_on = models.DateField(null=True, blank=True)
    grade = models.CharField(max_length=24, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["placement_id", "title"]
        constraints = [
            models.UniqueConstraint(
                fields=["placement", "title", "awarding_body"],
                name="placement_qualification_once",
                violation_error_message="This qualification is recorded for this placement already.",
            ),
            models.CheckConstraint(
                name="placement_qualification_in_order",
                condition=Q(achieved_on__isnull=True)
                | Q(entered_on__isnull=True)
                | Q(achieved_on__gte=F("entered_on")),
                violation_error_message="A qualification is achieved after the entry.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.awarding_body})"
