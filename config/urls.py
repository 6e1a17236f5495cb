from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from apps.core import views, views_operation

urlpatterns = [
    path("", include("apps.desk.urls")),
    path("", include("apps.customers.urls")),
    path("", include("apps.touchpoints.urls")),
    path("", include("apps.journeys.urls")),
    path("", include("apps.feedback.urls")),
    path("", include("apps.campaigns.urls")),
    path("", include("apps.insights.urls")),
    path("", include("apps.staff.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="api_schema"), name="api_docs"),
    path("theme/", views.set_theme, name="set_theme"),
    path("healthz", views_operation.healthz, name="healthz"),
    path("readyz", views_operation.readyz, name="readyz"),
    path("metrics", views_operation.metrics_page, name="metrics"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/second-factor/", include("allauth.mfa.urls")),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("admin/", admin.site.urls),
]
handler404 = "apps.core.views.not_found"
handler500 = "apps.core.views.server_error"
