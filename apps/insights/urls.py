from django.urls import path

from apps.insights import api, views

urlpatterns = [
    path("insights/", views.insights, name="insights"),
    path("insights/<int:pk>/", views.funnel, name="funnel"),
    path("insights/<int:pk>/customers/<int:step>/", views.funnel_customers, name="funnel_customers"),
    path("api/journeys/<int:pk>/funnel/", api.JourneyFunnel.as_view(), name="api_journey_funnel"),
    path("api/health/", api.Health.as_view(), name="api_health"),
]
