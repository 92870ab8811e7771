"""Pages about what belongs to a provider: forms keep what was typed, files go out safely, prices stay hidden."""

import hashlib
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.backends.postgresql.psycopg_any import DateRange
from django.urls import reverse

from providers.lifecycle import Status
from providers.models import Check, QualityStandard, StandardResult, StandardsVersion
from tests.factories.providers import make_papers, make_pdf, make_provider, standards_in_force
from tests.fixtures import NOW, TODAY


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    """Files of a test stay in its own folder."""
    settings.FILES_DIR = tmp_path


@pytest.fixture
def papers(provider, cast):
    """One record of each kind, recorded by the DSL."""
    return make_papers(provider, cast.dsl, NOW)


def at(name, record, *more):
    return reverse(f"providers:{name}", args=[record.pk, *more])


def sent(name="paper.pdf", content=None):
    return SimpleUploadedFile(name, content or make_pdf())


AGREEMENT = {
    "first": "2026-09-01",
    "last": "2027-08-31",
    "signed_by": "Kim",
    "signed_on": "2026-07-01",
    "notice_days": "15",
    "places_bought": "2",
    "vat_percent": "20",
    "version": "1",
}


def test_agreement_is_corrected_with_its_paper_and_shown_to_who_sees_money(cast, login, provider, papers):
    agreement, lead = papers["agreement"], login(cast.lead)
    answer = lead.post(at("agreement-edit", agreement), {**AGREEMENT, "file": sent()})
    assert (answer.status_code, "reason" in answer.context["form"].errors) == (422, True)
    assert "Choose the file again" in answer.content.decode()
    data = {**AGREEMENT, "reason": "Signed anew.", "file": sent("New signed.pdf", make_pdf("new"))}
    answer = lead.post(at("agreement-edit", agreement), data)
    assert answer.url == f"{at('provider-detail', provider)}#agreements"
    agreement.refresh_from_db()
    assert (agreement.notice_days, agreement.charged_when_absent, agreement.places_bought) == (15, False, 2)
    assert agreement.signed_file.name == "New signed.pdf"
    page = lead.get(at("provider-detail", provider)).content.decode()
    for words in ("Signed anew.", "15 school days", "Changed 2 times", "20 %"):
        assert words in page
    down = login(cast.finance).get(at("agreement-file", agreement))
    assert down.content == make_pdf("new")
    assert down["Content-Disposition"] == f'attachment; filename="agreement-{agreement.pk}-Millyard-Education.pdf"'
    assert login(cast.team).get(at("agreement-file", agreement)).status_code == 403
    shown = login(cast.team).get(at("provider-detail", provider)).content.decode()
    assert ("15 school days" in shown, at("agreement-file", agreement) in shown) == (False, False)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("page.html", b"<script>alert(1)</script>", "Files of this kind are not kept"),
        ("page.pdf", b"<script>alert(1)</script>", "its content is not one"),
        ("empty.pdf", b"", "The file is empty"),
    ],
)
def test_hostile_evidence_is_refused_beside_its_field_and_nothing_is_lost(name, content, words, cast, login, provider):
    data = {"kind": "VISIT", "done_on": str(TODAY), "note": "Seen the workshop."}
    upload = SimpleUploadedFile(name, content)
    answer = login(cast.slt).post(at("check-record", provider), {**data, "file": upload})
    assert answer.status_code == 422
    assert words in str(answer.context["form"].errors["file"])
    assert "Seen the workshop." in answer.content.decode()
    assert not Check.objects.filter(confirmed_by__isnull=True).exists()


def test_check_with_evidence_waits_for_another_and_goes_out_as_a_download(cast, login, provider):
    data = {"kind": "INSURANCE", "done_on": str(TODAY), "expires_on": str(TODAY + timedelta(days=200))}
    lead = login(cast.lead)
    lead.post(at("check-record", provider), {**data, "file": sent()})
    check = Check.objects.get(confirmed_by__isnull=True)
    page = lead.get(at("provider-detail", provider)).content.decode()
    assert "You recorded this check, so another trust AP lead confirms it." in page
    assert at("check-confirm", check) not in page
    assert lead.post(at("check-confirm", check)).status_code == 403
    down = login(cast.att).get(at("check-file", check))
    assert (down.content, down["X-Content-Type-Options"]) == (make_pdf(), "nosniff")
    assert "no-store" in down["Cache-Control"]
    assert login(cast.trustee).get(at("check-file", check)).status_code == 404
    plain = provider.checks.filter(confirmed_by__isnull=False).first()
    assert login(cast.att).get(at("check-file", plain)).status_code == 404


def test_evidence_that_is_gone_or_changed_on_disk_is_refused_in_words(cast, login, provider, settings):
    data = {"kind": "INSURANCE", "done_on": str(TODAY), "expires_on": str(TODAY + timedelta(days=200)), "file": sent()}
    login(cast.lead).post(at("check-record", provider), data)
    check = Check.objects.get(confirmed_by__isnull=True)
    sha256 = hashlib.sha256(make_pdf()).hexdigest()
    path = settings.FILES_DIR / sha256[:2] / sha256
    path.chmod(0o600)
    path.write_bytes(b"%PDF-forged")
    changed = login(cast.att).get(at("check-file", check))
    assert (changed.status_code, b"forged" in changed.content) == (410, False)
    path.unlink()
    gone = login(cast.att).get(at("check-file", check))
    assert (gone.status_code, b"must be restored" in gone.content) == (410, True)


def test_check_is_taken_back_by_who_recorded_it(cast, login, papers):
    check = papers["waiting_check"]
    assert login(cast.slt).post(at("check-remove", check), {"reason": "Wrong."}).status_code == 403
    assert login(cast.dsl).post(at("check-remove", check), {"reason": ""}).status_code == 422
    assert login(cast.dsl).post(at("check-remove", check), {"reason": "Wrong."}).status_code == 302
    assert not Check.objects.filter(pk=check.pk).exists()


SITE = {
    "name": "Main site",
    "kind": "SATELLITE",
    "address": "3 Yard",
    "postcode": "nb34ef",
    "phone": "01632 960200",
    "report_to": "Sam",
    "closed_on": "",
    "from_day": "",
    "version": "1",
}


def test_site_is_edited_without_new_times_and_closed_for_a_stretch(cast, login, provider):
    site, lead = provider.sites.get(), login(cast.lead)
    assert lead.post(at("site-edit", site), SITE).status_code == 302
    site.refresh_from_db()
    assert (site.kind, site.postcode, site.times.count()) == ("SATELLITE", "NB3 4EF", 1)
    half = lead.post(at("site-edit", site), {**SITE, "version": "2", "from_day": "2027-01-05", "am_start": "09:00"})
    assert set(half.context["form"].errors) == {"am_end", "pm_start", "pm_end"}
    stale = lead.post(at("site-edit", site), {**SITE, "report_to": "Alex"})
    assert stale.status_code == 422
    assert ("Person to report to on the first day", "Sam", "Alex") in stale.context["form"].newer
    lead.post(at("site-close-day", site), {"day": "2026-12-21", "until": "2026-12-25", "note": "Christmas"})
    assert site.closures.count() == 5
    closure = site.closures.order_by("day").first()
    lead.post(at("site-closure-remove", closure))
    assert site.closures.count() == 4


def test_ended_agreement_stands_apart_from_those_that_count(cast, login, provider):
    provider.agreements.update(period=DateRange(date(2025, 9, 1), date(2026, 9, 1)))
    context = login(cast.lead).get(at("provider-detail", provider)).context
    assert (len(context["agreements"]), len(context["ended"])) == (0, 1)


def test_person_is_edited_and_removed(cast, login, provider, papers):
    person, lead = papers["provider_contact"], login(cast.lead)
    answer = lead.post(at("contact-edit", person), {"name": "Kim Lee", "role": "DSL", "job_title": "Deputy head"})
    assert "phone" in answer.context["form"].errors
    data = {"name": "Kim Lee", "role": "DSL", "job_title": "Deputy head", "email": "kim@provider.example"}
    assert lead.post(at("contact-edit", person), data).status_code == 302
    page = lead.get(at("provider-detail", provider)).content.decode()
    for words in ("Designated safeguarding lead", "Deputy head", "kim@provider.example"):
        assert words in page
    lead.post(at("contact-remove", person))
    assert not provider.contacts.exists()


PROGRAMME = {
    "name": "Engage",
    "key_stages": ["KS3", "KS4"],
    "sessions_offered": ["0", "1", "9"],
    "unit": "SESSION",
    "rate": "45",
    "capacity": "10",
    "hours_per_session": "3",
    "version": "1",
    "qualification_0_title": "Construction Skills",
    "qualification_0_level": "Level 1",
    "qualification_0_awarding_body": "City & Guilds",
    "qualification_0_number": "600/1234/5",
}


def test_programme_is_edited_with_half_days_and_qualifications(cast, login, provider):
    programme, lead = provider.programmes.get(), login(cast.lead)
    assert lead.post(at("programme-edit", programme), PROGRAMME).status_code == 302
    programme.refresh_from_db()
    assert (programme.key_stages, programme.sessions_offered) == ("KS3 KS4", [0, 1, 9])
    page = lead.get(at("provider-detail", provider)).content.decode()
    assert "Mon, Fri PM" in page
    form = lead.get(at("programme-edit", programme)).content.decode()
    assert form.count("checked") == 2 + 3
    assert "City &amp; Guilds" in form


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sessions_offered": []}, "sessions_offered"),
        ({"sessions_offered": ["10"]}, "sessions_offered"),
        ({"key_stages": []}, "key_stages"),
        ({"key_stages": ["KS9"]}, "key_stages"),
        ({"qualification_0_awarding_body": ""}, "qualification_0_awarding_body"),
        ({"qualification_0_title": ""}, "qualification_0_title"),
        ({"qualification_0_number": "12"}, "qualification_0_number"),
        (
            {"qualification_1_title": "Construction Skills", "qualification_1_awarding_body": "City & Guilds"},
            "qualification_1_title",
        ),
    ],
)
def test_bad_programme_stands_at_its_field_and_keeps_its_rows(changes, field, cast, login, provider):
    answer = login(cast.lead).post(at("programme-edit", provider.programmes.get()), {**PROGRAMME, **changes})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert "600/1234/5" in answer.content.decode() or field == "qualification_0_number"


def test_standards_of_a_part_are_assessed_together(cast, login, provider):
    first, second = standards_in_force().standards.filter(part="1").order_by("position")
    slt, url = login(cast.slt), at("standards-assess", provider, 1)
    token = slt.get(url).context["form"].initial["version"]
    data = {"assessed_on": str(TODAY), "expires_on": str(TODAY + timedelta(days=365)), "version": token}
    data |= {f"outcome_{first.pk}": "MET", f"outcome_{second.pk}": "PARTLY"}
    answer = slt.post(url, data)
    assert f"note_{second.pk}" in answer.context["form"].errors
    assert slt.post(url, {**data, f"note_{second.pk}": "One check late.", "file": sent()}).status_code == 302
    assert StandardResult.objects.filter(provider=provider).count() == 2
    stale = login(cast.dsl).post(url, {**data, f"outcome_{first.pk}": "NOT_MET", f"note_{first.pk}": "Door."})
    assert stale.status_code == 422
    assert "Somebody else assessed" in stale.content.decode()
    junk = slt.post(url, {**data, "version": "[1]", f"note_{first.pk}": "x"})
    assert junk.status_code == 422
    page = slt.get(at("provider-standards", provider)).content.decode()
    assert "One check late." in page
    result = StandardResult.objects.get(standard=second)
    assert slt.get(at("standard-file", result)).content == make_pdf()


def test_unchanged_standards_are_renewed_only_when_said_so(cast, login, provider):
    first, second = standards_in_force().standards.filter(part="1").order_by("position")
    slt, url = login(cast.slt), at("standards-assess", provider, 1)
    both = {f"outcome_{first.pk}": "MET", f"outcome_{second.pk}": "MET"}
    slt.post(url, {"assessed_on": "2026-10-01", "version": slt.get(url).context["form"].initial["version"], **both})

    def days():
        rows = StandardResult.objects.order_by("standard__position")
        return [str(row.assessed_on) for row in rows]

    assert days() == ["2026-10-01", "2026-10-01"]
    data = {"assessed_on": "2026-11-01", "version": slt.get(url).context["form"].initial["version"], **both}
    assert slt.post(url, data).status_code == 422
    slt.post(url, {**data, f"note_{second.pk}": "Seen again."})
    assert days() == ["2026-10-01", "2026-11-01"]
    data = {"assessed_on": "2026-11-10", "version": slt.get(url).context["form"].initial["version"], **both}
    slt.post(url, {**data, f"note_{second.pk}": "Seen again.", "again": "on"})
    assert days() == ["2026-11-10", "2026-11-10"]


@pytest.mark.parametrize("part", [0, 2, 5, 99])
def test_part_that_is_not_there_is_404(part, cast, login, provider):
    standards_in_force()
    assert login(cast.slt).get(at("standards-assess", provider, part)).status_code == 404


def test_new_version_is_loaded_from_a_page(cast, login):
    lead, url = login(cast.lead), reverse("providers:standards-load")
    data = {"label": "DfE 2026", "source": "Published text.", "in_force_from": "2026-10-01"}
    bad = SimpleUploadedFile("s.csv", b"part,code,text\n7,1.1,x\n")
    answer = lead.post(url, {**data, "file": bad})
    assert "Row 2, column part" in str(answer.context["form"].errors["file"])
    assert "Published text." in answer.content.decode()
    good = SimpleUploadedFile("s.csv", b"part,code,text\n1,1.1,Named lead.\n")
    assert lead.post(url, {**data, "file": good}).status_code == 302
    version = StandardsVersion.objects.get(label="DfE 2026")
    assert (version.loaded_by, QualityStandard.objects.filter(standards_version=version).count()) == (cast.lead, 1)
    page = login(cast.team).get(reverse("providers:standards")).content.decode()
    assert ("Named lead." in page, url in page) == (True, False)


def test_standards_page_needs_the_same_queries_for_one_and_three(cast, login, provider, django_assert_num_queries):
    standards_in_force()
    client, urls = login(cast.slt), [reverse("providers:standards"), at("provider-standards", provider)]
    for url in urls:
        client.get(url)
    with django_assert_num_queries(19):
        for url in urls:
            client.get(url)
    version = StandardsVersion.objects.order_by("-in_force_from").first()
    for code in ("9.8", "9.9"):
        standard = QualityStandard.objects.create(
            standards_version=version, part="4", code=code, text="More.", position=9
        )
        StandardResult.objects.create(
            provider=provider,
            standard=standard,
            outcome="MET",
            assessed_on=TODAY,
            recorded_by=cast.slt,
            recorded_at=NOW,
        )
    with django_assert_num_queries(19):
        for url in urls:
            client.get(url)


def test_approval_page_lists_what_is_missing_and_what_is_only_advised(cast, login):
    provider = make_provider("New", status=Status.PROSPECTIVE, checked_by=cast.slt, approved_by=cast.lead, now=NOW)
    page = login(cast.ceo).get(at("provider-approve", provider)).content.decode()
    assert "Everything that an approval needs is there" in page
    assert "<li>the provider&#x27;s safeguarding lead</li>" in page
    provider.checks.update(confirmed_by=None, confirmed_at=None)
    page = login(cast.ceo).get(at("provider-approve", provider)).content.decode()
    assert "<li>insurance (recorded, waits for confirmation)</li>" in page
    assert login(cast.ceo).post(at("provider-approve", provider), {"reason": "Seen."}).status_code == 422
