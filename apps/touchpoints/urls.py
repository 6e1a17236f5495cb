from django.urls import path, re_path

from apps.touchpoints import views_ingest

urlpatterns = [
    # Both spellings: a redirect would lose the body.
    re_path(
        r"^v1/(?P<kind>track|identify|page|screen|group|alias|batch|t|i|p|s|g|a|b)/?$",
        views_ingest.collect,
        name="collect",
    ),
    path("t.js", views_ingest.snippet, name="snippet"),
]
