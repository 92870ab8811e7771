from django.urls import path

from referrals import views

app_name = "referrals"

urlpatterns = [
    path("", views.ReferralList.as_view(), name="referral-list"),
    path("student/<int:pk>/start/", views.ReferralStart.as_view(), name="referral-start"),
    path("<int:pk>/", views.ReferralDetail.as_view(), name="referral-detail"),
    path("<int:pk>/write/<slug:section>/", views.ReferralSectionEdit.as_view(), name="referral-section"),
    path("<int:pk>/check/", views.ReferralCheck.as_view(), name="referral-check"),
    path("<int:pk>/amend/<slug:section>/", views.ReferralAmend.as_view(), name="referral-amend"),
    path("<int:pk>/decide/", views.ReferralDecide.as_view(), name="referral-decide"),
    path("<int:pk>/withdraw/", views.ReferralWithdraw.as_view(), name="referral-withdraw"),
    path("<int:pk>/reopen/", views.ReferralReopen.as_view(), name="referral-reopen"),
    path("<int:pk>/void/", views.ReferralVoid.as_view(), name="referral-void"),
]
