"""Signing somebody in outside allauth's own pages, and a new key for a session that gained rights."""

from allauth.usersessions.models import UserSession
from django.contrib.auth import login
from django.http import HttpRequest

from runbook.models import User


def sign_in(request: HttpRequest, user: User) -> None:
    login(request, user)
    _list_session(request)


def new_session_key(request: HttpRequest) -> None:
    """The session goes on under another key; whoever knew the old one is out."""
    request.session.cycle_key()
    _list_session(request)


def _list_session(request: HttpRequest) -> None:
    UserSession.objects.create_from_request(request)
