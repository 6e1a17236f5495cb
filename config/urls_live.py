from django.urls import path

from apps.desk import live

urlpatterns = [path("live/customers/<int:pk>/", live.customer_stream, name="customer_stream")]
