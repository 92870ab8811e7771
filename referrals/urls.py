from django.urls import path

from referrals import views

app_name = "referrals"

urlpatterns = [
    path("", views.ReferralList.as_view(), name="referral-list"),
    path("student/<int:pk>/start/", views.ReferralStart.as_view(), name="referral-start"),
    path("<int:pk>/", views.ReferralDetail.as_view(), name="referral-detail"),
    path("<int:pk>/edit/", views.ReferralEdit.as_view(), name="referral-edit"),
    path("<int:pk>/submit/", views.ReferralSubmit.as_view(), name="referral-submit"),
    path("<int:pk>/decide/", views.ReferralDecide.as_view(), name="referral-decide"),
    path("<int:pk>/withdraw/", views.ReferralWithdraw.as_view(), name="referral-withdraw"),
]
