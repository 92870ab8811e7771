from django.conf import settings
from django.urls import include, path

from invictus_ap import views

urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("health/", views.health, name="health"),
    path("accounts/", include("allauth.urls")),
    path("", include("trust.urls")),
    path("providers/", include("providers.urls")),
    path("referrals/", include("referrals.urls")),
    path("placements/", include("placements.urls")),
    path("placements/<int:pk>/chronology/", views.PlacementChronology.as_view(), name="placement-chronology"),
    path("notices/", include("notices.urls")),
    path("attendance/", include("attendance.urls")),
    path("", include("reviews.urls")),
]

if settings.DEMO_LOGIN:
    urlpatterns += [path("demo/log-in/", views.DemoLogin.as_view(), name="demo-login")]

handler500 = "invictus_ap.views.server_error"
