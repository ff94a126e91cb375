"""People: who signs in, and the opaque name under which the event log knows them."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models


def new_actor_id() -> str:
    return uuid.uuid4().hex


class User(AbstractUser):
    # Events name this instead of a name or a row number: it survives a rename and says nothing
    # about the person once the account is gone.
    actor_id = models.CharField(max_length=32, unique=True, default=new_actor_id, editable=False)
    display_name = models.CharField(max_length=150, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")

    def __str__(self) -> str:
        return self.display_name or self.username
