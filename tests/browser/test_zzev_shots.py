"""Temporary: looks at the pages of evidence."""
import base64, re
from datetime import UTC, datetime
import pytest
from playwright.sync_api import Page, expect
from tests.browser.test_evidence_files import *
from tests.handed_files import kit, TEXT_LOG
import io
from PIL import ImageDraw
def screen():
    im=Image.new("RGB",(1400,700),"#f0f0f0"); d=ImageDraw.Draw(im); d.rectangle((0,0,1400,60),fill="#ddd"); d.text((20,20),"https://contoso.crm4.dynamics.com/main.aspx",fill="black",font_size=24)
    for i in range(8): d.rectangle((40,100+i*70,1360,150+i*70),outline="#999"); d.text((60,110+i*70),f"Solution {i}  4.50.{i}",fill="#333",font_size=22)
    b=io.BytesIO(); im.save(b,"PNG"); return b.getvalue()
@pytest.mark.parametrize("look", [(1440,"light"),(1440,"dark"),(390,"light"),(390,"dark")])
def test_shots(server, signed_in_page, ana, run, look):
    width, theme = look
    me = Person(signed_in_page(ana), server)
    me.page.set_viewport_size({"width": width, "height": 900})
    me.page.emulate_media(color_scheme=theme)
    me.open(f"/runs/{run.pk}/steps/ready/")
    me.page.screenshot(path=f"/tmp/ev/fresh-{width}-{theme}.png", full_page=True)
    me.page.evaluate(PASTE, [base64.b64encode(screen()).decode(), "image.png", "image/png"])
    canvas = me.page.locator("[data-slot] canvas"); expect(canvas).to_be_visible(); canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box(); 
    me.page.mouse.move(box["x"] + 5, box["y"] + 2); me.page.mouse.down(); me.page.mouse.move(box["x"]+box["width"]*.5, box["y"] + box["width"]/1400*55, steps=3); me.page.mouse.up()
    me.field("Caption").fill("Solutions before the import")
    me.page.screenshot(path=f"/tmp/ev/chosen-{width}-{theme}.png", full_page=True)
    me.press("Record only")
    expect(me.page.locator(".kept-files img")).to_be_visible()
    me.page.locator("input[type=file]").set_input_files({"name":"kit.zip","mimeType":"application/zip","buffer":kit()})
    me.press("Record only")
    me.sees("Tower 2.0")
    me.page.wait_for_timeout(300)
    me.page.screenshot(path=f"/tmp/ev/kept-{width}-{theme}.png", full_page=True)
    me.follow("All evidence of this run")
    me.page.locator("summary", has_text="Erase this content").first.click()
    me.page.screenshot(path=f"/tmp/ev/list-{width}-{theme}.png", full_page=True)
    me.page.locator("details[open] textarea").fill("Names of people are on it.")
    me.page.locator("details[open] button").click()
    me.page.screenshot(path=f"/tmp/ev/erased-{width}-{theme}.png", full_page=True)
    me.open(f"/runs/{run.pk}/steps/import/")
    me.page.screenshot(path=f"/tmp/ev/import-{width}-{theme}.png", full_page=True)
@pytest.mark.browser_context_args(java_script_enabled=False)
def test_noscript(server, signed_in_page, ana, run):
    me = Person(signed_in_page(ana), server)
    me.open(f"/runs/{run.pk}/steps/ready/")
    me.page.screenshot(path=f"/tmp/ev/noscript.png", full_page=True)
