#!/usr/bin/env python3
"""Checks a record that Upgrade Runbook handed out, without the product and without a network.

    python3 verify.py record.zip --fingerprint "1A2B 3C4D 5E6F 7081 92A3 B4C5 D6E7 F809"

Takes the ZIP or the folder it was unpacked to, prints one sentence, and ends with
  0  intact: everything is as it was when the head was signed
  1  tampered: something was changed, moved, added or taken away
  2  malformed: no such record, or not in the one form that such a record has
  3  not provable: consistent, but unsigned, of an unknown signer, or with redacted texts

A key inside a record proves nothing: a forger puts his own there. Ask the installation for the
fingerprint, and take this file from the product, not from the archive that you doubt.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import mmap
import os
import re
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

KIND = "upgrade-runbook.record"
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
HASH = re.compile(r"[0-9a-f]{64}")
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)?")
NOT_COVERED = "not covered by commitment"
REPACKED = "the archive was changed or packed anew; unpack it and verify the folder"
KINDS = {"int": int, "str": str, "bool": bool, "list": list, "dict": dict}


def shape(words: str) -> dict[str, tuple[type, ...]]:
    """Keys with the types that their values may have."""
    pairs = (word.split(":") for word in words.split())
    return {n: (KINDS[kind.rstrip("?")], type(None))[: len(kind.split("?"))] for n, kind in pairs}


GENESIS = shape("v:int instance:str run:str created:str plan_digest:str")
HEADER = shape(
    "v:int run:str seq:int prev:str type:str at:str at_flag:str? actor:str actor_kind:str "
    "run_version:int payload_commit:str"
)
LINE = shape("header:dict payload:dict? salt:str?")
DERIVED = shape("header:dict payload:dict? redacted:dict salt:str?")
REDACTED = shape("detail:str headline:str note:str")
HEAD = shape("v:int instance:str run:str size:int head:str state_digest:str at:str key_id:str?")
SIGNED_HEAD = shape("body:dict signature:str?")
KEYS = shape("v:int keys:list")
KEY = shape("statement:dict signature:str endorsement:str?")
STATEMENT = shape("v:int instance:str key_id:str public:str from:str after:str? seq:int")
MANIFEST = shape("v:int kind:str profile:str derived:bool run:str size:int head:str files:list")
FILE = shape("name:str size:int sha256:str")
TEXT = shape("salt:str text:str")


class Refusal(Exception):
    """The record does not pass: the exit code, and a sentence."""


def must(holds: object, sentence: str, *, code: int = 1) -> None:
    """Tampered unless it holds."""
    if not holds:
        raise Refusal(code, sentence)


formed = functools.partial(must, code=2)  # malformed unless it holds
_dumps = functools.partial(json.dumps, ensure_ascii=False, separators=(",", ":"))
_number = functools.partial(int.from_bytes, byteorder="little")


def canonical(text: str) -> str:
    """The one form of a JSON text (RFC 8785); ValueError for floats, large integers, double keys."""
    value = json.loads(
        text, object_pairs_hook=_object, parse_int=_integer, parse_float=int, parse_constant=int
    )
    found = _dumps(value)
    found.encode("utf-8")  # half a surrogate pair has no bytes
    return found


def read(data: bytes, what: str) -> Any:
    """The value of a canonical text; anything that is not exactly that is malformed."""
    try:
        text = data.decode("utf-8")
        same = canonical(text) == text
    except (ValueError, RecursionError) as problem:
        raise Refusal(2, f"{what} cannot be read: {str(problem)[:80]}") from None
    formed(same, f"{what} is not in canonical form")
    return json.loads(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(sorted(pairs, key=lambda pair: pair[0].encode("utf-16-be")))
    if len(made) != len(pairs):
        raise ValueError("a key stands there twice")
    return made


def _integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) >= 2**53:
        raise ValueError("an integer is too large")
    return int(text)


def _shaped(value: Any, form: dict[str, tuple[type, ...]], what: str) -> dict[str, Any]:
    """The object, if it has exactly these keys with values of these types and a known version."""
    formed(type(value) is dict and set(value) == set(form), f"{what} has other keys than it must")
    wrong = [key for key, kinds in form.items() if type(value[key]) not in kinds]
    formed(not wrong, f"{what} has a value of another type under {wrong}")
    formed(value.get("v", 1) == 1, f"{what} is of a version that this verifier does not know")
    return dict(value)


def digest(tag: str, content: bytes) -> str:
    """SHA-256 of the tag, a zero byte and the content."""
    return hashlib.sha256(tag.encode("ascii") + b"\x00" + content).hexdigest()


def groups(text: str) -> str:
    """The first 32 hex digits as eight groups of four."""
    return " ".join(text[start : start + 4].upper() for start in range(0, 32, 4))


P = 2**255 - 19  # of Ed25519, RFC 8032
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def _is_signed(public: str, signature: str, message: bytes) -> bool:
    """Whether the private half of this key signed the message."""
    formed(re.fullmatch("[0-9a-f]{128}", signature), "A signature is not written as such")
    start, scalar = bytes.fromhex(signature[:64]), bytes.fromhex(signature[64:])
    key, nonce, number = _point(bytes.fromhex(public)), _point(start), _number(scalar)
    if key is None or nonce is None or number >= ORDER:
        return False
    hashed = hashlib.sha512(start + bytes.fromhex(public) + message).digest()
    left, right = _times(number, BASE), _add(nonce, _times(_number(hashed) % ORDER, key))
    return all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))


def _point(data: bytes) -> Any:
    sign, y = _number(data) >> 255, _number(data) & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


def _add(one: tuple[int, ...], two: tuple[int, ...]) -> tuple[int, ...]:
    a, b = (one[1] - one[0]) * (two[1] - two[0]), (one[1] + one[0]) * (two[1] + two[0])
    c, d = 2 * one[3] * two[3] * D, 2 * one[2] * two[2]
    e, f, g, h = (b - a) % P, (d - c) % P, (d + c) % P, (b + a) % P
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _times(number: int, point: tuple[int, ...]) -> tuple[int, ...]:
    result: tuple[int, ...] = (0, 1, 1, 0)
    for bit in f"{number:b}":
        result = _add(result, result)
        result = _add(result, point) if bit == "1" else result
    return result


BASE = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def dos_time(at: str) -> tuple[int, int]:
    """Time and date as ZIP has them, from a moment in UTC."""
    year, month, day, hour, minute, second = (int(each) for each in re.findall("[0-9]+", at)[:6])
    return hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day


def entry(name: str, *, crc: int, size: int, when: tuple[int, int], offset: int) -> list[bytes]:
    """What a ZIP says about a content: right before it, and in the directory at the end."""
    same = (20, 0, 0, *when, crc, size, size, len(name), 0)
    before = struct.pack("<4s5H3L2H", b"PK\x03\x04", *same)
    rest = (0, 0, 0, 0o100644 << 16, offset)
    about = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 0x0314, *same, *rest)
    return [before + name.encode("ascii"), about + name.encode("ascii")]


def directory_end(*, count: int, size: int, offset: int) -> bytes:
    """What stands at the very end."""
    return struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, size, offset, 0)


class Archive:
    """Named contents from a ZIP or a folder; a ZIP has their sums and one time as well."""

    def __init__(self) -> None:
        self.contents: dict[str, memoryview] = {}
        self.sums: dict[str, int] = {}
        self.when: tuple[int, int] | None = None


def opened(path: Path) -> Archive:
    """The archive or the folder at a path."""
    if not path.is_dir():
        return _zip(_mapped(path))
    archive = Archive()
    for each in path.rglob("*"):
        if not each.is_dir():
            archive.contents[each.relative_to(path).as_posix()] = _mapped(each)
    return archive


def _mapped(path: Path) -> memoryview:
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _zip(data: memoryview) -> Archive:
    """Reads the directory, and compares each byte around the contents with what it must be."""
    formed(len(data) >= 22, "this is neither a ZIP nor a folder")
    archive, place, start = Archive(), 0, len(data) - 22
    size, offset = struct.unpack("<LL", data[start + 12 : start + 20])
    directory, where = bytes(data[offset : offset + size]), 0
    while where < len(directory):
        formed(len(directory) - where > 46, REPACKED)
        found = struct.unpack("<4s6H3L5H2L", directory[where : where + 46])
        when, crc, length = found[5:7], found[7], found[9]
        name = directory[where + 46 : where + 46 + found[10]].decode("ascii", "replace")
        formed(NAME.fullmatch(name) and name not in archive.contents, "an entry has a bad name")
        about = entry(name, crc=crc, size=length, when=when, offset=place)
        formed(data[place : place + len(about[0])] == about[0], REPACKED)
        formed(directory[where : where + len(about[1])] == about[1], REPACKED)
        formed(archive.when in (None, when), REPACKED)
        place, where = place + len(about[0]) + length, where + len(about[1])
        archive.contents[name] = data[place - length : place]
        archive.sums[name], archive.when = crc, when
    end = directory_end(count=len(archive.sums), size=size, offset=place)
    formed(offset + size == start and data[start:] == end, REPACKED)
    return archive


def references(kind: str, data: dict[str, Any]) -> set[str]:
    """Digests of the texts and files that an event's content names."""
    named = ("digest", "rows_digest") if kind in ("error.captured", "evidence.added") else ()
    found = {data.get(name) for name in named}
    waiting: list[Any] = [data]
    for each in waiting:  # it grows on the way
        found |= {each.get("sha256_stored")} if isinstance(each, dict) else set()
        inside = each.values() if isinstance(each, dict) else each
        waiting.extend(one for one in inside if isinstance(one, (dict, list)))
    return {each for each in found if isinstance(each, str) and each}


class Record:
    """One record while it is read; every method refuses what does not fit."""

    def __init__(self, archive: Archive, anchors: list[tuple[int, str]]) -> None:
        self.archive, self.anchors = archive, anchors
        self.missing: set[int] = set()
        self.erased: set[int] = set()
        self.named: set[str] = set()
        self.seen: dict[int, str] = {}
        self.size, self.last_at, self.signer = 0, "", -1

    def read(self, name: str, form: dict[str, tuple[type, ...]]) -> dict[str, Any]:
        """The canonical JSON in one file."""
        formed(name in self.archive.contents, f"{name} is missing")
        return _shaped(read(bytes(self.archive.contents[name]), name), form, name)

    def check(self) -> None:
        """Everything that can be said without knowing the signer."""
        self.manifest = self.read("manifest.json", MANIFEST)
        self.genesis = self.read("genesis.json", GENESIS)
        signed = self.read("head.json", SIGNED_HEAD)
        self.head, self.signature = _shaped(signed["body"], HEAD, "head.json"), signed["signature"]
        written = self.manifest["kind"] == KIND and TIME.fullmatch(self.head["at"])
        formed(written, "this is no record of this product")
        formed((self.signature is None) == (self.head["key_id"] is None), "no key, or no signature")
        self.keys = [_key(each) for each in self.read("keys.json", KEYS)["keys"]]
        self._check_events()
        self._check_head()
        self._check_keys()
        self._check_anchors()
        self._check_texts()
        self._check_manifest()
        for name, crc in self.archive.sums.items():
            must(zlib.crc32(self.archive.contents[name]) == crc, f"{name} differs from its sum")

    def _check_events(self) -> None:
        lines = self.archive.contents.get("events.jsonl", memoryview(b""))
        formed(lines[-1:] == b"\n", "events.jsonl is missing or cut")
        self.head_hash = digest("uwlog.genesis.v1", _dumps(self.genesis).encode())
        for found in re.finditer(rb"([^\n]*)\n", lines):
            self.size += 1
            self._check_event(read(bytes(found[1]), f"Event {self.size}"), f"Event {self.size}")
        lost = sorted(self.missing - self.erased)
        must(not lost, f"Events {lost[:9]} lost their content without an erasure on record")

    def _check_event(self, value: Any, what: str) -> None:
        value = _shaped(value, DERIVED if self.manifest["derived"] else LINE, what)
        header = _shaped(value["header"], HEADER, what)
        in_place = (header["seq"], header["run"]) == (self.size, self.genesis["run"])
        must(in_place, f"{what} belongs to another place or another record")
        must(header["prev"] == self.head_hash, f"{what} does not link to the event before it")
        risen = TIME.fullmatch(header["at"]) and header["at"] > self.last_at
        must(risen, f"{what} is not later than the event before it")
        self.last_at = header["at"]
        self.head_hash = digest("uwlog.event.v1", _dumps(header).encode())
        if any(size == self.size for size, _ in self.anchors):
            self.seen[self.size] = self.head_hash
        if self.manifest["derived"]:
            said = _shaped(value["redacted"], REDACTED, what)["note"]
            honest = (value["payload"], value["salt"], said) == (None, None, NOT_COVERED)
            formed(honest, f"{what} passes a redacted text off as the original")
        elif value["payload"] is None and value["salt"] is None:
            self.missing.add(self.size)
        else:
            self._check_content(value, header, what)

    def _check_content(self, value: dict[str, Any], header: dict[str, Any], what: str) -> None:
        payload, salt = value["payload"], value["salt"]
        must(payload is not None and salt is not None, f"{what} lost one half of its content")
        formed(HASH.fullmatch(salt), f"{what} has a salt that is none")
        whole = bytes.fromhex(salt) + _dumps(payload).encode()
        same = digest("uwlog.payload.v1", whole) == header["payload_commit"]
        must(same, f"{what} has a content that was changed after it was recorded")
        data = payload["data"] if isinstance(payload.get("data"), dict) else {}
        self.named |= references(header["type"], data)
        if header["type"] == "payload.erased" and type(data.get("seq")) is int:
            self.erased |= {data["seq"]} if data["seq"] < self.size else set()

    def _check_head(self) -> None:
        head, genesis = self.head, self.genesis
        same = (head["run"], head["instance"]) == (genesis["run"], genesis["instance"])
        must(same, "The signed head is of another record")
        must(head["size"] == self.size, "The signed head tells another number of events")
        must(head["head"] == self.head_hash, "The signed head differs from the newest event's hash")
        must(self.last_at <= head["at"], "The newest event is later than the signature")
        formed(self.archive.when in (None, dos_time(head["at"])), REPACKED)
        state = self.archive.contents.get("state.json")
        same = state is None or digest("uwlog.state.v1", bytes(state)) == head["state_digest"]
        must(same, "The state differs from the one that was signed")
        plan = self.archive.contents.get("definition.json")
        same = plan is None or hashlib.sha256(plan).hexdigest() == genesis["plan_digest"]
        must(same, "The definition is not the one that the run was bound to when it began")

    def _check_keys(self) -> None:
        """Each key says when it began and which one it follows; the one before may endorse that."""
        before: dict[str, Any] = {"public": None, "from": "", "seq": -1}
        for key in self.keys:
            same = key["key_id"] == key["digest"][:16]
            must(same and key["instance"] == self.head["instance"], "A key is not what it says")
            signed = _is_signed(key["public"], key["signature"], key["message"])
            must(signed, "A key did not sign its own statement")
            must(key["after"] == before["public"], "A key does not follow the one before it")
            younger = key["from"] > before["from"] and key["seq"] > before["seq"]
            must(younger, "A key is not younger than the one before it")
            old, by = before["public"], key["endorsement"]
            endorsed = by is None or (old and _is_signed(old, by, key["message"]))
            must(endorsed, "A key was not endorsed by the one before it")
            before = key
        if self.signature is not None:
            self._check_signature()

    def _check_signature(self) -> None:
        fitting = [n for n, key in enumerate(self.keys) if key["key_id"] == self.head["key_id"]]
        must(len(fitting) == 1, "The key that signed the head is not among the keys")
        self.signer, at = fitting[0], self.head["at"]
        key, following = self.keys[self.signer], self.keys[self.signer + 1 :]
        counted = at >= key["from"] and not (following and at >= following[0]["from"])
        must(counted, "The head was signed by a key that did not count at that time")
        message = b"uwlog.head.v1\x00" + _dumps(self.head).encode()
        fits = _is_signed(key["public"], self.signature, message)
        must(fits, "The signature does not fit the head")

    def _check_anchors(self) -> None:
        for size, head in self.anchors:
            told = f"Somebody holds a head of {size} events, this record ends at {self.size}"
            must(size <= self.size, f"{told}: it was rolled back or cut")
            same = size and self.seen[size].startswith(head)
            must(same, f"Event {size} is not the one whose head somebody holds")

    def _check_texts(self) -> None:
        """The texts and files are those that the events name: none missing, none more."""
        found = set()
        for name, content in self.archive.contents.items():
            folder, _, rest = name.partition("/")
            if folder == "texts":
                found.add(rest[:64])
                said = _shaped(read(bytes(content), name), TEXT, name)
                formed(HASH.fullmatch(said["salt"]) and rest[64:] == ".json", f"{name} is no text")
                whole = bytes.fromhex(said["salt"]) + said["text"].encode()
                same = digest("uwlog.evidence.v1", whole) == rest[:64]
                must(same, f"{name} is another text than was handed in")
            elif folder == "files":
                found.add(rest)
                same = hashlib.sha256(content).hexdigest() == rest
                must(same, f"{name} is another file than was handed in")
        missing, more = sorted(self.named - found), sorted(found - self.named)
        must(not missing, f"The text or file {missing[:1]} is missing")
        must(not more, f"The text or file {more[:1]} is named by no event")

    def _check_manifest(self) -> None:
        said, head = self.manifest, self.head
        of_this = all(said[name] == head[name] for name in ("run", "size", "head"))
        must(of_this, "The manifest is of another record")
        honest = said["derived"] == (said["profile"] != "internal")
        formed(honest, "The manifest contradicts itself")
        listed = [_shaped(each, FILE, "manifest.json") for each in said["files"]]
        names = [*(each["name"] for each in listed), "manifest.json"]
        same = sorted(names) == sorted(self.archive.contents)
        must(same, "There are other files than the manifest lists")
        formed(not self.archive.sums or list(self.archive.sums) == names, REPACKED)
        for each in listed:
            content = self.archive.contents[each["name"]]
            same = hashlib.sha256(content).hexdigest() == each["sha256"]
            must(same and len(content) == each["size"], f"{each['name']} differs from the manifest")

    def trusted(self, fingerprints: list[str]) -> bool:
        """Whether the reader knows the signer, or such a key endorsed it or says to follow it."""
        own = tuple(fingerprints)
        known = {n for n, key in enumerate(self.keys) if key["digest"].startswith(own)}
        for number, key in enumerate(self.keys):
            known |= {number} if number - 1 in known and key["endorsement"] else set()
        for number in reversed(range(1, len(self.keys))):
            known |= {number - 1} if number in known else set()
        return self.signer in known


def _key(value: Any) -> dict[str, Any]:
    key = _shaped(value, KEY, "A key")
    said = _shaped(key["statement"], STATEMENT, "A key")
    written = HASH.fullmatch(said["public"]) and TIME.fullmatch(said["from"])
    formed(written, "A key is not written as keys are")
    return {
        **said,
        "digest": hashlib.sha256(bytes.fromhex(said["public"])).hexdigest(),
        "message": b"uwlog.key.v1\x00" + _dumps(said).encode(),
        "signature": key["signature"],
        "endorsement": key["endorsement"],
    }


def verified(record: Record, fingerprints: list[str]) -> str:
    """The sentence about an intact record; a Refusal for every other."""
    record.check()
    told = f"{record.size} events of run {record.head['run']}, head {groups(record.head_hash)}"
    if record.missing and not record.manifest["derived"]:
        told += f", the content of {len(record.missing)} erased"
    if record.signature is None:
        raise Refusal(3, f"Consistent, but nobody signed it: {told}")
    key = groups(record.keys[record.signer]["digest"])
    if not record.trusted(fingerprints):
        raise Refusal(3, f"Consistent, but the signer is unknown: {told}, signed by key {key}")
    told += f", signed at {record.head['at']} by key {key}"
    if record.manifest["derived"]:
        raise Refusal(3, f"The headers are intact: {told}; the texts are {NOT_COVERED}")
    return f"Intact: {told}"


def _held(text: str) -> tuple[int, str]:
    """A number and a hash, or a hash alone."""
    size, _, head = text.rpartition(":")
    plain = head.replace(" ", "").lower()
    if not re.fullmatch("[0-9]{0,15}:([0-9a-f]{32}){1,2}", f"{size}:{plain}"):
        raise argparse.ArgumentTypeError("write a hash as eight groups of four or 64 hex digits")
    return int(size or 0), plain


def main(words: list[str] | None = None) -> int:
    """Reads the command line, prints one sentence, gives the exit code."""
    parser = argparse.ArgumentParser(description="Checks a record of Upgrade Runbook.")
    parser.add_argument("path", help="the ZIP, or the folder it was unpacked to")
    for name, told in (("--fingerprint", "of a key you trust"), ("--anchor", "size:head you hold")):
        parser.add_argument(name, type=_held, help=told, action="append", default=[])
    given = parser.parse_args(words)
    try:
        record = Record(opened(Path(given.path)), given.anchor)
        code, sentence = 0, verified(record, [key for _, key in given.fingerprint])
    except Refusal as refusal:
        code, sentence = refusal.args
        sentence = ("", "Tampered: ", "Malformed: ", "")[code] + sentence
    except Exception as problem:
        code, sentence = 2, f"Malformed: {type(problem).__name__}: {str(problem)[:200]}"
    sys.stdout.write(sentence + ".\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
