"""The cast that all tests share, the frozen now, and a database that threads can see."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker

from runbook.models import User
from tests.guards import install_append_only_guards, remove_append_only_guards

# "ci" is quick and always tries the same examples; "thorough" takes minutes and new ones each time.
hypothesis_settings.register_profile(
    "ci", max_examples=60, stateful_step_count=30, deadline=None, derandomize=True, print_blob=True
)
hypothesis_settings.register_profile(
    "thorough", max_examples=2000, stateful_step_count=50, deadline=None, print_blob=True
)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

PASSWORD = "correct horse battery staple"


def pytest_unconfigure() -> None:
    # The workers of a parallel run end without the atexit hooks that would do this.
    shutil.rmtree(settings.FOLDER, ignore_errors=True)


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.fixture
def make_user(db: None) -> Callable[[str], User]:
    def make(name: str) -> User:
        return User.objects.create_user(
            username=name,
            email=f"{name}@example.org",
            password=PASSWORD,
            display_name=name.capitalize(),
        )

    return make


@pytest.fixture
def ana(make_user: Callable[[str], User]) -> User:
    """Lead."""
    return make_user("ana")


@pytest.fixture
def ben(make_user: Callable[[str], User]) -> User:
    """Operator."""
    return make_user("ben")


@pytest.fixture
def cleo(make_user: Callable[[str], User]) -> User:
    """Reviewer."""
    return make_user("cleo")


@pytest.fixture
def dora(make_user: Callable[[str], User]) -> User:
    """Stranger: an account that belongs to no team of the others."""
    return make_user("dora")


@pytest.fixture
def sign_in() -> Callable[[User], Client]:
    def sign_in_as(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in_as


@pytest.fixture
def _guards_back(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    yield
    with django_db_blocker.unblock():
        install_append_only_guards()
        connection.close()


@pytest.fixture
def committed_db(_guards_back: None, transactional_db: None) -> Iterator[None]:
    """Real commits, for races between threads; use it instead of transactional_db.

    The order matters: the guards go before Django empties the tables and come back after it.
    """
    yield
    cache.clear()
    remove_append_only_guards()
