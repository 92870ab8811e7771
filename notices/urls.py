"""Addresses of direction notices."""

from django.urls import path

from notices import views

app_name = "notices"

urlpatterns = [
    path("", views.NoticeList.as_view(), name="notice-list"),
    path("period/<int:pk>/", views.NoticePrepare.as_view(), name="notice-prepare"),
    path("placement/<int:pk>/approve/", views.PlacementApproveWithNotice.as_view(), name="placement-approve"),
    path("extension/<int:pk>/approve/", views.ExtensionApproveWithNotice.as_view(), name="extension-approve"),
    path("<int:pk>/", views.NoticeDetail.as_view(), name="notice-detail"),
    path("<int:pk>/change/", views.NoticeChange.as_view(), name="notice-change"),
    path("<int:pk>/authorise/", views.NoticeAuthorise.as_view(), name="notice-authorise"),
    path("<int:pk>/override/", views.NoticeOverride.as_view(), name="notice-override"),
    path("<int:pk>/void/", views.NoticeVoid.as_view(), name="notice-void"),
    path("recipients/<int:pk>/given/", views.RecipientGiven.as_view(), name="recipient-given"),
    path("recipients/<int:pk>/letter/", views.RecipientLetter.as_view(), name="recipient-letter"),
]
