"""Addresses of providers."""

from django.urls import path

from providers import views

app_name = "providers"

urlpatterns = [
    path("", views.ProviderList.as_view(), name="provider-list"),
    path("add/", views.ProviderAdd.as_view(), name="provider-add"),
    path("<int:pk>/", views.ProviderDetail.as_view(), name="provider-detail"),
    path("<int:pk>/edit/", views.ProviderEdit.as_view(), name="provider-edit"),
    path("<int:pk>/sites/add/", views.SiteAdd.as_view(), name="site-add"),
    path("<int:pk>/programmes/add/", views.ProgrammeAdd.as_view(), name="programme-add"),
    path("<int:pk>/contacts/add/", views.ProviderContactAdd.as_view(), name="contact-add"),
    path("<int:pk>/agreements/add/", views.AgreementAdd.as_view(), name="agreement-add"),
    path("<int:pk>/checks/record/", views.CheckRecord.as_view(), name="check-record"),
    path("<int:pk>/approve/", views.ProviderApprove.as_view(), name="provider-approve"),
    path("<int:pk>/suspend/", views.ProviderSuspend.as_view(), name="provider-suspend"),
    path("<int:pk>/close/", views.ProviderClose.as_view(), name="provider-close"),
    path("sites/<int:pk>/close-day/", views.SiteCloseDay.as_view(), name="site-close-day"),
]
