"""A screenshot is pasted, partly blacked out, sent, looked at and erased again."""

import base64
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.conf import settings
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from runbook import queries
from runbook.domain.vocabulary import RunStage
from runbook.models import Run, StoredFile, User
from runbook.services import objects
from tests import factories
from tests.browser.people import Person
from tests.domain.history import WAYS
from tests.handed_files import image, photo

SignIn = Callable[[User], Page]
SCREEN = image(size=(1000, 500))
#: A paste as a browser makes it from the clipboard of the system.
PASTE = """([content, name, type]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([bytes], name, { type }));
  const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
  document.body.dispatchEvent(event);
}"""


@pytest.fixture
def run(server: str, ana: User) -> Run:
    """A run whose step asks for a picture."""
    now = datetime.now(UTC)
    made = factories.make_run(ana, now)
    for asked in WAYS[RunStage.PREPARING][:2]:
        factories.carry_out(made, asked, factories.act(ana, made, now=now))
    return made


def pixels(row: StoredFile) -> Image.Image:
    return Image.open(io.BytesIO(objects.place_of(row.sha256_stored).read_bytes())).convert("RGB")


def test_a_pasted_screenshot_is_blacked_out_kept_shown_and_erased(
    server: str, signed_in_page: SignIn, ana: User, run: Run
) -> None:
    me = Person(signed_in_page(ana), server)
    me.open(f"/runs/{run.pk}/steps/ready/")
    me.stands_at("Get ready")

    me.page.evaluate(PASTE, [base64.b64encode(SCREEN).decode(), "image.png", "image/png"])
    me.sees("image.png", "Black out what others must not see")
    canvas = me.page.locator("[data-slot] canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    scale = box["width"] / 1000
    me.page.mouse.move(box["x"] + 10 * scale, box["y"] + 10 * scale)
    me.page.mouse.down()
    me.page.mouse.move(box["x"] + 110 * scale, box["y"] + 60 * scale, steps=4)
    me.page.mouse.up()
    expect(me.page.get_by_text("1 blacked out.")).to_be_attached()
    canvas.focus()
    for key in ("ArrowDown", "Shift+ArrowRight", "Enter"):
        me.page.keyboard.press(key)
    expect(me.page.get_by_text("2 blacked out.")).to_be_attached()
    me.press("Undo the last box")
    me.field("Caption").fill("The lamp hangs.")
    me.press("Record only")

    thumbnail = me.page.get_by_role("img", name="The lamp hangs.")
    expect(thumbnail).to_be_visible()
    assert thumbnail.evaluate("picture => picture.complete && picture.naturalWidth") == 1000
    expect(me.page.locator("input[type=file]")).to_have_js_property("value", "")
    row = StoredFile.objects.get()
    picture = pixels(row)
    assert picture.getpixel((60, 30)) == (0, 0, 0)
    assert picture.getpixel((300, 300)) == (255, 0, 0)
    full = me.page.context.request.get(f"{server}/runs/{run.pk}/files/{row.handle}/")
    assert full.body() == objects.place_of(row.sha256_stored).read_bytes()

    me.follow("All evidence of this run")
    me.unfold("Erase this content")
    me.field("Why it is erased").fill("A face is on it.")
    me.press(re.compile("^Record: erase the content"))
    me.is_told("Erased.")
    me.sees("A face is on it.")
    expect(me.page.get_by_role("img", name="The lamp hangs.")).to_have_count(0)
    assert not objects.place_of(row.sha256_stored).exists()
    run.refresh_from_db()
    assert queries.verify_run(run)[0] == run.version


def test_the_time_of_a_photo_is_offered_and_a_refused_panel_keeps_the_file(
    server: str, signed_in_page: SignIn, ana: User, run: Run
) -> None:
    me = Person(signed_in_page(ana), server)
    me.page.expected_errors = ["422"]  # type: ignore[attr-defined]
    me.open(f"/runs/{run.pk}/steps/ready/")
    chosen: FilePayload = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": photo()}

    me.page.locator("input[type=file]").set_input_files(chosen)
    me.sees("2026-11-20 20:14")
    assert me.field("When it was so").input_value() == ""
    me.press("Use that time")
    assert me.field("When it was so").input_value() == "2026-11-20T20:14"
    group = me.page.get_by_role("group", name="A spare lamp is there.")
    group.get_by_text("Verified by hand").click()
    me.press("Record only")

    me.sees("Say how you verified it by hand.")
    me.sees("p.jpg")
    me.page.get_by_label("Note on: A spare lamp is there.").fill("I held it.")
    me.press("Record only")
    expect(me.page.locator(".kept-files")).to_contain_text("The file itself says 2026-11-20 20:14")
    added = [each for each in queries.all_entries(run) if each.type == "evidence.added"]
    assert added[0].happened_at == datetime(2026, 11, 20, 19, 14, tzinfo=UTC)
    assert settings.OBJECTS_DIR in objects.place_of("ab" * 32).parents


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_scripts_a_plain_form_hands_a_file_in(
    server: str, signed_in_page: SignIn, ana: User, run: Run
) -> None:
    me = Person(signed_in_page(ana), server)
    me.open(f"/runs/{run.pk}/steps/ready/")
    assert "Without scripts nothing can be blacked out" in me.page.content()

    chosen: FilePayload = {"name": "screen.png", "mimeType": "image/png", "buffer": SCREEN}
    me.page.locator("input[type=file]").set_input_files(chosen)
    me.press("Record only")

    me.sees("screen.png")
    expect(me.page.get_by_role("img", name="screen.png")).to_be_visible()
