"""Addresses of direction notices."""

from django.urls import path

from notices import views

app_name = "notices"

urlpatterns = [
    path("", views.NoticeList.as_view(), name="notice-list"),
    path("export/", views.NoticeExport.as_view(), name="notice-export"),
    path("on-time/", views.OnTimeRate.as_view(), name="notice-on-time"),
    path("period/<int:pk>/", views.NoticePrepare.as_view(), name="notice-prepare"),
    path("period/<int:pk>/end/", views.EndPrepare.as_view(), name="notice-end"),
    path("period/<int:pk>/vary/", views.VariationPrepare.as_view(), name="notice-vary"),
    path("period/<int:pk>/withdraw/", views.WithdrawalPrepare.as_view(), name="notice-withdraw"),
    path("placement/<int:pk>/chain/", views.NoticeChain.as_view(), name="notice-chain"),
    path("placement/<int:pk>/chain.pdf", views.NoticeChainFile.as_view(), name="notice-chain-file"),
    path("placement/<int:pk>/approve/", views.PlacementApproveWithNotice.as_view(), name="placement-approve"),
    path("extension/<int:pk>/approve/", views.ExtensionApproveWithNotice.as_view(), name="extension-approve"),
    path("<int:pk>/", views.NoticeDetail.as_view(), name="notice-detail"),
    path("<int:pk>/change/", views.NoticeChange.as_view(), name="notice-change"),
    path("<int:pk>/authorise/", views.NoticeAuthorise.as_view(), name="notice-authorise"),
    path("<int:pk>/override/", views.NoticeOverride.as_view(), name="notice-override"),
    path("<int:pk>/void/", views.NoticeVoid.as_view(), name="notice-void"),
    path("<int:pk>/send/", views.NoticeSend.as_view(), name="notice-send"),
    path("<int:pk>/agreement/", views.NoticeAgreement.as_view(), name="notice-agreement"),
    path("letters/", views.LetterList.as_view(), name="letters"),
    path("letters/<int:pk>/", views.BatchDetail.as_view(), name="batch-detail"),
    path("letters/<int:pk>/file/", views.BatchFile.as_view(), name="batch-file"),
    path("letters/<int:pk>/posted/", views.BatchPosted.as_view(), name="batch-posted"),
    path("letters/<int:pk>/release/", views.BatchRelease.as_view(), name="batch-release"),
    path("letters/<int:pk>/again/", views.BatchAgain.as_view(), name="batch-again"),
    path("recipients/<int:pk>/send/", views.RecipientSend.as_view(), name="recipient-send"),
    path("recipients/<int:pk>/check/", views.RecipientCheck.as_view(), name="recipient-check"),
    path("recipients/<int:pk>/translation/", views.RecipientTranslation.as_view(), name="recipient-translation"),
    path("recipients/<int:pk>/proof/", views.RecipientProof.as_view(), name="recipient-proof"),
    path("<int:pk>/preview/", views.NoticePreview.as_view(), name="notice-preview"),
    path("templates/", views.TemplateList.as_view(), name="template-list"),
    path("templates/built-in/", views.TemplateBuiltIn.as_view(), name="template-built-in"),
    path("templates/new/", views.TemplateNew.as_view(), name="template-new"),
    path("templates/<int:pk>/", views.TemplateDetail.as_view(), name="template-detail"),
    path("templates/<int:pk>/change/", views.TemplateChange.as_view(), name="template-change"),
    path("templates/<int:pk>/force/", views.TemplateForce.as_view(), name="template-force"),
    path("templates/<int:pk>/drop/", views.TemplateDrop.as_view(), name="template-drop"),
    path("templates/<int:pk>/try/", views.TemplateTry.as_view(), name="template-try"),
    path("templates/<int:pk>/try/pdf/", views.TemplateTryPdf.as_view(), name="template-try-pdf"),
    path("recipients/<int:pk>/given/", views.RecipientGiven.as_view(), name="recipient-given"),
    path("recipients/<int:pk>/letter/", views.RecipientLetter.as_view(), name="recipient-letter"),
]
