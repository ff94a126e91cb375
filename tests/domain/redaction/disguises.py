"""Ways in which a text hides what it says: encodings, invisible marks, wraps (RD-04)."""

import json
from collections.abc import Callable
from html import escape
from urllib.parse import quote

from tests.domain.redaction.corpus import values

Disguise = Callable[[str], str]
_GIVEN = values(7)
PUNCTUATION = "@.:/=#-\\&?_"

#: What must go, and the words in front of and behind it that may be disguised with it.
THINGS: dict[str, tuple[str, str, str]] = {
    "token": ("Authorization: Bearer ", _GIVEN["jwt"], ""),
    "signature": (
        "https://prod-1.westus.logic.azure.com/workflows/a/invoke?sp=x&sig=",
        _GIVEN["sig"].replace("%3D", ""),
        "",
    ),
    "storage key": ("AccountName=kit;AccountKey=", _GIVEN["key88"], ";Suffix=x"),
    "client secret": ("secret ", _GIVEN["entra"], " expired"),
    "e-mail": ("belongs to ", _GIVEN["mail"], " now"),
    "guest": ("belongs to ", _GIVEN["guest"], " now"),
    "tenant": ("Tenant ID: ", _GIVEN["guid"], ""),
    "environment": ('"environmentId":"', _GIVEN["guid"], '"'),
    "default environment": ("in Default-", _GIVEN["guid"], " now"),
    "login": ("https://login.microsoftonline.com/", _GIVEN["guid"], "/oauth2/token"),
    "org": ("https://", "fabrikam-prod", ".crm4.dynamics.com/main.aspx"),
    "tenant name": ("at ", "fabrikam-prod", ".onmicrosoft.com."),
    "site": ("https://contoso.sharepoint.com/sites/", "ProjectFalcon", " x"),
    "folder": ("C:\\Users\\", "j_mueller2", "\\Downloads\\kit.zip"),
}


def _each(text: str, change: Callable[[str], str], of: str = PUNCTUATION) -> str:
    return "".join(change(sign) if sign in of else sign for sign in text)


def _json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _middle(text: str, put: str) -> str:
    """Something put in the middle of the longest word."""
    word = max(text.split(), key=len)
    return text.replace(word, word[: len(word) // 2] + put + word[len(word) // 2 :])


def _after(text: str, signs: str, put: str) -> str:
    """Something put after the last such sign inside a word."""
    for place in range(len(text) - 2, 0, -1):
        if text[place] in signs and not text[place + 1].isspace():
            return text[: place + 1] + put + text[place + 1 :]
    return text


WHOLE: dict[str, Disguise] = {
    "plain": str,
    "upper case": str.upper,
    "html": escape,
    "html twice": lambda text: escape(escape(text)),
    "html decimal": lambda text: _each(text, lambda sign: f"&#{ord(sign)};"),
    "html hex": lambda text: _each(text, lambda sign: f"&#x{ord(sign):X};"),
    "html decimal twice": lambda text: escape(_each(text, lambda sign: f"&#{ord(sign)};")),
    "json": _json,
    "json twice": lambda text: _json(_json(text)),
    "json letters": lambda text: _each(text, lambda sign: f"\\u{ord(sign):04x}"),
    "json letters twice": lambda text: _each(text, lambda sign: f"\\\\u{ord(sign):04x}"),
    "json slashes": lambda text: text.replace("/", "\\/"),
    "url": lambda text: _each(text, lambda sign: f"%{ord(sign):02X}"),
    "url lower case": lambda text: _each(text, lambda sign: f"%{ord(sign):02x}"),
    "url twice": lambda text: _each(text, lambda sign: f"%25{ord(sign):02X}"),
    "url by library": lambda text: quote(text, safe=" "),
    "url in html": lambda text: escape(quote(text, safe=" =&?:/")),
    "zero width": lambda text: _middle(text, "\u200b"),
    "zero width everywhere": "\u200b".join,
    "soft hyphen": lambda text: _middle(text, "\u00ad"),
    "direction mark": lambda text: _middle(text, "\u202e"),
    "byte order mark": lambda text: _middle(text, "\ufeff"),
    "word joiner by entity": lambda text: _middle(text, "&#8288;"),
    "full width": lambda text: _each(text, lambda sign: chr(ord(sign) + 0xFEE0), of="@.:-="),
    "other hyphen": lambda text: text.replace("-", "\u2011"),
    "hard blank": lambda text: text.replace(" ", "\u00a0"),
}
#: A wrap disguises a long thing; a word of a few letters has no middle at which a line would end.
WRAPS: dict[str, Disguise] = {
    "wrap in the middle": lambda text: _middle(text, "\n"),
    "wrap with carriage return": lambda text: _middle(text, "\r\n"),
    "wrap with indent": lambda text: _middle(text, "\n    "),
    "wrap in a quoted mail": lambda text: _middle(text, "\n> "),
    "wrap after a sign": lambda text: _after(text, "-./@=_\\", "\n"),
    "quoted-printable": lambda text: _middle(text.replace("=", "=3D"), "=\r\n"),
    "two chunks of an attachment": lambda text: _middle(text, "\r\n"),
    "wrap twice": lambda text: _after(_middle(text, "\n"), "-./@=_\\", "\n"),
}
