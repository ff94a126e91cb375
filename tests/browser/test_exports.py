"""Files handed out, opened as a customer opens them: from a disk, without a network."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, expect

from runbook.exports import FORMATS
from runbook.models import User
from runbook.services import demonstration
from runbook.services.timeline import Act
from tests.exports.long_run import SCRIPTS, long_run, many_events
from tests.exports.records import Told, handout

HOSTILE = '</pre><img src=x onerror="console.error(1)"><script>console.error(2)</script>'
#: Pairs of visible texts of the picture that share room on the screen, as the browser set them.
OVERLAPS = """() => {
  const boxes = [...document.querySelectorAll('svg.picture text')]
    .filter((text) => text.textContent && !text.classList.contains('p-count'))
    .map((text) => {
      const own = text.getBoundingClientRect(), field = text.closest('svg').getBoundingClientRect();
      return {text: text.textContent, left: Math.max(own.left, field.left), right: Math.min(own.right, field.right),
              top: own.top + own.height * 0.2, bottom: own.bottom - own.height * 0.2,
              lost: own.right - field.right};
    });
  const touching = [];
  boxes.forEach((a, n) => boxes.slice(n + 1).forEach((b) => {
    if (a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom && b.top < a.bottom)
      touching.push(`${a.text} | ${b.text}`);
  }));
  return touching.concat(boxes.filter((box) => box.lost > 1).map((box) => `cut: ${box.text}`));
}"""


@pytest.fixture
def opened(page: Page, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Writes a record in a format and opens the file, the network switched off."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith("file:"):
            asked.append(request.url)

    def write(slug: str, told: list[Told], error: str = HOSTILE) -> Page:
        path = tmp_path / f"report.{FORMATS[slug].extension}"
        path.write_bytes(FORMATS[slug].render(handout(told, error=error)))
        page.context.set_offline(True)
        page.on("request", note)
        page.goto(path.as_uri())
        return page

    yield write
    assert asked == []


def entries(page: Page) -> list[str]:
    """The headlines that can be read."""
    return page.locator(".entry .what").filter(visible=True).all_inner_texts()


def test_the_page_in_one_file_filters_and_unfolds(opened: Callable[..., Page]) -> None:
    page = opened("html", long_run())
    count = page.get_by_role("status").or_(page.locator("#told"))

    expect(count).to_have_text("27 entries")
    expect(
        page.get_by_text("Attempt 1 failed after 16 min").filter(visible=True).first
    ).to_be_visible()
    assert "Ben joined as operator" not in entries(page)
    page.get_by_text("Entries 1 to 6, as usual").click()
    assert "Ben joined as operator" in entries(page)

    page.get_by_label("Kind of entry").select_option("Attempt")
    expect(count).to_have_text("8 of 27 entries")
    assert len(entries(page)) == 8
    page.get_by_label("Kind of entry").select_option("Deviations only")
    assert len(entries(page)) == page.locator(".entry.deviates").count()
    page.get_by_label("Kind of entry").select_option("All kinds")
    page.get_by_label("Words").fill("привет")
    expect(count).to_have_text("1 of 27 entries")
    assert entries(page) == ["Note"]
    page.get_by_label("Words").fill("no such words")
    expect(count).to_have_text("0 of 27 entries")


def test_the_page_in_one_file_has_no_fault(opened: Callable[..., Page]) -> None:
    page = opened("html", long_run())
    faults = []
    for width in (1200, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            for found in Axe().run(page).response["violations"]:
                node = found["nodes"][0]
                faults.append(
                    f"{width} {scheme} {found['id']} {node['html'][:140]} {node['failureSummary']}"
                )
    assert not faults, "\n".join(faults)
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_paper_everything_is_unfolded(opened: Callable[..., Page]) -> None:
    page = opened("html", long_run())
    page.get_by_label("Words").fill("привет")
    page.emulate_media(media="print")

    assert len(entries(page)) == 27
    expect(page.get_by_label("Words")).to_be_hidden()


def test_without_a_script_the_folds_open_by_hand(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_bytes(FORMATS["html"].render(handout(long_run())))
    page = browser.new_context(java_script_enabled=False, offline=True).new_page()
    page.goto(path.as_uri())

    expect(page.get_by_label("Words")).to_be_hidden()
    page.get_by_text("Entries 1 to 6, as usual").click()
    expect(page.get_by_text("Ben joined as operator")).to_be_visible()
    page.context.close()


def test_what_was_typed_stays_text(opened: Callable[..., Page]) -> None:
    page = opened("html", long_run())

    expect(page.get_by_text(HOSTILE)).to_be_visible()
    assert page.locator("img, main script, iframe").count() == 0
    for told in SCRIPTS.values():
        assert told in page.locator("body").inner_text() or told in page.content()


def test_the_policy_of_the_file_stops_a_foreign_script(page: Page, tmp_path: Path) -> None:
    """Negative control: the same file with an escape missing runs nothing, and the listener sees it."""
    page.expected_errors += ["script", "CSP", "Content Security Policy"]  # type: ignore[attr-defined]
    path = tmp_path / "report.html"
    text = FORMATS["html"].render(handout()).decode()
    path.write_text(text.replace("</main>", "<script>document.title = 'ran'</script></main>"))
    with page.expect_event("console", lambda message: "script" in message.text):
        page.goto(path.as_uri())

    assert page.title() != "ran"


@pytest.mark.parametrize("told", [long_run(), many_events(300)], ids=["long", "many"])
def test_no_text_of_the_picture_overlaps(opened: Callable[..., Page], told: list[Told]) -> None:
    page = opened("svg", told)

    assert page.evaluate(OVERLAPS) == []


def test_the_picture_changes_its_ground_with_the_reader(opened: Callable[..., Page]) -> None:
    page = opened("svg", long_run())
    grounds = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        grounds.append(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))

    assert grounds == ["rgb(255, 255, 255)", "rgb(32, 31, 30)"]


def test_the_report_shows_the_picture(
    server: str, signed_in_page: Callable[[User], Page], ana: User
) -> None:
    finished, _ = demonstration.make(Act(actor=ana.actor_id, now=datetime.now(UTC)))
    page = signed_in_page(ana)
    page.goto(f"{server}/runs/{finished}/report/")

    picture = page.get_by_role("img", name="Picture of the run")
    expect(picture).to_be_visible()
    assert page.evaluate(OVERLAPS) == []
    bar = page.locator(".picture .p-succeeded").first
    assert bar.evaluate("bar => getComputedStyle(bar).fill") not in {"none", "rgb(0, 0, 0)"}
    for label in ("PDF", "Web page", "CSV"):
        with page.expect_download() as download:
            page.get_by_role("button", name=label).click()
        assert Path(download.value.path()).stat().st_size > 1_000
