"""What a solution package says about itself, read out of its zip without unpacking it.

Two shapes are known: a solution with its `solution.xml`, and a download that holds such solutions as
inner zips, one level deep. Only `solution.xml` is ever opened, in memory, with a counter.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from runbook.domain.diagnosis.surfaces.handed import Unreadable
from runbook.domain.diagnosis.surfaces.xml_feed import check_element, feed
from runbook.domain.diagnosis.surfaces.zip_directory import Content, Entry, entries_of, unpacked

ENTRIES = 20_000
DIRECTORY = 8 * 1024 * 1024
INNER = 40
INNER_SIZE = 96 * 1024 * 1024
INNER_TOTAL = 256 * 1024 * 1024
_MANIFEST = "solution.xml"
_MANIFEST_SIZE = 4 * 1024 * 1024
_TEXT = 200

NO_PACKAGE = "This zip holds no solution: neither a solution.xml nor packages that have one."
NESTED = "This zip is nested deeper than any package is; it is not opened."
TOO_MANY = "This zip holds more packages than a download has; hand in the one that is installed."
NO_NAME = "The solution.xml in this zip names no solution; it is damaged, or not from an export."


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One solution: names, version, and whether it is managed; `file` is its inner zip, if any."""

    name: str
    version: str
    managed: str
    title: str = ""
    file: str = ""


def packages_of(data: Content) -> tuple[Package, ...]:
    """The solutions that a zip holds; raises Unreadable for every other zip."""
    entries = _entries(data)
    own = _manifest(entries)
    if own is not None:
        if _zips(entries):
            raise Unreadable(NESTED)
        return (_read(data, own),)
    inner = _zips(entries)
    if len(inner) > INNER or sum(entry.size for entry in inner) > INNER_TOTAL:
        raise Unreadable(TOO_MANY)
    found = [each for each in (_inner(data, entry) for entry in inner) if each is not None]
    if not found:
        raise Unreadable(NO_PACKAGE)
    return tuple(found)


def _entries(data: Content) -> tuple[Entry, ...]:
    return entries_of(data, most=ENTRIES, directory=DIRECTORY)


def _manifest(entries: Sequence[Entry]) -> Entry | None:
    return next((entry for entry in entries if entry.name.lower() == _MANIFEST), None)


def _zips(entries: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.name.lower().endswith(".zip")]


def _inner(data: Content, entry: Entry) -> Package | None:
    """The solution in an inner zip, None for one that is something else."""
    content = unpacked(data, entry, limit=INNER_SIZE)
    entries = _entries(content)
    if _zips(entries):
        raise Unreadable(NESTED)
    manifest = _manifest(entries)
    return _read(content, manifest, file=entry.name) if manifest else None


def _read(data: Content, entry: Entry, *, file: str = "") -> Package:
    """The facts of a `solution.xml`; the first of each kind counts, those below it are dependencies."""
    path: list[str] = []
    found: dict[str, str] = {}

    def start(name: str, attributes: list[str]) -> None:
        check_element(len(path) + 1, attributes)
        path.append(name)
        if path == [*_HOME, "LocalizedNames", "LocalizedName"]:
            said = dict(zip(attributes[::2], attributes[1::2], strict=False))
            found.setdefault("title", said.get("description", "")[:_TEXT])

    def end(_: str) -> None:
        path.pop()

    def characters(text: str) -> None:
        if len(path) == 3 and path[:2] == _HOME and path[2] in _FACTS:
            found[path[2]] = (found.get(path[2], "") + text)[:_TEXT]

    content = unpacked(data, entry, limit=_MANIFEST_SIZE)
    feed(content, start=start, end=end, characters=characters, is_utf8=False)
    facts = {key: " ".join(text.split()) for key, text in found.items()}
    if not facts.get("UniqueName"):
        raise Unreadable(NO_NAME)
    return Package(
        name=facts["UniqueName"],
        version=facts.get("Version", ""),
        managed={"1": "managed", "0": "unmanaged"}.get(facts.get("Managed", ""), ""),
        title=facts.get("title", ""),
        file=file[:_TEXT],
    )


_HOME = ["ImportExportXml", "SolutionManifest"]
_FACTS = frozenset({"UniqueName", "Version", "Managed"})
