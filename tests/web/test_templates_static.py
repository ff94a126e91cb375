"""WH-03, WH-05: nothing in a template runs by itself, and user text stands where htmx is switched off."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines
from django.test import Client
from django.urls import reverse

from runbook.domain.vocabulary import RunStage
from runbook.models import Run, User
from tests.web.builders import SENT, as_shown, by_hand, send, step_page
from tests.web.pages import TEXT_ONLY, Node, parse
from tests.web.stories import adopted, tell

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
SOURCES = sorted((settings.BASE_DIR / "runbook").rglob("*.py"))
SWITCHES = {"hx-disable", "hx-ignore"}
MARK = "canarywords"
_TEMPLATE_TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
_ELEMENT = re.compile(r"<[a-zA-Z][^<>]*>", re.DOTALL)
_QUOTED = re.compile(r"""=\s*("[^"]*"|'[^']*')""", re.DOTALL)

FORBIDDEN = {
    "inline handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "inline style": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "style element": re.compile(r"<style\b", re.IGNORECASE),
    "inline script": re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE),
    "script of htmx": re.compile(r"hx-on|hx-vals|\bjs:|javascript:", re.IGNORECASE),
    "address of elsewhere": re.compile(
        r"""<(script|link|img|iframe)[^>]*\s(src|href)\s*=\s*["']?(https?:)?//""", re.IGNORECASE
    ),
    "unescaped output": re.compile(r"\|\s*safe(seq)?\b|autoescape\s+off|filter\s+safe"),
    "form that posts without a token": re.compile(
        r"<form(?=[^>]*method=.post)(?:(?!</form>|csrf_token|_guards\.html).)*</form>",
        re.IGNORECASE | re.DOTALL,
    ),
}
MARKED_SAFE = re.compile(r"\b(mark_safe|safestring\s+import\s+.*mark_safe)\b")


def unquoted(text: str) -> list[str]:
    """Elements with an attribute whose value has no quotes."""
    bare = _TEMPLATE_TAG.sub("", text)
    return [tag for tag in _ELEMENT.findall(bare) if "=" in _QUOTED.sub("", tag)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(settings.BASE_DIR)))
def test_a_template_runs_nothing_and_quotes_everything(path: Path) -> None:
    text = path.read_text()

    assert [kind for kind, pattern in FORBIDDEN.items() if pattern.search(text)] == []
    assert unquoted(text) == []


def test_no_code_declares_a_text_safe() -> None:
    assert [path for path in SOURCES if MARKED_SAFE.search(path.read_text())] == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("inline handler", '<a class="x" onclick="go()">'),
        ("inline style", "<b style='color:red'>"),
        ("style element", "<style>b {}</style>"),
        ("inline script", "<script>go()</script>"),
        ("script of htmx", '<a hx-on:click="go()">'),
        ("script of htmx", "<a hx-get='/x' data-vals='js:{}'>"),
        ("address of elsewhere", '<script src="https://cdn.example/x.js"></script>'),
        ("unescaped output", "{{ note|safe }}"),
        ("unescaped output", "{% autoescape off %}"),
        ("form that posts without a token", '<form method="post"><button>Go</button></form>'),
    ],
)
def test_the_scan_sees_what_it_looks_for(kind: str, text: str) -> None:
    assert FORBIDDEN[kind].search(text)


def test_the_scan_sees_an_attribute_without_quotes() -> None:
    assert unquoted('<a href={{ address }} class="x">') == ['<a href= class="x">']
    assert unquoted('<a href="{{ address }}"{% if x == y %} data-x{% endif %}>') == []
    assert MARKED_SAFE.search("from django.utils.safestring import mark_safe")


def open_places(html: str, mark: str = MARK) -> Iterator[str]:
    """Elements with the text directly in them, inside which htmx still works."""
    for node in parse(html).walk():
        if node.tag in TEXT_ONLY or mark not in node.words:
            continue
        if not any(set(above.attributes) >= SWITCHES for above in node.ancestors()):
            yield path_to(node)


def path_to(node: Node) -> str:
    """The way to an element, for somebody who has to find it."""
    names = []
    for above in node.ancestors():
        name, where = above.attributes.get("id"), above.attributes.get("class", "").split(" ")[0]
        names.append(
            f"{above.tag}#{name}" if name else f"{above.tag}.{where}" if where else above.tag
        )
    return " < ".join(names[:5])


@pytest.fixture
def pages(as_ana: Client, ana: User, now: datetime) -> Callable[[], dict[str, str]]:
    """Every page of runs in which every text, and every name, is the mark."""

    def collect() -> dict[str, str]:
        ana.display_name = MARK
        ana.save()
        seen: dict[str, str] = {}

        def look(name: str, run: Run) -> None:
            for step in ("facts", "wiring", "ready", "tidy", "cool-down", "import", "end"):
                got = as_ana.get(step_page(run, step))
                seen[f"{name}: {step}"] = got.content.decode()

        runs = [tell(ana, now, text=MARK, view=look), adopted(ana, now, text=MARK)]
        for number, run in enumerate(runs):
            look(f"run {number}", run)
            for name in ("timeline", "run-report"):
                got = as_ana.get(reverse(name, args=[run.pk]))
                seen[f"{name} {number}"] = got.content.decode()
        seen["runs"] = as_ana.get("/").content.decode()
        return seen

    return collect


def test_all_text_of_people_stands_where_htmx_is_switched_off(
    pages: Callable[[], dict[str, str]],
) -> None:
    found: dict[str, str] = {}
    for name, html in pages().items():
        for place in open_places(html):
            found.setdefault(place, name)

    assert found == {}


def test_a_conflict_shows_both_sides_where_htmx_is_switched_off(
    as_ana: Client, run_at: Callable[[RunStage], Run]
) -> None:
    run = run_at(SENT["record-repair"].stage)
    mine = as_shown(as_ana, "record-repair", run, {"text": MARK})
    send(as_ana, "record-repair", run, by_hand(run, {"text": f"{MARK}, by another."}))

    html = send(as_ana, "record-repair", run, mine).content.decode()

    assert html.count(MARK) >= 4
    assert list(open_places(html)) == []


@pytest.mark.parametrize("name", sorted(n for n in SENT if SENT[n].typed))
def test_a_form_with_faults_keeps_text_where_htmx_is_switched_off(
    as_ana: Client, run_at: Callable[[RunStage], Run], name: str
) -> None:
    run = run_at(SENT[name].stage)
    guards = {"csrfmiddlewaretoken", "submission_key", "expected_version"}
    shown = as_shown(as_ana, name, run, SENT[name].typed)
    typed = {k: v if k in guards else f"{MARK} " * 5_000 for k, v in shown.items()}

    html = send(as_ana, name, run, typed).content.decode()

    assert MARK in html
    assert list(open_places(html)) == []


@pytest.mark.parametrize("attributes", ["", " hx-disable", " hx-ignore"])
def test_one_switch_alone_or_none_is_noticed(attributes: str) -> None:
    """htmx 2 reads the one, htmx 4 the other."""
    assert list(open_places(f"<div{attributes}><p>{MARK}</p></div>")) == ["p < div < root"]
    assert list(open_places(f"<div hx-disable hx-ignore><p>{MARK}</p></div>")) == []


def test_a_form_of_the_product_never_stands_inside_a_switched_off_place(
    pages: Callable[[], dict[str, str]],
) -> None:
    """The other way round: a switch around a form would take its htmx away."""
    for name, html in pages().items():
        for node in parse(html).walk():
            if "hx-post" in node.attributes:
                above = [a for a in node.ancestors() if SWITCHES & set(a.attributes)]
                assert not above, name


def test_the_engine_escapes_by_itself() -> None:
    made = engines["django"].from_string("{{ text }}").render({"text": "<b>\"'&"})

    assert made == "&lt;b&gt;&quot;&#x27;&amp;"
