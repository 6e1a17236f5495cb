from django.urls import path

from apps.core import views_operation
from apps.desk import live

urlpatterns = [
    path("live/customers/<int:pk>/", live.customer_stream, name="customer_stream"),
    path("healthz", views_operation.healthz, name="healthz"),
]
