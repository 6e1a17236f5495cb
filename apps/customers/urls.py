from django.urls import path

from apps.customers import api, api_personas, views

urlpatterns = [
    path("rules/edit/", views.rule_edit, name="rule_edit"),
    path("api/personas/", api_personas.PersonaList.as_view(), name="api_persona_list"),
    path("api/personas/<int:pk>/", api_personas.PersonaDetail.as_view(), name="api_persona_detail"),
    path("api/conversion-rule/", api_personas.ConversionRule.as_view(), name="api_conversion_rule"),
    path("api/segments/", api.SegmentList.as_view(), name="api_segment_list"),
    path("api/segments/preview/", api.SegmentPreview.as_view(), name="api_segment_preview"),
    path("api/segments/<int:pk>/", api.SegmentDetail.as_view(), name="api_segment_detail"),
    path("api/segments/<int:pk>/members/", api.SegmentMembers.as_view(), name="api_segment_members"),
]
