"""Made-up things for the shapes of the corpora: names, ids and secrets that belong to nobody."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runbook.domain.redaction import Kind

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
LINE, TAB = "⏎", "⇥"
ROUNDS = 2


def _hex(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def _letters(word: str) -> str:
    return base64.b64encode(hashlib.sha512(word.encode()).digest()).decode()


def guid(word: str) -> str:
    """A GUID of version 4 made from a word."""
    digits = _hex(word)
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"


def _plain(word: str) -> str:
    return _letters(word).replace("+", "x").replace("/", "Y").replace("=", "z")


def _jwt(word: str) -> str:
    return f"eyJ{_plain(word)[:33]}.eyJ{_plain(word + '1')[:50]}.{_plain(word + '2')[:43]}"


_ORGANIZATIONS = ("contoso", "fabrikam-prod", "northwind7")
_MAILS = ("ana.keller@contoso.example", "B_OWEN+kit@mail.fabrikam.co.uk", "jürgen@müller-bau.de")
_USERS = ("akeller", "ben.owen", "j_mueller2")
_NAMES = ("Ana Keller", "Ben van der Owen", "Jürgen Müller-Brandt")
_GUESTS = (
    "ana.keller_fabrikam.example#EXT#@contoso.onmicrosoft.com",
    "b_owen_mail.fabrikam.co.uk#EXT#@northwind.onmicrosoft.com",
    "jo_wingtip.example#ext#@contoso.example",
)
_COMPANIES = ("Northwind Traders", "Wingtip Toys", "Fabrikam")
_ADDRESSES = ("203.0.113.77", "10.14.3.200", "192.168.178.23")
_ADDRESSES_6 = (
    "2001:db8:85a3::8a2e:370:7334",
    "2001:0db8:0000:0042:0000:8a2e:0370:7334",
    "fe80::1c2d:3e4f:aa",
)
_PASSWORDS = ("Winter2026!x", "k3ttle-Lamp_77", "pa$$w0rd(9)")


def values(number: int) -> dict[str, str]:
    """One value for each placeholder; other numbers give others."""
    word = f"redaction {number}"
    pick = number % 3
    digits = _hex(word)
    return {
        "guid": guid(word),
        "GUID": guid(word).upper(),
        "org": _ORGANIZATIONS[pick],
        "hex8": digits[:8],
        "hex29": digits[:29],
        "hexhost": f"{digits[:30]}.{digits[30:32]}",
        "mail": _MAILS[pick],
        "user": _USERS[pick],
        "fullname": _NAMES[pick],
        "guest": _GUESTS[pick],
        "guest_encoded": _GUESTS[pick].replace("#", "%23"),
        "company": _COMPANIES[pick],
        "ip": _ADDRESSES[pick],
        "ipv6": _ADDRESSES_6[pick],
        "password": _PASSWORDS[pick],
        "jwt": _jwt(word),
        "opaque": _plain(word)[:64],
        "refresh": "0.A" + _plain(word)[:70],
        "basic": base64.b64encode(f"ana:{_PASSWORDS[pick]}".encode()).decode(),
        "sig": _plain(word)[:41] + "%3D",
        "key88": _letters(word)[:86] + "==",
        "key44": _letters(word)[:43] + "=",
        "key56": _plain(word)[:54] + "==",
        "entra": "abc8Q~" + _plain(word)[:34],
        "hex32": digits[:32],
        "hex64": digits,
        "alnum36": _plain(word)[:36],
        "upper16": _plain(word)[:16].upper(),
        "url43": _plain(word)[:43],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One text of a corpus, with the words in it that must go, if any."""

    kind: Kind | None
    text: str
    hidden: str = ""


def _rows(name: str) -> Iterator[tuple[str, str]]:
    for line in (SAMPLES / name).read_text(encoding="utf-8").splitlines():
        kind, _, shape = line.partition("\t")
        yield kind, shape.replace(LINE, "\n").replace(TAB, "\t")


def identifiers() -> list[Item]:
    """Every hand-written shape with two sets of values; the first placeholder of its kind must go."""
    found = []
    for row, (kind, shape) in enumerate(_rows("redaction_identifiers.tsv")):
        for turn in range(ROUNDS):
            given = values(row * ROUNDS + turn)
            if kind == "person":
                given |= {"mail": "desk@contoso.example"}
            name = next(name for name in given if f"{{{name}}}" in shape and _tells(kind, name))
            found.append(Item(kind=Kind(kind), text=_filled(shape, given), hidden=given[name]))
    return found


def _tells(kind: str, name: str) -> bool:
    return name == "fullname" if kind == "person" else True


def must_survive() -> list[Item]:
    """Texts of which no character may change."""
    return [
        Item(kind=None, text=_filled(shape, values(row)))
        for row, (_, shape) in enumerate(_rows("redaction_must_survive.tsv"))
    ]


def _filled(shape: str, given: dict[str, str]) -> str:
    for name, value in given.items():
        shape = shape.replace(f"{{{name}}}", value)
    return shape
