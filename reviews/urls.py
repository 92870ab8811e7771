"""Addresses of reviews and of value for money."""

from django.urls import path

from reviews import views

app_name = "reviews"

urlpatterns = [
    path("reviews/", views.ReviewList.as_view(), name="review-list"),
    path("reviews/<int:pk>/", views.ReviewDetail.as_view(), name="review-detail"),
    path("reviews/placements/<int:pk>/", views.PlacementReviews.as_view(), name="placement-reviews"),
    path("reviews/placements/<int:pk>/hold/", views.ReviewHold.as_view(), name="review-hold"),
    path("reviews/placements/<int:pk>/targets/add/", views.TargetSet.as_view(), name="target-set"),
    path("reviews/targets/<int:pk>/close/", views.TargetClose.as_view(), name="target-close"),
    path("reviews/actions/<int:pk>/done/", views.ActionDone.as_view(), name="action-done"),
    path("invoices/<int:pk>/match/", views.InvoiceMatch.as_view(), name="invoice-match"),
    path("value/", views.Value.as_view(), name="value"),
]
