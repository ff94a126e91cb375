#!/usr/bin/env python
"""Django's command line, told where this product keeps its settings and its local secret."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "runbook.settings")
    # A person who tries the product on their own machine has no secret to give. Only this entry
    # point names a file to keep one in; a server that imports runbook.asgi or runbook.wsgi
    # directly refuses to start without SECRET_KEY, and so does a site served by https.
    os.environ.setdefault("SECRET_KEY_FILE", "data/secret_key")
    execute_from_command_line(sys.argv)
