from django.urls import path

from attendance import views

app_name = "attendance"

urlpatterns = [
    path("", views.WeekIndex.as_view(), name="week-index"),
    path("provider/<int:pk>/<str:monday>/", views.Week.as_view(), name="week"),
]
