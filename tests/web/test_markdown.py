"""IN-03: guides become HTML; what people typed never becomes markup."""

from html.parser import HTMLParser

import pytest
from django.template import Context, Template

from runbook.library import packs
from runbook.web.markdown import fill, render, render_line

HOSTILE = (
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "<b hx-get='/runs/' hx-trigger='load'>x</b>",
    '"><img src=x onerror=alert(1)>',
    "**bold** `code` | cell | \n# heading",
    "{{ run.other }}",
    "&lt;script&gt;",
    "![x](https://example.org/x.png)",
)
TEXTS = (
    "The file {{ run.name }} is read.",
    "**{{ run.name }}** and `{{ run.name }}`",
    "```\ncopy {{ run.name }}\n```",
    "| a |\n| - |\n| {{ run.name }} |",
    "- {{ run.name }}\n- two",
)


class Page(HTMLParser):
    """Tags with their attributes, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("text", TEXTS)
def test_a_value_changes_the_text_and_no_tag(text: str, value: str) -> None:
    harmless, hostile = Page(render(text, {"name": "x"})), Page(render(text, {"name": value}))

    assert hostile.tags == harmless.tags
    assert value in hostile.text


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a <b onclick='x()'>b</b>",
        "<div hx-get='/x'>\n\nx\n\n</div>",
        "<!-- x -->",
        "![x](https://example.org/x.png)",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](data:text/html,x)",
        "[x](vbscript:x)",
        "[x](//example.org/)",
        "<javascript:alert(1)>",
    ],
)
def test_a_text_of_a_pack_brings_no_element_of_its_own(text: str) -> None:
    tags = Page(render(text)).tags

    assert {tag for tag, _ in tags} <= {"p", "a"}
    for _, attrs in tags:
        assert [value for name, value in attrs if name != "rel" and not is_safe(value)] == []


def is_safe(value: str | None) -> bool:
    return (value or "").startswith("https://example.org/")


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/a?b=c:d",
        "http://example.org",
        "mailto:ana@example.org",
        "/runs/",
        "#top",
        "./page",
    ],
)
def test_an_ordinary_link_says_nothing_to_the_other_side(address: str) -> None:
    tags = Page(render(f"[x]({address})")).tags

    assert ("a", [("href", address), ("rel", "noreferrer noopener")]) in tags


def test_markdown_becomes_html() -> None:
    text = "# Head\n\nOne *two* **three** `four`  \nfive\nsix\n\n3. a\n4. b\n\n> q\n\n---\n\n    code\n"

    assert render(text) == (
        "<h3>Head</h3><p>One <em>two</em> <strong>three</strong> <code>four</code><br>five\nsix</p>"
        '<ol start="3"><li>a</li><li>b</li></ol><blockquote><p>q</p></blockquote><hr>'
        "<pre><code>code\n</code></pre>"
    )


def test_a_table_scrolls_and_names_its_columns() -> None:
    assert render("| a | b |\n| --- | ---: |\n| 1 | 2 |") == (
        '<div class="table-wrap"><table><thead><tr><th scope="col">a</th><th scope="col">b</th></tr>'
        "</thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table></div>"
    )


def test_a_missing_value_is_seen() -> None:
    assert render("To {{ run.target_version }}.") == "<p>To ‹target version›.</p>"
    assert render_line("To `{{run.target_version}}`", {"target_version": ""}) == (
        "To <code>‹target version›</code>"
    )


def test_a_command_is_filled_as_plain_text() -> None:
    assert fill('x "{{ run.a }}" {{ run.b }}', {"a": "<&>"}) == 'x "<&>" ‹b›'


def test_the_result_needs_no_more_escaping() -> None:
    page = Template("{{ a }}{{ b }}").render(Context({"a": render("*x*"), "b": render_line("")}))

    assert page == "<p><em>x</em></p>"


def test_every_text_of_every_pack_renders() -> None:
    for pack in packs().values():
        for step in pack.runbook.steps:
            for text in (step.guide, *(check.help for check in step.checks)):
                assert "{{" not in render(text)
        for family in pack.families:
            assert render(family.explanation)
