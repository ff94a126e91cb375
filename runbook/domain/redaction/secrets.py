"""Shapes of secrets that need no label, and what masking a text gives (4d, first layer).

Identifiers such as activity ids and versions stay: support needs them. The placeholder holds no
character that any rule looks for, so masking twice changes nothing.
"""

from dataclasses import dataclass

#: Kind of secret and its shape; group 1, where there is one, is kept in front of the placeholder.
SHAPES = (
    ("key block", r"()-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*-----END [A-Z ]*PRIVATE KEY-----"),
    ("token", r"(\bauthorization\s*:\s*(?:bearer|basic)\s+)[a-z0-9._~+/=-]{8,}"),
    ("token", r"(\bbearer\s+)[a-z0-9._~+/=-]{20,}"),
    ("token", r"()\beyj[a-z0-9_-]{10,}\.[a-z0-9_-]{10,}(?:\.[a-z0-9_-]*)?"),
    ("signed address", r"(https?://[^\s\"'<>?]+\?)[^\s\"'<>]*\bsig=[^\s\"'<>]*"),
    ("connection string", r"((?:account|shared ?access)key\s*=\s*)[a-z0-9+/=]{16,}"),
    (
        "password",
        r"(\b(?:password|pwd|client_?secret|api_?key|x-functions-key|refresh_token|access_token)"
        r"[\"']?\s*[:=]\s*[\"']?)[^\s\"',;&‹›]{4,}",
    ),
    ("cookie", r"(\b(?:set-)?cookie\s*:\s*)[^\r\n‹›]{4,}"),
    ("client secret", r"()\b[a-z0-9_~.-]{3}8q~[a-z0-9_~.-]{31,37}"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """A text without secrets, and how many were removed."""

    text: str
    removed: int
