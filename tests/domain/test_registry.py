"""Items are found by their files; a wrong or doubled one is refused by name."""

import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from runbook.domain.registry import collect

NAME = "shelf_of_the_test"


@dataclass(frozen=True, slots=True)
class Item:
    slug: str


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., ModuleType]]:
    def build(**files: str) -> ModuleType:
        folder = tmp_path / NAME
        folder.mkdir()
        (folder / "__init__.py").touch()
        for name, value in files.items():
            text = f"from {__name__} import Item\nITEM = {value}\n"
            (folder / f"{name}.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__, ITSELF))
        importlib.invalidate_caches()
        return importlib.import_module(NAME)

    yield build
    for name in [name for name in sys.modules if name.split(".")[0] == NAME]:
        del sys.modules[name]


ITSELF = ModuleType(__name__)
ITSELF.Item = Item  # type: ignore[attr-defined]


def test_one_file_is_one_item_in_the_order_of_names(shelf: Callable[..., ModuleType]) -> None:
    found = collect(shelf(b="Item('x')", a="Item('y')"), "ITEM", kind=Item)

    assert list(found) == ["y", "x"]


def test_a_slug_counts_once(shelf: Callable[..., ModuleType]) -> None:
    with pytest.raises(ValueError, match=r"shelf_of_the_test.b uses the slug 'x' a second time"):
        collect(shelf(a="Item('x')", b="Item('x')"), "ITEM", kind=Item)


def test_a_file_without_an_item_is_named(shelf: Callable[..., ModuleType]) -> None:
    with pytest.raises(TypeError, match=r"shelf_of_the_test.a.ITEM is no Item"):
        collect(shelf(a="None"), "ITEM", kind=Item)
