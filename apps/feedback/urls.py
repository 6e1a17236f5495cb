from django.urls import path

from apps.feedback import views, views_public

urlpatterns = [
    path("feedback/", views.feedback, name="feedback"),
    path("feedback/cases/", views.case_list, name="case_list"),
    path("feedback/cases/<int:pk>/", views.case_detail, name="case_detail"),
    path("feedback/cases/<int:pk>/reopen/", views.case_reopen, name="case_reopen"),
    path("s/<str:token>", views_public.survey, name="survey"),
]
