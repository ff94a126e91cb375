"""The root of all addresses; the lists themselves live in the web room."""

from django.urls import include, path

urlpatterns = [path("", include("runbook.web.urls"))]
