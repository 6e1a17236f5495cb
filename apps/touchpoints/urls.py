from django.urls import path, re_path

from apps.touchpoints import api, api_sources, views, views_ingest

urlpatterns = [
    # Both spellings: a redirect would lose the body.
    re_path(
        r"^v1/(?P<kind>track|identify|page|screen|group|alias|batch|t|i|p|s|g|a|b)/?$",
        views_ingest.collect,
        name="collect",
    ),
    path("t.js", views_ingest.snippet, name="snippet"),
    path("touchpoints/", views.touchpoint_list, name="touchpoint_list"),
    path("touchpoints/new/", views.touchpoint_create, name="touchpoint_create"),
    path("touchpoints/unmatched/", views.touchpoint_unmatched, name="touchpoint_unmatched"),
    path("touchpoints/<int:pk>/", views.touchpoint_detail, name="touchpoint_detail"),
    path("touchpoints/<int:pk>/edit/", views.touchpoint_edit, name="touchpoint_edit"),
    path("touchpoints/<int:pk>/delete/", views.touchpoint_delete, name="touchpoint_delete"),
    path("touchpoints/<int:pk>/apply/", views.touchpoint_apply, name="touchpoint_apply"),
    path("api/touchpoints/", api.TouchpointList.as_view(), name="api_touchpoint_list"),
    path("api/touchpoints/unmatched/", api_sources.Unmatched.as_view(), name="api_touchpoint_unmatched"),
    path("api/touchpoints/<int:pk>/", api.TouchpointDetail.as_view(), name="api_touchpoint_detail"),
    path("api/sources/", api_sources.SourceList.as_view(), name="api_source_list"),
    path("api/sources/<int:pk>/", api_sources.SourceDetail.as_view(), name="api_source_detail"),
    path("api/sources/<int:pk>/renew-key/", api_sources.SourceRenewKey.as_view(), name="api_source_renew_key"),
    path("sources/", views.source_list, name="source_list"),
    path("sources/new/", views.source_create, name="source_create"),
    path("sources/<int:pk>/", views.source_detail, name="source_detail"),
    path("sources/<int:pk>/renew-key/", views.source_renew_key, name="source_renew_key"),
]
