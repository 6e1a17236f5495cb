from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("apps.touchpoints.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
]
handler500 = "apps.core.views.server_error"
