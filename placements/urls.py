from django.urls import path

from placements import views

app_name = "placements"

urlpatterns = [
    path("", views.PlacementList.as_view(), name="placement-list"),
    path("referral/<int:pk>/propose/", views.PlacementPropose.as_view(), name="placement-propose"),
    path("<int:pk>/", views.PlacementDetail.as_view(), name="placement-detail"),
    path("<int:pk>/change/", views.PlacementChange.as_view(), name="placement-change"),
    path("<int:pk>/decide/", views.PlacementDecide.as_view(), name="placement-decide"),
    path("<int:pk>/accept/", views.PlacementAccept.as_view(), name="placement-accept"),
    path("<int:pk>/home-visit/", views.PlacementHomeVisit.as_view(), name="placement-home-visit"),
    path("<int:pk>/override/", views.PlacementOverride.as_view(), name="placement-override"),
    path("<int:pk>/start/", views.PlacementStart.as_view(), name="placement-start"),
    path("<int:pk>/transfer/", views.PlacementTransfer.as_view(), name="placement-transfer"),
    path("<int:pk>/pause/", views.PlacementPause.as_view(), name="placement-pause"),
    path("<int:pk>/resume/", views.PlacementResume.as_view(), name="placement-resume"),
    path("<int:pk>/extend/", views.PlacementExtend.as_view(), name="placement-extend"),
    path("<int:pk>/end/", views.PlacementEnd.as_view(), name="placement-end"),
    path("<int:pk>/withdraw/", views.PlacementWithdraw.as_view(), name="placement-withdraw"),
    path("<int:pk>/cancel/", views.PlacementCancel.as_view(), name="placement-cancel"),
    path("extensions/<int:pk>/approve/", views.ExtensionApprove.as_view(), name="extension-approve"),
    path("extensions/<int:pk>/drop/", views.ExtensionDrop.as_view(), name="extension-drop"),
    path("budgets/", views.BudgetList.as_view(), name="budget-list"),
    path("budgets/propose/", views.BudgetPropose.as_view(), name="budget-propose"),
    path("budgets/<int:pk>/approve/", views.BudgetApprove.as_view(), name="budget-approve"),
]
