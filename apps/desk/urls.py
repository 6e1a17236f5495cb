from django.urls import path

from apps.desk import api, views

urlpatterns = [
    path("", views.home, name="home"),
    path("customers/", views.customer_list, name="customer_list"),
    path("customers/<int:pk>/", views.customer_detail, name="customer_detail"),
    path("customers/<int:pk>/log/", views.interaction_log, name="interaction_log"),
    path("interactions/<int:pk>/retract/", views.interaction_retract, name="interaction_retract"),
    path("api/customers/", api.CustomerList.as_view(), name="api_customer_list"),
    path("api/customers/<int:pk>/timeline/", api.CustomerTimeline.as_view(), name="api_customer_timeline"),
    path("api/customers/<int:pk>/journeys/", api.CustomerJourneys.as_view(), name="api_customer_journeys"),
    path("api/customers/<int:pk>/messages/", api.CustomerMessages.as_view(), name="api_customer_messages"),
    path("api/customers/<int:pk>/consents/", api.CustomerConsents.as_view(), name="api_customer_consents"),
]
