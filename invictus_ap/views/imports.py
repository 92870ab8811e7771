"""Imports: send a file, match its columns, read what it would do, apply it whole or not at all."""

from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse

from invictus_ap.forms import ImportMatchForm, ImportUploadForm
from invictus_ap.services import KINDS, apply_import, drop_import, faults_as_csv, match_columns, upload_import
from trust.codes import ImportStatus
from trust.models import Heartbeat, ImportRun
from trust.permissions import GRANTS, Permission, Role
from trust.web import Guard, Page, ServiceAction, ServiceFormView

FORM_PAGE = "components/form_page.html"
_WORKING = (ImportStatus.CHECKING, ImportStatus.APPLYING)
# The job runs every five seconds; after this it counts as not running.
_SILENT = timedelta(minutes=2)


class OfImport(Guard):
    """A page about one file."""

    permission = Permission.IMPORT_DATA
    run: ImportRun

    def load(self) -> None:
        rows = ImportRun.objects.visible_to(self.request.user)
        self.run = self.find(rows.select_related("school", "file", "error_file", "uploaded_by", "applied_by"))

    def get_success_url(self) -> str:
        return reverse("import-detail", args=[self.run.pk])


class ImportList(Page):
    """The history of imports, newest first."""

    permission = Permission.IMPORT_DATA
    template_name = "invictus_ap/import_list.html"
    http_method_names = ["get", "head", "options"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        runs = ImportRun.objects.visible_to(self.request.user).select_related("school", "file", "uploaded_by")
        return super().get_context_data(page_obj=Paginator(runs, 25).get_page(self.request.GET.get("page")), **kwargs)


class ImportUpload(ServiceFormView):
    """Send a file."""

    permission = Permission.IMPORT_DATA
    form_class = ImportUploadForm
    template_name = FORM_PAGE
    done = "The file is kept. Say which column is what; nothing is written before you apply it."
    extra_context = {
        "title": "Import a file",
        "intro": "An export of your management information system as CSV or Excel. Students are found by their UPN; "
        "they are added or put right, never deleted. You see every change and every fault before anything is written.",
        "submit_label": "Send the file",
    }

    def get_form_kwargs(self) -> dict[str, Any]:
        held = self.by.held()
        granting = GRANTS[Permission.IMPORT_DATA]
        whole = any(row.school_id is None and Role(row.role) in granting for row in held)
        return {**super().get_form_kwargs(), "user": self.by, "whole_trust": whole}

    def act(self, data: dict[str, Any]) -> ImportRun:
        school = data["school"]
        return upload_import(
            kind=data["kind"],
            school_id=school.pk if school else None,
            upload=data["file"],
            by=self.by,
            now=self.now,
        )

    def get_success_url(self) -> str:
        return reverse("import-match", args=[self.result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        crumbs = [("Imports", reverse("import-list"))]
        return super().get_context_data(crumbs=crumbs, cancel_url=reverse("import-list"), **kwargs)


class ImportMatch(OfImport, ServiceFormView):
    """Say which column is what."""

    form_class = ImportMatchForm
    template_name = FORM_PAGE
    done = "The file is being checked. You can leave this page and come back."

    def get_form_kwargs(self) -> dict[str, Any]:
        columns = KINDS[self.run.kind].columns
        return {**super().get_form_kwargs(), "columns": columns, "headings": self.run.headings}

    def get_initial(self) -> dict[str, Any]:
        return dict(self.run.mapping)

    def act(self, data: dict[str, Any]) -> ImportRun:
        return match_columns(run_id=self.run.pk, mapping=data, by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        detail = reverse("import-detail", args=[self.run.pk])
        return super().get_context_data(
            title=f"Columns of {str(self.run).lower()}",
            intro="What was chosen for the last file with the same headings is proposed, else what the headings say. "
            "In a matched column a blank cell empties the field, so match only what your system keeps.",
            crumbs=[("Imports", reverse("import-list")), (str(self.run), detail)],
            submit_label="Check the file",
            cancel_url=detail,
            **kwargs,
        )


class ImportDetail(OfImport, Page):
    """What a file would do or has done; renewed by itself while it is being read."""

    template_name = "invictus_ap/import_detail.html"
    http_method_names = ["get", "head", "options"]

    def get_template_names(self) -> list[str]:
        asked: Any = self.request
        return ["invictus_ap/_import_state.html"] if asked.htmx else [self.template_name]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        run = self.run
        working = run.status in _WORKING
        # Only a file that nobody has begun waits for the job.
        waiting = working and run.locked_until is None
        job = Heartbeat.objects.visible_to(self.by).filter(job="work_imports").first() if waiting else None
        return super().get_context_data(
            run=run,
            working=working,
            waiting=waiting,
            job=job,
            job_silent=waiting and (job is None or job.finished_at < self.now - _SILENT),
            may_match=run.status in (ImportStatus.UPLOADED, ImportStatus.CHECKED, ImportStatus.FAILED),
            may_apply=run.status == ImportStatus.CHECKED and not run.found and (run.added or run.changed),
            may_drop=run.status not in (ImportStatus.APPLYING, ImportStatus.APPLIED, ImportStatus.DROPPED),
            **kwargs,
        )


class ImportFaults(OfImport, Page):
    """The faults of a file as a CSV file, to be worked through beside the export."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        response = HttpResponse(faults_as_csv(run=self.run), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="import-{self.run.pk}-faults.csv"'
        response["Cache-Control"] = "no-store, private"
        return response


class ImportApply(OfImport, ServiceAction):
    """Have the checked file applied."""

    done = "The file is being applied. You can leave this page and come back."

    def act(self) -> ImportRun:
        return apply_import(run_id=self.run.pk, by=self.by, now=self.now)


class ImportDrop(OfImport, ServiceAction):
    """Leave the file."""

    done = "The file is dropped. Nothing was written."

    def act(self) -> ImportRun:
        return drop_import(run_id=self.run.pk, by=self.by, now=self.now)
