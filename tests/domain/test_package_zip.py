"""A package tells its names and versions; one that is built to harm is refused unread (IN-06, IN-07)."""

import struct
import time
import tracemalloc
import zipfile

import pytest

from runbook.domain import package_zip
from runbook.domain.diagnosis.surfaces.handed import Unreadable
from runbook.domain.package_zip import Package, packages_of
from tests.handed_files import MANIFEST, kit, solution, zipped

MIB = 1024 * 1024
GOOD = MANIFEST.format(name="Lamp", version="1.0", title="Lamp")


def test_a_solution_tells_its_name_version_and_kind() -> None:
    assert packages_of(solution()) == (
        Package(name="Lamp", version="4.29.1", managed="managed", title="The Lamp"),
    )


def test_a_download_tells_of_each_package_inside() -> None:
    found = packages_of(kit())

    assert [(each.file, each.name, each.version) for each in found] == [
        ("Lamp.zip", "Lamp", "4.29.1"),
        ("Tower.zip", "Tower", "2.0"),
    ]


def test_nothing_but_the_manifest_is_read() -> None:
    assert "TOPSECRET" not in repr(packages_of(solution()))
    unreadable = zipped({"solution.xml": GOOD, "customizations.xml": "<!DOCTYPE x><x/>"})
    assert packages_of(unreadable)[0].name == "Lamp"


def overlapping() -> bytes:
    """Two names for one stretch of data, as in the bomb that packs it many times."""
    data = bytearray(zipped({"a.bin": b"x" * 5000, "solution.xml": GOOD}))
    entry = data.rfind(b"PK\x01\x02")
    first = data.find(b"PK\x01\x02")
    data[entry + 42 : entry + 46] = data[first + 42 : first + 46]
    return bytes(data)


def changed(at: int, value: int, *, form: str = "<I") -> bytes:
    """A package whose directory lies about the manifest."""
    data = bytearray(zipped({"solution.xml": GOOD}))
    struct.pack_into(form, data, data.find(b"PK\x01\x02") + at, value)
    return bytes(data)


def many(count: int) -> bytes:
    return zipped({f"{number:05}": b"" for number in range(count)}, method=zipfile.ZIP_STORED)


def deep(levels: int) -> bytes:
    content = solution()
    for level in range(levels):
        content = zipped({f"{level}.zip": content})
    return content


def zip64() -> bytes:
    data = bytearray(zipped({"solution.xml": GOOD}))
    end = data.rfind(b"PK\x05\x06")
    struct.pack_into("<HH", data, end + 8, 0xFFFF, 0xFFFF)
    return bytes(data)


BOMBS = {
    "1000 to 1": lambda: zipped({"solution.xml": GOOD, "x": b"\0" * (8 * MIB)}),
    "manifest of zeros": lambda: zipped({"solution.xml": b" " * (6 * MIB)}),
    "declares too much": lambda: changed(24, 0xFFFFFF00),
    "overlapping": overlapping,
    "lies about the size": lambda: changed(24, 10),
    "lies about the sum": lambda: changed(16, 1),
    "65 000 entries": lambda: many(65_000),
    "three deep": lambda: deep(3),
    "two deep": lambda: deep(2),
    "zips beside a manifest": lambda: zipped({"solution.xml": GOOD, "a.zip": solution()}),
    "too many packages": lambda: zipped({f"{n}.zip": solution() for n in range(41)}),
    "zip64": zip64,
    "encrypted": lambda: changed(8, 1, form="<H"),
    "unknown method": lambda: changed(10, 14, form="<H"),
    "cut off": lambda: solution()[:-30],
    "no zip": lambda: b"PK\x03\x04" + b"\0" * 100,
    "no solution": lambda: zipped({"a.txt": "x"}),
    "packages without one": lambda: zipped({"a.zip": zipped({"a.txt": "x"})}),
    "no name": lambda: zipped({"solution.xml": "<ImportExportXml/>"}),
    "document type": lambda: zipped({"solution.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
}


@pytest.mark.parametrize("case", BOMBS)
def test_a_bomb_is_refused_before_it_takes_memory_or_time(case: str) -> None:
    content = BOMBS[case]()
    tracemalloc.start()
    begun = time.process_time()
    try:
        with pytest.raises(Unreadable):
            packages_of(content)
        grown = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert grown < 64 * MIB
    assert time.process_time() - begun < 2


SLIPS = (
    "../solution.xml",
    "/etc/passwd",
    "C:evil.txt",
    "a\\b.txt",
    "a\x01b.txt",
    "a/../../b.txt",
    "\u202egpj.exe",
    "\u2066a.txt",
)


@pytest.mark.parametrize("name", SLIPS)
def test_a_name_that_leads_elsewhere_refuses_the_whole_package(name: str) -> None:
    with pytest.raises(Unreadable, match="unsafe or doubled"):
        packages_of(zipped({"solution.xml": GOOD, name: "x"}))


def test_doubled_names_and_links_are_refused() -> None:
    with pytest.raises(Unreadable):
        packages_of(zipped({"solution.xml": GOOD, "SOLUTION.XML": GOOD}))
    with pytest.raises(Unreadable):
        packages_of(changed(38, 0o120777 << 16))


def test_an_honest_package_of_many_files_is_read() -> None:
    files = {f"WebResources/{number}.js": b"x" for number in range(15_000)}
    assert packages_of(zipped({"solution.xml": GOOD, **files}))[0].name == "Lamp"


def test_the_limits_are_what_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without them the same content is read: it is the guard that stops it, not chance."""
    monkeypatch.setattr(package_zip, "_zips", lambda entries: [])
    content = zipped({"solution.xml": GOOD, "a.zip": solution()})

    assert packages_of(content)[0].name == "Lamp"
