"""Addresses of schools, students and staff. The page of one student joins all stages: the project adds it."""

from django.urls import path

from trust import views

app_name = "trust"

urlpatterns = [
    path("schools/", views.SchoolList.as_view(), name="school-list"),
    path("schools/add/", views.SchoolAdd.as_view(), name="school-add"),
    path("schools/years/add/", views.YearAdd.as_view(), name="year-add"),
    path("schools/<int:pk>/", views.SchoolDetail.as_view(), name="school-detail"),
    path("schools/<int:pk>/terms/<int:year>/", views.SchoolTerms.as_view(), name="school-terms"),
    path("schools/<int:pk>/copy-terms/", views.SchoolCopyTerms.as_view(), name="school-copy-terms"),
    path("schools/<int:pk>/close-day/", views.NonSchoolDayRecord.as_view(), name="school-close-day"),
    path("schools/<int:pk>/acting-head/", views.ActingHeadName.as_view(), name="school-acting-head"),
    path("schools/days/<int:pk>/remove/", views.NonSchoolDayRemove.as_view(), name="non-school-day-remove"),
    path("students/", views.StudentList.as_view(), name="student-list"),
    path("students/add/", views.StudentAdd.as_view(), name="student-add"),
    path("students/<int:pk>/edit/", views.StudentEdit.as_view(), name="student-edit"),
    path("students/<int:pk>/contacts/add/", views.ContactAdd.as_view(), name="contact-add"),
    path("students/contacts/<int:pk>/edit/", views.ContactEdit.as_view(), name="contact-edit"),
    path("thresholds/", views.SettingList.as_view(), name="setting-list"),
    path("thresholds/propose/", views.SettingPropose.as_view(), name="setting-propose"),
    path("thresholds/<int:pk>/approve/", views.SettingApprove.as_view(), name="setting-approve"),
    path("thresholds/<int:pk>/drop/", views.SettingDrop.as_view(), name="setting-drop"),
    path("staff/", views.StaffList.as_view(), name="staff-list"),
    path("staff/add/", views.StaffAdd.as_view(), name="staff-add"),
    path("staff/<int:pk>/", views.StaffDetail.as_view(), name="staff-detail"),
    path("staff/<int:pk>/give-role/", views.RoleGive.as_view(), name="role-give"),
    path("staff/<int:pk>/deactivate/", views.StaffDeactivate.as_view(), name="staff-deactivate"),
    path("staff/roles/<int:pk>/end/", views.RoleEnd.as_view(), name="role-end"),
    path("my-account/daily-summary/", views.DigestChoose.as_view(), name="digest-choose"),
]
