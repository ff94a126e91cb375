"""One question to the database, one value back."""

from typing import Any

from django.db import connection


def value(sql: str, *values: str) -> Any:
    """The first column of the first row, None if there is no row."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row = cursor.fetchone()
    return row[0] if row else None
