from django.urls import path

from apps.feedback import api_reviews, api_surveys, views, views_open, views_public, views_reviews, views_surveys

urlpatterns = [
    path("feedback/", views.feedback, name="feedback"),
    path("feedback/surveys/", views_surveys.survey_list, name="survey_list"),
    path("feedback/surveys/new/", views_surveys.survey_create, name="survey_create"),
    path("feedback/surveys/<int:pk>/", views_surveys.survey_detail, name="survey_detail"),
    path("feedback/surveys/<int:pk>/edit/", views_surveys.survey_edit, name="survey_edit"),
    path("feedback/surveys/<int:pk>/duplicate/", views_surveys.survey_duplicate, name="survey_duplicate"),
    path("feedback/surveys/<int:pk>/archive/", views_surveys.survey_archive, name="survey_archive"),
    path("feedback/surveys/<int:pk>/restore/", views_surveys.survey_restore, name="survey_restore"),
    path("feedback/surveys/<int:pk>/share/", views_surveys.survey_share, name="survey_share"),
    path("feedback/surveys/<int:pk>/code.<str:form>", views_surveys.survey_code, name="survey_code"),
    path("api/surveys/", api_surveys.SurveyList.as_view(), name="api_survey_list"),
    path("api/surveys/<int:pk>/", api_surveys.SurveyDetail.as_view(), name="api_survey_detail"),
    path("api/surveys/<int:pk>/responses/", api_surveys.SurveyResponses.as_view(), name="api_survey_responses"),
    path("feedback/reviews/", views_reviews.review_list, name="review_list"),
    path("feedback/reviews/<int:pk>/", views_reviews.review_detail, name="review_detail"),
    path("api/reviews/", api_reviews.ReviewList.as_view(), name="api_review_list"),
    path("api/reviews/<int:pk>/reply/", api_reviews.ReviewReply.as_view(), name="api_review_reply"),
    path("feedback/cases/", views.case_list, name="case_list"),
    path("feedback/cases/<int:pk>/", views.case_detail, name="case_detail"),
    path("feedback/cases/<int:pk>/reopen/", views.case_reopen, name="case_reopen"),
    path("survey.js", views_open.survey_script, name="survey_script"),
    path("s/open/<str:token>", views_open.survey_open, name="survey_open"),
    path("s/open/<str:token>/answer", views_open.survey_open_answer, name="survey_open_answer"),
    path("s/<str:token>", views_public.survey, name="survey"),
]
