"""Secrets once more, in the decoded text: the shapes of the first layer, and further ones."""

from runbook.domain.redaction.profiles import Kind
from runbook.domain.redaction.rule import END, Rule
from runbook.domain.redaction.secrets import SHAPES

#: Kinds of the first layer that are long and have no blank inside, so that a wrap cannot end them.
_LONG = frozenset({"key block", "token", "signed address", "connection string", "client secret"})
#: Slug, kind, shape, and whether it may go on in the next line.
_FURTHER = (
    ("sas", "signature", rf"([^{END}?]*\bsig=[^{END}]{{8,}})", True),
    ("function-key", "function key", r"[?&]code=([a-z0-9_%+/=-]{20,})", True),
    (
        "header-key",
        "key",
        r"\b(?:ocp-apim-subscription-key|x-[a-z-]*api-key|api-key|x-zumo-auth|x-ms-[a-z-]*authorization"
        rf"[a-z-]*|proxy-authorization)\s*[:=]\s*((?:bearer |basic )?[^{END},;]{{6,}})",
        False,
    ),
    (
        "vendor-token",
        "token",
        r"\b((?-i:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}|xox[abprs]-[A-Za-z0-9-]{10,}"
        r"|(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[A-Za-z0-9_-]{35}|uw[sti]_[A-Za-z0-9_-]{43}"
        r"|[01]\.A[A-Za-z0-9_-]{60,}|sk-[A-Za-z0-9_-]{20,}))",
        True,
    ),
    ("user-info", "password", rf"://([^{END}/@:?#]+:[^{END}/@]+)@", False),
    (
        "named-secret",
        "value",
        r"\b(?:[a-z0-9]+[_-])*(?:id_token|client_assertion|assertion|passw(?:d|ord|ort)|pwd|pw|pass"
        r"|passphrase|private_?key|access_?key|auth_?token|session_?token|sas_?token"
        r"|secret(?:_?value)?|token|kennwort)"
        rf"[\"']?\s*=\s*[\"']?([^{END},;&]{{6,}})",
        False,
    ),
    (
        "secure-string",
        "value",
        r"convertto-securestring\s+(?:-string\s+)?[\"']([^\"'‹›]+)[\"']",
        False,
    ),
    (
        "command-line",
        "value",
        r"(?:^|\s)--?(?:(?:client-?|app-?)?secret|cs|password|token|access-token|api-?key|key|sas(?:-?token)?)"
        r"(?:\s+|=)[\"']?([^\s\"'‹›-][^\s\"'‹›]{3,})",
        False,
    ),
    (
        "session-cookie",
        "cookie",
        r"\b(?:crmowinauth[a-z0-9]*|fedauth|rtfa|estsauth[a-z]*|arraffinity(?:samesite)?"
        r"|asp\.net_sessionid|\.aspnet\.cookies|reqclientid)=([^\s;\"'‹›]{8,})",
        True,
    ),
)


def _second_group(shape: str) -> str:
    """A shape of the first layer keeps group 1 and takes the rest; here group 1 is what goes."""
    depth = 0
    for place, sign in enumerate(shape):
        depth += (sign == "(") - (sign == ")") if place == 0 or shape[place - 1] != "\\" else 0
        if depth == 0:
            kept = shape[1:place]
            return f"(?:{kept})({shape[place + 1 :]})" if kept else f"({shape[place + 1 :]})"
    raise ValueError(shape)


SECRET_RULES: tuple[Rule, ...] = (
    *(
        Rule(
            slug=f"{kind.replace(' ', '-')}-{number}",
            kind=Kind.SECRET,
            source=_second_group(shape),
            wraps=kind in _LONG,
            grows=kind in _LONG,
            label=kind,
        )
        for number, (kind, shape) in enumerate(SHAPES)
    ),
    *(
        Rule(slug=slug, kind=Kind.SECRET, source=shape, wraps=wraps, grows=wraps, label=kind)
        for slug, kind, shape, wraps in _FURTHER
    ),
)
