"""The picture of the run as a file of its own, readable on light and on dark ground."""

from runbook.domain import chain
from runbook.exports.files import read
from runbook.exports.format import SAVED_ONLY, Format, Handout
from runbook.exports.markup import Markup, element
from runbook.exports.picture import picture_of
from runbook.exports.picture_svg import drawing


def render(handout: Handout) -> bytes:
    """The SVG as UTF-8; its metadata name the record that it was drawn from."""
    report = handout.report
    proof = f"Run {report.run}, head {report.head} ({chain.fingerprint(report.head)})"
    style = Markup(f"<style>\n{read('picture.css')}</style>")
    drawn = drawing(picture_of(report), element("metadata", proof), style)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{drawn}\n'.encode()


FORMAT = Format(
    slug="svg",
    label="Picture of the run, as SVG",
    content_type=SAVED_ONLY,
    extension="svg",
    render=render,
    hint="Attempts, waits and people on one line of time, for slides and documents.",
)
