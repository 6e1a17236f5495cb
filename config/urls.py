from django.contrib import admin
from django.urls import include, path

from apps.core import views

urlpatterns = [
    path("", include("apps.desk.urls")),
    path("", include("apps.touchpoints.urls")),
    path("", include("apps.journeys.urls")),
    path("", include("apps.feedback.urls")),
    path("", include("apps.campaigns.urls")),
    path("", include("apps.insights.urls")),
    path("theme/", views.set_theme, name="set_theme"),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
]
handler500 = "apps.core.views.server_error"
