from django.urls import path, re_path

from apps.touchpoints import views, views_ingest

urlpatterns = [
    # Both spellings: a redirect would lose the body.
    re_path(
        r"^v1/(?P<kind>track|identify|page|screen|group|alias|batch|t|i|p|s|g|a|b)/?$",
        views_ingest.collect,
        name="collect",
    ),
    path("t.js", views_ingest.snippet, name="snippet"),
    path("sources/", views.source_list, name="source_list"),
    path("sources/new/", views.source_create, name="source_create"),
    path("sources/<int:pk>/", views.source_detail, name="source_detail"),
    path("sources/<int:pk>/renew-key/", views.source_renew_key, name="source_renew_key"),
]
