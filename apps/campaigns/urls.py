from django.urls import path

from apps.campaigns import api, views, views_public

urlpatterns = [
    path("campaigns/", views.campaign_list, name="campaign_list"),
    path("campaigns/outbox/", views.outbox, name="outbox"),
    path("campaigns/messages/<int:pk>/", views.message_detail, name="message_detail"),
    path("campaigns/messages/<int:pk>/replay/", views.message_replay, name="message_replay"),
    path("campaigns/<int:pk>/", views.campaign_detail, name="campaign_detail"),
    path("campaigns/<int:pk>/change/", views.campaign_change, name="campaign_change"),
    path("u/<str:token>", views_public.unsubscribe, name="unsubscribe"),
    path("api/campaigns/", api.CampaignList.as_view(), name="api_campaign_list"),
    path("api/campaigns/import/", api.CampaignImport.as_view(), name="api_campaign_import"),
    path("api/campaigns/<int:pk>/activate/", api.CampaignActivate.as_view(), name="api_campaign_activate"),
    path("api/campaigns/<int:pk>/pause/", api.CampaignPause.as_view(), name="api_campaign_pause"),
]
