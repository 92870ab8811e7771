from django.conf import settings
from django.urls import include, path

from invictus_ap import views
from notices.views import StartMove
from placements import urls as placements_urls
from trust import urls as trust_urls

# The pages of a student and of a placement join all stages, so they stand here; their addresses and names are among
# those of trust and placements.
STUDENTS = [
    *trust_urls.urlpatterns,
    path("students/<int:pk>/", views.StudentDetail.as_view(), name="student-detail"),
]

PLACEMENTS = [
    *placements_urls.urlpatterns,
    path("<int:pk>/", views.PlacementPage.as_view(), name="placement-detail"),
    # Moving the start makes notices void, of which placements know nothing.
    path("<int:pk>/later/", StartMove.as_view(), name="placement-later"),
]

urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("health/", views.health, name="health"),
    path("accounts/", include("allauth.urls")),
    path("", include((STUDENTS, trust_urls.app_name))),
    path("students/<int:pk>/timeline/", views.StudentTimeline.as_view(), name="student-timeline"),
    path("imports/", views.ImportList.as_view(), name="import-list"),
    path("imports/new/", views.ImportUpload.as_view(), name="import-upload"),
    path("imports/<int:pk>/", views.ImportDetail.as_view(), name="import-detail"),
    path("imports/<int:pk>/columns/", views.ImportMatch.as_view(), name="import-match"),
    path("imports/<int:pk>/faults/", views.ImportFaults.as_view(), name="import-faults"),
    path("imports/<int:pk>/apply/", views.ImportApply.as_view(), name="import-apply"),
    path("imports/<int:pk>/drop/", views.ImportDrop.as_view(), name="import-drop"),
    path("providers/", include("providers.urls")),
    path("referrals/", include("referrals.urls")),
    path("placements/", include((PLACEMENTS, placements_urls.app_name))),
    path("placements/<int:pk>/chronology/", views.PlacementChronology.as_view(), name="placement-chronology"),
    path("notices/", include("notices.urls")),
    path("attendance/", include("attendance.urls")),
    path("", include("reviews.urls")),
]

if settings.DEMO_LOGIN:
    urlpatterns += [path("demo/log-in/", views.DemoLogin.as_view(), name="demo-login")]

handler500 = "invictus_ap.views.server_error"
