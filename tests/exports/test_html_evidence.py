"""Evidence on the page in one file: pictures inside it, nothing fetched, nothing for outsiders."""

import base64
import html
import re
from dataclasses import replace
from typing import Any

import pytest

from runbook.exports import FORMATS, page_evidence
from runbook.exports.evidence_words import COPIED, GONE, INSIDE, STAYED, Room
from runbook.exports.format import Handout
from runbook.exports.formats import html_page
from runbook.exports.formats.html_page import policy
from tests.exports.exhibits import ARABIC, exhibit, picture, showing, showing_pictures
from tests.exports.records import START

IMAGES = re.compile(r'<img src="data:image/(png|jpeg);base64,([^"]+)" alt="([^"]*)"[^>]*>')


def page(handout: Handout) -> str:
    return FORMATS["html"].render(handout).decode()


def test_the_pictures_are_inside_the_file() -> None:
    stored = [picture((640, 400)), picture((300, 500), fmt="JPEG")]
    text = page(showing_pictures(*stored))
    found = IMAGES.findall(text)

    assert [base64.b64decode(content) for _, content, _ in found] == stored
    assert [kind for kind, _, _ in found] == ["png", "jpeg"]
    assert found[0][2] == "What the portal showed, time 1"
    assert 'width="640" height="400"' in text
    assert "Evidence 2: Import · Picture of the plate" in text
    assert "2 pieces of evidence, 2 pictures among them." in text


def test_the_page_may_show_pictures_only_where_it_has_some() -> None:
    with_pictures = html.unescape(page(showing_pictures(picture())))
    without = html.unescape(page(showing(exhibit())))

    assert f'content="{policy(pictures=True)}"' in with_pictures
    assert "img-src data:;" in policy(pictures=True)
    assert f'content="{policy()}"' in without
    assert "img-src" not in policy()


def test_outside_the_team_the_words_go_and_the_picture_stays() -> None:
    text = html.unescape(page(showing_pictures(picture(), inside=False)))

    assert not IMAGES.search(text)
    assert f'content="{policy()}"' in text
    assert STAYED in text
    assert INSIDE in text
    assert "What the portal showed, time 1" in text


def test_pictures_of_a_copy_are_not_shown() -> None:
    made = showing_pictures(picture(), inside=False)
    text = html.unescape(page(replace(made, report=replace(made.report, imported="A copy"))))

    assert COPIED in text
    assert INSIDE not in text


def test_what_is_no_picture_or_was_erased_is_listed() -> None:
    gone = exhibit(
        2,
        caption="",
        name="",
        digest="",
        kept=False,
        erased="A <b>face</b>",
        erased_by="Ben",
        erased_at=START,
    )
    text = page(showing(exhibit(1, name="import-log.xml", kind="XML log"), gone))

    assert "import-log.xml" in text
    assert "XML log, 4,711 bytes" in text
    assert "Erased: A &lt;b&gt;face&lt;/b&gt;" in text
    assert "<b>face" not in text


def test_pictures_beyond_a_weight_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = [picture(seed=seed) for seed in (1, 2, 3)]
    monkeypatch.setattr(page_evidence, "ROOM", Room(bytes=10**9, pixels=320 * 200 * 2))
    text = html.unescape(page(showing_pictures(*stored)))

    assert len(IMAGES.findall(text)) == 2
    assert "1 of them is listed, not shown." in text
    assert "in the ZIP as files/ with its SHA-256" in text


@pytest.mark.parametrize("stored", [None, b"<svg onload=alert(1)>"])
def test_what_is_no_picture_any_more_is_said(stored: bytes | None) -> None:
    made = replace(showing(exhibit(1, picture())), pictures=lambda digest: stored)
    text = html.unescape(page(made))

    assert GONE in text
    assert "data:" not in text.partition("<body")[2]


def test_one_picture_after_the_other_is_read() -> None:
    """Each when its turn comes, so that a page of many pictures does not fill the memory."""
    stored = [picture((900, 900), seed=seed) for seed in (1, 2, 3)]
    made, read = showing_pictures(*stored), []
    assert made.pictures is not None

    def reading(digest: str) -> bytes | None:
        read.append(digest)
        return made.pictures(digest) if made.pictures else None

    counts = []
    for piece in html_page.parts(replace(made, pictures=reading)):
        counts += [len(read)] * piece.count(b"<img ")

    assert counts == sorted(counts)
    assert counts[0] < 3
    assert len(read) == 3


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


def test_what_people_say_of_a_picture_is_text() -> None:
    stored = picture()
    told: dict[str, Any] = dict.fromkeys(("caption", "name", "step", "slot", "actor"), HOSTILE)
    text = page(showing(exhibit(1, stored, **told), exhibit(2, **told), contents=(stored,)))

    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert text.count("<img ") == 1


def test_the_words_turn_by_their_own_script() -> None:
    stored = picture()
    told = exhibit(1, stored, caption=ARABIC, name="صورة.png")
    text = page(showing(told, contents=(stored,)))

    assert f'<p dir="auto">{ARABIC}</p>' in text
    assert '<figcaption class="soft"><bdi>صورة.png</bdi>\n320 by 200 pixels' in text
