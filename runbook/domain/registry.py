"""Collects what multiplies: one file, one item, each with a slug of its own."""

import importlib
import pkgutil
from types import ModuleType
from typing import Protocol, TypeVar


class Slugged(Protocol):
    """Anything that is found by its slug."""

    @property
    def slug(self) -> str: ...


Item = TypeVar("Item", bound=Slugged)


def collect(package: ModuleType, attribute: str, *, kind: type[Item]) -> dict[str, Item]:
    """The item of each file in the package by slug, in the order of the file names.

    TypeError names a file whose attribute is missing or of another kind, ValueError a slug that two
    files use.
    """
    found: dict[str, Item] = {}
    for name in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        module = importlib.import_module(f"{package.__name__}.{name}")
        item = getattr(module, attribute, None)
        if not isinstance(item, kind):
            raise TypeError(f"{module.__name__}.{attribute} is no {kind.__name__}")
        if item.slug in found:
            raise ValueError(f"{module.__name__} uses the slug {item.slug!r} a second time")
        found[item.slug] = item
    return found
