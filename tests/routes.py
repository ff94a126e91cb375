"""Every address the product answers, with made-up arguments, for tests that cover all of them."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

# One value per converter and per group name of allauth's regular expressions.
SAMPLES: dict[str, Any] = {
    "int": 1,
    "str": "sample",
    "string": "sample",
    "slug": "sample",
    "path": "sample",
    "uuid": UUID("00000000-0000-4000-8000-000000000000"),
    "uuidstr": "00000000-0000-4000-8000-000000000000",  # the API's
    "key": "sample",
    "uidb36": "1",
}


def all_routes() -> dict[str, str]:
    """Name of a route -> a path that leads to it."""
    return {
        str(pattern.name): _path(pattern, kinds)
        for pattern, kinds in _patterns(get_resolver().url_patterns, {})
    }


def _patterns(
    patterns: list[URLPattern | URLResolver], above: dict[str, str]
) -> Iterator[tuple[URLPattern, dict[str, str]]]:
    """Each route with the kinds of its arguments, those from the parts above it included."""
    for pattern in patterns:
        kinds = above | _kinds(pattern)
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns, kinds)
        else:
            assert pattern.name, f"The route {pattern.pattern} has no name."
            yield pattern, kinds


def _kinds(pattern: URLPattern | URLResolver) -> dict[str, str]:
    converters = pattern.pattern.converters
    names = {name: type(converter).__name__ for name, converter in converters.items()}
    kinds = {name: kind.removesuffix("Converter").lower() for name, kind in names.items()}
    groups = getattr(pattern.pattern, "regex", None)
    if groups is not None:
        kinds = {name: kinds.get(name, name) for name in groups.groupindex}
    return kinds


def _path(pattern: URLPattern, kinds: dict[str, str]) -> str:
    try:
        return reverse(pattern.name, kwargs={name: SAMPLES[kind] for name, kind in kinds.items()})
    except (KeyError, NoReverseMatch) as error:
        raise AssertionError(
            f"Add a sample value for {pattern.name} to tests/routes.py."
        ) from error
