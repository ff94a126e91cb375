"""Reads the directory of a zip by itself, strictly, and unpacks single files with a byte counter.

Refused before anything is unpacked: zip64, several disks, encryption, unknown methods, overlapping
or misplaced data, lying counts, links, unsafe or doubled names, and ratios that only a bomb has.
"""

import mmap
import struct
import zlib
from dataclasses import dataclass
from itertools import pairwise

from runbook.domain.diagnosis.surfaces.handed import Unreadable
from runbook.domain.diagnosis.surfaces.limits import (
    ZIP_DIRECTORY,
    ZIP_ENTRIES,
    ZIP_RATIO,
    ZIP_RATIO_FROM,
    ZIP_TOTAL,
)

#: A zip in memory, or one that is read where it lies.
Content = bytes | mmap.mmap

DAMAGED = "The zip is damaged or incomplete; download it again."
HOSTILE = "The zip is built in a way that no download has; it is not opened."
ENCRYPTED = "The zip is protected with a password; unpack it and hand in the log inside."
BOMB = "The zip would unpack to far more than a log; it is not opened."
BAD_NAMES = "The zip holds unsafe or doubled file names; it is not opened."

_END, _ENTRY, _LOCAL = b"PK\x05\x06", b"PK\x01\x02", b"PK\x03\x04"
_END_SIZE, _ENTRY_SIZE, _LOCAL_SIZE = 22, 46, 30
_STORED, _DEFLATED = 0, 8
_PROTECTED = 0x1 | 0x40 | 0x2000
_LINK = 0o120000
_UNSEEN = frozenset(
    chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of a zip; `begin` and `end` bound its packed bytes."""

    name: str
    method: int
    crc: int
    size: int
    begin: int
    end: int


def entries_of(
    data: Content, *, most: int = ZIP_ENTRIES, directory: int = ZIP_DIRECTORY
) -> tuple[Entry, ...]:
    """All files of a zip in the order of its directory; raises Unreadable on anything odd.

    `most` are the files that it may hold, `directory` the bytes that may name them.
    """
    try:
        found = _directory(data, most=most, longest=directory)
    except (struct.error, IndexError) as error:
        raise Unreadable(DAMAGED) from error
    folded = [entry.name.casefold() for entry in found]
    if len(set(folded)) != len(folded) or any(_is_unsafe(entry.name) for entry in found):
        raise Unreadable(BAD_NAMES)
    if sum(entry.size for entry in found) > ZIP_TOTAL:
        raise Unreadable(BOMB)
    return tuple(entry for entry in found if not entry.name.endswith("/"))


def unpacked(data: Content, entry: Entry, *, limit: int) -> bytes:
    """The bytes of one file, in memory; never more than it declares nor than the limit."""
    packed = data[entry.begin : entry.end]
    if entry.size > limit:
        raise Unreadable(BOMB)
    if entry.method == _STORED:
        content = packed
    else:
        machine = zlib.decompressobj(-15)
        try:
            content = machine.decompress(packed, entry.size + 1)
        except zlib.error as error:
            raise Unreadable(DAMAGED) from error
    if len(content) > entry.size:
        raise Unreadable(BOMB)
    if len(content) != entry.size or zlib.crc32(content) != entry.crc:
        raise Unreadable(DAMAGED)
    return content


def _directory(data: Content, *, most: int, longest: int) -> list[Entry]:
    end = data.rfind(_END, max(0, len(data) - _END_SIZE - 0xFFFF))
    if end < 0:
        raise Unreadable(DAMAGED)
    disk, first_disk, here, count, size, start, comment = struct.unpack_from(
        "<HHHHIIH", data, end + 4
    )
    if 0xFFFF in (here, count) or 0xFFFFFFFF in (size, start) or disk or first_disk:
        raise Unreadable(HOSTILE)
    if here != count or start + size != end or end + _END_SIZE + comment != len(data):
        raise Unreadable(HOSTILE)
    if count > most or size > longest:
        raise Unreadable(HOSTILE)
    found, place = [], start
    for _ in range(count):
        entry, place = _entry(data, place, directory=start)
        found.append(entry)
    if place != end or _overlap(found):
        raise Unreadable(HOSTILE)
    return found


def _overlap(found: list[Entry]) -> bool:
    """Whether two files share bytes, as in a bomb that packs one stretch many times."""
    ordered = sorted(found, key=lambda each: each.begin)
    return any(after.begin < before.end for before, after in pairwise(ordered))


def _entry(data: Content, place: int, *, directory: int) -> tuple[Entry, int]:
    if data[place : place + 4] != _ENTRY:
        raise Unreadable(DAMAGED)
    fields = struct.unpack_from("<HHHHHHIIIHHHHHII", data, place + 4)
    flags, method, crc, packed, size = fields[2], fields[3], fields[6], fields[7], fields[8]
    name_size, extra, comment, mode, local = (
        fields[9],
        fields[10],
        fields[11],
        fields[14],
        fields[15],
    )
    if flags & _PROTECTED:
        raise Unreadable(ENCRYPTED)
    if method not in (_STORED, _DEFLATED) or (mode >> 16) & 0o170000 == _LINK:
        raise Unreadable(HOSTILE)
    if size > ZIP_RATIO_FROM and size > ZIP_RATIO * max(packed, 1):
        raise Unreadable(BOMB)
    raw = data[place + _ENTRY_SIZE : place + _ENTRY_SIZE + name_size]
    begin = local + _LOCAL_SIZE
    if local >= directory or data[local : local + 4] != _LOCAL:
        raise Unreadable(HOSTILE)
    local_name, local_extra = struct.unpack_from("<HH", data, local + 26)
    if data[begin : begin + local_name] != raw:
        raise Unreadable(HOSTILE)
    begin += local_name + local_extra
    if begin + packed > directory or (method == _STORED and packed != size):
        raise Unreadable(HOSTILE)
    entry = Entry(
        name=raw.decode("utf-8" if flags & 0x800 else "cp437", "replace"),
        method=method,
        crc=crc,
        size=size,
        begin=begin,
        end=begin + packed,
    )
    return entry, place + _ENTRY_SIZE + name_size + extra + comment


def _is_unsafe(name: str) -> bool:
    parts = name.split("/")
    return (
        not name
        or name.startswith("/")
        or "\\" in name
        or ":" in name
        or ".." in parts
        or any(ord(char) < 32 or char in _UNSEEN for char in name)
    )
