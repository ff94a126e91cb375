"""Version strings of two to four parts, compared part by part as integers (`coe-upgrade.md` 1.1)."""

Version = tuple[int, ...]


def parse_version(text: str) -> Version:
    """The version as integers; ValueError with a sentence for anything else. `4.9` < `4.29`."""
    parts = text.strip().split(".")
    if not 2 <= len(parts) <= 4 or not all(p.isascii() and p.isdigit() for p in parts):
        raise ValueError("A version has two to four numbers with dots between them, like 4.50.6.")
    if any(len(part) > 10 for part in parts):
        raise ValueError("A part of the version is too long to be right.")
    return tuple(int(part) for part in parts)


def is_same(first: str, second: str) -> bool:
    """Whether two versions are equal; missing parts count as zero."""
    return _padded(first) == _padded(second)


def is_higher(first: str, second: str) -> bool:
    """Whether the first version is higher than the second."""
    return _padded(first) > _padded(second)


def _padded(text: str) -> Version:
    version = parse_version(text)
    return version + (0,) * (4 - len(version))
