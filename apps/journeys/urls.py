from django.urls import path

from apps.journeys import api, views

urlpatterns = [
    path("journeys/", views.journey_list, name="journey_list"),
    path("journeys/<int:pk>/", views.journey_detail, name="journey_detail"),
    path("api/journeys/", api.JourneyList.as_view(), name="api_journey_list"),
    path("api/journeys/import/", api.JourneyImport.as_view(), name="api_journey_import"),
    path("api/journeys/<int:pk>/", api.JourneyDetail.as_view(), name="api_journey_detail"),
    path("api/journeys/<int:pk>/publish/", api.JourneyPublish.as_view(), name="api_journey_publish"),
]
