"""Texts made to be slow to read: the corpus of the benchmark and of the tests that count its work.

Each is one piece repeated up to the longest text that is kept. The pieces mean something to a pattern,
to a pass of the normaliser or to a surface, and most of them never come to an end.
"""

from runbook.domain.diagnosis.knowledge import Knowledge

LONGEST = 1024 * 1024

_GUID = "41263d72-4dea-ee11-9048-000d3a341e15"
_LINE = (
    "2026-05-01T10:11:12.1234567Z Component 17 of the solution has been looked at, all is well.\n"
)

PIECES = {
    "one letter": "a",
    "one digit": "8",
    "nested groups": "(a+)+",
    "nested stars": "((.*)*)*$ ",
    "lines of 100,000 characters": "lorem ipsum dolor " * 5555 + "\n",
    "one word of 100,000 letters": "x" * 100_000 + "\n",
    "line ends": "\n",
    "carriage returns": "\r",
    "blanks": " " * 9999 + "x",
    "tabs": "\t",
    "no-break blanks": "\u00a0",
    "backslashes": "\\",
    "escaped quotes": '\\"',
    "escaped line ends": '{"\\n',
    "nested quotes": "\"'`\u201c\u2018\u00ab",
    "typographic quotes": "\u201c\u201d",
    "dashes": "\u2013\u2014-",
    "dots": "\u2026",
    "stars": "**",
    "contractions": "can't won't n't ",
    "entities": "&amp;quot;",
    "half entities": "&#9",
    "open entities": "&#",
    "percent signs": "%3a%22",
    "Unicode escapes": "\\u0022",
    "tags": "<b>",
    "angle brackets": "<",
    "open tags": "<div ",
    "pages": "<html><body><div><p>a</p></div>\n",
    "links": "<a href='",
    "paragraphs": "<p>error failed</p>\n",
    "comments": "<!--",
    "comments in comments": "<!--<!a>",
    "whole comments": "<!---->",
    "scripts": "<script",
    "whole scripts": "<script></script>",
    "half GUIDs": "0123abcd-",
    "GUIDs": f"{_GUID} ",
    "GUIDs on lines": f"{_GUID}\n",
    "GUIDs in pieces": "41263d72-\n4dea-ee11-9048-\n000d3a341e15\n",
    "half GUIDs on lines": "41263d72-\n",
    "activity ids": f"activity id: {_GUID}\n",
    "codes": "80071151 ",
    "codes on lines": "80097376\n",
    "codes with a prefix": "0x80071151, ",
    "negative codes": "-2147160740\n",
    "numbered failures": "1) error fails in many ways 80097376\n",
    "statuses": "status code ",
    "versions": "1.2.3.4 ",
    "names": "importing workflow type x name ",
    "solutions": "solution '",
    "components": "component a of type b ",
    "brackets": "{",
    "square brackets": "[",
    "objects on lines": "\n{",
    "lists on lines": "\n[1,",
    "texts in JSON on lines": '\n{"a": "',
    "lists of numbers": "[1,1,1,1,1,1,1,1,\n",
    "whole lists": '\n["a:"]',
    "lists in one line": "[1,1,1,1]\n[\"a:",
    "JSON": '{"a":',
    "open JSON": '{"',
    "JSON errors": '{"error":',
    "whole JSON errors": '{"error": {"code": "0x80071151", "message": "It failed."}}\n',
    "rows in JSON": '{"code": "0x80071151", "message": "It failed."},\n',
    "codes in JSON": '"code": "0x8004',
    "Python": "{'a': ",
    "rows": "<ss:Row>",
    "whole rows": "<ss:Row/>",
    "failing rows": "<Row><Cell>Failure</Cell></Row>",
    "cells": "<Row><Cell><Data>",
    "results": "<result ",
    "whole results": "<result result='failure' errorcode=''/>",
    "elements": "<a/>",
    "elements that end": "<a></a>",
    "kept rows": "Item category x\n\n",
    "paragraphs of failures": "It failed with an error.\n\n",
    "paragraphs of codes": "It failed: 80071151.\n\n8009737\n\n",
    "ANSI colours": "\x1b[31merror\x1b[0m ",
    "ANSI escapes": "\x1b[",
    "ANSI titles": "\x1b]",
    "colours without escape": "[0m[1;31m",
    "time stamps": "2026-05-01T10:11:12Z ",
    "time stamps on lines": "2026-05-01T10:11:12.1234567Z\n",
    "stamped lines": _LINE,
    "clocks": "10:11:12 x\n",
    "runner lines": "build\tImport\t2026-05-01T10:11:12.1Z x\n",
    "tabbed lines": "a\tb\t2026-05-01T\n",
    "markers": "##[error]x\n",
    "half markers": "##[",
    "errors of a workflow": "::error ",
    "quoted mail": "\n> > > ",
    "rules": "---\n",
    "zero-width characters": "\u200b",
    "zero-width between letters": "f\u200ba\u200bi\u200bl",
    "soft hyphens": "fai\u00adled ",
    "direction marks": "\u202e",
    "combining marks": "e\u0301\u0323\u0308",
    "stacked marks": "a" + "\u0301" * 99,
    "capital I with a dot": "\u0130",
    "Kelvin signs": "\u212a\u017f",
    "non-ASCII words": "Fehler beim Import f\u00fcr M\u00fcller \u2013 Ausf\u00fchrung ",
    "Chinese": "\u5bfc\u5165\u5931\u8d25\uff0c\u9519\u8bef\uff1a",
    "emoji": "\U0001f600\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "mixed scripts": "\u041e\u0448\u0438\u0431\u043a\u0430 \u5931\u6557 erreur \u00e9 \U0001f600 \x1b[31m ",
    "full-width colons": "\uff1a",
    "lone surrogates": "\ud800",
    "NUL": "\0",
    "control characters": "\x01\x02\x1f",
    "words of failure": "error failed exception denied cannot timeout ",
    "gateways": 'Flow server error returned with status code "BadGateway". ',
    "upgrades": "failed after import as holding. import: failure ",
}  # fmt: skip


def a_text_of(piece: str, *, size: int = LONGEST) -> str:
    """The piece again and again, cut to a size."""
    return (piece * (size // len(piece) + 1))[:size]


def pieces_of(pack: Knowledge) -> dict[str, str]:
    """All pieces, with those that are made of what a pack knows."""
    families = pack.families
    words = [each.fragment or each.pattern for family in families for each in family.signatures]
    samples = [text for family in families for text in family.samples]
    return {
        **PIECES,
        "beginnings of signatures": " ".join(word[: len(word) * 3 // 4] for word in words),
        "signatures": "\n".join(words),
        "samples": "\n".join(samples),
        "samples in one line": " ".join(" ".join(text.split()) for text in samples),
    }
