"""The page in one file: whole without a network, and nothing that was typed is markup in it."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from runbook.exports import FORMATS, markup
from runbook.exports.formats.html_page import policy
from runbook.exports.markup import Markup, closed, element, empty, joined
from tests.exports.long_run import SCRIPTS, long_run
from tests.exports.records import handout

HOSTILE = (
    "<script>alert(1)</script>",
    "</pre></details></main><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "'><svg onload=alert(1)>",
    "</title><script src=https://example.org/x.js></script>",
    "</style><link rel=stylesheet href=https://example.org/x.css>",
    "<meta http-equiv=refresh content=0;url=https://example.org/>",
    "<base href=https://example.org/>",
    "javascript:alert(1)",
    "&lt;b&gt; &#60;b&#62;",
    "<!-- x",
    "]]>",
    "\u202egnp.exe",
)
VOID = {"meta", "input"}


class Outline(HTMLParser):
    """Every element with its attributes, in order; texts are left out."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page(words: str | None = None) -> str:
    """The page of a run in which every typed text is the same, or of an ordinary one."""
    made = handout(long_run(), error=words if words is not None else "Error")
    if words is not None:
        report = made.report
        lines = tuple(
            replace(line, headline=words, detail=words, actor=words) for line in report.lines
        )
        state = replace(
            report.state,
            title=words,
            answers=dict.fromkeys(report.state.answers, words),
            end_reason=words,
            ticket=words,
        )
        people = dict.fromkeys(report.people, words)
        made = replace(
            made, report=replace(report, lines=lines, state=state, people=people, address=words)
        )
    return FORMATS["html"].render(made).decode()


def skeleton(text: str) -> list[tuple[str, list[str]]]:
    """Elements and the names of their attributes, without the picture, whose shapes follow names."""
    plain = re.sub(r"<svg xmlns.*?</svg></div>", "</div>", text, flags=re.DOTALL)
    return [(tag, sorted(key for key, _ in attrs)) for tag, attrs in Outline(plain).found]


@pytest.mark.parametrize("words", HOSTILE)
def test_what_people_typed_is_text(words: str) -> None:
    assert skeleton(page(words)) == skeleton(page("x"))


@pytest.mark.parametrize("words", HOSTILE)
def test_no_element_of_the_picture_comes_from_a_text(words: str) -> None:
    kinds = {tag for tag, _ in Outline(page(words)).found}

    assert not kinds & {"img", "link", "base", "iframe", "object", "embed", "form", "b"}
    assert page(words).count("<script>") == 1


def test_without_escaping_the_same_texts_act(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: the eyes of these tests are open."""
    expected = skeleton(page("x"))
    monkeypatch.setattr(markup, "escape", lambda text: text)
    acted = 0
    for words in HOSTILE:
        try:
            acted += skeleton(page(words)) != expected
        except (AssertionError, IndexError):
            acted += 1

    assert acted >= 7


def test_the_policy_lets_only_the_own_style_and_script_run() -> None:
    text = page()

    assert f'content="{policy().replace(chr(39), "&#x27;")}"' in text
    assert "default-src 'none'" in policy()
    assert policy().count("sha256-") == 2
    assert not re.search(
        r'\s(style|on\w+|src|srcset|action)="',
        re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL),
    )
    assert set(re.findall(r'href="([^"]*)"', text)) <= {f"#entry-{n}" for n in range(100)}


def test_ids_stand_once() -> None:
    ids = re.findall(r'\sid="([^"]*)"', page())

    assert len(ids) == len(set(ids)) > 20


def test_deviations_stand_open_and_the_ordinary_is_folded() -> None:
    text = page()
    folded = "".join(re.findall(r"<details.*?</details>", text, flags=re.DOTALL))

    assert 'class="entry deviates"' in text
    assert 'class="entry deviates"' not in folded
    assert "Entries 1 to 6, as usual" in folded
    assert "Attempt 1 failed after 16 min" not in folded
    assert text.count("<li ") == len(long_run())


def test_all_scripts_are_in_the_page() -> None:
    for told in SCRIPTS.values():
        assert told in page()


def test_markup_is_escaped_once_and_attributes_always() -> None:
    assert element("p", "<&>", Markup("<b>x</b>")) == "<p>&lt;&amp;&gt;<b>x</b></p>"
    assert (
        element("p", class_='"><x', hidden=True, id=None, title=False)
        == '<p class="&quot;&gt;&lt;x" hidden></p>'
    )
    assert joined("<", None) == "&lt;"
    assert empty("meta", http_equiv="x") == '<meta http-equiv="x">'
    assert closed("rect", x=1) == '<rect x="1"/>'
