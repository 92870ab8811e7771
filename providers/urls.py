"""Addresses of providers."""

from django.urls import path

from providers import views

app_name = "providers"

urlpatterns = [
    path("", views.ProviderList.as_view(), name="provider-list"),
    path("add/", views.ProviderAdd.as_view(), name="provider-add"),
    path("standards/", views.StandardsList.as_view(), name="standards"),
    path("standards/load/", views.StandardsLoad.as_view(), name="standards-load"),
    path("standards/results/<int:pk>/file/", views.StandardFile.as_view(), name="standard-file"),
    path("<int:pk>/", views.ProviderDetail.as_view(), name="provider-detail"),
    path("<int:pk>/edit/", views.ProviderEdit.as_view(), name="provider-edit"),
    path("<int:pk>/sites/add/", views.SiteAdd.as_view(), name="site-add"),
    path("<int:pk>/programmes/add/", views.ProgrammeAdd.as_view(), name="programme-add"),
    path("<int:pk>/contacts/add/", views.ProviderContactAdd.as_view(), name="contact-add"),
    path("<int:pk>/agreements/add/", views.AgreementAdd.as_view(), name="agreement-add"),
    path("<int:pk>/checks/record/", views.CheckRecord.as_view(), name="check-record"),
    path("<int:pk>/standards/", views.ProviderStandards.as_view(), name="provider-standards"),
    path("<int:pk>/standards/<int:part>/", views.StandardsAssess.as_view(), name="standards-assess"),
    path("<int:pk>/approve/", views.ProviderApprove.as_view(), name="provider-approve"),
    path("<int:pk>/close/", views.ProviderClose.as_view(), name="provider-close"),
    path("sites/<int:pk>/edit/", views.SiteEdit.as_view(), name="site-edit"),
    path("sites/<int:pk>/close-day/", views.SiteCloseDay.as_view(), name="site-close-day"),
    path("closures/<int:pk>/remove/", views.SiteClosureRemove.as_view(), name="site-closure-remove"),
    path("programmes/<int:pk>/edit/", views.ProgrammeEdit.as_view(), name="programme-edit"),
    path("contacts/<int:pk>/edit/", views.ProviderContactEdit.as_view(), name="contact-edit"),
    path("contacts/<int:pk>/remove/", views.ProviderContactRemove.as_view(), name="contact-remove"),
    path("agreements/<int:pk>/edit/", views.AgreementEdit.as_view(), name="agreement-edit"),
    path("agreements/<int:pk>/file/", views.AgreementFile.as_view(), name="agreement-file"),
    path("checks/<int:pk>/confirm/", views.CheckConfirm.as_view(), name="check-confirm"),
    path("checks/<int:pk>/remove/", views.CheckRemove.as_view(), name="check-remove"),
    path("checks/<int:pk>/file/", views.CheckFile.as_view(), name="check-file"),
]
