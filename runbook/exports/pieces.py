"""A file while it is written: texts put together to pieces worth handing on, never all at once."""

from collections.abc import Iterable, Iterator
from itertools import chain

_PIECE = 64 * 1024


def encoded(texts: Iterable[str]) -> Iterator[bytes]:
    """The texts one after the other as UTF-8; the first goes out before the second is asked for."""
    held: list[str] = []
    length = _PIECE
    for text in texts:
        held.append(text)
        length += len(text)
        if length >= _PIECE:
            yield "".join(held).encode()
            held, length = [], 0
    if held:
        yield "".join(held).encode()


def between(sign: str, texts: Iterable[str]) -> Iterator[str]:
    """The texts with the sign between them, as `join` puts it."""
    for number, text in enumerate(texts):
        if number:
            yield sign
        yield text


def or_else(texts: Iterable[str], otherwise: str) -> Iterator[str]:
    """The texts, or the other one if there are none."""
    found = iter(texts)
    yield next(found, otherwise)
    yield from found


def begun(texts: Iterable[str], *heads: str) -> Iterator[str]:
    """The texts under their heads; nothing at all without texts."""
    found = iter(texts)
    for first in found:
        yield from chain(heads, [first], found)
